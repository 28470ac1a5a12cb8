--- Handlers and hooks: the commands of the test server, and how a script
-- overrides them.
--
-- `server.on` has the script's handlers, `server.default` the ones described
-- here. A handler is called with the session and the arguments of the command,
-- and returns a reply: `session:ok(text)`, `session:err(text, code)`,
-- `session:multi(text, body)`, `session:raw(octets)` or `session:hangup()`, see
-- `pop3.server.session`.
--
-- - The arguments are checked first: a message number is a positive integer. A
--   command with wrong arguments, or in the wrong state, is refused without its
--   handler.
-- - A handler may yield: `session:sleep(seconds)`. Other sessions are served
--   meanwhile.
-- - A handler that raises an error answers `-ERR [SYS/TEMP]`, and `verify`
--   reports it.
-- - A handler for a verb that POP3 does not have makes a new command. It gets
--   the rest of the line, in every state, and can look at `session.state`.
-- @module pop3.server.handlers
-- @alias default
-- @usage
-- local server = pop3.server.new{ users = { mrose = { password = "secret" } } }
-- function server.on.XECHO(session, rest) return session:ok(rest) end
-- function server.on.STAT(session)
--   local reply = server.default.STAT(session)
--   reply.text = reply.text .. " and more"
--   return reply
-- end

local auth = require "pop3.server.auth"
local capabilities = require "pop3.server.capabilities"
local core = require "pop3.core"
local sasl = require "pop3.server.sasl"

local default = {}

-- A message of this many octets or more is sent in pieces, if the store has
-- sources.
local BIG = 1024 * 1024

-- ------------------------------------------------------------ authorization

--- USER: the name of the user (RFC 1939 section 7). The reply does not tell
-- whether there is such a user.
-- @tparam pop3.server.session session
-- @tparam string name
function default.USER(session, name)
  local barred = auth.barred(session)
  if barred then return barred end
  session.name = name
  return session:ok("send the password")
end

--- PASS: the password, after USER (RFC 1939 section 7).
-- @tparam pop3.server.session session
-- @tparam string secret
function default.PASS(session, secret)
  local user = session.name
  session.name = false
  if not user then return session:err("USER comes first") end
  return auth.login(session, "USER", user, {
    shown = secret,
    check = function(password) return core.equal(secret, password) end,
  })
end

--- APOP: a login by the MD5 digest of the greeting's stamp and the password
-- (RFC 1939 section 7), with the option `apop`.
-- @tparam pop3.server.session session
-- @tparam string user
-- @tparam string digest in hexadecimal
function default.APOP(session, user, digest)
  local barred, stamp = auth.barred(session), session.stamp
  if barred then return barred end
  if not stamp then return session:err("APOP is not offered") end
  return auth.login(session, "APOP", user, {
    check = function(password)
      return core.equal(digest, core.md5(stamp .. password))
    end,
  })
end

--- AUTH: a login by SASL (RFC 5034). A handler that has an exchange of its own
-- calls `session:challenge`.
-- @tparam pop3.server.session session
-- @tparam ?string mechanism nil asks for the list of mechanisms
-- @tparam ?string initial the initial response as sent: base64, or "=" if it is
-- empty
function default.AUTH(session, mechanism, initial)
  return sasl.AUTH(session, mechanism, initial)
end

--- STLS: start TLS (RFC 2595). The name of USER is forgotten. Octets after the
-- command end the connection, since they were not sent under TLS.
-- @tparam pop3.server.session session
function default.STLS(session)
  if not session.server.certificates then
    return session:err("TLS is not offered")
  elseif session.secure then
    return session:err("TLS is active already")
  elseif session.engine:unread() > 0 then
    return session:hangup()
  end
  session.name = false
  local reply = session:ok("begin TLS now")
  reply.starttls = true
  return reply
end

