--- Transports: objects that carry the octets of a client connection.
--
-- A transport is an object with these methods. `seconds` is how long a method
-- may wait (nil or math.huge: without limit); where `waits` is true the method
-- does not wait at all, and the caller calls `wait`.
--
-- - `send(engine, seconds, look)`: send what an engine (`pop3.core`) has to send.
--   True when all was sent; or nil, "timeout" or nil, "closed", detail. With `look`,
--   when octets have come that `recv` did not take yet: nil, "input", and nothing is
--   sent
-- - `recv(engine, seconds)`: read once and feed the engine. The count of octets;
--   or nil, "closed", detail; or nil, "timeout" (nothing has come yet); or nil,
--   "timeout", true (the time has passed)
-- - `write(octets, from, seconds)`: send octets once, beginning at index `from`.
--   How many were sent; or nil, "timeout" or nil, "closed", detail
-- - `read(max, seconds)`: 1 to `max` octets; or nil, "timeout" or nil, "closed",
--   detail, where `detail` is nil after an orderly end
-- - `wait(mode, seconds)`: wait until it can be read ("r") or written ("w").
--   True, or nil, "timeout"
-- - `ack()`: have the kernel acknowledge at once what came (see `fd:quickack`)
-- - `shutdown()`: end this side; the peer can still send
-- - `cancel()`: make a call that waits, in another coroutine, end as if the peer had
--   closed the connection
-- - `close()`
--
-- Its fields: `now`, a function that returns the time in seconds; `waits`, true
-- when `wait` waits and the other methods do not; `loopback`, true when the peer
-- is this machine, so that a password in cleartext does not cross a network.
--
-- There are three: `pop3.transport.fd` over a descriptor,
-- `pop3.transport.luasocket` over a LuaSocket object, `pop3.transport.object`
-- over a user's object.
-- @module pop3.transport
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"

local transport = {}

-- Can an object be used as a LuaSocket?
local function is_luasocket(object)
  return object.settimeout and object.getfd and true or false
end

local function is_stream(object)
  return object.send and object.receive and object.close and true or false
end

-- Does an object pass a check? It may raise an error when a field is read.
local function passes(object, check)
  local ok, found = pcall(check, object)
  return ok and found
end

--- The transport over what the option `transport` of `pop3.connect` gives.
-- @tparam integer|table|userdata given a descriptor, a LuaSocket object, or a
-- byte stream
-- @tparam ?function wait the option `wait` of `pop3.connect`
-- @tparam string label for the messages of misuse errors
-- @tparam integer level see `pop3.util.argument`
-- @treturn table a transport, or nil, message, "io"
function transport.over(given, wait, label, level)
  if type(given) == "number" then  -- LuaSocket's getfd returns floats
    local number = math.tointeger(given)
    if not number or number < 0 then
      argument.misuse(level + 1, "%s: not a descriptor: %s", label, given)
    end
    local fd, err = core.fd(number)
    if not fd then return nil, err, "io" end
    return require "pop3.transport.fd"(fd, wait)
  elseif passes(given, is_luasocket) then
    return require "pop3.transport.luasocket"(given, wait)
  elseif passes(given, is_stream) then
    return require "pop3.transport.object"(given)
  end
  argument.misuse(level + 1, "%s: transport must be a descriptor, a socket, or "
                  .. "an object with send, receive and close", label)
end

return transport
