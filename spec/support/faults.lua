-- Faults for the specs: values drawn from the shapes of the rows, and a check that an
-- effect shows (a client sees a difference).

local fault = require "pop3.server.fault"
local place = require "pop3.server.fault.place"
local pop3 = require "pop3"
local shape = require "pop3.server.fault.shape"
local talk = require "spec.support.talk"

local faults = {}

-- ------------------------------------------------------------------- samples

local WORDS = { "+OK", "-ERR [SYS/TEMP] no", "x", "", "1 2\r\n" }

local function sample_number(s, random)
  if s.type == "integer" then
    if not s.least then return random(2000) - 1000 end
    return s.least + random(({ 10, 100, 1000 })[random(3)]) - 1
  end
  return s.above and s.above + random(30) / 10 or s.least + random(400) / 10
end

--- A value of a shape, for an effect at a place; `random(n)` returns a number from
-- 1 to n.
function faults.sample(s, random, where)
  if s.type == "boolean" then return true
  elseif s.type == "choice" then return s[random(#s)]
  elseif s.type == "string" then return WORDS[random(#WORDS)]
  elseif s.type ~= "table" then return sample_number(s, random) end
  local made = {}
  for _, field in ipairs(s.fields) do
    local name, of = field[1], field[2]
    if (of.at or where) == where and random(2) == 1 then
      made[name] = faults.sample(of, random, where)
    end
  end
  return made
end

--- The rows of the effects that apply at a place: name → function of `random`.
function faults.effects_at(where)
  local found = {}
  for _, row in ipairs(fault.effects) do
    for _, at in ipairs(row.at) do
      if at == where then
        found[row.name] = function(random)
          return faults.sample(row.value, random, where)
        end
      end
    end
  end
  return found
end

-- -------------------------------------------------------------- events seen

local MAIL = { "Subject: 1\r\n\r\n.one\r\n", "Subject: 2\r\n\r\ntwo\r\n" }
local VERBS = { "STAT", "LIST", "UIDL", "RETR", "NOOP" }
local LINES = { "STAT", "LIST", "UIDL", "RETR 1", "NOOP", "QUIT" }
local PATIENCE = 100  -- seconds of the server's clock without an octet

local function server(f, opts)
  opts = opts or {}
  opts.users = { u = { password = "pw", mail = MAIL } }
  opts.faults = { f }
  return pop3.server.new(opts)
end

-- All that comes until nothing does: each piece with its time.
local function drain(transport, s, seen)
  while true do
    local octets, err = transport:receive(65536)
    seen[#seen + 1] = ("%.3f %s"):format(s:now(), octets or err)
    if not octets then return err ~= "closed" end
  end
end

-- The octets that a plain client sees.
local observe = {}

function observe.connection(f)
  local s, seen = server(f), {}
  local transport = s:loopback()
  transport:settimeout(PATIENCE)
  drain(transport, s, seen)
  return table.concat(seen, "\n")
end

function observe.reply(f)
  local s, seen = server(f), {}
  local t = talk.to(s)
  t:login()
  t.transport:settimeout(PATIENCE)
  for _, line in ipairs(LINES) do
    if not t:send(line .. "\r\n") or not drain(t.transport, s, seen) then
      break
    end
  end
  return table.concat(seen, "\n")
end

-- What our client makes of a handshake, and when.
function observe.handshake(f)
  local s = server(f, { tls = "auto" })
  local c, _, code = pop3.connect { transport = s:loopback(), tls = "stls",
    host = "localhost", cafile = s.cafile, user = "u", password = "pw",
    timeout = PATIENCE }
  if c then c:close() end
  return ("%s %.3f"):format(code or "in", s:now())
end

-- The faults with one effect at a place.
local function each_fault(row, where, value)
  if where == "connection" then
    return { { hook = "connect", [row.name] = value } }
  elseif where == "handshake" then
    return { { hook = "tls", [row.name] = value } }
  end
  local list = {}
  for _, verb in ipairs(VERBS) do
    list[#list + 1] = { verb = verb, [row.name] = value }
  end
  return list
end

local TRIES = 30

-- Does an effect show at a place, with one of some values?
local function shows(row, where, random)
  local without = observe[where]()
  for _ = 1, TRIES do
    local value = faults.sample(row.value, random, where)
    for _, f in ipairs(each_fault(row, where, value)) do
      if observe[where](f) ~= without then return true end
    end
  end
  return false
end

--- Check that each effect shows at each of its places. Raises an error with the
-- name of one that does not.
function faults.check_all_show(random)
  for _, row in ipairs(fault.effects) do
    for _, where in ipairs(row.at) do
      if not shows(row, where, random) then
        error(("the effect %s does nothing: %s"):format(row.name, where), 0)
      end
    end
  end
end

--- Add a row to the effects while `act` runs.
function faults.with_effect(row, act)
  table.insert(fault.effects, row)
  local ok, err = pcall(act)
  assert(table.remove(fault.effects) == row)
  if not ok then error(err, 0) end
end

-- --------------------------------------------------------------- the README

--- The rows of the README's table of effects, as the rows of the effects say.
function faults.table_of_effects()
  local list = {}
  for _, row in ipairs(fault.effects) do
    list[#list + 1] = ("| `%s` | %s | %s | %s |"):format(row.name,
      shape.describe(row.value), table.concat(row.at, ", "), row.text)
  end
  return list
end

--- And those of the table of the fields that say where a fault applies.
function faults.table_of_places()
  local list = {}
  for _, row in ipairs(place.fields) do
    list[#list + 1] = ("| `%s` | %s | %s |"):format(row.name,
      shape.describe(row.value), row.text)
  end
  return list
end

--- The page of the reference, lua/pop3/server/fault/fields.ldoc.
function faults.reference()
  local out = { "--- Fields of a fault that say where it applies.", "-- @table where" }
  for _, row in ipairs(place.fields) do
    out[#out + 1] = ("-- @field %s %s. %s"):format(row.name,
      shape.describe(row.value), row.text)
  end
  out[#out + 1] = ""
  out[#out + 1] = "--- Fields of a fault that say what goes wrong: its effects."
  out[#out + 1] = "-- @table effects"
  for _, row in ipairs(fault.effects) do
    out[#out + 1] = ("-- @field %s %s. At: %s. %s"):format(row.name,
      shape.describe(row.value), table.concat(row.at, ", "), row.text)
  end
  return "--- The fields of a fault. This file is made from the rows in init.lua and "
         .. "place.lua;\n-- spec/unit/server_readme_spec.lua compares them.\n"
         .. "-- @submodule pop3.server.fault\n\n" .. table.concat(out, "\n") .. "\n"
end

return faults
