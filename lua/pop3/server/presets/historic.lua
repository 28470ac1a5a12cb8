--- Presets of servers that differ from the default in a few points only, most
-- of them no longer in use: one table. Larger presets have a file each.
-- @module pop3.server.presets.historic
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local FAQ = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, "

local historic = {}

-- The same lines of CAPA before and after the login.
local function capa(...)
  return { authorization = { ... }, transaction = { ... } }
end

-- A handler of TOP that changes the body of the default reply. `change` gets
-- the body, the reply, the session and the number of the message.
local function top(change)
  return function(session, n, lines)
    local reply = session.server.default.TOP(session, n, lines)
    if type(reply.body) == "string" then
      reply.body = change(reply.body, reply, session, n)
    end
    return reply
  end
end

-- ---------------------------------------------------------------------- aapt

local AAPT = "Ubuntu Forums, \"mutt on 10.4 will not work\", 2012-04-01, "
             .. "log of fetchmail"

historic.aapt = {
  title = "mail.aapt.net.au",
  options = { greeting = "POP3 Ready pfep03", capa = false },
  on = toolkit.on {
    login = { ok = "Maildrop locked and ready" },
    words = {
      USER = function(_, _, name) return ("USER %s set, mate"):format(name) end,
      QUIT = false,
    },
    unknown = function(session)
      return session.state == "authorization"
             and "Command must be one of USER, PASS or QUIT" or nil
    end,
    lacks = { "CAPA", "AUTH", "APOP", "STLS", "UTF8", "LANG" },
  },
  quirks = {
    { what = "Before the login only USER, PASS and QUIT are known, not CAPA.",
      source = AAPT },
    { what = "The reply to USER repeats the name.", source = AAPT },
    { what = "The reply to QUIT has no text.", source = AAPT },
  },
}

-- ----------------------------------------------------------------------- aol

local AOL = "GitHub: neomutt/neomutt issue 1427, log"

historic.aol = {
  title = "AOL and Verizon (jpop)",
  options = {
    greeting = "Maildrop ready, (JPOP server ready).",
    mechs = { "LOGIN", "PLAIN" },
    capa = capa("IMPLEMENTATION jpop-0.1", "TOP", "USER", "SASL LOGIN PLAIN"),
  },
  on = toolkit.on { capa = "CAPA list follows", login = { closes = true } },
  quirks = {
    { what = "The greeting says that the maildrop is ready, before a login.",
      source = AOL },
    { what = "UIDL is not in CAPA.", source = AOL },
    { what = "A wrong password ends the connection.",
      source = "GitHub: mozilla-b2g/gaia-email-libs-and-more pull request "
               .. "283" },
  },
}

-- -------------------------------------------------------------------- domino

local DOMINO = "https://thearchivebase.com/question/i-wrote-a-program-for-"
               .. "retrieving-mail-from-pop3-servers-one-of-its-users/"

historic.domino = {
  title = "Lotus Domino 6",
  options = {},
  on = {
    -- octets of the stamp are letters of a code page, each after a 5
    connect = function(session)
      return session:raw("+OK Lotus Notes POP3 server version X2.0 ready "
                         .. "<4F2A0C1B.\5\xC4\5\xEE\5\xEC@lpop3.invalid>\r\n")
    end,
    APOP = function(session) return session:err "authentication failed" end,
  },
  quirks = {
    { what = "The stamp in the greeting has control characters and octets that "
             .. "are not ASCII.", source = DOMINO },
    { what = "There is a stamp, but APOP is always refused.", source = DOMINO },
  },
}

-- -------------------------------------------------------------------- ftgate

historic.ftgate = {
  title = "FTGate 2",
  options = {},
  on = { TOP = top(function(body, reply)
    return "+OK " .. reply.text .. "\r\n" .. body
  end) },
  quirks = {
    { what = "The reply to TOP has +OK twice.", source = FAQ .. "S7" },
  },
}

-- --------------------------------------------------------------- maillennium

local MOST = 64 * 1024  -- octets of the reply to TOP

historic.maillennium = {
  title = "Maillennium POP3/PROXY",
  options = { greeting = "Maillennium POP3/PROXY server" },
  on = { TOP = top(function(body) return body:sub(1, MOST) end) },
  quirks = {
    { what = "The greeting names the software.", source = FAQ .. "I8" },
    { what = "The body of TOP ends after 64 KiB, whatever number of lines the "
             .. "client asks for.", source = FAQ .. "I8" },
  },
}

