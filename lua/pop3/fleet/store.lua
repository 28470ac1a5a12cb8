--- Collects the reads and writes of the sessions of a worker: all that come during one
-- transaction go into the next one (`pop3.fleet`).
--
-- A session waits until its write is committed; the others go on meanwhile. When the
-- connection is lost, the same statements are executed again: a COMMIT without an
-- answer may have been executed, and every statement may be repeated. A session waits
-- for the database until its lease ends. After that its account may belong to another
-- worker, so the answer is "fenced", and the session ends without QUIT.
--
-- This is the store that states of `pop3.sync.state.sql` write to.
-- @module pop3.fleet.store
-- @local

local abandoned = require "pop3.sql.abandoned"
local core = require "pop3.core"
local lease = require "pop3.fleet.lease"
local seen = require "pop3.sync.state.seen"
local statement = require "pop3.sql.statement"

local Store = { __name = "pop3.fleet.store" }
Store.__index = Store

local READS = 20               -- accounts that are read at once
local JOBS = 500               -- writes of one transaction
local OCTETS = 8 * 1024 * 1024 -- of the messages in one transaction
local LOCK, BRIEF = 0.1, 0.01  -- seconds to wait for the lock of an account
local RETRY = 0.25             -- seconds until an account that is locked is tried again

local TAKEN = "another worker has taken the account over"
local AWAY = "the database did not answer for longer than the lease"

--- Make a store.
-- @tparam pop3.loop.own loop
-- @tparam table opts `reader`, `writer`: connections (`pop3.fleet.connection`);
-- `worker`: its name; `patience`: seconds that a session waits for the database;
-- `limit`: seconds for a call; `counters`: a table whose `reads`, `writes`,
-- `transactions` and `entries` are counted
-- @treturn store
local function new(loop, opts)
  return setmetatable({
    loop = loop, reader = opts.reader, writer = opts.writer,
    patience = opts.patience, counters = opts.counters, limit = opts.limit,
    name = "fleet " .. opts.worker,
    reads = { jobs = {}, wake = loop:condition() },
    writes = { jobs = {}, wake = loop:condition() },
    lost = {},   -- account and fence → the result of a write that no task waited for
    ended = false,
  }, Store)
end

-- ------------------------------------------------------------------------ jobs

local function key_of(job)
  return job.account .. "." .. job.fence
end

