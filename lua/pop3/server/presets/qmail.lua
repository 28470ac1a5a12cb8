--- qmail-pop3d, which qmail-popup starts.
-- @module pop3.server.presets.qmail
-- @local

local core = require "pop3.core"
local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: notqmail/notqmail qmail-pop3d.c"
local POPUP = "GitHub: notqmail/notqmail qmail-popup.c"

-- Sizes are those of the files, whose lines end with LF alone.
local function dress(_, drop)
  return toolkit.view(drop, {
    uid = toolkit.uids "1790000000.%d.lpop3",
    size = function(size, n)
      local octets = drop:octets(n)
      if not octets then return size end
      local _, lines = octets:gsub("\r\n", "")
      return size - lines
    end,
    octets = function(octets) return octets .. "\r\n" end,
  })
end

local function missing(session, _, n)
  return session.deleted[n] and "already deleted" or "not that many messages"
end

local QUIET = { ok = false, err = missing }

local on = toolkit.on {
  login = { ok = false, failed = function() return "authorization failed" end,
            closes = true, dress = dress },
  words = { USER = false, LIST = QUIET, UIDL = QUIET, RETR = QUIET, TOP = QUIET,
            DELE = QUIET, NOOP = false, RSET = false, QUIT = false },
  unknown = function(session)
    return session.state == "transaction" and "unimplemented"
           or "authorization first"
  end,
  lacks = { "CAPA", "AUTH", "STLS", "UTF8", "LANG" },
  on = { LAST = toolkit.last },
}
on.DELE = toolkit.reaching(on.DELE)

-- The additional line does not count as one of the lines of TOP.
local tops = on.TOP
function on.TOP(session, n, lines)
  local reply = tops(session, n, lines)
  if reply.status == "+OK" then
    local octets = session.maildrop:octets(n)
    reply.body = core.top(octets:sub(1, -3), lines) .. "\r\n"
  end
  return reply
end

-- Deleted messages count, but not their octets.
function on.STAT(session)
  local _, octets = toolkit.totals(session)
  return session:ok(session.maildrop:count() .. " " .. octets)
end

return {
  title = "qmail-pop3d",
  options = {
    greeting = "<1896.1790000000@lpop3.invalid>",
    apop = true,
    capa = false,
  },
  on = on,
  quirks = {
    { what = "The greeting is nothing but the stamp for APOP.",
      source = POPUP .. ", pop3_greet" },
    { what = "There is no CAPA: before the login, the reply to an unknown "
             .. "command asks for the login.",
      source = POPUP .. ", pop3commands" },
    { what = "A failed login ends the connection.",
      source = POPUP .. ", doanddie" },
    { what = "Sizes are those of the files, where a line end is one octet: "
             .. "RETR sends more.",
      source = SOURCE .. ", getlist; GitHub: Distrotech/fetchmail "
               .. "fetchmail-FAQ.html, T2" },
    { what = "Every message has an additional empty line at its end.",
      source = SOURCE .. ", blast" },
    { what = "STAT still counts messages that were deleted, but not their "
             .. "octets.", source = SOURCE .. ", pop3_stat" },
    { what = "LAST is known; it is the highest number that was deleted.",
      source = SOURCE .. ", pop3_dele" },
    { what = "Only -ERR has a text.",
      source = SOURCE .. ", okay" },
    { what = "Unique-ids are names of files.",
      source = SOURCE .. ", printfn" },
  },
}
