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
-- that fails does not stop the others; a destination that fails does.
--
-- A server may leave out a reply or its terminator, or send an extra line or reply.
-- Then later pipelined replies are taken for those of other messages. So LIST of the
-- last message follows every group of RETRs: its reply has the message number. A group
-- is committed only after the right reply. Messages whose size differs from LIST are
-- fetched again, and the rest is fetched one at a time.
-- @module pop3.sync.fetch
-- @local

local commands = require "pop3.client.command"
local commit = require "pop3.sync.commit"
local core = require "pop3.core"
local delivery = require "pop3.sync.delivery"
local identify = require "pop3.sync.content"
local pipeline = require "pop3.client.pipeline"

local try = delivery.try

local BATCH = 32     -- messages
local SECONDS = 1    -- of a batch
local GROUP = 8      -- pipelined messages that one LIST proves

local Fetch = {}
Fetch.__index = Fetch

local break_off, entry, failed, flush, place_codes, stop, was_called =
  commit.break_off, commit.entry, commit.failed, commit.flush, commit.place_codes,
  commit.stop, commit.was_called

-- The reply to a pipelined command may be that of another message. Then the message is
-- fetched again, and nothing is committed before all outstanding replies are here.
local function is_doubtful(self, m, octets)
  if octets == m.size or m.partial or m.doubted
     or not self.piped then
    return false
  end
  if not self.doubted then
    flush(self)
    self.doubted, self.insert_at = m, self.next
  end
  m.doubted, self.uncertain = octets, true
  table.insert(self.list, self.insert_at, m)
  self.insert_at = self.insert_at + 1
  return true
end

-- All replies are here: messages with the right sizes are the requested ones.
local function trust(self)
  self.doubted = nil
  self.pipeline:slow_down()
end

-- A reply did not come.
local function give_up_doubted(self)
  local m = self.doubted
  self.doubted = nil
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

-- Let the delivery make what no other process may use after a takeover.
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

-- Commit the batch if it is time.
local function flush_in_time(self)
  if not self.doubted and (self.calls or #self.batch >= BATCH
                           or self.clock() - self.since > SECONDS) then
    flush(self)
  end
end

