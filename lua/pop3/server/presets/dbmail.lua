--- DBMail.
-- @module pop3.server.presets.dbmail
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: dbmail/dbmail src/pop3.c"

local PATIENCE = 3

local function totals(session)
  return ("%d messages (%d octets)"):format(toolkit.totals(session))
end

local function missing(_, _, n)
  return ("[%d] no such message"):format(n)
end

local on = toolkit.on {
  capa = "Capability list follows",
  login = {
    ok = function(session)
      return ("%s has %d messages (%d octets)"):format(session.user,
             toolkit.totals(session))
    end,
    failed = function(session)
      return session.verb == "APOP" and "authentication attempt is invalid"
             or "username/password incorrect"
    end,
  },
  words = {
    USER = function(_, _, name) return "Password required for " .. name end,
    LIST = { ok = totals, err = missing },
    UIDL = { ok = "Some very unique numbers for you", err = missing },
    RETR = { err = missing },
    TOP = { err = "no such message", ok = function(_, _, n, lines)
      return ("%d lines of message %d"):format(lines, n)
    end },
    DELE = { err = missing, ok = function(_, _, n)
      return ("message %d deleted"):format(n)
    end },
    NOOP = false, RSET = totals,
    QUIT = { ok = "see ya later", err = "some deleted messages not removed" },
  },
  unknown = "command not understood",
  lacks = { "UTF8", "LANG" },
  on = { LAST = toolkit.last },
}
on.RETR = toolkit.reaching(on.RETR)

local logs_in = on.AUTH
function on.AUTH(session, ...)
  if session.server.mechs[1] then return logs_in(session, ...) end
  return session:err "no AUTH mechanisms supported"
end

-- The fourth error ends the connection.
for verb, handler in pairs(on) do
  on[verb] = function(session, ...)
    local reply = handler(session, ...)
    if reply.status == "-ERR" and verb ~= "QUIT" then
      local memory = toolkit.memory(session)
      memory.errors = (memory.errors or 0) + 1
      if memory.errors > PATIENCE then
        reply = session:err "too many errors"
        reply.close = "fin"
      end
    end
    return reply
  end
end

local CAPA = { "TOP", "USER", "UIDL" }

return {
  title = "DBMail",
  options = {
    greeting = "DBMAIL pop3 server ready to rock "
               .. "<1896.1790000000@lpop3.invalid>",
    apop = true,
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "The greeting has a stamp for APOP.",
      source = SOURCE .. ", send_greeting" },
    { what = "The fourth error in a session ends the connection.",
      source = SOURCE .. ", pop3_error" },
    { what = "The reply to a wrong number has the number in brackets before "
             .. "the text, like a response code.",
      source = SOURCE .. ", pop3" },
    { what = "LAST is known, though not in CAPA.",
      source = SOURCE .. ", pop3" },
    { what = "AUTH is known, but no mechanism is offered.",
      source = SOURCE .. ", pop3" },
    { what = "The reply to TOP repeats the number of lines.",
      source = SOURCE .. ", pop3" },
    { what = "The replies to UIDL and QUIT have texts of this server.",
      source = SOURCE .. ", pop3, pop3_close" },
  },
}
