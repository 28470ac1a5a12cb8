-- A fleet on PostgreSQL: accounts a second and the cost of each account, for 1,000, 10,000
-- and 100,000 accounts of which 500 are due; claims; two workers beside one; the
-- drivers; and the resources that a million accounts need.
--
-- The POP3 server and the database have CPU 0, workers the last one. The bench measures
-- processor time, which hardly depends on other work of the machine. The database is
-- durable (fsync), on the file system of /tmp; the Maildirs are in the bench's directory.

local core = require "pop3.core"
local drivers = require "spec.bench.fleet_drivers"
local h = require "spec.bench.harness"
local lease = require "pop3.fleet.lease"
local message = require "spec.bench.mail"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local proc = require "spec.interop.proc"
local schema = require "pop3.sql.schema"
local sql = require "pop3.sql"

local SIZES = h.quick and { 1000, 10000 } or { 1000, 10000, 100000 }
local DUE = h.size(500, 50)      -- accounts that are due
local MAIL, OCTETS = 5, 4096     -- of each: messages, and their size
local RECORDS = 10               -- of messages that each account had before
local JOBS = 100                 -- sessions of a worker
local THINK = 0.02               -- seconds until the server replies, where it thinks
local CLAIMS = h.size(400, 50)   -- of one account each, and of 50
local MILLION, EVERY = 1000000, 300
local TICKS = tonumber(proc.check "getconf CLK_TCK")

-- ----------------------------------------------------------------- processor time

