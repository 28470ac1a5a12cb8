--- Dovecot.
-- @module pop3.server.presets.dovecot
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SEEN = "seen on Debian 12, dovecot 2.3.19"
local SOURCE = "GitHub: dovecot/core src/pop3/pop3-commands.c"
local CLIENT = "GitHub: dovecot/core src/pop3/pop3-client.c, "
               .. "client_handle_input"

local PATIENCE = { authorization = 3, transaction = 20 }

local function missing(session, _, n)
  if session.deleted[n] then return "Message is deleted." end
  return ("There's no message %d."):format(n)
end

local on = toolkit.on {
  capa = false,
  login = {
    ok = "Logged in.",
    failed = function() return "Authentication failed.", "AUTH" end,
    dress = function(_, drop)
      return toolkit.view(drop, { uid = toolkit.uids "%08x6b05a665" })
    end,
  },
  words = {
    USER = false, NOOP = false, RSET = false, STAT = {},
    LIST = { err = missing, ok = function(session)
      return ("%d messages:"):format((toolkit.totals(session)))
    end },
    UIDL = { ok = false, err = missing },
    RETR = { err = missing },
    TOP = { ok = false, err = missing },
    DELE = { ok = "Marked to be deleted.", err = missing },
    QUIT = function(session)
      return next(session.deleted or {}) and "Logging out, messages deleted."
             or "Logging out."
    end,
  },
}

-- Too many unknown commands in a row end the connection.
function on.unknown(session)
  local memory = toolkit.memory(session)
  memory.bad = (memory.bad or 0) + 1
  if memory.bad > (PATIENCE[session.state] or 0) then
    local reply = session:err(session.state == "transaction"
                              and "Too many bad commands."
                              or "Too many invalid bad commands.")
    reply.close = "fin"
    return reply
  end
  return session:err(session.state == "transaction"
                     and "Unknown command: " .. session.verb
                     or "Unknown command.")
end

for verb, handler in pairs(on) do
  if verb ~= "unknown" then
    on[verb] = function(session, ...)
      local reply = handler(session, ...)
      if reply.status == "+OK" then toolkit.memory(session).bad = 0 end
      return reply
    end
  end
end
on.UTF8, on.LANG = on.unknown, on.unknown

return {
  title = "Dovecot",
  options = {
    greeting = "Dovecot (Debian) ready.",
    mechs = { "PLAIN" },
    capa = {
      authorization = { "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING",
                        "AUTH-RESP-CODE", "USER", "SASL PLAIN" },
      transaction = { "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING",
                      "AUTH-RESP-CODE" },
    },
  },
  on = on,
  quirks = {
    { what = "The greeting has the name of the distribution.",
      source = "GitHub: docker-mailserver/docker-mailserver issue 1631" },
    { what = "CAPA lists CAPA; USER and SASL are not listed after the login.",
      source = SEEN },
    { what = "A failed login has the response code AUTH.",
      source = "GitHub: docker-mailserver/docker-mailserver issue 1631" },
    { what = "The replies to USER, UIDL, TOP, NOOP and RSET have no text.",
      source = SEEN },
    { what = "The reply to a wrong number repeats the number.",
      source = SOURCE .. ", get_msgnum" },
    { what = "The reply to an unknown command repeats it, but not before the "
             .. "login.", source = SEEN },
    { what = "More than 20 unknown commands in a row end the connection; "
             .. "before the login, more than 3.",
      source = CLIENT .. "; " .. SEEN },
    { what = "The reply to QUIT says whether messages were deleted.",
      source = SOURCE .. ", cmd_quit" },
    { what = "Unique-ids are 16 hexadecimal digits: number and validity, 8 "
             .. "each.", source = SEEN },
    { what = "There is neither UTF8 nor LANG, nor LAST by default.",
      source = SEEN },
  },
}
