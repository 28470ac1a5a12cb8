--- Replies of a session: the functions that make them, the check of the value that
-- a handler returned, and the step that gives a reply to the engine.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local output = require "pop3.server.session.output"

-- Runs once a command, without the look-up.
local engine_answer = core.types["pop3.server.engine"].answer
local set = output.set

local Session = {}

--- A reply +OK.
-- @tparam[opt] string text of the status line; control characters become spaces
-- @treturn pop3.server.session.reply
-- @usage function server.on.NOOP(session) return session:ok("still here") end
-- @function session:ok
function Session.ok(_, text)
  return { status = "+OK", text = text }
end

--- A reply -ERR.
-- @tparam[opt] string text of the status line
-- @tparam[opt] string code response code without brackets, such as "IN-USE"
-- (RFC 2449 section 8, RFC 3206)
-- @treturn pop3.server.session.reply
-- @usage return session:err("disk on fire", "SYS/TEMP")
-- @function session:err
function Session.err(_, text, code)
  return { status = "-ERR", text = text, code = code }
end

--- A reply +OK with a body. Dots are stuffed, line ends become CRLF, and the
-- terminator is added (RFC 1939 section 3).
-- @tparam ?string text of the status line
-- @tparam[opt=""] string|{string,...}|function body octets, a list of lines, or
-- an ltn12 source
-- @treturn pop3.server.session.reply
-- @usage return session:multi("2 lines", { "one", ".two" })
-- @function session:multi
function Session.multi(_, text, body)
  if body == nil then body = "" end  -- else the client would wait for one
  return { status = "+OK", text = text, body = body }
end

--- Octets in place of a reply, sent unchanged. This is the only reply that may
-- break the protocol.
-- @tparam string octets
-- @treturn pop3.server.session.reply
-- @usage return session:raw "* BYE\r\n"
-- @function session:raw
function Session.raw(_, octets)
  return { raw = octets }
end

--- No reply: the connection ends.
-- @tparam[opt="fin"] string how "fin" closes it, "rst" resets it, "half" closes
-- the server's side only
-- @treturn pop3.server.session.reply
-- @usage function server.on.DELE(session) return session:hangup "rst" end
-- @function session:hangup
function Session.hangup(_, how)
  return { hangup = how or "fin" }
end

-- Why the value that a handler returned cannot be sent; nil when the reply is
-- valid.
local function unfit(reply)
  if type(reply) ~= "table" then return type(reply) .. ", not a reply" end
  local raw, text, code, body = reply.raw, reply.text, reply.code, reply.body
  local kind = type(body)
  if reply.hangup then return nil end
  if raw ~= nil then  -- effects of faults may make a source
    return type(raw) ~= "string" and not reply.rewritten
           and "raw octets of type " .. type(raw)
  elseif text ~= nil and type(text) ~= "string" and type(text) ~= "number" then
    return "a text of type " .. type(text)
  elseif code ~= nil and type(code) ~= "string" then
    return "a response code of type " .. type(code)
  elseif reply.status ~= "+OK" and reply.status ~= "-ERR" then
    return "a status other than +OK and -ERR"
  elseif kind == "table" then
    for i = 1, #body do
      if type(body[i]) ~= "string" and type(body[i]) ~= "number" then
        return ("a body with line %d of type %s"):format(i, type(body[i]))
      end
    end
  elseif body ~= nil and kind ~= "string" and kind ~= "function"
         and kind ~= "number" then
    return "a body of type " .. kind
  end
end

-- The reply that a handler returned; or, if it cannot be sent, which is an error of
-- the handler, -ERR and true.
local function checked(session, reply)
  local wrong = unfit(reply)
  if not wrong then return reply, false end
  session.server:handler_error(session,
    ("the handler of %s returned %s"):format(session.verb or "connect", wrong))
  return session:err("the handler failed", "SYS/TEMP"), true
end

-- The session's state and its connection after a reply.
local function after(session, reply)
  local verb = session.verb
  if reply.close then set(session, "ending", reply.close) end
  if reply.starttls then set(session, "upgrade", true) end
  if (verb == "QUIT" or session.state == "update")
     and (not reply.raw or reply.rewritten) then
    set(session, "ending", session.ending or "fin")
    session:enter "closed"
  elseif not verb then  -- the greeting
    if reply.status ~= "-ERR" then session:enter "authorization"
    else set(session, "ending", session.ending or "fin") end
  end
end

-- Apply the effects of faults to a reply. Returns the reply to send now, or nil if
-- it is sent after the next one; and the reply to send after it, see the effect
-- `swap`. After an error, for example of a source, the reply that waits still waits.
local function affected(session, reply)
  local effect, waiting = session.effect or nil, session.later
  local later, wrong
  reply, wrong = checked(session, reply)
  if effect and not wrong then
    reply = fault.replacement(session, effect) or reply
  end
  if waiting then effect = fault.merge(effect, waiting.effect) end
  reply, later = faults.apply(session, reply, effect, waiting and true)
  if later and waiting then later.raw = later.raw .. waiting.raw end
  session.later = later or false
  return reply, waiting
end

-- Give the engine a reply that is not a status line with octets or lines.
-- Returns the reply, or nil if there is none.
local function give(session, reply, waiting)
  local wrong
  reply, wrong = checked(session, reply)
  local engine, raw = session.engine, reply.raw
  if reply.hangup then
    set(session, "ending", reply.hangup)
    return nil
  elseif wrong then
    engine_answer(engine, reply)
  elseif type(raw) == "function" then  -- too many octets to be held
    set(session, "source", raw)
    set(session, "bare", true)
  elseif raw then
    engine:raw(raw)
    if waiting and not reply.close then
      engine:raw(waiting.raw)
      reply.close = waiting.close
    end
  else
    engine:reply(true, reply.text, reply.code, true)
    set(session, "source", reply.body)
  end
  return reply
end

-- Answer with the value that a handler returned.
local function answer(session, reply)
  if session.ended then return end  -- the handler has ended it
  local waiting
  if session.effect or session.later then
    reply, waiting = affected(session, reply)
    if not reply then return end
  end
  if not engine_answer(session.engine, reply) then
    reply = give(session, reply, waiting)
  end
  if reply then after(session, reply) end
end

return { methods = Session, answer = answer }
