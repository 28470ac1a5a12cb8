--- Cyrus.
-- @module pop3.server.presets.cyrus
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: cyrusimap/cyrus-imapd imap/pop3d.c"
local MISSING = "No such message"

local LINES = { "EXPIRE NEVER", "LOGIN-DELAY 0", "TOP", "UIDL", "PIPELINING",
                "RESP-CODES", "AUTH-RESP-CODE" }

local function lines(first, ...)
  local list = table.move(LINES, 1, #LINES, 2, { first })
  if not first then list = table.move(LINES, 1, #LINES, 1, {}) end
  for _, line in ipairs { ... } do list[#list + 1] = line end
  return list
end

local on = toolkit.on {
  capa = "List of capabilities follows",
  login = {
    ok = function(session)
      return ("Mailbox locked and ready SESSIONID=<lpop3-%d>")
             :format(session.id)
    end,
    failed = function(session)
      return session.verb == "PASS" and "Invalid login"
             or "authenticating: authentication failure", "AUTH"
    end,
    delayed = function(session)
      local minutes = math.max(1, session.server.login_delay // 60)
      return ("Logins must be at least %d minute%s apart")
             :format(minutes, minutes > 1 and "s" or ""), "LOGIN-DELAY"
    end,
    dress = function(_, drop)
      return toolkit.view(drop, { uid = toolkit.uids "1790000000.%d" })
    end,
  },
  words = {
    USER = "Name is a valid mailbox",
    LIST = { ok = "scan listing follows", err = MISSING },
    UIDL = { ok = "unique-id listing follows", err = MISSING },
    RETR = { ok = "Message follows", err = MISSING },
    TOP = { ok = "Message follows", err = MISSING },
    DELE = { ok = "message deleted", err = MISSING },
    NOOP = false, RSET = false,
  },
  unknown = "Unrecognized command",
  lacks = { "UTF8", "LANG" },
}

local names = on.USER
function on.USER(session, name)
  if session.name then return session:err("Must give PASS command", "AUTH") end
  return names(session, name)
end

-- A failed update is not reported.
function on.QUIT(session)
  local reply = session.server.default.QUIT(session)
  reply.status, reply.text, reply.code = "+OK", nil, nil
  return reply
end

return {
  title = "Cyrus",
  options = {
    greeting = "lpop3.invalid Cyrus POP3 3.6.1 server ready",
    mechs = { "PLAIN" },
    capa = {
      authorization = lines("SASL PLAIN", "USER",
                            "IMPLEMENTATION Cyrus POP3 3.6.1"),
      transaction = lines(nil, "IMPLEMENTATION Cyrus POP3 3.6.1"),
    },
  },
  on = on,
  quirks = {
    { what = "The greeting names the host and the version.", source = SOURCE },
    { what = "The reply to USER calls any name a valid mailbox.",
      source = SOURCE .. ", cmd_user" },
    { what = "A second USER is refused: PASS must follow the first.",
      source = SOURCE .. ", cmd_user" },
    { what = "The reply to the login names the session.",
      source = SOURCE .. ", openinbox" },
    { what = "A failed login has the response code AUTH; a login that comes "
             .. "too soon has LOGIN-DELAY and the number of minutes.",
      source = SOURCE .. ", cmd_pass, openinbox" },
    { what = "The replies to RETR and TOP have the same text, without a size.",
      source = SOURCE .. ", blat" },
    { what = "The reply to QUIT is +OK without a text, also when the update "
             .. "failed.",
      source = SOURCE .. ", cmdloop" },
    { what = "Unique-ids are the validity, a full stop and a number.",
      source = SOURCE .. ", uidl_msg" },
  },
}
