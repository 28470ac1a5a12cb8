--- Zimbra.
-- @module pop3.server.presets.zimbra
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: Zimbra/zm-mailbox store/src/java/com/zimbra/cs/pop3/"
               .. "Pop3Handler.java"
local CAPAS = "GitHub: jstedfast/MailKit UnitTests/Net/Pop3/Resources/comcast/"
              .. "capa2.txt"

local function count(session)
  return ("%d messages"):format((toolkit.totals(session)))
end

-- How many messages are marked as deleted.
local function marked(session)
  local n = 0
  for _ in pairs(session.deleted or {}) do n = n + 1 end
  return n
end

local on = toolkit.on {
  capa = "Capability list follows",
  login = { ok = "server ready", failed = "LOGIN failed" },
  words = {
    LIST = count, UIDL = count,
    RETR = "message follows", TOP = "message top follows", NOOP = "yawn",
    DELE = function(_, _, n)
      return ("message %d marked for deletion"):format(n)
    end,
    QUIT = function(session)
      local n = marked(session)
      return n > 0 and ("deleted %d message(s)"):format(n)
             or "lpop3.invalid closing connection"
    end,
  },
  lacks = { "UTF8", "LANG", "APOP" },
  unknown = "unknown command",
  on = { XOIP = function(session) return session:ok() end },
}

-- A search in braces may follow the name.
function on.USER(session, name)
  name = name:match "^(.-){.*}$" or name
  local reply = session.server.default.USER(session, name)
  if reply.status == "+OK" then
    reply.text = ("hello %s, please enter your password"):format(name)
  else
    reply.text = "only valid after entering TLS mode"
  end
  return reply
end

function on.RSET(session)
  local n = marked(session)
  local reply = session.server.default.RSET(session)
  reply.text = ("%d message(s) undeleted"):format(n)
  return reply
end

return {
  title = "Zimbra",
  options = {
    greeting = "lpop3.invalid Zimbra POP3 server ready",
    mechs = { "PLAIN" },
    capa = {
      authorization = { "TOP", "USER", "UIDL", "SASL PLAIN X-ZIMBRA",
                        "EXPIRE 31 USER", "XOIP", "IMPLEMENTATION ZimbraInc" },
      transaction = { "TOP", "USER", "UIDL", "SASL PLAIN X-ZIMBRA",
                      "EXPIRE NEVER", "XOIP", "IMPLEMENTATION ZimbraInc" },
    },
  },
  on = on,
  quirks = {
    { what = "EXPIRE is 31 USER before the login, and the user's after it.",
      source = SOURCE .. ", doCAPA" },
    { what = "There is a SASL mechanism X-ZIMBRA and a command XOIP in CAPA.",
      source = CAPAS .. "; " .. SOURCE .. ", doXOIP" },
    { what = "A search in braces may follow the user's name.",
      source = SOURCE .. ", doUSER" },
    { what = "The reply to USER has the user name.",
      source = SOURCE .. ", doUSER" },
    { what = "A failed login has no response code.",
      source = SOURCE .. ", authenticate" },
    { what = "The replies to RETR and TOP have no size.",
      source = SOURCE .. ", doRETR" },
    { what = "The replies to RSET and QUIT have the number of messages.",
      source = SOURCE .. ", doRSET, doQUIT" },
    { what = "USER without TLS is refused where TLS is required.",
      source = SOURCE .. ", checkIfLoginPermitted" },
  },
}
