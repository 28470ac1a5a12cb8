--- Connecting by TCP: names by LuaSocket, waiting by the `wait` hook.
-- @module pop3.io.connect
-- @local

local core = require "pop3.core"
local socket = require "socket"

-- One address: a connected LuaSocket object, or nil, message, code.
local function try(address, port, deadline, wait)
  local make = address.family == "inet6" and socket.tcp6 or socket.tcp4
  local sock, err = make()
  if not sock then return nil, err, "connect" end
  sock:settimeout(0)
  local ok
  ok, err = sock:connect(address.addr, port)
  while not ok and (err == "timeout" or err == "Operation already in progress")
  do
    local left = deadline - core.now()
    if left <= 0 or not wait(sock:getfd(), "w", left) then
      sock:close()
      return nil, "timeout", "timeout"
    end
    ok, err = sock:connect(address.addr, port)
    if err == "already connected" then ok = 1 end
  end
  if not ok then
    sock:close()
    return nil, err, "connect"
  end
  return sock
end

--- Connect to a host.
-- @tparam string host a name or an address
-- @tparam integer port
-- @tparam number seconds for all of its addresses together
-- @tparam function wait
-- @tparam[opt] function resolve `function(host)` → a list of `{ family = "inet" or
-- "inet6", addr = }`, or nil, message; by default LuaSocket, which blocks
-- @treturn pop3.fd or nil, message, code ("connect" or "timeout")
return function(host, port, seconds, wait, resolve)
  local deadline = core.now() + seconds
  local found, err = (resolve or socket.dns.getaddrinfo)(host)
  if not found then return nil, err, "connect" end
  local message, code = "no addresses", "connect"
  for _, address in ipairs(found) do
    local sock, e, c = try(address, port, deadline, wait)
    if sock then
      local fd = sock:getfd()
      sock:setfd(-1)
      return core.fd(fd)
    end
    message, code = e, c
    if c == "timeout" then break end
  end
  return nil, message, code
end
