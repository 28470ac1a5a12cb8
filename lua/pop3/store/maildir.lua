--- A Maildir as a store of the test server, see `pop3.store.maildir`. It reads
-- `new` and `cur` and moves nothing; the update of a session removes messages.
-- Names and directories are in `pop3.store.maildir_folder`, which
-- `pop3.maildir` uses as well.
-- @module pop3.store.maildir
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local files = require "pop3.store.files"
local folder = require "pop3.store.maildir_folder"

local Maildir = { __name = "pop3.store.maildir" }
Maildir.__index = Maildir

local Drop = setmetatable({ __name = "pop3.maildrop" },
                          { __index = files.FileDrop })
Drop.__index = Drop

-- The messages, as `folder.scan`; or nil, message, response code.
local function scan(path)
  local kind, err = core.stat(path)
  if kind ~= "directory" then
    return nil, err or path .. ": not a directory", "SYS/PERM"
  end
  local found
  found, err = folder.scan(path)
  if not found then return nil, err, "SYS/PERM" end
  return found
end

-- Make the store: `create = true` creates a Maildir that does not exist.
local function new(path, opts)
  argument.path(path, "store.maildir", "a directory", 2)
  opts = opts or {}
  argument.options(opts, { create = "boolean" }, "store.maildir", 2)
  if opts.create then
    local ok, err = core.mkdir(path)
    if ok then ok, err = folder.furnish(path) end
    if ok == nil then return nil, err, "io" end
  end
  return setmetatable({ path = path }, Maildir)
end

function Maildir:open()
  local found, err, code = scan(self.path)
  if not found then return nil, err, code end
  local names, uids = {}, {}
  for name in pairs(found) do names[#names + 1] = name end
  table.sort(names, folder.earlier)
  for i, name in ipairs(names) do uids[i] = files.uid_of(name) end
  return setmetatable({ base = self.path, names = names, uids = uids,
                        found = found, gone = {}, n = #names, sizes = {} },
                      Drop)
end

-- The path of a message now: another program may have moved the file.
function Drop:path(n)
  local name = self.names[n]
  local path = self.base .. "/" .. self.found[name]
  if not self.gone[name] and not core.stat(path) then
    -- a program that moved one file may have moved others
    local found = scan(self.base)
    for _, other in ipairs(found and self.names or {}) do
      self.gone[other] = found[other] == nil
      self.found[other] = found[other] or self.found[other]
    end
    path = self.base .. "/" .. self.found[name]
  end
  return path
end

-- A message that another program removed keeps its number, with the size 0.
-- Fetching it fails.
function Drop:size(n)
  local size, err, code = files.FileDrop.size(self, n)
  if not size and self.gone[self.names[n]] then
    size = 0
    self.sizes[n] = 0
  end
  return size, err, code
end

function Drop:remove(numbers)
  local message
  for _, n in ipairs(numbers) do
    local path = self:path(n)
    local ok, err = os.remove(path)
    if not ok and core.stat(path) then message = err end
  end
  if message then return nil, message, "SYS/PERM" end
  return true
end

function Drop:close()
  self.names, self.uids, self.found, self.sizes = {}, {}, {}, {}
  self.gone = {}
  self.n = 0
end

-- Deliver a message: write it in `tmp`, then move it to `new`.
function Maildir:deliver(_, octets)
  local ok, err = folder.furnish(self.path)
  if ok == nil then return nil, err, "io" end
  local name = folder.new_name()
  local file <close>, e = core.outfile(self.path .. "/new/" .. name,
                                       self.path .. "/tmp/" .. name)
  if not file then return nil, e, "io" end
  ok, err = file:write(octets)
  if ok then ok, err = file:commit(true) end
  if not ok then return nil, err, "io" end
  return true
end

return new
