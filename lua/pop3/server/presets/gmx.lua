--- GMX, WEB.DE, mail.com.
-- @module pop3.server.presets.gmx
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SEEN = "Ubuntu Forums, \"mail.com POP3/IMAP Down? I/O Error\", 2014-10-29"

return {
  title = "GMX, WEB.DE, mail.com",
  options = {
    greeting = "POP server ready H migmxus004 0M9ZXK-1XvuTf1dq3-00CNqN",
  },
  on = toolkit.on {
    login = {
      ok = function(session)
        return ('mailbox "%s" has %d messages (%d octets) H migmxus004')
               :format(session.user, toolkit.totals(session))
      end,
      failed = "authentication failed",
    },
    words = {
      USER = function(_, _, name)
        return ('password required for user "%s"'):format(name)
      end,
      LIST = false,
      QUIT = "POP server signing off",
    },
    unknown = "unknown command",
  },
  quirks = {
    { what = "The greeting names the machine and the session.", source = SEEN },
    { what = "The replies to USER and PASS repeat the user name.",
      source = SEEN },
    { what = "The reply to LIST has no text.", source = SEEN },
    { what = "A failed login, as where POP3 is switched off, has no response "
             .. "code.", source = "GitHub: jens-maus/yam issue 638" },
  },
}
