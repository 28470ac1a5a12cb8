--- The channel between a server in a child process and its parent: Lua values
-- as octets. Both ends are the same program.
-- @module pop3.server.channel
-- @local

local core = require "pop3.core"

local channel = {}

-- Tables within tables, at most; the compiler of Lua, which reads them, has a limit of 200.
local DEPTH = 100

local function put(out, value, depth)
  local t = type(value)
  if t == "table" then
    if depth > DEPTH then
      error(("tables are nested more than %d deep"):format(DEPTH), 0)
    end
    out[#out + 1] = "{"
    for k, v in pairs(value) do
      out[#out + 1] = "["
      put(out, k, depth + 1)
      out[#out + 1] = "]="
      put(out, v, depth + 1)
      out[#out + 1] = ","
    end
    out[#out + 1] = "}"
  elseif t == "string" or t == "number" or t == "boolean" or t == "nil" then
    out[#out + 1] = ("%q"):format(value)
  else
    error("a " .. t .. " cannot be sent to another process", 0)
  end
end

--- Encode a value. Raises an error for functions and the like, and for tables that are
-- nested too deeply or hold themselves.
-- @param value of strings, numbers, booleans and tables
-- @treturn string its length in four octets, then the value
function channel.encode(value)
  local out = {}
  put(out, value, 0)
  return string.pack("<s4", table.concat(out))
end

--- Send octets. The other end reads all the time, so this waits only briefly.
-- After "timeout" a part of the octets may be sent, and nothing can follow it.
-- @tparam pop3.core.fd fd
-- @tparam string octets
-- @treturn boolean true, or nil, "closed" or "timeout"
function channel.send(fd, octets)
  local from = 1
  while from <= #octets do
    local n, err = fd:write(octets, from)
    if n then from = from + n
    elseif err ~= "timeout" then return nil, "closed"
    elseif not core.poll(fd:getfd(), "w", 10) then return nil, "timeout" end
  end
  return true
end

local Inbox = {}
Inbox.__index = Inbox

--- Values that come in pieces.
-- @treturn table with `add(octets)` and `next()`
function channel.inbox()
  return setmetatable({ pieces = {}, size = 0, need = 4 }, Inbox)
end

-- Add octets that came.
function Inbox:add(octets)
  self.pieces[#self.pieces + 1] = octets
  self.size = self.size + #octets
end

-- Take the next value, a table; nil if it is not complete.
function Inbox:next()
  if self.size < self.need then return nil end
  local all = table.concat(self.pieces)
  self.pieces = { all }
  self.need = 4 + string.unpack("<I4", all)
  if self.size < self.need then return nil end
  local text, rest = string.unpack("<s4", all)
  all = all:sub(rest)
  self.pieces, self.size, self.need = { all }, #all, 4
  return assert(load("return " .. text, "=channel", "t", {}))()
end

return channel
