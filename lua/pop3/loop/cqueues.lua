--- The `wait` hook for cqueues: only the calling coroutine of the controller
-- waits.
-- @module pop3.loop.cqueues
-- @local

local cqueues = require "cqueues"

--- @tparam integer fd
-- @tparam string mode "r" or "w"
-- @tparam[opt] number seconds
-- @treturn boolean true, or nil, "timeout"
return function(fd, mode, seconds)
  local waiter = { pollfd = fd, events = mode }
  local deadline = seconds and cqueues.monotime() + seconds
  local ready
  repeat  -- it may return early, with nothing
    ready = cqueues.poll(waiter, seconds)
    seconds = deadline and deadline - cqueues.monotime()
  until ready == waiter or seconds and seconds <= 0
  cqueues.cancel(fd)  -- the descriptor may be closed before the next wait
  if ready == waiter then return true end
  return nil, "timeout"
end
