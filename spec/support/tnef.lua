-- Makes TNEF (MS-OXTNEF), for the specs that read it.

local M = {}

local function attribute(level, id, data)
  local sum = 0
  for i = 1, #data do sum = (sum + data:byte(i)) & 0xFFFF end
  return ("<I1I4s4I2"):pack(level, id, data, sum)
end

-- MAPI properties from a list of { type, id, octets or number }.
local function properties(list)
  local t = { ("<I4"):pack(#list) }
  for _, p in ipairs(list) do
    local kind, id, value, name = table.unpack(p, 1, 4)
    t[#t + 1] = ("<I2I2"):pack(kind, id)
    if name then t[#t + 1] = ("G"):rep(16) .. name end
    if type(value) == "number" then
      t[#t + 1] = ("<I4"):pack(value)
    else
      t[#t + 1] = ("<I4s4"):pack(1, value) .. ("\0"):rep(-#value % 4)
    end
  end
  return table.concat(t)
end

-- The whole, from { subject =, text =, properties =, attachments = { { title =,
-- octets =, properties = } } }.
function M.make(opts)
  local t = { ("<I4I2"):pack(0x223E9F78, 1),
    attribute(1, 0x89006, ("<I4"):pack(0x10000)),
    attribute(1, 0x69007, ("<I4I4"):pack(opts.codepage or 1252, 0)) }
  if opts.subject then
    t[#t + 1] = attribute(1, 0x18004, opts.subject .. "\0")
  end
  if opts.text then t[#t + 1] = attribute(1, 0x2800C, opts.text .. "\0") end
  if opts.properties then
    t[#t + 1] = attribute(1, 0x69003, properties(opts.properties))
  end
  for _, a in ipairs(opts.attachments or {}) do
    t[#t + 1] = attribute(2, 0x69002, ("\1\0"):rep(1) .. ("\0"):rep(12))
    t[#t + 1] = attribute(2, 0x18010, a.title .. "\0")
    if a.octets then t[#t + 1] = attribute(2, 0x6800F, a.octets) end
    if a.properties then
      t[#t + 1] = attribute(2, 0x69005, properties(a.properties))
    end
  end
  return table.concat(t)
end

-- The same as a message with nothing else in it.
function M.message(octets)
  local core = require "pop3.core"
  return require "pop3.message".parse("Content-Type: application/ms-tnef; "
    .. "name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    .. core.encode.base64(octets))
end

return M
