--- A transport over an object of the user's: `send(octets)` → count or nil,
-- code; `receive(max)` → 1 to max octets as soon as there are any, or nil,
-- "timeout" or "closed"; `close()`. The object does its own waiting. If it has
-- `settimeout(seconds)` it is told, before each call, how long it may; if it
-- has `now()`, that is the clock.
-- @module pop3.io.stream
-- @local

local core = require "pop3.core"

local CHUNK = 65536

local Stream = { waits = false }
Stream.__index = Stream
Stream.__name = "pop3.io.stream"

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

function Stream:send(engine, seconds)
  self:settimeout(seconds)
  local octets = engine:out()
  while octets do
    local n, err = self.object:send(octets)
    if not n then return nil, err == "timeout" and "timeout" or "closed", err end
    n = math.tointeger(n)
    if not n or n < 1 or n > #octets then
      error("the transport's send must return how many octets went", 0)
    end
    engine:sent(n)
    octets = engine:out()
  end
  return true
end

function Stream:recv(engine, seconds)
  self:settimeout(seconds)
  local octets, err = self.object:receive(CHUNK)
  if not octets then
    return nil, err == "timeout" and "timeout" or "closed", err or "closed"
  end
  if type(octets) ~= "string" or octets == "" then
    error("the transport's receive must return one or more octets", 0)
  end
  engine:feed(octets)
  return #octets
end

-- It waits by itself: there is nothing to add.
function Stream.wait()
  return true
end

function Stream.ack() end

function Stream:close()
  self.object:close()
end

return new
