--- Assertions for busted (luassert) about a test server: a `pop3.server`, or
-- the object that its `fork` returns.
--
--    require "pop3.busted"
--    assert.pop3(run).received { "CAPA", "USER mrose", "PASS ***", "QUIT" }
--    assert.pop3(run).received "RETR 1"        -- somewhere in the transcript
--    assert.pop3(run).has_not.received "~^DELE"
--    assert.pop3(run).counted("RETR", 2)       -- exactly 2 commands
--    assert.pop3(run).holds("mrose", 1)        -- exactly 1 message
--
-- - `received(list)`: the list of `pop3.verify`; or one line, which may be
--   anywhere. A failure shows a difference and the nearest line
-- - `counted(verb, n)`: the server received n commands with this verb
-- - `holds(user, n)`: the maildrop of the user holds n messages
--
-- The last argument may be a message, as in luassert. Misuse, such as an
-- unknown user or an invalid list, and a handler that failed are errors, also
-- with `has_not`.
-- @module pop3.busted
-- @usage
-- local busted = require "busted"
-- local assert = require "pop3.busted"
-- local server = pop3.server.new {
--   users = { mrose = { password = "secret", mail = {} } } }
-- local s = assert(pop3.connect { transport = server:loopback(),
--                                 user = "mrose", password = "secret" })
-- s:quit()
-- assert.pop3(server).received "QUIT"
-- assert.pop3(server).holds("mrose", 0)

local argument = require "pop3.util.argument"
local assert = require "luassert"
local say = require "say"

-- The message is made by the assertion, with and without `has_not`.
local MESSAGE = "assertion.pop3.message"
say:set(MESSAGE, "%s")

-- Raise an error at the line of the spec. `level` is the one that luassert
-- gives to the assertion.
local function misuse(level, err)
  error(argument.said(err), level + 2)
end

-- The argument of `assert.pop3`.
local function subject(state, level)
  local run = rawget(state, "payload")
  if type(run) ~= "table" or type(run.verify) ~= "function" then
    misuse(level + 1, "assert.pop3: the argument must be a server, or the object "
                      .. "that fork() returns")
  end
  return run
end

-- Call a method of the server. If it refuses the arguments, that is misuse, and
-- neither success nor failure of the assertion.
local function ask(level, run, name, ...)
  local ok, answer, err = pcall(run[name], run, ...)
  if not ok or answer == nil then
    misuse(level + 1, ok and "assert.pop3: " .. tostring(err) or answer)
  end
  return answer
end

local function check_count(level, n, what)
  local ok, err = pcall(argument.count, n, "assert.pop3: the number of " .. what,
                        0)
  if not ok then misuse(level + 1, err) end
end

-- Return the outcome, and set the message: `fails` for the assertion, `held`
-- for `has_not`. The spec's own message, the argument at `own`, comes first.
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
  local what = "the list"
  if type(want) == "string" then
    what = ('"%s"'):format(want)
    want = { { anything = true }, want, { anything = true } }
  end
  local ok, err = pcall(run.verify, run, want)
  if not ok then
    err = argument.said(err)
    -- misuse, or a handler that failed
    if not err:find "^verify: command" and not err:find "^verify: expected" then
      misuse(level, err)
    end
  end
  return outcome(state, arguments, 2, ok, err,
                 ("%s was received, and must not be"):format(what))
end

local function counted(state, arguments, level)
  local run, verb, n = subject(state, level), arguments[1], arguments[2]
  check_count(level, n, "commands")
  local count = ask(level, run, "count", verb)
  return outcome(state, arguments, 3, count == n,
                 ("%s was received %d times, expected %d"):format(verb, count, n),
                 ("%s was received %d times, which must not be"):format(verb,
                                                                        count))
end

local function holds(state, arguments, level)
  local run, user, n = subject(state, level), arguments[1], arguments[2]
  check_count(level, n, "messages")
  local count = #ask(level, run, "mailbox", user)
  local holding = ("the maildrop of %s holds %d messages, "):format(user, count)
  return outcome(state, arguments, 3, count == n,
                 holding .. ("expected %d"):format(n),
                 holding .. "which must not be")
end

assert:register("modifier", "pop3", set_subject)
assert:register("assertion", "received", received, MESSAGE, MESSAGE)
assert:register("assertion", "counted", counted, MESSAGE, MESSAGE)
assert:register("assertion", "holds", holds, MESSAGE, MESSAGE)

return assert
