--- A session of the test server, as handlers and hooks see it.
--
-- The states (RFC 1939 section 3):
--
--    greeting ──> authorization ──> transaction ──> update ──> closed
--        │   the greeting        login          QUIT      the reply to QUIT
--        └─> closed, after a greeting -ERR or a handshake that fails
--
-- QUIT in the authorization state leads to closed, without an update. A
-- connection that ends leads to closed from each state, and nothing is deleted
-- then. TLS starts before the greeting, or in the authorization state after
-- STLS.
--
-- This module connects the parts: octets come in by `advance`,
-- `session.command` executes commands, `session.reply` gives replies to the
-- engine, and `session.output` sends them.
-- @classmod pop3.server.session

--- Fields, read-only except for `data` and `maildrop`.
-- @table fields
-- @tfield integer id the number of the session, from 1
-- @tfield ?string user nil before the login
-- @tfield string state "greeting", "authorization", "transaction", "update" or
-- "closed"
-- @tfield boolean secure whether TLS is active
-- @tfield string peer the client's address
-- @tfield ?maildrop maildrop the mail of the user, see `pop3.store`
-- @tfield {[integer]=boolean,...} deleted message number → true for what is marked
-- @tfield ?string verb the command that is being answered
-- @tfield table data for the script
-- @tfield pop3.server server
-- @tfield ?pop3.core.tls tls with TLS
-- @tfield ?string tls_error in `on.disconnect`: why the handshake failed

--- A reply, which an override of a handler may change.
-- @table pop3.server.session.reply
-- @tfield string status "+OK" or "-ERR"
-- @tfield ?string text of the status line
-- @tfield ?string code response code without brackets
-- @tfield ?string|{string,...}|function body octets, a list of lines, or an ltn12 source

local core = require "pop3.core"
local commands = require "pop3.server.session.command"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local maildrop = require "pop3.server.session.maildrop"
local output = require "pop3.server.session.output"
local replies = require "pop3.server.session.reply"
local coroutines = require "pop3.server.session.coroutine"
local tls = require "pop3.server.session.tls"

local Session = { __name = "pop3.server.session" }
Session.__index = Session

-- Each part has methods of the class, and functions that are used here.
for _, part in ipairs { replies, faults, coroutines, maildrop, tls, output } do
  for name, method in pairs(part.methods) do Session[name] = method end
end

-- Fields that few sessions set; the class has the defaults. So a session has at
-- most 32 fields until its end, and its table never grows to 64.
Session.secure = false   -- TLS is active
Session.half = false     -- the server's side of the connection is closed
Session.muted = false    -- replies are dropped
Session.patient = false  -- handlers go on after the client has left
Session.line = false     -- the command, in a server that takes every line

local set, mute, feed = output.set, output.mute, output.feed
local allowance, left = output.allowance, output.left
local drained, ending, flush = output.drained, output.ending, output.flush
local take, greet = commands.take, commands.greet
local look_at_tls, upgrade = tls.look, tls.upgrade
local engine_unread = core.types["pop3.server.engine"].unread

-- Change the state, here and in the engine.
function Session:enter(state)
  self.state = state
  self.engine:enter(state)
end

-- ----------------------------------------------------------------- start, end

-- The connection is there: start TLS if it comes first, then greet. A
-- connection that a fault refuses gets neither.
function Session:open(implicit)
  local effect = faults.struck(self, "connect") or false
  self.effect = effect
  if effect and fault.open(self, effect) then return end
  if implicit then
    self:start_tls()
    self:advance()
  else
    self:greet()
  end
end

-- Send the greeting.
function Session:greet()
  greet(self)
  self:advance()
end

-- End the connection after all octets are sent; "fin" if `how` is nil.
function Session:hang(how)
  if self.ended then return end
  set(self, "ending", how or "fin")
  self:advance()
end

-- Close the server's side of the connection: commands that the client sends are
-- executed without a reply.
local function half_close(session)
  session.half = true
  if session.fd then session.fd:shutdown() end
  mute(session)
  output.clear_all(session)
  session:advance()
end

