--- RFC 5034: AUTH and the SASL mechanisms.
-- @module pop3.check.sasl
-- @local

local core = require "pop3.core"
local listing = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local sasl = core.sasl

local checks = {}

local function check(name, section, run, rfc)
  checks[#checks + 1] = { name = name, rfc = rfc or 5034, section = section,
                          run = run }
end

-- The mechanisms that are announced, a set; skipped where there are none.
local function offered(t)
  local rest = listing.announced(t).SASL
  if not rest then t:skip "SASL is not announced" end
  local set = {}
  for name in rest:gmatch "%S+" do set[name:upper()] = true end
  return set
end

local function needs(t, mech)
  if not offered(t)[mech] then t:skip("%s is not announced", mech) end
end

-- A link where AUTH was said and a challenge has come: its octets.
local function challenged(t, mech)
  needs(t, mech)
  local wire = t:connect()
  wire:send("AUTH " .. mech .. "\r\n")
  local octets, reply = login.challenge(t, wire, "AUTH " .. mech)
  t:must(octets, "AUTH %s is refused: %s", mech, reply and reply.shown)
  return wire, octets
end

local function plain(t, password)
  local text = sasl.encode(("\0%s\0%s"):format(t.opts.user, password))
  t:secret(text)
  return text
end

-- A mechanism that can be begun without a secret.
local function any(t)
  local set = offered(t)
  for _, mech in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256",
                          "SCRAM-SHA-1" } do
    if set[mech] then return mech end
  end
  t:skip "no mechanism is announced that is known here"
end

-- ------------------------------------------------------------------- AUTH

check("AUTH-without-argument", "4", function(t)
  -- a list is no part of RFC 5034, but of servers from before it
  local wire = t:connect()
  local reply = t:ask(wire, "AUTH", "listing")
  if reply.ok then
    for _, line in ipairs(reply.body) do
      t:must(line:find "^[%w_-]+\r\n$", "AUTH lists what is no mechanism: %s",
             line)
    end
  end
  t:granted(wire, "QUIT")
end)

check("AUTH-unknown-mechanism", "4", function(t)
  t:refused(t:connect(), "AUTH X-CHECK")
end)

check("AUTH-with-more", "4", function(t)
  local mech = any(t)
  t:refused(t:connect(), "AUTH " .. mech .. " eA== eA==")
end)

check("AUTH-cancel", "4", function(t)
  local wire = challenged(t, any(t))
  t:refused(wire, "*")
end)

check("session-survives-AUTH-cancel", "4", function(t)
  local wire = challenged(t, any(t))
  t:refused(wire, "*")
  wire:send "CAPA\r\n"
  t:should(wire:reply "listing", "the link ends behind a cancelled AUTH")
end)

check("AUTH-not-base64", "4", function(t)
  local wire = challenged(t, any(t))
  t:refused(wire, "!not base64!")
end)

check("AUTH-initial-not-base64", "4", function(t)
  needs(t, "PLAIN")
  t:refused(t:connect(), "AUTH PLAIN !!!!")
end)

check("AUTH-initial-empty", "4", function(t)
  -- "=" is no octets at all, which PLAIN cannot take
  needs(t, "PLAIN")
  t:refused(t:connect(), "AUTH PLAIN =")
end)

check("AUTH-initial-to-server-first", "4", function(t)
  needs(t, "CRAM-MD5")
  local wire = t:connect()
  wire:send "AUTH CRAM-MD5 eA==\r\n"
  local reply = wire:reply()
  -- RFC 4954 section 4 says it of SMTP; for POP3 it is what RFC 4422 leaves
  t:should(reply and reply.ok == false, "an initial response is taken: %s",
           reply and reply.shown or "no reply")
end)

check("AUTH-stays-out", "4", function(t)
  local wire = challenged(t, any(t))
  t:refused(wire, "*")
  if not wire:send "STAT\r\n" then return end
  local reply = wire:reply()
  t:must(not (reply and reply.ok), "STAT is granted behind a cancelled AUTH")
end)

check("AUTH-after-login", "4", function(t)
  local mech = any(t)
  t:refused(t:session(), "AUTH " .. mech)
end)

-- ------------------------------------------------------------------ mechanisms

-- A server has to be able to do that; that it is told to is a SHOULD at most.
check("PLAIN-under-TLS", "4", function(t)
  local set = offered(t)
  if t.opts.tls == "none" then t:skip "TLS is not active" end
  t:should(set.PLAIN, "PLAIN is not offered under TLS")
end)

check("PLAIN-empty-challenge", "4", function(t)
  local wire, octets = challenged(t, "PLAIN")
  t:should(octets == "", "the challenge of PLAIN is not empty: %s", octets)
  t:refused(wire, "*")
end)

check("PLAIN-with-initial-response", "4", function(t)
  needs(t, "PLAIN")
  t:make_way()
  local wire = t:connect()
  local reply = t:answered(t:ask(wire, "AUTH PLAIN "
                                       .. plain(t, t.opts.password)))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login by PLAIN is refused: %s", reply.shown)
  t:granted(wire, "STAT")
end)

-- The full exchange of a mechanism, with the right password.
local function whole(t, mech, seen)
  needs(t, mech)
  t:make_way()
  local wire = t:connect()
  local reply, proved = login.sasl(t, wire, mech, seen)
  t:answered(reply)
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login by %s is refused: %s", mech, reply.shown)
  t:must(proved, "the server has not proved that it knows the password")
  t:granted(wire, "STAT")
end

for _, mech in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
                        "SCRAM-SHA-256" } do
  check(mech .. "-login", "4", function(t)
    whole(t, mech)
  end)
end

check("CRAM-MD5-challenge", "2", function(t)
  local wire, octets = challenged(t, "CRAM-MD5")
  t:must(octets:find "^<[\33-\126]+@[\33-\126]+>$",
         "the challenge is no msg-id: %s", octets)
  t:refused(wire, "*")
end, 2195)

check("CRAM-MD5-challenge-changes", "2", function(t)
  local first, one = challenged(t, "CRAM-MD5")
  t:refused(first, "*")
  local second, other = challenged(t, "CRAM-MD5")
  t:refused(second, "*")
  t:must(one ~= other, "two challenges are the same: %s", one)
end, 2195)

for _, mech in ipairs { "SCRAM-SHA-1", "SCRAM-SHA-256" } do
  check(mech .. "-iterations", "5.1", function(t)
    local count
    whole(t, mech, function(octets)
      count = count or octets:match ",i=(%d+)"
    end)
    t:should(math.tointeger(count) and math.tointeger(count) >= 4096,
             "the iteration count is %s, below 4096", count)
  end, 5802)
end

local function wrong(t)
  return t:once("wrong-sasl", function()
    needs(t, "PLAIN")
    return t:answered(t:ask(t:may_fail(), "AUTH PLAIN " .. plain(t, t.wrong)))
  end)
end
checks.wrong = wrong

check("PLAIN-wrong", "4", function(t)
  local reply = wrong(t)
  t:must(not reply.ok, "a wrong password is taken: %s", reply.shown)
end)

return checks
