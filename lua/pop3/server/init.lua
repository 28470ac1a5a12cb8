-- The module `pop3.server`, whose functions make servers. `new` is in
-- `pop3.server.instance`; each part is loaded when it is used first, so that a
-- program that only names the module does not load the whole server.
-- Modules that make servers themselves, such as `pop3.record`, use
-- `pop3.server.instance`.

local parts = {
  new = function() return require "pop3.server.instance".new end,
  presets = function() return require "pop3.server.presets" end,
  replay = function() return require "pop3.record.replay" end,
}

return setmetatable({}, { __index = function(self, name)
  local load_part = parts[name]
  if not load_part then return nil end
  local part = load_part()
  rawset(self, name, part)
  return part
end })
