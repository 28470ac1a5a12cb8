--- hMailServer.
-- @module pop3.server.presets.hmailserver
-- @local

local core = require "pop3.core"
local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: hmailserver/hmailserver hmailserver/source/Server/POP3/"
               .. "POP3Connection.cpp"
local MISSING = "No such message"

local function totals(session)
  return ("%d messages (%d octets)"):format(toolkit.totals(session))
end

local on = toolkit.on {
  capa = "CAPA list follows",
  login = {
    ok = "Mailbox locked and ready",
    failed = "Invalid user name or password.",
    locked = "Your mailbox is already locked",
    dress = function(_, drop)
      return toolkit.view(drop, { uid = toolkit.uids "%d" })
    end,
  },
  words = {
    USER = "Send your password",
    LIST = { ok = totals, err = MISSING },
    UIDL = { ok = totals, err = MISSING },
    RETR = { err = MISSING },
    DELE = { ok = "msg deleted", err = MISSING },
    NOOP = false, RSET = "0", QUIT = "POP3 server saying goodbye...",
  },
  unknown = "Invalid command in current state.",
  lacks = { "AUTH", "APOP", "UTF8", "LANG" },
  on = { HELP = function(session)
    return session:ok "Normal POP3 commands allowed"
  end },
}

local logs_in = on.PASS
function on.PASS(session, secret)
  local name = session.name
  local reply = logs_in(session, secret)
  if reply.status == "-ERR" and reply.code
     and reply.code:find "^SYS/" then
    return session:raw("+ERR Server error: Failed to fetch messages in "
                       .. "Inbox.\r\n")
  elseif reply.text == "Invalid user name or password." and name
     and not name:find("@", 1, true) then
    reply.text = reply.text .. " Please use full email address as user name."
  end
  return reply
end

-- LIST and UIDL do not refuse deleted messages.
for verb, value in pairs { LIST = "size", UIDL = "uid" } do
  local handler = on[verb]
  on[verb] = function(session, n)
    local drop = session.maildrop
    if n and session.deleted[n] then
      return session:ok(n .. " " .. drop[value](drop, n))
    end
    return handler(session, n)
  end
end

-- Lines as they are in the file, an empty line, and the dot.
function on.TOP(session, n, lines)
  local drop = session.maildrop
  if n > drop:count() or session.deleted[n] then return session:err(MISSING) end
  local octets, text, code = drop:octets(n)
  if not octets then return session:err(text, code or "SYS/TEMP") end
  return session:raw(("+OK %d octets\r\n%s\r\n.\r\n"):format(#octets,
                     core.top(octets, lines)))
end

local CAPA = { "USER", "UIDL", "TOP" }

return {
  title = "hMailServer",
  options = {
    greeting = "POP3",
    capa = { authorization = CAPA, transaction = CAPA },
  },
  on = on,
  quirks = {
    { what = "The greeting is the word POP3.", source = SOURCE
      .. ", SendBanner_" },
    { what = "TOP does not stuff lines that begin with a dot.",
      source = SOURCE .. ", _SendFileHeader" },
    { what = "TOP ends with an additional empty line, and its reply has the "
             .. "size of the whole message.",
      source = SOURCE .. ", _ProtocolTOP" },
    { what = "LIST and UIDL of a deleted message do not refuse it.",
      source = SOURCE .. ", _ProtocolLIST, _ProtocolUIDL" },
    { what = "The reply to RSET is +OK 0.", source = SOURCE
      .. ", _ProtocolRSET" },
    { what = "The reply for an inbox that cannot be read is +ERR, neither +OK "
             .. "nor -ERR.",
      source = "GitHub: hmailserver/hmailserver pull request 594" },
    { what = "The reply to a wrong password for a name without @ gives advice.",
      source = SOURCE .. ", _ProtocolPASS" },
    { what = "A maildrop that is in use has no response code.",
      source = SOURCE .. ", _ProtocolPASS" },
    { what = "HELP is known.", source = SOURCE .. ", InternalParseData" },
  },
}
