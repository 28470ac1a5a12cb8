--- Runs the accounts of `pop3 fetch` in an event loop: once, or repeatedly as a daemon.
-- After a signal, no account is started; accounts that run may finish within a grace
-- period.
-- @module pop3.command.fetch.schedule
-- @local

local core = require "pop3.core"
local failures = require "pop3.command.fetch.failures"
local new_jobs = require "pop3.loop.jobs"
local new_loop = require "pop3.loop.own"
local notify = require "pop3.command.notify"
local new_resolver = require "pop3.account.resolver"
local outcome = require "pop3.account.outcome"

local Schedule = {}
Schedule.__index = Schedule

local GRACE = 5         -- seconds for running accounts after a signal
local LONGEST = 86400   -- seconds between two tries after a permanent failure
local JITTER = 0.1      -- share by which the time between two runs varies
local METRICS = 1       -- seconds between two writes of the metrics of a daemon

-- ----------------------------------------------------------------- one account

local function write_metrics(self, last)
  local metrics = self.opts.metrics
  if not metrics then return end
  local now = core.now()
  if not last and self.opts.every and now - self.written < METRICS then
    return
  end
  self.written = now
  local ok, err = metrics:write()
  if not ok then
    if err ~= self.metrics_trouble then self.report:trouble(err) end
    self.trouble = true
  end
  self.metrics_trouble = err
end

-- A run of an account has ended.
local function finish(self, account, o, seconds)
  local quiet = false
  if self.opts.quiet_for then
    local err
    quiet, err = failures.note(self.opts.state_directory, account.name, o,
                               self.opts.quiet_for)
    if err then self.report:trouble(err) end
  end
  self.report:finish(account.name, o, quiet)
  self.statuses[account.name] = o.status
  if self.opts.metrics then self.opts.metrics:add(account.name, o, seconds) end
  write_metrics(self)
  self.open = self.open - 1
  if self.open == 0 then self.report:idle() end
  if self.opts.every and not self.stopping then
    self:again(account, o)
  elseif self.open == 0 then
    self.signal_task:cancel()
    if self.watchdog_task then self.watchdog_task:cancel() end
  end
end

-- Queue a run of an account. An error in it is the outcome of this account; an
-- error of the scheduler itself ends the program.
function Schedule:add(account)
  self.open = self.open + 1
  self.jobs:add(account.host, function(task)
    local began = core.now()
    local ok, o = xpcall(self.opts.run, debug.traceback, account, {
      wait = self.loop.wait, resolve = self.resolve, task = task,
      flags = self.opts.flags, state_directory = self.opts.state_directory,
      report = self.report,
    })
    if not ok then o = outcome.failed(o, "error", false) end
    finish(self, account, o, core.now() - began)
  end, function(err)
    self.broken = err
    self.loop:stop()
  end)
end

-- Seconds until the next run of an account. If a person must act, the interval grows:
-- a server may lock an account after refused logins.
local function pause_of(self, account, o)
  local seconds = self.opts.every
  if o.status == outcome.PERSON then
    local tries = (self.refused[account.name] or 0) + 1
    self.refused[account.name] = tries
    seconds = math.min(seconds * 2.0 ^ math.min(tries, 30),
                       math.max(LONGEST, seconds))
  else
    self.refused[account.name] = nil
  end
  seconds = seconds * (1 + JITTER * (2 * math.random() - 1))
  return math.max(seconds, o.retry_after or 0)
end

-- Run an account of a daemon again after a while.
function Schedule:again(account, o)
  local seconds = pause_of(self, account, o)
  local task
  task = self.loop:spawn(function()
    local slept = self.loop:sleep(seconds)
    self.sleeping[task] = nil
    if slept and not self.stopping then self:add(account) end
  end)
  self.sleeping[task] = true
end

-- --------------------------------------------------------------------- the end

-- Start no further account. Accounts that have not begun count as temporary failures.
local function stop(self)
  self.stopping = true
  notify.send "STOPPING=1"
  self.open = self.open - self.jobs:close()
  for task in pairs(self.sleeping) do task:cancel() end
  self.sleeping = {}
  if self.watchdog_task then self.watchdog_task:cancel() end
end

-- Wait for a signal, then for the running accounts.
local function watch_signals(self)
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  local fd = signals:getfd()
  if not self.loop.wait(fd, "r") then return end  -- all is done
  self.signal = signals:next()
  stop(self)
  if self.open > 0 then
    if self.loop.wait(fd, "r", GRACE) then signals:next() end
    self.jobs:cancel()
  end
end

local function watch_dog(self)
  local every = notify.watchdog()
  if not every then return end
  while self.loop:sleep(every) do notify.send "WATCHDOG=1" end
end

--- Run accounts.
-- @tparam {table,...} accounts complete ones, with `name` and `host`
-- @tparam table opts `run`: `function(account, context)` → outcome; `jobs`,
-- `per_host`: how many accounts at the same time; `every`: seconds between two
-- runs of a daemon, nil for one run; `flags`, `state_directory`, `report`: for
-- the context; `metrics`; `quiet_for`
-- @treturn integer the exit status
return function(accounts, opts)
  if not accounts[1] then return outcome.OK end
  local loop <close> = assert(new_loop())
  local self = setmetatable({
    loop = loop, opts = opts, report = opts.report, statuses = {}, open = 0,
    sleeping = {}, refused = {}, written = -math.huge, stopping = false,
    jobs = new_jobs(loop, opts.jobs, opts.per_host),
    resolve = new_resolver(loop),
  }, Schedule)
  core.maxfiles()
  self.signal_task = loop:spawn(watch_signals, self)
  for _, account in ipairs(accounts) do self:add(account) end
  if opts.every then
    local sent, err = notify.send "READY=1\nSTATUS=fetching"
    if sent == nil then self.report:trouble("sd_notify: " .. err) end
    self.watchdog_task = loop:spawn(watch_dog, self)
  end
  loop:run()
  if self.broken then error(self.broken, 0) end
  write_metrics(self, true)
  if opts.every and self.signal then return outcome.OK end
  local statuses = {}
  for _, account in ipairs(accounts) do
    statuses[#statuses + 1] = self.statuses[account.name] or outcome.TEMPORARY
  end
  if self.trouble then statuses[#statuses + 1] = outcome.PERSON end
  return outcome.worst(statuses)
end
