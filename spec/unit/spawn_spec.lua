-- Commands of the shell (csrc/bind/os/lspawn.c).

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

describe("a command", function()
  local dir

  before_each(function() dir = tempdir() end)
  after_each(function() getmetatable(dir).__close(dir) end)

  local function spawn(command, input, env)
    local spool = core.spool(dir.path)
    assert(spool:write(input or ""))
    return assert(core.spawn(command, spool, env or {}))
  end

  -- What it printed, and how it ended.
  local function finish(command)
    local out, ended, printed = {}, command:getfd()
    while true do
      local piece, err = command:read()
      if piece then out[#out + 1] = piece
      elseif err == "timeout" then core.poll(printed, "r", 300)
      else break end
    end
    if ended then assert(core.poll(ended, "r", 300)) end
    local kind, number
    repeat kind, number = command:status() until kind
    assert.same({ nil, nil }, { command:kill() })
    assert.same({ kind, number }, { command:status() })
    command:close()
    return table.concat(out), kind, number
  end

  it("reads its input from the first octet on", function()
    for _, n in ipairs { 0, 5, 100000 } do
      local text = ("0123456789"):rep(n)
      local out, kind, number = finish(spawn("cat; echo end >&2", text))
      assert.equal(text .. "end\n", out)
      assert.same({ "exit", 0 }, { kind, number })
    end
  end)

  it("says how it ended", function()
    for status = 0, 255, 15 do
      assert.same({ "", "exit", status }, { finish(spawn("exit " .. status)) })
    end
    assert.same({ "", "signal", 15 }, { finish(spawn "kill -TERM $$") })
    assert.same({ "", "signal", 9 }, { finish(spawn "kill -KILL $$") })
    local _, kind, number = finish(spawn "no-such-command-here")
    assert.same({ "exit", 127 }, { kind, number })
  end)

  it("has the environment of this process and the given variables", function()
    local out = finish(spawn("echo $PATH-$LPOP3_ID-$LPOP3_UID", "",
                             { "LPOP3_ID=a b", "LPOP3_UID=$(x)", "PATH=/bin" }))
    assert.equal("/bin-a b-$(x)\n", out)
    assert.equal(os.getenv "HOME" .. "\n", finish(spawn "echo $HOME"))
  end)

  it("gets no descriptor of this process but the standard ones", function()
    local open <close> = assert(io.open("/dev/null"))
    local before = helper.descriptors()
    assert.equal("0\n1\n2\n", finish(spawn
      "for f in 0 1 2 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$f && echo $f; done"))
    assert.equal(before, helper.descriptors())
    assert(open:read(0) == nil)
  end)

  it("has the default signals", function()
    local out = finish(spawn
      "sed -n 's/^Sig[BI][lg][kn]:.//p' /proc/self/status")
    local blocked, ignored = out:match "^(%x+)\n(%x+)\n$"
    assert.equal(0, tonumber(blocked, 16))
    -- 32 and 33 are glibc's own; a program cannot set them
    assert.equal(0, tonumber(ignored, 16) & 0x7fffffff)
  end)

  it("is ended with all that it has started", function()
    for _, hard in ipairs { false, true } do
      local command = spawn "sleep 1000 & sleep 1000; echo no"
      assert.is_nil(command:status())
      command:kill(hard)
      assert.same({ "", "signal", hard and 9 or 15 }, { finish(command) })
    end
    local command = spawn "trap '' TERM; echo ready; sleep 1000 | cat"
    local _, printed = command:getfd()
    assert(core.poll(printed, "r", 300))
    assert.equal("ready\n", command:read())
    command:kill()
    assert.is_nil(command:status())
    command:kill(true)
    assert.same({ "", "signal", 9 }, { finish(command) })
  end)

  it("leaves no zombie when it is forgotten", function()
    local command = spawn "exec sleep 1000"
    command:close()
    command:close()
    assert.same({ nil, "closed" }, { command:read() })
    assert.equal("signal", (command:status()))
    spawn "exec sleep 1000"
    collectgarbage()
    collectgarbage()
    assert.same({}, helper.children())
  end)

  it("gets a signal when this process is killed", function()
    if os.getenv "LPOP3_SYSTEM" == "posix" then
      return pending "SKIPPED: only Linux can tell it"
    end
    local script = ([[
      local core = require "pop3.core"
      local file = core.spool("%s")
      local command = core.spawn(
        "trap 'echo ended > %s/mark; exit' TERM; echo; while :; do sleep 0.1; done",
        file, {})
      local _, printed = command:getfd()
      core.poll(printed, "r", 300)
      core.kill(core.getpid())
    ]]):format(dir.path, dir.path)
    dir:write("program.lua", script)
    os.execute("lua5.4 " .. dir.path .. "/program.lua 2>/dev/null")
    assert.equal("file", helper.await(function()
      return (core.stat(dir.path .. "/mark"))
    end))
  end)

  it("is not known when the system reaps it", function()
    dir:write("program.lua", ([[
      local core = require "pop3.core"
      local command = core.spawn("exit 3", core.spool("%s"), {})
      local ended = command:getfd()
      if ended then core.poll(ended, "r", 300) end
      local kind repeat kind = command:status() until kind
      print(kind)
    ]]):format(dir.path))
    local pipe = io.popen("env --ignore-signal=CHLD lua5.4 " .. dir.path
                          .. "/program.lua")
    local out = pipe:read "a"
    pipe:close()
    assert.equal("unknown\n", out)
  end)

  it("refuses misuse, and reports failures", function()
    local spool = core.spool(dir.path)
    for _, f in ipairs {
      function() core.spawn("a\0b", spool, {}) end,
      function() core.spawn("a", spool, { "PATH" }) end,
      function() core.spawn("a", spool, { "A=\0" }) end,
      function() core.spawn("a", spool, { 1 }) end,
      function() core.spawn("a", spool) end,
      function() core.spawn("a", io.stdin, {}) end,
    } do
      assert.is_false((pcall(f)))
    end
    local bad = core.spool(dir.path .. "/missing")
    local command, message, code, errno = core.spawn("true", bad, {})
    assert.is_nil(command)
    assert.equal("standard input: No such file or directory", message)
    assert.same({ "io", "ENOENT" }, { code, errno })
    for _ = 1, 3 do
      assert.same({ "", "exit", 0 }, { finish(spawn "true") })
    end
  end)
end)