-- ------------------------------------------------------------------------ o2

local O2 = "GitHub: jstedfast/MailKit issue 171, protocol log"

-- The default handler of a verb, which LAST takes note of.
local function noted(verb)
  return toolkit.reaching(function(session, n)
    return session.server.default[verb](session, n)
  end)
end

historic.o2 = {
  title = "poczta.o2.pl",
  options = {
    greeting = "POP3 ready",
    mechs = { "LOGIN", "PLAIN" },
    capa = capa("LAST", "TOP", "USER", "PIPELINING", "UIDL",
                "SASL LOGIN PLAIN"),
  },
  on = toolkit.on {
    capa = "Capability list follows",
    login = { ok = false },
    words = { STLS = false },
    on = { LAST = toolkit.last, RETR = noted "RETR", DELE = noted "DELE" },
  },
  quirks = {
    { what = "The replies to a login and to STLS have no text.", source = O2 },
    { what = "LAST is in CAPA.", source = O2 },
  },
}

-- ------------------------------------------------------------------ openmail

historic.openmail = {
  title = "HP OpenMail",
  options = { greeting = "OpenMail POP3 interface" },
  on = toolkit.on {
    login = { dress = function(_, drop)
      return toolkit.view(drop, { size = function(size)
        return (size + 512) // 1024 * 1024
      end })
    end },
    on = { TOP = top(function(body) return body:match "^[^\n]*\n?" end) },
  },
  quirks = {
    { what = "The greeting names the software.", source = FAQ .. "S3" },
    { what = "Sizes are rounded to 1024 octets.", source = FAQ .. "S3" },
    { what = "TOP sends one line, whatever number the client asks for.",
      source = FAQ .. "S3" },
  },
}

-- ------------------------------------------------------------------- twisted

historic.twisted = {
  title = "twisted.mail",
  options = {},
  on = { UIDL = function(session, n)
    local reply = session.server.default.UIDL(session, n)
    if n and reply.status == "+OK" then
      reply.text = reply.text:gsub("^%d+ ", "")
    end
    return reply
  end },
  quirks = {
    { what = "The reply to UIDL with a number is the unique-id without the "
             .. "number.", source = "GitHub: twisted/twisted issue 9104" },
  },
}

-- -------------------------------------------------------------------- usanet

local LINES = 10

historic.usanet = {
  title = "USA.NET",
  options = {},
  on = { TOP = top(function(_, _, session, n)
    local octets, from = session.maildrop:octets(n), 1
    for _ = 1, LINES do
      from = (octets:find("\n", from, true) or #octets) + 1
    end
    return octets:sub(1, from - 1)
  end) },
  quirks = {
    { what = "TOP sends about 10 lines with the header, whatever number the "
             .. "client asks for.", source = FAQ .. "I3" },
  },
}

-- --------------------------------------------------------------------- yahoo

local YAHOO = "Ubuntu Forums, \"Not receiving emails with fetchmail\", "
              .. "2009-05-28, log of fetchmail"

historic.yahoo = {
  title = "Yahoo Mail (popgate)",
  options = {
    greeting = "hello from popgate 2.43 on pop106.plus.mail.mud.yahoo.com",
    capa = capa("EXPIRE NEVER", "IMPLEMENTATION popgate 2.43", "PIPELINING",
                "RESP-CODES", "TOP", "UIDL", "USER"),
  },
  on = toolkit.on {
    capa = "CAPA list follows",
    login = { ok = function(session)
      return ("maildrop ready, %d messages (%d octets) (517707418)"):format(
             toolkit.totals(session))
    end },
    words = { USER = "password required.", QUIT = "server signing off." },
    -- as if all messages had been read
    on = { LAST = function(session)
      if session.state ~= "transaction" then return toolkit.last(session) end
      return session:ok(session.maildrop:count())
    end },
  },
  quirks = {
    { what = "The greeting names the software and the machine.",
      source = YAHOO },
    { what = "CAPA is in alphabetical order, without SASL.", source = YAHOO },
    { what = "The reply to the login ends with a number in parentheses.",
      source = YAHOO },
    { what = "LAST, which is not in CAPA, says that all messages were read.",
      source = YAHOO },
    { what = "The replies to USER and QUIT have texts of this server.",
      source = YAHOO },
  },
}

return historic
