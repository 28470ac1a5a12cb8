--- Commands of a session: taken from the engine, given to handlers, and
-- answered.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local replies = require "pop3.server.session.reply"
local coroutines = require "pop3.server.session.coroutine"

local sasl = core.sasl
local DONE, run, outcome = coroutines.DONE, coroutines.run, coroutines.outcome
local safe_answer = replies.safe_answer
local resume = coroutine.resume

-- Methods that run once a command, without the look-up.
local engine_next = core.types["pop3.server.engine"].next
local engine_pending = core.types["pop3.server.engine"].pending

-- Mask the secrets in a response that a script's own handler of AUTH gets: the
-- whole response, the password of PLAIN after the last NUL, a bearer token.
local function keep_secret(session, octets)
  local engine = session.engine
  for _, secret in ipairs { octets, octets:match "\0([^\0]*)$" or "",
                            octets:match "Bearer ([^%c]+)" } do
    engine:secret(secret)
  end
end

-- Execute one command.
local function command(session, verb, a, b, isnew)
  local server = session.server
  session.verb, session.effect = verb, false
  if session.name and verb ~= "PASS" and verb ~= "USER" then
    session.name = nil  -- PASS comes right after USER (RFC 1939 section 7)
  end
  local handler = server.on[verb] or server.default[verb]
                  or server.on.unknown
  if isnew then server:count_new(verb)
  elseif b and verb == "AUTH" and handler ~= server.default.AUTH then
    keep_secret(session, sasl.decode(b) or "")
  end
  if server.faults[1] then
    local ok, effect = pcall(fault.strike, server.faults, session, verb, nil,
                             a, b)
    if not ok then
      server:handler_error(session, tostring(effect))
      return safe_answer(session, session:err("a fault failed", "SYS/TEMP"))
    end
    session.effect = effect or false
    if effect and fault.replacement(session, effect) then
      return safe_answer(session, session:ok(), effect)
    end
  end
  if not handler then
    return safe_answer(session, session:err "unknown command", session.effect)
  end
  local reply = run(session, handler, a, b)
  if reply ~= DONE then safe_answer(session, reply, session.effect) end
end

-- Resume the handler that waits for a response; `line` is nil if it was too
-- long.
local function respond(session, line)
  local co, octets, why = session.challenged, nil, nil
  session.challenged = nil
  if line == nil then why = "too long"
  elseif line == "*" then why = "cancelled"
  else
    octets = sasl.decode(line)
    if not octets then why = "not base64"
    elseif session.server.on.AUTH then keep_secret(session, octets) end
  end
  local reply = outcome(session, co, resume(co, octets, why, line))
  if reply ~= DONE then safe_answer(session, reply, session.effect) end
end

-- Send the greeting: the reply of the hook `connect`, or the default.
local function greet(session, reply)
  if reply == DONE then return end
  if type(reply) ~= "table" then
    reply = session.server.default.connect(session)
  end
  safe_answer(session, reply, session.effect)
end

-- Execute commands while there are any and their replies may leave. Returns
-- whether there were any.
local function take(session)
  local engine, any = session.engine, false
  while not (session.held or session.ended) do
    local verb, a, b, isnew, line = engine_next(engine)
    if not verb then
      -- a command that the engine refused counts, too
      any = any or engine_pending(engine) > 0
      break
    end
    if line then session.line = line end  -- of a server that takes every line
    any = true
    if verb == "+" and not isnew then respond(session, a)
    else command(session, verb, a, b, isnew) end
  end
  if any then session.active = session.server.time end
  return any
end

-- Resume a handler whose sleep has ended.
local function continue(session)
  local reply = outcome(session, session.task.co, resume(session.task.co))
  if not session.verb then greet(session, reply)
  elseif reply ~= DONE then safe_answer(session, reply, session.effect) end
end

return { take = take, greet = greet, continue = continue }
