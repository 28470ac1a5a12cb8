--- How a list of expectations (see `pop3.expect`) fits the lines that came.
--
-- All ways to share out the lines are followed at once, as the set of how many
-- lines may be done after each expectation; so the time is no more than about
-- expectations times lines, whatever they are.
-- @module pop3.matching
-- @local

local matching = {}

--- Does a line, or a Lua pattern behind "~", agree with what came?
-- @tparam string want
-- @tparam string line
-- @treturn boolean; an error that names a pattern that is too much for the line
function matching.agrees(want, line)
  if want:sub(1, 1) == "~" then
    local ok, at = pcall(string.find, line, want:sub(2))
    if not ok then error(want .. ": " .. at, 0) end
    return at ~= nil
  end
  return want == line
end
local agrees = matching.agrees

-- ------------------------------------------------------------------- a group

-- The lines of a group: like ones are one, with room for so many.
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

-- Which of the group line `j` may be.
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

-- Those that could be of another class too are `held`.
function Group:give(j, class)
  local before = self.owner[j]
  if before then before.held[j], before.has = nil, before.has - 1 end
  self.owner[j] = class
  if not class then return end
  class.has = class.has + 1
  if #self:takers(j) > 1 then class.held[j] = true end
end

-- Find room for line `j`, moving others if need be: an augmenting path.
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
        if self:place(other, seen) then  -- it has left: there is room
          self:give(j, class)
          return true
        end
      end
    end
  end
  return false
end

-- Share out lines behind the first `done`, as far as it goes; what is shared
-- out already, with fewer lines done, stays. Returns how many are done then.
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

-- The `after` functions tell how many lines may be done after an expectation,
-- as a rising list, given such a list of what may be before it.

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
    -- up to `last` the lines are known to agree
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

-- How far an expectation that is not met gets, and what is still wanted then.
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

--- Find what is not met.
-- @tparam {table,...} items as `expect.new` makes them
-- @tparam {string,...} lines
-- @treturn ?table nil when all are met; else `at`, the expectation that is not,
-- one behind the last when that is that no more comes; `start`, how many lines
-- are done before it; `done`, how many when it has taken what it can; `left`,
-- what a group still wants then
function matching.mismatch(items, lines)
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

return matching
