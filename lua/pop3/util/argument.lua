--- Checks of arguments and options. Misuse raises an error at the caller's line.
-- @module pop3.util.argument
-- @local

local suggest = require "pop3.util.suggest"

local pairs, type, math_type, find = pairs, type, math.type, string.find

local argument = {}

--- Raise a misuse error.
-- @tparam integer level whose line the error names, here and in the functions below:
-- 1 is the caller of the function that checks, 2 the caller of that caller
-- @tparam string format
-- @param ... for the format
local function misuse(level, format, ...)
  error(format:format(...), level + 2)
end
argument.misuse = misuse

local function list(t)
  return table.concat(suggest.sorted(t), ", ")
end

-- An option whose type is not the only one that is allowed: the value that it has then,
-- or an error.
local function fit(value, want, name, spec, what, level)
  if want == nil then
    misuse(level + 1, "%s: unknown option '%s'%s", what, tostring(name),
           suggest.known(name, spec))
  elseif type(want) == "table" then
    if want[value] then return value end
    misuse(level + 1, "%s: option '%s' must be one of: %s%s", what, name,
           list(want), suggest.tip(tostring(value), want))
  end
  local whole = type(value) == "number" and math.tointeger(value)
  local have = whole and "number integer" or type(value)
  for one in want:gmatch "%S+" do
    if have:find(one, 1, true) then
      return whole and want:find "integer" and whole or value
    end
  end
  misuse(level + 1, "%s: option '%s' must be %s %s, not a %s", what, name,
         want:find "^[aeiou]" and "an" or "a", (want:gsub(" ", " or ")),
         type(value))
end

--- Check a table of options: unknown names and wrong types are errors. A float
-- that is a whole number, such as 2^20, becomes an integer where one is wanted.
-- @param opts the table
-- @tparam table spec option name → type, or types separated by spaces, or a
-- table of the values that are allowed
-- @tparam string what the options are for
-- @tparam integer level see `misuse`
-- @tparam[opt] table into where the options are copied to; default: `opts` itself
function argument.options(opts, spec, what, level, into)
  if type(opts) ~= "table" then
    misuse(level + 1, "%s: options must be a table, not %s", what, type(opts))
  end
  for name, value in pairs(opts) do
    local want = spec[name]
    if want ~= type(value) and want ~= "any" then
      value = fit(value, want, name, spec, what, level + 1)
      if not into then opts[name] = value end
    end
    if into then into[name] = value end
  end
end

--- A message number: a positive integer.
function argument.number(n, level)
  local i = math.tointeger(n)
  if type(n) ~= "number" or not i or i < 1 then
    misuse(level + 1, "a message number must be a positive integer, not %s",
           type(n) == "number" and tostring(n) or type(n))
  end
  return i
end

--- A list of message numbers, without other keys: `{ a = 1 }` would be an empty
-- list.
-- @treturn {integer,...} a copy
function argument.numbers(t, what, level)
  local made = {}
  for i = 1, #t do made[i] = argument.number(t[i], level + 1) end
  for key in pairs(t) do
    if math_type(key) ~= "integer" or key < 1 or key > #t then
      misuse(level + 1, "%s must be a list of numbers; it has the key %s", what,
             tostring(key))
    end
  end
  return made
end

--- A count: an integer that is not negative.
function argument.count(n, what, level)
  local i = math.tointeger(n)
  if type(n) ~= "number" or not i or i < 0 then
    misuse(level + 1, "%s must be an integer of 0 or more, not %s", what,
           type(n) == "number" and tostring(n) or type(n))
  end
  return i
end

--- A string.
function argument.string(s, what, level)
  if type(s) ~= "string" then
    misuse(level + 1, "%s must be a string, not %s", what, type(s))
  end
  return s
end

--- A string that can be an argument of a command, of at most `max` octets.
function argument.text(s, what, level, max)
  if type(s) ~= "string" then argument.string(s, what, level + 1) end
  if not find(s, "^%C*$") and find(s, "[\r\n\0]") then
    misuse(level + 1, "%s must not hold CR, LF or NUL", what)
  end
  if max and #s > max then
    misuse(level + 1, "%s is too long: %d octets", what, #s)
  end
  return s
end

--- The path of something in the file system.
-- @tparam string named what it names, such as "a file"
function argument.path(path, what, named, level)
  if type(path) ~= "string" or path == "" or path:find "\0" then
    misuse(level + 1, "%s: the path must be a string that names %s", what, named)
  end
  return path
end

--- A list of strings, without other keys: a set, such as `{ a = true }`, would be
-- an empty list.
function argument.names(t, what, level)
  for key, name in pairs(t) do
    if not (math_type(key) == "integer" and key >= 1 and key <= #t)
       or type(name) ~= "string" then
      misuse(level + 1, "%s must be a list of names", what)
    end
  end
  return t
end

--- A set of strings, string → true. A list, such as `{ "a" }`, would be a set of
-- numbers.
function argument.set(t, what, level)
  for key in pairs(t) do
    if type(key) ~= "string" then
      misuse(level + 1, "%s must be a set, string → true; it has the key %s",
             what, tostring(key))
    end
  end
  return t
end

--- The message of an error, without the place in the program where it was raised.
function argument.said(err)
  return (tostring(err):gsub("^[^:\n]+:%d+: ", ""))
end

--- A function, or something that can be called.
function argument.callable(f, what, level)
  local mt = getmetatable(f)
  if type(f) ~= "function" and not (type(mt) == "table" and mt.__call) then
    misuse(level + 1, "%s must be a function, not %s", what, type(f))
  end
  return f
end

--- The arguments of `wait_for`.
function argument.wait_for(verb, seconds, count, level)
  argument.text(verb, "wait_for: the verb", level + 1)
  if type(seconds) ~= "number" or seconds ~= seconds then
    misuse(level + 1, "wait_for: the seconds to wait are needed")
  end
  if count ~= nil then argument.count(count, "wait_for: the count", level + 1) end
end

return argument
