--- Yahoo Mail, with popgate.
-- @module pop3.server.presets.yahoo
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local LOG = "Ubuntu Forums, \"Not receiving emails with fetchmail\", "
            .. "2009-05-28, log of fetchmail"

local CAPA = { "EXPIRE NEVER", "IMPLEMENTATION popgate 2.43", "PIPELINING",
               "RESP-CODES", "TOP", "UIDL", "USER" }

local on = toolkit.on {
  capa = "CAPA list follows",
  login = { ok = function(session)
    return ("maildrop ready, %d messages (%d octets) (517707418)"):format(
           toolkit.totals(session))
  end },
  words = { USER = "password required.", QUIT = "server signing off." },
}

-- All of it was seen.
function on.LAST(session)
  if session.state ~= "transaction" then return toolkit.last(session) end
  return session:ok(session.maildrop:count())
end

return {
  title = "Yahoo Mail (popgate)",
  options = {
    greeting = "hello from popgate 2.43 on pop106.plus.mail.mud.yahoo.com",
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "The greeting names software and machine.", source = LOG },
    { what = "CAPA is in the order of the alphabet, without SASL.",
      source = LOG },
    { what = "The reply to the login ends with a number in parentheses.",
      source = LOG },
    { what = "LAST, which is not in CAPA, says that all mail was seen.",
      source = LOG },
    { what = "USER and QUIT have replies of their own.", source = LOG },
  },
}
