--- A connection to a server in this process, in memory, as a transport.
-- @module pop3.loopback
-- @local

local Loopback = { __name = "pop3.loopback", loopback = true }
Loopback.__index = Loopback

--- @tparam pop3.server server
local function new(server)
  server:tick()
  return setmetatable({ server = server, session = server:begin() }, Loopback)
end

--- Seconds on the server's clock.
function Loopback:now()
  return self.server:tick()
end

--- How long the next call may wait, in seconds of that clock.
function Loopback:settimeout(seconds)
  self.timeout = seconds
end

-- Look at the clock, which may have moved by itself: what is due comes first.
local function look(server)
  local now = server:tick()
  server:fire()
  return now
end

--- @tparam string octets
-- @treturn integer how many were taken, or nil, "closed"
function Loopback:send(octets)
  local session = self.session
  look(self.server)
  if self.over or session.ended or session.eof then return nil, "closed" end
  session.port:feed(octets)
  session:advance()
  return #octets
end

-- Time passes until something is due, but not beyond the limit.
local function jump(server, limit)
  local due = server:next_due()
  if limit and (not due or due > limit) then
    server:advance(math.max(limit - server:now(), 0))
    return false
  elseif not due or due == math.huge then
    return false
  end
  server:advance(math.max(due - server:now(), 0))
  return true
end

--- @tparam[opt=65536] integer max
-- @treturn string octets, or nil, "timeout" or "closed"
function Loopback:receive(max)
  local server, session = self.server, self.session
  if self.over then return nil, "closed" end
  local now = look(server)
  local limit = self.timeout and now + self.timeout
  max = max or 65536
  while not session.ended do
    local octets = session:take_out(max)
    if octets then return octets end
    if session.ended or session.half then break end
    if server.clock then return nil, "timeout" end
    if not jump(server, limit) then
      octets = not session.ended and session:take_out(max)
      if octets then return octets end
      if not session.ended then return nil, "timeout" end
    end
  end
  local last = session.last
  session.last = nil
  if last then return last end
  return nil, "closed"
end

--- The client's side is closed: what it sent is done, then the session ends.
function Loopback:close()
  local session = self.session
  if self.over then return end
  self.over = true
  if session.ended then return end
  session:gone()
end

return new
