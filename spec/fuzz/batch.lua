-- The target of batch_fuzz.c: the events of a client session that are taken all at once
-- are those that are taken one by one, whatever pieces the octets come in.
--
-- The first octet of the input chooses the limits, the second is a seed for the cuts,
-- the third says how many of the next are commands. The rest comes from the server; an
-- octet 1 in it stands for a long line, so that the storage of bodies becomes strings.

local core = require "pop3.core"

local COMMANDS = { "STAT", "LIST", "LIST 1", "UIDL", "UIDL 1", "RETR 1", "RETR 2",
                   "TOP 1 0", "NOOP", "CAPA", "DELE 1", "XONE", "XTWO", "LANG", "RSET" }
local LONG = ("x"):rep(99998) .. "\r\n"
local LONG_LINES = 8  -- in one input

local function begin(flags)
  local function limit(bit, n) return flags & bit > 0 and n or nil end
  local e = core.client { line = limit(2, 24), listing = limit(4, 3),
                          message = limit(8, 20), drain = limit(16, 9) }
  e:feed "+OK\r\n"
  assert(e:next() == "reply" and e:ask "PASS secret")
  e:feed "+OK\r\n"
  assert(e:next() == "reply")
  return e
end

-- A value as text.
local function shown(value)
  if type(value) ~= "table" then return type(value) .. " " .. tostring(value) end
  local list = {}
  for key, one in pairs(value) do list[#list + 1] = key .. "=" .. shown(one) end
  table.sort(list)
  return "{" .. table.concat(list, ",") .. "}"
end

-- The events as texts. The pieces of a body are one; those of a body that has not ended,
-- or breaks a limit, depend on the cuts.
local Seen = {}
Seen.__index = Seen

function Seen:add(...)
  local what, a = ...
  if what == "data" then
    self.pieces[#self.pieces + 1] = a
    return
  end
  local list = table.pack(...)
  while list.n > 0 and list[list.n] == nil do list.n = list.n - 1 end
  for i = 1, list.n do list[i] = shown(list[i]) end
  if what == "end" then
    local body = table.concat(self.pieces)
    assert(not a or a == #body)
    list[#list + 1] = a and body or nil
    self.pieces = {}
  end
  self[#self + 1] = table.concat(list, " ")
end

local function take_one(e, seen)
  local event = table.pack(e:next())
  if event[1] then seen:add(table.unpack(event, 1, event.n)) end
  return event[1], event[2], event[3]
end

local function take_all(e, seen, list)
  local what, count, code = e:next(list)
  if not what then return nil, count, code end
  assert(what == "events" and count > 0 and #list == count)
  for i = 1, count do
    if type(list[i]) == "string" then seen:add("body", list[i])
    else seen:add(table.unpack(list[i], 1, 6)) end
    list[i] = nil
  end
  assert(next(list) == nil)
  return what
end

-- Ask for all, then give the octets in pieces, and take the events by `take`.
local function play(flags, asked, octets, seed, take)
  local e, list = begin(flags), {}
  local seen = setmetatable({ pieces = {} }, Seen)
  for i = 1, #asked do
    local n = asked:byte(i)
    local line = COMMANDS[n % 128 % (#COMMANDS + 1) + 1]
    if line then e:ask(line, line == "XTWO", n > 127)
    else assert(e:ask_each("RETR", { 1, 22, 333 }, 2, 3)) end
  end
  local at = 1
  while at <= #octets do
    local size = #octets
    if seed > 0 then
      seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
      size = 1 + (seed >> 8) % (1 << (seed >> 3) % 18)
    end
    e:feed(octets:sub(at, at + size - 1))
    at = at + size
    local what, message, code
    repeat what, message, code = take(e, seen, list) until not what
    if message then
      seen:add("error", message, code)
      break
    end
  end
  seen:add("left", e:asked(), e:state())
  e:close()
  return table.concat(seen, "\n")
end

return function(input)
  if #input < 3 then return end
  local flags, seed, count = input:byte(1, 3)
  local asked = input:sub(4, 3 + count % 32)
  local octets, long = input:sub(4 + #asked), 0
  octets = octets:gsub("\1", function()
    long = long + 1
    return long <= LONG_LINES and LONG or nil
  end)
  if flags & 32 > 0 then collectgarbage "generational"
  else collectgarbage "incremental" end
  local expected = play(flags, asked, octets, 0, take_one)
  assert(play(flags, asked, octets, 0, take_all) == expected, "all at once")
  assert(play(flags, asked, octets, seed + 1, take_one) == expected, "one by one")
  assert(play(flags, asked, octets, seed + 1, take_all) == expected, "in pieces")
end
