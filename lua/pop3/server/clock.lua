--- The server's clock and its timers.
-- @submodule pop3.server

local argument = require "pop3.util.argument"
local core = require "pop3.core"

-- These run once a read, without the look-up.
local journal_now = core.types["pop3.journal"].now
local clock = core.now

local methods = {}

--- Seconds on the server's clock, as it was read last.
-- @treturn number
function methods:now()
  return self.time
end

-- Read the clock. In memory it stands still until `advance` moves it.
function methods:tick()
  local t = self.offset
  if self.clock then
    t = self.clock()
    if type(t) ~= "number" then
      error("server: the option clock returned a " .. type(t)
            .. ", not a number", 0)
    end
  elseif self.started then t = t + clock() - self.started end
  if t ~= self.time then
    self.time = t
    journal_now(self.journal, t)
  end
  return t
end

-- Wake a session after some seconds.
function methods:after(seconds, session)
  self.heap:add(self.time + seconds, session)
end

-- The time when the next timer is due; nil if there is none.
function methods:next_due()
  local a, b = self.heap:first(), self.idle:first(self.time)
  if a and b then return a < b and a or b end
  return a or b
end

-- Run the timers that are due now. Returns whether there was one. Timers that become
-- due meanwhile wait for the next call, so that descriptors are checked before.
function methods:fire()
  local now, any = self.time, false
  local last = self.heap.serial
  local session = self.heap:take(now, last)
  while session do
    any = true
    if not session.ended then
      session:wake()
      self:watch(session)
    end
    session = self.heap:take(now, last)
  end
  session = self.idle:take(now)
  while session do
    any = true
    if session:waiting() then  -- not the client's fault
      session.active = now
      self.idle:add(session)
    else
      session:finish "fin"  -- RFC 1939 section 3: no reply, no update
    end
    session = self.idle:take(now)
  end
  return any
end

--- Move the clock forward. Delays of faults, handlers that sleep and the autologout
-- happen at their time.
-- @tparam number seconds
-- @usage server:advance(601)  -- longer than the autologout
function methods:advance(seconds)
  if self.clock then
    argument.misuse(1, "advance: the option clock cannot be moved")
  end
  if type(seconds) ~= "number" or seconds < 0 or seconds == math.huge
     or seconds ~= seconds then
    argument.misuse(1, "advance: seconds must be a number of 0 or more")
  end
  local target = self:tick() + seconds
  repeat
    local due = self:next_due()
    local to = due and math.max(math.min(due, target), self.time) or target
    self.offset = self.offset + (to - self.time)
    self:tick()
    self:fire()
    due = self:next_due()
  until self.time >= target and not (due and due <= self.time)
end

return methods
