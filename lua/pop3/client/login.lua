--- The login of the client: which mechanisms it tries, in what order, and when it
-- stops.
--
-- SASL mechanisms are run by `pop3.client.sasl`; USER with PASS, and APOP, are here.
-- The rules:
--
-- - A password or token in cleartext is sent only over TLS or the loopback interface,
--   or if `insecure` allows it. Without TLS it is never sent after a refused mechanism
--   that keeps the secret: an attacker could have sent the refusal.
-- - A wrong password must not become many failed logins, since servers lock accounts.
--   Without `mechs`, a secret is proven at most once by challenge and response and at
--   most once in cleartext. The second one is needed: a server that stores hashed
--   passwords may offer CRAM-MD5 and refuse it for this user.
-- - Every mechanism of a list `mechs` is tried.
-- - After a check of the client failed, nothing else is tried.
-- - A mechanism that cannot carry the name or the password is left out, and GSSAPI if
--   there is no ticket.
-- - When a mechanism was refused, and the next one fails because of the connection,
--   the result is the refusal, and its message also names the second failure.
-- @module pop3.client.login
-- @local

local commands = require "pop3.client.command"
local core = require "pop3.core"
local exchange = require "pop3.client.sasl"
local sorted_keys = require "pop3.util.sorted_keys"

local command, fail = commands.command, commands.fail
local mechanisms = core.sasl.mechanisms

-- Response codes after which trying again later can help (RFC 2449 section 8.1,
-- RFC 3206 section 4).
local passing = { ["IN-USE"] = true, ["LOGIN-DELAY"] = true,
                  ["SYS/TEMP"] = true }

-- --------------------------------------------------------- APOP and USER

-- The stamp of a greeting: strictly a msg-id of RFC 822. A looser one lets a false
-- server find out the password (CVE-2007-1558).
local function stamp(greeting)
  local found = greeting:match "<[^<>]*>"
  if found and found:find "^<[^@]+@[^@]+>$"
     and not found:find '[%c \127-\255"(),;:\\]' then
    return found
  end
end

-- What the server has learned from a mechanism, see `pop3.client.sasl.run`.
local NOTHING, PROOF = {}, { proof = true }

-- Rows as in the table of mechanisms, with a function `run`, whose results are those
-- of `pop3.client.sasl.run`.
local own = {
  -- RFC 1939 section 7
  USER = {
    name = "USER", proof = "password", cleartext = true,
    run = function(s, who)
      local ok, message, code, reply = command(s, "USER", "USER " .. who.user)
      if not ok then return nil, message, code, reply, NOTHING end
      ok, message, code, reply = command(s, "PASS", "PASS " .. who.secret)
      return ok, message, code, reply, PROOF
    end,
  },
  -- RFC 1939 section 7
  APOP = {
    name = "APOP", proof = "password",
    run = function(s, who)
      local digest = core.md5(stamp(s.hello) .. who.secret)
      s.engine:secret(who.secret)  -- an error must not show it
      local ok, message, code, reply =
        command(s, "APOP", "APOP " .. who.user .. " " .. digest)
      return ok, message, code, reply, PROOF
    end,
  },
}

local function row_of(name)
  return own[name] or mechanisms[name]
end

