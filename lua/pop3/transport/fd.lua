--- A transport over a descriptor: octets go between the kernel and the
-- engine in C. Waiting goes through the one `wait` hook.
--
-- All transports have the same methods:
--
-- - `send(engine, seconds)`: true when all is gone, or nil, "timeout" or
--   "closed"
-- - `recv(engine, seconds)`: octets that came, or nil, "closed", or nil,
--   "timeout" (nothing has come yet), or nil, "timeout", true (time is up)
-- - `wait(mode, seconds)`: true, or nil, "timeout"
-- - `ack()`: have what came acknowledged at once
-- - `close()`
--
-- and the fields `now` (a clock), `waits` (`wait` waits, so a timeout of `send`
-- is not the end) and `loopback`.
-- @module pop3.io.fd
-- @local

local core = require "pop3.core"

local Fd = { waits = true, now = core.now }
Fd.__index = Fd
Fd.__name = "pop3.io.fd"

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
    loopback = peer == "local" or host == "::1" or host ~= nil
               and (host:find "^127%." or host:find "^::ffff:127%.") ~= nil,
  }, Fd)
end

function Fd:send(engine)
  return self.fd:send(engine)
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

function Fd:wait(mode, seconds)
  return self.hook(self.number, mode, seconds)
end

function Fd:ack()
  self.fd:quickack()
end

function Fd:close()
  self.closed = true
  self.fd:close()
end

return new
