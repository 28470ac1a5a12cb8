--- TLS of a session: how it begins, by STLS or with the link, and how it ends.
-- @submodule pop3.server.session

local core = require "pop3.core"
local fault = require "pop3.server.fault"
local faults = require "pop3.server.session.fault"
local rare = require "pop3.server.session.pending"

local fd_send = core.types["pop3.fd"].send
local get, set = rare.get, rare.set

local Session = {}

--- TLS from here on. What came before it was not sent under it, and ends the
-- link.
function Session:start_tls()
  local credentials = self.server.credentials
  if self.engine:unread() > 0 then return self:finish "rst" end
  local effect = faults.struck(self, "tls") or {}
  if credentials.effect then fault.merge(effect, credentials.effect) end
  self.tls = core.tls { context = credentials:context_for(effect),
                        server = true }
  self.tls:wrap(self.engine)
  self.port = self.tls
  local cut = effect.cut
  if cut then
    self.snip, self.snip_how = cut.bytes or 0, cut.how or "fin"
    if self.snip == 0 then set(self, "ending", self.snip_how) end
    effect.cut = nil
  end
  faults.spoil(self, effect)
end

-- What has come of what TLS was given.
local function look(session)
  local what, err = session.tls:next()
  if what == "handshake" then
    session.secure = true
    if session.state == "greeting" then session:greet() end
    if session.ended then return end
    what, err = session.tls:next()
  end
  if what == "closed" then  -- nothing can be said behind that
    session.eof = true
    session.engine:mute()
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

-- The last that is said under TLS: that this is the end. A link that is cut
-- lacks it.
local function finish(session, how)
  if how == "rst" or get(session, "cut") or session.snip or session.half then
    return
  end
  session.tls:shutdown()
  if session.fd then fd_send(session.fd, session.tls)
  else session.last = (session.last or "") .. (session.tls:out() or "") end
end

-- All is sent; does TLS begin now? A link that ends needs none.
local function upgrade(session)
  if not get(session, "upgrade") or get(session, "hold")
     or get(session, "ending") then
    return
  end
  set(session, "upgrade", nil)
  session:start_tls()
end

return { methods = Session, look = look, finish = finish, upgrade = upgrade }
