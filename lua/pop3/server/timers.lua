--- Timers: a heap of things by the time when they are due, and a queue of things
-- with the same timeout.
-- @module pop3.server.timers
-- @local

local timers = {}

--- A heap of things by their time, see `pop3.util.heap`.
timers.heap = require "pop3.util.heap"

-- -------------------------------------------------------------------- queue

local Queue = {}
Queue.__index = Queue

--- A queue of things with a field `active`, a time: each is due `span` seconds
-- after it. To note activity, set that field; the queue reads it when the thing
-- comes to the front.
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

--- A time before which nothing is due; nil if the queue is empty. A thing at
-- the front that is due, but was active since, goes to the back.
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

--- Take the first thing, if it is due by `now`.
function Queue:take(now)
  local due = self:first(now)
  if not due or due > now then return nil end
  local thing = self.after
  self:remove(thing)
  return thing
end

return timers
