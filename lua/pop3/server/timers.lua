--- What is due when: a heap of things by their time, and a queue of things
-- that are all due after the same span.
-- @module pop3.timers
-- @local

local timers = {}

-- --------------------------------------------------------------------- heap

local Heap = {}
Heap.__index = Heap

local FEW = 1000  -- things among which the dead ones do no harm

--- Things by time; those of equal time come in the order they were added.
-- Things that are over, which their field `ended` says, are dropped when there
-- are many.
function timers.heap()
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

-- Drop what is over.
local function sweep(self)
  local n, at, order, what = self.n, self.at, self.order, self.what
  self.n, self.at, self.order, self.what = 0, {}, {}, {}
  for i = 1, n do
    if not what[i].ended then put(self, at[i], order[i], what[i]) end
  end
  self.many = math.max(FEW, 2 * self.n)
end

function Heap:add(at, what)
  if self.n >= self.many then sweep(self) end
  self.serial = self.serial + 1
  put(self, at, self.serial, what)
end

--- When the first is due, nil if there is none.
function Heap:first()
  return self.at[1]
end

--- Take the first, if it is due by then, and was among the first `last` that
-- were added.
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

-- -------------------------------------------------------------------- queue

local Queue = {}
Queue.__index = Queue

--- Things with a field `active`, a time: each is due `span` after it. Taking
-- note of activity is setting that field; the queue looks again when the
-- thing comes to its front.
function timers.queue(span)
  local q = setmetatable({ span = span }, Queue)
  q.after, q.before = q, q
  return q
end

function Queue:add(thing)
  thing.due = thing.active + self.span
  thing.before, thing.after = self.before, self
  self.before.after = thing
  self.before = thing
end

function Queue.remove(_, thing)
  if not thing.after then return end
  thing.before.after, thing.after.before = thing.after, thing.before
  thing.before, thing.after = nil, nil
end

--- Before when nothing is due, nil if there is nothing. What was active since
-- it came to the front goes back, but only once that front is due.
function Queue:first(now)
  local thing = self.after
  while thing ~= self and thing.due <= now
        and thing.active + self.span > thing.due do
    self:remove(thing)
    self:add(thing)
    thing = self.after
  end
  return thing ~= self and thing.due or nil
end

--- Take the first, if it is due by then.
function Queue:take(now)
  local due = self:first(now)
  if not due or due > now then return nil end
  local thing = self.after
  self:remove(thing)
  return thing
end

return timers
