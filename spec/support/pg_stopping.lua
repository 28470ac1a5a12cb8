--- A proxy of PostgreSQL in a child process (`spec.support.pg_child`). It holds back all
-- octets, on all connections, after a number of messages of the clients: the server sees
-- the same as of a client that is frozen at that place.
--
--    local proxy <close> = stopping(server(), url, 40, true)  -- in the 40th message
--    proxy:has_stopped()
--    proxy:go_on()           -- the connections end, and new ones pass
--    proxy:count()           -- messages until now

local core = require "pop3.core"
local helper = require "spec.helper"
local child = require "spec.support.pg_child"

local Stopping = { __close = child.close }
Stopping.__index = Stopping

-- Call a function with the octets that each message of a piece has in it until its end;
-- the function ends the loop by true. `pair` keeps an incomplete message. The first
-- message of a connection has no type.
local function each_message(pair, octets, fn)
  pair.rest, pair.head = (pair.rest or 0), pair.head or ""
  local at = 1
  while at <= #octets do
    if pair.rest == 0 then
      local size = pair.begun and 5 or 4
      local missing = size - #pair.head
      pair.head = pair.head .. octets:sub(at, at + missing - 1)
      at = at + missing
      if #pair.head < size then return end
      pair.rest = string.unpack(">I4", pair.head, size - 3) - 4
      pair.head, pair.begun = "", true
    end
    local step = math.min(pair.rest, #octets - at + 1)
    at, pair.rest = at + step, pair.rest - step
    if pair.rest == 0 and fn(at - 1) then return end
  end
end

-- Set the rule of a proxy; what answers the parent, whose descriptor is `its`.
local function begin(proxy, its, most, is_half)
  local count, stopped, before, pairs_seen = 0, false, 0, {}
  function proxy.rule(from, octets, _, pair)
    pairs_seen[pair] = true
    if stopped then return 0 end
    if from ~= "client" then return "pass" end
    local last, answer = 0, "pass"
    each_message(pair, octets, function(at)
      count = count + 1
      before, last = last, at
      if count < most then return false end
      stopped, answer = true, is_half and (before + at) // 2 or at
      return true
    end)
    if stopped then helper.say(its, "stopped\n") end
    return answer
  end
  return function(asked)
    if asked:find "go" then
      most, stopped = math.huge, false
      for pair in pairs(pairs_seen) do
        if pair.pumps > 0 then
          pair.client:shutdown(true)
          pair.upstream:shutdown(true)
        end
      end
    end
    return count
  end
end

local function ask(self, what)
  helper.say(self.fd, what .. "\n")
  local told = helper.hear(self.fd)
  if told:find "stopped" then
    self.stopped = true
    told = told:gsub("stopped\n", "")
    if told == "" then told = helper.hear(self.fd) end
  end
  return math.tointeger(tonumber(told))
end

--- Has it stopped?
function Stopping:has_stopped()
  if not self.stopped and core.poll(self.fd:getfd(), "r", 0) then
    self.stopped = helper.hear(self.fd) == "stopped\n"
  end
  return self.stopped
end

--- How many messages came until now.
function Stopping:count()
  return ask(self, "count")
end

--- All connections end, and all passes from now on.
function Stopping:go_on()
  ask(self, "go")
end

return function(server, url, most, is_half)
  local self = child.start(server, url, function(proxy, its)
    return begin(proxy, its, most, is_half)
  end)
  self.stopped = false
  return setmetatable(self, Stopping)
end
