-- Signals that a loop waits for.

local core = require "pop3.core"

local function send(name)
  assert(os.execute(("kill -%s %d"):format(name, core.getpid())))
end

describe("signals", function()
  it("wake a task that waits, and are taken in their order", function()
    local signals <close> = assert(core.signals("USR1", "USR2"))
    assert.is_nil(signals:next())
    assert.same({ nil, "timeout" }, { core.poll(signals:getfd(), "r", 0) })
    send "USR2"
    assert.is_true(core.poll(signals:getfd(), "r", 20))
    send "USR1"
    local got = {}
    while #got < 2 do
      core.poll(signals:getfd(), "r", 20)
      got[#got + 1] = signals:next()
    end
    assert.same({ "USR2", "USR1" }, got)
    assert.is_nil(signals:next())
  end)

  it("can be caught by another object once it is closed", function()
    local outer = assert(core.signals "USR1")
    assert.has_error(function() core.signals "USR2" end,
                     "another object catches signals already")
    outer:close()
    outer:close()
    assert.has_error(function() outer:next() end)
    local signals <close> = assert(core.signals "USR2")
    send "USR2"
    core.poll(signals:getfd(), "r", 20)
    assert.equal("USR2", signals:next())
  end)

  it("that are ignored stay ignored", function()
    local pipe = assert(io.popen [[trap '' USR1; exec lua5.4 -e '
      local core = require "pop3.core"
      local signals = core.signals("USR1", "USR2")
      os.execute("kill -USR1 " .. core.getpid())
      os.execute("kill -USR2 " .. core.getpid())
      core.poll(signals:getfd(), "r", 20)
      print((signals:next()), (signals:next()))']])
    assert.equal("USR2\tnil\n", pipe:read "a")
    assert.is_true(pipe:close())
  end)

  it("have names", function()
    assert.has_error(function() core.signals "KILL" end)
    assert.has_error(function() core.signals(false) end)
    local signals <close> = assert(core.signals())
    assert.is_nil(signals:next())
  end)
end)
