--- The `wait` hook for cqueues: only the calling coroutine of the controller
-- waits.
-- @module pop3.loop.cqueues
-- @local

local core = require "pop3.core"
local cqueues = require "cqueues"

--- @tparam integer fd
-- @tparam string mode "r" or "w"
-- @tparam[opt] number seconds
-- @treturn boolean true, or nil, "timeout"
return function(fd, mode, seconds)
  local waiter = { pollfd = fd, events = mode }
  local deadline = seconds and cqueues.monotime() + seconds
  local ready
  repeat
    -- it returns early, with nothing, when the other end of a pipe is closed
    ready = cqueues.poll(waiter, seconds) == waiter or core.poll(fd, mode, 0)
    seconds = deadline and deadline - cqueues.monotime()
  until ready or seconds and seconds <= 0
  cqueues.cancel(fd)  -- the descriptor may be closed before the next wait
  if ready then return true end
  return nil, "timeout"
end