local function post(queue, job)
  queue.jobs[#queue.jobs + 1] = job
  queue.wake:signal()
end

-- A job has its answer.
local function finish(self, job, ok, message, code)
  if job.is_done then return end
  job.is_done, job.answer = true, table.pack(ok, message, code)
  if job.lazily and not ok then self.lost[key_of(job)] = job.answer end
  if job.condition then job.condition:signal() end
  if job.finished then job.finished(ok, message, code) end
end

-- Wait for the answer of a job.
local function answer(self, job)
  job.condition = self.loop:condition()
  while not job.is_done do
    if not job.condition:wait() and not job.is_done then
      job.is_abandoned = true
      return nil, "interrupted", "timeout"
    end
  end
  return table.unpack(job.answer, 1, 3)
end

-- The jobs that are still waited for. Those that have waited too long get an answer.
local function still_wanted(self, jobs)
  local wanted, now = {}, core.now()
  for _, job in ipairs(jobs) do
    if job.is_abandoned or job.is_done then
      job.is_done = true
    elseif now >= job.deadline then
      finish(self, job, nil, AWAY, "fenced")
    else
      wanted[#wanted + 1] = job
    end
  end
  return wanted
end

-- Execute the statements of some jobs until the database answers: answers and jobs;
-- or nil, message, code, jobs. The jobs are those that still wait at the end.
local function insist(self, connection, jobs, compose)
  local failures = 0
  while true do
    jobs = still_wanted(self, jobs)
    if #jobs == 0 then return nil, nil, nil, jobs end
    local answers, message, code, state = connection:call("batch", compose(self, jobs))
    if answers then return answers, jobs end
    if statement.is_locked(state) then return nil, message, "locked", jobs end
    if not connection.is_passing(code) then return nil, message, code, jobs end
    failures = failures + 1
    self.loop:sleep(connection.delay(failures))
  end
end

-- ----------------------------------------------------------------------- reading

local function read_statements(_, jobs)
  return { seen.read(jobs) }
end

local function read(self, jobs)
  local answers, wanted, code, rest = insist(self, self.reader, jobs,
                                             read_statements)
  if not answers then
    for _, job in ipairs(rest) do finish(self, job, nil, wanted, code) end
    return
  end
  self.counters.reads = self.counters.reads + #wanted
  local by_account = {}
  for _, row in ipairs(answers[1]) do
    local rows = by_account[row.account]
    if not rows then
      rows = {}
      by_account[row.account] = rows
    end
    rows[#rows + 1] = row
  end
  for _, job in ipairs(wanted) do
    local rows = by_account[job.account]
    finish(self, job, rows, not rows and TAKEN or nil, not rows and "fenced" or nil)
  end
end

-- ----------------------------------------------------------------------- writing

-- The entries of jobs, by account: of entries about the same message only the
-- last one counts.
local function merged(jobs)
  local list, by_account = {}, {}
  for _, job in ipairs(jobs) do
    if job.entries and #job.entries > 0 then
      local group = by_account[job.account]
      if not group then
        group = { account = job.account, fence = job.fence, entries = {}, at = {} }
        by_account[job.account] = group
        list[#list + 1] = group
      end
      for _, e in ipairs(job.entries) do
        local key = e.uid .. "\0" .. e.nth
        local at = group.at[key] or #group.entries + 1
        group.at[key], group.entries[at] = at, e
      end
    end
  end
  for _, group in ipairs(list) do group.at = nil end
  return list
end

-- One transaction: lock the accounts in order, then messages, entries, releases. The
-- rows of the second statement tell the owners.
local function write_statements(self, jobs)
  local ids, known, list, releases = {}, {}, {}, {}
  for _, job in ipairs(jobs) do
    if not known[job.account] then
      known[job.account] = true
      ids[#ids + 1] = job.account
    end
  end
  list[1] = abandoned.name(self.name, self.limit, jobs[1].is_alone and BRIEF or LOCK)
  list[2] = lease.lock(ids)
  for _, job in ipairs(jobs) do
    for _, each in ipairs(job.more or {}) do list[#list + 1] = each end
    if job.release then releases[#releases + 1] = job.release end
  end
  local groups = merged(jobs)
  if #groups > 0 then
    for _, each in ipairs(seen.write(groups)) do list[#list + 1] = each end
  end
  if #releases > 0 then list[#list + 1] = lease.release(releases) end
  return list
end

-- A statement was refused, or somebody else holds a lock. The jobs are tried one by one,
-- so that one account does not stop the others.
local write

local function write_apart(self, jobs)
  local locked, is_locked = {}, {}
  for _, job in ipairs(jobs) do
    job.is_alone = true
    if is_locked[job.account] or write(self, { job })[1] then
      locked[#locked + 1], is_locked[job.account] = job, true
    end
  end
  return locked
end

-- Write some jobs: those whose account somebody else has locked.
write = function(self, jobs)
  local answers, wanted, code, rest = insist(self, self.writer, jobs,
                                             write_statements)
  if not answers then
    if #rest > 1 then return write_apart(self, rest) end
    if code == "locked" then return rest end
    if rest[1] then finish(self, rest[1], nil, wanted, code) end
    return {}
  end
  local counters, fences = self.counters, {}
  counters.transactions = counters.transactions + 1
  for _, row in ipairs(answers[2]) do fences[row.id] = row.fence end
  for _, job in ipairs(wanted) do
    counters.writes = counters.writes + 1
    counters.entries = counters.entries + (job.entries and #job.entries or 0)
    if fences[job.account] == job.fence then
      finish(self, job, true)
    else
      finish(self, job, nil, TAKEN, "fenced")
    end
  end
  return {}
end

-- Write some jobs. Those that are locked come again before all others, after a while.
local function write_or_wait(self, jobs)
  local locked = write(self, jobs)
  local at = core.now() + RETRY
  for i, job in ipairs(locked) do
    job.is_alone, job.not_before = true, at
    table.insert(self.writes.jobs, i, job)
  end
end

-- ------------------------------------------------------------------------ tasks

-- Take jobs that fit into one transaction. Jobs of one account and another fence,
-- of an owner before, wait for the next one; one that was locked gets its own. Returns
-- the jobs, and seconds until one that waits for a lock may be tried.
local function take(queue, most)
  local jobs, later, is_later, fences, octets = {}, {}, {}, {}, 0
  local now, left = core.now(), nil
  for _, job in ipairs(queue.jobs) do
    local account = job.account
    local pause = (job.not_before or now) - now
    if pause > 0 then left = math.min(left or pause, pause) end
    if pause <= 0 and #jobs < most and (octets == 0 or octets + job.octets <= OCTETS)
       and not is_later[account] and (#jobs == 0 or not job.is_alone)
       and (fences[account] or job.fence) == job.fence then
      if job.is_alone then most = 1 end
      fences[account], octets = job.fence, octets + job.octets
      jobs[#jobs + 1] = job
    else
      later[#later + 1], is_later[account] = job, true
    end
  end
  queue.jobs = later
  return jobs, left
end

-- Handle the jobs of a queue until the store ends and the queue is empty.
local function serve(self, queue, most, handle)
  while true do
    local jobs, seconds = take(queue, most)
    if jobs[1] then
      handle(self, jobs)
    elseif self.ended and not queue.jobs[1] then
      return
    else
      queue.wake:wait(seconds)
    end
  end
end

--- Start the tasks that read and write.
function Store:start()
  self.loop:spawn(serve, self, self.reads, READS, read)
  self.loop:spawn(serve, self, self.writes, JOBS, write_or_wait)
end

--- Let the tasks end when all is written.
function Store:finish()
  self.ended = true
  self.reads.wake:signal()
  self.writes.wake:signal()
end

-- ------------------------------------------------------------------- the contract

-- Octets of the parameters of statements.
local function octets_of(statements)
  local octets = 0
  for _, each in ipairs(statements or {}) do
    for i = 2, #each do
      local value = each[i]
      if type(value) == "table" then value = value[1] end
      if type(value) == "string" then octets = octets + #value end
    end
  end
  return octets
end

local function job_of(self, account, fence)
  return { account = account, fence = fence, octets = 0,
           deadline = core.now() + self.patience }
end

--- Read the records of the messages of an account.
-- @tparam integer account
-- @tparam integer fence
-- @treturn {table,...} rows for `pop3.sync.state.seen`; or nil, message, code
function Store:read(account, fence)
  local job = job_of(self, account, fence)
  post(self.reads, job)
  return answer(self, job)
end

--- Write entries.
-- @tparam integer account
-- @tparam integer fence
-- @tparam {table,...} entries see `pop3.sync.state`
-- @tparam[opt] table opts `lazily`: do not wait; a failure is the answer to the next
-- write. `more`: statements of the same transaction
-- @treturn boolean true; or nil, message, code
function Store:write(account, fence, entries, opts)
  local job = job_of(self, account, fence)
  local lost = self.lost[key_of(job)]
  if lost then return table.unpack(lost, 1, 3) end
  job.entries, job.more = table.move(entries, 1, #entries, 1, {}), opts and opts.more
  job.octets, job.lazily = octets_of(job.more), opts and opts.lazily
  if #entries == 0 and not job.more and job.lazily then return true end
  post(self.writes, job)
  if job.lazily then return true end
  local ok, message, code = answer(self, job)
  lost = self.lost[key_of(job)]
  if ok and lost then return table.unpack(lost, 1, 3) end
  return ok, message, code
end

--- Release a lease. It does not wait.
-- @tparam table values `account`, `fence`, and those of `pop3.fleet.schedule`
-- @tparam function finished called after COMMIT with true; or with nil, message, code
function Store:release(values, finished)
  local job = job_of(self, values.account, values.fence)
  job.release, job.finished = values, finished
  self.lost[key_of(job)] = nil
  post(self.writes, job)
end

return new
