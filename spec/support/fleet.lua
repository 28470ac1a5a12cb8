--- A fleet for specs: a database, a POP3 server in a child process, a directory for
-- the mail, and workers in child processes that can be frozen at a point of a run
-- (`pop3.fleet.points`).
--
--    local place <close> = fleets.place(server():database(), { users = 3, mail = 2 })
--    local worker = place:fork { freeze = "sync" }
--    worker:await()                       -- it is frozen
--    place:expire()                       -- its leases are over
--    place:run()                          -- another worker, in this process
--    worker:go_on()
--    worker:wait()

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local tempdir = require "spec.support.tempdir"

local fleets = {}

local Place = {}
Place.__index = Place

local Worker = {}
Worker.__index = Worker

--- The message `i` of a user.
function fleets.octets(user, i)
  return ("From: a@example\r\nSubject: %s %d\r\n\r\n%s\r\n"):format(user, i,
                                                             ("x"):rep(100 + i))
end

--- Make a place.
-- @tparam string url of an empty database
-- @tparam table opts `users` (1) and `mail` (1): how many; `octets`: a function that
-- makes messages, as `fleets.octets`; `server`: options of `pop3.server.new`;
-- `handlers`: a function that gets the server before it starts, and the directory of the
-- place; `fleet`: options of `pop3.fleet`; `accounts`: keys of each account;
-- `add = false`: the accounts are not added
function fleets.place(url, opts)
  local users, octets = {}, opts.octets or fleets.octets
  for i = 1, opts.users or 1 do
    local mail = {}
    for j = 1, opts.mail or 1 do mail[j] = octets("u" .. i, j) end
    users["u" .. i] = { password = "secret", mail = mail }
  end
  local server_opts = { users = users }
  for name, value in pairs(opts.server or {}) do server_opts[name] = value end
  local server, dir = pop3.server.new(server_opts), tempdir(true)
  if opts.handlers then opts.handlers(server, dir.path) end
  local self = setmetatable({
    url = url, opts = opts, dir = dir, octets = octets,
    run_of_server = assert(server:fork()), workers = {},
  }, Place)
  self.mail = self.dir.path .. "/mail"
  assert(core.mkdir(self.mail))
  self.fleet = self:new_fleet()
  assert(self.fleet:init())
  if opts.add ~= false then
    local accounts = {}
    for i = 1, opts.users or 1 do accounts[i] = self:account("u" .. i) end
    assert(#assert(self.fleet:add(accounts)) == #accounts)
  end
  return self
end

--- The keys of an account of a user.
function Place:account(user)
  local account = { name = user, host = "127.0.0.1", user = user, tls = "none",
                    port = self.run_of_server.port }
  for name, value in pairs(self.opts.accounts or {}) do account[name] = value end
  return account
end

--- A fleet on the database of the place. Its records of runs are kept in `log`.
function Place:new_fleet(opts)
  local all = {
    store = self.url, until_idle = true, poll = 0.05, signals = false,
    into = { maildir = self.mail .. "/{user}" },
    secret = function() return { password = "secret" } end,
  }
  for name, value in pairs(self.opts.fleet or {}) do all[name] = value end
  for name, value in pairs(opts or {}) do all[name] = value end
  local log, records = all.log, {}
  function all.log(record)
    records[#records + 1] = record
    if log then log(record) end
  end
  return pop3.fleet(all), records
end

--- Run a worker until nothing is due: the records of runs by account, the counters, and
-- all records.
function Place:run(opts)
  local fleet <close>, records = self:new_fleet(opts)
  local ok, message = fleet:run()
  assert(ok, message)
  local runs = {}
  for _, record in ipairs(records) do
    if record.event == "run" then runs[record.account] = record end
  end
  return runs, fleet:counters(), records
end

--- Execute a statement on a new connection.
function Place:query(text, ...)
  return postgres.query(self.url, text, ...)
end

--- Move the time of the database until all leases are over.
function Place:expire()
  return self:query("update pop3_account set due = now() - interval '1 second' "
                    .. "where worker is not null")
end

--- Make all accounts due.
function Place:make_due()
  assert(self.fleet:due { names = self:names() })
end

function Place:names()
  local names = {}
  for i = 1, self.opts.users or 1 do names[i] = "u" .. i end
  return names
end

-- --------------------------------------------------------------------- workers

--- Start a worker in a child process. `opts`: of `pop3.fleet`, and `freeze`: the point
-- at which it stops once, until `go_on`; `hook`: as the option;
-- `tell`: an event of the log, after which `await` returns, too.
-- @return worker: `pid`
function Place:fork(opts)
  local mine, its = assert(core.socketpair())
  local pid = assert(core.fork())
  if pid ~= 0 then
    its:close()
    local worker = setmetatable({ pid = pid, fd = mine }, Worker)
    self.workers[#self.workers + 1] = worker
    return worker
  end
  mine:close()
  local all = {}
  for name, value in pairs(opts) do all[name] = value end
  local freeze, hook, tell, frozen = all.freeze, all.hook, all.tell, false
  all.freeze, all.tell = nil, nil
  function all.log(record)
    if record.event == tell then helper.say(its, tell .. "\n") end
  end
  function all.hook(point, row)
    if hook then hook(point, row) end
    if point == freeze and not frozen then
      frozen = true
      helper.say(its, "frozen\n")
      helper.hear(its)
    end
  end
  local ok, err = xpcall(function()
    local fleet <close> = self:new_fleet(all)
    local done, message = fleet:run()
    assert(done, message)
  end, debug.traceback)
  if not ok then io.stderr:write("a worker failed: ", tostring(err), "\n") end
  core.exit(ok and 0 or 1)
end

--- Wait until it is frozen. False when it has ended before.
function Worker:await()
  local ok = pcall(helper.hear, self.fd)
  return ok
end

--- Continue the worker.
function Worker:go_on()
  helper.say(self.fd, "\n")
end

--- End it at once.
function Worker:kill()
  core.kill(self.pid)
  self:wait()
end

--- Send it a signal by name.
function Worker:signal(name)
  assert(os.execute(("kill -%s %d"):format(name, self.pid)))
end

--- Wait for its end; its exit status.
function Worker:wait()
  if not self.status then
    self.status = core.waitpid(self.pid)
    self.fd:close()
  end
  return self.status
end

-- ----------------------------------------------------------------------- checks

--- The messages in the Maildirs, by user: Subject → how often.
function Place:delivered()
  local found = {}
  for _, user in ipairs(core.readdir(self.mail) or {}) do
    for _, sub in ipairs { "new", "cur" } do
      local dir = ("%s/%s/%s"):format(self.mail, user, sub)
      for _, name in ipairs(core.stat(dir) and core.readdir(dir) or {}) do
        local file <close> = assert(io.open(dir .. "/" .. name, "rb"))
        local octets = file:read "a"
        local who, i = octets:match "Subject: (%w+) (%d+)"
        assert(octets == self.octets(who, math.tointeger(i)), "not whole: " .. name)
        found[who .. " " .. i] = (found[who .. " " .. i] or 0) + 1
      end
    end
  end
  return found
end

--- A mail reader moves all messages from new/ to cur/.
function Place:read_mail()
  for _, user in ipairs(core.readdir(self.mail) or {}) do
    local dir = self.mail .. "/" .. user
    for _, name in ipairs(core.stat(dir .. "/new") and core.readdir(dir .. "/new")
                          or {}) do
      assert(core.rename(dir .. "/new/" .. name, dir .. "/cur/" .. name .. ":2,S"))
    end
  end
end

--- Files and directories in the tmp of the Maildirs.
function Place:leftovers()
  local found = {}
  for _, user in ipairs(core.readdir(self.mail) or {}) do
    local tmp = ("%s/%s/tmp"):format(self.mail, user)
    for _, name in ipairs(core.stat(tmp) and core.readdir(tmp) or {}) do
      found[#found + 1] = user .. "/" .. name
    end
  end
  return found
end

--- Lost messages, and messages that are there more than once: lists of "user number".
function Place:judge()
  local delivered, lost, doubled = self:delivered(), {}, {}
  for i = 1, self.opts.users or 1 do
    for j = 1, self.opts.mail or 1 do
      local key = ("u%d %d"):format(i, j)
      if not delivered[key] then lost[#lost + 1] = key end
      if (delivered[key] or 0) > 1 then doubled[#doubled + 1] = key end
    end
  end
  return lost, doubled
end

function Place:__close()
  for _, worker in ipairs(self.workers) do
    if not worker.status then worker:kill() end
  end
  self.fleet:close()
  self.run_of_server:stop()
  getmetatable(self.dir).__close(self.dir)
end

return fleets
