--- Login methods for the checker: USER and PASS, and where USER is refused,
-- APOP or a SASL mechanism. All take the probe as their first argument.
-- @module pop3.check.login
-- @local

local core = require "pop3.core"

local sasl = core.sasl

local login = {}

--- The timestamp for APOP in a greeting (RFC 1939 section 7). In a server
-- without APOP, text in angle brackets may be something else.
-- @tparam table greeting
-- @treturn ?string
function login.stamp(greeting)
  return greeting.text:match "<[^<>]*>"
end

--- Log in by USER and PASS (RFC 1939 section 7).
-- @tparam pop3.check.probe t
-- @tparam pop3.check.link link
-- @treturn table the reply
function login.user_pass(t, link)
  local reply = t:ask(link, "USER " .. t.opts.user)
  if not reply.ok then
    reply.unwilling, reply.not_by_user = true, true
    return reply
  end
  return t:ask(link, "PASS " .. t.opts.password, nil, "PASS ***")
end

--- Log in by APOP (RFC 1939 section 7).
-- @tparam pop3.check.probe t
-- @tparam pop3.check.link link
-- @tparam[opt] string password in place of the option `password`
-- @treturn table the reply
function login.apop(t, link, password)
  local digest = core.md5(login.stamp(link.greeting)
                          .. (password or t.opts.password))
  t:secret(digest)
  return t:ask(link, ("APOP %s %s"):format(t.opts.user, digest), nil,
               ("APOP %s ***"):format(t.opts.user))
end

-- The octets of a challenge (RFC 5034 section 4); an invalid one fails the
-- check.
local function challenge(t, line)
  local text = line:match "^%+ (.*)\r\n$"
  t:must(text, "the challenge is not '+', a space and base64: %s", line)
  local octets = sasl.decode(text)
  t:must(octets, "the challenge is not base64: %s", text)
  return octets
end

--- Read a challenge.
-- @tparam pop3.check.probe t
-- @tparam pop3.check.link link
-- @tparam string verb the command, for the reason of a failure
-- @treturn ?string the decoded octets
-- @treturn ?table the reply, when it is not a challenge
function login.challenge(t, link, verb)
  local reply, err = link:reply()
  if not reply then t:fail("no reply to %s: %s", verb, err) end
  if reply.line:sub(1, 1) == "+" and not reply.ok then
    return challenge(t, reply.line)
  end
  t:must(reply.ok ~= nil, "neither a challenge nor a reply: %s", reply.shown)
  return nil, reply
end

--- Log in by a SASL mechanism (RFC 5034).
-- @tparam pop3.check.probe t
-- @tparam pop3.check.link link
-- @tparam string mech
-- @tparam[opt] function seen called with each challenge and its number
-- @treturn table the reply that ends the exchange
-- @treturn boolean true when the server sent every proof that the mechanism
-- needs
function login.sasl(t, link, mech, seen)
  local machine <close>, why = sasl.client { mech = mech, user = t.opts.user,
    secret = t.opts.password, host = t.opts.host, min_iterations = 1 }
  if not machine then t:skip("%s cannot be used: %s", mech, why) end
  local first = sasl.mechanisms[mech].initial and machine:step() or nil
  local function secrets()
    for _, secret in ipairs(machine:secrets()) do t:secret(secret) end
  end
  secrets()
  link:send("AUTH " .. mech .. "\r\n")
  local n = 0
  while true do
    local octets, reply = login.challenge(t, link, "AUTH " .. mech)
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
        link:send "*\r\n"
        t:fail("the challenge is not valid for %s: %s", mech, message)
      end
    end
    link:send(sasl.encode(answer) .. "\r\n", "***")
  end
end

--- The mechanisms with a password, best first. Those that bind to the TLS
-- channel are left out.
login.mechs = {}
for _, row in ipairs(sasl.mechanisms) do
  if row.proof == "password" and not row.binding then
    table.insert(login.mechs, row.name)
  end
end

--- Log in by the first method that works; the probe keeps it.
-- @tparam pop3.check.probe t
-- @tparam pop3.check.link link
-- @treturn table the last reply; with `unwilling` when no password was sent,
-- and `not_by_user` when USER is refused
function login.login(t, link)
  local by = t.entered
  if by then return by(t, link) end
  local reply = login.user_pass(t, link)
  if reply.ok then t.entered = login.user_pass end
  if not reply.unwilling then return reply end
  -- APOP comes last: text in angle brackets may not be a timestamp
  local offered = t:ask(link, "CAPA")
  local list = {}
  for _, line in ipairs(offered.body or {}) do
    local names = line:upper():match "^SASL (.*)\r\n$"
    for name in (names or ""):gmatch "%S+" do list[name] = true end
  end
  for _, mech in ipairs(login.mechs) do
    if list[mech] then
      by = function(probe, to) return (login.sasl(probe, to, mech)) end
      break
    end
  end
  if not by and login.stamp(link.greeting) then by = login.apop end
  if not by then return reply end
  reply = by(t, link)
  if reply.ok then t.entered = by end
  reply.not_by_user = true
  return reply
end

return login
