--- Batches of `pop3.sync.fetch`: messages that are in their deliveries are committed,
-- made durable, and recorded; those that fail are recorded, too.
--
-- `self` is the state of a fetch, `m` a message.
-- @module pop3.sync.commit
-- @local

local delivery = require "pop3.sync.delivery"
local record = require "pop3.sync.record"

local none = {}
local try = delivery.try

-- -------------------------------------------------------------------- outcomes

-- The entry of a message for the state.
local function entry(m, status)
  local r = m.record or none
  local uid, nth = record.split(m.key)
  return {
    uid = uid, nth = nth, status = status, size = m.size, first = m.first,
    tries = r.tries, name = m.handle and m.handle.name or r.name,
    digest = m.digest or r.digest, note = nil, absent = nil,
    flag = m.begun and "begun" or m.partial and "top" or nil,
  }
end

-- The run cannot go on: the session has ended.
local function stop(self, message, code, reply)
  self.stopped = self.stopped or { message, code, reply }
  return nil
end

-- The run cannot go on: the destination or the state has failed. Deliveries that are
-- not durable yet are given up.
local function break_off(self, message, code)
  self.broken = true
  if code == "fenced" then self.run.fenced = true end
  return stop(self, message, code)
end

-- Did an earlier run make a call, and crash? The state must keep that, and the mark,
-- until the message is delivered.
local function was_called(m)
  return m.record ~= nil and m.record.status == "called"
end

-- The code that ends the run, for the `how` of a delivery that cannot be used.
local place_codes = { io = "io", connect = "connect", timeout = "timeout",
                      fenced = "fenced" }

-- The delivery of a message failed. `how` is nil, "reject", "unknown", or one of
-- `place_codes`; `done` is the mark of a commit that was done in part.
local function failed(self, m, reason, how, code, reply, done)
  reason = tostring(reason or "the delivery gave no reason")
  if place_codes[how] then
    -- after a timeout the outcome is unknown; with the others no call was made
    if self.calls and m.key and how ~= "timeout" and not was_called(m) then
      self.state:failed { entry(m, "intent") }
    end
    return break_off(self, reason, how)
  end
  self.run:allow_another()
  if m.key then self.run.tried[m.key] = true end
  if not m.key then
    self.run:report("failed", m, reason, code or "err", reply)
    return
  end
  local e = entry(m, "failed")
  e.tries = (e.tries or 0) + 1
  e.note = reason:sub(1, 200)
  if was_called(m) then
    e.status, e.note = "called", m.record.note
  elseif how == "unknown" then
    e.status = "called"
  end
  if done then e.status, e.note = "called", done end
  local ok, message, c = self.state:failed { e }
  if not ok then return break_off(self, message, c) end
  if how == "reject" or e.tries >= self.run.options.attempts then
    self.aside[#self.aside + 1] = { message = m, entry = e, reason = reason,
                                    code = code or "err", reply = reply }
  else
    self.run:report("failed", m, reason, code or "err", reply)
  end
end

-- ------------------------------------------------------------------- a delivery

-- What the commit of a batch needs to have recorded before.
local function mark(self, batch)
  local marks = {}
  if self.into.prepare then
    local list = {}
    for i, m in ipairs(batch) do list[i] = m.delivery end
    local message, how
    marks, message, how = try(self.into, "prepare", list)
    if not marks then
      for _, m in ipairs(batch) do try(m.delivery, "abort") end
      return break_off(self, tostring(message), place_codes[how] or "timeout")
    end
  elseif not self.calls then
    return true
  end
  local entries = {}
  for i, m in ipairs(batch) do
    entries[i] = entry(m, "called")
    entries[i].note = marks[i] or m.handle.mark
  end
  local ok, message, code = self.state:intend(entries)
  if not ok then
    for _, m in ipairs(batch) do try(m.delivery, "abort") end
    return break_off(self, message, code)
  end
  return true
end

-- Record what is durable now; DELE may follow.
local function record_done(self, done)
  local entries = {}
  for i, m in ipairs(done) do
    entries[i] = entry(m, m.partial and "partial" or "delivered")
    entries[i].name, entries[i].tries, entries[i].flag = nil, nil, nil
    m.unwanted = self.run:is_unwanted(m)
    -- from here on it is unknown which of several was deleted
    if m.twin and m.unwanted then entries[i].absent = self.run.now end
  end
  -- without a DELE nothing depends on them but to find them after a crash, which
  -- the intents allow as well
  local ok, message, code = self.state:done(entries, not self.run.options.keep)
  if not ok then return break_off(self, message, code) end
  for _, m in ipairs(done) do
    m.done = true
    self.run:report("delivered", m)
    if m.unwanted then self.deletes[#self.deletes + 1] = m end
  end
end

-- Commit messages and make them durable.
local function commit(self, batch)
  if not mark(self, batch) then return end
  local committed = {}
  for _, m in ipairs(batch) do
    if self.broken then
      try(m.delivery, "abort")
    else
      local ok, reason, how, done = try(m.delivery, "commit")
      if ok then
        committed[#committed + 1] = m
      else
        try(m.delivery, "abort")
        failed(self, m, reason, how, nil, nil, done)
      end
    end
  end
  local trouble
  if #committed > 0 and self.into.sync then
    local ok, bad, how = try(self.into, "sync")
    if not ok then
      return break_off(self, tostring(bad or "the delivery is not durable"),
                       place_codes[how] or "timeout")
    end
    local good = {}
    for _, m in ipairs(committed) do
      local why = type(bad) == "table" and bad[m.handle.id]
      if why then trouble = tostring(why) else good[#good + 1] = m end
    end
    committed = good
  end
  if #committed > 0 then record_done(self, committed) end
  if trouble then break_off(self, trouble, "io") end
  for _, m in ipairs(batch) do m.delivery = nil end
end

-- Commit the batch. Calls are made one by one: a crash repeats one at the most.
local function flush(self)
  local batch = self.batch
  self.batch, self.since = {}, nil
  if not self.calls then
    if #batch > 0 then commit(self, batch) end
    return
  end
  for _, m in ipairs(batch) do
    if self.broken then try(m.delivery, "abort") else commit(self, { m }) end
  end
end

return {
  break_off = break_off, entry = entry, failed = failed, flush = flush,
  place_codes = place_codes, stop = stop, was_called = was_called,
}
