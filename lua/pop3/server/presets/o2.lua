--- poczta.o2.pl.
-- @module pop3.server.presets.o2
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local LOG = "GitHub: jstedfast/MailKit issue 171, protocol log"
local CAPA = { "LAST", "TOP", "USER", "PIPELINING", "UIDL", "SASL LOGIN PLAIN" }

local on = toolkit.on {
  capa = "Capability list follows",
  login = { ok = false },
  words = { STLS = false },
  on = { LAST = toolkit.last },
}
for _, verb in ipairs { "RETR", "DELE" } do
  on[verb] = toolkit.reaching(function(session, n)
    return session.server.default[verb](session, n)
  end)
end

return {
  title = "poczta.o2.pl",
  options = {
    greeting = "POP3 ready",
    mechs = { "LOGIN", "PLAIN" },
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "The reply to a login, and to STLS, is a bare +OK.",
      source = LOG },
    { what = "LAST is in CAPA.", source = LOG },
  },
}
