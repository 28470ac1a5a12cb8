--- Logging in to a server that is checked, with the right password: by USER and
-- PASS, and where these are refused, by what else there is.
-- @module pop3.check.login
-- @local

local core = require "pop3.core"

local sasl = core.sasl

local login = {}

--- The stamp of a greeting for APOP, nil if there is none. What stands in angle
-- brackets may be something else, in a server without APOP.
function login.stamp(greeting)
  return greeting.text:match "<[^<>]*>"
end

--- USER and PASS (RFC 1939 section 7).
function login.user_pass(t, wire)
  local reply = t:ask(wire, "USER " .. t.opts.user)
  if not reply.ok then
    reply.unwilling, reply.not_by_user = true, true
    return reply
  end
  return t:ask(wire, "PASS " .. t.opts.password, nil, "PASS ***")
end

--- APOP (RFC 1939 section 7).
function login.apop(t, wire, password)
  local digest = core.md5(login.stamp(wire.greeting)
                          .. (password or t.opts.password))
  t:secret(digest)
  return t:ask(wire, ("APOP %s %s"):format(t.opts.user, digest), nil,
               ("APOP %s ***"):format(t.opts.user))
end

-- The octets of a challenge; it fails when it is none.
local function challenge(t, line)
  local text = line:match "^%+ (.*)\r\n$"
  t:must(text, "a challenge is '+', a space and base64: %s", line)
  local octets = sasl.decode(text)
  t:must(octets, "a challenge is not base64: %s", text)
  return octets
end

--- The challenge that comes, or the reply in its place.
-- @treturn ?string octets
-- @treturn ?table the reply
function login.challenge(t, wire, verb)
  local reply, err = wire:reply()
  if not reply then t:fail("no reply to %s: %s", verb, err) end
  if reply.line:sub(1, 1) == "+" and not reply.ok then
    return challenge(t, reply.line)
  end
  t:must(reply.ok ~= nil, "no challenge and no reply: %s", reply.shown)
  return nil, reply
end

--- A SASL mechanism (RFC 5034).
-- @tparam pop3.check.probe t
-- @tparam pop3.check.wire wire
-- @tparam string mech
-- @tparam[opt] function seen called with each challenge, and its number
-- @treturn table the reply that ends it
-- @treturn boolean whether the server has proved all that the mechanism asks for
function login.sasl(t, wire, mech, seen)
  local machine <close> = assert(sasl.client { mech = mech, user = t.opts.user,
    secret = t.opts.password, host = t.opts.host, min_iterations = 1 })
  local first = sasl.mechanisms[mech].initial and machine:step() or nil
  local function secrets()
    for _, secret in ipairs(machine:secrets()) do t:secret(secret) end
  end
  secrets()
  wire:send("AUTH " .. mech .. "\r\n")
  local n = 0
  while true do
    local octets, reply = login.challenge(t, wire, "AUTH " .. mech)
    if not octets then return reply, machine:done() end
    n = n + 1
    if seen then seen(octets, n) end
    local answer = first
    first = nil
    if not answer then
      local message
      answer, message = machine:step(octets)
      secrets()
      if not answer then
        wire:send "*\r\n"
        t:fail("a challenge that %s cannot take: %s", mech, message)
      end
    end
    wire:send(sasl.encode(answer) .. "\r\n", "***")
  end
end

-- What to log in by where USER is refused, best first.
local mechs = { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN" }

--- Log in by whatever works.
-- @treturn table the reply that ends it; `unwilling` when no password was said,
-- `not_by_user` when USER is refused
function login.login(t, wire)
  local by = t.entered
  if by then return by(t, wire) end
  local reply = login.user_pass(t, wire)
  if reply.ok then t.entered = login.user_pass end
  if not reply.unwilling then return reply end
  -- SASL is announced, a stamp need not be one: it comes last
  local offered = t:ask(wire, "CAPA")
  local list = {}
  for _, line in ipairs(offered.body or {}) do
    local names = line:upper():match "^SASL (.*)\r\n$"
    for name in (names or ""):gmatch "%S+" do list[name] = true end
  end
  for _, mech in ipairs(mechs) do
    if list[mech] then
      by = function(probe, link) return (login.sasl(probe, link, mech)) end
      break
    end
  end
  if not by and login.stamp(wire.greeting) then by = login.apop end
  if not by then return reply end
  reply = by(t, wire)
  if reply.ok then t.entered = by end
  reply.not_by_user = true
  return reply
end

return login
