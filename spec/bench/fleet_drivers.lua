-- The two drivers of pop3.sql for PostgreSQL, LuaDBI and libpq's non-blocking calls:
-- how many writes the sessions of one loop get done, and how long the loop stands still.

local core = require "pop3.core"
local h = require "spec.bench.harness"
local new_loop = require "pop3.loop.own"
local schema = require "pop3.sql.schema"
local seen = require "pop3.sync.state.seen"
local sql = require "pop3.sql"

local SESSIONS = 200
local SECONDS = h.size(2, 0.3)  -- for each row

local function entry(n)
  return { uid = ("u%06d"):format(n), nth = 1, size = 4096, first = 1800000000,
           status = "delivered", seq = n, digest = ("ab"):rep(32) }
end

-- Ways to write: each makes a function that writes one record of an account, and one
-- that ends it.
local ways = {}

-- One connection, or several; a COMMIT for each record.
function ways.each(run, driver, connections)
  local free, changed = {}, run.loop:condition()
  for i = 1, connections do
    free[i] = assert(sql.open { url = run.url, driver = driver, wait = run.loop.wait })
  end
  return function(account, e)
    while #free == 0 do changed:wait() end
    local db = table.remove(free)
    local rows = assert(db:batch(seen.write({ { account = account, fence = 0,
                                                entries = { e } } })))
    free[#free + 1] = db
    run.commits = run.commits + 1
    changed:signal()
    assert(rows[1][1])
  end, function()
    for _, db in ipairs(free) do db:close() end
  end
end

-- One connection; a COMMIT for all records that wait.
function ways.all(run, driver)
  local db = assert(sql.open { url = run.url, driver = driver, wait = run.loop.wait })
  local pending, done, wake = {}, run.loop:condition(), run.loop:condition()
  local ended = false
  run.loop:spawn(function()
    while not ended do
      local list = pending
      pending = {}
      if #list == 0 then
        wake:wait()
      else
        local rows = assert(db:batch(seen.write(list)))
        assert(#rows[1] == #list)
        run.commits = run.commits + 1
        for _, each in ipairs(list) do each.done = true end
        done:signal()
      end
    end
    db:close()
  end)
  return function(account, e)
    local each = { account = account, fence = 0, entries = { e } }
    pending[#pending + 1] = each
    wake:signal()
    while not each.done do done:wait() end
  end, function()
    ended = true
    wake:signal()
  end
end

-- Write with many sessions for some time; how long the turns of the loop took.
local function measure(run, way, ...)
  local write, finish = ways[way](run, ...)
  local left, began = SESSIONS, core.now()
  for account = 1, SESSIONS do
    run.loop:spawn(function()
      local n = 0
      while core.now() - began < SECONDS do
        n = n + 1
        write(account, entry(n))
        run.messages = run.messages + 1
        run.loop:sleep(0)
      end
      left = left - 1
    end)
  end
  local last = core.now()
  while left > 0 do
    run.loop:sleep(0.001)
    local now = core.now()
    run.turns[#run.turns + 1] = now - last
    last = now
  end
  run.seconds = core.now() - began
  finish()
end

local function row(server, label, ...)
  local url = server:database()
  do
    local db <close> = assert(sql.open { url = url })
    assert(schema.init(db))
    assert(db:query([[insert into pop3_account (name)
      select 'a' || i from generate_series(1, $1::int) i]], SESSIONS))
  end
  local loop <close> = assert(new_loop())
  local run = { url = url, loop = loop, commits = 0, messages = 0, turns = {} }
  local clock = os.clock()
  local failure
  loop:spawn(function(...)
    local ok, message = xpcall(measure, debug.traceback, run, ...)
    if not ok then failure = message end
  end, ...)
  loop:run()
  if failure then error(failure) end
  table.sort(run.turns)
  print(("%-46s %9.0f %9.0f %9.3f %11.1f %11.2f"):format(label,
    run.commits / run.seconds, run.messages / run.seconds,
    (os.clock() - clock) / run.messages * 1000, run.turns[#run.turns] * 1000,
    run.turns[(#run.turns + 1) // 2] * 1000))
  io.stdout:flush()
end

--- Print a table. `server` is of spec/support/postgres.lua.
return function(server)
  print(("\nDrivers: %d sessions that record messages\n%-46s %9s %9s %9s %11s %11s")
    :format(SESSIONS, "", "commits/s", "records/s", "cpu ms", "longest ms",
            "median ms"))
  print(("%-46s %9s %9s %9s %11s %11s"):format("", "", "", "a record", "of a turn",
                                              "of a turn"))
  row(server, "LuaDBI, a COMMIT for each", "each", "dbi", 1)
  row(server, "libpq, a COMMIT for each", "each", "libpq", 1)
  row(server, "libpq, ten connections, a COMMIT for each", "each", "libpq", 10)
  row(server, "LuaDBI, a COMMIT for all that wait", "all", "dbi")
  row(server, "libpq, a COMMIT for all that wait", "all", "libpq")
end
