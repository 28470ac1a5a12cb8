--- Handlers as coroutines: a handler may wait for time to pass, or for the
-- client's response to a challenge, while other sessions are served.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local output = require "pop3.server.session.output"

local set = output.set
local yield, resume = coroutine.yield, coroutine.resume

local Session = {}

-- What the coroutine of a handler yields; a number is seconds to sleep.
local DONE = {}       -- the handler has returned
local CHALLENGE = {}  -- it waits for a response

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
  return DONE
end

-- The coroutine: it runs one handler after another. It is used again for the
-- next command unless the handler yields or raises an error.
local function work(session, handler, a, b)
  while true do
    session, handler, a, b = yield(DONE, handler(session, a, b))
  end
end

-- The result of resuming a handler: its reply, or DONE when it waits.
local function outcome(session, co, ok, tag, reply)
  local server = session.server
  set(session, "task", nil)
  if not ok then
    server:handler_error(session, tostring(tag), debug.traceback(co))
    return session:err("the handler failed", "SYS/TEMP")
  elseif tag == DONE then
    server.idle_workers[#server.idle_workers + 1] = co
    return reply
  elseif tag == CHALLENGE then
    return challenge(session, co, reply)
  end
  local seconds = pause(server, tag)
  set(session, "task", { co = co, at = server.time + seconds })
  server:after(seconds, session)
  return DONE
end

-- Run a handler. Returns its reply, or DONE when it waits.
local function run(session, handler, a, b)
  local idle = session.server.idle_workers
  local n = #idle
  local co = idle[n]
  if co then idle[n] = nil
  else co = coroutine.create(work) end
  local ok, tag, reply = resume(co, session, handler, a, b)
  if ok and tag == DONE then
    idle[#idle + 1] = co
    return reply
  end
  return outcome(session, co, ok, tag, reply)
end

-- Close the coroutine of a handler that waits, with its to-be-closed variables.
local function abandon(session)
  local task = session.task
  local co = task and task.co or session.challenged
  if task then set(session, "task", nil) end
  session.challenged = nil
  if not co or coroutine.status(co) ~= "suspended" then return end
  local ok, err = coroutine.close(co)
  if not ok then session.server:handler_error(session, tostring(err)) end
end

-- Run the hook `on.disconnect`. The session has ended, so if the hook sleeps, a
-- separate timer wakes it.
local function farewell(session, hook)
  local server, co, sleeper = session.server, coroutine.create(hook), {}
  function sleeper.wake()
    local ok, result = resume(co, session)
    if not ok then
      server:handler_error(session, debug.traceback(co, tostring(result)))
    elseif coroutine.status(co) ~= "dead" then
      server:after(pause(server, result), sleeper)
    end
  end
  sleeper.wake()
end

return {
  methods = Session, DONE = DONE, run = run, outcome = outcome,
  abandon = abandon, farewell = farewell,
}
