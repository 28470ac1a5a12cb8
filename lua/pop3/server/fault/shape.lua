--- Shapes: the type and the range of a value in a fault, as data.
--
-- `pop3.server.fault` gives a shape to each effect and to each field that says
-- where a fault applies. Values are checked by it, the documentation prints it,
-- and the specs draw values from it.
--
-- A shape has a `type`: "boolean", "integer", "number", "string", "function",
-- "choice" (the words are the list part of the shape) or "table" (`fields` is a
-- list of `{ name, shape }`). A number may have `least` or `above` and a
-- `unit`. `default` is the value of a field that is left out. A field with `at`
-- = "reply" does not apply to a handshake.
-- @module pop3.server.fault.shape
-- @local

local argument = require "pop3.util.argument"

local shape = {}

-- The type as `argument.options` takes it: a name, or a set of words.
local function option_type(s)
  if s.type ~= "choice" then return s.type end
  local words = {}
  for _, word in ipairs(s) do words[word] = true end
  return words
end

--- The types of options, for `argument.options`.
-- @param ... lists of rows with the fields `name` and `value`, a shape
-- @treturn table name → type
function shape.types(...)
  local types = {}
  for _, rows in ipairs { ... } do
    for _, row in ipairs(rows) do types[row.name] = option_type(row.value) end
  end
  return types
end

-- The range of a number in words, nil when it has no bounds.
local function range(s)
  if s.least then return ("of %d or more"):format(s.least) end
  return s.above and ("greater than %d"):format(s.above)
end

--- Check a value, whose type `argument.options` has checked already.
-- @param value
-- @tparam table s the shape
-- @tparam string name of the value, for the message
-- @tparam integer level see `pop3.util.argument`
-- @return the value; of a table a copy, with the defaults
function shape.read(value, s, name, level)
  if s.least or s.above then
    local enough = s.least and value >= s.least or s.above and value > s.above
    if not (enough and value < math.huge) then
      argument.misuse(level + 1, "%s must be %s %s, not %s", name,
                      s.type == "integer" and "an integer" or "a number",
                      range(s), value)
    end
  elseif s.type == "table" then
    local types, made = {}, {}
    for _, field in ipairs(s.fields) do
      types[field[1]] = option_type(field[2])
    end
    argument.options(value, types, name, level + 1)
    for _, field in ipairs(s.fields) do
      local key, of = field[1], field[2]
      made[key] = of.default
      if value[key] ~= nil then
        made[key] = shape.read(value[key], of, name .. "." .. key, level + 1)
      end
    end
    return made
  end
  return value
end

--- A shape in words, for the documentation.
-- @tparam table s
-- @treturn string such as "number of seconds, 0 or more"
function shape.describe(s)
  if s.type == "boolean" then return "true" end
  if s.type == "choice" then
    local words = {}
    for i, word in ipairs(s) do words[i] = ('"%s"'):format(word) end
    return table.concat(words, ", ", 1, #words - 1) .. " or " .. words[#words]
  elseif s.type == "table" then
    local fields = {}
    for i, field in ipairs(s.fields) do
      fields[i] = ("`%s`: %s"):format(field[1], shape.describe(field[2]))
    end
    return "table: " .. table.concat(fields, "; ")
  end
  local text = s.type .. (s.unit and " of " .. s.unit or "")
  if s.least then text = ("%s, %d or more"):format(text, s.least)
  elseif s.above then text = ("%s, more than %d"):format(text, s.above) end
  return s.default and ("%s (%s)"):format(text, s.default) or text
end

return shape
