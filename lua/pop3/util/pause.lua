--- Wait for a time by the `wait` hook of an event loop, so that other coroutines
-- run meanwhile.
-- @module pop3.util.pause
-- @local

local core = require "pop3.core"

--- @tparam ?function wait the option `wait` of `pop3.connect`
-- @tparam number seconds
return function(wait, seconds)
  local a, b = core.socketpair()
  if not a then return end  -- no descriptor is left: the caller tries at once
  (wait or core.poll)(a:getfd(), "r", seconds)  -- nothing ever comes
  a:close()
  b:close()
end
