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

local check = require "pop3.argument"

local expect = {}

local function agrees(want, line)
  if want:sub(1, 1) == "~" then return line:find(want:sub(2)) ~= nil end
  return want == line
end

-- ------------------------------------------------------------------- reading

local named = { never = "string table", count = "table", session = "integer" }

local WHAT = "the list of verify"

local function check_line(line, level)
  if type(line) ~= "string" then
    check.misuse(level + 1, "%s: a line must be a string, not %s", WHAT,
                 type(line))
  elseif line:sub(1, 1) == "~" then
    local ok, err = pcall(string.find, "", line:sub(2))
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

-- One expectation of the list, as a table: `line`, `least` and `most`; or
-- `any_order`; or `anything`.
local function item_of(item, level)
  if type(item) ~= "table" then
    return { line = check_line(item, level + 1), least = 1, most = 1 }
  end
  check.options(item, { "string", line = "string", times = "integer",
                        at_least = "integer", at_most = "integer",
                        any_order = "table", anything = "boolean" }, WHAT,
                level + 1)
  if item.anything then return { anything = true } end
  if item.any_order then
    return { any_order = check_lines(item.any_order, "any_order", level + 1) }
  end
  local line = item[1] or item.line
  if not line or item[1] and item.line then
    check.misuse(level + 1, "%s: a group is any_order, anything, or a line and "
                 .. "how often it comes", WHAT)
  end
  local least = item.times or item.at_least or (item.at_most and 0 or 1)
  return { line = check_line(line, level + 1), least = least,
           most = item.times or item.at_most or math.huge }
end

-- "RETR" stands for all lines that begin with it.
local function tally(key)
  if key:find "^[%w-]+$" then
    return function(line) return line:match "^%S*" == key end
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
  local made = { items = {}, never = {}, counts = {}, session = want.session }
  for i, item in ipairs(want) do made.items[i] = item_of(item, level + 1) end
  local others = {}
  for name, value in pairs(want) do
    if not (math.type(name) == "integer" and made.items[name]) then
      others[name] = value
    end
  end
  check.options(others, named, WHAT, level + 1)
  local never = want.never or {}
  made.never = check_lines(type(never) == "table" and never or { never },
                           "never", level + 1)
  for key, n in pairs(want.count or {}) do
    local least, most = n, n
    if type(n) == "table" then least, most = n[1], n[2] or math.huge end
    if type(least) ~= "number" or type(most) ~= "number" then
      check.misuse(level + 1, "%s: count: a number, or two, for %s", WHAT,
                   tostring(key))
    end
    made.counts[#made.counts + 1] = { line = check_line(key, level + 1),
                                      least = least, most = most }
  end
  table.sort(made.counts, function(a, b) return a.line < b.line end)
  made.ordered = made.items[1] ~= nil
                 or want.never == nil and want.count == nil
  return made
end

-- ------------------------------------------------------------------ matching

-- Can each of `wanted` have one of lines[from + 1 ...] for itself? By augmenting
-- paths.
local function permuted(wanted, lines, from)
  local owner = {}
  local function place(w, seen)
    for j = from + 1, from + #wanted do
      if not seen[j] and lines[j] and agrees(wanted[w], lines[j]) then
        seen[j] = true
        if not owner[j] or place(owner[j], seen) then
          owner[j] = w
          return true
        end
      end
    end
    return false
  end
  for w = 1, #wanted do
    if not place(w, {}) then return false end
  end
  return true
end

