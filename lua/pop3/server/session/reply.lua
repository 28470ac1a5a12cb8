--- Replies of a session: what makes them, whether they are fit to be sent, and
-- how they get to the engine.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local rare = require "pop3.server.session.pending"

-- Runs once a command.
local engine_reply = core.types["pop3.server.engine"].reply
local get, set = rare.get, rare.set
local spoiled = faults.spoiled

local Session = {}

--- A reply +OK.
-- @tparam[opt] string text
-- @treturn table `status`, `text`, `code`, `body`, all of which an override may
-- change
-- @function session:ok
function Session.ok(_, text)
  return { status = "+OK", text = text }
end

--- A reply -ERR.
-- @tparam[opt] string text
-- @tparam[opt] string code response code, such as "IN-USE" (RFC 2449, 3206)
-- @function session:err
function Session.err(_, text, code)
  return { status = "-ERR", text = text, code = code }
end

--- A reply +OK with a body.
-- @tparam ?string text
-- @tparam[opt=""] string|{string,...}|function body octets, a list of lines, or an
-- ltn12 source; dots are stuffed and line ends made CRLF on the way
-- @function session:multi
function Session.multi(_, text, body)
  if body == nil then body = "" end  -- else the client would wait for one
  return { status = "+OK", text = text, body = body }
end

--- Octets as they are, in place of a reply: the one that may break the
-- protocol.
-- @tparam string octets
-- @function session:raw
function Session.raw(_, octets)
  return { raw = octets }
end

--- No reply: the link ends.
-- @tparam[opt="fin"] string how "fin", "rst", or "half": only this side ends
-- @function session:hangup
function Session.hangup(_, how)
  return { hangup = how or "fin" }
end

-- What is wrong with the fields of a reply, if anything is.
local function unfit(reply)
  local raw, text, code, body = reply.raw, reply.text, reply.code, reply.body
  local kind = type(body)
  if reply.status == "+OK" and type(text) == "string" and code == nil
     and raw == nil and (kind == "string" or body == nil) then
    return nil  -- as most are
  end
  if raw ~= nil then
    return type(raw) ~= "string" and "raw octets that are no string"
  elseif text ~= nil and type(text) ~= "string" and type(text) ~= "number" then
    return "a text that is a " .. type(text)
  elseif code ~= nil and type(code) ~= "string" then
    return "a response code that is a " .. type(code)
  elseif reply.status ~= "+OK" and reply.status ~= "-ERR" then
    return "a status that is neither +OK nor -ERR"
  elseif kind == "table" then
    for i = 1, #body do
      if type(body[i]) ~= "string" and type(body[i]) ~= "number" then
        return "a body whose line " .. i .. " is a " .. type(body[i])
      end
    end
  elseif body ~= nil and kind ~= "string" and kind ~= "function"
         and kind ~= "number" then
    return "a body that is a " .. kind
  end
end

-- Give a reply to the engine; behind it, the one before it that is to leave
-- after it.
local function answer(session, reply, effect)
  local behind, held = session.behind, nil
  if behind then
    session.behind = false
    effect = fault.merge(effect, behind.effect)
    effect.whole = true
  end
  if effect then reply, held = spoiled(session, reply, effect) end
  if held then
    if behind then held.raw = held.raw .. behind.raw end
    session.behind = held
    return
  end
  if reply.hangup then return set(session, "ending", reply.hangup) end
  local engine, body, raw = session.engine, reply.body, reply.raw
  if type(raw) == "function" then  -- too much to be held
    set(session, "source", raw)
    set(session, "bare", true)
  elseif raw then
    engine:raw(raw)
    if behind and not reply.close then
      engine:raw(behind.raw)
      reply.close = behind.close
    end
  elseif reply.status == "-ERR" then  -- no body follows it
    engine_reply(engine, false, reply.text, reply.code)
  elseif type(body) == "function" then
    engine_reply(engine, true, reply.text, reply.code, true)
    set(session, "source", body)
  else
    engine_reply(engine, true, reply.text, reply.code, body)
  end
  if reply.close then set(session, "ending", reply.close) end
  if reply.starttls then set(session, "upgrade", true) end
  local verb = session.verb
  if (verb == "QUIT" or session.state == "update")
     and (not raw or reply.mangled) then
    set(session, "ending", "fin")
    session:enter "closed"
  elseif not verb then  -- the greeting
    if reply.status == "-ERR" then set(session, "ending", "fin")
    else session:enter "authorization" end
  end
end

-- The same for whatever a handler came up with: what is no reply, or cannot be
-- one, is the handler's error.
local function safe_answer(session, reply, effect)
  if session.ended then return end  -- the handler saw to that
  local server = session.server
  local wrong
  if type(reply) ~= "table" then wrong = type(reply) .. ", not a reply"
  elseif not reply.hangup then wrong = unfit(reply) end
  if wrong then
    server:handler_error(session, ("the handler of %s returned %s"):format(
                                  session.verb or "connect", wrong))
    reply = session:err("the handler failed", "SYS/TEMP")
  elseif effect and effect.reply then
    local line = effect.reply
    reply = { raw = line .. "\r\n", status = line:match "^%S*",
              mangled = true }
  end
  local ok, err = pcall(answer, session, reply, effect)
  if not ok then
    server:handler_error(session, tostring(err))
    if not get(session, "ending") then set(session, "ending", "fin") end
  end
end

return { methods = Session, safe_answer = safe_answer }
