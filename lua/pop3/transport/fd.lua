--- A transport over the descriptor of a stream socket: the kernel and an engine
-- exchange octets in C. It is what a client session uses by default.
-- @module pop3.transport.fd
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"

local Fd = { waits = true, now = core.now }
Fd.__index = Fd
Fd.__name = "pop3.transport.fd"

--- Wrap a descriptor.
-- @tparam pop3.fd fd
-- @tparam[opt] function wait the `wait` option of `pop3.connect`
local function new(fd, wait)
  local peer, host = fd:peer()
  return setmetatable({
    fd = fd,
    number = fd:getfd(),
    hook = wait or core.poll,
    more = false,
    closed = false,
    loopback = peer == "local" or address.is_loopback(host),
  }, Fd)
end

function Fd:send(engine, _, look)
  return self.fd:send(engine, nil, look)
end

function Fd:recv(engine, seconds)
  if not self.more and seconds ~= 0 then
    local ok, err = self.hook(self.number, "r", seconds)
    if not ok then return nil, err or "timeout", err or true end
    if self.closed then return nil, "closed" end  -- by another coroutine
  end
  local n, more, detail = self.fd:recv(engine)
  if not n then
    self.more = false
    return nil, more, detail
  end
  self.more = more
  return n
end

function Fd:read(max)
  return self.fd:read(max)
end

function Fd:write(octets, from)
  return self.fd:write(octets, from)
end

function Fd:wait(mode, seconds)
  return self.hook(self.number, mode, seconds)
end

function Fd:ack()
  self.fd:quickack()
end

function Fd:shutdown()
  self.fd:shutdown()
end

function Fd:cancel()
  self.fd:shutdown(true)
end

function Fd:close()
  self.closed = true
  self.fd:close()
end

return new
