-- The event loop of the library, and the jobs that run in it.

local core = require "pop3.core"
local helper = require "spec.helper"
local new_jobs = require "pop3.loop.jobs"
local pop3 = require "pop3"

describe("pop3.loop.own", function()
  local loop

  before_each(function() loop = assert(pop3.loop.own()) end)
  after_each(function() loop:close() end)

  it("suspends only the task that waits", function()
    local mine, its = core.socketpair()
    local order = {}
    loop:spawn(function()
      order[#order + 1] = "waits"
      assert.is_true(loop.wait(mine:getfd(), "r", helper.PATIENCE))
      order[#order + 1] = mine:read(10)
    end)
    loop:spawn(function()
      order[#order + 1] = "writes"
      its:write("hello", 1)
    end)
    loop:run()
    assert.same({ "waits", "writes", "hello" }, order)
    mine:close()
    its:close()
  end)

  it("wakes several tasks that wait for one descriptor", function()
    local mine, its = core.socketpair()
    local woken = {}
    for i = 1, 3 do
      loop:spawn(function()
        woken[i] = loop.wait(mine:getfd(), i == 3 and "w" or "r",
                             helper.PATIENCE)
        if i == 3 then its:write("x", 1) end
      end)
    end
    loop:run()
    assert.same({ true, true, true }, woken)
    assert.same({}, loop.fds)
    mine:close()
    its:close()
  end)

  it("ends a wait when its time is over, in order of time", function()
    local mine, its = core.socketpair()
    local order, deadlines = {}, {}
    for i, seconds in ipairs { 0.03, 0, 0.01, 0.02 } do
      loop:spawn(function()
        deadlines[i] = core.now() + seconds
        local ok, err = loop.wait(mine:getfd(), "r", seconds)
        assert.same({ nil, "timeout" }, { ok, err })
        assert.is_true(core.now() >= deadlines[i])
        order[#order + 1] = i
      end)
    end
    loop:run()
    -- the one that need not wait is the first, the others follow by their time
    assert.equal(2, order[1])
    local want = { 1, 3, 4 }
    table.sort(want, function(a, b) return deadlines[a] < deadlines[b] end)
    assert.same(want, { table.unpack(order, 2) })
    assert.same({}, loop.fds)
    mine:close()
    its:close()
  end)

  it("waits again for a descriptor whose number was closed meanwhile", function()
    local count = 0
    loop:spawn(function()
      for _ = 1, 3 do
        local mine, its = core.socketpair()
        its:write("x", 1)
        assert.is_true(loop.wait(mine:getfd(), "r", helper.PATIENCE))
        mine:close()
        its:close()
        count = count + 1
      end
    end)
    loop:run()
    assert.equal(3, count)
  end)

  it("takes a regular file and a closed descriptor as ready", function()
    local dir <close> = helper.directory()
    local file = assert(core.open(dir:write("f", "x"), "r"))
    local mine, its = core.socketpair()
    local number = mine:getfd()
    mine:close()
    loop:spawn(function()
      assert.is_true(loop.wait(number, "r", helper.PATIENCE))
    end)
    loop:run()
    its:close()
    file:close()
  end)

  it("cancels a task: no wait of it lasts", function()
    local mine, its = core.socketpair()
    local results = {}
    local task = loop:spawn(function()
      results[1] = { loop.wait(mine:getfd(), "r") }
      results[2] = { loop.wait(mine:getfd(), "r") }
      results[3] = loop:sleep(helper.PATIENCE)
    end)
    loop:spawn(function() task:cancel() end)
    loop:run()
    assert.same({ { nil, "timeout", "over" }, { nil, "timeout", "over" }, false }, results)
    assert.is_true(task.ended)
    mine:close()
    its:close()
  end)

  it("limits the time of a task", function()
    local slept
    local task = loop:spawn(function()
      slept = loop:sleep(helper.PATIENCE)
    end)
    task:limit(0.001)
    loop:run()
    assert.is_false(slept)
    assert.is_true(task:is_over())
  end)

  it("raises the error of a task, and goes on with the others", function()
    local done = false
    loop:spawn(function() error "oops" end)
    loop:spawn(function() done = true end)
    local ok, err = pcall(loop.run, loop)
    assert.is_false(ok)
    assert.match("oops", err)
    loop:run()
    assert.is_true(done)
    loop:spawn(function() coroutine.yield() end)
    ok, err = pcall(loop.run, loop)
    assert.is_false(ok)
    assert.match("yielded without waiting", err)
  end)

  it("blocks in a coroutine that is not a task", function()
    local mine, its = core.socketpair()
    its:write("x", 1)
    loop:spawn(function()
      local co = coroutine.wrap(function()
        return loop.wait(mine:getfd(), "r", helper.PATIENCE)
      end)
      assert.is_true(co())
    end)
    loop:run()
    assert.is_true(loop.wait(mine:getfd(), "r", helper.PATIENCE))
    assert.has_error(function() loop:sleep(0) end)
    mine:close()
    its:close()
  end)

  it("closes the variables of its tasks when it is closed", function()
    local closed = 0
    local other = assert(pop3.loop.own())
    for _ = 1, 2 do
      other:spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = closed + 1
        end })
        other:sleep(helper.PATIENCE)
      end)
    end
    other:spawn(function() other:stop() end)
    other:run()
    assert.equal(0, closed)
    other:close()
    assert.equal(2, closed)
  end)

  it("stops, and runs again", function()
    local n = 0
    loop:spawn(function()
      while n < 5 do
        n = n + 1
        if n == 2 then loop:stop() end
        loop:sleep(0)
      end
    end)
    loop:run()
    assert.equal(2, n)
    loop:run()
    assert.equal(5, n)
  end)

  it("carries sessions side by side", function()
    local mail = {}
    for i = 1, 20 do mail[i] = ("Subject: %d\r\n\r\nx\r\n"):format(i) end
    local users = {}
    for i = 1, 10 do users["u" .. i] = { password = "p", mail = mail } end
    local server = pop3.server.new { users = users }
    local run <close> = server:fork()
    local fetched, most, now = 0, 0, 0
    for i = 1, 10 do
      loop:spawn(function()
        local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
          tls = "none", user = "u" .. i, password = "p", wait = loop.wait,
          timeout = helper.PATIENCE })
        now = now + 1
        most = math.max(most, now)
        while now < 10 and most < 10 do loop:sleep(0) end
        for n = 1, 20 do
          assert.equal(mail[n], s:retr(n))
          fetched = fetched + 1
        end
        assert.is_true(s:quit())
        now = now - 1
      end)
    end
    loop:run()
    assert.equal(200, fetched)
    assert.equal(10, most)
  end)
