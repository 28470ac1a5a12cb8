--- What is expected of the commands that came, and how they differ from it.
--
-- A list of expectations, in order:
--
-- - a line, or a Lua pattern behind "~"
-- - `{ any_order = { line, ... } }`: each of these once, in any order
-- - `{ line, times = n }`, or `at_least =`, `at_most =`: the line so often; where
--   a list cannot have names, as in JSON, `line` may be one: `{ line =, times = n }`
-- - `{ anything = true }`: any lines, or none
--
-- The list is of all commands. Beside it, or in its place, by name: `never`, a
-- line or a list of them, that may come nowhere; `count`, verb or line →
-- how often it is to come, a number or `{ least, most }`; `session`, the number of
-- the one session that it is about.
-- @module pop3.expect
-- @local

local check = require "pop3.util.argument"
local difference = require "pop3.verify.diff"
local matching = require "pop3.verify.match"
local pattern = require "pop3.verify.pattern"

local agrees = matching.agrees

local expect = {}

-- ------------------------------------------------------------------- reading

local named = { never = "string table", count = "table", session = "integer" }

local WHAT = "the list of verify"

local function check_line(line, level)
  if type(line) ~= "string" then
    check.misuse(level + 1, "%s: a line must be a string, not %s", WHAT,
                 type(line))
  elseif line:sub(1, 1) == "~" then
    local ok, err = pattern(line:sub(2))
    if not ok then check.misuse(level + 1, "%s: %s: %s", WHAT, line, err) end
  end
  return line
end

-- A list of lines. What else is in the table would be passed over, and a check
-- that checks nothing holds.
local function check_lines(list, name, level)
  local n = 0
  for _, line in ipairs(list) do
    check_line(line, level + 1)
    n = n + 1
  end
  for key in pairs(list) do
    if not (math.type(key) == "integer" and key <= n) then
      check.misuse(level + 1, "%s: %s must be a list of lines, without '%s'",
                   WHAT, name, tostring(key))
    end
  end
  return list
end

local function check_range(least, most, what, level)
  if least < 0 or least ~= least or most < least or most ~= most then
    check.misuse(level + 1, "%s: %s cannot come %s to %s times", WHAT, what,
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
  check.options(item, fields, WHAT, level + 1)
  local line, times = item[1] or item.line, item.times
  local ranged = item.at_least or item.at_most
  local kinds = (item[1] and 1 or 0) + (item.line and 1 or 0)
                + (item.any_order and 1 or 0) + (item.anything and 1 or 0)
  if kinds ~= 1 or not line and (times or ranged) or times and ranged then
    check.misuse(level + 1, "%s: a group is any_order, anything, or a line and "
                 .. "how often it comes", WHAT)
  elseif item.anything then return { anything = true }
  elseif item.any_order then
    return { any_order = check_lines(item.any_order, "any_order", level + 1) }
  end
  local least = times or item.at_least or (item.at_most and 0 or 1)
  local most = times or item.at_most or (item.at_least and math.huge or 1)
  check_range(least, most, line, level + 1)
  return { line = check_line(line, level + 1), least = least, most = most }
end

-- "RETR" stands for all lines that begin with it, in whatever case.
local function tally(key)
  if key:find "^[%w-]+$" then
    key = key:upper()
    return function(line) return line:match("^%S*"):upper() == key end
  end
  return function(line) return agrees(key, line) end
end

--- Check what is expected and make it ready.
-- @tparam table want
-- @tparam integer level see `pop3.argument`
-- @treturn table for `expect.verify`
function expect.new(want, level)
  if type(want) ~= "table" then
    check.misuse(level + 1, "%s: a table is needed, not %s", WHAT, type(want))
  end
  local made = { items = {}, counts = {}, session = want.session }
  for i, item in ipairs(want) do made.items[i] = item_of(item, level + 1) end
  local others = {}
  for name, value in pairs(want) do
    if not (math.type(name) == "integer" and made.items[name]) then
      others[name] = value
    end
  end
  check.options(others, named, WHAT, level + 1)
  if want.session and want.session < 1 then
    check.misuse(level + 1, "%s: sessions are counted from 1", WHAT)
  end
  local never = want.never
  if type(never) == "string" then never = { never } end
  made.never = check_lines(never or {}, "never", level + 1)
  for key, n in pairs(want.count or {}) do
    local least, most = n, n
    if type(n) == "table" then least, most = n[1], n[2] or math.huge end
    if type(least) ~= "number" or type(most) ~= "number" then
      check.misuse(level + 1, "%s: count: a number, or two, for %s", WHAT,
                   tostring(key))
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

-- What came though it never may, or not as often as it is to come.
local function miscounted(want, lines)
  for _, never in ipairs(want.never) do
    for i, line in ipairs(lines) do
      if agrees(never, line) then
        return ('verify: command %d: "%s" came, and "%s" never may'):format(i,
                 line, never)
      end
    end
  end
  for _, c in ipairs(want.counts) do
    local n, fits = 0, tally(c.line)
    for _, line in ipairs(lines) do n = n + (fits(line) and 1 or 0) end
    if n < c.least or n > c.most then
      return ("verify: expected %s, got %d"):format(difference.often(c), n)
    end
  end
end

local function judge(want, entries, lost, errors, sessions)
  if errors[1] then return "verify: a handler failed: " .. errors[1] end
  if lost > 0 then
    return ("verify: the first %d lines are no longer kept"):format(lost)
  elseif want.session and want.session > (sessions or math.huge) then
    -- of which everything would hold that is about what may not come
    return ("verify: there is no session %d: %d came"):format(want.session,
                                                              sessions)
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
  local miss = matching.mismatch(want.items, lines)
  return miss and difference.explain(want.items, lines, miss) or nil
end

--- Compare the commands of a transcript with what was expected.
-- @tparam table want see `expect.new`
-- @tparam {table,...} entries
-- @tparam integer lost entries that are not there any more
-- @tparam {string,...} errors of handlers
-- @tparam integer sessions that there were
-- @treturn ?string what is wrong
function expect.verify(want, entries, lost, errors, sessions)
  local ok, problem = pcall(judge, want, entries, lost, errors, sessions)
  if ok then return problem end
  -- a pattern may be too much for a line that gets far into it
  return WHAT .. ": " .. tostring(problem)
end

return expect
