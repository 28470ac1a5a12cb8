--- Ready `wait` hooks for event loops: `pop3.loop.copas`, `pop3.loop.cqueues`,
-- `pop3.loop.luv`. Each is a function for the `wait` option of `pop3.connect`;
-- the library of that loop is loaded when its hook is first asked for.
--
--    pop3.connect{ host = "mail.example", wait = pop3.loop.copas }
-- @module pop3.loop

local loops = { copas = true, cqueues = true, luv = true }

return setmetatable({}, {
  __name = "pop3.loop",
  __index = function(self, name)
    if not loops[name] then return nil end
    local hook = require("pop3.loop." .. name)
    rawset(self, name, hook)
    return hook
  end,
})