end)

describe("jobs in a loop", function()
  -- Run jobs, each of which takes some turns of the loop; the order of their
  -- beginnings, the most at a time, and the most of one group.
  local function run(groups, most, per_group, work)
    local loop <close> = assert(pop3.loop.own())
    local jobs = new_jobs(loop, most, per_group)
    local now, peak, of_group, group_peak, failures = 0, 0, {}, 0, {}
    local order = {}
    for i, group in ipairs(groups) do
      jobs:add(group, function(task)
        order[#order + 1] = i
        now, of_group[group] = now + 1, (of_group[group] or 0) + 1
        peak = math.max(peak, now)
        group_peak = math.max(group_peak, of_group[group])
        for _ = 1, 1 + i % 3 do loop:sleep(0) end
        now, of_group[group] = now - 1, of_group[group] - 1
        if work then work(i, jobs, task) end
      end, function(err) failures[i] = err end)
    end
    loop:run()
    assert.equal(0, now)
    return order, peak, group_peak, failures
  end

  it("run a limited number at a time", function()
    local groups = {}
    for i = 1, 50 do groups[i] = "h" .. i end
    local order, peak = run(groups, 7)
    assert.equal(50, #order)
    assert.equal(7, peak)
  end)

  it("run a limited number of each group, and others pass them", function()
    local order, peak, group_peak = run({ "a", "a", "a", "a", "b", "c", "a" },
                                        4, 2)
    assert.equal(7, #order)
    assert.equal(2, group_peak)
    assert.equal(4, peak)
    assert.same({ 1, 2, 5, 6 }, { table.unpack(order, 1, 4) })
  end)

  it("fail independently", function()
    local order, _, _, failures = run({ "a", "a", "a" }, 1, nil, function(i)
      if i == 2 then error "oops" end
    end)
    assert.same({ 1, 2, 3 }, order)
    assert.is_nil(failures[1])
    assert.match("oops.*traceback", failures[2])
  end)

  it("are dropped and cancelled at the end", function()
    local order = run({ "a", "a", "a", "a" }, 1, nil, function(i, jobs, task)
      if i == 2 then
        assert.equal(2, jobs:close())
        jobs:cancel()
        assert.is_true(task:is_over())
      end
    end)
    assert.same({ 1, 2 }, order)
  end)
end)

describe("a condition of a loop", function()
  it("resumes the tasks that wait for it", function()
    local loop <close> = assert(pop3.loop.own())
    local condition, woken = loop:condition(), {}
    for i = 1, 3 do
      loop:spawn(function() woken[i] = condition:wait(i == 3 and 0.001 or nil) end)
    end
    local task = loop:spawn(function() woken[4] = condition:wait() end)
    loop:spawn(function()
      loop:sleep(0.003)
      task:cancel()
      condition:signal()
    end)
    loop:run()
    assert.same({ true, true, false, false }, woken)
    assert.has_error(function() condition:wait() end)
  end)

  it("does not resume a task that waits for something else by now", function()
    local loop <close> = assert(pop3.loop.own())
    local condition, slept = loop:condition(), nil
    loop:spawn(function()
      condition:wait(0.001)
      local at = core.now()
      loop:sleep(0.02)
      slept = core.now() - at
    end)
    loop:spawn(function()
      loop:sleep(0.005)
      condition:signal()
    end)
    loop:run()
    assert.is_true(slept >= 0.02)
  end)
end)
