--- The jpop server of AOL and Verizon.
-- @module pop3.server.presets.aol
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local LOG = "GitHub: neomutt/neomutt issue 1427, log"
local CAPA = { "IMPLEMENTATION jpop-0.1", "TOP", "USER", "SASL LOGIN PLAIN" }

return {
  title = "AOL and Verizon (jpop)",
  options = {
    greeting = "Maildrop ready, (JPOP server ready).",
    mechs = { "LOGIN", "PLAIN" },
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = toolkit.on {
    capa = "CAPA list follows",
    login = { closes = true },
  },
  quirks = {
    { what = "The greeting says that the maildrop is ready, before any login.",
      source = LOG },
    { what = "UIDL is not in CAPA.", source = LOG },
    { what = "A wrong password ends the link.",
      source = "GitHub: mozilla-b2g/gaia-email-libs-and-more pull request "
               .. "283" },
  },
}
