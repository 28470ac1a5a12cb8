--- A transport over a LuaSocket object, or an object with the same methods
-- (LuaSec). It uses the public methods only, so that octets in the buffer of the
-- object are not lost, and TLS of LuaSec stays in effect.
-- @module pop3.transport.luasocket
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"

local CHUNK = 65536

local Socket = { waits = true, now = core.now }
Socket.__index = Socket
Socket.__name = "pop3.transport.luasocket"

local function new(sock, wait)
  sock:settimeout(0)
  local host = sock.getpeername and sock:getpeername()
  return setmetatable({
    sock = sock,
    hook = wait or core.poll,
    loopback = type(host) == "string" and address.is_loopback(host),
  }, Socket)
end

-- Errors that mean "not now": LuaSocket's, and the two of LuaSec.
local waiting = { timeout = true, wantread = true, wantwrite = true }

-- Whether octets have come. They, or the end, are kept for the next read.
local function has_input(self)
  if self.early then return self.early[1] ~= nil end
  local octets, err, detail = self:read(CHUNK)
  if octets or err == "closed" then self.early = { octets, err, detail } end
  return octets ~= nil
end

local function take_early(self)
  local early = self.early
  self.early = nil
  return table.unpack(early, 1, 3)
end

function Socket:send(engine, _, look)
  if look and has_input(self) then return nil, "input" end
  local octets = engine:out()
  while octets do
    local last, err, part = self.sock:send(octets)
    local more = engine:sent(last or part or 0) > 0
    if not last then
      return nil, waiting[err] and "timeout" or "closed", err
    end
    octets = more and engine:out()
  end
  return true
end

function Socket:recv(engine, seconds)
  local sock = self.sock
  if not self.early and seconds ~= 0 and not (sock.dirty and sock:dirty()) then
    local ok, err = self:wait("r", seconds)
    if not ok then return nil, err or "timeout", err or true end
  end
  local octets, err, detail = self:read(CHUNK)
  if not octets then return nil, err, detail end
  engine:feed(octets)
  return #octets
end

function Socket:read(max)
  if self.early then return take_early(self) end
  local octets, err, part = self.sock:receive(max)
  octets = octets or part
  if octets and #octets > 0 then return octets end
  return nil, waiting[err] and "timeout" or "closed", err ~= "closed" and err
                                                      or nil
end

function Socket:write(octets, from)
  local last, err, part = self.sock:send(octets, from)
  if last then return last - from + 1 end
  if part and part >= from then return part - from + 1 end
  return nil, waiting[err] and "timeout" or "closed", err
end

function Socket:wait(mode, seconds)
  return self.hook(self.sock:getfd(), mode, seconds)
end

function Socket.ack() end

function Socket:shutdown()
  if self.sock.shutdown then self.sock:shutdown "send" end
end

function Socket:cancel()
  if self.sock.shutdown then self.sock:shutdown "both" end
end

function Socket:close()
  self.sock:close()
end

return new
