-- A temporary directory for specs. It is removed with its contents at the end of the
-- block.

local core = require "pop3.core"

local Dir = {}
Dir.__index = Dir

-- What a symbolic link leads to stays.
local function remove(path)
  if core.stat(path, true) == "directory" then
    for _, name in ipairs(core.readdir(path) or {}) do
      remove(path .. "/" .. name)
    end
  end
  os.remove(path)
end

Dir.__close = function(dir) remove(dir.path) end

--- Write a file; its path.
function Dir:write(name, octets)
  local path = self.path .. "/" .. name
  local f <close> = assert(io.open(path, "wb"))
  assert(f:write(octets))
  return path
end

--- Write a file that only its owner can read; its path.
function Dir:write_secret(name, octets)
  local path = self:write(name, octets)
  assert(os.execute("chmod 600 " .. path))
  return path
end

function Dir:read(name)
  local f <close> = assert(io.open(self.path .. "/" .. name, "rb"))
  return f:read "a"
end

--- Names in it or below it, sorted.
function Dir:names(sub)
  local names = assert(core.readdir(self.path .. "/" .. (sub or "")))
  table.sort(names)
  return names
end

--- `memory`: in a file system in memory, if there is one, for specs that make
-- many files durable. `place`: in this directory.
return function(memory, place)
  place = place or os.getenv "TMPDIR" or "/tmp"
  if memory and core.stat "/dev/shm" == "directory" then place = "/dev/shm" end
  local path = place .. "/lpop3-" .. core.random(8)
  assert(core.mkdir(path))
  return setmetatable({ path = path }, Dir)
end
