--- One run of `pop3.sync`: what is done in which order.
--
--     lock and read the state          state:open
--     settle what a dead run left      settle
--     STAT, LIST, UIDL                 pop3.sync.listing
--     find the record of each message  pop3.sync.plan
--     decide what to do with each      pop3.sync.policy
--     fetch, deliver, record, delete   pop3.sync.fetch
--     QUIT
--     record what is gone              sighted
--     give the lock back               state:close
--
-- @module pop3.sync.run
-- @local

local core = require "pop3.core"
local delivery = require "pop3.sync.delivery"
local fetch = require "pop3.sync.fetch"
local listing = require "pop3.sync.listing"
local options = require "pop3.sync.options"
local pipeline = require "pop3.client.pipeline"
local plan = require "pop3.sync.plan"
local policy = require "pop3.sync.policy"
local record = require "pop3.sync.record"
local retention = require "pop3.sync.retention"

local DAY = 86400

local Run = {}
Run.__index = Run

-- -------------------------------------------------------------------- reporting

local counted = { delivered = "new", deleted = "deleted", failed = "failed",
                  aside = "aside", skipped = "skipped" }

-- Count what happened to a message, and tell who listens.
function Run:report(what, m, text, code, reply)
  local result = self.result
  local name = counted[what]
  if name then result[name] = result[name] + 1 end
  if what == "delivered" then
    result.octets = result.octets + (m.octets or 0)
    if m.handle.again then result.again = result.again + 1 end
  elseif what == "deleted" then
    self.deleted[#self.deleted + 1] = m
  elseif what == "failed" or what == "aside" or what == "problem" then
    result.problems[#result.problems + 1] = {
      number = m and m.number, uid = m and m.uid, code = code, text = text,
    }
    self:note_reply(reply)
  end
  if self.options.log then
    self.options.log {
      what = what, number = m and m.number, uid = m and m.uid,
      id = m and m.handle and m.handle.id, octets = m and m.octets or nil,
      size = m and m.size, text = text, code = code,
    }
  end
end

-- Response codes after which a later try can help (RFC 2449, RFC 3206), and
-- after how many seconds.
local waits = { ["IN-USE"] = 60, ["LOGIN-DELAY"] = 300, ["SYS/TEMP"] = 300 }

function Run:note_reply(reply)
  local seconds = reply and waits[reply.code]
  if not seconds then return end
  local delay = self.login_delay
  if reply.code == "LOGIN-DELAY" and delay then seconds = delay end
  self.result.retry_after = math.max(self.result.retry_after or 0, seconds)
  self.result.temporary = true
end

-- ------------------------------------------------------------------- the handle

function Run:handle_of(m)
  local uid, nth = record.split(m.key)
  local r = m.record or {}
  m.first = r.first or self.now
  return {
    number = m.number, size = m.size, uid = m.uid, nth = nth,
    id = core.sha256(("%s\0%s\0%d"):format(self.account, uid, nth)):sub(1, 32),
    again = r.status == "called" and self.calls,
    first_seen = m.first, name = r.name, partial = m.partial,
  }
end

-- ------------------------------------------------------------ what a crash left

-- Find out what became of deliveries that were begun by a run that died.
function Run:settle()
  local into = self.into
  if not into or self.calls or self.options.dry_run then return true end
  local done, problems = {}, {}
  for key, line in pairs(self.seen) do
    local status = record.peek(line)
    if status == "intent" or status == "called" then
      local r = record.unpack(line)
      local uid, nth = record.split(key)
      local intent = {
        name = r.name, uid = uid, nth = nth, size = r.size,
        called = status == "called" and (r.note or "") or nil,
        id = core.sha256(("%s\0%s\0%d"):format(self.account, uid, nth))
             :sub(1, 32),
      }
      local what, message = delivery.try(into, "settle", intent)
      if what == "delivered" then
        r.status, r.name, r.note, r.uid, r.nth = "delivered", nil, nil, uid, nth
        done[#done + 1] = r
        self:report("settled", { uid = uid, handle = intent })
      elseif what ~= "absent" then
        problems[1] = tostring(message)
      end
    end
  end
  if problems[1] then return nil, problems[1], "io" end
  return self.state:done(done)
end

-- ------------------------------------------------------------------ fingerprints

-- The header of each message by TOP n 0, as a digest (RFC 1939 section 7).
function Run:fingerprints(messages)
  if self.has_top == false then return true end
  local p, message, code = pipeline.open(self.session, "TOP", #messages)
  if not p then return nil, message, code end
  local _ <close> = p
  local sent, refused = 0, 0
  for i, m in ipairs(messages) do
    while sent < #messages and p:has_room() and (self.has_top or sent < i) do
      sent = sent + 1
      local ok, m2, c2 = p:send(("TOP %d 0"):format(messages[sent].number))
      if not ok then return nil, m2, c2 end
    end
    p:restart_clock()
    local ok, header, c, reply = p:reply(("TOP %d 0"):format(m.number))
    if ok == nil then return nil, header, c end
    if ok then
      self.has_top = true
      if header:find "^[^\r\n]" then m.digest = core.header_digest(header) end
    elseif not self.has_top and not (reply and reply.code) then
      refused = refused + 1
      if refused == 3 or refused == #messages then
        self.has_top = false
        return true
      end
    end
  end
  return true
end

-- Recognise a message by its content: without a unique-id, or with one that
-- several messages have. Returns true when it is known.
function Run:identify(m, header, whole)
  local digest = (header or "-") .. "." .. whole
  local uid = m.uid or record.stand_in("content", whole)
  if not m.key then
    local nth = 1
    while self.claimed[record.key(uid, nth)] do nth = nth + 1 end
    m.key = record.key(uid, nth)
    self.claimed[m.key] = true
    if self.seen[m.key] then
      local r = record.unpack(self.seen[m.key])
      m.record = r
      if record.settled[r.status] then return true end
    end
    return false
  end
  local known = self.same[uid]
  if not known then
    known = {}
    for key, line in pairs(self.seen) do
      local r = record.split(key) == uid and record.unpack(line)
      if r and r.status == "delivered" and r.digest then
        known[r.digest .. "/" .. (r.size or "-")] = true
      end
    end
    self.same[uid] = known
  end
  local mark = digest .. "/" .. (m.size or "-")
  if not known[mark] then
    known[mark] = true
    return false
  end
  local _, nth = record.split(m.key)
  local ok, message, code = self.state:done { {
    uid = uid, nth = nth, status = "delivered", size = m.size,
    first = m.first or self.now, digest = digest,
  } }
  if not ok then self:report("problem", m, message, code) end
  return true
end

-- ------------------------------------------------------------------- one session

-- Does the listing show every message that the server has? Only then is a
-- message that it does not show gone.
local function is_whole(list, todo)
  for _, m in ipairs(todo) do
    if not m.key or not m.uid and list.uids then return false end
  end
  return #list.numbers > 0
end

-- Record what is gone, what came back, what is forgotten, what has a new id.
function Run:sighted(list, p, deleted)
  local entries = {}
  local function put(key, changes)
    local r = record.unpack(self.seen[key])
    r.uid, r.nth = record.split(key)
    for name, value in pairs(changes) do r[name] = value or nil end
    entries[#entries + 1] = r
  end
  for _, m in ipairs(p.todo) do
    if m.adopted then
      local r = m.record
      local old = { status = "forgotten" }
      old.uid, old.nth = record.split(m.adopted)
      r.uid, r.nth = record.split(m.key)
      r.size, r.absent, r.digest = m.size, nil, r.digest or m.digest
      entries[#entries + 1] = r
      entries[#entries + 1] = old
    end
  end
  local gone = {}
  for _, m in ipairs(deleted) do
    if m.key and self.seen[m.key] then
      gone[m.key] = true
      local _, _, _, absent = record.peek(self.seen[m.key])
      if absent == "-" or self.now - absent > DAY then
        put(m.key, { absent = self.now })
      end
    end
  end
  local whole = is_whole(list, p.todo)
  for key, line in pairs(self.seen) do
    local _, _, _, absent = record.peek(line)
    local since = math.tointeger(tonumber(absent))
    if self.claimed[key] or self.fresh[key] then
      if since and not gone[key] and self.now - since > DAY then
        put(key, { absent = false })
      end
    elseif whole and not since then
      put(key, { absent = self.now })
    elseif whole and self.now - since > self.options.forget then
      put(key, { status = "forgotten" })
    end
  end
  return self.state:done(entries)
end

-- Keep the octets of messages that were set aside.
function Run:save_aside(aside)
  local directory = self.options.set_aside
  if not directory or #aside == 0 then return end
  local ok, message = core.mkdir(directory)
  for _, m in ipairs(aside) do
    if ok and self.session:state() == "transaction" then
      ok, message = self.session:save(m.number, ("%s/%s.eml"):format(directory,
                                                       m.handle.id))
    end
    if not ok then self:report("problem", m, message, "io") end
    ok = true
  end
end

-- Is a message not to be kept any longer?
function Run:is_unwanted(m)
  local keep = self.options.keep
  if not keep or m.partial then return false end
  return not keep(m.handle, m.first, self.now)
end

-- A limit of the run, or of the session: may the next message be fetched?
function Run:is_enough(m)
  local o = self.options
  local size = not m.partial and m.size or 0
  if o.max_messages and self.started >= o.max_messages
     or o.max_octets and self.started > 0
        and self.started_octets + size > o.max_octets then
    return true
  end
  if o.purge_after and o.keep and self.in_session >= o.purge_after then
    self.is_full = true
    return true
  end
  self.started = self.started + 1
  self.in_session = self.in_session + 1
  self.started_octets = self.started_octets + size
  return false
end

-- Decide what this session does; nil, message, code, reply.
function Run:decide(list)
  local o = self.options
  local p, message, code, reply = plan(list, self.seen, {
    rekey = o.rekey,
    is_settled = function(line)
      local status = record.peek(line)
      return record.settled[status] and not (o.retry and status == "aside")
    end,
    fingerprints = function(messages) return self:fingerprints(messages) end,
  })
  if not p then return nil, message, code, reply end
  self.claimed = p.claimed
  if not list.uids and self.has_top == false and o.keep ~= options.keeps_nothing
     and not o.dedupe then
    return nil, "the server has neither UIDL nor TOP, so messages that are kept "
                .. "cannot be told apart: set dedupe = \"content\" or "
                .. "keep = false", "state"
  end
  local deletes, other
  deletes, other, code, reply = retention(self, list, p)
  if not deletes then return nil, other, code, reply end
  local open = {}
  for _, m in ipairs(p.todo) do
    if not (m.adopted and record.settled[m.record.status]) then
      open[#open + 1] = m
    end
  end
  for _, m in ipairs(other) do open[#open + 1] = m end
  table.sort(open, function(a, b) return a.number < b.number end)
  for _, m in ipairs(open) do if m.key then self.fresh[m.key] = true end end
  local lists
  lists, message, code, reply = policy(self, open)
  if not lists then return nil, message, code, reply end
  for _, m in ipairs(lists.delete) do deletes[#deletes + 1] = m end
  lists.delete, lists.drop, lists.plan = deletes, lists.delete, p
  return lists
end

-- What a run would do.
function Run:pretend(lists)
  for _, m in ipairs(lists.fetch) do self:report("delivered", m, "dry run") end
  for _, m in ipairs(lists.skip) do self:report("skipped", m, "dry run") end
  for _, m in ipairs(lists.delete) do self:report("deleted", m, "dry run") end
end

-- Record the messages that the seed or the filter decided about.
function Run:record_decisions(lists)
  local entries = {}
  for _, list in ipairs { lists.skip, lists.drop } do
    for _, m in ipairs(list) do
      local uid, nth = record.split(m.key)
      entries[#entries + 1] = { uid = uid, nth = nth, status = "skipped",
                                size = m.size, first = m.first,
                                digest = m.digest }
    end
  end
  local ok, message, code = self.state:done(entries)
  if not ok then return nil, message, code end
  for _, m in ipairs(lists.skip) do self:report("skipped", m) end
  return true
end

-- Fetch and delete what was decided.
function Run:fetch(lists)
  local o, list, deletes = self.options, lists.fetch, lists.delete
  self.in_session = #deletes
  if o.purge_after and #deletes > o.purge_after then
    deletes = table.move(deletes, 1, o.purge_after, 1, {})
    self.is_full = true
  end
  local ok, message, code, reply, aside = fetch(self, list, deletes)
  self:save_aside(aside or {})
  local pending = 0
  for _, m in ipairs(list) do if not m.done then pending = pending + 1 end end
  self.result.pending = pending
  return ok, message, code, reply
end

-- QUIT. Returns the messages that the server says it deleted.
function Run:quit()
  if self.session:state() ~= "transaction" then return {} end
  local ok, message, code, reply = self.session:quit()
  self.result.quit = ok and "confirmed" or code == "err" and "refused"
                     or "unknown"
  if ok then return self.deleted end
  self:report("problem", nil, message, code, reply)
  return {}
end

-- One session, up to QUIT. Returns true; or nil, message, code, reply.
function Run:session_once()
  local list, message, code, reply = listing(self.session)
  if not list then return nil, message, code, reply end
  self.claimed, self.fresh, self.deleted, self.same = {}, {}, {}, {}
  self.is_full = false
  local lists
  lists, message, code, reply = self:decide(list)
  if not lists then return nil, message, code, reply end
  self.result.skipped = self.result.skipped + lists.large
  if self.options.dry_run then
    self:pretend(lists)
    self:quit()
    return true
  end
  local ok
  ok, message, code = self:record_decisions(lists)
  if not ok then return nil, message, code end
  ok, message, code, reply = self:fetch(lists)
  local deleted = self:quit()
  if not self.place_broken then
    local recorded, why, why_code = self:sighted(list, lists.plan, deleted)
    if ok and not recorded then return nil, why, why_code end
  end
  if not ok then return nil, message, code, reply end
  return true
end

-- Another session, after this one has deleted as many messages as it may.
function Run:next_session()
  local s = self.session
  local connect = self.options.reconnect or s.reconnect
  if not connect then
    return nil, "sync: purge_after needs the option reconnect", "state"
  end
  local new, message, code, reply = connect(s)
  if not new then return nil, message, code, reply end
  self.session = new
  return true
end

-- Codes of failures that can be over at the next run.
local passing = { timeout = true, closed = true, connect = true, proto = true,
                  limit = true }

-- Open the state and the delivery, and settle what is left.
function Run:open()
  local o, into, result = self.options, self.into, self.result
  local ok, message, code, info = self.state:open(self.account,
                                                  { read_only = o.dry_run })
  if not ok then
    info = info or {}
    result.temporary, result.locked_by = info.temporary, info.locked_by
    return nil, message, code
  end
  self.is_open = true
  self.seen = self.state:seen()
  if o.dry_run then return true end
  ok, message, code = delivery.call(into, "open", {
    wait = self.session.opts.wait,
    log = function(event) self:report(event.what, nil, event.text) end,
  })
  if not ok then return nil, message, code or "io" end
  return self:settle()
end

-- All sessions of the run.
function Run:all()
  local capa = self.session:capa()
  local delay = capa and capa["LOGIN-DELAY"]
  self.login_delay = delay and tonumber(delay[1])
  self.result.retry_after = self.login_delay
  while true do
    local ok, message, code, reply = self:session_once()
    if not ok then return nil, message, code, reply end
    if not self.is_full then return true end
    ok, message, code, reply = self:next_session()
    if not ok then return nil, message, code, reply end
  end
end

--- Run.
-- @tparam pop3.session session
-- @tparam table opts of `pop3.sync.options`
-- @tparam table state
-- @tparam ?table into a delivery
-- @tparam string account
-- @treturn table result; or nil, message, code, reply, result
return function(session, opts, state, into, account)
  local self = setmetatable({
    session = session, options = opts, state = state, into = into,
    account = account, now = math.floor((opts.now or core.time)()),
    calls = into ~= nil and (into.calls or not into.settle),
    clock = session.link.io.now, started = 0, started_octets = 0,
    result = { new = 0, skipped = 0, deleted = 0, failed = 0, aside = 0,
               again = 0, octets = 0, pending = 0, problems = {} },
  }, Run)
  local result = self.result
  local ok, message, code, reply = self:open()
  if ok then ok, message, code, reply = self:all() end
  self:quit()
  if into and self.is_open and not opts.dry_run then
    delivery.call(into, "close")
  end
  if self.is_open then
    local closed, why, why_code = state:close(result)
    if ok and not closed then ok, message, code = nil, why, why_code end
  end
  if ok then return result end
  self:note_reply(reply)
  result.temporary = result.temporary or passing[code] or false
  return nil, message, code, reply, result
end
