--- A session of the test server: what handlers see, and the loop that takes
-- commands from the engine to the handlers and their replies back.
--
-- What handlers may use are the fields `id` (the session's number, from 1),
-- `user`, `state`, `secure`, `peer`, `maildrop` and `data` (a table of their
-- own), and the methods of this class; with TLS also `tls` (see `pop3.core.tls`)
-- and, in `on.disconnect`, `tls_error`: why the handshake failed.
-- @classmod pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local leaving = require "pop3.server.session.output"
local maildrop = require "pop3.server.session.maildrop"
local rare = require "pop3.server.session.pending"
local replies = require "pop3.server.session.reply"
local running = require "pop3.server.session.coroutine"
local tls = require "pop3.server.session.tls"

local sasl = core.sasl

local Session = { __name = "pop3.server.session" }
Session.__index = Session

-- Each part has methods for it, and functions for what is here.
for _, part in ipairs { replies, faults, running, maildrop, tls } do
  for name, method in pairs(part.methods) do Session[name] = method end
end

local get, set = rare.get, rare.set
local feed, allowance, left = leaving.feed, leaving.allowance, leaving.left
local drained, ending, flush = leaving.drained, leaving.ending, leaving.flush
local forsake = leaving.forsake
local struck = faults.struck
local DONE, run, outcome = running.DONE, running.run, running.outcome
local abandon, farewell = running.abandon, running.farewell
local safe_answer = replies.safe_answer
local look_at_tls, end_tls, upgrade = tls.look, tls.finish, tls.upgrade
local resume = coroutine.resume

-- Methods that run once a command, without the look-up.
local engine_next = core.types["pop3.server.engine"].next
local engine_pending = core.types["pop3.server.engine"].pending

-- The state changes, here and in the engine.
function Session:enter(state)
  self.state = state
  self.engine:enter(state)
end

-- ------------------------------------------------------------------ commands

-- What is secret in what a script's own handler of AUTH gets to see: the whole,
-- what PLAIN has behind its last NUL, a bearer token.
local function keep_secret(session, octets)
  local engine = session.engine
  for _, secret in ipairs { octets, octets:match "\0([^\0]*)$" or "",
                            octets:match "Bearer ([^%c]+)" } do
    engine:secret(secret)
  end
end

-- One command.
local function command(session, verb, a, b, isnew)
  local server = session.server
  session.verb, session.effect = verb, false
  if session.name and verb ~= "PASS" and verb ~= "USER" then
    session.name = nil  -- PASS comes immediately after USER (RFC 1939 section 7)
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
    if effect and effect.reply then
      return safe_answer(session, session:ok(), effect)
    end
  end
  if not handler then
    return safe_answer(session, session:err "unknown command", session.effect)
  end
  local reply = run(session, handler, a, b)
  if reply ~= DONE then safe_answer(session, reply, session.effect) end
end

-- The client's response to a challenge, nil if it was too long.
local function respond(session, line)
  local co, octets, why = session.exchange, nil, nil
  session.exchange = nil
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

-- The greeting: what the hook says, or the default.
local function greet(session, reply)
  if reply == DONE then return end
  if type(reply) ~= "table" then
    reply = session.server.default.connect(session)
  end
  safe_answer(session, reply, session.effect)
end

-- ---------------------------------------------------------------------- loop

-- Take commands while there are any and their replies may leave. Returns
-- whether there were any.
local function take(session)
  local engine, any = session.engine, false
  while not (session.rare or session.ended) do
    local verb, a, b, isnew, line = engine_next(engine)
    if not verb then
      -- what the engine has refused by itself was a command as well
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

-- ----------------------------------------------------------------- going on

-- In memory, where something is rare or a side of the link is closed: what can be
-- done before the client takes more.
local function settle(self)
  repeat
    feed(self)
    if self.port:pending() == 0 then
      drained(self)
      upgrade(self)
    end
  until self.ended or not (self.eof or self.half) or not take(self)
  if (self.eof or self.half) and not self.ended then
    local how = ending(self)
    if how or self.eof and not self.rare then self:finish(how or "fin") end
  end
end

--- Do all that can be done now.
function Session:advance()
  if self.blocked then self.active = self.server.time end  -- the reader reads
  self.blocked = false
  if self.tls then
    look_at_tls(self)
    if self.ended then return end
  end
  take(self)
  if self.ended then return end
  if not self.fd then
    if self.rare or self.eof or self.half then settle(self) end
    return
  end
  -- once replies have left, there may be room for more commands
  local gone
  repeat
    gone = flush(self)
  until not gone or not take(self) or self.ended
  if self.ended or not gone then return end
  if self.rare then
    upgrade(self)
    local how = ending(self)
    if how then return self:finish(how) end
  end
  if self.eof and not self.rare then self:finish "fin" end
end

--- The client has gone: what the script holds up is let go, what was sent is
-- done. A handler that waits is given up, but for QUIT's. A `patient` session has
-- handlers that ask somebody else: they go on, and so does what they say.
function Session:gone()
  self.eof = true
  if not self.patient then self.engine:mute() end
  if not self.fd then self.port:sent(self.port:pending()) end  -- to nobody
  forsake(self)
  -- one that waits for a response may find that it has been sent
  if self.verb ~= "QUIT" and not self.patient and not self.exchange then
    abandon(self)
  end
  self:advance()
end

--- Is it time to read more from the client?
function Session:listening()
  return not (self.rare or self.eof or self.ended)
end

--- Does it wait for time to pass, by the script's will?
function Session:waiting()
  return get(self, "task") or get(self, "hold") or get(self, "drip")
end

--- The link to the client is there: TLS, if it comes first, then the greeting.
-- One that is refused has neither.
-- @tparam boolean implicit
function Session:open(implicit)
  self.effect = struck(self, "connect") or false
  if implicit and not (self.effect and self.effect.refuse) then
    self:start_tls()
    self:advance()
  else
    self:greet()
  end
end

--- Greet.
function Session:greet()
  local server = self.server
  if self.effect and self.effect.reply then greet(self, self:ok())
  else
    greet(self, run(self, server.on.connect or server.default.connect))
  end
  self:advance()
end

--- A handler that sleeps goes on now.
function Session:rouse()
  local task = get(self, "task")
  if not task then return end
  task.at = self.server.time
  self:wake()
  self.server:watch(self)
end

--- The link ends when all is sent.
-- @tparam[opt="fin"] string how
function Session:hang(how)
  if self.ended then return end
  set(self, "ending", how or "fin")
  self:advance()
end

--- Time has come for what the session waited for.
function Session:wake()
  if self.ended then return end
  local now, task = self.server.time, get(self, "task")
  if task and now >= task.at then
    local reply = outcome(self, task.co, resume(task.co))
    if not self.verb then greet(self, reply)
    elseif reply ~= DONE then safe_answer(self, reply, self.effect) end
    self.active = now
  end
  local hold = get(self, "hold")
  if hold and now >= hold then set(self, "hold", nil) end
  local drip = get(self, "drip")
  if drip and drip.at and now >= drip.at then
    drip.left, drip.at = drip.bytes, nil
  end
  self:advance()
end

--- Octets for the client of a session without a descriptor.
-- @tparam integer max
-- @treturn ?string nil when there are none now
function Session:take_out(max)
  local octets
  if not (self.rare or self.snip) then
    octets = self.port:out(max)
    if octets then
      self.port:sent(#octets)
      return octets
    elseif not take(self) then
      return nil
    end
  end
  repeat
    feed(self)
    local may = allowance(self)
    octets = nil
    if may ~= 0 then
      octets = self.port:out(may and math.min(may, max) or max)
    end
    if octets then
      self.port:sent(#octets)
      left(self, #octets)
    end
    if self.port:pending() == 0 then
      drained(self)
      upgrade(self)
    end
  until octets or not take(self)
  local how = ending(self)
  if how and (self.snip == 0 or self.port:pending() == 0) then
    self:finish(how)
  end
  return octets
end

-- This side of the link is closed: what the client still sends is done, without
-- an answer.
local function half_close(session)
  session.half = true
  if session.fd then session.fd:shutdown() end
  session.engine:cut(nil, nil)  -- commands are taken again
  session.engine:mute()
  session.rare = false
  session:advance()
end

--- The session is over: the maildrop is let go, nothing is deleted.
-- @tparam[opt] string how "rst" resets the connection; "half" only closes this
-- side of it
function Session:finish(how)
  if self.ended then return end
  if how == "half" then return half_close(self) end
  self.ended = true
  local server = self.server
  if self.tls then end_tls(self, how) end
  abandon(self)
  self:let_go()
  self.rare = false
  server:forget(self)
  if self.fd then server:part(self.fd, how) end
  if self.tls then self.tls:close() end
  self.engine:close()
  self.state = "closed"
  local hook = server.on.disconnect
  if hook then farewell(self, hook) end
end

function Session:__tostring()
  return ("pop3.server.session %d (%s, %s)"):format(self.id, self.peer,
                                                    self.state)
end

--- Make a session.
-- @tparam server server
-- @tparam integer id
-- @tparam ?pop3.fd fd nil for one in memory
local function new(server, id, fd)
  local engine = core.server(server:engine_options(id))
  return setmetatable({
    id = id,
    server = server,
    engine = engine,
    port = engine,    -- what the link meets: the engine, or TLS around it
    tls = false,
    effect = false,   -- what goes wrong with the present reply
    behind = false,   -- the reply that is to leave behind the next one
    half = false,     -- this side of the link is closed
    snip = false,     -- so many octets may still leave, then the link ends
    fd = fd,
    state = "greeting",
    secure = false,
    peer = fd and fd:peer() or "loopback",
    data = {},
    active = server:now(),
    rare = false,
    ended = false,
    eof = false,      -- the client will send no more
    blocked = false,  -- octets wait for the client to read
    patient = false,  -- handlers that wait go on when the client is gone
    verb = false,     -- of the command that is being answered
    line = false,     -- the whole of it, where the verb is not looked at
  }, Session)
end

return new
