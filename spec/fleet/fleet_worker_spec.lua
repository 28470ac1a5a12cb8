-- A worker of a fleet (lua/pop3/fleet/worker.lua), with PostgreSQL and our test server.

local abandoned = require "pop3.sql.abandoned"
local core = require "pop3.core"
local fleets = require "spec.support.fleet"
local helper = require "spec.helper"
local postgres = require "spec.support.postgres"
local sql = require "pop3.sql"

-- Seconds: a transaction of a spec does not end because the machine is slow.
local LONG = 2 * helper.PATIENCE

-- The most sessions that were open at the same time, of a transcript.
local function most_sessions(transcript)
  local first, last = {}, {}
  for i, entry in ipairs(transcript) do
    if entry.session then
      first[entry.session] = first[entry.session] or i
      last[entry.session] = i
    end
  end
  local at, most, now = {}, 0, 0
  for id, i in pairs(first) do
    at[i], at[last[id]] = 1, -1
  end
  for i = 1, #transcript do
    now = now + (at[i] or 0)
    most = math.max(most, now)
  end
  return most
end

local function kinds(runs)
  local made = {}
  for name, run in pairs(runs) do made[name] = run.kind end
  return made
end

postgres.describe("a worker", function(server)
  local function new_place(opts)
    return fleets.place(server():database(), opts)
  end

  -- A hook that stops the database when the point is reached for the first time.
  local function stop_at_first(where)
    local stopped = false
    return function(point)
      if point == where and not stopped then
        stopped = true
        server():stop "immediate"
      end
    end
  end

  it("fetches hundreds of accounts side by side, in few transactions", function()
    local place <close> = new_place { users = 150, mail = 2, fleet = { jobs = 150 } }
    local runs, counters = place:run()
    for i = 1, 150 do assert.equal("ok", runs["u" .. i].kind) end
    local lost, doubled = place:judge()
    assert.same({}, lost)
    assert.same({}, doubled)
    assert.equal(150, counters.claimed)
    assert.equal(300, counters.new)
    assert.is_true(counters.claims <= 20, counters.claims)
    assert.is_true(counters.transactions < counters.writes / 3,
                   counters.transactions .. " of " .. counters.writes)
    assert.is_true(most_sessions(place.run_of_server:transcript()) > 20)
    local status = place.fleet:status()
    assert.equal(0, status.due)
    assert.equal(0, status.leased)
    assert.equal(0, status.never)
    -- the next run changes nothing
    local retrieved = place.run_of_server:count "RETR"
    local before = place:query "select * from pop3_seen order by account, uid, nth"
    place:make_due()
    place:run()
    assert.equal(retrieved, place.run_of_server:count "RETR")
    assert.same(before,
                place:query "select * from pop3_seen order by account, uid, nth")
  end)

  it("lets an account that fails stop no other one", function()
    local place <close> = new_place { users = 9, mail = 1, fleet = {
      secret = function(a)
        if a.name == "u1" then return { password = "wrong" } end
        if a.name == "u2" then return nil, "no secret today", true end
        if a.name == "u3" then error "a bug" end
        return { password = "secret" }
      end } }
    local port = require "socket".bind("127.0.0.1", 0)
    local _, free = port:getsockname()
    port:close()
    assert(place.fleet:change("u4", { port = math.tointeger(free) }))
    place:query "update pop3_account set options = 'no json' where name = 'u5'"
    assert(place.fleet:change("u6", { secret = "env:LPOP3_NOT_SET" }))
    assert(place.fleet:change("u7", { maildir = "/proc/none/{name}" }))
    assert(place.fleet:change("u8", { pipe = "exit 75" }))
    local runs = place:run()
    assert.same({ u1 = "parked", u2 = "later", u3 = "person", u4 = "later",
                  u5 = "person", u6 = "person", u7 = "person", u8 = "later",
                  u9 = "ok" }, kinds(runs))
    assert.match("refused", runs.u4.text)
    assert.match("JSON", runs.u5.text)
    assert.match("LPOP3_NOT_SET", runs.u6.text)
    for _, account in ipairs(place.fleet:list()) do
      assert.equal(account.name == "u9" and 0 or 1, account.failures)
      assert.equal(account.name ~= "u9", account.last_error ~= nil)
      assert.is_true(account.state == "parked" or account.due_in > 100)
    end
    -- a parked account is not claimed until it is resumed
    place:make_due()
    runs = place:run()
    assert.is_nil(runs.u1)
    assert.equal(2, place.fleet:list({ names = { "u2" } })[1].failures)
    assert.same({ "u1" }, place.fleet:resume "u1")
    runs = place:run { secret = function() return { password = "secret" } end }
    assert.equal("ok", runs.u1.kind)
  end)

  it("keeps sessions with a host few, together with another worker", function()
    local place <close> = new_place { users = 24, mail = 2, server = {
      faults = { { verb = "RETR", delay = 0.01 } } },
      fleet = { per_host = 3 } }
    local one = place:fork { jobs = 2, freeze = "claimed", worker = "one" }
    assert.is_true(one:await())
    local two = place:fork { jobs = 20, freeze = "claimed", worker = "two" }
    assert.is_true(two:await())
    local workers = place.fleet:status().workers
    for i, each in ipairs { { "one", 2 }, { "two", 1 } } do
      assert.equal(each[1], workers[i].worker)
      assert.equal(each[2], workers[i].sessions)
      assert.equal(1, workers[i].hosts)
    end
    one:go_on()
    two:go_on()
    assert.equal(0, one:wait())
    assert.equal(0, two:wait())
    local lost = place:judge()
    assert.same({}, lost)
    local most = most_sessions(place.run_of_server:transcript())
    assert.is_true(most <= 3, most)
    assert.is_true(most >= 2, most)
  end)

  it("is not held up by an answer of the database", function()
    local place <close> = new_place { users = 20, mail = 1 }
    local db <close> = assert(sql.open { url = place.url })
    local began = 0
    place:run { hook = function(point)
      if point ~= "intend" then return end
      began = began + 1
      if began == 1 then
        -- from here on the list of messages cannot be written, but all others begin
        assert(db:query "begin")
        assert(db:query "lock table pop3_seen in share row exclusive mode")
      elseif began == 20 then
        assert(db:query "commit")
      end
    end }
    assert.equal(20, began)
    assert.same({}, (place:judge()))
  end)

  for _, driver in ipairs { "libpq", "dbi" } do
    it("goes on with the others while another program locks an account: " .. driver,
       function()
      local place <close> = new_place { users = 8, mail = 1 }
      local db <close> = assert(sql.open { url = place.url, timeout = LONG })
      local done, order = 0, {}
      local runs = place:run {
        store = { url = place.url, driver = driver },
        hook = function(point, row)
          if point == "intend" and row.name == "u3" then
            assert(db:query "begin")
            assert(db:query "select 1 from pop3_account where name = 'u3' for update")
          end
        end,
        log = function(record)
          if record.event ~= "run" then return end
          done = done + 1
          order[#order + 1] = record.account
          if done == 7 then assert(db:query "commit") end
        end,
      }
      assert.equal("u3", order[8])
      assert.equal("ok", runs.u3.kind)
      assert.same({}, (place:judge()))
    end)
  end

  it("ends the transaction of a worker that froze in it", function()
    local place <close> = new_place { users = 2, mail = 1 }
    local frozen <close> = assert(sql.open { url = place.url, timeout = LONG })
    assert(frozen:query "begin")
    assert(frozen:query(table.unpack(abandoned.name("fleet frozen", 1))))
    assert(frozen:query "select 1 from pop3_account where name = 'u1' for update")
    local troubles = {}
    local runs = place:run {
      log = function(record)
        if record.event == "trouble" then troubles[#troubles + 1] = record.text end
      end,
    }
    assert.equal("ok", runs.u1.kind)
    assert.match("pop3 1s fleet frozen", troubles[1])
  end)

  it("claims although the worker whose turn it is froze in a claim", function()
    local lease = require "pop3.fleet.lease"
    local place <close> = new_place { users = 2, mail = 1 }
    local frozen <close> = assert(sql.open { url = place.url, timeout = LONG })
    assert(frozen:query "begin")
    local list = lease.claim { worker = "frozen", count = 1, seconds = 300,
                               per_host = 1 }
    list[1] = abandoned.name("fleet frozen", 1)
    for _, statement in ipairs(list) do assert(frozen:query(table.unpack(statement))) end
    local turns = 0
    local runs = place:run {
      per_host = 1,
      log = function(record)
        assert.is_not.equal("database", record.event)
        if record.event == "trouble" then turns = turns + 1 end
      end,
    }
    assert.equal("ok", runs.u1.kind)
    assert.equal("ok", runs.u2.kind)
    assert.equal(1, turns)
  end)

  it("waits while the database is stopped, and goes on", function()
    local place <close> = new_place { users = 6, mail = 3, accounts = { keep = false } }
    local states = {}
    local runs = place:run {
      jobs = 3,
      hook = stop_at_first "record",
      log = function(record)
        if record.event ~= "database" then return end
        states[#states + 1] = record.state
        if record.state == "away" then server():start() end
      end,
    }
    assert.same({ "away", "back" }, { states[1], states[2] })
    for i = 1, 6 do assert.equal("ok", runs["u" .. i].kind) end
    local lost, doubled = place:judge()
    assert.same({}, lost)
    assert.same({}, doubled)
    assert.equal(18, place.run_of_server:count "DELE")
  end)

  it("ends sessions without QUIT when the database is stopped too long", function()
    local place <close> = new_place { users = 1, mail = 3, accounts = { keep = false } }
    local first
    local runs = place:run {
      lease = 1.5,
      hook = stop_at_first "record",
      log = function(record)
        if record.event == "run" and not first then
          first = record
          assert.equal(0, place.run_of_server:count "DELE")
          assert.equal(0, place.run_of_server:count "QUIT")
          server():start()
        end
      end,
    }
    assert.equal("fenced", first.kind)
    assert.is_string(first.unreleased)
    assert.equal("ok", runs.u1.kind)
    local lost, doubled = place:judge()
    assert.same({}, lost)
    assert.same({}, doubled)
  end)

  it("starts before the database does", function()
    local place <close> = new_place { users = 2, mail = 1 }
    server():stop()
    local runs = place:run { log = function(record)
      if record.event == "database" and record.state == "away" then
        server():start()
      end
    end }
    assert.equal("ok", runs.u2.kind)
  end)

  it("loses an account that another one took, at the next heartbeat", function()
    local place <close> = new_place { users = 2, mail = 1, server = {
      faults = { { verb = "RETR", user = "u1", times = 1, stall = true } } } }
    local taken = false
    local runs = place:run { lease = 3, jobs = 2, hook = function(point, row)
      if point == "begin" and row.name == "u1" and not taken then
        taken = true
        place:query([[update pop3_account set fence = fence + 1, worker = 'other',
          due = now() + interval '1 day' where name = 'u1']])
      end
    end }
    assert.equal("fenced", runs.u1.kind)
    assert.equal("ok", runs.u2.kind)
    local r = place:query "select worker from pop3_account where name = 'u1'"
    assert.equal("other", r[1].worker)
    assert.equal(1, place.run_of_server:count "QUIT")
  end)

  it("keeps an account for longer than its lease while it fetches", function()
    local place <close> = new_place { users = 1, mail = 1, server = {
      faults = { { verb = "RETR", delay = 5 } } } }
    local runs, counters = place:run { lease = 3, jobs = 1 }
    assert.equal("ok", runs.u1.kind)
    assert.is_true(counters.heartbeats >= 1)
    assert.equal(1, runs.u1.fence)
  end)

  for _, twice in ipairs { false, true } do
    it("releases its accounts after SIGTERM" .. (twice and ", at once after two" or ""),
    function()
      local place <close> = new_place { users = 5, mail = 2, server = {
        faults = { { verb = "RETR", stall = true } } } }
      local worker = place:fork { signals = true, until_idle = false, tell = "signal",
                                  grace = twice and helper.PATIENCE or 0.05 }
      assert(place.run_of_server:wait_for("RETR", helper.PATIENCE, 5))
      worker:signal "TERM"
      if twice then
        assert.is_true(worker:await())
        worker:signal "TERM"
      end
      assert.equal(0, worker:wait())
      local rows = place:query([[select worker, failures, due <= now() as due
                                 from pop3_account]])
      for _, r in ipairs(rows) do
        assert.is_nil(r.worker)
        assert.is_true(r.due)
        assert.equal(0, r.failures)
      end
      assert.same({}, place:leftovers())
    end)
  end

  it("lets sessions finish after SIGTERM, and begins no other", function()
    local place <close> = new_place { users = 6, mail = 2 }
    local worker = place:fork { signals = true, until_idle = false, jobs = 3,
                                freeze = "begin" }
    assert.is_true(worker:await())
    worker:signal "TERM"
    worker:go_on()
    assert.equal(0, worker:wait())
    local rows = place:query([[select count(*) as n from pop3_account
      where last_ok is not null and worker is null and due > now()]])
    assert.is_true(rows[1].n >= 1 and rows[1].n <= 3, rows[1].n)
    assert.equal(0, place.fleet:status().leased)
  end)

  -- The first run has the fault; then a message comes, and another run.
  local function seeded(seed, mail, fault)
    local place <close> = new_place { users = 1, mail = mail, accounts = { seed = seed },
                                      server = { faults = { fault } } }
    local first = place:run().u1
    assert.equal(fault and "later" or "ok", first.kind, first.text)
    assert(place.run_of_server:deliver("u1", fleets.octets("u1", mail + 1)))
    place:query "update pop3_account set due = now()"
    local second = place:run().u1
    assert.equal("ok", second.kind, second.text)
    return first.counts.skipped or 0, second.counts.skipped, second.counts.new
  end

  it("marks mail as seen at the first run only", function()
    assert.same({ 2, 0, 1 }, { seeded(true, 2) })
    assert.same({ 1, 0, 1 }, { seeded({ newest = 1 }, 2) })
    -- there was no mail
    assert.same({ 0, 0, 1 }, { seeded(true, 0) })
    -- it did not come so far
    assert.same({ 0, 3, 0 }, { seeded(true, 2, { verb = "LIST", times = 1,
                                                 cut = { bytes = 0 } }) })
    -- it came further: nothing more is marked
    assert.same({ 2, 0, 2 }, { seeded({ newest = 1 }, 3, { verb = "RETR", times = 1,
                                                           cut = { bytes = 0 } }) })
  end)

  it("goes by the database's clock", function()
    for _, error_of_clock in ipairs { 400 * 86400, -400 * 86400 } do
      local place <close> = new_place { users = 1, mail = 2, accounts = { keep = 30 } }
      place:run()
      place:make_due()
      local time = core.time
      core.time = function() return time() + error_of_clock end
      local ok, runs = pcall(place.run, place)
      place.run_of_server:deliver("u1", fleets.octets("u1", 3))
      place:make_due()
      local ok2, again = pcall(place.run, place)
      core.time = time
      assert.is_true(ok and ok2, tostring(runs))
      assert.equal("ok", runs.u1.kind)
      assert.equal(1, again.u1.counts.new)
      assert.equal(0, place.run_of_server:count "DELE")
      local rows = place:query([[select abs(first_seen - extract(epoch from now()))
        < 3600 as near from pop3_seen]])
      assert.equal(3, #rows)
      for _, r in ipairs(rows) do assert.is_true(r.near) end
      rows = place:query([[select extract(epoch from due - now()) between 200 and 400
        as near from pop3_account]])
      assert.is_true(rows[1].near)
    end
  end)

  it("adopts the accounts of a claim whose answer was lost", function()
    local place <close> = new_place { users = 4, mail = 1 }
    local new_connection = require "pop3.fleet.connection"
    local loop <close> = require "pop3.loop.own"()
    local class = getmetatable(new_connection(loop, { url = place.url })).__index
    local call, lost = class.call, false
    class.call = function(self, method, list, ...)
      local answers = table.pack(call(self, method, list, ...))
      if not lost and method == "batch" and list[2][1]:find "worker = %$1" then
        lost = true
        return nil, "the answer is lost", "unknown"
      end
      return table.unpack(answers, 1, answers.n)
    end
    local ok, runs = pcall(place.run, place)
    class.call = call
    assert.is_true(ok, tostring(runs))
    assert.is_true(lost)
    for i = 1, 4 do assert.equal(2, runs["u" .. i].fence) end
    assert.same({}, (place:judge()))
  end)

  it("can be stopped by a log function, and passes the account to a delivery", function()
    local got = {}
    local place <close> = new_place { users = 3, mail = 1, fleet = {
      into = function(octets, handle)
        got[handle.account] = octets
        return true
      end } }
    local fleet <close>, records = place:new_fleet { until_idle = false, events = true,
      log = function() end }
    local opts = fleet.opts
    local log = opts.log
    local ended = 0
    function opts.log(record)
      log(record)
      if record.event == "run" then ended = ended + 1 end
      if ended == 3 then fleet:stop() end
    end
    assert.is_true(fleet:run())
    assert.equal(fleets.octets("u2", 1), got.u2)
    local messages = 0
    for _, record in ipairs(records) do
      if record.event == "message" and record.what == "delivered" then
        messages = messages + 1
        assert.match("^u%d$", record.account)
      end
    end
    assert.equal(3, messages)
    assert.equal("start", records[1].event)
    assert.equal("stop", records[#records].event)
  end)
end)
