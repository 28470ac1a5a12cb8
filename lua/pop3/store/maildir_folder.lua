--- The format of a Maildir: its three directories, the names of its files, and
-- which of them are messages.
--
-- The test server's store (`pop3.store.maildir`) reads one, `pop3.maildir`
-- delivers into one.
-- @module pop3.store.maildir_folder
-- @local

local core = require "pop3.core"

local folder = {}

--- Make the directories of a Maildir that are missing.
-- @tparam string path
-- @tparam[opt] integer mode permissions of a new directory, less the umask
-- @treturn boolean whether one was made; or nil, message, "io"
function folder.furnish(path, mode)
  local made = false
  for _, sub in ipairs { "/tmp", "/new", "/cur" } do
    if core.stat(path .. sub) ~= "directory" then
      local ok, message, code = core.mkdir(path .. sub, mode)
      if not ok then return nil, message, code end
      made = true
    end
  end
  return made
end

local serial = 0

-- The host in a name: "/" and ":" as the Maildir specification says, and no
-- character that begins what a reader appends.
local function host_name()
  return (core.hostname():gsub("[^%w._-]", function(c)
    return ("\\%03o"):format(c:byte())
  end))
end

local host

--- A name that no other message has: time, process, serial number, random
-- octets and host.
-- @treturn string
function folder.new_name()
  host = host or host_name()
  serial = serial + 1
  local seconds, part = math.modf(core.time())
  return ("%d.M%06dP%dQ%dR%s.%s"):format(seconds, part * 1e6 // 1,
    core.getpid(), serial, core.random(8), host)
end

--- The part of a file's name that stays: without its flags (":2,S") and without
-- the sizes that some servers append (",S=1234").
-- @tparam string name
-- @treturn string
function folder.stem(name)
  return name:match "^[^:;!,]*"
end

--- The messages: for each name without its flags, the path below the Maildir.
-- `new` is read before `cur`, since readers move files in that direction. One
-- or both may be missing.
-- @tparam string path
-- @treturn table name → path; or nil, message
function folder.scan(path)
  local found = {}
  for _, sub in ipairs { "new", "cur" } do
    local dir = path .. "/" .. sub
    local names, message
    if core.stat(dir) then
      names, message = core.readdir(dir, true)
      if not names then return nil, message end
    end
    for _, name in ipairs(names or {}) do
      if name:sub(1, 1) ~= "." then
        found[name:match "^[^:]*"] = sub .. "/" .. name
      end
    end
  end
  return found
end

--- Was one message delivered before another? Compares the seconds in the names,
-- the microseconds where both have them, and then the rest.
-- @tparam string a
-- @tparam string b
-- @treturn boolean
function folder.earlier(a, b)
  for _, pattern in ipairs { "^%d+", "^%d+%.M(%d+)" } do
    local s, t = tonumber(a:match(pattern)) or 0, tonumber(b:match(pattern)) or 0
    if s ~= t then return s < t end
  end
  return a < b
end

return folder
