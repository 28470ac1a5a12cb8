--- The default handlers: a POP3 server by RFC 1939, 2449, 2595, 5034 and 6856.
--
-- `server.default` is this table; `server.on` overrides it. A handler gets the
-- session and the command's arguments and returns a reply: `session:ok(text)`,
-- `session:err(text, code)`, `session:multi(text, body)`, `session:raw(octets)`
-- or `session:hangup()`. What neither of them knows goes to
-- `server.on.unknown`, if there is one, with the rest of the line; the verb is in
-- `session.verb`.
-- @module pop3.handlers

local auth = require "pop3.server.auth"
local core = require "pop3.core"

local default = {}

-- Octets from which on a message goes out in pieces, if the store can.
local BIG = 1024 * 1024

-- ------------------------------------------------------------ authorization

function default.USER(session, name)
  local barred = auth.barred(session)
  if barred then return barred end
  session.name = name
  return session:ok("send the password")
end

function default.PASS(session, secret)
  local user = session.name
  session.name = nil
  if not user then return session:err("USER comes first") end
  return auth.login(session, "USER", user, {
    shown = secret,
    check = function(password) return core.equal(secret, password) end,
  })
end

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

--- SASL (RFC 5034). An override that wants an exchange of its own calls
-- `session:challenge`.
-- @tparam session session
-- @tparam ?string mechanism nil: the list of them is asked for
-- @tparam ?string initial the initial response as on the wire: base64, "=" when
-- it is empty
function default.AUTH(session, mechanism, initial)
  return auth.AUTH(session, mechanism, initial)
end

--- TLS (RFC 2595). What is known of the client is forgotten; octets behind the
-- command end the link, since they were not sent under TLS.
function default.STLS(session)
  if not session.server.credentials then
    return session:err("TLS is not offered")
  elseif session.secure then
    return session:err("TLS is active already")
  elseif session.engine:unread() > 0 then
    return session:hangup()
  end
  session.name = nil
  local reply = session:ok("begin TLS now")
  reply.starttls = true
  return reply
end

function default.CAPA(session)
  local lines = session.server:capabilities(session)
  if not lines then return session:err("unknown command") end
  return session:multi("capabilities", lines)
end

function default.UTF8(session)
  return session:ok("UTF-8 it is")
end

local languages = { en = "English", ["i-default"] = "the default language" }

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

-- An error when there is no such message.
local function missing(session, n)
  if n > session.maildrop:count() then
    return session:err("no such message")
  elseif session.deleted[n] then
    return session:err("the message is deleted")
  end
end

-- The reply when a store failed.
local function broken(session, text, code)
  return session:err(text or "the store failed", code or "SYS/TEMP")
end

-- Count and octets of what is not deleted, or nil, message, code.
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

function default.STAT(session)
  local count, octets, code = totals(session)
  if not count then return broken(session, octets, code) end
  return session:ok(count .. " " .. octets)
end

-- A listing of what `value` says of each message.
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

-- LIST and UIDL, of one message or of all.
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

function default.LIST(session, n)
  return tell(session, n, size, count_title)
end

function default.UIDL(session, n)
  return tell(session, n, uid, count_title)
end

-- The octets of a message, which a store of the script's own may have with any
-- line ends, or nil, message, code.
local function octets_of(drop, n)
  local octets, text, code = drop:octets(n)
  if octets and not drop.canonical then octets = core.canonical(octets) end
  return octets, text, code
end

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

function default.TOP(session, n, lines)
  local reply = missing(session, n)
  if reply then return reply end
  local octets, text, code = octets_of(session.maildrop, n)
  if not octets then return broken(session, text, code) end
  return session:multi("top of message " .. n, core.top(octets, lines))
end

function default.DELE(session, n)
  local reply = missing(session, n)
  if reply then return reply end
  session:mark(n)
  return session:ok(("message %d deleted"):format(n))
end

function default.RSET(session)
  session:unmark()
  return session:ok()
end

function default.NOOP(session)
  return session:ok()
end

-- ------------------------------------------------------------------- update

--- The update: remove what was marked. Nothing, or a reply that says why not;
-- the same again when it was done before.
-- @tparam session session
-- @tparam[opt] {integer,...} numbers what was marked, if absent
function default.update(session, numbers)
  if session.updated then return session.updated.failure end
  session.updated = {}
  numbers = numbers or session:marked()
  if #numbers == 0 then return end
  local ok, text, code = session.maildrop:remove(numbers)
  if ok == false or ok == nil and text ~= nil then
    session.updated.failure = session:err("some deleted messages are not removed: "
                                          .. tostring(text), code or "SYS/TEMP")
  end
  return session.updated.failure
end

function default.QUIT(session)
  local reply
  if session.state == "transaction" then reply = session:update() end
  return reply or session:ok("goodbye")
end

--- A new session: the greeting.
function default.connect(session)
  return session:ok(session.server:greeting_of(session))
end

--- The end of a session: nothing.
function default.disconnect()
end

return default