-- How many lines may be done after this expectation, `done` before it.
local function after(item, lines, done, found)
  if item.anything then
    for n = done, #lines do found[n] = true end
  elseif item.any_order then
    if permuted(item.any_order, lines, done) then
      found[done + #item.any_order] = true
    end
  else
    local n = done
    while n - done < item.most and lines[n + 1]
          and agrees(item.line, lines[n + 1]) do
      if n - done >= item.least then found[n] = true end
      n = n + 1
    end
    if n - done >= item.least then found[n] = true end
  end
end

local function largest(set)
  local most = 0
  for n in pairs(set) do most = math.max(most, n) end
  return most
end

-- The expectation that is not met and the lines before it; nil when all are. An
-- expectation behind the last is that no more comes.
local function mismatch(items, lines)
  local reached = { [0] = true }
  for i, item in ipairs(items) do
    local found = {}
    for done in pairs(reached) do after(item, lines, done, found) end
    if not next(found) then return i, largest(reached) end
    reached = found
  end
  if not reached[#lines] then return #items + 1, largest(reached) end
end

-- ------------------------------------------------------------------- showing

local function often(item)
  if item.least == item.most then
    return ('"%s" %d times'):format(item.line, item.least)
  elseif item.most == math.huge then
    return ('"%s" %d times or more'):format(item.line, item.least)
  end
  return ('"%s" %d to %d times'):format(item.line, item.least, item.most)
end

local function show(item)
  if not item then return "no more" end
  if item.anything then return "anything" end
  if item.any_order then
    return ('"%s" in any order'):format(table.concat(item.any_order, '", "'))
  elseif item.least == 1 and item.most == 1 then
    return ('"%s"'):format(item.line)
  end
  return often(item)
end

-- How many octets must change to make one line of the other.
local function distance(a, b)
  a, b = a:sub(1, 200), b:sub(1, 200)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local least = math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
      diagonal, row[j] = row[j], least
    end
  end
  return row[#b]
end

-- The line that is most like what was expected.
local function nearest(item, lines)
  local best, least
  for _, want in ipairs(item.any_order or { item.line }) do
    for i, line in ipairs(lines) do
      local d = distance(want:gsub("^~", ""), line)
      if not least or d < least then best, least = i, d end
    end
  end
  return best
end

-- Lines of a group, those first that came first.
local function in_order(group, lines)
  local at, used = {}, {}
  for _, want in ipairs(group) do
    at[#at + 1] = { want = want, at = #lines + 1 }
    for j, line in ipairs(lines) do
      if not used[j] and agrees(want, line) then
        used[j], at[#at].at = true, j
        break
      end
    end
  end
  table.sort(at, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    return a.want < b.want
  end)
  return at
end

-- What is expected as plain lines, groups as they would fit best; and whether
-- anything may stand between them.
local function flat(items, lines)
  local out, open = {}, false
  for _, item in ipairs(items) do
    if item.anything then open = true
    elseif item.any_order then
      for _, w in ipairs(in_order(item.any_order, lines)) do
        out[#out + 1] = w.want
      end
    else
      local n = 0
      for _, line in ipairs(lines) do
        if agrees(item.line, line) then n = n + 1 end
      end
      for _ = 1, math.min(math.max(n, item.least), item.most) do
        out[#out + 1] = item.line
      end
    end
  end
  return out, open
end

-- The length of the longest common subsequences, from each pair on.
local function common(want, lines)
  local len = {}
  for i = #want + 1, 1, -1 do
    len[i] = {}
    for j = #lines + 1, 1, -1 do
      if i > #want or j > #lines then len[i][j] = 0
      elseif agrees(want[i], lines[j]) then len[i][j] = len[i + 1][j + 1] + 1
      else len[i][j] = math.max(len[i + 1][j], len[i][j + 1]) end
    end
  end
  return len
end

-- A diff: "  " is as expected, "- " did not come, "+ " was not expected.
local function diff(items, lines)
  local want, open = flat(items, lines)
  local out = {}
  if #want * #lines > 1000000 then
    return { "  (too long to show the difference)" }
  end
  local len, i, j = common(want, lines), 1, 1
  while i <= #want or j <= #lines do
    if i <= #want and j <= #lines and agrees(want[i], lines[j]) then
      out[#out + 1] = "  " .. lines[j]
      i, j = i + 1, j + 1
    elseif j > #lines or i <= #want and len[i + 1][j] >= len[i][j + 1] then
      out[#out + 1] = "- " .. want[i]
      i = i + 1
    else
      out[#out + 1] = (open and "  " or "+ ") .. lines[j]
      j = j + 1
    end
  end
  return out
end

local function explain(items, lines, at, done)
  local item, got = items[at], lines[done + 1]
  local out = { ("verify: command %d: expected %s, got %s"):format(done + 1,
    show(item), got and '"' .. got .. '"' or "no more") }
  local near = item and not item.anything and nearest(item, lines)
  if near then
    out[#out + 1] = ("nearest: command %d, \"%s\""):format(near, lines[near])
  end
  out[#out + 1] = "difference (- expected, + received):"
  for _, line in ipairs(diff(items, lines)) do out[#out + 1] = line end
  return table.concat(out, "\n")
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
      return ("verify: expected %s, got %d"):format(often(c), n)
    end
  end
end

--- Compare the commands of a transcript with what was expected.
-- @tparam table want see `expect.new`
-- @tparam {table,...} entries
-- @tparam integer lost entries that are not there any more
-- @tparam {string,...} errors of handlers
-- @treturn ?string what is wrong
function expect.verify(want, entries, lost, errors)
  if errors[1] then return "verify: a handler failed: " .. errors[1] end
  if lost > 0 then
    return ("verify: the first %d lines are no longer kept"):format(lost)
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
  local at, done = mismatch(want.items, lines)
  return at and explain(want.items, lines, at, done) or nil
end

return expect
