--- JSON by dkjson, which is loaded when it is first needed. Octets that are not UTF-8
-- cannot be a string of JSON: they become `{"base64": "..."}`.
-- @module pop3.util.json
-- @local

local core = require "pop3.core"

local json = {}

local function library()
  local ok, dkjson = pcall(require, "dkjson")
  if not ok then
    return nil, "JSON needs the Lua library dkjson (Debian: lua-dkjson)", "io"
  end
  return dkjson
end

--- Whether the library is there.
-- @treturn boolean true, or nil, message, "io"
function json.available()
  local found, err, code = library()
  if not found then return nil, err, code end
  return true
end

--- A text that JSON can hold as a string: octets that are not UTF-8 become
-- \\xNN.
-- @tparam string octets
-- @treturn string
function json.to_text(octets)
  if utf8.len(octets) then return octets end
  return (octets:gsub("[\128-\255]", function(c)
    return ("\\x%02X"):format(c:byte())
  end))
end

-- A copy of a value in which strings that are not UTF-8 are in base64.
local function clean(value)
  if type(value) == "string" then return json.octets(value) end
  if type(value) ~= "table" then return value end
  local made = setmetatable({}, getmetatable(value))
  for k, v in pairs(value) do made[k] = clean(v) end
  return made
end

--- Octets as a value of JSON.
-- @tparam string octets
-- @treturn string|table the string, or `{ base64 = }` if it is not UTF-8
function json.octets(octets)
  if utf8.len(octets) then return octets end
  return { base64 = (core.encode.base64(octets):gsub("%s", "")) }
end

-- Whether a table stands for octets.
local function is_octets(value)
  return type(value.base64) == "string" and not next(value, next(value))
end

local function to_octets(value)
  local text = value.base64
  -- one pass each: octets of strangers must not cost quadratic time
  local padding = (text:match "=.*$" or ""):gsub("%s", "")
  if text:find "[^%w+/%s=]" or #padding > 2 or padding:find "[^=]" then
    error("a string is not base64", 0)
  end
  return (core.decode.base64(text))
end

-- A decoded value in terms of Lua: whole numbers are integers, octets are strings, a
-- field that is null is absent. In a list null is an error, since lists have no holes.
local function plain(value, null)
  if math.type(value) == "float" then return math.tointeger(value) or value end
  if type(value) ~= "table" then return value end
  if is_octets(value) then return to_octets(value) end
  local is_list = getmetatable(value).__jsontype == "array"
  setmetatable(value, nil)
  for k, v in pairs(value) do
    if v ~= null then value[k] = plain(v, null)
    elseif is_list then error("null in a list", 0)
    else value[k] = nil end
  end
  return value
end

--- A list that is a list even when it is empty.
-- @tparam table t
-- @treturn table the same one
function json.list(t)
  return setmetatable(t, { __jsontype = "array" })
end

--- @param value of strings, numbers, booleans and tables
-- @tparam[opt] table opts of dkjson: `indent`, `keyorder`
-- @treturn string without a line end, unless indented
function json.encode(value, opts)
  return assert(library()).encode(clean(value), opts)
end

--- @tparam string text
-- @return the value, or nil, message; null is nil, and octets are strings again
function json.decode(text)
  local dkjson, err = library()
  if not dkjson then return nil, err end
  local null = dkjson.null
  -- deep nesting is an error of Lua's stack
  local ok, value, at, message = pcall(dkjson.decode, text, 1, null)
  if not ok then return nil, "nested too deep" end
  if message then return nil, (message:gsub("[\r\n]", " ")) end
  if text:find("%S", at) then return nil, "octets follow the value" end
  if value == null then return nil end
  ok, value = pcall(plain, value, null)
  if not ok then return nil, value end
  return value
end

return json
