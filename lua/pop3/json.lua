--- JSON, by dkjson, which is looked for when it is first needed. Octets that are
-- not UTF-8 cannot be a string of JSON: they are `{"base64": "..."}`.
-- @module pop3.json
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

--- Is JSON to be had?
-- @treturn boolean true, or nil, message, "io"
function json.available()
  local found, err, code = library()
  if not found then return nil, err, code end
  return true
end

-- The same value with all octets in strings of UTF-8, or in base64.
local function clean(value)
  if type(value) == "string" then return json.octets(value) end
  if type(value) ~= "table" then return value end
  local made = setmetatable({}, getmetatable(value))
  for k, v in pairs(value) do made[k] = clean(v) end
  return made
end

--- Octets as what JSON can hold.
-- @tparam string octets
-- @treturn string|table
function json.octets(octets)
  if utf8.len(octets) then return octets end
  return { base64 = (core.encode.base64(octets):gsub("%s", "")) }
end

--- The octets of such a value.
-- @param value
-- @treturn ?string nil when it is none
function json.to_octets(value)
  if type(value) == "string" then return value end
  local text = type(value) == "table" and value.base64
  if type(text) ~= "string" or next(value, next(value))
     or not text:find "^[%w+/%s]*=?=?%s*$" then
    return nil
  end
  return (core.decode.base64(text))
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
-- @return the value, or nil, message; null is nil
function json.decode(text)
  local dkjson, err = library()
  if not dkjson then return nil, err end
  -- deep nesting is an error of Lua's stack
  local ok, value, at, message = pcall(dkjson.decode, text, 1, nil, nil)
  if not ok then return nil, "nested too deep" end
  if message then return nil, (message:gsub("[\r\n]", " ")) end
  if text:find("%S", at) then return nil, "there is more behind the value" end
  return value
end

return json
