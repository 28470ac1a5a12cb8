--- `pop3 fleet run`: a worker as a process, for service managers.
-- @module pop3.command.fleet.run
-- @local

local add = require "pop3.command.fleet.add"
local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local core = require "pop3.core"
local http = require "pop3.command.fleet.http"
local json = require "pop3.util.json"
local new_log = require "pop3.command.fleet.log"
local new_metrics = require "pop3.command.fleet.metrics"
local notify = require "pop3.command.notify"
local outcome = require "pop3.account.outcome"
local overview = require "pop3.fleet.overview"
local pop3 = require "pop3"
local sql = require "pop3.sql"
local sealing = require "pop3.command.fleet.sealing"
local store = require "pop3.command.fleet.store"
local values = require "pop3.command.fleet.values"

local run = {}

local TOTALS = 30   -- seconds between two looks at the whole fleet
local WRITE = 5     -- seconds between two writes of the file of metrics

function run.define(c)
  c:summary "Run a worker: fetch the accounts that are due."
  c:description("Fetches accounts that are due, until SIGTERM. Any number of workers "
    .. "may run; each account is fetched by one of them at a time. When the database "
    .. "does not answer, it waits. After SIGTERM, SIGINT or SIGHUP sessions have "
    .. "--grace to finish; a second signal ends them at once. Exit status: 0 after a "
    .. "signal; with --until-idle 75 after temporary failures, 3 if a person must act.")
  c:option("--jobs", "Accounts to fetch at the same time.")
   :argname "N":convert(command.integer(1, 10000)):default "100"
  c:option("--per-host", "Accounts of one host to fetch at the same time, over all "
    .. "workers (default: no limit)."):argname "N":convert(command.integer(1, 10000))
  c:option("--lease", "The time after which others take over the accounts of a worker "
    .. "that does not answer (default: 5m)."):argname "TIME":convert(values.seconds)
  c:option("--grace", "The time for sessions after a signal (default: 30s).")
   :argname "TIME":convert(values.seconds)
  c:option("--worker", "The unique name of this worker (default: "
    .. "host name, pid and a random number)."):argname "NAME"
  c:flag("--until-idle", "End when nothing is due.")
  local maildir, mbox, pipe = add.places(c, "the mail of accounts without a delivery")
  c:mutex(maildir, mbox, pipe,
    c:option("--lmtp", "Deliver by LMTP, to --to."):argname "HOST:PORT|PATH",
    c:flag("--inbox", "Deliver into the table pop3_inbox of the database, see "
      .. "pop3.inbox."))
  c:option("--to", "The recipient of --lmtp, such as '{user}@mail.example'.")
   :argname "ADDRESS"
  c:mutex(add.secrets(c))
  sealing.define_key_file(c)
  c:option("--metrics", "Write metrics in Prometheus' text format to this file.")
   :argname "FILE"
  c:option("--listen", "Serve the metrics over HTTP as /metrics. Without HOST only "
    .. "this machine can ask."):argname "[HOST:]PORT"
  c:mutex(
    c:flag("-v --verbose", "Print a line for each message as well."),
    c:flag("-q --quiet", "Print only failures."))
  c:option("--log", "Print events in this format: json.")
   :argname "FORMAT":choices { "json" }
end

-- ---------------------------------------------------------------------- options

-- The delivery for accounts without a delivery; or nil, message.
local function into_of(args)
  if args.to and not args.lmtp then return nil, "--to needs --lmtp" end
  if args.lmtp then
    if not args.to then return nil, "--lmtp needs --to" end
    local lmtp = { to = { args.to } }
    local host, port = args.lmtp:match "^([^/]*):(%d+)$"
    if args.lmtp:find "^/" then lmtp.path = args.lmtp
    elseif host then lmtp.host, lmtp.port = host, math.tointeger(tonumber(port))
    else return nil, "--lmtp: it must be HOST:PORT or the path of a socket" end
    return { lmtp = lmtp }
  end
  for _, name in ipairs { "maildir", "mbox", "pipe" } do
    if args[name] then return { [name] = args[name] } end
  end
  return args.inbox and pop3.inbox {} or nil
end

-- A reference to the secret for accounts without a secret.
local function secret_of(args)
  for option, kind in pairs { password_command = "command", token_command = "token",
                              password_file = "file", password_env = "env" } do
    if args[option] then return kind .. ":" .. args[option] end
  end
end

-- The fleet; or nil, message.
local function fleet_of(args, url, context)
  local into, message = into_of(args)
  if message then return nil, message end
  local ok, made = pcall(pop3.fleet, {
    store = url, into = into, jobs = args.jobs, per_host = args.per_host,
    lease = args.lease, grace = args.grace, worker = args.worker,
    until_idle = args.until_idle or nil, secret = secret_of(args),
    key_file = args.key_file,
    events = args.verbose or nil, log = context.log, tasks = context.tasks,
  })
  if not ok then return nil, argument.said(made) end
  return made
