--- Gmail.
-- @module pop3.server.presets.gmail
-- @local

local core = require "pop3.core"
local toolkit = require "pop3.server.presets.toolkit"

local HELP = "https://support.google.com/a/answer/6089246"
local LOG = "GitHub: jstedfast/MimeKit issue 99, protocol log"
local SEEN = "https://w3toppers.com/what-non-standard-behaviour-features-"
             .. "does-gmail-exhibit-when-it-is-programmatically-used-as-a-pop3-"
             .. "server/"

local FETCHED = "Ubuntu Forums, \"Newb: Can you get me past fetchmail "
                .. "error?\", 2007-10-10, log of fetchmail"

local SESSION = 250  -- messages that are shown in one session

-- "recent:mrose" is mrose, who wants the messages of the last days again.
local function bare(session, name)
  local rest = name:match "^recent:(.*)"
  toolkit.memory(session).recent = rest ~= nil
  return rest or name
end

-- The maildrop of a session: the oldest messages that were not fetched yet.
local function dress(session, drop)
  local popped, numbers = toolkit.kept(session), {}
  local recent = toolkit.memory(session).recent
  for n = 1, drop:count() do
    if recent or #numbers < SESSION and not popped[drop:uid(n)] then
      numbers[#numbers + 1] = n
    end
  end
  return toolkit.view(drop, { numbers = numbers })
end

local login = {
  ok = "Welcome.",
  failed = function()
    return "Username and password not accepted.", "AUTH"
  end,
  dress = dress,
}

local on = toolkit.on {
  capa = "Capability list follows",
  login = login,
  words = { UIDL = false, RETR = "message follows", QUIT = "Farewell." },
}

function on.USER(session, name)
  local reply = session.server.default.USER(session, bare(session, name))
  if reply.status == "+OK" then reply.text = "send PASS" end
  return reply
end

function on.LAST(session)
  return session:err "Not supported"
end

-- The name in PLAIN (RFC 4616) may have the prefix as well.
local logs_in = on.AUTH
function on.AUTH(session, mechanism, initial)
  if mechanism and mechanism:upper() == "PLAIN" then
    local octets
    if not initial then octets = session:challenge ""
    elseif initial ~= "=" then octets = core.sasl.decode(initial) end
    local before, name, after = (octets or ""):match "^([^\0]*\0)([^\0]*)(.*)$"
    if name then
      initial = core.sasl.encode(before .. bare(session, name) .. after)
    else
      initial = initial or "="
    end
  end
  return logs_in(session, mechanism, initial)
end

local fetches = on.RETR
function on.RETR(session, n)
  local reply = fetches(session, n)
  if reply.status == "+OK" then
    local memory = toolkit.memory(session)
    memory.fetched = memory.fetched or {}
    memory.fetched[n] = true
  end
  return reply
end

-- QUIT hides the messages that were fetched or deleted; it removes no message.
function on.update(session, numbers)
  local popped, drop, real = toolkit.kept(session), session.maildrop, {}
  for n in pairs(toolkit.memory(session).fetched or {}) do real[n] = true end
  for _, n in ipairs(numbers) do real[n] = true end
  for n in pairs(real) do popped[toolkit.stored_uid(drop, n)] = true end
  return session:ok()
end

return {
  title = "Gmail",
  options = {
    greeting = "Gpop ready for requests from 127.0.0.1 lpop3mb1",
    mechs = { "PLAIN", "XOAUTH2", "OAUTHBEARER" },
    capa = {
      authorization = { "USER", "RESP-CODES", "EXPIRE 0", "LOGIN-DELAY 300",
                        "TOP", "UIDL", "X-GOOGLE-RICO",
                        "SASL PLAIN XOAUTH2 OAUTHBEARER" },
      transaction = { "USER", "RESP-CODES", "PIPELINING", "EXPIRE 0",
                      "LOGIN-DELAY 300", "TOP", "UIDL", "X-GOOGLE-RICO" },
    },
  },
  on = on,
  quirks = {
    { what = "The greeting names the client's address and the session.",
      source = LOG },
    { what = "PIPELINING is in CAPA only after the login, SASL only before it.",
      source = "GitHub: jstedfast/MailKit UnitTests/Net/Pop3/Resources/gmail/"
               .. "capa1.txt, capa2.txt" },
    { what = "CAPA has EXPIRE 0, LOGIN-DELAY 300 and a tag of this server.",
      source = LOG },
    { what = "A message that was fetched by RETR is not listed in later "
             .. "sessions; TOP does not count.", source = SEEN },
    { what = "Only QUIT hides fetched messages: after a session without QUIT, "
             .. "they are listed again.", source = SEEN },
    { what = "A session has about 250 messages, the oldest ones that were not "
             .. "fetched yet.", source = HELP },
    { what = "With \"recent:\" before the user name, fetched messages are "
             .. "listed as well.",
      source = "http://www.limilabs.com/blog/gmail-pop3-behavior" },
    { what = "DELE and QUIT do not remove a message from the account: a "
             .. "setting of the account decides.",
      source = "https://www.chilkatsoft.com/p/p_184.asp" },
    { what = "A wrong password has the response code AUTH; the replies to USER "
             .. "and QUIT have texts of this server.",
      source = "GitHub: ditesh/node-poplib README.md, log" },
    { what = "LAST is not supported; the reply to UIDL has no text, that to "
             .. "RETR no size.", source = FETCHED },
    { what = "A token that is refused gets a challenge, JSON in base64, before "
             .. "the -ERR.", source = LOG },
  },
}
