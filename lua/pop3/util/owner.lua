--- A process as the owner of a lock or a lease: a name that others can read, and
-- by which they find that the process has died.
--
-- The name is "process:host:began:tag". A number of a process is used again: two
-- processes of one number differ in when they began. The tag is the user's.
-- @module pop3.util.owner
-- @local

local core = require "pop3.core"

local owner = {}

--- The name of this process.
-- @tparam string tag
-- @treturn string
function owner.name(tag)
  local pid = core.getpid()
  return ("%d:%s:%d:%s"):format(pid, core.hostname(), core.process(pid) or 0, tag)
end

--- Is it the name of a process that has died on this host?
-- @tparam string name
-- @tparam string tag a pattern of Lua for the tag
-- @treturn boolean
function owner.is_dead(name, tag)
  local pid, host, began = name:match("^(%d+):([^:]*):(%d+):" .. tag .. "$")
  pid, began = math.tointeger(pid), math.tointeger(began)
  if not pid or pid < 1 or pid > 0x7fffffff or host ~= core.hostname() then
    return false
  end
  local now = core.process(pid)
  return now == nil or now ~= 0 and began ~= 0 and now ~= began
end

return owner
