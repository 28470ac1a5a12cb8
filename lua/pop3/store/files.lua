-- Messages in files, a store of `pop3.store`.

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local memory = require "pop3.store.memory"

local Files = { __name = "pop3.store.files" }
Files.__index = Files

local FileDrop = { __name = "pop3.maildrop", canonical = true }
FileDrop.__index = FileDrop

-- Make a unique-id from a name: the name itself if it is a valid unique-id (1
-- to 70 characters from ! to ~, RFC 1939 section 7), otherwise its SHA-256.
-- @tparam string name
-- @treturn string
local function uid_of(name)
  if #name <= 70 and name:find "^[!-~]+$" then return name end
  return core.sha256(name)
end

-- Make the store, see `pop3.store`.
local function new(paths, uidl)
  if type(paths) ~= "table" then
    argument.misuse(1, "store.files: paths must be a list of strings")
  end
  local self = setmetatable({ paths = {}, uids = {} }, Files)
  local taken = {}
  for i, path in ipairs(paths) do
    if type(path) ~= "string" then
      argument.misuse(1, "store.files: path %d is a %s", i, type(path))
    end
    local uid = uidl and uidl[i]
    if not uid then
      uid = uid_of(path:match "[^/]*$")
      while taken[uid] do uid = uid_of(uid .. "+") end
    end
    taken[uid] = true
    self.paths[i], self.uids[i] = path, uid
  end
  if memory.has_twice(self.uids) then
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

function Files:snapshot()
  local paths, uids, keys = self.paths, self.uids, self.keys
  return function() self.paths, self.uids, self.keys = paths, uids, keys end
end

FileDrop.count = memory.Drop.count
FileDrop.uid = memory.Drop.uid

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
  return memory.without(self, numbers, "paths")
end

function FileDrop:close()
  self.paths, self.uids, self.keys = memory.NONE, memory.NONE, nil
  self.sizes, self.n = {}, 0
end

return { new = new, FileDrop = FileDrop, uid_of = uid_of }
