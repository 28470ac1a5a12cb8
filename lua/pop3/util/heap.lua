--- Things ordered by time: a binary heap. Things of equal time come in the
-- order in which they were added. The test server and the event loop use it for
-- timers.
-- @module pop3.util.heap
-- @local

local Heap = {}
Heap.__index = Heap

local FEW = 1000  -- things; ended ones are dropped when there are more

-- An empty heap.
local function new()
  return setmetatable({ n = 0, serial = 0, many = FEW,
                        at = {}, order = {}, what = {} }, Heap)
end

local function before(h, i, j)
  if h.at[i] ~= h.at[j] then return h.at[i] < h.at[j] end
  return h.order[i] < h.order[j]
end

local function swap(h, i, j)
  h.at[i], h.at[j] = h.at[j], h.at[i]
  h.order[i], h.order[j] = h.order[j], h.order[i]
  h.what[i], h.what[j] = h.what[j], h.what[i]
end

local function put(self, at, order, what)
  local i = self.n + 1
  self.n = i
  self.at[i], self.order[i], self.what[i] = at, order, what
  while i > 1 and before(self, i, i // 2) do
    swap(self, i, i // 2)
    i = i // 2
  end
end

-- Drop the things that have ended.
local function sweep(self)
  local n, at, order, what = self.n, self.at, self.order, self.what
  self.n, self.at, self.order, self.what = 0, {}, {}, {}
  for i = 1, n do
    if not what[i].ended then put(self, at[i], order[i], what[i]) end
  end
  self.many = math.max(FEW, 2 * self.n)
end

--- Add a thing.
-- @tparam number at its time
-- @tparam table what it is dropped some time after its field `ended` is true
function Heap:add(at, what)
  if self.n >= self.many then sweep(self) end
  self.serial = self.serial + 1
  put(self, at, self.serial, what)
end

--- The time of the first thing.
-- @treturn ?number nil if the heap is empty
function Heap:first()
  return self.at[1]
end

--- Take the first thing.
-- @tparam number now only if its time is not after this one
-- @tparam[opt] integer last only if it is among the first `last` that were
-- added
-- @treturn ?table
function Heap:take(now, last)
  if self.n == 0 or self.at[1] > now or last and self.order[1] > last then
    return nil
  end
  local what = self.what[1]
  local n = self.n
  swap(self, 1, n)
  self.at[n], self.order[n], self.what[n] = nil, nil, nil
  n = n - 1
  self.n = n
  local i = 1
  while true do
    local least, l = i, 2 * i
    if l <= n and before(self, l, least) then least = l end
    if l + 1 <= n and before(self, l + 1, least) then least = l + 1 end
    if least == i then return what end
    swap(self, i, least)
    i = least
  end
end

return new
