--- Commands of a session: taken from the engine, given to handlers, and
-- answered.
-- @submodule pop3.server.session

local core = require "pop3.core"
local coroutines = require "pop3.server.session.coroutine"
local fault = require "pop3.server.fault"
local replies = require "pop3.server.session.reply"

local sasl = core.sasl
local answer, resume, run = replies.answer, coroutines.resume, coroutines.run

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

-- Execute one command and answer it.
local function execute(session, verb, a, b, isnew)
  local server = session.server
  session.verb, session.effect = verb, false
  if session.name and verb ~= "PASS" and verb ~= "USER" then
    session.name = false  -- PASS comes right after USER (RFC 1939 section 7)
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
      return answer(session, session:err("a fault failed", "SYS/TEMP"))
    end
    session.effect = effect or false
    if effect and fault.replacement(session, effect) then
      return answer(session, session:ok())
    end
  end
  if not handler then return answer(session, session:err "unknown command") end
  return answer(session, handler(session, a, b))
end

-- In a coroutine: execute commands while there are any and their replies may
-- leave. Returns whether there were any.
local function serve(session)
  local engine, any = session.engine, false
  while not (session.held or session.ended) do
    local verb, a, b, isnew, line = engine_next(engine)
    -- a command that the engine refused counts, too
    if not verb then return any or engine_pending(engine) > 0 end
    if line then session.line = line end  -- of a server that takes every line
    any = true
    execute(session, verb, a, b, isnew)
  end
  return any
end

-- In a coroutine: send the greeting, which is the reply of the hook `connect`,
-- or the default.
local function greet(session)
  local server, effect, reply = session.server, session.effect, nil
  if effect and fault.replacement(session, effect) then reply = session:ok()
  elseif server.on.connect then reply = server.on.connect(session) end
  if type(reply) ~= "table" then reply = server.default.connect(session) end
  answer(session, reply)
end

-- Give its response to the handler that waits for it, if it has come; a line
-- that was too long is nil. Returns the results of `resume`.
local function respond(session)
  local verb, line = engine_next(session.engine)
  if not verb then return false, false end
  local co, octets, why = session.challenged, nil, nil
  session.challenged = false
  if line == nil then why = "too long"
  elseif line == "*" then why = "cancelled"
  else
    octets = sasl.decode(line)
    if not octets then why = "not base64"
    elseif session.server.on.AUTH then keep_secret(session, octets) end
  end
  return resume(session, co, octets, why, line)
end

-- Execute what has come. Returns whether there was anything.
local function take(session)
  local any, some, again = false
  repeat
    if session.held or session.ended then break end
    if session.challenged then some, again = respond(session)
    else some, again = run(session, serve) end
    any = any or some
  until not again
  if any then session.active = session.server.time end
  return any
end

return {
  take = take,
  greet = function(session) run(session, greet) end,
}