-- The order of preference: that of the table of mechanisms, then USER. APOP,
-- ANONYMOUS and GSSAPI are used only if `mechs` names them: a ticket may be that of
-- another user, and the Kerberos library may block.
local order = {}
for _, row in ipairs(mechanisms) do
  if not (row.anonymous or row.ticket) then order[#order + 1] = row.name end
end
order[#order + 1] = "USER"

-- ---------------------------------------------------------------- the choice

-- The set of the mechanisms that the server offers; nil when it does not say.
local function offered_by(capa)
  if not (capa and capa.SASL) then return nil end
  local set = {}
  for _, name in ipairs(capa.SASL) do set[name:upper()] = true end
  return set
end

-- Why SASLprep refuses the password or name of SCRAM; nil when it accepts both.
local function unprepared(who)
  for _, one in ipairs { { "the password", who.secret, "stored" },
                         { "the user name", who.user, "query" } } do
    local made, why = core.sasl.prepare(one[2], one[3])
    if made == "" then why = "only characters that SASLprep (RFC 4013) drops" end
    if why then return one[1] .. " has " .. why end
  end
end

-- Why a mechanism cannot be used here; nil when it can. The second result is true if
-- this reason is to be reported rather than that of another mechanism.
local function unusable(s, name, who, offered, named)
  local row = row_of(name)
  if not row then return "not supported" end
  if not own[name] and not (offered and offered[name])
     and (offered or not named) then
    return "not offered"
  end
  if row.binding and not s.secure then return "it needs TLS" end
  if row.proof == "certificate" then
    return not (s.secure and s.opts.cert)
           and "it needs TLS with a client certificate" or nil
  elseif row.proof == "token" then
    if not who.token then return "it needs a token" end
  elseif row.proof == "password" then
    if not who.secret then return "it needs a password" end
    if who.user == "" or who.secret == "" then
      return "an empty user or secret"
    end
    local why = row.salted and unprepared(who)
    if why then return why, true end
  elseif row.proof == "ticket" then
    if not core.sasl.features.gssapi then
      return "this build has no Kerberos library"
    elseif not s.opts.host then
      return "the name of the host is needed"
    end
  end
  if row.cleartext and not s:may_send_cleartext() then
    return "a cleartext " .. row.proof .. " would cross a connection without TLS "
           .. "(insecure = true allows it)"
  end
  if name == "APOP" and not stamp(s.hello) then
    return "the greeting has no valid APOP stamp"
  end
end

-- The names of `mechs` in upper case, and whether the server must be asked if it offers
-- them.
local function named(mechs)
  local list, asked = {}, false
  for i = 1, #mechs do
    local name = mechs[i]:upper()
    list[i] = name
    asked = asked or not own[name]
  end
  return list, asked
end

-- The mechanisms to try, and the set that the server offers; or nil, message, code,
-- reply.
local function candidates(s, mechs)
  local list, asked = nil, true
  if mechs then list, asked = named(mechs) end
  if not asked then return list end
  local capa, message, code, reply = s:capa_or_redial()
  if not capa and (code ~= "err" or s.dead) then
    return nil, message, code, reply
  end
  local offered = offered_by(capa)
  if list then return list, offered end
  list = {}
  for _, name in ipairs(order) do
    if name ~= "USER" or not offered or capa.USER then
      list[#list + 1] = name
    end
  end
  return list, offered
end

-- ---------------------------------------------------------------- attempts

local function run(s, row, who, offered)
  if row.run then return row.run(s, who) end
  return exchange.run(s, row, who, offered)
end

-- Try the first mechanism after a server has refused CAPA and closed the connection: on
-- a new connection, without CAPA.
local function attempt_without_capa(s, row, who, why)
  local ok, message, code, reply = s:redial_without_capa(why)
  if not ok then return nil, why .. "; then " .. message, code, reply, NOTHING end
  return run(s, row, who, nil)
end

-- Try one mechanism; on a new connection if the server refused another mechanism and
-- closed this one. The last result is true when no new connection was made.
local function attempt(s, row, who, offered, refused)
  if refused and s.dead and s.redial then
    local ok, message, code = s:redial()
    if not ok then return nil, message, code, nil, NOTHING, true end
  end
  local ok, message, code, reply, how = run(s, row, who, offered)
  if not ok and refused and code == "closed" and s.redial
     and not refused.redialled then
    refused.redialled = true
    ok, message, code = s:redial()
    if not ok then return nil, message, code, nil, NOTHING, true end
    ok, message, code, reply, how = run(s, row, who, offered)
  elseif not ok and not refused and code == "closed" and not how.proof
         and s.redial and s:has_refused_capa() then
    return attempt_without_capa(s, row, who, message)
  end
  return ok, message, code, reply, how
end

-- A refusal, and the failure that kept the client from trying another mechanism.
local function refusal(failure, trouble)
  return nil, ("%s; then %s"):format(failure.message, trouble), failure.code,
         failure.reply
end

-- Whether a mechanism is left out after those that were refused: `tried` holds the
-- kinds of proof that the server got. Returns the reason.
local function left_out(s, row, tried, explicit)
  if tried.any and row.cleartext and not s.secure and not s.link.io.loopback then
    return "no cleartext without TLS after another mechanism was refused"
  end
  local kind = row.proof .. (row.cleartext and " in cleartext" or "")
  if not explicit and tried[kind] then
    return "the server refused this " .. row.proof .. " already"
  end
end

-- Record in `tried` the kind of proof that a refused mechanism has sent to the server.
local function note(tried, row, how, reply)
  tried.any = true
  if how.proof or reply.code == "AUTH" then
    tried[row.proof .. (row.cleartext and " in cleartext" or "")] = true
  end
end

-- After a login: if another reply has arrived already, an earlier one was unsolicited,
-- and the +OK was not the reply to the login. This check costs no round trip; a reply
-- that arrives later is noticed at the next command.
local function is_last_reply(s, name)
  local link = s.link
  local _, err = link.io:send(link.port, 0, true)
  if err == "input" then link.io:recv(link.port, 0) end
  local quiet, message, code = s.engine:quiet()
  if quiet then return true end
  return commands.kill(s, name, message or "an -ERR came after the +OK", code or "proto")
end

local login = { passing = passing }

-- The mechanisms that the server offers: first the known ones, in the client's order of
-- preference, then the others.
local function all_offered(s, capa)
  local offered, list = offered_by(capa) or {}, {}
  if not capa or capa.USER then offered.USER = true end
  if stamp(s.hello) then offered.APOP = true end
  for _, names in ipairs { order, { "APOP" } } do
    for _, name in ipairs(names) do
      if offered[name] then list[#list + 1], offered[name] = name, nil end
    end
  end
  local others = sorted_keys(offered)
  return table.move(others, 1, #others, #list + 1, list)
end

--- The mechanisms that the server offers, USER and APOP included, and which of them a
-- login could use. Nothing is sent but CAPA.
-- @tparam table s the session
-- @tparam table who as in `login.run`
-- @treturn {{name=string,why=string},...} in the order of preference; `why` is the
-- reason not to use it, nil if it can be used; or nil, message, code, reply
function login.explain(s, who)
  local capa, message, code, reply = s:capa_or_redial()
  if not capa and code ~= "err" then return nil, message, code, reply end
  local list, offered = all_offered(s, capa), offered_by(capa)
  for i, name in ipairs(list) do
    local row = row_of(name)
    local why = unusable(s, name, who, offered, false)
    if not why and (name == "APOP" or row.anonymous or row.ticket) then
      why = "only if it is asked for by name"
    end
    list[i] = { name = name, why = why }
  end
  return list
end

--- Log in.
-- @tparam table s the session
-- @tparam table who `user`; `secret`, a password; `token`
-- @tparam ?table mechs the mechanisms that may be used, in order of preference
-- @treturn boolean true; or nil, message, code, reply
-- @treturn string the mechanism
function login.run(s, who, mechs)
  local list, offered, problem, answer = candidates(s, mechs)
  if not list then return nil, offered, problem, answer end
  local why = "the server offers no mechanism that can be used"
  local explicit, tried, failure, unsent, best = mechs ~= nil, nil, nil, nil, false
  for i = 1, #list do
    local name = list[i]
    local row = row_of(name)
    local reason, stays = unusable(s, name, who, offered, explicit)
    reason = reason or failure and left_out(s, row, tried, explicit)
    if reason then
      if not best and (explicit or reason ~= "not offered") then
        why, best = name .. ": " .. reason, stays or false
      end
    else
      local ok, message, code, reply, how, lost =
        attempt(s, row, who, offered, failure)
      if ok then
        ok, message, code = is_last_reply(s, name)
        if not ok then return nil, message, code end
        return true, name
      end
      if how.unsent then
        unsent = unsent or { message = message, code = code }
      else
        if code == "err" and not (reply and passing[reply.code]) then
          code = "auth"
        end
        if failure and (lost or code ~= "auth" and code ~= "err") then
          return refusal(failure, message)
        end
        failure = { message = message, code = code, reply = reply }
        if how.final or code ~= "auth" or not reply
           or reply.code == "SYS/PERM" and not explicit then
          break
        end
        tried = tried or {}
        note(tried, row, how, reply)
      end
    end
  end
  failure = failure or unsent
  if failure then
    return nil, failure.message, failure.code, failure.reply
  end
  return fail(s, "login", why, "auth")
end

return login
