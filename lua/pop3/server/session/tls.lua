--- TLS of a session: it starts with the connection or by STLS (RFC 2595), and
-- ends with a close_notify, unless a fault ends the connection.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local output = require "pop3.server.session.output"

local fd_send = core.types["pop3.fd"].send
local set = output.set

local Session = {}

-- Start TLS. Octets that came before are not protected by it: they end the
-- connection.
function Session:start_tls()
  local certificates = self.server.certificates
  if self.engine:unread() > 0 then return self:finish "rst" end
  local effect = faults.struck(self, "tls") or {}
  if certificates.effect then fault.merge(effect, certificates.effect) end
  local context = certificates:context_for(fault.certificate(effect))
  self.tls = core.tls { context = context, server = true }
  self.tls:wrap(self.engine)
  self.port = self.tls
  fault.pace_handshake(self, effect)
end

-- What became of the octets that TLS was given.
local function look(session)
  local what, err = session.tls:next()
  if what == "handshake" then
    session.secure = true
    if session.state == "greeting" then session:greet() end
    if session.ended then return end
    what, err = session.tls:next()
  end
  if what == "closed" then  -- nothing can be sent after a close_notify
    session.eof = true
    output.mute(session)
  elseif err then
    if not session.secure then session.tls_error = err end
    session.eof = true
    if session.fd then fd_send(session.fd, session.tls) end  -- an alert
    if not session.fd and session.tls:pending() > 0 then
      set(session, "ending", "fin")
    else
      session:finish "fin"
    end
  end
end

-- Send a close_notify. A connection that a fault ends gets no close_notify.
local function finish(session, how)
  if how == "rst" or session.truncated or session.may_send or session.half then
    return
  end
  session.tls:shutdown()
  if session.fd then fd_send(session.fd, session.tls)
  else session.last = (session.last or "") .. (session.tls:out() or "") end
end

-- All octets are sent: start TLS if the last reply says so, unless the
-- connection ends.
local function upgrade(session)
  if not session.upgrade or session.hold or session.ending then return end
  set(session, "upgrade", nil)
  session:start_tls()
end

return { methods = Session, look = look, finish = finish, upgrade = upgrade }
