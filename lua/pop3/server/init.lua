-- The module `pop3.server`: what makes servers. `new` is in
-- `pop3.server.instance`; `presets` and `replay` are loaded on demand. Modules
-- that make servers themselves, such as `pop3.record`, use
-- `pop3.server.instance`.

local instance = require "pop3.server.instance"

local parts = { presets = "pop3.server.presets", replay = "pop3.record.replay" }

return setmetatable({ new = instance.new }, { __index = function(self, name)
  local module = parts[name]
  if not module then return nil end
  local part = require(module)
  rawset(self, name, part)
  return part
end })
