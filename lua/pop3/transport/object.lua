--- A byte stream that a program supplies, for the option `transport` of `pop3.connect`: any
-- object that has these methods. `pop3.server:loopback` returns one.
--
-- The object does its own waiting. TLS, if the options ask for it, runs on top of it.
-- Its fields, all optional:
--
-- - **loopback**: true if the peer is this machine, so that a password in cleartext
--   does not cross a network. Without it, the peer counts as a foreign host.
-- - **now**: a function that is called with the object and returns the time in
--   seconds, in place of the system's clock.
-- @interface transport
-- @usage
-- local stream = { sent = "" }
-- function stream:send(octets) self.sent = self.sent .. octets return #octets end
-- function stream:receive() return nil, "closed" end
-- function stream:close() end

--- Send octets.
-- @tparam string octets
-- @treturn[1] integer how many were sent: 1 or more
-- @treturn[2] nil
-- @treturn[2] string "timeout" or "closed"
-- @function send

--- Receive octets, as soon as there are any.
-- @tparam integer max
-- @treturn[1] string 1 to `max` octets
-- @treturn[2] nil
-- @treturn[2] string "timeout" or "closed"
-- @function receive

--- Whether octets can be received at once. Optional: the client calls it before it
-- sends a command, to notice an unsolicited reply. Without it, an object
-- with `settimeout` is asked to receive within 0 seconds.
-- @treturn boolean
-- @function pending

--- Close the connection.
-- @function close

--- Say how long the next operation may take. Optional: it is called before each `send`
-- and `receive`.
-- @tparam ?number seconds nil for no limit
-- @function settimeout

--- End this side of the connection; the peer can still send. Optional.
-- @function shutdown

local core = require "pop3.core"

local type = type

local CHUNK = 65536

local Stream = { waits = false }
Stream.__index = Stream
Stream.__name = "pop3.transport.object"

local function new(object)
  local clock = object.now
  return setmetatable({
    object = object,
    loopback = object.loopback == true,
    early = false,  -- what was received before a read asked for it
    now = clock and function() return clock(object) end or core.now,
  }, Stream)
end

local function write(self, octets, from, seconds)
  local object = self.object
  local settimeout = object.settimeout
  if settimeout then settimeout(object, seconds) end
  if from > 1 then octets = octets:sub(from) end
  local n, err = object:send(octets)
  if n == #octets then return #octets end
  if not n then return nil, err == "timeout" and "timeout" or "closed", err end
  n = math.tointeger(n)
  if not n or n < 1 or n > #octets then
    error("the transport's send must return how many octets it took", 0)
  end
  return n
end

-- Whether octets have come. Without `pending`, an object with `settimeout` is asked
-- to receive without waiting; what it returns is kept for the next read. An object
-- with neither cannot tell.
local function has_input(self)
  local object = self.object
  local pending = object.pending
  if pending then
    local come = pending(object)
    if come and come ~= true then  -- a count of 0 would be true
      error("the transport's pending must return a boolean", 0)
    end
    return come
  end
  if self.early then return self.early[1] ~= nil end
  if not object.settimeout then return false end
  local octets, err, detail = self:read(CHUNK, 0)
  if octets or err == "closed" then self.early = { octets, err, detail } end
  return octets ~= nil
end

local function take_early(self)
  local early = self.early
  self.early = false
  return table.unpack(early, 1, 3)
end

local function read(self, max, seconds)
  if self.early then return take_early(self) end
  local object = self.object
  local settimeout = object.settimeout
  if settimeout then settimeout(object, seconds) end
  local octets, err = object:receive(max)
  if not octets then
    if err == "timeout" then return nil, err end
    return nil, "closed", err ~= "closed" and err or nil
  end
  if type(octets) ~= "string" or octets == "" or #octets > max then
    error("the transport's receive must return 1 to max octets", 0)
  end
  return octets
end

Stream.write, Stream.read = write, read

function Stream:send(engine, seconds, look)
  if look and has_input(self) then return nil, "input" end
  local octets = engine:out()
  while octets do
    local n, err, detail = write(self, octets, 1, seconds)
    if not n then return nil, err, detail end
    octets = engine:sent(n) > 0 and engine:out()
  end
  return true
end

function Stream:recv(engine, seconds)
  local octets, err, detail = read(self, CHUNK, seconds)
  -- the object has waited: its timeout is final
  if err == "timeout" then return nil, "timeout", true end
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

function Stream:cancel()
  self.object:close()
end

function Stream:close()
  self.object:close()
end

return new
