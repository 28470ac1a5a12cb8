--- Matches a list of expectations (see `pop3.verify`) with the received lines.
--
-- All assignments of lines to expectations are followed at once: after each
-- expectation, the set of possible counts of lines used so far is known. So the
-- time is about expectations times lines in every case.
-- @module pop3.verify.match
-- @local

local match = {}

--- Does a line match?
-- @tparam string want a line, or "~" and a Lua pattern
-- @tparam string line the received line
-- @treturn boolean
-- @raise an error that names the pattern when it is too complex for the line
function match.agrees(want, line)
  if want:sub(1, 1) == "~" then
    local ok, at = pcall(string.find, line, want:sub(2))
    if not ok then error(want .. ": " .. at, 0) end
    return at ~= nil
  end
  return want == line
end
local agrees = match.agrees

-- ------------------------------------------------------------------- a group

-- The lines of a group. Equal ones are one class, with room for their number.
local Group = {}
Group.__index = Group

local function new_group(wanted, lines)
  local self = setmetatable({ size = #wanted, lines = lines, exact = {},
                              patterns = {}, known = {}, owner = {} }, Group)
  local found = {}
  for _, want in ipairs(wanted) do
    local class = found[want]
    if not class then
      class = { want = want, room = 0, has = 0, held = {} }
      found[want] = class
      if want:sub(1, 1) == "~" then table.insert(self.patterns, class)
      else self.exact[want] = class end
    end
    class.room = class.room + 1
  end
  return self
end

-- The classes that line `j` matches.
function Group:takers(j)
  local line = self.lines[j]
  local list = self.known[line]
  if not list then
    list = { self.exact[line] }
    for _, class in ipairs(self.patterns) do
      if agrees(class.want, line) then list[#list + 1] = class end
    end
    self.known[line] = list
  end
  return list
end

-- Assign line `j` to a class, or to none. Lines that match other classes as
-- well are in `held`: they can be moved.
function Group:give(j, class)
  local before = self.owner[j]
  if before then before.held[j], before.has = nil, before.has - 1 end
  self.owner[j] = class
  if not class then return end
  class.has = class.has + 1
  if #self:takers(j) > 1 then class.held[j] = true end
end

-- Find room for line `j`, moving other lines if necessary: an augmenting path.
function Group:place(j, seen)
  local takers = self:takers(j)
  for _, class in ipairs(takers) do
    if class.has < class.room then
      self:give(j, class)
      return true
    end
  end
  for _, class in ipairs(takers) do
    if not seen[class] then
      seen[class] = true
      for other in pairs(class.held) do
        if self:place(other, seen) then  -- it was moved, so there is room
          self:give(j, class)
          return true
        end
      end
    end
  end
  return false
end

-- Assign as many lines after `done` as possible. Assignments of an earlier call
-- with a smaller `done` stay. Returns the index of the last line assigned.
function Group:reach(done)
  local first, last = self.first or done, math.max(self.last or done, done)
  for j = first + 1, math.min(done, last) do self:give(j, nil) end
  while last < done + self.size and self.lines[last + 1]
        and self:place(last + 1, {}) do
    last = last + 1
  end
  self.first, self.last = done, last
  return last
end

-- ------------------------------------------------------------------ matching

-- The `after` functions: given the possible counts of lines used before an
-- expectation, as a rising list, return those after it.

local function after_anything(before, lines)
  local list = {}
  for n = before[1], #lines do list[#list + 1] = n end
  return list
end

local function after_group(item, before, lines)
  local group, list = new_group(item.any_order, lines), {}
  for _, done in ipairs(before) do
    if group:reach(done) == done + group.size then
      list[#list + 1] = done + group.size
    end
  end
  return list
end

local function after_line(item, before, lines)
  local list, top, last = {}, -1, -1
  for _, done in ipairs(before) do
    -- the lines up to `last` are known to match
    if last < done then last = done end
    while last < done + item.most and lines[last + 1]
          and agrees(item.line, lines[last + 1]) do
      last = last + 1
    end
    for n = math.max(done + item.least, top + 1), math.min(last,
                                                     done + item.most) do
      list[#list + 1], top = n, n
    end
  end
  return list
end

local function after(item, before, lines)
  if item.anything then return after_anything(before, lines) end
  if item.any_order then return after_group(item, before, lines) end
  return after_line(item, before, lines)
end

-- How many lines an unmet expectation can use, and what is missing then.
local function partly(item, done, lines)
  if item.any_order then
    local group = new_group(item.any_order, lines)
    local n, left, taken = group:reach(done), {}, {}
    for j = done + 1, n do
      local want = group.owner[j].want
      taken[want] = (taken[want] or 0) + 1
    end
    for _, want in ipairs(item.any_order) do
      if (taken[want] or 0) > 0 then taken[want] = taken[want] - 1
      else left[#left + 1] = want end
    end
    return n, left
  end
  local n = done
  while n - done < item.most and lines[n + 1]
        and agrees(item.line, lines[n + 1]) do
    n = n + 1
  end
  return n
end

--- Find the first expectation that is not met.
-- @tparam {table,...} items as `verify.new` makes them
-- @tparam {string,...} lines the received commands
-- @treturn ?table nil when all are met; otherwise `at`, the index of the
-- expectation (#items + 1 when a line follows the last one); `start`, the count
-- of lines used before it; `done`, the count with those that it can use;
-- `left`, the lines that a group still needs
function match.mismatch(items, lines)
  local before = { 0 }
  for i, item in ipairs(items) do
    local list = after(item, before, lines)
    if not list[1] then
      local start = before[#before]
      local done, left = partly(item, start, lines)
      return { at = i, done = done, start = start, left = left }
    end
    before = list
  end
  local done = before[#before]
  if done == #lines then return nil end
  return { at = #items + 1, done = done, start = done }
end

return match
