--- Compares the commands that a server received with a list of expectations.
-- This is what `server:verify` and `run:verify` do.
--
--    run:verify { "CAPA", "USER mrose", "PASS ***", { "~^RETR", at_least = 1 },
--                 { anything = true }, never = "~^DELE", count = { STAT = 1 } }
--
-- The list part has one entry for each expected command, in order. An entry is
--
-- - a string: the line, or "~" and a Lua pattern
-- - `{ any_order = { line, ... } }`: each of these lines once, in any order
-- - `{ line, times = n }`, or with `at_least =` and `at_most =`: the line
--   repeated. In JSON, where a list has no names: `{ line =, times = n }`
-- - `{ anything = true }`: any number of any lines
--
-- The list must match all commands. Besides the list, or without one, there may
-- be
--
-- - `never`: a line or a list of lines that must not be received
-- - `count`: a table verb or line → its exact count, or `{ least, most }`
-- - `session`: the number of the only session to compare (all sessions
--   otherwise)
-- @module pop3.verify

local argument = require "pop3.util.argument"
local match = require "pop3.verify.match"
local pattern = require "pop3.verify.pattern"

local agrees = match.agrees

local verify = {}

-- ------------------------------------------------------------------- reading

local named = { never = "string table", count = "table", session = "integer" }

local WHAT = "the list of verify"

local function check_line(line, level)
  if type(line) ~= "string" then
    argument.misuse(level + 1, "%s: a line must be a string, not %s", WHAT,
                    type(line))
  elseif line:sub(1, 1) == "~" then
    local ok, err = pattern(line:sub(2))
    if not ok then argument.misuse(level + 1, "%s: %s: %s", WHAT, line, err) end
  end
  return line
end

-- A list of lines. Other keys are errors: they would be ignored, and a list
-- that checks nothing always passes.
local function check_lines(list, name, level)
  local n = 0
  for _, line in ipairs(list) do
    check_line(line, level + 1)
    n = n + 1
  end
  for key in pairs(list) do
    if not (math.type(key) == "integer" and key <= n) then
      argument.misuse(level + 1, "%s: %s must be a list of lines, without the "
                      .. "key '%s'", WHAT, name, tostring(key))
    end
  end
  return list
end

local function check_range(least, most, what, level)
  if least < 0 or least ~= least or most < least or most ~= most then
    argument.misuse(level + 1, "%s: invalid count of %s: %s to %s", WHAT, what,
                    least, most)
  end
end

local fields = { "string", line = "string", times = "integer",
                 at_least = "integer", at_most = "integer",
                 any_order = "table", anything = "boolean" }

-- One expectation of the list, as a table: `line`, `least` and `most`; or
-- `any_order`; or `anything`.
local function item_of(item, level)
  if type(item) ~= "table" then
    return { line = check_line(item, level + 1), least = 1, most = 1 }
  end
  argument.options(item, fields, WHAT, level + 1)
  local line, times = item[1] or item.line, item.times
  local ranged = item.at_least or item.at_most
  local kinds = (item[1] and 1 or 0) + (item.line and 1 or 0)
                + (item.any_order and 1 or 0) + (item.anything and 1 or 0)
  if kinds ~= 1 or not line and (times or ranged) or times and ranged then
    argument.misuse(level + 1, "%s: an entry must be a line with an optional "
                    .. "count, or any_order, or anything", WHAT)
  elseif item.anything then return { anything = true }
  elseif item.any_order then
    return { any_order = check_lines(item.any_order, "any_order", level + 1) }
  end
  local least = times or item.at_least or (item.at_most and 0 or 1)
  local most = times or item.at_most or (item.at_least and math.huge or 1)
  check_range(least, most, line, level + 1)
  return { line = check_line(line, level + 1), least = least, most = most }
end

-- A function that says whether a line counts for a key: a verb counts all lines
-- that begin with it, case-insensitive.
local function counter(key)
  if key:find "^[%w-]+$" then
    key = key:upper()
    return function(line) return line:match("^%S*"):upper() == key end
  end
  return function(line) return agrees(key, line) end
