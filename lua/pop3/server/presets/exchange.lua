--- Exchange 2000 and 2003.
-- @module pop3.server.presets.exchange
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local LOG = "GitHub: jstedfast/MailKit issue 391, protocol log of Exchange 2003"
local NAME = "Microsoft Exchange Server 2003 POP3 server version 6.5.7638.1"
local REFUSED = "Logon failure: unknown user name or bad password."

-- The size of a message is that of the record in the database until the message
-- was fetched.
local function dress(session, drop)
  local known = toolkit.kept(session)
  return toolkit.view(drop, {
    size = function(size, n)
      return known[drop:uid(n)] and size or size * 3 // 4
    end,
    uid = toolkit.uids "%d",
  })
end

-- The line after AUTH NTLM is read as the client's message, whatever it is.
local function message(session)
  local memory = toolkit.memory(session)
  if not memory.ntlm then return nil end
  memory.ntlm = nil
  return session:err(REFUSED)
end

local on = toolkit.on {
  capa = "Capability list follows",
  login = { ok = "User successfully logged on.", failed = REFUSED,
            dress = dress },
  words = {
    USER = false,
    LIST = false, UIDL = false, RETR = false, TOP = false, DELE = false,
    QUIT = NAME .. " signing off.",
  },
  unknown = function() return nil end,
  lacks = { "APOP", "UTF8", "LANG" },
}

local listing, unknown, logs_in = on.CAPA, on.unknown, on.AUTH
function on.CAPA(session, ...)
  return message(session) or listing(session, ...)
end

function on.unknown(session, ...)
  return message(session) or unknown(session, ...)
end

function on.AUTH(session, mechanism, initial)
  if mechanism and mechanism:upper() == "NTLM" then
    toolkit.memory(session).ntlm = true
    return session:ok()
  end
  return logs_in(session, mechanism, initial)
end

local fetches = on.RETR
function on.RETR(session, n)
  local reply = fetches(session, n)
  if reply.status == "+OK" then
    toolkit.kept(session)[toolkit.stored_uid(session.maildrop, n)] = true
  end
  return reply
end

return {
  title = "Exchange 2000 and 2003",
  options = {
    greeting = NAME .. " (lpop3.invalid) ready.",
    capa = {
      authorization = { "TOP", "USER", "PIPELINING", "EXPIRE NEVER", "UIDL",
                        "SASL NTLM" },
      transaction = { "TOP", "USER", "PIPELINING", "EXPIRE NEVER", "UIDL",
                      "SASL NTLM" },
    },
  },
  on = on,
  quirks = {
    { what = "The greeting and the reply to QUIT name product and version.",
      source = LOG },
    { what = "NTLM is the only SASL mechanism in CAPA.", source = LOG },
    { what = "The reply to AUTH NTLM is +OK in place of a challenge; the next "
             .. "line is read as the client's message.", source = LOG },
    { what = "The reply to a failed login says \"Logon failure\", without a "
             .. "response code.",
      source = LOG },
    { what = "LIST has the size of the record in the database, not of the "
             .. "message.",
      source = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, S2" },
    { what = "After a message was fetched, its size is right.",
      source = "Microsoft [MS-OXPOP3] appendix A, note on section 3.2.5.3: "
               .. "https://msdn.microsoft.com/en-us/library/ee202389"
               .. "(v=exchg.80).aspx" },
    { what = "There is no APOP.",
      source = "Microsoft KB 322826, POP3 commands in Exchange 2000 Server" },
  },
}
