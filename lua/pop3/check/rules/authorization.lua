--- RFC 1939, the AUTHORIZATION state: sections 3, 4 and 7.
-- @module pop3.check.authorization
-- @local

local core = require "pop3.core"
local login = require "pop3.check.login"

local checks = {}

local function check(name, section, run, looks)
  checks[#checks + 1] = { name = name, rfc = 1939, section = section,
                          run = run, looks = looks }
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
end, true)

check("greeting-line-end", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(line:find "^[^\r\n]*\r\n$", "the greeting does not end with CRLF: %s",
         line)
end, true)

check("greeting-length", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(#line <= 512, "the greeting has %d octets, more than 512", #line)
end, true)

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

-- That the link stays is not said in so many words, but it is what lets a client
-- find out what a server has.
check("session-survives-unknown-command", "3", function(t)
  local wire = t:connect()
  t:refused(wire, "XCHECK")
  wire:send "QUIT\r\n"
  local reply = wire:reply()
  t:should(reply and reply.ok, "the link ends behind an unknown command")
end)

check("empty-line", "3", function(t)
  t:refused(t:connect(), "")
end)

-- DELE is with the deletions.
for _, line in ipairs { "STAT", "LIST", "LIST 1", "RETR 1", "NOOP", "RSET",
                        "TOP 1 0", "UIDL" } do
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
  local wire, reply, link = t:try_login()
  t.shared = wire
  if wire then return end
  if t:bar(link, reply) then t:skip(t.barred) end
  t.failures = t.failures + 1
  t:fail("the login is refused: %s", reply.shown)
end)

check("USER-and-PASS", "7", function(t)
  t:should(t:way() == login.user_pass,
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
    local wire = t:may_fail()
    t:secret(t.wrong)
    local reply = t:ask(wire, "USER " .. t.opts.user)
    if not reply.ok then t:skip("USER is refused: %s", reply.shown) end
    reply = t:answered(t:ask(wire, "PASS " .. t.wrong, nil, "PASS ***"))
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
  if t:way() ~= login.user_pass then t:skip "the login is by other means" end
end)

-- ----------------------------------------------------------------------- APOP

-- The greeting's stamp; the check is skipped when it has none.
local function stamp(t, wire)
  local found = login.stamp(wire.greeting)
  if not found then t:skip "the greeting has no stamp" end
  return found
end

-- Is it a stamp? Only a login by APOP tells: its reply.
local function apop(t)
  return t:once("apop", function()
    stamp(t, t:connect())
    t:make_way()
    local reply = t:answered(login.apop(t, t:connect()))
    if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
    return reply
  end)
end

-- A rule for stamps: a MUST where APOP works, and a SHOULD where that is not
-- known.
local function holds_for_stamp(t, holds, ...)
  if holds then return end
  local known, reply = pcall(apop, t)
  if not known and not t.is_verdict(reply) then error(reply, 0) end
  if known and reply.ok then t:fail(...) end
  t:warn(...)
end

check("APOP-stamp-format", "7", function(t)
  local found = stamp(t, t:connect(true))
  holds_for_stamp(t, found:find "^<[\33-\126]+@[\33-\126]+>$",
                  "the stamp is no msg-id: %s", found)
end)

check("APOP-stamp-changes", "7", function(t)
  local first = stamp(t, t:connect(true))
  local second = stamp(t, t:connect(true))
  holds_for_stamp(t, first ~= second, "two greetings have the same stamp: %s",
                  first)
end)

check("APOP-login", "7", function(t)
  local reply = apop(t)
  t:should(reply.ok, "the greeting has a stamp, but APOP is refused: %s",
           reply.shown)
end)

local function wrong_apop(t)
  return t:once("wrong-apop", function()
    if not apop(t).ok then t:skip "APOP does not work" end
    t:unshare()
    return t:answered(login.apop(t, t:may_fail(), t.wrong))
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

-- A second login to the maildrop, while the first is there: the reply. It may
-- throw the first one out, when it is granted.
local function second(t)
  return t:once("second", function()
    t:way()
    if t.delay > 0 and t:means_delay() then
      t:skip "a second login would be refused (LOGIN-DELAY)"
    end
    local first = t:session()
    local reply = t:answered(login.login(t, t:connect()))
    if reply.ok then t:unshare() else t:granted(first, "NOOP") end
    if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
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
  if reply and reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(again, "the maildrop stays locked behind QUIT: %s",
         reply and reply.shown)
  t.shared = again
end)

return checks
