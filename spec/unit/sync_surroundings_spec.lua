-- pop3.sync in difficult surroundings: a very large maildrop, a state that cannot be
-- written, a clock that jumps.

local core = require "pop3.core"
local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

-- A program that runs pop3.sync against a maildrop that is made up as it goes, in
-- another process: all but three messages are in the state. It prints how many were
-- new, what was asked for, and how much memory the client had at the most, in KiB.
local PROGRAM = [[
local core, pop3 = require "pop3.core", require "pop3"
local socket = require "socket"
local count, state = math.tointeger(tonumber(arg[1])), arg[2]
local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
local pid = core.fork()
if pid == 0 then  -- the client
  listener:close()
  local s = assert(pop3.connect { host = "127.0.0.1", port = math.tointeger(port),
    tls = "none", user = "u", password = "p" })
  local r = assert(pop3.sync(s, { state = state, account = "a",
                                  into = function() return true end }))
  local status = io.open "/proc/self/status":read "a"
  io.write(r.new, " new, ", status:match "VmHWM:%s*(%d+)", " KiB\n")
  os.exit(true, true)
end
local lines = { LIST = "%d 4096\r\n", UIDL = "%d 0000001a%08x\r\n" }
local asked = { RETR = 0, TOP = 0 }
local s = listener:accept()
s:send "+OK\r\n"
for line in function() return s:receive() end do
  local verb = line:match "^%a+"
  asked[verb] = (asked[verb] or 0) + 1
  if verb == "STAT" then
    s:send(("+OK %d %d\r\n"):format(count, count * 4096))
  elseif verb == "CAPA" then
    s:send "+OK\r\nTOP\r\nUIDL\r\nPIPELINING\r\n.\r\n"
  elseif verb == "RETR" then
    local head = ("Subject: %s\r\n\r\n"):format(line)
    s:send("+OK\r\n" .. head .. ("x"):rep(4096 - #head - 2) .. "\r\n.\r\n")
  elseif line:find "^LIST %d" then
    s:send(("+OK %d 4096\r\n"):format(line:match "%d+"))
  elseif lines[verb] then
    s:send "+OK\r\n"
    for i = 1, count, 1000 do
      local list = {}
      for k = i, math.min(i + 999, count) do
        list[#list + 1] = lines[verb]:format(k, k)
      end
      s:send(table.concat(list))
    end
    s:send ".\r\n"
  else
    s:send "+OK\r\n"
  end
  if verb == "QUIT" then break end
end
core.waitpid(pid)
print(asked.RETR, asked.TOP)
]]

describe("sync: a maildrop of many messages", function()
  it("asks only for the three that are new, in little memory", function()
    local count = helper.all and 100000 or 10000
    local dir <close> = tempdir()
    local lines = { "lpop3-state 1\n", core.state.seal "account a" }
    for i = 1, count - 3 do
      lines[#lines + 1] = core.state.seal(
        ("entry 0000001a%08x 1 delivered 4096 1800000000 - 0 - %s -")
        :format(i, ("0123456789abcdef"):rep(4)))
    end
    dir:write("state", table.concat(lines))
    dir:write("program.lua", PROGRAM)
    local pipe = io.popen(("lua5.4 %s/program.lua %d %s/state 2>&1"):format(
      dir.path, count, dir.path))
    local out = pipe:read "a"
    pipe:close()
    local new, peak, retr, top = out:match "^(%d+) new, (%d+) KiB\n(%d+)\t(%d+)\n$"
    assert.is_truthy(new, out)
    assert.same({ "3", "3", "0" }, { new, retr, top })
    if os.getenv "LPOP3_SANITIZED" then return end  -- it takes memory of its own
    assert.is_true(tonumber(peak) < (helper.all and 50 or 16) * 1024, out)
  end)
end)

describe("sync: a state that cannot be written", function()
  it("ends the run before anything is fetched", function()
    local place <close> = fetching.place(3)
    place:run { max_messages = 1 }
    local real = core.open
    -- as on a file system that is mounted read-only; root may write everywhere else
    core.open = function(path, how, ...)
      if path == place.state and how:find "[wa]" then
        return nil, path .. ": Read-only file system", "io", "EROFS"
      end
      return real(path, how, ...)
    end
    local result, message, code = place:sync()
    core.open = real
    assert.is_nil(result)
    assert.equal("io", code)
    assert.equal(place.state .. ": Read-only file system", message)
    assert.equal(1, place:count "RETR")
    assert.equal(2, place:run().new)
  end)
end)

describe("sync: a clock that jumps", function()
  local function at(time, opts)
    opts = opts or {}
    opts.now = function() return time end
    return opts
  end

  it("back: nothing is fetched again, forgotten or deleted", function()
    local place <close> = fetching.place(3)
    place:run(at(1800000000))
    for _, time in ipairs { 1700000000, 0, 1 } do
      local result = place:run(at(time, { keep = 7, forget = 1 }))
      assert.same({ 0, 0 }, { result.new, result.deleted })
    end
    place.server:deliver("mrose", "A: b\r\n\r\n")
    assert.equal(1, place:run(at(5)).new)
    assert.equal(0, place:run(at(1800000000)).new)
  end)

  it("ahead and back: mail that the server shows is never forgotten", function()
    local place <close> = fetching.place(3)
    place:run(at(1800000000))
    place:run(at(4000000000, { forget = 1 }))
    assert.equal(0, place:run(at(1800000000, { forget = 1 })).new)
    assert.equal(3, place:count "RETR")
  end)
end)

describe("sync: a session that is not logged in", function()
  it("is a failure of the session, and nothing is recorded", function()
    local place <close> = fetching.place(1)
    local s = assert(pop3.connect { transport = place.server:loopback() })
    local result, _, code = pop3.sync(s, { state = place.state, account = "a",
                                           into = place.inbox })
    assert.is_nil(result)
    assert.equal("state", code)
    s:close()
    assert.equal(1, place:run({ account = "a" }).new)
  end)
end)
