-- Transactions whose client stops (pop3.sql.abandoned): no other client waits for one
-- for longer than the time that a transaction may take.

local abandoned = require "pop3.sql.abandoned"
local core = require "pop3.core"
local helper = require "spec.helper"
local pause = require "pop3.util.pause"
local pg_proxy = require "spec.support.pg_proxy"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local sql = require "pop3.sql"

local LONG = 2 * helper.PATIENCE  -- seconds: only a broken program waits so long

local function await(fn)
  assert(helper.await(fn), "it never came")
end

postgres.describe("an abandoned transaction", function(server)
  local url, other

  before_each(function()
    url = server():database()
    other = assert(sql.open { url = url, timeout = LONG })
    assert(other:query "create table t (a integer primary key)")
    assert(other:query "insert into t values (1), (2)")
  end)
  after_each(function() other:close() end)

  local function is_free(a)
    return #assert(other:query("select 1 from t where a = $1 for update skip locked",
                               a)) == 1
  end

  for _, driver in ipairs { "libpq", "dbi" } do
    it("ends by itself between two statements: " .. driver, function()
      local db <close> = assert(sql.open { url = url, driver = driver, timeout = 1 })
      local late
      local ok, message, code = db:transaction(function()
        assert(db:query "select 1 from t where a = 1 for update")
        assert.is_false(is_free(1))
        await(function() return is_free(1) end)
        late = table.pack(db:query "select 1")
        return true
      end)
      assert.is_nil(late[1])
      assert.equal("connect", late[3], late[2])
      assert.is_nil(ok)
      assert.equal("connect", code, message)
      assert.equal(1, db:query "select 1 as n"[1].n)
    end)

    it("is found by its lock: " .. driver, function()
      local db <close> = assert(sql.open { url = url, driver = driver })
      assert(other:transaction(function()
        assert(other:query "select 1 from t where a = 1 for update")
        local began = core.now()
        local ok, _, code, state = db:batch {
          abandoned.name("x", LONG, 0.05),
          { "select 1 from t where a = 1 for update" } }
        assert.is_nil(ok)
        assert.equal("timeout", code)
        assert.equal("55P03", state)
        assert.is_true(core.now() - began < helper.PATIENCE)
        return true
      end))
      assert(db:batch { { "select 1 from t where a = 1 for update" }, { "select 1" } })
    end)
  end

  -- The octets of a batch until its COMMIT begins, which is the last statement.
  local function before_commit(octets)
    local at = octets:find("P....%zcommit%z")
    return at and at - 1
  end

  -- What a client sends while a rule is in force, in a task of its own.
  local function stopped(fn)
    local loop <close> = pop3.loop.own()
    local ended = false
    loop:spawn(function()
      local proxy <close> = pg_proxy(loop, server(), url)
      fn(loop, proxy, function()
        proxy.rule = function(from, octets)
          if from ~= "client" then return "pass" end
          return before_commit(octets) or "pass"
        end
      end)
      ended = true
      loop:stop()
    end)
    loop:run()
    assert.is_true(ended)
  end

  it("in the middle of a pipeline is ended by others, not before its time", function()
    stopped(function(loop, proxy, stop)
      local opts = { url = proxy.url, wait = loop.wait, timeout = LONG }
      local first <close> = assert(sql.open(opts))
      local second <close> = assert(sql.open(opts))
      local codes = {}
      stop()
      for i, db in ipairs { first, second } do
        loop:spawn(function()
          codes[i] = select(3, db:batch {
            abandoned.name("worker " .. i, i == 1 and 1 or LONG),
            { "select 1 from t where a = $1 for update", i } })
        end)
      end
      await(function()
        assert(loop:sleep(0.01))
        return not is_free(1) and not is_free(2)
      end)
      local names = {}
      await(function()
        assert(loop:sleep(0.01))
        for _, row in ipairs(assert(other:query(table.unpack(abandoned.finish())))) do
          names[#names + 1] = row.name
        end
        return is_free(1)
      end)
      assert.same({ "pop3 1s worker 1" }, names)
      assert.is_false(is_free(2))
      -- its client finds that nothing was done
      while not codes[1] do assert(loop:sleep(0.01)) end
      assert.is_true(codes[1] == "connect" or codes[1] == "unknown", codes[1])
    end)
  end)

  it("is not one that waits for a lock, or computes", function()
    stopped(function(loop)
      local opts = { url = url, wait = loop.wait, timeout = LONG }
      local holder <close> = assert(sql.open(opts))
      local waiter <close> = assert(sql.open(opts))
      local rows
      assert(holder:query "begin")
      assert(holder:query "select 1 from t where a = 1 for update")
      local task = loop:spawn(function()
        rows = waiter:batch { abandoned.name("waiter", 0),
                              { "select a from t where a = 1 for update" } }
      end)
      await(function()
        assert(loop:sleep(0.01))
        assert.same({}, (other:query(table.unpack(abandoned.finish()))))
        return other:query "select 1 from pg_locks where not granted"[1] ~= nil
      end)
      assert.same({}, (other:query(table.unpack(abandoned.finish()))))
      assert(holder:query "commit")
      while not task.ended do assert(loop:sleep(0.01)) end
      assert.equal(1, rows[2][1].a)
    end)
  end)

  for _, driver in ipairs { "libpq", "dbi" } do
    it("of pop3.state.sql does not hold up the next run: " .. driver, function()
      local function entry(uid)
        return { uid = uid, nth = 1, size = 100, first = 1800000000 }
      end
      stopped(function(loop, proxy, stop)
        -- the calls of LuaDBI block, so the one that stops is libpq's
        local frozen = pop3.state.sql { url = proxy.url, wait = loop.wait, timeout = 1,
                                        lease = 1, patience = LONG }
        assert(frozen:open "a")
        local code
        stop()
        local task = loop:spawn(function()
          code = select(3, frozen:done { entry "1" })
        end)
        await(function()
          assert(loop:sleep(0.01))
          return #assert(other:query [[select 1 from pop3_account
            for update skip locked]]) == 0
        end)
        local state = pop3.state.sql { url = url, driver = driver, wait = loop.wait,
                                       patience = LONG }
        await(function()
          local ok, message, kind, info = state:open "a"
          if not ok then
            assert.equal("state", kind, message)  -- the lease is not over
            assert.is_true(info.temporary)
            assert(pause(loop.wait, 0.05))
          end
          return ok
        end)
        assert(state:done { entry "2" })
        proxy.rule = function() return "pass" end
        while not task.ended do assert(loop:sleep(0.01)) end
        assert.equal("fenced", code)
        assert.is_true(frozen.fenced)
        assert(state:close {})
        local rows = assert(other:query "select uid from pop3_seen")
        assert.same({ { uid = "2" } }, rows)
      end)
    end)
  end
end)
