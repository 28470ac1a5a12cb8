--- Stores: where the mail of a test server is. A user's field `mail` is a list of
-- messages, or a store: one of these, or any object of the interface `store`.
--
-- Octets are made canonical when they are read: CRLF line ends, and a CRLF at the end.
-- Sizes are of that form.
-- @module pop3.store
-- @usage
-- local store = pop3.store.memory{ "From: a@b.example\r\n\r\nhi\r\n" }
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = store } },
-- }

local check = require "pop3.util.argument"
local core = require "pop3.core"

local store = {}

-- ------------------------------------------------------------------- memory

local Memory = { __name = "pop3.store.memory" }
Memory.__index = Memory

-- What one session sees of it. The arrays are never changed but at their end:
-- `remove` makes new ones.
local Drop = { __name = "pop3.maildrop", canonical = true }
Drop.__index = Drop

-- Is something twice in a list? Unique-ids are the script's, and may well be the
-- same: messages are then told apart by keys.
local function has_twice(list)
  local seen = {}
  for _, value in pairs(list) do
    if seen[value] then return true end
    seen[value] = true
  end
  return false
end

local NONE = {}

--- Messages in memory.
-- @tparam {string,...} mail the messages
-- @tparam[opt] {string,...} uidl their unique-ids, otherwise they are made up. Two
-- messages may have the same one
-- @treturn store
function store.memory(mail, uidl)
  if type(mail) ~= "table" then
    check.misuse(1, "store.memory: mail must be a list of strings")
  end
  local self = setmetatable({ list = {}, uids = {}, serial = 0, given = NONE,
                              keys = uidl and has_twice(uidl) and {} or nil },
                            Memory)
  if uidl then self.given = {} end
  for _, uid in pairs(uidl or NONE) do self.given[uid] = true end
  for i = 1, #mail do
    if type(mail[i]) ~= "string" then
      check.misuse(1, "store.memory: message %d is a %s, not a string", i,
                   type(mail[i]))
    end
    self:add(mail[i], uidl and uidl[i])
  end
  return self
end

-- Add a message. Unique-ids that are made up are never used again, and are none
-- of those that were given.
function Memory:add(octets, uid)
  local i = #self.list + 1
  repeat
    self.serial = self.serial + 1
  until uid or not self.given["lpop3." .. self.serial]
  self.list[i] = core.canonical(octets)
  if self.keys then self.keys[i] = self.serial end
  self.uids[i] = uid or "lpop3." .. self.serial
end

function Memory:deliver(_, octets)
  self:add(octets)
  return true
end

