--- Wait for a time by the `wait` hook of an event loop, so that other coroutines
-- run meanwhile.
-- @module pop3.util.pause
-- @local

local core = require "pop3.core"

--- @tparam ?function wait the option `wait` of `pop3.connect`
-- @tparam number seconds
-- @tparam[opt] integer fd wait no longer than until it can be read
-- @treturn boolean false when the task can wait no more: every further wait would
-- end at once, see `pop3.loop.own`
return function(wait, seconds, fd)
  local a, b
  if not fd then
    a, b = core.socketpair()
    if not a then return true end  -- no descriptor is left: the caller tries
  end
  -- nothing ever comes over the pair
  local _, _, over = (wait or core.poll)(fd or a:getfd(), "r", seconds)
  if a then
    a:close()
    b:close()
  end
  return over ~= "over"
end