end

--- Validate a list of expectations.
-- @tparam table want
-- @tparam integer level of the caller, see `pop3.util.argument`
-- @treturn table the argument of `verify.compare`
-- @raise misuse: anything that is not described above
function verify.new(want, level)
  if type(want) ~= "table" then
    argument.misuse(level + 1, "%s must be a table, not %s", WHAT, type(want))
  end
  local made = { items = {}, counts = {}, session = want.session }
  for i, item in ipairs(want) do made.items[i] = item_of(item, level + 1) end
  local others = {}
  for name, value in pairs(want) do
    if not (math.type(name) == "integer" and made.items[name]) then
      others[name] = value
    end
  end
  argument.options(others, named, WHAT, level + 1)
  if want.session and want.session < 1 then
    argument.misuse(level + 1, "%s: session must be 1 or more", WHAT)
  end
  local never = want.never
  if type(never) == "string" then never = { never } end
  made.never = check_lines(never or {}, "never", level + 1)
  for key, n in pairs(want.count or {}) do
    local least, most = n, n
    if type(n) == "table" then least, most = n[1], n[2] or math.huge end
    if type(least) ~= "number" or type(most) ~= "number" then
      argument.misuse(level + 1, "%s: count of %s must be a number or a list of "
                      .. "two", WHAT, tostring(key))
    end
    check_range(least, most, key, level + 1)
    made.counts[#made.counts + 1] = { line = check_line(key, level + 1),
                                      least = least, most = most }
  end
  table.sort(made.counts, function(a, b) return a.line < b.line end)
  made.ordered = made.items[1] ~= nil
                 or want.never == nil and want.count == nil
  return made
end

-- The texts of a failure, which are loaded when one is needed.
local function diff() return require "pop3.verify.diff" end

-- Check `never` and `count`: nil, or a message.
local function miscounted(want, lines)
  for _, never in ipairs(want.never) do
    for i, line in ipairs(lines) do
      if agrees(never, line) then
        return ('verify: command %d: received "%s", and "%s" must never be '
                .. 'received'):format(i, line, never)
      end
    end
  end
  for _, c in ipairs(want.counts) do
    local n, fits = 0, counter(c.line)
    for _, line in ipairs(lines) do n = n + (fits(line) and 1 or 0) end
    if n < c.least or n > c.most then
      return ("verify: expected %s, got %d"):format(diff().often(c), n)
    end
  end
end

local function judge(want, entries, lost, errors, sessions)
  if errors[1] then return "verify: a handler failed: " .. errors[1] end
  if lost > 0 then
    return ("verify: the transcript is incomplete: the first %d lines were "
            .. "discarded"):format(lost)
  elseif want.session and want.session > (sessions or math.huge) then
    -- an expectation of what must not be received would pass
    return ("verify: there is no session %d; the server had %d"):format(
      want.session, sessions)
  end
  local lines = {}
  for _, entry in ipairs(entries) do
    if entry.from == "C" and (entry.session == (want.session or entry.session))
    then
      lines[#lines + 1] = entry.line
    end
  end
  local problem = miscounted(want, lines)
  if problem or not want.ordered then return problem end
  local miss = match.mismatch(want.items, lines)
  return miss and diff().explain(want.items, lines, miss) or nil
end

--- Compare the commands of a transcript with the expectations.
-- @tparam table want the result of `verify.new`
-- @tparam {table,...} entries of the transcript
-- @tparam integer lost how many entries were discarded before the first one
-- @tparam {string,...} errors of handlers
-- @tparam integer sessions the number of sessions that the server had
-- @treturn ?string nil when they match, otherwise a message of several lines
function verify.compare(want, entries, lost, errors, sessions)
  local ok, problem = pcall(judge, want, entries, lost, errors, sessions)
  if ok then return problem end
  -- a pattern may be too complex for a line
  return WHAT .. ": " .. tostring(problem)
end

return verify
