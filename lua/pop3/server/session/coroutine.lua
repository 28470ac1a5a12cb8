--- How handlers run: as coroutines, which may wait for time to pass, or for the
-- client's response to a challenge.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local rare = require "pop3.server.session.pending"

local get, set = rare.get, rare.set
local yield, resume = coroutine.yield, coroutine.resume

local Session = {}

-- What a handler's coroutine yields, beside seconds.
local DONE = {}
local CHALLENGE = {}

--- Go on with a SASL exchange: send a challenge, wait for the response. For
-- handlers of AUTH.
-- @tparam string octets sent as base64
-- @treturn string the response, decoded; or nil and "cancelled" (the client
-- said "*"), "not base64" or "too long"; and the line as it came
-- @function session:challenge
function Session.challenge(_, octets)
  return yield(CHALLENGE, octets)
end

--- Let time pass, on the server's clock, before the handler goes on. Other
-- sessions are served meanwhile. The same as `coroutine.yield(seconds)`; it is a
-- millisecond at the least, so that a handler may wait in a loop.
-- @tparam[opt=0] number seconds
-- @function session:sleep
function Session.sleep(_, seconds)
  return yield(seconds or 0)
end

-- The least that a handler sleeps: one that looks again and again for something
-- must neither stop the clock nor keep others from what it looks for.
local TURN = 0.001

-- How long it sleeps, by what it has yielded. A clock of the script's own may
-- stand still, and with it a handler that only wants to let others go first.
local function pause(server, yielded)
  return math.max(server.clock and 0 or TURN,
                  type(yielded) == "number" and yielded or 0)
end

-- A handler has a challenge for the client; its response wakes it again.
local function challenge(session, co, octets)
  local effect = session.effect
  if effect then
    faults.spoil(session, effect)
    local _, rest = fault.split(effect)
    session.effect = rest
  end
  session.exchange = co
  local raw = type(octets) == "table" and octets[1]  -- as it is on the wire
  session.engine:challenge(raw or core.sasl.encode(octets), raw and true)
  return DONE
end

-- A coroutine that runs one handler after another; it is used again by the
-- next command unless the handler yields or errs.
local function work(session, handler, a, b)
  while true do
    session, handler, a, b = yield(DONE, handler(session, a, b))
  end
end

-- What a handler has come to: its reply, or DONE when it has yielded.
local function outcome(session, co, ok, tag, reply)
  local server = session.server
  if not ok then
    set(session, "task", nil)
    server:handler_error(session, tostring(tag), debug.traceback(co))
    return session:err("the handler failed", "SYS/TEMP")
  elseif tag == DONE then
    set(session, "task", nil)
    server.idle_workers[#server.idle_workers + 1] = co
    return reply
  elseif tag == CHALLENGE then
    set(session, "task", nil)
    return challenge(session, co, reply)
  end
  local seconds = pause(server, tag)
  set(session, "task", { co = co, at = server.time + seconds })
  server:after(seconds, session)
  return DONE
end

-- Run a handler.
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

-- Give up a handler that waits, for time to pass or for a response: what it has
-- to close is closed.
local function abandon(session)
  local task = get(session, "task")
  local co = task and task.co or session.exchange
  set(session, "task", nil)
  session.exchange = nil
  if not co or coroutine.status(co) ~= "suspended" then return end
  local ok, err = coroutine.close(co)
  if not ok then session.server:handler_error(session, tostring(err)) end
end

-- The hook of the end. The session is none any more, so if the hook sleeps, it is
-- not the session that is woken.
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
