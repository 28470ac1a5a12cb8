--- A login of the client by one SASL mechanism (RFC 5034).
--
-- The mechanisms are step machines of the core (`pop3.core.sasl`); this module connects
-- one of them to a session. `pop3.client.login` chooses the mechanism.
-- @module pop3.client.sasl
-- @local

local commands = require "pop3.client.command"
local core = require "pop3.core"

local event, fail, kill = commands.event, commands.fail, commands.kill
local sasl = core.sasl

local LINE = 253  -- octets of a command without its CRLF (RFC 2449 section 4)

-- The least iterations of SCRAM over a connection without TLS: with fewer, an
-- attacker who records the login can guess the password cheaply (RFC 7677 section 4).
local ITERATIONS = 4096

-- The channel binding: RFC 9266, and RFC 5929 for TLS 1.2.
local function binding(s)
  for _, kind in ipairs { "tls-exporter", "tls-unique",
                          "tls-server-end-point" } do
    if kind ~= "tls-exporter"
       or s.link.port:info().version == "TLSv1.3" then
      local data = s.link.port:binding(kind)
      if data then return { type = kind, data = data } end
    end
  end
end

local function machine_for(s, row, who, offered)
  return sasl.client {
    mech = row.name, user = who.user, port = s.opts.port,
    host = row.ticket and s.opts.servername or s.opts.host,
    secret = row.token and who.token or who.secret,
    binding = row.binding and binding(s) or nil,
    bindable = s.secure and offered ~= nil and row.plus ~= nil
               and not offered[row.plus],
    min_iterations = s.secure and 1 or ITERATIONS,
  }
end

-- Hide from messages and logs everything that the mechanism knows.
local function hide(s, machine, hidden)
  for _, secret in ipairs(machine:secrets()) do
    if not hidden[secret] then
      hidden[secret] = true
      s.engine:secret(secret)
    end
  end
end

-- A failed result. `how` says what it means for other mechanisms: `final` forbids
-- them; `proof` says that the server got a proof of the secret, so that it may count
-- a failed login; `unsent` says that nothing was sent, since there is no ticket.
local function failed(how, _, message, code, reply)
  return nil, message, code, reply, how
end

-- A check of the client failed: cancel the exchange, which the server confirms by
-- -ERR (RFC 5034 section 4).
local function cancel(s, label, message, code)
  local how = { final = true }
  local ok, m, c = commands.answer(s, label, "*")
  if not ok then return failed(how, nil, m, c) end
  local what, good, text = event(s, label)
  if not what then
    if text ~= "closed" then return failed(how, nil, good, text) end
  elseif what ~= "reply" or good then
    commands.drop(s)
  end
  return failed(how, fail(s, label, message, code))
end

-- A refusal within SCRAM after the proof, "e=..." (RFC 5802 section 7): the exchange
-- is cancelled, and the -ERR that the server answers is the refusal. (Before the proof
-- it is an error of the mechanism, after which nothing else is tried: the list of
-- mechanisms may have been changed.)
local function refused_by_scram(s, label, how)
  local ok, message, code = commands.answer(s, label, "*")
  if not ok then return failed(how, nil, message, code) end
  local what, good, text, resp = event(s, label)
  if not what then return failed(how, nil, good, text) end
  if what == "reply" and not good then
    return failed(how, commands.refused(s, label, text, resp))
  end
  return failed({ final = true }, kill(s, label, "the server refused the login, and "
    .. "then accepted it", "auth"))
end

-- The octets of a challenge. Servers ask for user and password of LOGIN in words,
-- some of them not in base64; what they ask for is known.
local function decoded(row, text)
  local octets, message, code = sasl.decode(text)
  if not octets and row.cleartext and not row.initial then return "" end
  return octets, message, code
end

-- The first response, and the command. RFC 5034 section 4 lets the response go with
-- the command, unless the line gets too long; older servers, and those that do not
-- say which mechanisms they have, want it on a line of its own.
local function opening(s, row, machine, hidden, offered)
  local line = "AUTH " .. row.name
  if not row.initial then return line end
  local first, message, code = machine:step()
  if not first then return nil, message, code end
  hide(s, machine, hidden)
  first = sasl.encode(first)
  local whole = line .. " " .. (first == "" and "=" or first)
  if offered and not row.apart and #whole <= LINE then return whole end
  return line, first
end

-- The result of a mechanism that failed before its command was sent.
local function before_sent(row)
  return row.ticket and { unsent = true } or { final = true }
end

local exchange = {}

--- Log in by one mechanism.
-- @tparam table s a session
-- @tparam table row of `pop3.core.sasl.mechanisms`
-- @tparam table who `user` (afterwards the principal, if there was none), `secret`,
-- `token`
-- @tparam ?table offered the set of mechanisms that the server offers; nil if it does
-- not say
-- @treturn boolean true; or nil, message, code, reply, how: `how.final` when nothing
-- else may be tried, `how.proof` when the server got a proof of the secret,
-- `how.unsent` when there is no ticket, and nothing was sent
function exchange.run(s, row, who, offered)
  local label, how = "AUTH " .. row.name, {}
  local machine <close>, message, code = machine_for(s, row, who, offered)
  if not machine then
    return failed(before_sent(row), fail(s, label, message, code))
  end
  local hidden = {}
  local line, first, problem = opening(s, row, machine, hidden, offered)
  if not line then
    return failed(before_sent(row), fail(s, label, first, problem))
  end
  how.proof = first == nil and row.initial and machine:done() or nil
  local ok
  ok, message, code = commands.ask(s, label, line)
  if not ok then return failed(how, nil, message, code) end
  while true do
    local what, a, b, c = event(s, label)
    if not what then return failed(how, nil, a, b) end
    if what == "reply" then
      if not a then
        return failed(how, commands.refused(s, label, b, c))
      elseif machine:done() then
        who.user = who.user or machine:user()
        return true
      end
      return failed({ final = true }, kill(s, label, "the server accepted the "
        .. "login before " .. (row.ticket and "the exchange was complete"
        or "it proved that it knows the secret"), "auth"))
    end
    local answer = first
    if not answer then
      local octets
      octets, message, code = decoded(row, a)
      if octets and row.salted and how.proof and octets:find "^e=" then
        return refused_by_scram(s, label, how)
      end
      if octets then octets, message, code = machine:step(octets) end
      hide(s, machine, hidden)
      if not octets then return cancel(s, label, message, code) end
      answer = sasl.encode(octets)
    end
    how.proof = how.proof or machine:done() or row.salted and not first
    first = nil
    ok, message, code = commands.answer(s, label, answer)
    if not ok then return failed(how, nil, message, code) end
  end
end

return exchange
