--- POP3 for Lua: a client that fetches real mail, and a test server whose
-- command handlers are overridden in Lua.
--
-- Success returns a value that is not nil or false. Failure that the world
-- causes returns `nil, message, code, reply`, where `code` is one of
-- "connect", "timeout", "closed", "tls", "auth", "err", "proto", "limit",
-- "state", "charset" and "io", and `reply` (`{ text =, code = }`) is there
-- when the server answered -ERR. Misuse raises an error at the caller's line.
-- @module pop3

local pop3 = {
  --- The version of this library.
  _VERSION = "lpop3 0.1",
}

-- What is loaded when it is first asked for.
local parts = {
  connect = function() return require "pop3.connect" end,
  loop = function() return require "pop3.loop" end,
  message = function() return require "pop3.message" end,
  server = function() return require "pop3.server" end,
  store = function() return require "pop3.store" end,
  core = function() return require "pop3.core" end,
}

--- Log on to a server and, with `user`, into a maildrop. See `pop3.session`.
-- @function connect
-- @see pop3.session

return setmetatable(pop3, {
  __name = "pop3",
  __index = function(self, name)
    local load_part = parts[name]
    if not load_part then return nil end
    local part = load_part()
    rawset(self, name, part)
    return part
  end,
})
