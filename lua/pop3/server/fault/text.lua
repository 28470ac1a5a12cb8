--- Faults as text: `verb=UIDL times=1 cut.lines=1`. The option `--fault` of
-- `pop3 serve` and the `!` lines of transcripts are written so.
--
-- A word is `name=value`, `name.field=value` for a field of a table, or `name`
-- for true. A value with blanks stands in quotes, in which `\r`, `\n`, `\t`,
-- `\\` and `\"` are escapes: `reply="-ERR [SYS/TEMP] not now"`.
-- @module pop3.server.fault.text
-- @local

local fault = require "pop3.server.fault"
local place = require "pop3.server.fault.place"

local ESCAPES = { r = "\r", n = "\n", t = "\t", ["\\"] = "\\", ['"'] = '"' }

-- The type of a value; nil for a name that no fault has.
local function type_of(name, field)
  for _, rows in ipairs { place.fields, fault.effects } do
    for _, row in ipairs(rows) do
      if row.name == name and not field then return row.value.type end
      for _, inner in ipairs(row.name == name and row.value.fields or {}) do
        if inner[1] == field then return inner[2].type end
      end
    end
  end
end

-- A value as its type asks; one that does not fit stays a string, which the
-- check of the fault refuses.
local function value_of(text, kind)
  if text == nil then return true end
  if kind == "string" or kind == "choice" then return text end
  if text == "true" then return true end
  return math.tointeger(tonumber(text)) or tonumber(text) or text
end

-- The word at an index: name, value or nil, the index after it; nil at the
-- end; nil, message.
local function next_word(text, at)
  at = text:match("^%s*()", at)
  if at > #text then return nil end
  local name, stop = text:match("^([%w_.]+)()", at)
  if not name then
    return nil, ("'%s' is not name=value"):format(text:sub(at))
  elseif text:sub(stop, stop) ~= "=" then
    if text:find("^%S", stop) then
      return nil, ("'%s' is not name=value"):format(text:sub(at))
    end
    return name, nil, stop
  elseif text:sub(stop + 1, stop + 1) ~= '"' then
    local value
    value, stop = text:match("^(%S*)()", stop + 1)
    return name, value, stop
  end
  local from, i = stop + 2, stop + 2
  while text:sub(i, i) ~= '"' do
    if i > #text then return nil, "a quote has no end" end
    i = i + (text:sub(i, i) == "\\" and 2 or 1)
  end
  local value = text:sub(from, i - 1):gsub("\\(.)", ESCAPES)
  return name, value, i + 1
end

--- Read a fault.
-- @tparam string text
-- @tparam[opt] table into the fields are added to this table
-- @treturn table for `server:fault`, which checks it; or nil, message
return function(text, into)
  local made, at = into or {}, 1
  while true do
    local name, value, stop = next_word(text, at)
    if not name then
      if value then return nil, value end
      return made
    end
    at = stop
    local outer, inner = name:match "^(%w+)%.(%w+)$"
    if outer then
      if made[outer] == nil then made[outer] = {} end
      if type(made[outer]) ~= "table" then
        return nil, ("'%s' conflicts with '%s'"):format(name, outer)
      end
      made[outer][inner] = value_of(value, type_of(outer, inner))
    else
      made[name] = value_of(value, type_of(name))
    end
  end
end
