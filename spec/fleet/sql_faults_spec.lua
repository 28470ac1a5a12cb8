-- pop3.sql and pop3.state.sql when the connection to PostgreSQL, or PostgreSQL itself,
-- fails: clear codes, no hang, nothing half written, and repeating is harmless.

local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local pg_proxy = require "spec.support.pg_proxy"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local record = require "pop3.sync.record"
local schema = require "pop3.sql.schema"
local sql = require "pop3.sql"

-- Run a function as a task of a new loop.
local function in_loop(fn)
  local loop <close> = pop3.loop.own()
  local done = false
  loop:spawn(function()
    fn(loop)
    done = true
    loop:stop()
  end)
  loop:run()
  assert.is_true(done)
end

local gone = { connect = true, unknown = true }

postgres.describe("sql: faults", function(server)
  local url

  before_each(function() url = server():database() end)

  -- What is in the table, over a connection that has no faults.
  local function count(table)
    local db <close> = assert(sql.open { url = url })
    return assert(db:query("select count(*) as n from " .. table))[1].n
  end

  it("other tasks run while a statement waits", function()
    in_loop(function(loop)
      local holder <close> = assert(sql.open { url = url, wait = loop.wait })
      local db <close> = assert(sql.open { url = url, wait = loop.wait })
      assert(holder:query "select pg_advisory_lock(1)")
      local order, left = {}, 100
      loop:spawn(function()
        assert(db:query "select pg_sleep(0.01), pg_advisory_lock(1)")
        order[#order + 1] = "statement"
      end)
      for _ = 1, 100 do
        loop:spawn(function()
          for _ = 1, 10 do loop:sleep(0.0001) end
          order[#order + 1] = "task"
          left = left - 1
          if left == 0 then assert(holder:query "select pg_advisory_unlock(1)") end
        end)
      end
      while #order < 101 do loop:sleep(0.001) end
      assert.equal("statement", order[101])
    end)
  end)

  it("the connection is for one task at a time", function()
    in_loop(function(loop)
      local db <close> = assert(sql.open { url = url, wait = loop.wait })
      local other <close> = assert(sql.open { url = url, wait = loop.wait })
      assert(other:query "select pg_advisory_lock(1)")
      local ended = false
      local task = loop:spawn(function()
        assert(db:query "select pg_advisory_lock(1)")
        ended = true
      end)
      while not task.waiter do loop:sleep(0) end
      helper.misuse("in use by another task", function() db:query "select 1" end)
      helper.misuse("in use by another task", function()
        db:transaction(function() return true end)
      end)
      assert(other:query "select pg_advisory_unlock(1)")
      while not ended do loop:sleep(0.001) end
      -- a transaction is one task's as well
      assert(db:query "create table t (a integer)")
      assert(db:transaction(function()
        local raised
        local inner = loop:spawn(function() raised = pcall(db.query, db, "select 1") end)
        while not inner.ended do loop:sleep(0) end
        assert.is_false(raised)
        return db:query "insert into t values (1)"
      end))
      assert.equal(1, count "t")
    end)
  end)

  it("is closed after the statement of another task", function()
    in_loop(function(loop)
      local db = assert(sql.open { url = url, wait = loop.wait })
      local other <close> = assert(sql.open { url = url, wait = loop.wait })
      assert(other:query "select pg_advisory_lock(1)")
      local rows
      local task = loop:spawn(function()
        rows = db:query "select 5 as n, pg_advisory_lock(1)"
      end)
      while not task.waiter do loop:sleep(0) end
      db:close()
      assert(other:query "select pg_advisory_unlock(1)")
      while not task.ended do loop:sleep(0.001) end
      assert.equal(5, rows[1].n)
      assert.is_nil(db.conn)
      helper.misuse("is closed", function() db:query "select 1" end)
    end)
  end)

  it("a task that ends in the middle of a statement leaves a usable connection",
     function()
    local db <close> = assert(sql.open { url = url })
    local thread = coroutine.create(function()
      db.hook = coroutine.yield
      db:query "select pg_sleep(0.01)"
    end)
    assert(coroutine.resume(thread))
    assert(coroutine.close(thread))
    db.hook = core.poll
    assert.equal(7, db:query "select 7 as n"[1].n)
    -- also in a transaction, which is undone
    assert(db:query "create table t (a integer)")
    thread = coroutine.create(function()
      db:transaction(function()
        assert(db:query "insert into t values (1)")
        coroutine.yield()
      end)
    end)
    assert(coroutine.resume(thread))
    assert(coroutine.close(thread))
    assert.same({}, (db:query "select * from t"))
  end)

  it("a statement that takes too long", function()
    local db <close> = assert(sql.open { url = url, timeout = 0.2 })
    local ok, message, code = db:query "select pg_sleep(100)"
    assert.is_nil(ok)
    assert.equal("timeout", code)
    assert.truthy(message:find "^database: ")
    db.timeout = 30
    assert.equal(1, db:query "select 1 as n"[1].n)
    ok, message, code = db:batch { { "select 1" }, { "set local statement_timeout = 10" },
                             { "select pg_sleep(100)" } }
    assert.is_nil(ok)
    assert.equal("timeout", code, message)
    assert.equal(1, db:query "select 1 as n"[1].n)
  end)

  it("a cancelled task does not hang", function()
    in_loop(function(loop)
      local code
      local db <close> = assert(sql.open { url = url, wait = loop.wait })
      local task = loop:spawn(function()
        code = select(3, db:query "select pg_sleep(100)")
      end)
      while not task.waiter do loop:sleep(0) end
      task:cancel()
      while not task.ended do loop:sleep(0.001) end
      assert.equal("timeout", code)
    end)
  end)

  for _, driver in ipairs { "libpq", "dbi" } do
    it("the server stops hard: " .. driver, function()
      local db <close> = assert(sql.open { url = url, driver = driver })
      assert(db:query "create table t (a integer)")
      local lost, message, lost_code
      local ok, _, code = db:transaction(function()
        assert(db:query "insert into t values (1)")
        server():stop "immediate"
        lost, message, lost_code = db:query "insert into t values (2)"
        return true
      end)
      assert.is_nil(lost)
      assert.equal("connect", lost_code, message)
      assert.is_nil(ok)
      assert.equal("connect", code)
      ok, _, code = db:query "select 1"
      assert.is_nil(ok)
      assert.equal("connect", code)
      server():start()
      assert.same({}, (db:query "select * from t"))
      server():stop "immediate"
      server():start()
      -- libpq: the idle connection is found to be dead before anything is sent
      local list = { { "insert into t values (3)" }, { "insert into t values (4)" } }
      local done
      done, message, code = db:batch(list)
      if not done and driver == "dbi" then
        assert.is_true(gone[code], code)
        done, message = db:batch(list)
      end
      assert(done, message)
      assert.equal(2, count "t")
    end)
  end

  it("the server stops hard during a statement", function()
    in_loop(function(loop)
      local db <close> = assert(sql.open { url = url, wait = loop.wait })
      local code
      local task = loop:spawn(function()
        code = select(3, db:query "select pg_sleep(100)")
      end)
      while not task.waiter do loop:sleep(0) end
      server():stop "immediate"
      while not task.ended do loop:sleep(0.001) end
      server():start()
      assert.is_true(gone[code], code)
      assert.equal(1, db:query "select 1 as n"[1].n)
    end)
  end)

  it("the answer to COMMIT is lost", function()
    in_loop(function(loop)
      local proxy <close> = pg_proxy(loop, server(), url)
      local db <close> = assert(sql.open { url = proxy.url, wait = loop.wait })
      assert(db:query "create table t (a integer primary key)")
      for i, act in ipairs {
        function() return db:batch { { "insert into t values (1)" },
                                     { "insert into t values (2)" } } end,
        function() return db:transaction(function()
          return db:query "insert into t values (3)"
        end) end,
      } do
        proxy.rule = function(from, octets)
          if from == "server" and octets:find("COMMIT\0", 1, true) then return "lose" end
          return "pass"
        end
        local ok, _, code = act()
        assert.is_nil(ok)
        assert.equal("unknown", code)
        proxy.rule = function() return "pass" end
        assert.equal(i + 1, count "t")  -- it was done
        local state
        ok, _, code, state = act()
        assert.is_nil(ok)
        assert.equal("sql", code)
        assert.equal("23505", state)    -- a unique key says so
      end
    end)
  end)

  -- The runs of a loop that loses the n-th piece from one side, for all n.
  local function at_each_piece(act)
    for _, how in ipairs { "lose", "half" } do
      for _, side in ipairs { "client", "server" } do
        local n, hit = 1, true
        while hit do
          in_loop(function(loop)
            local proxy <close> = pg_proxy(loop, server(), url)
            proxy.rule = function(from, _, piece)
              return from == side and piece == n and how or "pass"
            end
            act(loop, proxy, ("%s of %s %d"):format(how, side, n))
            hit = proxy.lost > 0
          end)
          n = n + (helper.all and 1 or 3)
        end
        assert.is_true(n > 5)
      end
    end
  end

  it("migrations survive the loss of the connection at each piece", function()
    at_each_piece(function(loop, proxy, what)
      local ok, message, code
      for _ = 1, 3 do
        local db
        db, message, code = sql.open { url = proxy.url, wait = loop.wait }
        if db then
          ok, message, code = schema.init(db)
          db:close()
          if ok then break end
        end
        assert.is_true(gone[code], what .. ": " .. message)
      end
      assert.truthy(ok, what)
      local direct <close> = assert(sql.open { url = url })
      assert.is_true(schema.check(direct))
      assert(direct:batch { { "drop table pop3_inbox_part" }, { "drop table pop3_inbox" },
                            { "drop table pop3_seen" }, { "drop table pop3_account" },
                            { "drop table pop3_schema" } })
    end)
  end)

  local entry = fetching.entry

  -- All calls of a run.
  local function run(state)
    assert(state:open "a")
    assert.same({ "n1", "n2", false }, assert(state:intend {
      entry("1", { name = "n1" }), entry("2", { name = "n2" }), entry "3" }))
    assert(state:done({ entry "1" }, true))
    assert(state:done { entry "2" })
    assert(state:failed { entry("3", { tries = 1, note = "no" }) })
    assert(state:done { entry("1", { status = "forgotten" }), entry "4" })
    assert(state:close {})
  end

  it("a run's writes survive the loss of the connection at each piece", function()
    local direct <close> = assert(sql.open { url = url })
    assert(schema.init(direct))
    at_each_piece(function(loop, proxy, what)
      run(pop3.state.sql { url = proxy.url, wait = loop.wait, patience = 60 })
      local rows = assert(direct:query(
        "select uid, state, tries from pop3_seen order by uid"))
      assert.same({ { uid = "2", state = "delivered", tries = 0 },
                    { uid = "3", state = "failed", tries = 1 },
                    { uid = "4", state = "delivered", tries = 0 } }, rows, what)
      assert.is_nil(direct:query "select worker from pop3_account"[1].worker)
      assert(direct:query "delete from pop3_account")
    end)
  end)

  it("an inbox gets each message once, for any lost piece", function()
    local direct <close> = assert(sql.open { url = url })
    assert(schema.init(direct))
    local mail = { "Subject: a\r\n\r\nb\r\n",
                   "Subject: large\r\n\r\n" .. ("x"):rep(299998) .. "\r\n" }
    at_each_piece(function(loop, proxy, what)
      local place = pop3.server.new { users = {
        mrose = { password = "secret", mail = mail } } }
      local s = assert(pop3.connect { transport = place:loopback(), user = "mrose",
                                      password = "secret" })
      local result, message = pop3.sync(s, {
        state = pop3.state.sql { url = proxy.url, wait = loop.wait }, account = "a",
        into = pop3.inbox {}, keep = false,
      })
      assert.truthy(result, message)
      assert.equal(2, result.new, what)
      assert.equal(2, result.deleted, what)
      local inbox <close> = pop3.inbox { url = url }
      local list = assert(inbox:take(10))
      assert.equal(2, #list, what)
      for i, each in ipairs(list) do
        assert.is_true(each:octets() == mail[i], what)
        assert(inbox:done(each))
      end
      assert.same({}, (direct:query "select part from pop3_inbox_part"), what)
      assert(direct:query "delete from pop3_account")
    end)
  end)

  it("a write that arrives late undoes nothing", function()
    in_loop(function(loop)
      local proxy <close> = pg_proxy(loop, server(), url)
      local state <close> = pop3.state.sql { url = proxy.url, wait = loop.wait,
                                             timeout = 0.5, patience = 60 }
      assert(state:open "a")
      local held = false
      proxy.rule = function(from)
        if from == "client" and not held then
          held = true
          return "hold"
        end
        return "pass"
      end
      -- it is held back; the state gives the connection up and says it again
      assert(state:intend { entry "x", entry "y" })
      assert.is_true(held)
      assert(state:done { entry "x", entry("y", { status = "forgotten" }) })
      proxy:release()
      local direct <close> = assert(sql.open { url = url })
      assert.same("delivered", direct:query
                  "select state from pop3_seen where uid = 'x'"[1].state)
      assert(state:close {})
    end)
  end)

  it("the database stays stopped", function()
    local direct <close> = assert(sql.open { url = url })
    assert(schema.init(direct))
    in_loop(function(loop)
      local state = pop3.state.sql { url = url, wait = loop.wait, patience = 0.01 }
      server():stop "immediate"
      local ok, _, code, info = state:open "a"
      assert.is_nil(ok)
      assert.equal("connect", code)
      assert.is_true(info.temporary)
      server():start()
      assert(state:open "a")
      assert(state:done { entry "1" })
      server():stop "immediate"
      ok, _, code = state:done { entry "2" }
      assert.is_nil(ok)
      assert.equal("connect", code)
      assert.is_nil(state:seen()["2"])
      assert.truthy(state:seen()["1"])
      server():start()
      assert(state:done { entry "3" })  -- it goes on
      assert(state:close {})
      assert(state:open "a")
      assert.truthy(state:seen()["1"])
      assert.is_nil(state:seen()["2"])
      assert.equal("delivered", record.peek(state:seen()["3"]))
      assert(state:close {})
    end)
  end)

  it("several processes make the tables at the same time", function()
    local program = ([[
      local sql, schema = require "pop3.sql", require "pop3.sql.schema"
      io.read()
      local db = assert(sql.open { url = "%s" })
      print(assert(schema.init(db)))]]):format(url)
    local dir <close> = require "spec.support.tempdir"()
    dir:write("init.lua", program)
    local pipes = {}
    for i = 1, 4 do
      pipes[i] = assert(io.popen(("echo | lua5.4 %s/init.lua 2>&1"):format(dir.path)))
    end
    local before = {}
    for i = 1, 4 do
      before[i] = pipes[i]:read "a"
      assert.is_true(pipes[i]:close(), before[i])
    end
    table.sort(before)
    assert.equal("0\n", before[1])
    for i = 2, 4 do assert.equal(schema.version .. "\n", before[i]) end
  end)
end)
