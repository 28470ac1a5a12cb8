--- Citadel.
-- @module pop3.server.presets.citadel
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: SegHaxx/citadel-gay citadel/server/modules/pop3/"
               .. "serv_pop3.c"

local function missing(session, _, n)
  if session.deleted[n] then return "Sorry, you deleted that message." end
  return "No such message."
end

local function fewer(session, _, n)
  if session.deleted[n] then return "Sorry, you deleted that message." end
  return ("no such message, only %d are here"):format(session.maildrop:count())
end

local function numbered(format)
  return function(_, _, n) return format:format(n) end
end

local on = toolkit.on {
  capa = "Capability list follows",
  login = {
    ok = function(session)
      return ("%s is logged in (%d messages)"):format(session.user,
             session.maildrop:count())
    end,
    failed = "That is NOT the password.",
    dress = function(_, drop)
      return toolkit.view(drop, { uid = toolkit.uids "%d" })
    end,
  },
  words = {
    LIST = { ok = "Here's your mail:", err = fewer },
    UIDL = { ok = "Here's your mail:", err = fewer },
    RETR = { ok = numbered "Message %d:", err = missing },
    TOP = { ok = numbered "Message %d:", err = missing },
    DELE = { ok = numbered "Message %d deleted.", err = function(session, _, n)
      return session.deleted[n] and "You already deleted that message."
             or "No such message."
    end },
    NOOP = "No operation.", RSET = "Reset completed.",
  },
  unknown = function(session)
    return session.state == "transaction" and "I'm afraid I can't do that."
           or "Not logged in."
  end,
  lacks = { "AUTH", "APOP", "UTF8", "LANG" },
  on = { LAST = toolkit.last },
}
on.RETR = toolkit.reaching(on.RETR)

-- The reply says whether there is such a user.
function on.USER(session, name)
  local server = session.server
  if not server.authenticate and not server.users[name] then
    return session:err "No such user."
  end
  local reply = server.default.USER(session, name)
  if reply.status == "+OK" then
    reply.text = "Password required for " .. name
  end
  return reply
end

-- The reply is sent before the update.
function on.QUIT(session)
  session.server.default.QUIT(session)
  return session:ok "Goodbye..."
end

local CAPA = { "TOP", "USER", "UIDL", "IMPLEMENTATION Citadel" }

return {
  title = "Citadel",
  options = {
    greeting = "Citadel POP3 server ready.",
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "The reply to USER says whether there is such a user.",
      source = SOURCE .. ", pop3_user" },
    { what = "The reply to a wrong password says so, without a response code.",
      source = SOURCE .. ", pop3_pass" },
    { what = "The reply to QUIT comes before the update, so that it never "
             .. "reports a failure.",
      source = SOURCE .. ", pop3_command_loop" },
    { what = "LAST is known.", source = SOURCE .. ", pop3_last" },
    { what = "The replies to RETR and TOP have the number of the message, not "
             .. "its size.",
      source = SOURCE .. ", pop3_retr, pop3_top" },
    { what = "LIST with a number that is too high says how many messages there "
             .. "are.",
      source = SOURCE .. ", pop3_list" },
    { what = "Unique-ids are plain numbers.",
      source = SOURCE .. ", pop3_uidl" },
  },
}