local function copy(list)
  return list and table.move(list, 1, #list, 1, {})
end

function Memory:mark()
  local list, uids = copy(self.list), copy(self.uids)
  local keys, serial = copy(self.keys), self.serial
  return function()
    self.list, self.uids = copy(list), copy(uids)
    self.keys, self.serial = copy(keys), serial
  end
end

function Memory:open()
  return setmetatable({ store = self, list = self.list, uids = self.uids,
                        keys = self.keys, n = #self.list }, Drop)
end

function Drop:count()
  return self.n
end

function Drop:size(n)
  return #self.list[n]
end

function Drop:uid(n)
  return self.uids[n]
end

function Drop:octets(n)
  return self.list[n]
end

-- Take what has these numbers here out of the arrays of the store, which go side
-- by side; others may have taken out more.
local function without(drop, numbers, name)
  local store_of, gone, kept, uids = drop.store, {}, {}, {}
  local keys = store_of.keys and {}
  local mine = drop.keys or drop.uids
  for _, n in ipairs(numbers) do gone[mine[n]] = true end
  for i, key in ipairs(store_of.keys or store_of.uids) do
    if not gone[key] then
      local j = #kept + 1
      uids[j], kept[j] = store_of.uids[i], store_of[name][i]
      if keys then keys[j] = key end
    end
  end
  store_of[name], store_of.uids, store_of.keys = kept, uids, keys
  return true
end

function Drop:remove(numbers)
  return without(self, numbers, "list")
end

function Drop:close()
  self.list, self.uids, self.keys, self.n = NONE, NONE, nil, 0
end

-- -------------------------------------------------------------------- files

local Files = { __name = "pop3.store.files" }
Files.__index = Files

local FileDrop = { __name = "pop3.maildrop", canonical = true }
FileDrop.__index = FileDrop

--- Messages in files, such as `.eml` files. A file is read when it is asked for. A
-- deletion takes the message out of the store and leaves the file.
-- @tparam {string,...} paths
-- @tparam[opt] {string,...} uidl their unique-ids; otherwise made from the names of the
-- files
-- @treturn store
function store.files(paths, uidl)
  if type(paths) ~= "table" then
    check.misuse(1, "store.files: paths must be a list of strings")
  end
  local self = setmetatable({ paths = {}, uids = {} }, Files)
  local taken = {}
  for i, path in ipairs(paths) do
    if type(path) ~= "string" then
      check.misuse(1, "store.files: path %d is a %s", i, type(path))
    end
    local uid = uidl and uidl[i]
    if not uid then
      uid = store.uid_of(path:match "[^/]*$")
      while taken[uid] do uid = store.uid_of(uid .. "+") end
    end
    taken[uid] = true
    self.paths[i], self.uids[i] = path, uid
  end
  if has_twice(self.uids) then
    self.keys = {}
    for i = 1, #self.uids do self.keys[i] = i end
  end
  return self
end

function Files:open()
  return setmetatable({ store = self, paths = self.paths, uids = self.uids,
                        keys = self.keys, n = #self.paths, sizes = {} },
                      FileDrop)
end

function Files:mark()
  local paths, uids, keys = self.paths, self.uids, self.keys
  return function() self.paths, self.uids, self.keys = paths, uids, keys end
end

FileDrop.count = Drop.count
FileDrop.uid = Drop.uid

function FileDrop:path(n)
  return self.paths[n]
end

function FileDrop:size(n)
  local size = self.sizes[n]
  if not size then
    local err
    size, err = core.canonical_size(self:path(n))
    if not size then return nil, err, "SYS/TEMP" end
    self.sizes[n] = size
  end
  return size
end

function FileDrop:octets(n)
  local file, err = core.infile(self:path(n))
  if not file then return nil, err, "SYS/TEMP" end
  local octets
  octets, err = file:read "a"
  if not octets then return nil, err, "SYS/TEMP" end
  return octets
end

function FileDrop:source(n)
  local file, err = core.infile(self:path(n))
  if not file then return nil, err, "SYS/TEMP" end
  return function() return file:read() end
end

function FileDrop:remove(numbers)
  return without(self, numbers, "paths")
end

function FileDrop:close()
  self.paths, self.uids, self.keys, self.sizes, self.n = NONE, NONE, nil, {}, 0
end

store.FileDrop = FileDrop

--- Make a unique-id from a name: the name itself if it is a valid unique-id (1 to 70
-- characters from ! to ~, RFC 1939 section 7), otherwise its SHA-256.
-- @tparam string name
-- @treturn string
function store.uid_of(name)
  if #name <= 70 and name:find "^[!-~]+$" then return name end
  return core.sha256(name)
end

--- Messages in a Maildir that other programs may deliver into. `new/` and `cur/` are
-- read, and nothing is moved; a message is removed by the update of a session. The
-- unique-id is the name of the file without its flags: it stays the same if another
-- program moves the file or changes the flags. The order is the order of delivery, by
-- the time that the names begin with.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=false] boolean opts.create make the Maildir if there is none
-- @treturn[1] store
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string "io"
function store.maildir(path, opts)
  local made, err, code = require "pop3.store.maildir"(path, opts)
  return made, err, code
end

return store
