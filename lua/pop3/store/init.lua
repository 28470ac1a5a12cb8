--- Stores: where a server's mail is.
--
-- A store has `open(user)` → maildrop, or nil, message, response code. A
-- maildrop is what one session sees, and does not change while it is open:
-- `count()`, `size(n)`, `uid(n)`, `octets(n)`, `remove(numbers)`, `close()`. It
-- may have `source(n)` (an ltn12 source, for big messages) and `total()`. A
-- store may have `deliver(user, octets)`, which adds a message for the next
-- session, and `mark()`, which returns a function that puts it back to how it is
-- now (`pop3.server:reset`). Octets are made canonical when they are read (CRLF line
-- ends, a final CRLF), unless the maildrop's field `canonical` says that they are;
-- sizes are of that form. What fails returns nil, message and, optionally, a
-- response code; `remove` may also return nothing when it is done.
-- @module pop3.store

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
-- @tparam {string,...} mail their octets
-- @tparam[opt] {string,...} uidl their unique-ids; made up if there is none
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

--- Messages in files, such as `.eml` files, read when they are asked for. A
-- deletion takes a message out of the store; the files are left alone.
-- @tparam {string,...} paths
-- @tparam[opt] {string,...} uidl their unique-ids, as they are; where there is
-- none, the file's name, or what makes it one of its own
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

--- A unique-id for a name: itself when it can be one (RFC 1939 section 7: 1 to
-- 70 characters from ! to ~), else its hash.
-- @tparam string name
-- @treturn string
function store.uid_of(name)
  if #name <= 70 and name:find "^[!-~]+$" then return name end
  return core.sha256(name)
end

--- Messages in a Maildir, see `pop3.maildir_store`.
-- @function maildir
-- @tparam string path
-- @treturn store
function store.maildir(path, opts)
  local made, err, code = require "pop3.store.maildir"(path, opts)
  return made, err, code
end

return store
