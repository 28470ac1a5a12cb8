--- A transport over a LuaSocket object, or one that is like it (LuaSec's),
-- by its public methods: what it has buffered is not lost, and what it does
-- to the octets stays done.
-- @module pop3.io.socket
-- @local

local core = require "pop3.core"

local CHUNK = 65536

local Socket = { waits = true, now = core.now }
Socket.__index = Socket
Socket.__name = "pop3.io.socket"

local function new(sock, wait)
  sock:settimeout(0)
  local host = sock.getpeername and sock:getpeername()
  return setmetatable({
    sock = sock,
    hook = wait or core.poll,
    loopback = host == "::1"
               or type(host) == "string" and host:find "^127%." ~= nil,
  }, Socket)
end

-- LuaSec says what it waits for; LuaSocket says "timeout".
local waiting = { timeout = true, wantread = true, wantwrite = true }

function Socket:send(engine)
  local octets = engine:out()
  while octets do
    local last, err, part = self.sock:send(octets)
    engine:sent(last or part or 0)
    if not last then
      return nil, waiting[err] and "timeout" or "closed", err
    end
    octets = engine:out()
  end
  return true
end

function Socket:recv(engine, seconds)
  local sock = self.sock
  if seconds ~= 0 and not (sock.dirty and sock:dirty()) then
    local ok, err = self:wait("r", seconds)
    if not ok then return nil, err or "timeout", err or true end
  end
  local octets, err, part = sock:receive(CHUNK)
  octets = octets or part
  if octets and #octets > 0 then
    engine:feed(octets)
    return #octets
  end
  if waiting[err] then return nil, "timeout" end
  return nil, "closed", err
end

function Socket:wait(mode, seconds)
  return self.hook(self.sock:getfd(), mode, seconds)
end

function Socket.ack() end

function Socket:close()
  self.sock:close()
end

return new
