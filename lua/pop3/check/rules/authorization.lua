--- Checks of the AUTHORIZATION state: RFC 1939 sections 3, 4, 7 and 13.
-- @module pop3.check.rules.authorization
-- @local

local core = require "pop3.core"
local login = require "pop3.check.login"
local new_list = require "pop3.check.list"
local verdict = require "pop3.check.verdict"

local checks, check = new_list(1939)

-- A random name, so that no account has it.
local function nobody()
  return "nobody-" .. core.random(6)
end

-- ------------------------------------------------------------------ greeting

check("greeting-positive", "4", function(t)
  local greeting = t:connect(true).greeting
  t:must(greeting.ok, "the greeting does not begin with +OK: %s",
         greeting.shown)
end, { looks = true })

check("greeting-line-end", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(line:find "^[^\r\n]*\r\n$", "the greeting does not end with CRLF: %s",
         line)
end, { looks = true })

check("greeting-length", "3", function(t)
  local line = t:connect(true).greeting.line
  t:must(#line <= 512, "the greeting has %d octets, more than 512", #line)
end, { looks = true })

check("greeting-one-line", "4", function(t)
  local link = t:connect()
  link:send "QUIT\r\n"
  local lines = link:rest()
  t:must(#lines <= 1, "there is more than one line: %s", lines[1])
end)

-- ---------------------------------------------------------------------- QUIT

check("quit-in-authorization", "4", function(t)
  t:granted(t:connect(), "QUIT")
end)

check("quit-ends-the-link", "4", function(t)
  local link = t:connect()
  t:granted(link, "QUIT")
  local lines, how = link:rest()
  t:must(not lines[1], "octets follow the reply to QUIT: %s", lines[1])
  t:must(how == "closed", "the connection stays open after QUIT")
end)

-- ------------------------------------------------------------ refused commands

check("keyword-case-in-authorization", "3", function(t)
  t:granted(t:connect(), "qUiT")
end)

check("unknown-command-in-authorization", "3", function(t)
  t:refused(t:connect(), "XCHECK")
end)

-- No RFC says that the connection stays open, but clients rely on it to probe
-- for optional commands.
check("session-survives-unknown-command", "3", function(t)
  local link = t:connect()
  t:refused(link, "XCHECK")
  link:send "QUIT\r\n"
  local reply = link:reply()
  t:should(reply and reply.ok, "the server closes the connection after an "
           .. "unknown command")
end)

check("empty-line", "3", function(t)
  t:refused(t:connect(), "")
end)

-- DELE is in rules/deletions.
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
  local link, reply, refused = t:try_login()
  t.shared = link
  if link then return end
  if t:bar(refused, reply) then t:skip(t.barred) end
  t.failures = t.failures + 1
  t:fail("the login is refused: %s", reply.shown)
end)

check("USER-and-PASS", "7", function(t)
  t:should(t:way() == login.user_pass,
           "USER is refused; another login method works")
end)

check("USER-reveals-nobody", "13", function(t)
  if t.barred then t:skip(t.barred) end
  local known = t:ask(t:connect(), "USER " .. t.opts.user)
  local unknown = t:ask(t:connect(), "USER " .. nobody())
  t:should(known.ok == unknown.ok, "USER reveals whether an account exists: "
           .. "'%s' and '%s'", known.shown, unknown.shown)
end)

-- The only PASS with a wrong password in a run. The password has a space in it.
local function wrong_pass(t)
  return t:once("wrong-pass", function()
    local link = t:may_fail()
    t:secret(t.wrong)
    local reply = t:ask(link, "USER " .. t.opts.user)
    if not reply.ok then t:skip("USER is refused: %s", reply.shown) end
    reply = t:answered(t:ask(link, "PASS " .. t.wrong, nil, "PASS ***"))
    link:send "STAT\r\n"
    return reply, (link:reply())
  end)
end
checks.wrong_pass = wrong_pass

check("PASS-wrong", "7", function(t)
  local reply = wrong_pass(t)
  t:must(not reply.ok, "a wrong password is accepted: %s", reply.shown)
end)

check("PASS-wrong-stays-out", "4", function(t)
  local _, after = wrong_pass(t)
  if not after then return end  -- closing the connection is allowed
  t:must(not after.ok, "STAT is accepted after a refused login: %s",
         after.shown)
end)

check("PASS-with-spaces", "7", function(t)
  if t.barred then t:skip(t.barred) end
  if not t.opts.password:find(" ", 1, true) then
    t:skip "the password given has no space"
  end
  if t:way() ~= login.user_pass then
    t:skip "USER is refused; another login method is used"
  end
end)

-- ----------------------------------------------------------------------- APOP

-- The timestamp in the greeting. Without one, the check is skipped.
local function stamp(t, link)
  local found = login.stamp(link.greeting)
  if not found then t:skip "the greeting has no timestamp" end
  return found
end

-- The reply to a login by APOP. Only that shows whether text in angle brackets
-- is a timestamp.
local function apop(t)
  return t:once("apop", function()
    stamp(t, t:connect())
    t:make_way()
    local reply = t:answered(login.apop(t, t:connect()))
    if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
    return reply
  end)
end

-- A requirement on timestamps: a MUST where APOP works, a SHOULD where that is
-- not known.
local function holds_for_stamp(t, holds, ...)
  if holds then return end
  local known, reply = pcall(apop, t)
  if not known and not verdict.is(reply) then error(reply, 0) end
  if known and reply.ok then t:fail(...) end
  t:warn(...)
end

check("APOP-stamp-format", "7", function(t)
  local found = stamp(t, t:connect(true))
  holds_for_stamp(t, found:find "^<[\33-\126]+@[\33-\126]+>$",
                  "the timestamp is not a msg-id: %s", found)
end)

check("APOP-stamp-changes", "7", function(t)
  local first = stamp(t, t:connect(true))
  local second = stamp(t, t:connect(true))
  holds_for_stamp(t, first ~= second, "two greetings have the same "
                  .. "timestamp: %s", first)
end)

check("APOP-login", "7", function(t)
  local reply = apop(t)
  t:should(reply.ok, "the greeting has a timestamp, but APOP is refused: %s",
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
  t:must(not reply.ok, "a wrong digest is accepted: %s", reply.shown)
end)

check("APOP-not-offered", "3", function(t)
  local link = t:connect()
  if login.stamp(link.greeting) then t:skip "APOP is offered" end
  t:refused(link, "APOP " .. nobody() .. " " .. core.md5 "")
end)

-- ---------------------------------------------------------------- after login

for _, line in ipairs { "USER x", "PASS x", "APOP x " .. core.md5 "x" } do
  check(line:match "%u+" .. "-after-login", "3", function(t)
    t:refused(t:session(), line)
  end)
end

-- The reply to a second login while the first session is open. A server that
-- accepts it may end the first session.
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
  t:should(not reply.ok, "two sessions open the same maildrop: %s",
           reply.shown)
end)

check("lock-released", "6", function(t)
  local link = t:login()
  t:granted(link, "QUIT")
  link:rest()
  local again, reply = t:try_login()
  if reply and reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(again, "the maildrop stays locked after QUIT: %s",
         reply and reply.shown)
  t.shared = again
end)

return checks
