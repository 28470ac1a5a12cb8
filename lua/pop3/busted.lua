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
-- failure shows the difference and the nearest line; a message of one's own may
-- be the last argument, as in luassert. What cannot be answered, such as how much
-- the maildrop of nobody holds, or what a list says that is none, is an error,
-- with `has_not` too.
-- @module pop3.busted

local assert = require "luassert"
local check = require "pop3.util.argument"
local say = require "say"

-- What went wrong is a text of its own, whichever outcome was wanted.
local MESSAGE = "assertion.pop3.message"
say:set(MESSAGE, "%s")

-- An error for the line of the spec. `level` is that of luassert, for what the
-- assertion calls itself.
local function misuse(level, err)
  error(check.said(err), level + 2)
end

-- What assert.pop3(run) is about.
local function subject(state, level)
  local run = rawget(state, "payload")
  if type(run) ~= "table" or type(run.verify) ~= "function" then
    misuse(level + 1, "assert.pop3: a server, or what fork() returns, comes "
                      .. "first")
  end
  return run
end

-- Ask the server; where it does not take the question, that is no outcome.
local function ask(level, run, name, ...)
  local ok, answer, err = pcall(run[name], run, ...)
  if not ok or answer == nil then
    misuse(level + 1, ok and "assert.pop3: " .. tostring(err) or answer)
  end
  return answer
end

local function check_count(level, n, what)
  local ok, err = pcall(check.count, n, "assert.pop3: how " .. what, 0)
  if not ok then misuse(level + 1, err) end
end

-- The outcome, and what is to be said when it was not wanted: `fails` if it had
-- to hold, `held` if it had not to. A message of the spec's own, the argument at
-- `own`, comes first.
local function outcome(state, arguments, own, holds, fails, held)
  if arguments[own] ~= nil then state.failure_message = arguments[own] end
  arguments[1], arguments.n, arguments.nofmt = holds and held or fails, 1,
                                               { true }
  return holds
end

local function set_subject(state, arguments)
  state.payload = arguments[1]
end

local function received(state, arguments, level)
  local run, want = subject(state, level), arguments[1]
  local what = "what is in the list"
  if type(want) == "string" then
    what = ('"%s"'):format(want)
    want = { { anything = true }, want, { anything = true } }
  end
  local ok, err = pcall(run.verify, run, want)
  if not ok then
    err = check.said(err)
    -- misuse, or a handler that failed: not the outcome, whichever was wanted
    if not err:find "^verify: command" and not err:find "^verify: expected" then
      misuse(level, err)
    end
  end
  return outcome(state, arguments, 2, ok, err,
                 ("%s was received, and was not to be"):format(what))
end

local function counted(state, arguments, level)
  local run, verb, n = subject(state, level), arguments[1], arguments[2]
  check_count(level, n, "often")
  local count = ask(level, run, "count", verb)
  return outcome(state, arguments, 3, count == n,
                 ("%s came %d times, expected %d"):format(verb, count, n),
                 ("%s came %d times, as was not expected"):format(verb, count))
end

local function holds(state, arguments, level)
  local run, user, n = subject(state, level), arguments[1], arguments[2]
  check_count(level, n, "many messages")
  local count = #ask(level, run, "mailbox", user)
  local holding = ("the maildrop of %s holds %d messages, "):format(user, count)
  return outcome(state, arguments, 3, count == n,
                 holding .. ("expected %d"):format(n),
                 holding .. "as was not expected")
end

assert:register("modifier", "pop3", set_subject)
assert:register("assertion", "received", received, MESSAGE, MESSAGE)
assert:register("assertion", "counted", counted, MESSAGE, MESSAGE)
assert:register("assertion", "holds", holds, MESSAGE, MESSAGE)

return assert
