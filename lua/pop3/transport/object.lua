--- A transport over a user's object, the byte stream that the option `transport`
-- of `pop3.connect` describes: `send(octets)` returns a count, or nil and a
-- code; `receive(max)` returns 1 to `max` octets as soon as there are any, or
-- nil, "timeout" or nil, "closed"; `close()`.
--
-- The object does its own waiting. If it has `settimeout(seconds)`, that is
-- called before each operation with the seconds that it may take. If it has
-- `now()`, that is the clock. If its field `loopback` is true, the peer counts
-- as this machine.
-- @module pop3.transport.object
-- @local

local core = require "pop3.core"

local CHUNK = 65536

local Stream = { waits = false }
Stream.__index = Stream
Stream.__name = "pop3.transport.object"

local function new(object)
  local clock = object.now
  return setmetatable({
    object = object,
    loopback = object.loopback == true,
    now = clock and function() return clock(object) end or core.now,
  }, Stream)
end

function Stream:settimeout(seconds)
  local object = self.object
  if object.settimeout then object:settimeout(seconds) end
end

function Stream:write(octets, from, seconds)
  self:settimeout(seconds)
  if from > 1 then octets = octets:sub(from) end
  local n, err = self.object:send(octets)
  if not n then return nil, err == "timeout" and "timeout" or "closed", err end
  n = math.tointeger(n)
  if not n or n < 1 or n > #octets then
    error("the transport's send must return how many octets it took", 0)
  end
  return n
end

function Stream:read(max, seconds)
  self:settimeout(seconds)
  local octets, err = self.object:receive(max)
  if not octets then
    if err == "timeout" then return nil, err end
    return nil, "closed", err ~= "closed" and err or nil
  end
  if type(octets) ~= "string" or octets == "" or #octets > max then
    error("the transport's receive must return 1 to max octets", 0)
  end
  return octets
end

function Stream:send(engine, seconds)
  local octets = engine:out()
  while octets do
    local n, err, detail = self:write(octets, 1, seconds)
    if not n then return nil, err, detail end
    engine:sent(n)
    octets = engine:out()
  end
  return true
end

function Stream:recv(engine, seconds)
  local octets, err, detail = self:read(CHUNK, seconds)
  if not octets then return nil, err, detail end
  engine:feed(octets)
  return #octets
end

-- The object waits by itself.
function Stream.wait()
  return true
end

function Stream.ack() end

function Stream:shutdown()
  local object = self.object
  if object.shutdown then object:shutdown() end
end

function Stream:close()
  self.object:close()
end

return new
