--- ipop3d of the University of Washington.
-- @module pop3.server.presets.uw
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: jonabbey/panda-imap src/ipopd/ipop3d.c"
local SEEN = "http://linux-server.50webs.com/mms-pop-protocol2.html"
local MISSING = "No such message"
local STATUS = "Status:  O\r\n"

-- The message with an additional field at the end of its header.
local function with_status(octets)
  local head = octets:match "^(.-\r\n)\r\n"
  if octets:sub(1, 2) == "\r\n" then head = "" end
  if not head then return octets .. STATUS end
  return head .. STATUS .. octets:sub(#head + 1)
end

local function dress(_, drop)
  return toolkit.view(drop, {
    size = function(size) return size + #STATUS end,
    octets = with_status,
    uid = toolkit.uids "6ab13b80%08x",
  })
end

local on = toolkit.on {
  capa = "Capability list follows:",
  login = {
    ok = function(session)
      return ("Mailbox open, %d messages"):format(session.maildrop:count())
    end,
    failed = function(session)
      return session.verb == "PASS" and "Bad login" or session.verb == "APOP"
             and "Bad APOP" or "Bad authentication"
    end,
    locked = function(_, reply)
      reply.close = "fin"
      return "Can't get lock.  Mailbox in use"
    end,
    dress = dress,
  },
  words = {
    USER = "User name accepted, password please",
    LIST = { ok = "Mailbox scan listing follows", err = MISSING },
    UIDL = { ok = "Unique-ID listing follows", err = MISSING },
    RETR = { err = MISSING },
    TOP = { ok = "Top of message follows",
            err = "Bad message number argument" },
    DELE = { ok = "Message deleted", err = MISSING },
    NOOP = "No-op to you too!", RSET = "Reset state", QUIT = "Sayonara",
  },
  unknown = function(session)
    if session.state == "transaction" then
      return session.verb == "XTND" and "Sorry I can't do that"
             or "Unknown TRANSACTION state command"
    end
    return session.verb == "RPOP" and "Nice try, bunkie"
           or "Unknown AUTHORIZATION state command"
  end,
  lacks = { "UTF8", "LANG" },
  on = { LAST = toolkit.last },
}
for _, verb in ipairs { "RETR", "TOP", "DELE" } do
  on[verb] = toolkit.reaching(on[verb])
end

local CAPA = { "TOP", "LOGIN-DELAY 180", "UIDL", "USER", "SASL PLAIN LOGIN" }

return {
  title = "UW ipop3d",
  options = {
    greeting = "POP3 lpop3.invalid 2006c.94 server ready",
    mechs = { "PLAIN", "LOGIN" },
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "RETR and TOP add a header field Status, which is not in the "
             .. "message.", source = SOURCE .. ", main, RETR" },
    { what = "Sizes include that field.",
      source = SOURCE .. ", main, LIST" },
    { what = "A maildrop that is in use is refused without a response code, "
             .. "and the connection ends.", source = SOURCE .. ", mbxopen" },
    { what = "LAST is known.", source = SOURCE .. ", main, LAST" },
    { what = "CAPA has LOGIN-DELAY 180, which is not enforced.",
      source = SOURCE .. ", main, CAPA" },
    { what = "The replies have texts of this server, such as \"Sayonara\".",
      source = SEEN },
    { what = "RPOP and XTND are refused with a remark.",
      source = SOURCE .. ", main" },
    { what = "Unique-ids are 16 hexadecimal digits: validity and number, 8 "
             .. "each, in the reverse order of Dovecot's.",
      source = SOURCE .. ", main, UIDL" },
  },
}
