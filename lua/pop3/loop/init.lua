--- Event loops: ready functions for the option `wait` of `pop3.connect`. The
-- library of a loop is loaded when its function is first asked for.
--
-- Only the calling coroutine waits; the loop runs the others meanwhile.
-- @module pop3.loop
-- @usage
-- local pop3 = require "pop3"
-- local function wait(fd, mode, seconds)          -- a hook of your own
--   return pop3.core.poll(fd, mode, seconds)
-- end
-- assert(wait(1, "w", 10))

--- What `wait` must be: wait until a descriptor can be read or written.
-- @tparam integer fd the descriptor; it may be another one at each call
-- @tparam string mode "r" or "w"
-- @tparam ?number seconds nil for no limit
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string "timeout"
-- @function wait

--- For copas: the calling thread of copas waits. Versions of copas before 2.0
-- notice a time-out only when their watchdog looks, which takes up to two
-- minutes.
-- @function copas

--- For cqueues: the calling coroutine of the controller waits.
-- @function cqueues

--- For luv (libuv): in a coroutine, only that coroutine waits; on the main one,
-- the loop runs until the descriptor is ready.
-- @function luv

--- For programs without a loop: `pop3.loop.own()` makes one, and its field
-- `wait` is the function. See `pop3.loop.own`.
-- @treturn pop3.loop.own
-- @function own

local loops = { copas = true, cqueues = true, luv = true, own = true }

return setmetatable({}, {
  __name = "pop3.loop",
  __index = function(self, name)
    if not loops[name] then return nil end
    local hook = require("pop3.loop." .. name)
    rawset(self, name, hook)
    return hook
  end,
})
