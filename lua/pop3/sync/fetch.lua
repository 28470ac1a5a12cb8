--- Fetching and deleting in one session: RETR and DELE under way side by side,
-- and the order of every write (`pop3.sync`).
--
-- For a batch of at most 32 messages, or what comes within a second:
--
-- 1. the intents are recorded, durably
-- 2. RETR of each, straight into the file of its delivery
-- 3. what the delivery needs to be recorded before a commit ("called")
-- 4. the deliveries are committed and made durable
-- 5. they are recorded as delivered, durably
-- 6. DELE of those that are not to be kept
--
-- RETR of the next batch is sent meanwhile, so the link is never idle. A message
-- that fails does not stop the others; a place that is out of order does.
--
-- A server may leave out a reply or its terminator, or send a line too many. Then
-- later replies are taken for those of other messages, and one may be missing at
-- the end. Such a message has another size than LIST told, so from that one on
-- nothing is committed before all replies under way are here. Messages of other
-- sizes are asked for again, and the rest is fetched one at a time.
-- @module pop3.sync.fetch
-- @local

local core = require "pop3.core"
local delivery = require "pop3.sync.delivery"
local identify = require "pop3.sync.content"
local pipeline = require "pop3.client.pipeline"
local record = require "pop3.sync.record"

local none = {}
local try = delivery.try

local BATCH = 32     -- messages
local SECONDS = 1    -- of a batch

local Fetch = {}
Fetch.__index = Fetch

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

-- The run cannot go on: the place of the deliveries, or the state, is out of
-- order. Deliveries that are not durable yet are given up.
local function break_off(self, message, code)
  self.broken = true
  if code == "fenced" then self.run.fenced = true end
  return stop(self, message, code)
end

-- Has a run before this one called, and died? Until the message is delivered the
-- state must not forget that, nor the mark.
local function was_called(m)
  return m.record ~= nil and m.record.status == "called"
end

-- What `how` of a delivery that cannot be used ends the run with.
local place_codes = { io = "io", connect = "connect", timeout = "timeout",
                      fenced = "fenced" }

-- A message did not make it. `how` is nil, "reject", "unknown", or one of
-- `place_codes`; `done` is the mark of a commit that was done in part.
local function failed(self, m, reason, how, code, reply, done)
  reason = tostring(reason or "the delivery gave no reason")
  if place_codes[how] then
    -- after a time-out nobody knows; with the others no call was made
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
    -- from here on nobody can tell which of several was deleted
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

-- Is the reply to a pipelined command perhaps that of another message? Then that
-- message is asked for again, and nothing is committed before all replies under way are here.
local function is_doubtful(self, m, octets)
  if octets == m.size or m.partial or m.doubted
     or not self.pipeline:is_pipelined() then
    return false
  end
  if not self.doubted then
    flush(self)
    self.doubted, self.insert_at = m, self.next
  end
  m.doubted = octets
  table.insert(self.list, self.insert_at, m)
  self.insert_at = self.insert_at + 1
  return true
end

-- All replies are here: the messages that have their sizes are those they should
-- be.
local function trust(self)
  self.doubted = nil
  self.pipeline:slow_down()
end

-- A reply did not come.
local function give_up_doubted(self)
  local batch, m = self.batch, self.doubted
  self.batch, self.doubted = {}, nil
  for _, other in ipairs(batch) do try(other.delivery, "abort") end
  failed(self, m, ("%s: %d octets came, LIST says %d, and a reply is missing")
                  :format(m.command, m.doubted, m.size), nil, "proto")
end

-- The name that the delivery wants for a message: nil when it wants none, or nil,
-- reason.
local function name_of(self, handle)
  if not self.into.name then return nil end
  local name, reason = try(self.into, "name", handle)
  if name then return name end
  return nil, tostring(reason or "the delivery gave no name")
end

-- Let the delivery make ready what no other process may use after a takeover.
local function reserve(self)
  if self.reserved or not self.into.reserve then return true end
  local ok, reason, how = try(self.into, "reserve")
  if not ok then
    return break_off(self, tostring(reason or "the delivery gave no reason"),
                     place_codes[how] or "io")
  end
  self.reserved = true
  return true
