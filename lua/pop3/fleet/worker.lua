--- A worker of a fleet: one process that claims accounts which are due, runs them side
-- by side in an event loop, and releases them (`pop3.fleet`). Its whole state is in the
-- database.
--
--     claims          take accounts that are due, as many as there are free sessions
--     sessions        one task for each account, `pop3.fleet.run`
--     heartbeat       extends the leases of all accounts, three times in a lease
--     watch           ends transactions that frozen workers have left open
--     store           reads and writes for all sessions, `pop3.fleet.store`
--     signals         SIGTERM, SIGINT, SIGHUP: claim no more, let sessions end
--
-- @module pop3.fleet.worker
-- @local

local abandoned = require "pop3.sql.abandoned"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local lease = require "pop3.fleet.lease"
local new_connection = require "pop3.fleet.connection"
local new_loop = require "pop3.loop.own"
local new_resolver = require "pop3.account.resolver"
local new_store = require "pop3.fleet.store"
local outcome = require "pop3.account.outcome"
local run = require "pop3.fleet.run"
local schedule = require "pop3.fleet.schedule"
local schema = require "pop3.sql.schema"
local statement = require "pop3.sql.statement"

local Worker = { __name = "pop3.fleet.worker" }
Worker.__index = Worker

local GATHER = 0.2   -- seconds in which a claim waits for more free sessions
local SHARE = 10     -- a claim waits until one session in this number is free
local LEAST = 0.05   -- seconds between two claims that found nothing
local WATCH = 5      -- seconds between two looks for abandoned transactions
local LAST = 5       -- seconds for the last writes after the grace period

-- -------------------------------------------------------------------- reporting

local function log(self, record)
  if not self.opts.log then return end
  record.worker, record.time = self.name, core.time()
  local ok, message = pcall(self.opts.log, record)
  if not ok then self.trouble = self.trouble or argument.said(message) end
end

local function count(self, name, n)
  self.counters[name] = self.counters[name] + (n or 1)
end

-- ------------------------------------------------------------------- one account

-- The hook of tests, for one account.
local function hook_of(self, row)
  local hook = self.opts.hook
  return hook and function(point) hook(point, row) end
end

-- The release of an account is committed, or given up.
local function released(self, held, release, began, o, ok, message)
  local row = held.row
  self.leases[held] = nil
  self.running = self.running - 1
  count(self, release.kind)
  local counts = schedule.counts(o.result) or {}
  for _, name in ipairs { "new", "deleted", "octets" } do
    count(self, name, counts[name] or 0)
  end
  if not ok then count(self, "unreleased") end
  log(self, {
    event = "run", account = row.name, id = row.id, host = row.host,
    fence = row.fence, kind = release.kind, text = o.text, code = o.code,
    counts = counts, seconds = core.now() - began, late = row.late,
    failures = release.failures or row.failures, next = release.seconds,
    taken_over = row.taken_over or nil, unreleased = not ok and message or nil,
  })
  if ok and self.opts.hook then self.opts.hook("released", row) end
  self.changed:signal()
end

-- The task of an account.
local function session(self, held, claimed)
  local row, began = held.row, core.now()
  local at = hook_of(self, row)
  local context = {
    wait = self.loop.wait, resolve = self.resolve, secret = self.opts.secret,
    key_file = self.opts.key_file,
    store = self.store, into = self.opts.into, defaults = self.opts.defaults,
    task = held.task, claimed = claimed, at = at,
    event = self.opts.events and function(event)
      event.event, event.account, event.id = "message", row.name, row.id
      log(self, event)
    end or nil,
  }
  if at then at "claimed" end
  local o = self.stopping and outcome.failed("interrupted", "timeout", true)
            or run.run(held, context)
  local interrupted = self.stopping and o.code == "timeout"
                      or held.task.cancelled
  local release = schedule.release(row, o, { interrupted = interrupted })
  release.account, release.fence = row.id, row.fence
  if at then at "release" end
  self.store:release(release, function(ok, message)
    released(self, held, release, began, o, ok, message)
  end)
end

local function start(self, row, claimed)
  local held = run.lease(row, self.store)
  self.running = self.running + 1
  self.leases[held] = true
  count(self, "claimed")
  if row.taken_over then count(self, "taken_over") end
  held.task = self.loop:spawn(session, self, held, claimed)