-- The message is in its delivery.
local function received(self, m, octets)
  m.octets = octets
  m.digest = m.content or digest_of(m)
  self.since = self.since or self.clock()
  if self.piped then
    m.uncertain = self.uncertain
    self.group[#self.group + 1] = m
  else
    self.batch[#self.batch + 1] = m
    flush_in_time(self)
  end
end

-- The connection was lost before the check of a group. What is certain by the sizes alone
-- can be committed, so that there is progress where no connection lasts: messages before
-- the first one that is refused, or has the size of an earlier one, whose reply it could be.
local function keep_certain(self)
  local stopped = self.stopped
  local certain = not (self.puzzle or stopped and stopped[2] == "proto")
  local batch = self.batch
  for _, m in ipairs(self.group) do
    certain = certain and not m.uncertain
    if certain then
      batch[#batch + 1] = m
    else
      try(m.delivery, "abort")
      m.delivery = nil
    end
  end
  self.group = {}
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
  self.uncertain = true
  if ok == nil then
    failed(self, m, octets, nil, code)
    return stop(self, octets, code)
  end
  if code == "io" then how = d.file and "io" or m.how else how = nil end
  failed(self, m, octets, how, code, reply)
end

-- ---------------------------------------------- messages that the content names

-- Equal octets were delivered: this one is done. If its reply is that of another message
-- after all, the session ends before QUIT, and nothing is deleted.
local function known_by_content(self, m)
  m.done = true
  -- without a unique-id it may be one that was skipped, or set aside
  if not m.uid and m.record.status ~= "delivered" then return end
  if self.run:is_unwanted(m) then self.deletes[#self.deletes + 1] = m end
end

-- Those with the octets of messages that were not committed when they came.
local function identify_pending(self)
  if #self.pending == 0 or self.doubted then return end
  local pending = self.pending
  self.pending = {}
  flush(self)
  for _, one in ipairs(pending) do
    local m = one[1]
    local known, message, code = identify(self.run, m, one[2], one[3])
    if known == nil then return break_off(self, message, code) end
    m.handle = m.handle or self.run:handle_of(m)
    if known == true then known_by_content(self, m) end  -- else in a later run
  end
end

-- Take a message into a spool: only its content shows which one it is.
local function receive_unnamed(self, at)
  local m, p = self.list[at], self.pipeline
  local spool <close> = core.spool(self.run.options.spool)
  spool:hash(true, true)
  local ok, octets, code, reply = p:reply(m.command, spool)
  if ok == nil then return stop(self, octets, code) end
  if not ok then
    self.uncertain = true
    return failed(self, m, octets, code == "io" and "io" or nil, code, reply)
  end
  if is_doubtful(self, m, octets) then return end
  local header, whole = spool:digests()
  local known, message, state_code = identify(self.run, m, header, whole)
  if known == "pending" then
    if self.doubted then return end  -- a later run fetches it
    if self.piped then
      self.pending[#self.pending + 1] = { m, header, whole }
      return
    end
    flush(self)
    known, message, state_code = identify(self.run, m, header, whole)
  end
  if known == nil then return break_off(self, message, state_code) end
  local name = m.handle and m.handle.name  -- of an intent that is recorded
  m.handle = self.run:handle_of(m)
  m.handle.name = m.handle.name or name
  if known then return known_by_content(self, m) end
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

-- ------------------------------------------- are the replies those of their commands?

-- All messages of the group are the requested ones.
local function accept_group(self)
  table.move(self.group, 1, #self.group, #self.batch + 1, self.batch)
  self.group, self.uncertain = {}, false
  if #self.batch > 0 then flush_in_time(self) end
  identify_pending(self)
end

-- Take the reply to LIST of the last message of a group. If it is another one, nothing
-- more is sent until all replies are here.
local function check_group(self, m, line)
  local ok, text, code = self.pipeline:reply(line)
  if ok == nil then return stop(self, text, code) end
  -- the size may be another one than before RETR
  local number = text:match "^%s*(%d+)%s+%d+"
  if ok and tonumber(number) == m.number and not self.puzzle then
    return accept_group(self)
  end
  self.puzzle = self.puzzle or m
  self.pipeline:slow_down()
end

-- All replies are here, and one to LIST of a message was not right. Some servers may not
-- know that form; the whole listing shows whether the replies are out of step.
local function solve_puzzle(self)
  local m, p = self.puzzle, self.pipeline
  self.puzzle = nil
  local ok, sizes, code = p:send "LIST"
  if ok then
    ok, sizes, code = p:reply "LIST"
  end
  if ok == nil then return stop(self, sizes, code) end
  if ok and type(sizes) == "table" and sizes[m.number] then
    return accept_group(self)
  end
  local _, message, why = commands.kill(p.session, "LIST", "the replies are out of step "
    .. "with the commands", "proto")
  return stop(self, message, why)
end

-- -------------------------------------------------------------------- the loop

-- The next command: its kind, the message or its place in the list, the line; nil if
-- there is nothing to send.
local function next_command(self)
  local list, m = self.list, self.deletes[self.next_delete]
  if self.puzzle then return nil end
  if m and not self.doubted then
    self.next_delete = self.next_delete + 1
    return "DELE", m, "DELE " .. m.number
  end
  local at = self.next
  if not self.doubted and self.unchecked < GROUP and at <= #list
     and (list[at].doubted or not self.run:is_enough(list[at])) then
    self.next = at + 1
    if self.pipeline:is_pipelined() then
      self.unchecked, self.last = self.unchecked + 1, list[at]
    end
    return "RETR", at, list[at].command
  elseif self.unchecked > 0 then
    self.unchecked = 0
    return "LIST", self.last, "LIST " .. self.last.number
  end
end

local function send_more(self)
  local p = self.pipeline
  if not p:wants_more() then return end
  while not self.stopped and p:has_room() do
    local what, m, line = next_command(self)
    if not what then return end
    local ok, message, code = p:send(line, what == "RETR")
    if not ok then return stop(self, message, code) end
    self.queue[#self.queue + 1] = { what = what, item = m, line = line,
                                    piped = p:is_pipelined() }
  end
end

local function take_reply(self)
  local asked = table.remove(self.queue, 1)
  self.pipeline:restart_clock()
  if asked.what == "LIST" then
    return check_group(self, asked.item, asked.line)
  elseif asked.what == "RETR" then
    local m = self.list[asked.item]
    self.piped = asked.piped
    self.uncertain = self.uncertain or not m.size or self.sizes[m.size] or false
    self.sizes[m.size or 0] = true
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
    next_delete = 1, queue = {}, batch = {}, aside = {}, group = {}, pending = {},
    sizes = {}, unchecked = 0, uncertain = false,
  }, Fetch)
  do
    local _ <close> = p
    while true do
      send_more(self)
      if self.stopped then
        break
      elseif #self.queue == 0 and self.puzzle then
        solve_puzzle(self)
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
    keep_certain(self)
    flush(self)
  end
  run.place_broken = self.broken
  local stopped = self.stopped
  if stopped then
    return nil, stopped[1], stopped[2], stopped[3], self.aside
  end
  return true, nil, nil, nil, self.aside
end