end

-- Record the intents of the next batch, from the message 'at' in the list on.
local function intend(self, at)
  if not reserve(self) then return nil end
  local entries, messages = {}, {}
  for i = at, math.min(at + BATCH - 1, #self.list) do
    local m = self.list[i]
    if m.key and self.into.prepare and m.handle.name and was_called(m) then
      m.intended = true  -- its mark stays until there is another one
    elseif m.key and not m.intended then
      if not m.handle.name then
        m.handle.name, m.unnamed = name_of(self, m.handle)
      end
      messages[#messages + 1] = m
      entries[#entries + 1] = entry(m, "intent")
    end
  end
  if #entries == 0 then return true end
  local names, message, code = self.state:intend(entries)
  if not names then return break_off(self, message, code) end
  for i, m in ipairs(messages) do
    m.intended = true
    m.handle.name = names[i] or nil
  end
  return true
end

local function begin(self, m)
  if m.unnamed then return nil, m.unnamed end
  local d, reason, how = try(self.into, "begin", m.handle)
  if not d then return nil, reason, how end
  m.delivery = d
  if d.file then d.file:hash(true, false) end
  return d
end

-- The octets of a delivery without a file, and the header among them.
local function writer(m)
  local head, ended = {}, false
  m.header = function()
    local text = table.concat(head)
    return text ~= "" and core.header_digest(text) or nil
  end
  return function(chunk)
    if not ended then
      head[#head + 1] = chunk
      ended = (head[#head - 1] or ""):sub(-3) .. chunk
      ended = ended:find "\n\r?\n" ~= nil
    end
    local ok, reason, how = try(m.delivery, "write", chunk)
    if ok then return true end
    m.how = how
    return nil, reason or "the delivery gave no reason"
  end
end

local function digest_of(m)
  local file = m.delivery.file
  if file then return (file:digests()) end
  return m.header()
end

-- The message is in its delivery.
local function received(self, m, octets)
  m.octets = octets
  m.digest = m.content or digest_of(m)
  self.batch[#self.batch + 1] = m
  self.since = self.since or self.clock()
  if not self.doubted and (self.calls or #self.batch >= BATCH
                           or self.clock() - self.since > SECONDS) then
    flush(self)
  end
end

-- Take the reply to RETR (or TOP) of the message 'at' in the list.
local function receive(self, at)
  local m, p = self.list[at], self.pipeline
  local label = m.command
  local d, reason, how
  if not self.stopped and (m.intended or self.calls or intend(self, at)) then
    d, reason, how = begin(self, m)
  end
  if not d then
    local ok, message, code = p:reply(label)
    if ok == nil then return stop(self, message, code) end
    if not self.stopped then failed(self, m, reason, how) end
    return
  end
  local ok, octets, code, reply = p:reply(label, d.file, not d.file and writer(m))
  if ok and not is_doubtful(self, m, octets) then
    return received(self, m, octets)
  end
  try(d, "abort")
  m.delivery = nil
  if ok then return end
  if ok == nil then
    failed(self, m, octets, nil, code)
    return stop(self, octets, code)
  end
  if code == "io" then how = d.file and "io" or m.how else how = nil end
  failed(self, m, octets, how, code, reply)
end

-- ---------------------------------------------- messages that the content names

-- Take a message into a spool: only its content shows which one it is.
local function receive_unnamed(self, at)
  local m, p = self.list[at], self.pipeline
  local spool <close> = core.spool(self.run.options.spool)
  spool:hash(true, true)
  local ok, octets, code, reply = p:reply(m.command, spool)
  if ok == nil then return stop(self, octets, code) end
  if not ok then
    return failed(self, m, octets, code == "io" and "io" or nil, code, reply)
  end
  if is_doubtful(self, m, octets) then return end
  local header, whole = spool:digests()
  local known, message, state_code = identify(self.run, m, header, whole)
  if known == "pending" then
    if self.doubted then return end  -- a later run fetches it
    flush(self)
    known, message, state_code = identify(self.run, m, header, whole)
  end
  if known == nil then return break_off(self, message, state_code) end
  local name = m.handle and m.handle.name  -- of an intent that is recorded
  m.handle = self.run:handle_of(m)
  m.handle.name = m.handle.name or name
  if known then
    m.done = true
    -- without a unique-id it may be one that was skipped, or set aside
    if not m.uid and m.record.status ~= "delivered" then return end
    if self.run:is_unwanted(m) then self.deletes[#self.deletes + 1] = m end
    return
  end
  if not (self.calls or intend(self, at)) then return end
  local d, reason, how = begin(self, m)
  if not d then return failed(self, m, reason, how) end
  local take = not d.file and writer(m)
  local done
  if d.file then
    done, reason = d.file:copy(spool)
    how = "io"
  else
    local offset = 0
    repeat
      local chunk, err = spool:pread(offset, 65536)
      if not chunk then
        done, reason, how = nil, err, "io"
      else
        offset = offset + #chunk
        done, reason = #chunk == 0 or take(chunk), nil
        how = m.how
      end
    until not done or #chunk == 0
  end
  if not done then
    try(d, "abort")
    m.delivery = nil
    return failed(self, m, reason, how)
  end
  m.content = (header or "-") .. "." .. whole
  received(self, m, octets)
end

-- -------------------------------------------------------------------- the loop

local function send_more(self)
  local p, list = self.pipeline, self.list
  if not p:wants_more() then return end
  while not (self.stopped or self.doubted) and p:has_room() do
    local what, m = "DELE", self.deletes[self.next_delete]
    local line = m and "DELE " .. m.number
    if m then
      self.next_delete = self.next_delete + 1
    elseif self.next <= #list and (list[self.next].doubted
           or not self.run:is_enough(list[self.next])) then
      what, m = "RETR", self.next
      line = list[m].command
      self.next = self.next + 1
    else
      return
    end
    local ok, message, code = p:send(line, what == "RETR")
    if not ok then return stop(self, message, code) end
    self.queue[#self.queue + 1] = { what = what, item = m, line = line }
  end
end

local function take_reply(self)
  local asked = table.remove(self.queue, 1)
  self.pipeline:restart_clock()
  if asked.what == "RETR" then
    local m = self.list[asked.item]
    local take = m.key and not m.twin and receive or receive_unnamed
    take(self, asked.item)
    self.answered = (self.answered or 0) + 1
    local progress = self.run.options.progress
    if progress then progress(self.answered, #self.list, m.handle) end
    return
  end
  local ok, message, code, reply = self.pipeline:reply(asked.line)
  if ok == nil then return stop(self, message, code) end
  self.run:report(ok and "deleted" or "problem", asked.item, message, code, reply)
end

--- Fetch messages, deliver them, record them, delete those that are not kept.
-- @tparam table run see `pop3.sync.run`
-- @tparam {message,...} list in the order of fetching, each with `number`, `size`,
-- `key`, `record`, `twin`, `first`, `command` (RETR or TOP) and, if it has a key,
-- `handle`. Those that were delivered get `done`
-- @tparam {message,...} deletes messages to be deleted
-- @treturn boolean true, or nil, message, code, reply when the run cannot go on
-- @return nil
-- @return nil
-- @return nil
-- @treturn {table,...} what is to be set aside, see `Run:set_aside`
return function(run, list, deletes)
  local p, message, code = pipeline.open(run.session, "sync", #list + #deletes)
  if not p then return nil, message, code end
  local self = setmetatable({
    run = run, into = run.into, calls = run.calls, state = run.state,
    clock = run.clock, pipeline = p, list = list, next = 1, deletes = deletes,
    next_delete = 1, queue = {}, batch = {}, aside = {},
  }, Fetch)
  do
    local _ <close> = p
    while true do
      send_more(self)
      if self.stopped then
        break
      elseif #self.queue == 0 then
        local doubted = self.doubted
        if doubted then trust(self) end
        flush(self)
        if not doubted and self.next_delete > #self.deletes then break end
      else
        take_reply(self)
      end
    end
    if self.doubted then give_up_doubted(self) end
    flush(self)
  end
  run.place_broken = self.broken
  local stopped = self.stopped
  if stopped then
    return nil, stopped[1], stopped[2], stopped[3], self.aside
  end
  return true, nil, nil, nil, self.aside
end