--- CAPA: the capabilities (RFC 2449), or those of the option `capa`.
-- @tparam pop3.server.session session
function default.CAPA(session)
  local lines = capabilities.lines(session)
  if not lines then return session:err("unknown command") end
  return session:multi("capabilities", lines)
end

--- UTF8: mail and user names in UTF-8 (RFC 6856).
-- @tparam pop3.server.session session
function default.UTF8(session)
  return session:ok("UTF-8 is enabled")
end

local languages = { en = "English", ["i-default"] = "the default language" }

--- LANG: the list of languages, or choose one (RFC 6856).
-- @tparam pop3.server.session session
-- @tparam ?string tag nil asks for the list
function default.LANG(session, tag)
  if not tag or tag == "" then
    return session:multi("languages", { "en English",
                                        "i-default The default language" })
  end
  tag = tag:lower()
  if tag == "*" then tag = "i-default" end
  if not languages[tag] then return session:err("no such language") end
  return session:ok(("%s %s"):format(tag, languages[tag]))
end

-- -------------------------------------------------------------- transaction

-- The reply -ERR for a message that does not exist or is deleted; nil
-- otherwise.
local function missing(session, n)
  if n > session.maildrop:count() then
    return session:err("no such message")
  elseif session.deleted[n] then
    return session:err("the message is deleted")
  end
end

-- The reply to a command for which a store failed.
local function broken(session, text, code)
  return session:err(text or "the store failed", code or "SYS/TEMP")
end

-- Count and octets of the messages that are not deleted, or nil, message, code.
local function totals(session)
  local drop, deleted = session.maildrop, session.deleted
  local count, octets = 0, 0
  if drop.total and next(deleted) == nil then
    return drop:count(), drop:total()
  end
  for n = 1, drop:count() do
    if not deleted[n] then
      local size, text, code = drop:size(n)
      if not size then return nil, text, code end
      count, octets = count + 1, octets + size
    end
  end
  return count, octets
end

--- STAT: how many messages there are, and their octets (RFC 1939 section 5).
-- @tparam pop3.server.session session
function default.STAT(session)
  local count, octets, code = totals(session)
  if not count then return broken(session, octets, code) end
  return session:ok(count .. " " .. octets)
end

