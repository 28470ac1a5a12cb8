--- What is due when: a heap of things by their time, and a queue of things
-- that are all due after the same span.
-- @module pop3.timers
-- @local

local timers = {}

--- A heap of things by their time, see `pop3.util.heap`.
timers.heap = require "pop3.util.heap"

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
