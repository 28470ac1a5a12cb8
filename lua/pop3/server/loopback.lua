--- A connection in memory to a server in this process: the transport that
-- `server:loopback` returns.
-- @module pop3.server.loopback
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

--- The seconds on that clock that the next calls may wait.
function Loopback:settimeout(seconds)
  self.timeout = seconds
end

-- Read the clock, which may run by itself, and run the timers that are due.
local function look(server)
  local now = server.time
  if server.clock or server.started then now = server:tick() end
  local at, idle = server.heap.at[1], server.idle.after.due
  if at and at <= now or idle and idle <= now then server:fire() end
  return now
end

-- Call a function that runs handlers; when one of them has stopped the server,
-- stop it afterwards.
local function in_step(server, act, it, max)
  if server.stepping then return act(it, max) end  -- the client is in a handler
  server.stepping = true
  local ok, a, b = pcall(act, it, max)
  server.stepping = false
  if not ok then error(a, 0) end
  if server.stopping then server:stop() end
  return a, b
end

--- Whether octets can be received now, without a move of the clock.
-- @treturn boolean
function Loopback:pending()
  local session = self.session
  if self.over then return false end
  if session.ended then return (session.last or "") ~= "" end
  return not (session.held or session.may_send) and session.port:pending() > 0
end

--- @tparam string octets
-- @treturn integer how many were taken, or nil, "closed"
function Loopback:send(octets)
  local session = self.session
  look(self.server)
  if self.over or session.ended or session.eof then return nil, "closed" end
  session.port:feed(octets)
  in_step(self.server, session.advance, session)
  return #octets
end

-- Move the clock to the next timer, but not beyond the limit. Returns false when
-- there is no timer before the limit.
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

-- The octets that were not received when the session ended.
local function rest(session, max)
  local last = session.last or ""
  if last == "" then return nil, "closed" end
  session.last = last:sub(max + 1)
  return last:sub(1, max)
end

local TURNS = 1000  -- of handlers, while the script's clock stands still

local function receive(self, max)
  local server, session = self.server, self.session
  local now = look(server)
  local limit, turns = self.timeout and now + self.timeout, 0
  while not session.ended do
    local octets = session:take_out(max)
    if octets then return octets end
    if session.ended or session.half then break end
    if server.clock then
      turns = turns + 1
      if turns > TURNS or (server:next_due() or math.huge) > server:tick() then
        return nil, "timeout"
      end
      server:fire()
    elseif not jump(server, limit) then
      octets = not session.ended and session:take_out(max)
      if octets then return octets end
      if not session.ended then return nil, "timeout" end
    end
  end
  return rest(session, max)
end

--- @tparam[opt=65536] integer max
-- @treturn string octets, or nil, "timeout" or "closed"
function Loopback:receive(max)
  max = max or 65536
  if self.over then return nil, "closed" end
  local octets = self.session:ready_out(max)
  if octets then return octets end
  return in_step(self.server, receive, self, max)
end

--- Close the client's side: the commands that it sent are executed, then the
-- session ends.
function Loopback:close()
  local session = self.session
  if self.over then return end
  self.over = true
  if session.ended then return end
  session:gone()
end

return new
