--- Assertions for busted, about a server and what `fork()` returns.
--
--    require "pop3.busted"
--    assert.pop3(run).received{ "CAPA", "USER mrose", "PASS ***", "QUIT" }
--    assert.pop3(run).received "RETR 1"        -- somewhere
--    assert.pop3(run).has_not.received "~^DELE"
--    assert.pop3(run).counted("RETR", 2)
--    assert.pop3(run).holds("mrose", 1)        -- so many messages
--
-- `received` takes what `verify` takes (see `pop3.server:verify`), or one line. A
-- failure shows the difference and the nearest line.
-- @module pop3.busted

local assert = require "luassert"
local check = require "pop3.argument"

-- What assert.pop3(run) is about.
local function subject(state, level)
  local run = rawget(state, "payload")
  if type(run) ~= "table" or type(run.verify) ~= "function" then
    error("assert.pop3: a server, or what fork() returns, comes first",
          level + 1)
  end
  return run
end

-- The outcome, with what is shown when it is not the one that was wanted.
local function outcome(state, holds, message)
  state.failure_message = message
  return holds
end

local function set_subject(state, arguments)
  state.payload = arguments[1]
end

local function received(state, arguments, level)
  local run, want = subject(state, level), arguments[1]
  if type(want) == "string" then
    want = { { anything = true }, want, { anything = true } }
  end
  local ok, err = pcall(run.verify, run, want)
  -- misuse, or a handler that failed: not the outcome, whichever was wanted
  if not ok and not tostring(err):find "verify: command"
     and not tostring(err):find "verify: expected" then
    error(err, 0)
  end
  return outcome(state, ok, ok and "it was received, and was not to be" or err)
end

local function counted(state, arguments, level)
  local run, verb, n = subject(state, level), arguments[1], arguments[2]
  check.count(n, "assert.pop3: how often", 1)
  local count = run:count(verb)
  return outcome(state, count == n,
                 ("%s came %d times, expected %d"):format(verb, count, n))
end

local function holds(state, arguments, level)
  local run, user, n = subject(state, level), arguments[1], arguments[2]
  check.count(n, "assert.pop3: how many messages", 1)
  local mail, err = run:mailbox(user)
  if not mail then return outcome(state, false, err) end
  return outcome(state, #mail == n,
    ("the maildrop of %s holds %d messages, expected %d"):format(user, #mail, n))
end

assert:register("modifier", "pop3", set_subject)
assert:register("assertion", "received", received)
assert:register("assertion", "counted", counted)
assert:register("assertion", "holds", holds)

return assert
