--- One run of `pop3.sync`: its steps in their order.
--
--     lock and read the state          state:open
--     settle deliveries of a dead run  pop3.sync.settle
--     STAT, LIST, UIDL                 pop3.sync.listing
--     find the record of each message  pop3.sync.plan
--     choose the action for each       pop3.sync.policy
--     fetch, deliver, record, delete   pop3.sync.fetch
--     QUIT
--     record missing messages          pop3.sync.sighting
--     release the lock                 state:close
--
-- @module pop3.sync.run
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local delivery = require "pop3.sync.delivery"
local fetch = require "pop3.sync.fetch"
local fingerprint = require "pop3.sync.fingerprint"
local listing = require "pop3.sync.listing"
local options = require "pop3.sync.options"
local plan = require "pop3.sync.plan"
local policy = require "pop3.sync.policy"
local record = require "pop3.sync.record"
local retention = require "pop3.sync.retention"
local settle = require "pop3.sync.settle"
local sighting = require "pop3.sync.sighting"

local AT_ONCE = 1000  -- decisions that are recorded at once

local Run = {}
Run.__index = Run

-- -------------------------------------------------------------------- reporting

local counted = { delivered = "new", deleted = "deleted", failed = "failed",
                  aside = "aside", skipped = "skipped" }

-- Count an event of a message, and report it to `log`.
function Run:report(what, m, text, code, reply)
  local result = self.result
  local name = counted[what]
  if name then result[name] = result[name] + 1 end
  if what == "delivered" then
    result.octets = result.octets + (m.octets or 0)
    if m.handle.again then result.again = result.again + 1 end
  elseif what == "deleted" then
    self.deleted[#self.deleted + 1] = m
    if m.key then self.purged[m.key] = true end
  elseif what == "failed" or what == "aside" or what == "problem" then
    result.problems[#result.problems + 1] = {
      number = m and m.number, uid = m and m.uid, code = code, text = text,
    }
    self:note_reply(reply)
  end
  if self.options.log then
    self.options.log {
      what = what, number = m and m.number, uid = m and m.uid,
      id = m and (m.handle and m.handle.id or m.key and self:handle_of(m).id),
      octets = m and m.octets or nil,
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

-- The name of a message that is the same at every attempt, in every process.
function Run:id_of(uid, nth)
  return core.sha256(("%s\0%s\0%d"):format(self.account, uid, nth)):sub(1, 32)
end

function Run:handle_of(m)
  local uid, nth = record.split(m.key)
  local r = m.record or {}
  m.first = r.first or self.now
  return {
    number = m.number, size = m.size, uid = m.uid, nth = nth,
    id = self:id_of(uid, nth),
    again = r.status == "called" and self.calls,
    first_seen = m.first, name = r.name, partial = m.partial,
    mark = self.calls and (r.status == "called" or r.status == "aside")
           and r.note or nil,
  }
end

-- ------------------------------------------------------------------- one session

-- Save the octets of a message that is set aside, if they can be fetched. False when
-- the next run has to: they came whole, and then the connection was lost.
local function save(self, m)
  local directory = self.options.set_aside
  if not directory then return true end
  if self.session:state() ~= "transaction" then return m.octets == nil end
  local ok, message, code = core.mkdir(directory)
  if ok then
    ok, message, code = self.session:save(m.number,
                                          ("%s/%s.eml"):format(directory,
                                                               m.handle.id))
    if not ok and self.session:state() ~= "transaction" then
      return m.octets == nil
    end
  end
  if not ok then self:report("problem", m, message, code or "io") end
  return true
end

-- Set messages aside. `list` has tables with `message`, `entry` (of the state),
-- `reason`, `code`, `reply`. True, or nil, message, code.
function Run:set_aside(list)
  for _, given_up in ipairs(list) do
    local m, entry = given_up.message, given_up.entry
    local what = "failed"
    if save(self, m) then
      what, entry.status = "aside", "aside"
      local ok, message, code = self.state:failed { entry }
      if not ok then return nil, message, code end
    end
    self:report(what, m, given_up.reason, given_up.code, given_up.reply)
  end
  return true
end

-- Is a message to be deleted now? It is kept when the option fails.
function Run:is_unwanted(m)
  local keep = self.options.keep
  if not keep or m.partial then return false end
  local ok, kept = pcall(keep, m.handle, m.first, self.now)
  if ok then return not kept end
  self:report("problem", m, "the option keep failed: " .. argument.said(kept),
              "err")
  return false
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

-- A message failed, so it is not deleted: one more may be fetched in this session
-- (`purge_after`).
function Run:allow_another()
  self.in_session = self.in_session - 1
end

-- Decide what this session does; nil, message, code, reply.
function Run:decide(list)
  local o = self.options
  local p, message, code, reply = plan(list, self.seen, {
    rekey = o.rekey,
    settled = o.retry and record.settled_at_retry or record.settled,
    fingerprints = function(messages) return fingerprint(self, messages) end,
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
    if m.key and self.tried[m.key] then
      self.result.pending = self.result.pending + 1
    elseif not (m.adopted and record.settled[m.record.status]) then
      open[#open + 1] = m
    end
  end
  for _, m in ipairs(other) do open[#open + 1] = m end
  for _, m in ipairs(open) do if m.key then self.fresh[m.key] = true end end
  local lists
  lists, message, code, reply = policy(self, open)
  if not lists then return nil, message, code, reply end
  for _, m in ipairs(lists.delete) do deletes[#deletes + 1] = m end
  lists.delete, lists.drop, lists.plan = deletes, lists.delete, p
  return lists
end

-- The result of a dry run.
function Run:pretend(lists)
  for _, m in ipairs(lists.fetch) do self:report("delivered", m, "dry run") end
  for _, m in ipairs(lists.skip) do self:report("skipped", m, "dry run") end
  for _, m in ipairs(lists.delete) do self:report("deleted", m, "dry run") end
end

-- Record the messages that the seed or the filter decided about, and those that
-- will be deleted and share a unique-id with others: afterwards it is unknown which of
-- them was deleted.
function Run:record_decisions(lists)
  local entries = {}
  local function record_them(lazily)
    local ok, message, code = self.state:done(entries, lazily)
    entries = {}
    return ok, message, code
  end
  local ok, message, code
  for _, list in ipairs { lists.skip, lists.drop } do
    for _, m in ipairs(list) do
      local uid, nth = record.split(m.key)
      entries[#entries + 1] = { uid = uid, nth = nth, status = "skipped",
                                size = m.size, first = m.first or self.now,
                                digest = m.digest,
                                flag = list == lists.drop and "unwanted"
                                       or nil }
      if #entries == AT_ONCE then
        ok, message, code = record_them(true)
        if not ok then return nil, message, code end
      end
    end
  end
  for _, m in ipairs(lists.delete) do
    local r = m.record
    if r and not r.absent and record.has_content(self.seen[m.key]) then
      r.uid, r.nth = record.split(m.key)
      r.absent = self.now
      entries[#entries + 1] = r
    end
  end
  ok, message, code = record_them(false)
  if not ok then return nil, message, code end
  for _, m in ipairs(lists.skip) do self:report("skipped", m) end
  return true
end

-- Fetch and delete by the plan.
function Run:fetch(lists)
  local o, list, deletes = self.options, lists.fetch, lists.delete
  self.in_session = #deletes
  if o.purge_after and #deletes > o.purge_after then
    deletes = table.move(deletes, 1, o.purge_after, 1, {})
    self.is_full = true
  end
  local ok, message, code, reply, aside = fetch(self, list, deletes)
  local saved, why, why_code = self:set_aside(aside or {})
  for _, m in ipairs(list) do
    if not m.done then self.result.pending = self.result.pending + 1 end
  end
  if ok and not saved then return nil, why, why_code end
  return ok, message, code, reply
end

-- QUIT, unless another process has taken the account over. Returns the messages
-- that the server says it deleted.
function Run:quit()
  if self.session:state() ~= "transaction" then return {} end
  if self.fenced or self.state.fenced then
    self.session:close()
    return {}
  end
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
  self.is_full, self.result.pending = false, 0
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
    local recorded, why, why_code = sighting(self, list, lists.plan, deleted)
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
                  limit = true, fenced = true }

-- Open the state and the delivery, and settle interrupted deliveries.
function Run:open()
  local o, into, result = self.options, self.into, self.result
  local ok, message, code, info = self.state:open(self.account, {
    read_only = o.dry_run, wait = self.session.opts.wait,
  })
  if not ok then
    info = info or {}
    result.temporary, result.locked_by = info.temporary, info.locked_by
    return nil, message, code
  end
  self.is_open = true
  self.seen = self.state:seen()
  local copy = self.state.damaged_copy and self.state:damaged_copy()
  if copy and o.log then
    o.log { what = "repaired",
            text = "the state was damaged; the old file is " .. copy }
  end
  if o.dry_run then return true end
  if into and into.open then
    ok, message, code = delivery.try(into, "open", {
      wait = self.session.opts.wait, state = self.state,
      log = function(event) self:report(event.what, nil, event.text) end,
    })
    if not ok then
      self.fenced = code == "fenced"
      return nil, message, code or "io"
    end
  end
  return settle(self)
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

-- Close the delivery, and release the lock of the state. True, or nil, message, code.
function Run:close()
  if not self.is_open then return true end
  self.is_open = false
  if self.into and not self.options.dry_run and self.into.close then
    local ok, message = pcall(self.into.close, self.into)
    if not ok then self:report("problem", nil, argument.said(message), "err") end
  end
  return self.state:close(self.result)
end

-- Close everything at any end of a run, also after an error of a callback or when its
-- coroutine is closed.
local Guard = {}

function Guard:__close()
  local run = self[1]
  run.session:close()
  pcall(run.close, run)
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
    tried = {},   -- keys of messages that failed in this run
    purged = {},  -- keys of messages that DELE was answered for in this run
    result = { new = 0, skipped = 0, deleted = 0, failed = 0, aside = 0,
               again = 0, octets = 0, pending = 0, problems = {} },
  }, Run)
  local result, _ <close> = self.result, setmetatable({ self }, Guard)
  local ok, message, code, reply = self:open()
  if ok then ok, message, code, reply = self:all() end
  self:quit()
  local closed, why, why_code = self:close()
  if ok and not closed then ok, message, code = nil, why, why_code end
  if ok then return result end
  self:note_reply(reply)
  result.temporary = result.temporary or passing[code] or false
  return nil, message, code, reply, result
end
