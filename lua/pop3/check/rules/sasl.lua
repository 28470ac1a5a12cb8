--- Checks of AUTH and the SASL mechanisms: RFC 5034, 2195, 5802.
-- @module pop3.check.rules.sasl
-- @local

local core = require "pop3.core"
local new_list = require "pop3.check.list"
local maildrop = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local sasl = core.sasl

local checks, check = new_list(5034)

-- The set of announced mechanisms. Without SASL, the check is skipped.
local function offered(t)
  local rest = maildrop.announced(t).SASL
  if not rest then t:skip "SASL is not announced" end
  local set = {}
  for name in rest:gmatch "%S+" do set[name:upper()] = true end
  return set
end

local function needs(t, mech)
  if not offered(t)[mech] then t:skip("%s is not announced", mech) end
end

-- A connection on which AUTH has been sent, and the octets of the challenge.
local function challenged(t, mech)
  needs(t, mech)
  local link = t:connect()
  link:send("AUTH " .. mech .. "\r\n")
  local octets, reply = login.challenge(t, link, "AUTH " .. mech)
  t:must(octets, "AUTH %s is refused: %s", mech, reply and reply.shown)
  return link, octets
end

local function plain(t, password)
  local text = sasl.encode(("\0%s\0%s"):format(t.opts.user, password))
  t:secret(text)
  return text
end

-- An announced mechanism that can be started without a secret.
local function any(t)
  local set = offered(t)
  local found
  for _, mech in ipairs(login.mechs) do
    if set[mech] and (sasl.mechanisms[mech].initial or not found) then
      found = mech
    end
  end
  if found then return found end
  t:skip "no known mechanism is announced"
end

-- ------------------------------------------------------------------- AUTH

check("AUTH-without-argument", "4", function(t)
  -- RFC 5034 has no such list, but older servers send it
  local link = t:connect()
  local reply = t:ask(link, "AUTH", "listing")
  if reply.ok then
    for _, line in ipairs(reply.body) do
      t:must(line:find "^[%w_-]+\r\n$", "AUTH lists an invalid mechanism name: "
             .. "%s", line)
    end
  end
  t:granted(link, "QUIT")
end)

check("AUTH-unknown-mechanism", "4", function(t)
  t:refused(t:connect(), "AUTH X-CHECK")
end)

check("AUTH-with-more", "4", function(t)
  local mech = any(t)
  t:refused(t:connect(), "AUTH " .. mech .. " eA== eA==")
end)

check("AUTH-cancel", "4", function(t)
  local link = challenged(t, any(t))
  t:refused(link, "*")
end)

check("session-survives-AUTH-cancel", "4", function(t)
  local link = challenged(t, any(t))
  t:refused(link, "*")
  link:send "CAPA\r\n"
  t:should(link:reply "listing", "the server closes the connection after a "
           .. "cancelled AUTH")
end)

check("AUTH-not-base64", "4", function(t)
  local link = challenged(t, any(t))
  t:refused(link, "!not base64!")
end)

check("AUTH-initial-not-base64", "4", function(t)
  needs(t, "PLAIN")
  t:refused(t:connect(), "AUTH PLAIN !!!!")
end)

check("AUTH-initial-empty", "4", function(t)
  -- "=" is an empty initial response, which PLAIN does not allow
  needs(t, "PLAIN")
  t:refused(t:connect(), "AUTH PLAIN =")
end)

check("AUTH-initial-to-server-first", "4", function(t)
  needs(t, "CRAM-MD5")
  local link = t:connect()
  link:send "AUTH CRAM-MD5 eA==\r\n"
  local reply = link:reply()
  -- RFC 4954 section 4 says so for SMTP; for POP3 it follows from RFC 4422
  -- section 3
  t:should(reply and reply.ok == false, "the initial response is accepted: %s",
           reply and reply.shown or "no reply")
end)

check("AUTH-stays-out", "4", function(t)
  local link = challenged(t, any(t))
  t:refused(link, "*")
  if not link:send "STAT\r\n" then return end
  local reply = link:reply()
  t:must(not (reply and reply.ok), "STAT is accepted after a cancelled AUTH")
end)

check("AUTH-after-login", "4", function(t)
  local mech = any(t)
  t:refused(t:session(), "AUTH " .. mech)
end)

-- ------------------------------------------------------------------ mechanisms

-- RFC 5034 section 4 requires that a server implements PLAIN under TLS; it may
-- be configured not to offer it.
check("PLAIN-under-TLS", "4", function(t)
  local set = offered(t)
  if t.opts.tls == "none" then t:skip "TLS is not active" end
  t:should(set.PLAIN, "PLAIN is not offered under TLS")
end)

check("PLAIN-empty-challenge", "4", function(t)
  local link, octets = challenged(t, "PLAIN")
  t:should(octets == "", "the challenge of PLAIN is not empty: %s", octets)
  t:refused(link, "*")
end)

check("PLAIN-with-initial-response", "4", function(t)
  needs(t, "PLAIN")
  t:make_way()
  local link = t:connect()
  local reply = t:answered(t:ask(link, "AUTH PLAIN "
                                       .. plain(t, t.opts.password)))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login by PLAIN is refused: %s", reply.shown)
  t:granted(link, "STAT")
end)

-- A complete exchange with the right password.
local function whole(t, mech, seen)
  needs(t, mech)
  t:make_way()
  local link = t:connect()
  local reply, proved = login.sasl(t, link, mech, seen)
  t:answered(reply)
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login by %s is refused: %s", mech, reply.shown)
  t:must(proved, "the server does not prove that it knows the password")
  t:granted(link, "STAT")
end

for _, mech in ipairs(login.mechs) do
  check(mech .. "-login", "4", function(t)
    whole(t, mech)
  end)
end

check("CRAM-MD5-challenge", "2", function(t)
  local link, octets = challenged(t, "CRAM-MD5")
  t:must(octets:find "^<[\33-\126]+@[\33-\126]+>$",
         "the challenge is not a msg-id: %s", octets)
  t:refused(link, "*")
end, { rfc = 2195 })

check("CRAM-MD5-challenge-changes", "2", function(t)
  local first, one = challenged(t, "CRAM-MD5")
  t:refused(first, "*")
  local second, other = challenged(t, "CRAM-MD5")
  t:refused(second, "*")
  t:must(one ~= other, "two challenges are equal: %s", one)
end, { rfc = 2195 })

-- RFC 5802: the number of iterations that the server asks for.
local function iterations(mech)
  check(mech .. "-iterations", "5.1", function(t)
    local count
    whole(t, mech, function(octets)
      count = count or octets:match ",i=(%d+)"
    end)
    t:should(math.tointeger(count) and math.tointeger(count) >= 4096,
             "the iteration count is %s, below 4096", count)
  end, { rfc = 5802 })
end

for _, mech in ipairs(login.mechs) do
  if sasl.mechanisms[mech].salted then iterations(mech) end
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
  t:must(not reply.ok, "a wrong password is accepted: %s", reply.shown)
end)

return checks
