--- Lua values as octets and back, for the channel between a server in a child
-- process and its parent. Both ends are the same program.
-- @module pop3.wire
-- @local

local wire = {}

local function put(out, value)
  local t = type(value)
  if t == "table" then
    out[#out + 1] = "{"
    for k, v in pairs(value) do
      out[#out + 1] = "["
      put(out, k)
      out[#out + 1] = "]="
      put(out, v)
      out[#out + 1] = ","
    end
    out[#out + 1] = "}"
  elseif t == "string" or t == "number" or t == "boolean" or t == "nil" then
    out[#out + 1] = ("%q"):format(value)
  else
    error("a " .. t .. " cannot go to another process", 0)
  end
end

--- A value, behind its length in four octets.
function wire.encode(value)
  local out = {}
  put(out, value)
  return string.pack("<s4", table.concat(out))
end

local Inbox = {}
Inbox.__index = Inbox

--- What has come, in pieces, until it makes whole values.
function wire.inbox()
  return setmetatable({ pieces = {}, size = 0, need = 4 }, Inbox)
end

--- Octets that came.
function Inbox:add(octets)
  self.pieces[#self.pieces + 1] = octets
  self.size = self.size + #octets
end

--- Take the next value, which is a table; nil if it is not all there.
function Inbox:next()
  if self.size < self.need then return nil end
  local all = table.concat(self.pieces)
  self.pieces = { all }
  self.need = 4 + string.unpack("<I4", all)
  if self.size < self.need then return nil end
  local text, rest = string.unpack("<s4", all)
  all = all:sub(rest)
  self.pieces, self.size, self.need = { all }, #all, 4
  return assert(load("return " .. text, "=wire", "t", {}))()
end

return wire
