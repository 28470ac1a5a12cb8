--- RFC 1939, the AUTHORIZATION state: sections 3, 4 and 7.
-- @module pop3.check.authorization
-- @local

local core = require "pop3.core"
local login = require "pop3.check.login"

local checks = {}

local function check(name, section, run)
  checks[#checks + 1] = { name = name, rfc = 1939, section = section,
                          run = run }
end

-- A name that nobody has.
local function nobody()
  return "nobody-" .. core.random(6)
end

-- ------------------------------------------------------------------ greeting

check("greeting-positive", "4", function(t)
  local greeting = t:connect(true).greeting
  t:must(greeting.ok, "the greeting does not begin with +OK: %s",
         greeting.shown)
end)

check("greeting-line-end", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(line:find "^[^\r\n]*\r\n$", "the greeting does not end with CRLF: %s",
         line)
end)

check("greeting-length", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(#line <= 512, "the greeting has %d octets, more than 512", #line)
end)

check("greeting-one-line", "4", function(t)
  local wire = t:connect()
  wire:send "QUIT\r\n"
  local lines = wire:rest()
  t:must(#lines <= 1, "there is more than one line: %s", lines[1])
end)

-- ---------------------------------------------------------------------- QUIT

check("quit-in-authorization", "4", function(t)
  t:granted(t:connect(), "QUIT")
end)

check("quit-ends-the-link", "4", function(t)
  local wire = t:connect()
  t:granted(wire, "QUIT")
  local lines, how = wire:rest()
  t:must(not lines[1], "there is more behind the reply to QUIT: %s", lines[1])
  t:must(how == "closed", "the link stays open after QUIT")
end)

-- ------------------------------------------------------------- what is refused

check("keyword-case-in-authorization", "3", function(t)
  t:granted(t:connect(), "qUiT")
end)

check("unknown-command-in-authorization", "3", function(t)
  t:refused(t:connect(), "XCHECK")
end)

check("session-survives-unknown-command", "3", function(t)
  local wire = t:connect()
  t:refused(wire, "XCHECK")
  t:granted(wire, "QUIT")
end)

check("empty-line", "3", function(t)
  t:refused(t:connect(), "")
end)

for _, line in ipairs { "STAT", "LIST", "LIST 1", "RETR 1", "DELE 1", "NOOP",
                        "RSET", "TOP 1 0", "UIDL" } do
  check(line:match "%u+" .. (line == "LIST 1" and "-1" or "")
        .. "-before-login", "3", function(t)
    t:refused(t:connect(), line)
  end)
end

check("USER-without-name", "3", function(t)
  t:refused(t:connect(), "USER")
end)

check("PASS-without-USER", "7", function(t)
  t:refused(t:connect(), "PASS " .. core.random(6))
end)

check("APOP-without-arguments", "3", function(t)
  t:refused(t:connect(), "APOP")
end)

-- --------------------------------------------------------------------- logins

check("login", "4", function(t)
  if t.barred then t:skip(t.barred) end
  t.tried = true
  local wire, reply = t:try_login()
  if wire then return end
  t.barred = "the login is refused"
  t.failures = t.failures + 1
  t:fail("the login is refused: %s", reply.shown)
end)

check("USER-and-PASS", "7", function(t)
  if t.barred then t:skip(t.barred) end
  t:login():leave()
  t:should(t.entered == login.user_pass,
           "USER is refused; the login is by other means")
end)

check("USER-reveals-nobody", "13", function(t)
  if t.barred then t:skip(t.barred) end
  local known = t:ask(t:connect(), "USER " .. t.opts.user)
  local unknown = t:ask(t:connect(), "USER " .. nobody())
  t:should(known.ok == unknown.ok, "USER tells who there is: '%s' and '%s'",
           known.shown, unknown.shown)
end)

-- The one PASS with a wrong password; a space in it is a part of it.
local function wrong_pass(t)
  return t:once("wrong-pass", function()
    t:may_fail()
    local wire = t:connect()
    t:secret(t.wrong)
    local reply = t:ask(wire, "USER " .. t.opts.user)
    if not reply.ok then t:skip("USER is refused: %s", reply.shown) end
    reply = t:ask(wire, "PASS " .. t.wrong, nil, "PASS ***")
    wire:send "STAT\r\n"
    return reply, (wire:reply())
  end)
end
checks.wrong_pass = wrong_pass

check("PASS-wrong", "7", function(t)
  local reply = wrong_pass(t)
  t:must(not reply.ok, "a wrong password is taken: %s", reply.shown)
end)

check("PASS-wrong-stays-out", "4", function(t)
  local _, after = wrong_pass(t)
  if not after then return end  -- the link was ended, which is allowed
  t:must(not after.ok, "STAT is granted behind a refused login: %s",
         after.shown)
end)

check("PASS-with-spaces", "7", function(t)
  if t.barred then t:skip(t.barred) end
  if not t.opts.password:find(" ", 1, true) then
    t:skip "the password that was given has no space"
  end
  t:login()
  if t.entered ~= login.user_pass then t:skip "the login is by other means" end
end)

-- ----------------------------------------------------------------------- APOP

-- The greeting's stamp; the check is skipped when it has none.
local function stamp(t, wire)
  local found = login.stamp(wire.greeting)
  if not found then t:skip "the greeting has no stamp" end
  return found
end

check("APOP-stamp-format", "7", function(t)
  local found = stamp(t, t:connect(true))
  t:must(found:find "^<[\33-\126]+@[\33-\126]+>$",
         "the stamp is no msg-id: %s", found)
end)

check("APOP-stamp-changes", "7", function(t)
  local first = stamp(t, t:connect(true))
  local second = stamp(t, t:connect(true))
  t:must(first ~= second, "two greetings have the same stamp: %s", first)
end)

check("APOP-login", "7", function(t)
  stamp(t, t:connect())
  t:login():leave()
  local reply = login.apop(t, t:connect())
  if reply.ok == false then
    t:warn("the greeting has a stamp, but APOP is refused: %s", reply.shown)
  end
end)

local function wrong_apop(t)
  return t:once("wrong-apop", function()
    stamp(t, t:connect())
    t:may_fail()
    return login.apop(t, t:connect(), t.wrong)
  end)
end
checks.wrong_apop = wrong_apop

check("APOP-wrong", "7", function(t)
  local reply = wrong_apop(t)
  t:must(not reply.ok, "a wrong digest is taken: %s", reply.shown)
end)

check("APOP-not-offered", "3", function(t)
  local wire = t:connect()
  if login.stamp(wire.greeting) then t:skip "APOP is offered" end
  t:refused(wire, "APOP " .. nobody() .. " " .. core.md5 "")
end)

-- ---------------------------------------------------------------- after login

for _, line in ipairs { "USER x", "PASS x", "APOP x " .. core.md5 "x" } do
  check(line:match "%u+" .. "-after-login", "3", function(t)
    t:refused(t:session(), line)
  end)
end

-- A second login to the maildrop, while the first is there: the reply.
local function second(t)
  return t:once("second", function()
    local first = t:login()
    local reply = login.login(t, t:connect())
    t:granted(first, "NOOP")
    return reply
  end)
end
checks.second = second

check("maildrop-locked", "4", function(t)
  local reply = second(t)
  t:should(not reply.ok, "two sessions have the same maildrop: %s",
           reply.shown)
end)

check("lock-released", "6", function(t)
  local wire = t:login()
  t:granted(wire, "QUIT")
  wire:rest()
  local again, reply = t:try_login()
  if reply and reply.code == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(again, "the maildrop stays locked behind QUIT: %s",
         reply and reply.shown)
end)

return checks
