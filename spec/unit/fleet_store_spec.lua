-- The reads and writes of a worker, collected (lua/pop3/fleet/store.lua), over a
-- scripted connection.

local new_loop = require "pop3.loop.own"
local new_store = require "pop3.fleet.store"

local passing = { connect = true, unknown = true, timeout = true }

-- A connection whose batches `answer` answers; it notes them.
local function connection(answer)
  return {
    batches = {},
    call = function(self, method, list)
      assert.equal("batch", method)
      self.batches[#self.batches + 1] = list
      return answer(list, #self.batches)
    end,
    is_locked = function(state) return state == "55P03" end,
    is_passing = function(code) return passing[code] or false end,
    delay = function() return 0 end,
  }
end

-- The accounts in the parameter of the statement that locks.
local function locked(list)
  local ids = {}
  for id in list[2][2]:gmatch "%d+" do ids[#ids + 1] = math.tointeger(id) end
  return ids
end

-- The answers of a database whose accounts have the fences `fences` (1).
local function owned(fences)
  return function(list)
    local answers = {}
    for i = 1, #list do answers[i] = {} end
    for i, id in ipairs(locked(list)) do
      answers[2][i] = { id = id, fence = (fences or {})[id] or 1 }
    end
    return answers
  end
end

local function entry(uid)
  return { uid = uid, nth = 1, status = "intent", size = 9, first = 1, seq = 1 }
end

-- Run tasks that each get the store; the counters.
local function run(writer, tasks, opts)
  local loop <close> = new_loop()
  local counters = { reads = 0, writes = 0, transactions = 0, entries = 0 }
  local store = new_store(loop, {
    writer = writer, reader = opts and opts.reader or writer, counters = counters,
    patience = opts and opts.patience or 1000, worker = "w", limit = 1,
  })
  local left = #tasks
  for _, task in ipairs(tasks) do
    local made
    made = loop:spawn(function()
      task(store, loop, made)
      left = left - 1
      if left == 0 then store:finish() end
    end)
  end
  store:start()
  loop:run()
  return counters
end

local function writes(account, uid, results)
  return function(store)
    results[account] = table.pack(store:write(account, 1, { entry(uid) }))
  end
end

describe("the store of a worker", function()
  it("writes for many sessions in one transaction", function()
    local writer, results, tasks = connection(owned()), {}, {}
    for i = 1, 200 do tasks[i] = writes(i, "u" .. i, results) end
    local counters = run(writer, tasks)
    for i = 1, 200 do assert.same({ true, n = 3 }, results[i]) end
    assert.equal(1, #writer.batches)
    assert.equal(200, counters.writes)
    assert.equal(200, counters.entries)
    assert.equal(1, counters.transactions)
  end)

  it("gathers requests while a transaction is under way", function()
    local loop_of
    local writer = connection(function(list)
      loop_of:sleep(0)
      return owned()(list)
    end)
    local results, tasks = {}, {}
    tasks[1] = function(store, loop)
      loop_of = loop
      writes(1, "a", results)(store)
    end
    for i = 2, 50 do
      tasks[i] = function(store, loop)
        loop:sleep(0)
        writes(i, "a", results)(store)
      end
    end
    run(writer, tasks)
    assert.is_true(#writer.batches <= 3)
    assert.equal(50, #results)
  end)

  it("reports a lost lease to the former owner", function()
    local results = {}
    run(connection(owned { [2] = 7 }), { writes(1, "a", results),
                                         writes(2, "b", results) })
    assert.is_true(results[1][1])
    assert.is_nil(results[2][1])
    assert.equal("fenced", results[2][3])
  end)

  it("repeats a statement until the database answers", function()
    for _, code in ipairs { "connect", "unknown", "timeout" } do
      local writer = connection(function(list, n)
        if n < 4 then return nil, "away", code end
        return owned()(list)
      end)
      local results = {}
      run(writer, { writes(1, "a", results) })
      assert.is_true(results[1][1])
      assert.equal(4, #writer.batches)
      assert.same(writer.batches[1], writer.batches[4])
    end
  end)

  it("stops when the lease is over: the session ends without QUIT", function()
    local writer = connection(function() return nil, "away", "connect" end)
    local results = {}
    run(writer, { writes(1, "a", results) }, { patience = 0 })
    assert.is_nil(results[1][1])
    assert.equal("fenced", results[1][3])
    assert.match("longer than the lease", results[1][2])
  end)

  it("lets a refused statement stop its account only", function()
    local writer = connection(function(list)
      for _, id in ipairs(locked(list)) do
        if id == 3 then return nil, "refused", "sql" end
      end
      return owned()(list)
    end)
    local results, tasks = {}, {}
    for i = 1, 5 do tasks[i] = writes(i, "a", results) end
    run(writer, tasks)
    for i = 1, 5 do
      assert.equal(i ~= 3 or nil, results[i][1])
    end
    assert.equal("sql", results[3][3])
    assert.equal(6, #writer.batches)
  end)

  it("keeps the order of an account, also of two owners", function()
    local writer, results = connection(owned()), {}
    run(writer, { function(store)
      store:write(1, 1, { entry "a" }, { lazily = true })
      store:write(1, 2, { entry "a" }, { lazily = true })
      results[1] = table.pack(store:write(1, 1, { entry "b" }))
    end })
    assert.is_true(results[1][1])
    assert.equal(3, #writer.batches)
  end)

  it("does not wait for a lazy write, and tells of its failure later", function()
    local results = {}
    local writer = connection(owned { [1] = 2 })
    run(writer, { function(store)
      assert.is_true(store:write(1, 1, { entry "a" }, { lazily = true }))
      assert.equal(0, #writer.batches)
      results[1] = table.pack(store:write(1, 1, {}))
      results[2] = table.pack(store:write(1, 1, { entry "b" }, { lazily = true }))
    end })
    assert.equal("fenced", results[1][3])
    assert.equal("fenced", results[2][3])
    assert.equal(1, #writer.batches)
  end)

  it("puts statements of a message into the same transaction", function()
    local writer, results = connection(owned()), {}
    run(writer, { function(store)
      results[1] = table.pack(store:write(1, 1, { entry "a" },
        { more = { { "insert $1", "octets" } } }))
    end })
    assert.is_true(results[1][1])
    assert.equal("insert $1", writer.batches[1][3][1])
    assert.equal(4, #writer.batches[1])
  end)

  it("bounds the octets of a transaction", function()
    local writer, results, tasks = connection(owned()), {}, {}
    local big = ("x"):rep(3 * 1024 * 1024)
    for i = 1, 6 do
      tasks[i] = function(store)
        results[i] = store:write(i, 1, {}, { more = { { "insert $1", big } } })
      end
    end
    run(writer, tasks)
    assert.equal(3, #writer.batches)
    assert.equal(6, #results)
  end)

  it("releases after the writes of the account, in the same order", function()
    local writer, released = connection(owned()), nil
    run(writer, { function(store)
      store:write(1, 1, { entry "a" }, { lazily = true })
      store:release({ account = 1, fence = 1, seconds = 5 },
                    function(ok) released = ok end)
    end })
    assert.is_true(released)
    assert.equal(1, #writer.batches)
    assert.match("^update pop3_account", writer.batches[1][4][1])
  end)

  it("lets a lock of another program stop its account only", function()
    local held = true
    local writer = connection(function(list)
      for _, id in ipairs(locked(list)) do
        if id == 3 and held then return nil, "no lock", "timeout", "55P03" end
      end
      return owned()(list)
    end)
    local results, tasks, after = {}, {}, nil
    for i = 1, 5 do tasks[i] = writes(i, "a", results) end
    tasks[6] = function(store, loop)
      while not (results[1] and results[2] and results[4] and results[5]) do
        loop:sleep(0)
      end
      assert.is_nil(results[3])
      for i = 10, 20 do assert.is_true(store:write(i, 1, { entry "b" })) end
      after, held = #writer.batches, false
    end
    run(writer, tasks)
    for i = 1, 5 do assert.is_true(results[i][1]) end
    assert.is_true(#writer.batches >= after)
  end)

  it("drops the requests of a cancelled session", function()
    local result
    local writer = connection(function(list, n)
      if n == 1 then return nil, "away", "connect" end
      return owned()(list)
    end)
    run(writer, { function(store, loop)
      local task = loop:spawn(function()
        result = table.pack(store:write(1, 1, { entry "a" }))
      end)
      loop:sleep(0)
      task:cancel()
      assert.is_true(store:write(2, 1, { entry "b" }))
    end })
    assert.is_nil(result[1])
    assert.equal("timeout", result[3])
    assert.same({ 2 }, locked(writer.batches[#writer.batches]))
  end)

  it("reads for many sessions at once", function()
    local reader = connection(function(list)
      local rows = {}
      for id in list[1][2]:gmatch '"account": ?(%d+)' do
        id = math.tointeger(id)
        if id ~= 2 then
          rows[#rows + 1] = { account = id, uid = "u", nth = 1, line = "x" }
          rows[#rows + 1] = { account = id, uid = "v", nth = 1, line = "y" }
        end
      end
      return { rows }
    end)
    local results, tasks = {}, {}
    for i = 1, 10 do
      tasks[i] = function(store) results[i] = table.pack(store:read(i, 1)) end
    end
    local counters = run(connection(owned()), tasks, { reader = reader })
    assert.equal(1, #reader.batches)
    assert.equal(10, counters.reads)
    assert.equal(2, #results[1][1])
    assert.equal("fenced", results[2][3])
  end)
end)