end

-- ------------------------------------------------------------------------- tasks

-- Read the status of the whole fleet from time to time, on a separate connection.
local function totals_task(url, metrics)
  return function(loop)
    local db
    repeat
      if not db then db = sql.open { url = url, wait = loop.wait } end
      local status = db and overview.status(db)
      if status then metrics:see(status) end
    until not loop:sleep(TOTALS)
    if db then db:close() end
  end
end

local function write_task(write)
  return function(loop)
    while loop:sleep(WRITE) do write() end
  end
end

local function watchdog_task(every)
  return function(loop)
    repeat notify.send "WATCHDOG=1" until not loop:sleep(every)
  end
end

-- ---------------------------------------------------------------------- a worker

-- The message to the service manager after a record.
local function tell_manager(self, record)
  local text
  if record.event == "start" or record.event == "database" then
    text = record.state == "away" and "STATUS=waiting for the database"
           or "STATUS=fetching"
    if not self.is_ready then text = "READY=1\n" .. text end
    self.is_ready = true
  elseif record.event == "signal" then
    text = "STOPPING=1\nSTATUS=ending"
  elseif record.event == "stop" and self.is_ready and not self.signal then
    text = "STOPPING=1"
  end
  if not text then return end
  local sent, message = notify.send(text)
  if sent == nil then command.complain("fleet", "sd_notify: " .. message) end
end

-- Runs → exit statuses, as `pop3 fetch` has them.
local statuses = { later = outcome.TEMPORARY, person = outcome.PERSON,
                   parked = outcome.PERSON }

local function note(self, record)
  self.metrics:note(record)
  if record.event == "run" then
    local status = statuses[record.kind]
                   or record.code == "aside" and outcome.PERSON
    if status then self.statuses[#self.statuses + 1] = status end
    if record.unreleased then
      self.statuses[#self.statuses + 1] = outcome.TEMPORARY
    end
    -- only the worst one counts
    if #self.statuses > 1 then self.statuses = { outcome.worst(self.statuses) } end
  elseif record.event == "signal" then
    self.signal = record.text
  elseif record.event == "stop" then
    self.write()
  end
end

-- Write the file of metrics, and report a failure once.
local function writer(self, path)
  return function()
    if not path then return end
    local ok, message = atomic_file.write(path, self:text())
    if not ok and message ~= self.trouble then
      command.complain("fleet", "--metrics: " .. message)
    end
    self.trouble = not ok and message or nil
  end
end

local function exit_status(self)
  if self.output then return command.TROUBLE, self.output end
  if self.trouble then return command.TROUBLE end
  if self.signal then return command.OK end
  return outcome.worst(self.statuses)
end

-- The tasks beside the worker; or nil, message.
local function tasks_of(self, args, url)
  local tasks = {}
  if args.listen then
    local listener, at = http.listen(args.listen)
    if not listener then return nil, at end
    tasks[#tasks + 1] = http.task(listener, function() return self:text() end)
    self.at = at
  end
  if args.metrics then tasks[#tasks + 1] = write_task(self.write) end
  if args.listen or args.metrics then
    tasks[#tasks + 1] = totals_task(url, self.metrics)
  end
  local every = notify.watchdog()
  if every then tasks[#tasks + 1] = watchdog_task(every) end
  return tasks
end

local Worker = {}
Worker.__index = Worker

function Worker:text()
  return self.metrics:text(self.fleet:counters())
end

local function work(args, url)
  local log = new_log { json = args.log == "json", quiet = args.quiet,
                        mask = function(text) return store.masked(text, url) end }
  local self = setmetatable({ metrics = new_metrics(args.jobs), statuses = {} },
                            Worker)
  self.write = writer(self, args.metrics)
  local tasks, message = tasks_of(self, args, url)
  if not tasks then return command.TROUBLE, message end
  self.fleet, message = fleet_of(args, url, { tasks = tasks, log = function(record)
    note(self, record)
    tell_manager(self, record)
    if self.output then return end
    local said, problem = log:print(record)
    if not said then
      self.output = problem
      self.fleet:stop()
    end
  end })
  if not self.fleet then return command.USAGE, message end
  if self.at then
    log:print { event = "metrics", time = core.time(),
                text = "http://" .. address.text(self.at.host, self.at.port)
                       .. "/metrics" }
  end
  local ok, problem, code = self.fleet:run()
  if not ok then return store.failure(url, problem, code) end
  return exit_status(self)
end

function run.run(args)
  local url, status, problem = store.url(args)
  if not url then return status, problem end
  if args.log == "json" then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  if args.metrics then
    local ok, message = atomic_file.check(args.metrics)
    if not ok then return command.TROUBLE, "--metrics: " .. message end
  end
  return work(args, url)
end

return run
