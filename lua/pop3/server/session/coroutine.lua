--- Coroutines of sessions: commands are executed in one, so that a handler may
-- wait for time to pass, or for the client's response to a challenge, while
-- other sessions are served.
-- @submodule pop3.server.session

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fault = require "pop3.server.fault"
local output = require "pop3.server.session.output"
local replies = require "pop3.server.session.reply"

local set = output.set
local yield, resume_coroutine = coroutine.yield, coroutine.resume

local Session = {}

-- What such a coroutine yields; a number is seconds to sleep.
local DONE = {}       -- its function has returned
local CHALLENGE = {}  -- a handler waits for a response

--- Send a challenge of a SASL exchange and wait for the response (RFC 5034
-- section 4). For handlers of AUTH.
-- @tparam string octets sent as base64
-- @treturn string the response, decoded; or nil and "cancelled" (the client
-- sent "*"), "not base64" or "too long"; and the line as it came
-- @usage
-- function server.on.AUTH(session, mechanism)
--   local name, why = session:challenge "Username:"
--   if not name then return session:err(why) end
--   return session:err("no entry for " .. name, "AUTH")
-- end
-- @function session:challenge
function Session.challenge(_, octets)
  local given = octets
  if type(given) == "table" then given = given[1] end  -- see `challenge` below
  if type(given) ~= "string" and type(given) ~= "number" then
    argument.misuse(1, "challenge: the octets must be a string, not a %s",
                    type(given))
  end
  return yield(CHALLENGE, octets)
end

--- Sleep on the server's clock. Other sessions are served meanwhile.
-- `coroutine.yield(seconds)` does the same. The shortest sleep is a
-- millisecond, so that a handler may wait in a loop.
-- @tparam[opt=0] number seconds
-- @usage
-- function server.on.STAT(session)
--   session:sleep(5)
--   return server.default.STAT(session)
-- end
-- @function session:sleep
function Session.sleep(_, seconds)
  return yield(seconds or 0)
end

-- The shortest sleep in seconds: a handler that polls for something must
-- neither stop the clock nor block the session that it waits for.
local TURN = 0.001

-- How long a handler sleeps. With a clock of the script, which may stand still,
-- there is no shortest sleep.
local function pause(server, yielded)
  return math.max(server.clock and 0 or TURN,
                  type(yielded) == "number" and yielded or 0)
end

-- Send a challenge; the response resumes the coroutine. Effects on time, and a cut,
-- apply to the challenge, the others to the final reply.
local function challenge(session, co, octets)
  local effect = session.effect
  -- a table holds a line as it is on the wire
  local raw = type(octets) == "table" and octets[1]
  if effect then
    fault.pace(session, effect)
    if effect.cut then
      raw = raw or "+ " .. core.sasl.encode(octets) .. "\r\n"
      local made = fault.rewritten(session, { raw = raw }, { cut = effect.cut })
      raw, session.truncated = made.raw, true
      set(session, "ending", made.close)
    end
    session.effect = fault.after_challenge(effect)
  end
  session.challenged = co
  session.engine:challenge(raw or core.sasl.encode(octets), raw and true)
end

-- A handler raised an error, or its reply did: answer -ERR, unless the reply has
-- begun. If there is no reply, the connection ends.
local function fail(session, co, err)
  session.server:handler_error(session, tostring(err), debug.traceback(co))
  if session.ended then return end
  local reply = session:err("the handler failed", "SYS/TEMP")
  local ok = session.engine:due() and pcall(replies.answer, session, reply)
  if not (ok or session.ending) then set(session, "ending", "fin") end
end

-- A coroutine that calls one function after another with a session. It is used
-- again, also for other sessions, unless a handler in it yields or raises an
-- error. While it waits, it refers to no session, which would be collected late:
-- the engine refers to this coroutine.
local function work(session, act)
  while true do
    local result = act(session)
    session, act = nil, nil  -- luacheck: ignore 311
    session, act = yield(DONE, result)
  end
end

-- Close the coroutine of a handler that waits, with its to-be-closed variables.
local function close(session, co)
  local ok, err = coroutine.close(co)
  if not ok then session.server:handler_error(session, tostring(err)) end
end

-- The function in a coroutine has not returned: it has yielded or raised an error.
-- Returns whether the next command may be executed now.
local function stopped(session, co, ok, tag, value)
  if not ok then
    fail(session, co, tag)
    return true
  elseif session.ended then  -- while the handler ran: it waits for nothing
    close(session, co)
    return false
  elseif tag == CHALLENGE then
    challenge(session, co, value)
    return true
  end
  local server = session.server
  local seconds = pause(server, tag)
  set(session, "task", { co = co, at = server.time + seconds })
  server:after(seconds, session)
  return false
end

-- Resume a coroutine. Returns the result of the function in it, or true if that has
-- not returned; and whether the next command may be executed now.
local function resume(session, co, a, b, c)
  local ok, tag, value = resume_coroutine(co, a, b, c)
  if tag == DONE then
    local idle = session.server.idle_workers
    idle[#idle + 1] = co
    return value, false
  end
  return true, stopped(session, co, ok, tag, value)
end

-- Call act(session) in a coroutine. Returns the results of `resume`.
local function run(session, act)
  local idle = session.server.idle_workers
  local n = #idle
  local co = idle[n]
  if co then idle[n] = nil
  else co = coroutine.create(work) end
  return resume(session, co, session, act)
end

-- Resume a handler whose sleep has ended.
local function continue(session)
  local co = session.task.co
  set(session, "task", nil)
  resume(session, co)
end

-- The handler that waits, if there is one, does not go on.
local function abandon(session)
  local task = session.task
  local co = task and task.co or session.challenged
  if task then set(session, "task", nil) end
  session.challenged = false
  if co and coroutine.status(co) == "suspended" then close(session, co) end
end

-- Run the hook `on.disconnect`. The session has ended, so if the hook sleeps, a
-- separate timer wakes it.
local function farewell(session, hook)
  local server, co, sleeper = session.server, coroutine.create(hook), {}
  function sleeper.wake()
    local ok, result = resume_coroutine(co, session)
    if not ok then
      server:handler_error(session, debug.traceback(co, tostring(result)))
    elseif coroutine.status(co) ~= "dead" then
      server:after(pause(server, result), sleeper)
    end
  end
  sleeper.wake()
end

return {
  methods = Session, run = run, resume = resume, continue = continue,
  abandon = abandon, farewell = farewell,
}
