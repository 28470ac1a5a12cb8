--- The proof of a fleet: a place (`spec.support.fleet`) whose server has no locks of
-- maildrops and checks at each DELE that the message is recorded as delivered;
-- several workers in separate processes; disturbances; and the guarantees.
--
--    local site <close> = proof.site(server(), { kind = "maildir", keep = false })
--    site:start()
--    site:start()
--    site:disturb(20, proof.all)
--    site:finish()
--    local found = site:judge()     -- lost, doubled, unrecorded, …
--
-- Workers report each of their steps (the points of `pop3.fleet.points`). A disturbance
-- comes after a random number of steps, at any place of the workers; besides, a worker
-- stops by itself at one step in twenty. Nothing depends on time: the site ends a lease
-- by a statement to the database.

local core = require "pop3.core"
local deliveries = require "spec.support.proof_deliveries"
local fleets = require "spec.support.fleet"
local helper = require "spec.helper"
local judge = require "spec.support.proof_judge"
local pause = require "pop3.util.pause"
local sql = require "pop3.sql"

local random = helper.random

local proof = {}

local Site = {}
Site.__index = Site

local LEASE = 36000  -- seconds: no lease ends by itself
local STOP = 20      -- a worker stops at one step in this number

-- Messages of several sizes: one of them takes several reads, and is in a table in
-- parts.
function proof.octets(user, i)
  local size = ({ 0, 100, 5000, 70000, 100, 300000 })[i % 6 + 1]
  return ("From: a@example\r\nSubject: %s %d\r\n\r\n%s"):format(user, i,
    (("x"):rep(70) .. "\r\n"):rep(size // 72 + 1))
end

-- --------------------------------------------------------- the lookup at each DELE

local RECORD = [[select 1 from pop3_seen s join pop3_account a on a.id = s.account
  where a.name = $1 and s.uid = $2 and s.state = 'delivered']]

-- Handlers of the server. Each DELE makes a line in the file `deletes`.
local function watch_deletes(url)
  return function(server, directory)
    local db
    -- the database may be stopped; then no record can be made either
    local function is_recorded(session, n)
      while true do
        local rows
        db = db or sql.open { url = url }
        if db then rows = db:query(RECORD, session.user, session.maildrop:uid(n)) end
        if rows then return rows[1] ~= nil end
        assert(pause(nil, 0.01))
      end
    end
    function server.on.DELE(session, n)
      local file <close> = assert(io.open(directory .. "/deletes", "a"))
      file:write(is_recorded(session, n) and "recorded" or "unrecorded", "\n")
      return server.default.DELE(session, n)
    end
  end
end

-- ---------------------------------------------------------------------- the site

--- Make a site.
-- @tparam table server of `spec.support.postgres`
-- @tparam table opts `kind`: of `spec.support.proof_deliveries`; `keep`; `users` (4);
-- `mail` (4) for each at the start; `jobs` (2) of a worker; `work`: the worker's function
-- (default: `pop3.fleet`); `hours`: workers' clocks are off by these hours, in turn
function proof.site(server, opts)
  helper.seed()
  local url = server:database()
  local delivery = deliveries[opts.kind]
  local self = setmetatable({
    server = server, url = url, opts = opts, delivery = delivery,
    octets = proof.octets, workers = {},
    mail = {}, consumed = {}, started = 0, disturbances = 0, told = "", counts = {},
  }, Site)
  self.place = fleets.place(url, {
    users = opts.users or 4, mail = opts.mail or 4, octets = proof.octets,
    server = { preset = "courier" }, handlers = watch_deletes(url),
    accounts = { keep = opts.keep },
    fleet = { jobs = opts.jobs or 2, lease = LEASE },
  })
  self.place.opts.fleet.into, self.stop_delivery = delivery.into(self.place.mail)
  for i = 1, opts.users or 4 do self.mail["u" .. i] = opts.mail or 4 end
  self.fd, self.its = assert(core.socketpair())
  return self
end

-- ------------------------------------------------------------------------ workers

local function shift_clock(seconds)
  local time, os_time = core.time, os.time
  core.time = function() return time() + seconds end
  os.time = function(t) return t and os_time(t) or os_time() + seconds end  -- luacheck: ignore
end

--- Start a worker. `opts.freeze`: the point at which it stops once, until `go_on`;
-- `opts.steady`: it stops nowhere, and ends when nothing is due; `opts.stays`: it stops
-- nowhere, and ends after SIGTERM; `opts.url`: of its database; `opts.timeout`: as the
-- option of `pop3.sql`.
-- @return worker: `pid`, `name`
function Site:start(opts)
  opts = opts or {}
  self.started = self.started + 1
  local hours = self.opts.hours
  local shift = hours and hours[self.started % #hours + 1] * 3600 or 0
  local fd, its = assert(core.socketpair())
  local worker = { name = "w" .. self.started, fd = fd, url = opts.url,
                   is_frozen = opts.freeze ~= nil, is_waiting = opts.freeze ~= nil }
  worker.pid = assert(core.fork())
  if worker.pid ~= 0 then
    its:close()
    self.workers[#self.workers + 1] = worker
    return worker
  end
  fd:close()
  if shift ~= 0 then shift_clock(shift) end
  local frozen, stops = false, not (opts.freeze or opts.steady or opts.stays)
  local function hook(point)
    helper.say(self.its, "\n")
    if stops and random(STOP) == 1 then
      helper.say(self.its, worker.name .. "\n")
      helper.hear(its)
    elseif point == opts.freeze and not frozen then
      frozen = true
      helper.say(its, "frozen\n")
      helper.hear(its)
    end
  end
  local work = self.opts.work or function(place, all)
    local fleet <close> = place:new_fleet(all)
    assert(fleet:run())
  end
  local ok, err = xpcall(work, debug.traceback, self.place, {
    worker = worker.name, until_idle = (opts.freeze or opts.steady) ~= nil,
    signals = not (opts.freeze or opts.steady), hook = hook, poll = 0.05,
    grace = helper.PATIENCE,
    store = { url = opts.url or self.url, timeout = opts.timeout } })
  if not ok then io.stderr:write("a worker failed: ", tostring(err), "\n") end
  core.exit(ok and 0 or 1)
end

--- Wait until a worker is frozen at its point. False when it has ended before.
function Site.await(_, worker)
  return (pcall(helper.hear, worker.fd))
end

--- Let a worker that is frozen at its point go on, and wait for its end.
function Site:go_on(worker)
  helper.say(worker.fd, "\n")
  return self:wait(worker)
end

local function forget(self, worker)
  worker.fd:close()
  for i, each in ipairs(self.workers) do
    if each == worker then table.remove(self.workers, i) end
  end
end

function Site:wait(worker)
  local status = core.waitpid(worker.pid)
  forget(self, worker)
  return status
end

--- Has a worker ended? Then its exit status is in `worker.status`.
function Site:has_ended(worker)
  if not worker.status then
    worker.status = core.waitpid(worker.pid, true)
    if worker.status then forget(self, worker) end
  end
  return worker.status ~= nil
end

function Site.signal(_, worker, name)
  assert(os.execute(("kill -%s %d"):format(name, worker.pid)))
end

--- End a worker at once.
function Site:kill(worker)
  core.kill(worker.pid)
  self:wait(worker)
end

--- The leases of a worker are over.
-- A row that a worker was stopped over keeps its lease until the worker goes on.
function Site:expire(worker)
  self.place:query([[update pop3_account set due = now() - interval '1 second'
    where id in (select id from pop3_account where worker = $1
                 for update skip locked)]], worker.name)
end

--- Make all accounts due that no worker has.
function Site:make_due()
  self.place:query [[update pop3_account set due = now() where id in (
    select id from pop3_account where parked is null
    and not (worker is not null and due > now()) for update skip locked)]]
end

-- ------------------------------------------------------------------- disturbances

local function pick(self, is_frozen)
  local list = {}
  for _, worker in ipairs(self.workers) do
    if (worker.is_frozen or false) == is_frozen then list[#list + 1] = worker end
  end
  return list[1] and list[random(#list)], #list
end

local function count(self, name)
  self.counts[name] = (self.counts[name] or 0) + 1
  self.disturbances = self.disturbances + 1
end

-- A worker has stopped by itself: its leases end.
local function stopped(self, name)
  for _, worker in ipairs(self.workers) do
    if worker.name == name then
      worker.is_frozen, worker.is_waiting = true, true
      self:expire(worker)
      count(self, "stopped")
    end
  end
end

-- Read the steps of the workers that have come until now; returns their number.
local function drain(self)
  local steps = 0
  while true do
    local octets = self.fd:read(65536)
    if not octets then break end
    self.told = self.told .. octets
  end
  self.told = self.told:gsub("([^\n]*)\n", function(name)
    steps = steps + 1
    if name ~= "" then stopped(self, name) end
    return ""
  end)
  return steps
end

Site.drain = drain

local actions = {}

--- A worker that was stopped goes on.
function actions.continue(self)
  local worker = pick(self, true)
  if not worker then return false end
  if worker.is_signalled then self:signal(worker, "CONT") end
  if worker.is_waiting then helper.say(worker.fd, "\n") end
  worker.is_frozen, worker.is_signalled, worker.is_waiting = false, false, false
end

local TERMINATED = 143  -- the status after SIGTERM

-- Wait until the workers have made some more steps.
local function listen(self, steps)
  local deadline = core.now() + helper.PATIENCE
  drain(self)
  self:make_due()
  while steps > 0 do
    assert(core.now() < deadline, "the workers do nothing")
    if not pick(self, false) then actions.continue(self) end
    if not core.poll(self.fd:getfd(), "r", 0.2) then
      for _, worker in ipairs(self.workers) do
        if worker.is_frozen then self:expire(worker) end
      end
      self:make_due()
    end
    steps = steps - drain(self)
  end
end

local function replace(self, worker)
  if not worker then return false end
  self:kill(worker)
  self:expire(worker)
  self:start { url = worker.url }
end

--- A worker is killed, and another one started in its place.
function actions.kill(self)
  return replace(self, (pick(self, false)))
end

--- A worker that was stopped is killed, and another one started in its place.
function actions.kill_stopped(self)
  return replace(self, (pick(self, true)))
end

--- A worker is stopped, and its leases end. The last one is not.
function actions.freeze(self)
  local worker, running = pick(self, false)
  if running < 2 then return actions.continue(self) end
  self:signal(worker, "STOP")
  worker.is_frozen, worker.is_signalled = true, true
  self:expire(worker)
end

--- The leases of a worker end while it runs.
function actions.expire(self)
  local worker = pick(self, false)
  if not worker then return false end
  self:expire(worker)
end

--- The database is stopped hard and started again.
function actions.crash(self)
  self.server:stop "immediate"
  self.server:start()
end

--- New mail comes.
function actions.mail(self)
  for user, n in pairs(self.mail) do
    if random(2) == 1 then
      assert(self.place.run_of_server:deliver(user, proof.octets(user, n + 1)))
      self.mail[user] = n + 1
    end
  end
end

--- Another program takes the messages of the table.
function actions.consume(self)
  if self.opts.kind ~= "table" then return false end
  self:consume()
end

--- Another program takes the delivered messages.
function Site:consume()
  local list = self.delivery.consume and self.delivery.consume(self) or {}
  table.move(list, 1, #list, #self.consumed + 1, self.consumed)
end

--- All disturbances, except the end of the database.
proof.usual = { "kill", "kill_stopped", "freeze", "continue", "expire", "mail",
                "consume" }

--- Disturb the workers.
-- @tparam integer times
-- @tparam {string,...} names of actions, of which each time one is drawn
function Site:disturb(times, names)
  for _ = 1, times do
    listen(self, random(1, 25))
    local name = names[random(#names)]
    if actions[name](self) ~= false then
      count(self, name)
    end
  end
end

--- All workers go on, and end when their sessions have ended.
-- @treturn {integer,...} exit statuses that are not 0, nor that of a worker that
-- SIGTERM ended before it had begun to handle it
function Site:finish()
  local bad, deadline = {}, core.now() + helper.PATIENCE
  for _, worker in ipairs(self.workers) do self:signal(worker, "TERM") end
  for _, worker in ipairs(self.workers) do
    local status
    repeat
      -- steps are read meanwhile, so that no worker waits to report them
      core.poll(self.fd:getfd(), "r", 0.02)
      drain(self)
      while actions.continue(self) ~= false do end
      status = core.waitpid(worker.pid, true)
      assert(status or core.now() < deadline, "a worker does not end")
    until status
    worker.fd:close()
    if status ~= 0 and status ~= TERMINATED then bad[#bad + 1] = status end
  end
  self.workers = {}
  return bad
end

--- A worker runs all accounts, undisturbed.
-- @treturn {string,...} accounts that failed, and why
function Site:run()
  self.place:query "update pop3_account set worker = null, due = now()"
  if self.opts.work then
    self:start()
    helper.await(function()
      drain(self)
      while actions.continue(self) ~= false do end
      return not self.place:query([[select 1 from pop3_account
        where worker is not null or due <= now()]])[1]
    end)
    return self:finish()
  end
  local runs = self.place:run()
  local failed = {}
  for name, record in pairs(runs) do
    if record.kind ~= "ok" then
      failed[#failed + 1] = ("%s: %s"):format(name, record.text)
    end
  end
  return failed
end

function Site:__close()
  for _, worker in ipairs(self.workers) do
    core.kill(worker.pid)
    core.waitpid(worker.pid)
    worker.fd:close()
  end
  if self.stop_delivery then self.stop_delivery() end
  self.place:__close()
  self.fd:close()
  self.its:close()
end

Site.judge, proof.wrong = judge.judge, judge.wrong

return proof
