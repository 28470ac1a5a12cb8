--- `box:deliver`: the delivery of one message without `pop3.sync`.
-- @module pop3.sync.deliver
-- @local

local argument = require "pop3.util.argument"

-- Write a string, or all of an ltn12 source.
local function write_all(delivery, octets)
  if type(octets) == "string" then return delivery:write(octets) end
  while true do
    local chunk, message = octets()
    if chunk == nil then
      if message == nil then return true end
      return nil, "the source failed: " .. tostring(message), "io"
    end
    local ok, code
    ok, message, code = delivery:write(chunk)
    if not ok then return nil, message, code end
  end
end

-- From a delivery that has all octets to a durable message.
local function complete(self, delivery)
  if self.prepare then
    local marks, message, code = self:prepare { delivery }
    if not marks then
      delivery:abort()
      return nil, message, code
    end
  end
  local ok, message, code = delivery:commit()
  if not ok then return nil, message, code end
  local failed
  ok, failed, code = self:sync()
  if not ok then return nil, failed, code end
  if failed then return nil, select(2, next(failed)), "io" end
  return true
end

--- See `pop3.sync.maildir` and `pop3.sync.mbox`.
-- @tparam table self the box
-- @tparam string|function octets of the message, or an ltn12 source
-- @tparam[opt=1] integer level see `pop3.util.argument`
-- @treturn string the name of the delivery; or nil, message, code
return function(self, octets, level)
  if type(octets) ~= "string" then
    argument.callable(octets, "deliver: the message", level or 1)
  end
  local ok, message, code = self:open()
  if not ok then return nil, message, code end
  local handle = { number = 1 }
  handle.name = self:name(handle)
  local delivery
  delivery, message, code = self:begin(handle)
  if not delivery then return nil, message, code end
  local returned
  returned, ok, message, code = pcall(write_all, delivery, octets)
  if not returned or not ok then delivery:abort() end
  if not returned then error(ok, 0) end  -- the source raised it
  if ok then ok, message, code = complete(self, delivery) end
  if not ok then return nil, message, code end
  return handle.name
end
