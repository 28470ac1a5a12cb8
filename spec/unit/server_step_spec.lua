-- A server in this process: steps, slow readers, many sessions, ends.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"

local BIG = ("x"):rep(76) .. "\r\n"
BIG = "Subject: big\r\n\r\n" .. BIG:rep(100000)  -- 7.8 MB

local function server(opts)
  opts = opts or {}
  opts.users = opts.users or setmetatable({}, { __index = function()
    return { password = "pw", mail = { "Subject: 1\r\n\r\nhi\r\n", BIG } }
  end })
  return pop3.server.new(opts)
end

-- Serve until nothing is left to do.
local function settle(s)
  while s:step(0) > 0 do end
end

local function connect(s)
  local c = assert(socket.connect("127.0.0.1", s.port))
  c:settimeout(0)
  return c
end

-- All that has come.
local function read(c)
  local out = {}
  while true do
    local octets, err, part = c:receive(65536)
    out[#out + 1] = octets or part
    if not octets and (part == "" or err == "closed") then
      return table.concat(out), err
    end
  end
end

describe("step", function()
  it("serves as much as there is, and returns", function()
    local s <close> = server()
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nSTAT\r\n"
    settle(s)
    local octets = read(c)
    assert.match("^%+OK lpop3 ready.*\r\n%+OK 2 %d+\r\n$", octets)
    assert.equal(1, s:count "STAT")
    s:verify { "USER a", "PASS ***", "STAT" }
    c:close()
  end)

  it("waits no longer than it may", function()
    local s <close> = server()
    local before = core.now()
    assert.equal(0, s:step(0.02))
    assert.is_true(core.now() - before >= 0.02)
  end)

  it("wait_for serves until a command has come", function()
    local s <close> = server()
    local c = connect(s)
    c:send "NOOP\r\nCAPA\r\n"
    assert.is_true(s:wait_for("CAPA", helper.PATIENCE))
    local ok, _, code = s:wait_for("CAPA", 0.01, 2)
    assert.is_nil(ok)
    assert.equal("timeout", code)
    c:close()
  end)

  it("run goes on until stop", function()
    local s = server()
    function s.on.XSTOP(session)
      s:stop()
      return session:ok()
    end
    local c = connect(s)
    c:send "XSTOP\r\n"
    s:run()
    local _, err = read(c)
    assert.equal("closed", err)
    c:close()
  end)

  it("run serves again after an error of the clock, and after a stop", function()
    local time = 0
    local s = server { clock = function() return time end }
    function s.on.XBREAK(session) time = "noon" return session:ok() end
    function s.on.XSTOP(session) s:stop() return session:ok() end
    function s.on.XAGAIN(session)
      local ok, err = pcall(s.run, s)
      assert.is_false(ok)
      return session:ok(err:match "not from a handler")
    end
    for _ = 1, 2 do
      time = 0
      local c = connect(s)
      c:send "XBREAK\r\n"
      assert.error_matches(function() s:run() end, "clock returned a string")
      time = 0
      c:send "XAGAIN\r\nXSTOP\r\n"
      assert.is_true(s:run())
      local text, err = read(c)
      assert.matches("+OK not from a handler\r\n", text, 1, true)
      assert.equal("closed", err)
      c:close()
    end
  end)

  it("answers commands that came before the client ended its side", function()
    local s <close> = server()
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nRETR 1\r\n"
    c:shutdown "send"
    settle(s)
    local octets, err = read(c)
    assert.match("hi\r\n%.\r\n$", octets)
    assert.equal("closed", err)
    assert.is_nil(next(s.sessions))
    c:close()
  end)

  it("does the deletions of a peer that says QUIT and resets", function()
    local s <close> = server { users = { a = { password = "pw",
      mail = { "one", BIG } } } }
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nRETR 2\r\nRETR 2\r\nDELE 1\r\nQUIT\r\n"
    settle(s)  -- the replies do not fit into the buffers between
    assert.equal(2, #s:mailbox "a")
    c:setoption("linger", { on = true, timeout = 0 })
    c:close()  -- unread octets: a RST
    assert.is_true(helper.await(function()
      s:step(0)
      return not next(s.sessions)
    end))
    assert.same({ BIG }, s:mailbox "a")
  end)
end)

describe("a slow reader", function()
  it("costs bounded memory and delays no other session", function()
    local s <close> = server()
    collectgarbage()
    local slow, before = {}, collectgarbage "count"
    for i = 1, 50 do
      slow[i] = connect(s)
      slow[i]:send(("USER u%d\r\nPASS pw\r\n"):format(i)
                   .. ("RETR 2\r\n"):rep(20))
    end
    settle(s)
    local quick = connect(s)
    quick:send "USER quick\r\nPASS pw\r\nRETR 1\r\nQUIT\r\n"
    settle(s)
    assert.match("hi\r\n%.\r\n%+OK goodbye\r\n$", (read(quick)))
    local status = assert(io.open "/proc/self/status"):read "a"
    assert.is_true(os.getenv "LPOP3_SANITIZED" ~= nil
                   or tonumber(status:match "VmRSS:%s+(%d+)") < 400 * 1024)
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 1024)
    for _, c in ipairs(slow) do c:close() end
    settle(s)
    quick:close()
  end)

  it("gets every octet in the end", function()
    local s <close> = server { limits = { output = helper.all and 1000
                                          or 20000 } }
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nRETR 2\r\nRETR 1\r\nQUIT\r\n"
    local out = {}
    repeat
      settle(s)
      local octets, err = read(c)
      out[#out + 1] = octets
    until err == "closed"
    local octets = table.concat(out)
    local from = octets:find("Subject: big", 1, true)
    assert.equal(BIG, octets:sub(from, from + #BIG - 1))
    assert.match("hi\r\n%.\r\n%+OK goodbye\r\n$", octets)
  end)
end)

describe("a link to be reset once all is sent", function()
  it("is not kept when its reader goes before that", function()
    local s <close> = server { faults = { { verb = "RETR",
                                            cut = { how = "rst" } } } }
    settle(s)
    local before = helper.descriptors()
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nRETR 2\r\n"
    settle(s)
    -- all is in the kernel at last, but not with the reader
    assert.is_true(helper.await(function()
      c:receive(4096)
      s:step(0)
      return not next(s.sessions)
    end))
    c:close()
    assert.is_true(helper.await(function()
      s:step(0)
      return helper.descriptors() == before
    end))
  end)
end)

describe("the limits of the process", function()
  it("are not raised by a server in it, only in its child", function()
    local pipe = assert(io.popen [[ulimit -Sn 100; exec lua5.4 -e '
      local core, pop3, socket = require "pop3.core", require "pop3", require "socket"
      local function limit(pid)
        local f <close> = io.open("/proc/" .. pid .. "/limits")
        return f:read "a":match "Max open files%s+(%d+)%s+(%d+)"
      end
      local s = pop3.server.new {}
      assert(s.port and s:listen() and s:step(0))
      print(limit "self")
      local c = socket.connect("127.0.0.1", s.port)
      function s.on.connect() s:stop() end
      assert(s:run())
      print(limit "self")
      local run <close> = s:fork()
      assert(run:count "QUIT" == 0)
      local soft, hard = limit(run.pid)
      print(limit "self")
      print(soft == hard)
    ' 2>&1]])
    local lines = {}
    for line in pipe:lines() do lines[#lines + 1] = line:match "^%S+" end
    pipe:close()
    assert.same({ "100", "100", "100", "true" }, lines)
  end)
end)

describe("many sessions", function()
  it("are served side by side, more than select can handle", function()
    assert.is_true(core.maxfiles() > 2600)
    local s <close> = server()
    local all, many = {}, helper.all and 1100 or 1030
    for i = 1, many do
      all[i] = connect(s)
      if i % 50 == 0 then settle(s) end
    end
    for i = 1, many do
      all[i]:send(("USER u%d\r\nPASS pw\r\nSTAT\r\n"):format(i))
    end
    settle(s)
    for i = 1, many do assert.match("\r\n%+OK 2 %d+\r\n$", (read(all[i]))) end
    for i = 1, many do all[i]:close() end
    settle(s)
    assert.is_nil(next(s.sessions))
    assert.is_nil(next(s.by_fd))
    assert.is_nil(next(s.locks))
  end)
end)

describe("the autologout", function()
  it("ends an idle session without a word, and deletes nothing", function()
    local s <close> = server { users = { a = { password = "pw",
                                               mail = { "one" } } } }
    local c = connect(s)
    c:send "USER a\r\nPASS pw\r\nDELE 1\r\n"
    settle(s)
    read(c)
    s:advance(599)
    settle(s)
    assert.same({ "", "timeout" }, { read(c) })
    s:advance(2)
    assert.same({ "", "closed" }, { read(c) })
    assert.equal(1, #s:mailbox "a")
    assert.is_nil(s.locks.a)
    c:close()
  end)

  it("counts from the last command", function()
    local t = require "spec.support.talk".to(server { autologout = 10 })
    local s = t.transport.server
    for _ = 1, 5 do
      s:advance(9)
      assert.match("^%-ERR", t:ask "XYZZY")
    end
    s:advance(11)
    assert.same({ nil, "closed" }, { t:line() })
  end)

  it("counts from a command that was refused, too", function()
    local t = require "spec.support.talk".to(server { autologout = 10 })
    local s = t.transport.server
    t:login()
    for _ = 1, 5 do
      s:advance(9)
      assert.match("^%-ERR", t:ask "RETR x")
      s:advance(9)
      assert.match("^%-ERR", t:ask "STLS")
    end
    s:advance(11)
    assert.same({ nil, "closed" }, { t:line() })
  end)

  it("is not put off by octets that are no command", function()
    local t = require "spec.support.talk".to(server { autologout = 10 })
    local s = t.transport.server
    for _ = 1, 5 do
      s:advance(3)
      t:send "x"
    end
    assert.same({ nil, "closed" }, { t:line() })
  end)
end)

describe("the login delay", function()
  it("is kept, said in CAPA, and moves with the clock", function()
    local s = server { login_delay = 60 }
    local talk = require "spec.support.talk"
    local t = talk.to(s)
    local _, capa = t:list "CAPA"
    local said = false
    for _, line in ipairs(capa) do said = said or line == "LOGIN-DELAY 60" end
    assert.is_true(said)
    assert.match("^%+OK", t:login "a")
    t:ask "QUIT"
    assert.match("^%-ERR %[LOGIN%-DELAY%]", talk.to(s):login "a")
    s:advance(60)
    assert.match("^%+OK", talk.to(s):login "a")
  end)
end)

describe("a clock of the script's own", function()
  it("is the one that counts", function()
    local now = 100
    local s = server { clock = function() return now end, autologout = 10 }
    local t = require "spec.support.talk".to(s)
    now = 111
    s:tick()
    s:fire()
    assert.same({ nil, "closed" }, { t:line() })
    assert.has_error(function() s:advance(1) end)
  end)

  it("ends a session that was idle too long before it takes a command", function()
    local now = 100
    local s <close> = server { clock = function() return now end }
    local t = require "spec.support.talk".to(s)
    local c = connect(s)
    settle(s)
    now = 900
    assert.is_nil(t:ask "QUIT")
    c:send "QUIT\r\n"
    settle(s)
    assert.match("^%+OK[^\n]*\n$", (read(c)))
    assert.equal(0, s:count "QUIT")
    c:close()
  end)

  it("sends a reply that a fault delayed", function()
    local now = 100
    local s = server { clock = function() return now end,
                       faults = { { verb = "CAPA", delay = 5 } } }
    local t = require "spec.support.talk".to(s)
    assert.same({ nil, "timeout" }, { t:ask "CAPA" })
    now = 105
    assert.match("^%+OK", t:line())
  end)

  it("may stand still while a handler lets others go first", function()
    local s <close> = server { clock = function() return 100 end }
    function s.on.CAPA(session)
      coroutine.yield()
      return session:ok "after all"
    end
    function s.on.UTF8() while true do coroutine.yield() end end
    local t = require "spec.support.talk".to(s)
    assert.equal("+OK after all", t:ask "CAPA")
    assert.same({ nil, "timeout" }, { t:ask "UTF8" })
    local c, d = connect(s), connect(s)
    c:send "UTF8\r\n"
    d:send "CAPA\r\nQUIT\r\n"
    assert.is_true(s:wait_for("QUIT", helper.PATIENCE))
    s:step(0)
    assert.match("after all\r\n%+OK[^\n]*\n$", (read(d)))
    c:close()
    d:close()
  end)

  it("that is invalid is an error", function()
    assert.error_matches(function()
      server { clock = function() return "noon" end }
    end, "clock returned a string")
  end)
end)

describe("wait_for in memory", function()
  it("moves the clock in place of waiting, and does not listen", function()
    local s = server { faults = { { verb = "NOOP", delay = 20 } } }
    local t = require "spec.support.talk".to(s)
    t:login()
    t:send "NOOP\r\nSTAT\r\n"
    assert.is_true(s:wait_for("NOOP", 0))
    assert.same({ nil, "STAT: 0 of 1 commands came", "timeout" },
                { s:wait_for("STAT", 19) })
    assert.equal(19, s:now())
    assert.equal("+OK", t:line())
    assert.is_true(s:wait_for("STAT", 100))
    assert.is_nil(s.listener)
  end)
end)

describe("listening", function()
  it("where it cannot is an error", function()
    local a <close> = server()
    assert.is_true(a.port > 0)
    local b = server { port = a.port }
    local port, message, code = b:listen()
    assert.is_nil(port)
    assert.match("address already in use", message)
    assert.equal("io", code)
    assert.same({ nil, "io" }, { (b:fork()), (select(3, b:fork())) })
    assert.has_error(function() local _ = b.port end)
  end)

  it("can be on IPv6", function()
    local s <close> = server { host = "::1" }
    local c = assert(socket.connect("::1", s.port))
    settle(s)
    c:settimeout(helper.PATIENCE)
    assert.match("^%+OK", c:receive "*l")
    c:close()
  end)
end)