end

-- ---------------------------------------------------------------------- claiming

local function numbers(self)
  local known = {}
  for held in pairs(self.leases) do known[#known + 1] = held.account end
  return known
end

-- One claim: accounts and seconds until the next one is due; or nil, code.
local function claim(self, free)
  local opts = self.opts
  local list = lease.claim { worker = self.name, count = free, seconds = opts.lease,
                       per_host = opts.per_host }
  if self.claims_are_unknown then
    table.insert(list, 2, lease.give_back_unknown(self.name, numbers(self)))
  end
  local claimed = core.now()
  local answers, message, code, state = self.control:call("batch", list)
  if not answers then
    if statement.is_locked(state) then return {}, 0 end  -- others had their turn
    if code ~= "connect" then self.claims_are_unknown = true end
    return nil, message, code
  end
  self.claims_are_unknown = false
  count(self, "claims")
  local rows, seconds = lease.claimed(answers)
  for _, row in ipairs(rows) do start(self, row, claimed) end
  if #rows > 0 then log(self, { event = "claim", accounts = #rows }) end
  return rows, seconds
end

-- Wait until enough sessions are free, so that claims are few. False: stop.
local function wait_for_room(self)
  local jobs = self.opts.jobs
  local deadline
  while not self.stopping do
    local free = jobs - self.running
    if free >= math.max(1, jobs // SHARE) or self.running == 0 then return free end
    if free > 0 then
      deadline = deadline or core.now() + GATHER
      if core.now() >= deadline then return free end
    end
    self.changed:wait(deadline and deadline - core.now())
  end
end

-- Nothing could be claimed. False when the worker is done.
local function wait_for_work(self, seconds)
  local opts = self.opts
  local is_due = seconds and seconds <= 0  -- locked, or its host is full
  if opts.until_idle and not is_due and self.running == 0 then return false end
  local pause = math.max(math.min(seconds or opts.poll, opts.poll), LEAST)
  if is_due then pause = math.min(opts.poll, 10 * LEAST) end
  local deadline = core.now() + pause
  repeat
    self.changed:wait(deadline - core.now())
    -- an ended session frees its host
    local is_time = is_due or opts.until_idle and self.running == 0
  until is_time or self.stopping or core.now() >= deadline
  return not self.stopping
end

local function claims(self)
  local failures = 0
  while true do
    local free = wait_for_room(self)
    if not free then break end
    local rows, seconds, code = claim(self, free)
    if rows then
      failures = 0
      if #rows == 0 and not wait_for_work(self, seconds) then break end
    else
      failures = failures + 1
      if not self.control.is_passing(code) then
        log(self, { event = "trouble", text = seconds, code = code })
      end
      self.changed:wait(self.control.delay(failures))
    end
  end
  self:stop()
end

-- --------------------------------------------------------------------- heartbeat

-- Another worker has an account now: its session ends without QUIT.
local function lose(self, held)
  if held.state.fenced or not self.leases[held] then return end
  held.state.fenced = true
  held.task:cancel()
end

local function beat(self)
  local list = {}
  for held in pairs(self.leases) do list[#list + 1] = held end
  if #list == 0 then return true end
  local answers, message, code = self.control:call("batch",
    { abandoned.name("fleet " .. self.name, self.limit),
      lease.extend(list, self.opts.lease) })
  if not answers then return nil, message, code end
  count(self, "heartbeats")
  local held_ids = {}
  for _, row in ipairs(answers[2]) do held_ids[row.id] = row.fence end
  for _, held in ipairs(list) do
    if held_ids[held.account] ~= held.fence then lose(self, held) end
  end
  return true
end

local function heartbeat(self)
  local failures, every = 0, self.opts.lease / 3
  while true do
    local pause = failures > 0 and math.min(every, self.control.delay(failures))
                  or every
    self.resting:wait(pause)
    if self.ended then return end
    failures = beat(self) and 0 or failures + 1
  end
end

-- End transactions that frozen workers have left open. Their accounts are free then.
local function watch(self)
  local every = math.min(WATCH, self.limit / 2)
  while true do
    self.resting:wait(every)
    if self.ended then return end
    local rows = self.control:call("query", table.unpack(abandoned.finish()))
    for _, row in ipairs(rows or {}) do
      log(self, { event = "trouble", code = "abandoned",
                  text = "an abandoned transaction was ended: " .. row.name })
    end
  end
end

-- ----------------------------------------------------------------------- the end

--- Claim no more accounts. Sessions that run go on.
function Worker:stop()
  if self.stopping then return end
  self.stopping = true
  self.changed:signal()
end

-- End all sessions at once: they release their accounts, which are due again.
local function interrupt(self)
  for held in pairs(self.leases) do held.task:cancel() end
end

-- Wait for a signal, then for the sessions.
local function watch_signals(self)
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  local fd = signals:getfd()
  if not self.loop.wait(fd, "r") then return end
  local name = signals:next()
  log(self, { event = "signal", text = tostring(name), running = self.running })
  self:stop()
  if self.loop.wait(fd, "r", self.opts.grace) then
    signals:next()
  end
  interrupt(self)
  -- the last writes; what is not released then is due when its lease ends
  self.loop.wait(fd, "r", LAST)
  self.loop:stop()
end

-- Wait until all sessions have ended, then end the tasks of the worker.
local function supervise(self)
  while not self.stopping or self.running > 0 do self.changed:wait() end
  self.ended = true
  self.store:finish()
  self.resting:signal()
  if self.signal_task then self.signal_task:cancel() end
  for _, task in ipairs(self.tasks) do task:cancel() end
end

-- ------------------------------------------------------------------------ running

-- Check that the tables are those of this library. While the database does not answer,
-- try again. True; or nil, message, code.
local function check_schema(self)
  local failures = 0
  while not self.stopping do
    local ok, message, code = self.control:call(schema.check)
    if ok then return true end
    if not self.control.is_passing(code) then return nil, message, code end
    failures = failures + 1
    self.changed:wait(self.control.delay(failures))
  end
  return true
end

local function main(self)
  local ok, message, code = check_schema(self)
  if not ok then
    self.failure = { message, code }
    self:stop()
  else
    log(self, { event = "start", jobs = self.opts.jobs, pid = core.getpid() })
    claims(self)
  end
end

--- Make a worker.
-- @tparam table opts of `pop3.fleet`, complete
-- @treturn worker
local function new(opts)
  local counters = setmetatable({ reads = 0, writes = 0, transactions = 0,
                                  entries = 0 }, { __index = function() return 0 end })
  return setmetatable({
    opts = opts, counters = counters, stopping = false,
    name = opts.worker or ("%s:%d:%s"):format(core.hostname(), core.getpid(),
                                              core.random(4)),
    leases = {}, running = 0, tasks = {},
    limit = opts.database.timeout,  -- seconds for a call
  }, Worker)
end

--- Run until `stop`, a signal, or, with `until_idle`, until nothing is due.
-- @treturn boolean true; or nil, message, code
function Worker:run()
  local opts = self.opts
  local loop <close> = assert(new_loop())
  local away = 0  -- connections without an answer
  local function noticed(state, message)
    local before = away
    away = away + (state == "away" and 1 or -1)
    if before == 0 or away == 0 then
      log(self, { event = "database", state = state, text = message })
    end
  end
  self.loop, self.changed, self.resting = loop, loop:condition(), loop:condition()
  self.resolve = new_resolver(loop)
  self.control = new_connection(loop, opts.database, noticed)
  local reader = new_connection(loop, opts.database, noticed)
  local writer = new_connection(loop, opts.database, noticed)
  self.store = new_store(loop, { reader = reader, writer = writer, worker = self.name,
                                 patience = opts.lease, limit = self.limit,
                                 counters = self.counters })
  core.maxfiles()
  if opts.signals then self.signal_task = loop:spawn(watch_signals, self) end
  loop:spawn(supervise, self)
  loop:spawn(main, self)
  loop:spawn(heartbeat, self)
  loop:spawn(watch, self)
  for i, task in ipairs(opts.tasks or {}) do self.tasks[i] = loop:spawn(task, loop) end
  self.store:start()
  local ok, message = pcall(loop.run, loop)
  for _, connection in ipairs { self.control, reader, writer } do
    connection:close()
  end
  log(self, { event = "stop", running = self.running })
  if not ok then error(message, 0) end
  if self.failure then return nil, table.unpack(self.failure, 1, 2) end
  if self.trouble then error("fleet: the option log failed: " .. self.trouble, 0) end
  return true
end

return new
