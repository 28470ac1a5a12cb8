-- The scheduler of pop3 fetch: accounts side by side, isolated, once or as a daemon,
-- and how a signal ends it. Accounts are functions here; no network.

local core = require "pop3.core"
local helper = require "spec.helper"
local new_metrics = require "pop3.command.fetch.metrics"
local outcome = require "pop3.account.outcome"
local schedule = require "pop3.command.fetch.schedule"

local OK = { status = 0 }

-- Run accounts, each given by a function of the context and the count of its runs;
-- the exit status, and the reports: name → list of outcomes.
local function run(accounts, opts)
  local finished, troubles, list, runs = {}, {}, {}, {}
  for name, account in pairs(accounts) do
    list[#list + 1] = { name = name,
                        host = type(account) == "table" and account.host or "h" }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  local all = {
    jobs = 100, flags = {}, state_directory = "",
    run = function(a, context)
      runs[a.name] = (runs[a.name] or 0) + 1
      local act = accounts[a.name]
      act = type(act) == "table" and act.run or act
      return act(context, runs[a.name])
    end,
    report = {
      finish = function(_, name, o, quiet)
        finished[name] = finished[name] or {}
        table.insert(finished[name], { status = o.status, text = o.text,
                                       quiet = quiet })
      end,
      trouble = function(_, text) troubles[#troubles + 1] = text end,
      idle = function() end,
    },
  }
  for name, value in pairs(opts or {}) do all[name] = value end
  return schedule(list, all), finished, troubles
end

describe("the scheduler of pop3 fetch", function()
  it("gives the worst status", function()
    assert.equal(0, (run { a = function() return OK end }))
    assert.equal(75, (run {
      a = function() return OK end,
      b = function() return outcome.failed("x", "timeout", true) end,
    }))
    assert.equal(3, (run {
      a = function() return outcome.failed("x", "timeout", true) end,
      b = function() return outcome.failed("x", "auth", false) end,
    }))
    assert.equal(0, (run {}))
  end)

  it("isolates accounts: one that fails, and one that waits", function()
    local mine, its = core.socketpair()
    local status, finished = run {
      breaks = function() error "oops" end,
      refuses = function() return outcome.failed("no", "auth", false) end,
      -- it waits until all others are done
      hangs = function(context)
        assert.is_true(context.wait(mine:getfd(), "r", helper.PATIENCE))
        return OK
      end,
      works = function(context)
        context.wait(mine:getfd(), "r", 0.001)
        its:write("x", 1)
        return OK
      end,
    }
    assert.equal(3, status)
    assert.equal(0, finished.hangs[1].status)
    assert.equal(0, finished.works[1].status)
    assert.equal("no", finished.refuses[1].text)
    assert.match("oops.*traceback", finished.breaks[1].text)
    mine:close()
    its:close()
  end)

  it("starts a limited number, and a limited number for each host", function()
    local function most(count, opts, hosts)
      local accounts, now, peak = {}, 0, 0
      for i = 1, count do
        accounts["a" .. i] = { host = "h" .. i % hosts, run = function(context)
          now = now + 1
          peak = math.max(peak, now)
          context.task.loop:sleep(0)
          now = now - 1
          return OK
        end }
      end
      assert.equal(0, (run(accounts, opts)))
      return peak
    end
    assert.equal(5, most(30, { jobs = 5 }, 1))
    assert.equal(3, most(30, { jobs = 50, per_host = 3 }, 1))
    assert.equal(6, most(30, { jobs = 50, per_host = 2 }, 3))
  end)

  it("reports a temporary failure after some in a row", function()
    local dir <close> = helper.directory()
    local bad = { a = function()
      return outcome.failed("x", "timeout", true)
    end }
    local opts = { state_directory = dir.path, quiet_for = 3 }
    for _, quiet in ipairs { true, true, false } do
      local status, finished = run(bad, opts)
      assert.equal(75, status)
      assert.equal(quiet, finished.a[1].quiet)
    end
  end)

  it("does not hang when it fails itself", function()
    local ok, err = pcall(run, { a = function() return OK end,
                                 b = function() return OK end },
      { report = { finish = function() error "no report" end,
                   idle = function() end } })
    assert.is_false(ok)
    assert.match("no report", err)
  end)

  it("writes metrics; when it cannot, a person must act", function()
    local dir <close> = helper.directory()
    assert.equal(0, (run({ a = function() return OK end },
                         { metrics = new_metrics(dir.path .. "/m") })))
    assert.match('status{account="a"} 0', dir:read "m")
    local status, _, troubles = run({ a = function() return OK end },
      { metrics = new_metrics(dir.path .. "/none/m") })
    assert.equal(3, status)
    assert.match("none/m", troubles[1])
  end)

  -- Send a signal to this process. os.execute would ignore SIGINT meanwhile.
  local function signal(name)
    io.popen(("kill -%s %d"):format(name, core.getpid())):close()
  end

  it("runs accounts again and again, until a signal", function()
    for _, name in ipairs(helper.heeded { "TERM", "INT", "HUP" }) do
      local status, finished = run({
        a = function(_, n)
          if n == 3 then signal(name) end
          return OK
        end,
        b = function() return outcome.failed("x", "timeout", true) end,
      }, { every = 0.001 })
      assert.equal(0, status)
      assert.equal(3, #finished.a)
    end
  end)

  it("waits as long as the server asks, and longer after refusals", function()
    local runs = {}
    local status = run({
      delayed = function()
        runs.delayed = (runs.delayed or 0) + 1
        return { status = 75, text = "x", retry_after = 3600 }
      end,
      refused = function(_, n)
        runs.refused = n
        return outcome.failed("x", "auth", false)
      end,
      busy = function(_, n)
        if n == 100 then signal "TERM" end
        return OK
      end,
    }, { every = 0.0005 })
    assert.equal(0, status)
    assert.equal(1, runs.delayed)
    -- 0.001 s, 0.002 s, 0.004 s, ...: far fewer than the other one
    assert.is_true(runs.refused < 50)
  end)

  it("lets accounts finish after a signal, then cancels them", function()
    local order = {}
    local status, finished = run({
      first = function(context)
        signal "TERM"
        context.task.loop:sleep(0.001)
        order[#order + 1] = "first"
        return OK
      end,
      -- it never ends by itself; a second signal is sent when it still runs
      second = function(context)
        context.task.loop:sleep(0.005)
        signal "TERM"
        local slept = context.task.loop:sleep(helper.PATIENCE)
        order[#order + 1] = "second"
        assert.is_false(slept)
        return outcome.failed("interrupted", "timeout", true)
      end,
      third = function() error "it must not begin" end,
    }, { jobs = 2 })
    assert.equal(75, status)
    assert.same({ "first", "second" }, order)
    assert.is_nil(finished.third)
  end)
end)

describe("sd_notify", function()
  it("sends states to the socket of the service manager", function()
    -- $NOTIFY_SOCKET is of another process: one that sends, and this one that receives
    local dir <close> = helper.directory()
    local unix = require "socket.unix"
    local socket = assert(unix.dgram())
    assert(socket:bind(dir.path .. "/notify"))
    socket:settimeout(helper.PATIENCE)
    helper.run([[
      local notify = require "pop3.command.notify"
      assert(notify.send "READY=1\nSTATUS=ready" == true)
      assert(notify.watchdog() == 1.5)
    ]], ("NOTIFY_SOCKET='%s/notify' WATCHDOG_USEC=3000000"):format(dir.path))
    assert.equal("READY=1\nSTATUS=ready", socket:receive())
    socket:close()
    helper.run [[
      local notify = require "pop3.command.notify"
      assert(notify.send "READY=1" == false)
      assert(notify.watchdog() == nil)
    ]]
    helper.run([[
      local notify = require "pop3.command.notify"
      local ok, err = notify.send "READY=1"
      assert(ok == nil and err)
    ]], "NOTIFY_SOCKET=/nonexistent/x")
  end)
end)