-- Processor time of a process with one thread; and of its children that have ended.
local function cpu_of(pid)
  local file = io.open(("/proc/%d/schedstat"):format(pid))
  if not file then return 0, 0 end
  local own = tonumber(file:read "a":match "%d+") / 1e9
  file:close()
  local stat <close> = io.open(("/proc/%d/stat"):format(pid))
  if not stat then return own, 0 end
  local fields = {}
  for field in stat:read "a":match "%) (.*)$":gmatch "%S+" do
    fields[#fields + 1] = field
  end
  return own, (tonumber(fields[14]) + tonumber(fields[15])) / TICKS
end

local function processes(server)
  local file <close> = assert(io.open(server.data .. "/postmaster.pid"))
  local main = file:read "l"
  local list = { main }
  local children <close> = assert(io.open(("/proc/%s/task/%s/children")
                                          :format(main, main)))
  for pid in children:read "a":gmatch "%d+" do list[#list + 1] = pid end
  return list
end

local function cpu_of_database(server)
  local sum = 0
  for i, pid in ipairs(processes(server)) do
    local own, ended = cpu_of(pid)
    sum = sum + own + (i == 1 and ended or 0)
  end
  return sum
end

-- Memory of the database in MiB: shared memory counts once.
local function memory_of_database(server)
  local sum = 0
  for _, pid in ipairs(processes(server)) do
    local file = io.open(("/proc/%s/smaps_rollup"):format(pid))
    sum = sum + (file and tonumber(file:read "a":match "Pss:%s*(%d+)") or 0)
    if file then file:close() end
  end
  return sum / 1024
end

-- ------------------------------------------------------------------------ set-up

local function pop3_server(think)
  local octets, mail = message(OCTETS), {}
  for i = 1, MAIL do mail[i] = octets end
  local server = pop3.server.new {
    users = setmetatable({}, { __index = function(users, user)
      users[user] = { mail = mail }
      return users[user]
    end }),
    authenticate = function() return true end,
  }
  if think then server:fault { delay = think } end
  return assert(server:fork())
end

local REGISTER = [[insert into pop3_account (name, host, port, username, options, due)
  select 'u' || i, '127.0.0.1', $2::int, 'u' || i, '{"tls":"none","mechs":["USER"]}',
         now() + interval '1 day' + i * interval '1 millisecond'
  from generate_series(1, $1::int) i]]

local RECORD = [[insert into pop3_seen (account, uid, nth, size, state, digest, fence,
    seq, first_seen, absent)
  select a.id, 'old.' || j, 1, 4096, 'delivered', repeat('ab', 32), 0, j,
         extract(epoch from now())::bigint, extract(epoch from now())::bigint
  from pop3_account a, generate_series(1, $1::int) j]]

-- A database with `count` accounts. Returns its URL and a connection.
local function register(server, count, port)
  local url = server:database()
  local db = assert(sql.open { url = url, timeout = 600 })
  assert(schema.init(db))
  assert(db:query(REGISTER, count, port))
  assert(db:query(RECORD, RECORDS))
  assert(db:query "vacuum analyze")
  assert(db:query "checkpoint")
  return url, db
end

-- Accounts all over the table are due.
local function make_due(db, count, total)
  local _, changed = assert(db:query([[update pop3_account set worker = null,
    due = now() where id % $1::bigint = 0]], total // count))
  return changed
end

-- ----------------------------------------------------------------------- one run

-- Run workers until nothing is due, `workers` at the same time.
local function run(opts, workers)
  local out = os.tmpname()
  local command = proc.words { h.lua, "spec/bench/fleet_worker.lua", opts.url, opts.mail,
                            opts.jobs or JOBS }
  local all = { "set -e" }
  for i = 1, workers or 1 do all[i + 1] = command .. " & p" .. i .. "=$!" end
  for i = 1, workers or 1 do all[#all + 1] = "wait $p" .. i end
  local server, database = (cpu_of(opts.pop3.pid)), cpu_of_database(opts.database)
  local r, problem = h.once(proc.words { "sh", "-c", table.concat(all, "\n") }, out)
  os.remove(out)
  if not r then error("a worker: " .. problem) end
  r.server = cpu_of(opts.pop3.pid) - server
  r.memory = memory_of_database(opts.database)
  r.database = cpu_of_database(opts.database) - database
  for name, value in r.output:gmatch "(%l+)=(%d+)" do
    r[name] = (r[name] or 0) + tonumber(value)
  end
  return r
end

-- The same several times: the one with the median of the processor time of the workers.
local function median(times, prepare, ...)
  local all = {}
  for i = 1, times do
    local count = prepare()
    all[i] = run(...)
    if all[i].ok ~= count then
      error(("%d of %d accounts went well"):format(all[i].ok, count))
    end
  end
  table.sort(all, function(a, b) return a.cpu < b.cpu end)
  return all[(#all + 1) // 2]
end

local function print_run(label, r)
  local n = r.ok
  print(("%-34s %6d %9.0f %9.2f %9.2f %9.2f %8.1f %8.1f %7.1f"):format(label, n,
    n / r.wall, r.cpu / n * 1000, r.database / n * 1000, r.server / n * 1000,
    r.rss / 1024, r.memory, r.writes / math.max(1, r.transactions)))
  io.stdout:flush()
end

local function heading(title)
  print(("\n%s\n%-34s %6s %9s %9s %9s %9s %8s %8s %7s"):format(title, "", "runs",
    "a second", "worker", "database", "server", "worker", "database", "writes"))
  print(("%-34s %6s %9s %9s %9s %9s %8s %8s %7s"):format("", "", "", "cpu ms", "cpu ms",
    "cpu ms", "MiB", "MiB", "/commit"))
end

-- ------------------------------------------------------------------------ claims

-- Claims of `count` accounts each: claims a second, and processor time of the
-- database for each in ms.
local function claim(server, db, count, times)
  assert(db:query [[update pop3_account set worker = null,
    due = now() - interval '1 minute']])
  assert(db:query "vacuum analyze pop3_account")
  local cpu, began, taken = cpu_of_database(server), core.now(), 0
  for _ = 1, times do
    local rows = lease.claimed(assert(db:batch(lease.claim { worker = "bench",
      count = count, seconds = 300 })))
    taken = taken + #rows
  end
  assert(taken == count * times)
  return times / (core.now() - began), (cpu_of_database(server) - cpu) / times * 1000
end

local function print_claims(server, db, total)
  local most = total // 2
  for _, count in ipairs { 1, 50 } do
    local times = math.min(CLAIMS // (count == 1 and 1 or 10), most // count)
    local rate, cpu = claim(server, db, count, times)
    print(("%-34s %6d %9.0f %9s %9.3f"):format(
      ("%d registered, claims of %d"):format(total, count), times, rate, "", cpu))
  end
  io.stdout:flush()
end

-- The plan of a claim. The claim is undone.
local function plan(db)
  local statement, lines = lease.claim { worker = "w", count = 50, seconds = 300 }, {}
  local rows
  db:transaction(function()
    rows = assert(db:query("explain (analyze, costs off, timing off, summary off) "
      .. statement[2][1], table.unpack(statement[2], 2)))
    return nil, "undone"
  end)
  for i, row in ipairs(rows) do lines[i] = row["QUERY PLAN"] end
  return table.concat(lines, "\n")
end

-- ---------------------------------------------------------------------- sections

local function growth(server, place)
  heading(("%d due; worker with %d sessions; %d messages of 4 KiB, or none new")
          :format(DUE, JOBS, MAIL))
  local pop3_run <close> = setmetatable({ run = pop3_server() }, { __close = function(t)
    t.run:stop()
  end })
  local last, fresh, many, plans
  for _, total in ipairs(SIZES) do
    local mail = place .. "/mail" .. total
    assert(core.mkdir(mail))
    local url, db = register(server, total, pop3_run.run.port)
    local opts = { url = url, mail = mail, pop3 = pop3_run.run, database = server }
    local function prepare() return make_due(db, DUE, total) end
    fresh = median(1, prepare, opts)
    assert(fresh.new == MAIL * fresh.ok)
    print_run(total .. " registered, new mail", fresh)
    last = median(h.quick and 1 or 3, prepare, opts)
    assert(last.new == 0)
    print_run(total .. " registered, nothing new", last)
    opts.jobs = 4 * JOBS
    if total == SIZES[#SIZES] then
      many = median(1, prepare, opts)
      print_run(("the same, %d sessions"):format(opts.jobs), many)
    end
    print_claims(server, db, total)
    assert(db:query "update pop3_account set worker = null, due = now() + '1 day'")
    assert(db:query "vacuum analyze pop3_account")
    make_due(db, DUE, total)
    plans = plan(db)
    local size = assert(db:query([[select pg_total_relation_size('pop3_seen')
      / count(*) as octets from pop3_seen]]))[1].octets
    print(("%d registered: the claim %s; a record has %d octets with its index"):format(
      total, plans:find "Seq Scan" and "READS THE WHOLE TABLE" or "scans indexes only",
      size))
    db:close()
    proc.check("rm -rf " .. proc.quote(mail))
  end
  print("\nEXPLAIN ANALYZE of a claim, " .. SIZES[#SIZES] .. " registered\n" .. plans)
  if DUE > JOBS then
    print(("\na session more of a worker: %.0f KiB"):format(
      (many.rss - last.rss) / (math.min(DUE, 4 * JOBS) - JOBS)))
  end
  return last, fresh
end

local function two_workers(server, place)
  local count, jobs = h.size(240, 40), 8
  local think <close> = setmetatable({ run = pop3_server(THINK) }, {
    __close = function(t) t.run:stop() end })
  local url, db = register(server, 1000, think.run.port)
  local opts = { url = url, mail = place .. "/two", pop3 = think.run,
                 database = server, jobs = jobs }
  assert(core.mkdir(opts.mail))
  heading(("Two workers beside one, %d sessions each; the server replies after %g ms")
          :format(jobs, THINK * 1000))
  local function prepare() return make_due(db, count, 1000) end
  median(1, prepare, opts)  -- the mail; then there is nothing new
  local rates = { {}, {} }
  for i = 1, h.quick and 1 or 3 do
    for workers = 1, 2 do
      local r = median(1, prepare, opts, workers)
      rates[workers][i] = r.ok / r.wall
      print_run(workers .. (workers == 1 and " worker" or " workers"), r)
    end
  end
  print(("two workers: %.2f times one, of the medians (goal: 1.7)"):format(
    h.median(rates[2]) / h.median(rates[1])))
  db:close()
end

local function on_paper(nothing, fresh)
  local rate = MILLION / EVERY
  local function cores(r, what) return r[what] / r.ok * rate end
  print(("\nOn paper: %d accounts every %d s are %.0f a second"):format(MILLION, EVERY,
                                                                 rate))
  for _, each in ipairs { { "nothing new", nothing }, { "new mail in each", fresh } } do
    local r = each[2]
    print(("%-18s %5.1f cores of workers, %5.1f of the database, %5.0f commits a second"
      ):format(each[1], cores(r, "cpu"), cores(r, "database"),
               r.transactions / r.ok * rate))
  end
  print(("if a session takes 0.5 s, %.0f run at the same time"):format(rate * 0.5))
  io.stdout:flush()
end

return function(dir)
  local missing = postgres.missing()
  if missing then
    print("\nfleet: not measured, " .. missing)
    return
  end
  core.maxfiles()
  local server <close> = postgres.start { fsync = true, place = "/tmp", settings = {
    "shared_buffers=256MB", "max_connections=100", "autovacuum=on",
    "max_wal_size=2GB" } }
  local nothing, fresh = growth(server, dir)
  two_workers(server, dir)
  drivers(server)
  on_paper(nothing, fresh)
end
