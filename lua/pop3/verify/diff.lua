--- The message of a failed `verify`: the first command that does not match, the
-- nearest line, and a difference of expected and received commands.
-- @module pop3.verify.diff
-- @local

local agrees = require "pop3.verify.match".agrees
local json = require "pop3.util.json"

local diff = {}

local MANY = 5          -- lines of a group in the message
local CONTEXT = 5       -- lines shown before and after a difference
local CELLS = 250000    -- largest table to compute a difference with
local WINDOW = 500      -- lines of each side to compare if it were larger
local STEPS = 1000000   -- operations to spend on the nearest line

-- ----------------------------------------------------------- what was expected

--- A line and its expected count, as text.
-- @tparam table item `line`, `least`, `most`
-- @treturn string
function diff.often(item)
  if item.least == item.most then
    return ('"%s" %d times'):format(item.line, item.least)
  elseif item.most == math.huge then
    return ('"%s" %d times or more'):format(item.line, item.least)
  end
  return ('"%s" %d to %d times'):format(item.line, item.least, item.most)
end

local function show(item, left)
  if not item then return "no more" end
  if left then
    local more = #left > MANY and (", and %d more"):format(#left - MANY) or ""
    return ('"%s"%s%s'):format(
      table.concat(left, '", "', 1, math.min(#left, MANY)), more,
      #left > 1 and " in any order" or "")
  elseif item.least == 1 and item.most == 1 then
    return ('"%s"'):format(item.line)
  end
  return diff.often(item)
end

-- ----------------------------------------------------------- the nearest line

-- The edit distance of two lines, case-insensitive, and the number of
-- operations it took to compute.
local function distance(a, b)
  a, b = a:sub(1, 200):upper(), b:sub(1, 200):upper()
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
  return row[#b], #a * #b + 1
end

-- A pattern without its special characters, to compare it with a line.
local function plain(want)
  if want:sub(1, 1) ~= "~" then return want end
  return (want:gsub("^~%^?", ""):gsub("%$$", ""):gsub("%%", ""))
end

-- The index of the line that is nearest to the expected ones. The search begins
-- around `at` and is limited to STEPS operations.
local function nearest(wanted, lines, at)
  local best, least, steps, seen = nil, math.huge, 0, {}
  local function try(i)
    local line = lines[i]
    if not line or seen[line] then return end
    seen[line] = true
    for w = 1, math.min(#wanted, 2 * MANY) do
      local d, n = distance(plain(wanted[w]), line)
      steps = steps + n
      if d < least then best, least = i, d end
    end
  end
  for away = 0, #lines do
    try(at - away)
    try(at + away)
    if steps > STEPS then break end
  end
  return best
end

-- ------------------------------------------------------------- the difference

-- Lines of a group in the order in which they were received after line `done`;
-- missing lines come last.
local function in_order(group, lines, done)
  local at, used = {}, {}
  for i, want in ipairs(group) do
    at[i] = { want = want, at = math.huge, given = i }
    for j = done + 1, math.min(#lines, done + WINDOW) do
      if not used[j] and agrees(want, lines[j]) then
        used[j], at[i].at = true, j
        break
      end
    end
  end
  table.sort(at, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    return a.given < b.given
  end)
  return at
end

-- The expectations from item `at` on, as a list of single lines: `need`, it is
-- required; `loop`, it may be repeated; without `line`, any line matches. At
-- most WINDOW + 1 of them.
local function expand(items, at, lines, done)
  local out = {}
  local function add(line, need, loop)
    if #out <= WINDOW then
      out[#out + 1] = { line = line, need = need, loop = loop }
    end
    return #out <= WINDOW
  end
  for i = at, #items do
    local item = items[i]
    if #out > WINDOW then break end
    if item.anything then add(nil, false, true)
    elseif item.any_order then
      for _, w in ipairs(in_order(item.any_order, lines, done)) do
        add(w.want, true)
      end
    else
      for _ = 1, item.least do
        if not add(item.line, true) then break end
      end
      if item.most == math.huge then add(item.line, false, true)
      else
        for _ = item.least + 1, item.most do
          if not add(item.line, false) then break end
        end
      end
    end
  end
  return out
end

local function fits(element, line)
  return element.line == nil or agrees(element.line, line)
end

-- The cost of the rest, from each pair of an element and a line: 1 for each
-- missing and each unexpected line. If one side was cut off, the excess of the
-- other one costs nothing.
local function costs(want, lines, from, to, cut)
  local cost = {}
  for i = #want + 1, 1, -1 do
    local element, row, below = want[i], {}, cost[i + 1]
    cost[i] = row
    for j = to + 1, from, -1 do
      local best
      if not element then
        best = (j > to or cut) and 0 or row[j + 1] + 1
      elseif j > to then
        best = below[j] + (element.need and not cut and 1 or 0)
      else
        best = math.min(below[j] + (element.need and 1 or 0), row[j + 1] + 1)
        if fits(element, lines[j]) then
          best = math.min(best, element.loop and row[j + 1] or below[j + 1])
        end
      end
      row[j] = best
    end
  end
  return cost
end

-- Compare the expectations from item `at` on with the lines after `done`. Lines
-- of the output begin with "  " (as expected), "- " (missing) or "+ "
-- (unexpected).
local function compare(items, at, lines, done, out)
  local want = expand(items, at, lines, done)
  local i, j, to, cut = 1, done + 1, #lines, false
  if #want > WINDOW or #want * (to - done) > CELLS then
    cut = #want > WINDOW or to - done > WINDOW
    want[WINDOW + 1] = nil
    to = math.min(to, done + WINDOW)
  end
  local cost = costs(want, lines, j, to, cut)
  while i <= #want or j <= to do
    local element, line = want[i], lines[j]
    if cut and (not element or j > to) then break end
    local here = cost[i][j]
    if element and j <= to and fits(element, line)
       and here == (element.loop and cost[i][j + 1] or cost[i + 1][j + 1]) then
      out[#out + 1] = "  " .. line
      i, j = element.loop and i or i + 1, j + 1
    elseif element
           and here == cost[i + 1][j] + (element.need and 1 or 0) then
      if element.need then out[#out + 1] = "- " .. element.line end
      i = i + 1
    else
      out[#out + 1] = "+ " .. line
      j = j + 1
    end
  end
  if cut then
    out[#out + 1] = ("  (... %d more lines, not compared)"):format(
                    #lines - j + 1)
  end
end

-- The list without the lines that are far from any difference.
local function near_ones(list)
  local near, out, gone = {}, {}, 0
  for i, line in ipairs(list) do
    if line:sub(1, 1) ~= " " then
      for k = i - CONTEXT, i + CONTEXT do near[k] = true end
    end
  end
  local function flush()
    if gone > 0 then out[#out + 1] = ("  (... %d lines)"):format(gone) end
    gone = 0
  end
  for i, line in ipairs(list) do
    if near[i] or #list <= 4 * CONTEXT or line:find "^  %(%.%.%." then
      flush()
      out[#out + 1] = line
    else
      gone = gone + 1
    end
  end
  flush()
  return out
end

-- Show control characters, and octets that are not UTF-8: a tab must not look
-- like a space, and a terminal must not execute an escape sequence.
local function escaped(text)
  return (json.to_text(text):gsub("%c", function(c)
    return ("\\%d"):format(c:byte())
  end))
end

--- Explain a mismatch.
-- @tparam {table,...} items as `verify.new` makes them
-- @tparam {string,...} lines the received commands
-- @tparam table miss the result of `match.mismatch`
-- @treturn string several lines
function diff.explain(items, lines, miss)
  local item, got = items[miss.at], lines[miss.done + 1]
  got = got and '"' .. got .. '"' or "no more"
  if item and not item.any_order and miss.done > miss.start then
    got = ("%d, then %s"):format(miss.done - miss.start, got)
  end
  local out = { ("verify: command %d: expected %s, got %s"):format(
                miss.done + 1, show(item, miss.left), got) }
  local near = item and nearest(miss.left or { item.line }, lines,
                                miss.done + 1)
  if near then
    out[2] = ("nearest: command %d, \"%s\""):format(near, lines[near])
  end
  out[#out + 1] = "difference (- expected, + received):"
  local list = {}
  for i = 1, miss.start do list[i] = "  " .. lines[i] end
  compare(items, miss.at, lines, miss.start, list)
  table.move(near_ones(list), 1, #list, #out + 1, out)
  for i, text in ipairs(out) do out[i] = escaped(text) end
  return table.concat(out, "\n")
end

return diff
