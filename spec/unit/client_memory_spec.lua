-- The memory that a client takes, measured in separate processes.

-- A sanitizer needs memory for itself.
if os.getenv "LPOP3_SANITIZED" then return end

local core = require "pop3.core"
local helper = require "spec.helper"

describe("memory of a client with limits", function()
  -- A client with limits and a server that never ends its reply. Prints the code
  -- and the KiB by which the process grew at its peak.
  local PROGRAM = [[
    local pop3 = require "pop3"
    local function peak()
      local f <close> = io.open "/proc/self/status"
      return math.tointeger(f:read "a":match "VmHWM:%%s*(%%d+)")
    end
    local chunk = (%s):rep(%d)
    local said, count = { "+OK\r\n", "+OK\r\n" }, 0
    local s = assert(pop3.connect {
      limits = %s,
      transport = {
        loopback = true,
        send = function(_, octets) return #octets end,
        receive = function()
          count = count + 1
          assert(count < 20000, "the client reads without end")
          return table.remove(said, 1) or chunk
        end,
        close = function() end,
      } })
    assert(s:command "PASS x")
    local before = peak()
    collectgarbage "generational"
    local ok, message, code = %s
    assert(not ok)
    print(code, peak() - before)
  ]]
  local function run(what, times, limits, call)
    local out = helper.run(PROGRAM:format(what, times, limits, call))
    local code, grown = out:match "^(%S+)%s+(%d+)"
    return code, tonumber(grown), out
  end

  it("is bounded for a line without end", function()
    local code, grown = run("'x'", 65536, "{}", "s:noop()")
    assert.are.equal("limit", code)
    assert.is_true(grown < 2048, grown)
  end)

  it("is bounded for a listing without end", function()
    local code, grown = run("'+OK 1 1\\r\\n'", 6000, "{ listing = 1000 }",
                            "s:list()")
    assert.is_truthy(code == "limit" or code == "proto")
    assert.is_true(grown < 4096, grown)
  end)

  it("is bounded for a body without end", function()
    for _, call in ipairs {
      "s:retr(1)", "s:retr(1, function() return true end)",
      "s:command('XFOO', { multiline = true })", "s:top(1, 1)",
    } do
      local code, grown = run("'+OK y\\r\\nx'", 6000, "{ message = 1000000 }",
                              call)
      assert.are.equal("limit", code)
      assert.is_true(grown < 8192, grown)
    end
  end)

  it("is bounded for capabilities and languages without end", function()
    for _, call in ipairs { "s:capa()", "s:lang()" } do
      local code, grown = run("'+OK y\\r\\n'", 6000, "{}", call)
      assert.are.equal("limit", code)
      assert.is_true(grown < 32768, grown)
    end
  end)
end)

describe("messages of any size", function()
  -- A client in a separate process, and a server that makes up a message
  -- of `mib` MiB; prints octets and KiB of memory at the peak. The message goes to
  -- the file `path`, to a sink ("") or to a string ("string").
  local CLIENT = [[
    local core, pop3 = require "pop3.core", require "pop3"
    local mib, path = %d, %q
    local mine, its = core.socketpair()
    if core.fork() == 0 then
      mine:close()
      local line = ("0123456789abcdef"):rep(4):sub(3) .. "\r\n"
      local chunk = line:rep(16384)  -- 1 MiB
      local function say(octets)
        local from = 1
        while from <= #octets do
          local n = its:write(octets, from)
          if n then from = from + n else core.poll(its:getfd(), "w") end
        end
      end
      local function hear()
        while not its:read(4096) do core.poll(its:getfd(), "r") end
      end
      say "+OK\r\n"
      hear()
      say "+OK\r\n"
      hear()
      say "+OK\r\n"
      for _ = 1, mib do say(chunk) end
      say ".\r\n"
      hear()
      core.exit(0)
    end
    its:close()
    local s = assert(pop3.connect { transport = mine:detach() })
    assert(s:command "PASS x")
    local octets
    if path == "" then octets = assert(s:retr(1, function() return true end))
    elseif path == "string" then octets = #assert(s:retr(1))
    else octets = assert(s:save(1, path)) end
    local f = io.open "/proc/self/status"
    print(octets, f:read "a":match "VmHWM:%%s*(%%d+)")
    f:close()
    s:close()
  ]]
  local BIG = os.getenv "LPOP3_BIG"

  local function run(mib, path, most)
    local octets, peak = helper.run(CLIENT:format(mib, path))
                               :match "(%d+)%s+(%d+)"
    assert.are.equal(mib << 20, tonumber(octets))
    assert.is_true(tonumber(peak) < (most or 16 * 1024), peak)
  end

  it("become a string in the memory of the string", function()
    run(64, "string", 64 * 1024 * 1.1 + 8 * 1024)
  end)

  it("go to a sink in little memory", function()
    run(BIG and 1024 or 256, "")
  end)

  it("go to a file in little memory", function()
    local mib = BIG and 1024 or 64
    local dir <close> = helper.directory()
    run(mib, dir.path .. "/big")
    local _, size = core.stat(dir.path .. "/big")
    assert.are.equal(mib << 20, size)
  end)
end)
