--- A `wait` hook of `pop3.connect` that calls a function while it waits, so that
-- a program can show its progress.
-- @module pop3.check.wait
-- @local

local core = require "pop3.core"

--- Make one.
-- @tparam function tick
-- @tparam[opt=1] number every seconds between two calls
-- @treturn function see the option `wait` of `pop3.connect`
return function(tick, every)
  every = every or 1
  return function(number, mode, seconds)
    local deadline = core.now() + (seconds or math.huge)
    while true do
      local left = deadline - core.now()
      local ready, err = core.poll(number, mode, math.max(math.min(left, every),
                                                          0))
      if ready or err ~= "timeout" or left <= every then return ready, err end
      tick()
    end
  end
end
