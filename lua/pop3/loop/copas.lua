--- The `wait` hook for copas: only the calling thread of copas waits.
--
-- copas waits for any object with a method `getfd`. The object that is made here says
-- "timeout" until its descriptor is ready. Versions of copas before 2.0 have no
-- timeouts of their own; they notice one within two minutes.
-- @module pop3.loop.copas
-- @local

local copas = require "copas"
local core = require "pop3.core"

local Waiter = {}
Waiter.__index = Waiter

function Waiter:getfd() return self.fd end
function Waiter.dirty() return false end
function Waiter.settimeout() return 1 end
function Waiter.close() end  -- copas closes the last object that a thread waited for

-- True if it is ready; nil, "closed" after the deadline; nil, "timeout" before it.
local function look(self, mode)
  if core.poll(self.fd, mode, 0) then return true end
  if core.now() >= self.deadline then return nil, "closed" end
  return nil, "timeout"
end

function Waiter:receive()
  local ok, err = look(self, "r")
  if ok then return "r" end
  return nil, err, ""
end

function Waiter:send(octets)
  local ok, err = look(self, "w")
  if ok then return #octets end
  return nil, err, 0
end

--- @tparam integer fd
-- @tparam string mode "r" or "w"
-- @tparam[opt] number seconds
-- @treturn boolean true, or nil, "timeout"
return function(fd, mode, seconds)
  local waiter = setmetatable({
    fd = fd, deadline = seconds and core.now() + seconds or math.huge,
  }, Waiter)
  if seconds and copas.settimeouts then
    copas.settimeouts(waiter, seconds, seconds, seconds)
  elseif seconds and copas.settimeout then
    copas.settimeout(waiter, seconds)
  end
  local ok
  if mode == "r" then ok = copas.receive(waiter, 1)
  else ok = copas.send(waiter, "w") end
  if ok then return true end
  return nil, "timeout"
end
