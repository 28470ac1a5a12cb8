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

--- Take the first value of a buffer.
-- @tparam string buffer
-- @treturn boolean whether there is a whole one
-- @return the value
-- @treturn string what follows it
function wire.decode(buffer)
  if #buffer < 4 then return false end
  local n = string.unpack("<I4", buffer)
  if #buffer < 4 + n then return false end
  local text, rest = string.unpack("<s4", buffer)
  local value = assert(load("return " .. text, "=wire", "t", {}))()
  return true, value, buffer:sub(rest)
end

return wire