-- The lines of a listing; `value` returns what is listed of a message.
local function listing(session, value)
  local drop, deleted = session.maildrop, session.deleted
  local lines = {}
  for n = 1, drop:count() do
    if not deleted[n] then
      local v, text, code = value(drop, n)
      if not v then return nil, text, code end
      lines[#lines + 1] = n .. " " .. v
    end
  end
  return lines
end

local function size(drop, n) return drop:size(n) end
local function uid(drop, n) return drop:uid(n) end

-- The reply to LIST or UIDL, for one message or for all.
local function tell(session, n, value, title)
  if n then
    local reply = missing(session, n)
    if reply then return reply end
    local v, text, code = value(session.maildrop, n)
    if not v then return broken(session, text, code) end
    return session:ok(n .. " " .. v)
  end
  local lines, text, code = listing(session, value)
  if not lines then return broken(session, text, code) end
  return session:multi(title(lines), lines)
end

local function count_title(lines) return #lines .. " messages" end

--- LIST: the size of one message, or of all (RFC 1939 section 5).
-- @tparam pop3.server.session session
-- @tparam ?integer n nil asks for all
function default.LIST(session, n)
  return tell(session, n, size, count_title)
end

--- UIDL: the unique-id of one message, or of all (RFC 1939 section 7).
-- @tparam pop3.server.session session
-- @tparam ?integer n nil asks for all
function default.UIDL(session, n)
  return tell(session, n, uid, count_title)
end

-- The octets of a message with CRLF line ends, or nil, message, code. A store
-- of a script may have other line ends.
local function octets_of(drop, n)
  local octets, text, code = drop:octets(n)
  if octets and not drop.canonical then octets = core.canonical(octets) end
  return octets, text, code
end

--- RETR: a message (RFC 1939 section 5).
-- @tparam pop3.server.session session
-- @tparam integer n
function default.RETR(session, n)
  local reply = missing(session, n)
  if reply then return reply end
  local drop = session.maildrop
  if drop.source then
    local octets, text, code = drop:size(n)
    if not octets then return broken(session, text, code) end
    if octets >= BIG then
      local source
      source, text, code = drop:source(n)
      if not source then return broken(session, text, code) end
      return session:multi(octets .. " octets", source)
    end
  end
  local octets, text, code = octets_of(drop, n)
  if not octets then return broken(session, text, code) end
  return session:multi(#octets .. " octets", octets)
end

--- TOP: the header of a message and the first lines of its body (RFC 1939
-- section 7).
-- @tparam pop3.server.session session
-- @tparam integer n
-- @tparam integer lines 0 or more
function default.TOP(session, n, lines)
  local reply = missing(session, n)
  if reply then return reply end
  local octets, text, code = octets_of(session.maildrop, n)
  if not octets then return broken(session, text, code) end
  return session:multi("top of message " .. n, core.top(octets, lines))
end

--- DELE: mark a message as deleted (RFC 1939 section 5).
-- @tparam pop3.server.session session
-- @tparam integer n
function default.DELE(session, n)
  local reply = missing(session, n)
  if reply then return reply end
  session:mark(n)
  return session:ok(("message %d deleted"):format(n))
end

--- RSET: unmark all messages (RFC 1939 section 5).
-- @tparam pop3.server.session session
function default.RSET(session)
  session:unmark()
  return session:ok()
end

--- NOOP: nothing (RFC 1939 section 5).
-- @tparam pop3.server.session session
function default.NOOP(session)
  return session:ok()
end

-- ------------------------------------------------------------------- update

--- The hook `on.update`: QUIT after a login. The default removes the messages
-- that are marked. A hook that returns nothing leaves that to the default,
-- unless it called `default.update` itself; after the first call, the default
-- does nothing more.
-- @tparam pop3.server.session session
-- @tparam[opt] {integer,...} numbers of the messages; those that are marked, if
-- it is not given
-- @return nothing, or a reply -ERR that says why messages are not removed
-- @within Hooks
function default.update(session, numbers)
  if session.updated then return session.updated.failure end
  session.updated = {}
  numbers = numbers or session:marked()
  if #numbers == 0 then return end
  local ok, text, code = session.maildrop:remove(numbers)
  if ok == false or ok == nil and text ~= nil then
    session.updated.failure = session:err(
      "some deleted messages are not removed: " .. tostring(text),
      code or "SYS/TEMP")
  end
  return session.updated.failure
end

--- QUIT: after a login, run the hook `update`; then end the session (RFC 1939
-- section 6).
-- @tparam pop3.server.session session
function default.QUIT(session)
  local reply
  if session.state == "transaction" then reply = session:update() end
  return reply or session:ok("goodbye")
end

--- The hook `on.connect`: a client has connected. The reply is the greeting.
-- After a greeting of -ERR the connection ends; after `session:raw "-ERR
-- no\r\n"` it stays open, to see what the client still sends.
-- @tparam pop3.server.session session
-- @within Hooks
function default.connect(session)
  return session:ok(session.server:greeting_of(session))
end

--- The hook `on.disconnect`: the session has ended. The default does nothing.
-- `session.tls_error` says why a TLS handshake failed.
-- @tparam pop3.server.session session
-- @within Hooks
function default.disconnect(session) -- luacheck: no unused args
end

--- The hook `on.unknown`: a command that has no handler. Without this hook,
-- such a command is refused. The verb is in `session.verb`.
-- @tparam pop3.server.session session
-- @tparam string rest the line after the verb
-- @function unknown
-- @within Hooks

--- The hook `on.reset`: `server:reset` was called. A script puts its own
-- variables back to their first values here.
-- @tparam pop3.server server
-- @function reset
-- @within Hooks

return default
