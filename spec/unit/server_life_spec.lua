-- Thousands of servers are made and ended, as in a long test run: no memory, process,
-- file or descriptor is left.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"

local function new()
  return pop3.server.new { users = { mrose = { password = "secret",
    mail = { "Subject: a\r\n\r\n" .. ("x"):rep(10000) .. "\r\n" } } } }
end

-- A child that has ended and was not waited for yet does not run.
local function alive(pid)
  local f <close> = io.open("/proc/" .. pid .. "/stat")
  local stat = f and f:read "a"
  return stat ~= nil and not stat:find "%) [ZX] "
end

-- A client's side of a session, in this process beside the server's.
local function visit(server)
  local client = assert(socket.connect("127.0.0.1", server.port))
  client:settimeout(0)
  assert(client:send "USER mrose\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n")
  local said = ""
  assert.truthy(helper.await(function()
    assert(server:step(0))
    local octets, err, part = client:receive "*a"
    said = said .. (octets or part)
    return octets or err == "closed"
  end))
  client:close()
  return said
end

describe("a process with many servers", function()
  it("keeps no descriptor over 1,000 of them", function()
    new():stop()
    local descriptors = helper.descriptors()
    for i = 1, 1000 do
      local server <close> = new()
      if i % 10 == 0 then
        assert.match("xx\r\n%.\r\n%+OK [^\n]*\r\n$", visit(server))
        assert.is_true(server:verify { "USER mrose", "PASS ***", "RETR 1",
                                       "QUIT" })
      else
        assert(server:step(0))
      end
    end
    assert.equal(descriptors, helper.descriptors())
  end)

  it("keeps no child and no file of 200 different ones", function()
    local pids, files = {}, {}
    local before
    local count = helper.all and 200 or 40
    for i = 1, count do
      local server = new()
      if i % 20 == 0 then
        server = pop3.server.new { tls = "auto" }
        files[#files + 1] = server.cafile
      end
      local run <close> = server:fork()
      pids[i] = run.pid
      if i == 1 then before = helper.descriptors() end
    end
    assert.is_true(helper.descriptors() < before)
    for _, pid in ipairs(pids) do assert.is_false(alive(pid)) end
    for _, path in ipairs(files) do assert.is_nil((core.stat(path))) end
    assert.equal(count // 20, #files)
  end)
end)

if os.getenv "LPOP3_SANITIZED" then return end

describe("memory", function()
  it("does not grow with the servers that were", function()
    -- in a separate process, which has no garbage but this
    local out = helper.run [[
      local pop3 = require "pop3"
      local function resident()
        collectgarbage()
        collectgarbage()
        for line in io.lines "/proc/self/status" do
          local n = line:match "^VmRSS:%s*(%d+)"
          if n then return math.tointeger(tonumber(n)) end
        end
      end
      local before
      for i = 1, 1000 do
        local server <close> = pop3.server.new { users = { u = {
          password = "pw", mail = { ("x"):rep(10000) } } } }
        server:step(0)
        local link = server:loopback()
        link:send "USER u\r\nPASS pw\r\nRETR 1\r\n"
        assert(link:receive(100000))
        if i % 50 == 0 then collectgarbage() end
        if i == 200 then before = resident() end
      end
      print(resident() - before)
    ]]
    -- KiB; a leak of a kibibyte a server would be 800
    assert.is_true(tonumber(out) < 500, out)
  end)
end)

describe("a test that goes wrong", function()
  -- What is left of the child of a busted spec: its pid, once busted has ended.
  local function left(test)
    local dir <close> = helper.directory()
    local path = dir:write("wrong_spec.lua", ([[
      local run
      it("goes wrong", function()
        run = require "pop3".server.new {}:fork()
        local f <close> = assert(io.open(%q, "w"))
        f:write(run.pid)
        f:close()
        %s
      end)]]):format(dir.path .. "/pid", test))
    os.execute("busted --lua=lua5.4 " .. path .. " >/dev/null 2>&1")
    return math.tointeger(tonumber(dir:read "pid"))
  end

  -- The kernel ends a child whose parent is gone, but not before that is so.
  local function ends(pid)
    return helper.await(function() return not alive(pid) end)
  end

  it("leaves no server", function()
    for _, test in ipairs(helper.some({ "error 'oops'", "assert.equal(1, 2)",
        "os.exit(3)", "require 'pop3.core'.kill(require 'pop3.core'.getpid())",
    }, 2)) do
      local pid = left(test)
      assert.is_true(pid > 1)
      assert.is_true(ends(pid), test)
    end
  end)
end)