-- End the session: close the maildrop without an update and the connection by
-- "fin", "rst" or "half".
function Session:finish(how)
  if self.ended then return end
  if how == "half" then return half_close(self) end
  self.ended = true
  local server = self.server
  if self.tls then tls.finish(self, how) end
  coroutines.abandon(self)
  self:let_go()
  output.clear_all(self)
  server:forget(self)
  if self.fd then server:part(self.fd, how) end
  if self.tls then self.tls:close() end
  self.engine:close()
  self.state = "closed"
  local hook = server.on.disconnect
  if hook then coroutines.farewell(self, hook) end
end

-- The client closed the connection. Pending delays are cancelled; commands that
-- came are executed. A handler that waits is closed, except that of QUIT. The
-- handlers of a `patient` session ask another server: they go on, and so do the
-- replies.
function Session:gone()
  self.eof = true
  if not self.patient then mute(self) end
  if not self.fd then self.port:sent(self.port:pending()) end  -- to nobody
  output.forsake(self)
  -- the response that a handler waits for may have come already
  if self.verb ~= "QUIT" and not self.patient and not self.challenged then
    coroutines.abandon(self)
  end
  self:advance()
end

-- ----------------------------------------------------------------- going on

-- In memory: process all that is ready before the client takes more octets, in a
-- session that is held or half closed.
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
    if how or self.eof and not self.held then self:finish(how or "fin") end
  end
end

-- Process all that is ready: read from TLS, execute commands, send replies.
function Session:advance()
  if self.blocked then self.active = self.server.time end  -- the client reads
  self.blocked = false
  if self.tls then
    look_at_tls(self)
    if self.ended then return end
  end
  take(self)
  if self.ended then return end
  if not self.fd then
    if self.held or self.eof or self.half then settle(self) end
    return
  end
  -- after replies have left, there may be room for more commands
  local sent = flush(self)
  while sent and not self.ended and engine_unread(self.engine) > 0
        and take(self) and not self.ended do
    sent = flush(self)
  end
  if self.ended or not sent then return end
  if self.held then
    upgrade(self)
    local how = ending(self)
    if how then return self:finish(how) end
  end
  if self.eof and not self.held then self:finish "fin" end
end

-- Does the session wait for time to pass, because the script says so?
function Session:waiting()
  return self.task or self.hold or self.drip
end

-- The timer of the session: resume a handler, release octets.
function Session:wake()
  if self.ended then return end
  local now = self.server.time
  if self.task and now >= self.task.at then
    coroutines.continue(self)
    self.active = now
  end
  if self.hold and now >= self.hold then set(self, "hold", nil) end
  local drip = self.drip
  if drip and drip.at and now >= drip.at then
    drip.left, drip.at = drip.bytes, nil
  end
  self:advance()
end

-- Wake a handler that sleeps.
function Session:rouse()
  if not self.task then return end
  self.task.at = self.server.time
  self:wake()
  self.server:watch(self)
end

-- In memory: at most `max` octets that wait for the client and may leave; nil when
-- there are none.
function Session:ready_out(max)
  if self.ended or self.held or self.may_send then return nil end
  local port = self.port
  local octets = port:out(max)
  if octets then port:sent(#octets) end
  return octets
end

-- In memory: execute commands until there are octets for the client. Returns at
-- most `max`, nil when there are none now.
function Session:take_out(max)
  local octets
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
  if how and (self.may_send == 0 or self.port:pending() == 0) then
    self:finish(how)
  end
  return octets
end

function Session:__tostring()
  return ("pop3.server.session %d (%s, %s)"):format(self.id, self.peer,
                                                    self.state)
end

-- Make a session of a server with the number `id`; `fd` and `peer`, the name of
-- the other end, are nil in memory.
local function new(server, id, fd, peer)
  local engine = core.server(server:engine_options(id))
  return setmetatable({
    id = id,
    server = server,
    engine = engine,
    port = engine,     -- what the connection reads and writes: this, or TLS
    tls = false,
    effect = false,    -- effects of faults on the present reply
    later = false,     -- a reply that is sent after the next one
    may_send = false,  -- octets that may still leave before the connection ends
    fd = fd,
    state = "greeting",
    peer = peer or "loopback",
    data = {},
    active = server:now(),
    held = false,      -- see pop3.server.session.output
    ended = false,
    eof = false,       -- the client sends nothing more
    blocked = false,   -- octets wait for the client to read
    verb = false,      -- of the command that is being answered
    challenged = false,  -- the coroutine of a handler that waits for a response
    name = false,      -- that USER has given, for PASS
  }, Session)
end

return new
