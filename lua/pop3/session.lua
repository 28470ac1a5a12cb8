--- A session of the test server: what handlers see, and the loop that takes
-- commands from the engine to the handlers and their replies back.
--
-- What handlers may use are the fields `id` (the session's number, from 1),
-- `user`, `state`, `secure`, `peer`, `maildrop` and `data` (a table of their
-- own), and the methods below.
-- @classmod pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.fault"

local Session = { __name = "pop3.server.session" }
Session.__index = Session

local yield, resume = coroutine.yield, coroutine.resume

-- ------------------------------------------------------------------ replies

--- A reply +OK.
-- @tparam[opt] string text
-- @treturn table `status`, `text`, `code`, `body`, all of which an override may
-- change
function Session.ok(_, text)
  return { status = "+OK", text = text }
end

--- A reply -ERR.
-- @tparam[opt] string text
-- @tparam[opt] string code response code, such as "IN-USE" (RFC 2449, 3206)
function Session.err(_, text, code)
  return { status = "-ERR", text = text, code = code }
end

--- A reply +OK with a body.
-- @tparam ?string text
-- @tparam string|{string,...}|function body octets, a list of lines, or an ltn12
-- source; dots are stuffed and line ends made CRLF on the way
function Session.multi(_, text, body)
  return { status = "+OK", text = text, body = body }
end

--- Octets as they are, in place of a reply: the one that may break the
-- protocol.
-- @tparam string octets
function Session.raw(_, octets)
  return { raw = octets }
end

--- No reply: the link ends.
-- @tparam[opt="fin"] string how "fin" or "rst"
function Session.hangup(_, how)
  return { hangup = how or "fin" }
end

--- Let time pass, on the server's clock, before the handler goes on. Other
-- sessions are served meanwhile. The same as `coroutine.yield(seconds)`.
-- @tparam[opt=0] number seconds
function Session.sleep(_, seconds)
  return yield(seconds or 0)
end

-- ------------------------------------------------------------------ maildrop

-- The user is in: from here on commands are about the maildrop.
function Session:log_in(user, drop)
  self.user, self.maildrop, self.deleted = user, drop, {}
  self:enter "transaction"
end

function Session:enter(state)
  self.state = state
  self.engine:enter(state)
end

--- Mark a message as deleted.
-- @tparam integer n
function Session:mark(n)
  self.deleted[n] = true
end

--- Unmark all messages.
function Session:unmark()
  self.deleted = {}
end

-- The update state: what `on.update` or the default says of it.
function Session:update()
  self:enter "update"
  local numbers = {}
  for n in pairs(self.deleted) do numbers[#numbers + 1] = n end
  table.sort(numbers)
  local server = self.server
  local hook = server.on.update or server.default.update
  local reply = hook(self, numbers)
  if hook ~= server.default.update and type(reply) ~= "table" then
    reply = server.default.update(self, numbers)
  end
  self:let_go()
  return reply
end

-- Close the maildrop and give up its lock.
function Session:let_go()
  local drop = self.maildrop
  if not drop then return end
  self.maildrop = nil
  self.server:release(self)
  if drop.close then drop:close() end
end

-- ------------------------------------------------------------------ handlers

local DONE = {}

-- A coroutine that runs one handler after another; it is used again by the
-- next command unless the handler yields or errs.
local function work(session, handler, a, b)
  while true do
    session, handler, a, b = yield(DONE, handler(session, a, b))
  end
end

-- Go on with a coroutine until its handler is done, errs, or yields.
local function continue(session, co, ...)
  local server = session.server
  local ok, tag, reply = resume(co, ...)
  if not ok then
    session.task = nil
    server:handler_error(session, debug.traceback(co, tostring(tag)))
    return session:err("the handler failed", "SYS/TEMP")
  elseif tag == DONE then
    session.task = nil
    server.idle_workers[#server.idle_workers + 1] = co
    return reply
  end
  local seconds = type(tag) == "number" and tag or 0
  session.task, session.task_at = co, server:now() + seconds
  server:after(seconds, session)
  return DONE
end

-- Run a handler; DONE when it has yielded.
local function run(session, handler, a, b)
  local idle = session.server.idle_workers
  local co = idle[#idle]
  if co then idle[#idle] = nil
  else co = coroutine.create(work) end
  return continue(session, co, session, handler, a, b)
end

-- Give a reply to the engine.
local function answer(session, reply)
  local engine, effect = session.engine, session.effect
  if type(reply) ~= "table" then
    session.server:handler_error(session, ("the handler of %s returned %s, "
      .. "not a reply"):format(tostring(session.verb), type(reply)))
    reply = session:err("the handler failed", "SYS/TEMP")
  end
  if reply.hangup then
    session.ending = reply.hangup
    return
  end
  if effect then
    local cut = effect.cut
    if cut then
      engine:cut(cut.bytes, cut.lines)
      session.cut = cut.how or "fin"
    end
    if effect.delay then
      session.hold = session.server:now() + effect.delay
      session.server:after(effect.delay, session)
    end
    if effect.drip then
      session.drip = { bytes = effect.drip.bytes, every = effect.drip.every,
                       left = effect.drip.bytes }
    end
  end
  local body = reply.body
  if reply.raw then
    engine:raw(reply.raw)
  elseif type(body) == "function" then
    engine:reply(reply.status == "+OK", reply.text, reply.code, true)
    session.source = body
  else
    engine:reply(reply.status == "+OK", reply.text, reply.code, body)
  end
  local verb = session.verb
  if verb == "QUIT" and not reply.raw then
    session.ending = "fin"
    session:enter "closed"
  elseif verb == nil then  -- the greeting
    if reply.status == "-ERR" then session.ending = "fin"
    else session:enter "authorization" end
  end
end

-- A reply that the engine cannot take is the handler's error.
local function safe_answer(session, reply)
  if session.ended then return end  -- the handler saw to that
  local ok, err = pcall(answer, session, reply)
  if not ok then
    session.server:handler_error(session, tostring(err))
    session.ending = session.ending or "fin"
  end
end

-- One command, or the greeting when there is no verb.
local function command(session, verb, a, b, isnew)
  local server = session.server
  session.verb = verb
  session.effect = nil
  local handler = verb and (server.on[verb] or server.default[verb])
  if not verb then handler = server.on.connect or server.default.connect end
  if server.faults[1] then
    local effect = fault.strike(server.faults, session, verb,
                                not verb and "connect" or nil, a, b)
    session.effect = effect
    if effect and effect.reply then
      return safe_answer(session, { raw = effect.reply .. "\r\n",
                                    status = effect.reply:sub(1, 4) })
    end
  end
  if isnew then server:count_new(verb) end
  if not handler then
    return safe_answer(session, session:err("unknown command"))
  end
  local reply = run(session, handler, a, b)
  if not verb and type(reply) ~= "table" then
    reply = server.default.connect(session)
  end
  if reply ~= DONE then safe_answer(session, reply) end
end

-- ---------------------------------------------------------------------- loop

--- May a command be taken now?
local function ready(session)
  return not (session.ended or session.task or session.hold or session.drip or session.source
              or session.cut or session.ending)
end

-- Take commands while there are any and their replies may leave. Returns
-- whether there were any.
local function take(session)
  local engine, any = session.engine, false
  while ready(session) do
    local verb, a, b, isnew = engine:next()
    if not verb then break end
    any = true
    command(session, verb, a, b, isnew)
  end
  if any then session.active = session.server:now() end
  return any
end

-- Give the engine more of a body that comes from a source.
local function feed(session)
  local engine, source = session.engine, session.source
  while source and engine:busy() == "hungry" do
    local ok, chunk, err = pcall(source)
    if not ok or (chunk == nil and err ~= nil) then
      session.server:handler_error(session, tostring(ok and err or chunk))
      session.source, session.ending = nil, "rst"
      return
    end
    engine:body(chunk)
    if chunk == nil then session.source, source = nil, nil end
  end
  if source and not engine:busy() then session.source = nil end
end

-- How many octets may leave now; nil means all. When none may, the server is
-- asked to look again when some may.
local function allowance(session)
  local now = session.server:now()
  if session.hold then
    if now < session.hold then return 0 end
    session.hold = nil
  end
  local drip = session.drip
  if not drip then return nil end
  if drip.at and now >= drip.at then
    drip.left, drip.at = drip.bytes, nil
  end
  return drip.left
end

-- 'n' octets have left.
local function left(session, n)
  local drip = session.drip
  if not drip or n == 0 then return end
  drip.left = drip.left - n
  if drip.left <= 0 then
    drip.at = session.server:now() + drip.every
    session.server:after(drip.every, session)
  end
end

-- Octets are out; what the session waits for is over when there are no more.
local function drained(session)
  if session.ended then return end
  if not session.source then session.drip = nil end
  if session.cut and session.engine:is_cut() then
    session.ending = session.cut
  end
end

-- Send what may leave, by a descriptor. Returns true when nothing is left.
local function flush(session)
  local engine, fd = session.engine, session.fd
  while true do
    feed(session)
    local max = allowance(session)
    if max == 0 then return engine:pending() == 0 end
    local ok, n = fd:send(engine, max)
    if not ok then
      if n == "timeout" then
        session.blocked = true
        return false
      end
      session.source, session.drip = nil, nil
      engine:mute()  -- commands that came are still done
      return true
    end
    left(session, n)
    if engine:pending() == 0 and not (session.source and n > 0) then
      drained(session)
      return true
    end
  end
end

--- Do all that can be done now.
function Session:advance()
  self.blocked = nil
  local fd = self.fd
  take(self)
  if self.ended then return end
  if not fd then
    feed(self)
    if self.engine:pending() == 0 then drained(self) end
    return
  end
  -- once replies have left, there may be room for more commands
  while not self.ended and flush(self) and take(self) do end
  if self.ended or self.engine:pending() > 0 then return end
  if self.ending then self:finish(self.ending)
  elseif self.eof and ready(self) then self:finish "fin" end
end

--- Is it time to read more from the client?
function Session:listening()
  return not self.eof and ready(self)
end

--- The link to the client is there: greet.
function Session:greet()
  command(self)
  self:advance()
end

--- Time has come for what the session waited for.
function Session:wake()
  if self.ended then return end
  local co = self.task
  if co and self.server:now() >= self.task_at then
    local reply = continue(self, co)
    if not self.verb and reply ~= DONE and type(reply) ~= "table" then
      reply = self.server.default.connect(self)
    end
    if reply ~= DONE then safe_answer(self, reply) end
    self.active = self.server:now()
  end
  if self.hold and self.server:now() >= self.hold then self.hold = nil end
  self:advance()
end

--- Octets for the client of a session without a descriptor.
-- @tparam integer max
-- @treturn ?string nil when there are none now
function Session:take_out(max)
  local octets
  repeat
    feed(self)
    local may = allowance(self)
    octets = nil
    if may ~= 0 then
      octets = self.engine:out(may and math.min(may, max) or max)
    end
    if octets then
      self.engine:sent(#octets)
      left(self, #octets)
    end
    if self.engine:pending() == 0 then drained(self) end
  until octets or not take(self)
  if self.ending and self.engine:pending() == 0 then
    self:finish(self.ending)
  end
  return octets
end

--- The session is over: the maildrop is let go, nothing is deleted.
-- @tparam[opt] string how "rst" resets the connection
function Session:finish(how)
  if self.ended then return end
  self.ended = true
  local server = self.server
  self:let_go()
  self.task, self.source = nil, nil
  server:forget(self)
  if self.fd then self.fd:close(how == "rst") end
  self.engine:close()
  self.state = "closed"
  local hook = server.on.disconnect
  if hook then
    local ok, err = pcall(hook, self)
    if not ok then server:handler_error(self, tostring(err)) end
  end
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
  return setmetatable({
    id = id,
    server = server,
    engine = core.server(server:engine_options(id)),
    fd = fd,
    state = "greeting",
    secure = false,
    peer = fd and fd:peer() or "loopback",
    data = {},
    active = server:now(),
  }, Session)
end

return new
