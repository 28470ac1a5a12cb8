--- mail.aapt.net.au.
-- @module pop3.server.presets.aapt
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local LOG = "Ubuntu Forums, \"mutt on 10.4 will not work\", 2012-04-01, log of "
            .. "fetchmail"

return {
  title = "mail.aapt.net.au",
  options = { greeting = "POP3 Ready pfep03", capa = false },
  on = toolkit.on {
    login = { ok = "Maildrop locked and ready" },
    words = {
      USER = function(_, _, name)
        return ("USER %s set, mate"):format(name)
      end,
      QUIT = false,
    },
    unknown = function(session)
      return session.state == "authorization"
             and "Command must be one of USER, PASS or QUIT" or nil
    end,
    lacks = { "CAPA", "AUTH", "APOP", "STLS", "UTF8", "LANG" },
  },
  quirks = {
    { what = "Before the login nothing is known but USER, PASS and QUIT, not "
             .. "even CAPA.", source = LOG },
    { what = "USER repeats the name.", source = LOG },
    { what = "QUIT is answered by a bare +OK.", source = LOG },
  },
}
