-- Former defects of the server.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"
local talk = require "spec.support.talk"
local tempdir = require "spec.support.tempdir"

local function server(mail, opts)
  opts = opts or {}
  opts.users = opts.users or { u = { password = "pw",
                                     mail = mail or { "one", "two" } } }
  return pop3.server.new(opts)
end

local function settle(s)
  while s:step(0) > 0 do end
end

-- A TCP connection to a server in this process, logged in.
local function dial(s, commands)
  local c = assert(socket.connect("127.0.0.1", s.port))
  c:settimeout(0)
  c:send("USER u\r\nPASS pw\r\n" .. (commands or ""))
  settle(s)
  return c
end

describe("a server out of descriptors", function()
  it("listens again once a session has ended", function()
    local text = [[
      local pop3, socket = require "pop3", require "socket"
      local s = pop3.server.new {}
      local port, all = s.port, {}
      s:step(0)
      for i = 1, 40 do
        all[i] = socket.connect("127.0.0.1", port)
        s:step(0)
      end
      assert(s.deaf, "there were descriptors enough")
      for i = 1, 3 do all[i]:close() end
      while s:step(0) > 0 do end
      local c = assert(socket.connect("127.0.0.1", port))
      s:step(0) s:step(0)
      c:settimeout(300)
      io.write(c:receive "*l" or "nothing")
    ]]
    local path <close> = tempdir()
    path:write("t.lua", text)
    local pipe = assert(io.popen("ulimit -Sn 64; ulimit -Hn 64; lua5.4 "
                                 .. path.path .. "/t.lua 2>&1"))
    assert.match("^%+OK", pipe:read "a")
    pipe:close()
  end)

  it("says so when it is to begin", function()
    local pipe = assert(io.popen [[ulimit -n 32; exec lua5.4 -e '
      local core, pop3 = require "pop3.core", require "pop3"
      local s, all = pop3.server.new {}, {}
      require "pop3.server.fork"
      assert(s.port)
      repeat all[#all + 1] = core.socketpair() until not core.socketpair()
      repeat all[#all + 1] = io.open "/dev/null" until not io.open "/dev/null"
      print((pcall(s.step, s, 0)), (select(3, s:fork())))  -- poll needs none
    ' 2>&1]])
    assert.equal("true\tio\n", pipe:read "a")
    pipe:close()
  end)
end)

describe("a child", function()
  it("does not hold the sockets that its parent closes", function()
    local one <close> = server():fork()
    local s = assert(pop3.connect { host = "127.0.0.1", port = one.port,
      tls = "none", user = "u", password = "pw" })
    local two <close> = server():fork()
    s:close()
    -- [IN-USE] until the server has seen the end; if a child held the socket,
    -- there would be none
    local again = helper.await(function()
      local c, message, code = pop3.connect { host = "127.0.0.1",
        port = one.port, tls = "none", user = "u", password = "pw" }
      assert.is_true(c ~= nil or code == "err", message)
      return c
    end)
    assert.is_table(again)
    assert.equal(0, two:count "USER")
  end)

  it("does not hold the pipes that its parent closes", function()
    local pipe = assert(io.popen("timeout 600 cat >/dev/null", "w"))
    local run <close> = server():fork()
    assert.is_true(pipe:close())  -- waits for a program that waits for the end
    assert.equal(0, run:count "USER")
  end)

  it("is not stopped by a copy of its run in another process", function()
    local one <close> = server():fork()
    local pid = assert(core.fork())
    if pid == 0 then
      pcall(one.stop, one)
      core.exit(0)
    end
    core.waitpid(pid)
    assert.equal(0, one:count "USER")
  end)

  it("that another caller has waited for is not killed", function()
    local run = server():fork()
    core.kill(run.pid)
    assert.equal(137, core.waitpid(run.pid))
    assert.same({ nil, "none" }, { core.waitpid(run.pid) })
    local kill, killed = core.kill, false
    core.kill = function() killed = true end
    local status = run:stop()
    core.kill = kill
    assert.same({ nil, false }, { status, killed })
  end)

  it("has the caller's line in an error about a request", function()
    local run <close> = server():fork()
    local ok, err = pcall(function() run:advance "x" end)
    assert.is_false(ok)
    assert.match("^[^:]*server_spec.lua:%d+: advance: ", err)
  end)

  it("does not go on with its parent's sessions", function()
    local s = server()
    s:fault { verb = "NOOP", delay = 0.01 }
    local c = dial(s, "NOOP\r\n")
    local run <close> = s:fork()
    local t = talk.tcp(run.port)
    assert.match("^%+OK", t:login())
    assert.match("^%+OK", t:ask "NOOP")
    run:advance(1000)
    assert.equal(1, run:count "PASS" - 1)
    t:close()
    c:close()
  end)

  it("answers in time, or an error comes", function()
    local run <close> = server():fork()
    assert.has_error(function() run:wait_for "QUIT" end)
    assert.has_error(function() run:wait_for(nil, 1) end)
    assert.has_error(function() run:deliver("u", print) end)
    assert.equal(0, run:count "QUIT")
    local ok, _, code = run:deliver("nobody", "x")
    assert.same({ nil, "io" }, { ok, code })
  end)

  it("that is stopped is not said to have ended", function()
    local run = server():fork()
    assert(os.execute("kill -STOP " .. run.pid))
    local poll = core.poll
    core.poll = function() return nil, "timeout" end  -- in no time
    local ok, message, code = run:deliver("u", ("y"):rep(10000000))
    core.poll = poll
    assert.same({ nil, "the server does not answer", "timeout" },
                { ok, message, code })
    assert(os.execute("kill -CONT " .. run.pid))
    -- half of a question is on its way
    assert.same({ nil, "the server does not answer", "timeout" },
                { run:count "QUIT" })
    run:stop()
    assert.is_nil((core.stat("/proc/" .. run.pid .. "/fd")))
  end)

  it("takes a big delivery", function()
    local run <close> = server():fork()
    local octets = ("y"):rep(76) .. "\r\n"
    octets = octets:rep(200000)
    assert.is_true(run:deliver("u", octets))
    assert.is_true(run:mailbox "u"[3] == octets)
  end)
end)

describe("the lock", function()
  it("goes when a store cannot be opened, however that shows", function()
    local how = "raise"
    local s = server { open = function()
      if how == "raise" then error "oops" end
      if how == "yield" then coroutine.yield(5) end
      return pop3.store.memory({ "x" }):open()
    end }
    local t = talk.to(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:login())
    t:close()
    how = "yield"
    t = talk.to(s)
    t:send "USER u\r\nPASS pw\r\n"
    t:close()
    how = "raise"
    t = talk.to(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:login())
    how = "well"
    assert.match("^%+OK", t:login())
  end)

  it("is not taken by a login whose reply is an error", function()
    local s = server { open = function()
      return { count = function() error "oops" end }
    end }
    local t = talk.to(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:login())
    assert.match("^%-ERR %[SYS/TEMP%]", t:login())  -- in the same state
  end)

  it("goes when a reader leaves in the middle of a cut reply", function()
    local big = ("x"):rep(76) .. "\r\n"
    big = big:rep(200000)
    local s <close> = server { big }
    s:fault { verb = "RETR", cut = { bytes = #big - 100 } }
    local c = dial(s, "RETR 1\r\n")
    c:setoption("linger", { on = true, timeout = 0 })
    c:close()
    assert.is_true(helper.await(function()
      s:step(0)
      return not next(s.sessions)
    end))
    assert.is_nil(s.locks.u)
  end)
end)

describe("a script's mistake", function()
  it("in a source, a fault or a store's close is one session's", function()
    local s = server({ open = function()
      local drop = pop3.store.memory({ "x" }):open()
      drop.close = function() error "no close" end
      return drop
    end })
    function s.on.XSRC(session)
      return session:multi("", function() return {} end)
    end
    s:fault { verb = "NOOP", reply = "+OK", when = function() error "when" end }
    local t = talk.to(s)
    t:login()
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "NOOP")
    assert.match("^%+OK", t:ask "XSRC")
    assert.same({ "", "closed" }, { t:rest() })
    t = talk.to(s)
    assert.match("^%+OK", t:login())
    t:ask "QUIT"
    assert.match("^%+OK", talk.to(s):login())
    assert.is_true(#s.errors >= 3)
  end)

  it("in a reply is SYS/TEMP, and nothing of it goes out", function()
    local s = server()
    local reply
    function s.on.XTEST() return reply end
    local t = talk.to(s)
    for _, bad in ipairs { { status = "+OK", text = {} },
                           { status = "+OK", body = true },
                           { status = "+OK", body = false },
                           { status = "+OK", body = { {} } },
                           { status = "+OK", code = 5 },
                           { status = "OK" }, {}, { raw = 7 } } do
      reply = bad
      assert.match("^%-ERR %[SYS/TEMP%]", t:ask "XTEST")
    end
    assert.equal(8, #s.errors)
  end)

  it("-ERR with a body is sent without the body", function()
    local s = server()
    function s.on.RETR(session, n)
      local reply = s.default.RETR(session, n)
      reply.status = "-ERR"
      return reply
    end
    local t = talk.to(s)
    t:login()
    t:send "RETR 1\r\nSTAT\r\n"
    assert.match("^%-ERR", t:line())
    assert.match("^%+OK 2 ", t:line())
  end)
end)

describe("mailbox and deliver", function()
  it("see the mail of whom authenticate let in", function()
    local s = pop3.server.new { authenticate = function()
      return { mail = { "one", "two" } }
    end }
    local t = talk.to(s)
    t:login "x"
    t:ask "DELE 1"
    t:ask "QUIT"
    assert.same({ "two\r\n" }, s:mailbox "x")
    assert.is_true(s:deliver("x", "three"))
    assert.same({ "two\r\n", "three\r\n" }, s:mailbox "x")
    assert.is_nil((s:mailbox "y"))
  end)

  it("two users of one store lose only the messages they delete", function()
    local store = pop3.store.memory { "1", "2", "3" }
    local s = pop3.server.new { users = {
      a = { password = "pw", mail = store }, b = { password = "pw",
                                                   mail = store } } }
    local a, b = talk.to(s), talk.to(s)
    a:login "a"
    b:login "b"
    a:ask "DELE 1"
    b:ask "DELE 3"
    a:ask "QUIT"
    b:ask "QUIT"
    assert.same({ "2\r\n" }, s:mailbox "a")
  end)
end)

describe("a Maildir", function()
  it("of which others take a message, or that holds a directory", function()
    local dir <close> = tempdir()
    local store = assert(pop3.store.maildir(dir.path, { create = true }))
    dir:write("new/1.a", "one\n")
    dir:write("new/2.b", "two\n")
    assert(core.mkdir(dir.path .. "/cur/3.dir"))
    local s = server(store)
    local t = talk.to(s)
    t:login()
    os.remove(dir.path .. "/new/1.a")
    assert.equal("+OK 2 5", t:ask "STAT")
    assert.same({ "1 0", "2 5" }, (select(2, t:list "LIST")))
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "RETR 1")
    assert.equal("+OK 5 octets", t:ask "RETR 2")
    t:lines()
    t:ask "DELE 1"
    assert.match("^%+OK", t:ask "QUIT")
  end)
end)

describe("an idle session", function()
  it("does not keep its last message", function()
    local s <close> = server { "x" }
    function s.on.XBIG(session) return session:multi("", ("y"):rep(900000)) end
    local c = dial(s, "XBIG\r\n")
    local got = 0
    while got < 900000 do
      local octets, _, part = c:receive(65536)
      got = got + #(octets or part)
      settle(s)
    end
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    c:close()
    settle(s)
    collectgarbage()
    collectgarbage()
    assert.is_true(before - collectgarbage "count" < 100)
  end)
end)

describe("the autologout", function()
  it("does not hurry a handler of the script that sleeps", function()
    local s = server { "Subject: x\r\n" }
    s:fault { verb = "RETR", drip = { bytes = 1, every = 60 } }
    s:fault { verb = "STAT", delay = 2000 }
    function s.on.XSLEEP(session)
      session:sleep(5000)
      return session:ok()
    end
    local t = talk.to(s)
    t:login()
    assert.equal("+OK 12 octets", t:ask "RETR 1")
    assert.same({ "Subject: x" }, t:lines())
    assert.match("^%+OK", t:ask "STAT")
    assert.match("^%+OK", t:ask "XSLEEP")
  end)
end)

describe("commands of clients", function()
  it("does not grow the server", function()
    local s = server(nil, { limits = { transcript = 10000 } })
    local t = talk.to(s)
    for i = 1, 3000 do t:ask(("X%d"):format(i)) end
    local n = 0
    for _ in pairs(s.counts) do n = n + 1 end
    assert.is_true(n <= 1000)
    t:ask(("Y"):rep(5000))
    assert.is_nil(s.counts[("Y"):rep(5000)])
  end)

  it("of a SASL exchange is not in the transcript", function()
    local s = server()
    function s.on.AUTH(session) return session:raw "+ \r\n" end
    local t = talk.to(s)
    t:ask "AUTH PLAIN"
    t:ask "AHUAcHcxMg=="
    t:ask "CAPA"
    assert.is_nil(tostring(s:transcript()):find "AHU")
  end)
end)

describe("a client that leaves while the script holds it up", function()
  it("over TCP gives its maildrop back, its QUIT done if there was one",
     function()
    local s = server()
    s:fault { verb = "STAT", delay = 3600 }
    function s.on.NOOP(session)
      session:sleep(3600)
      return session:ok()
    end
    local run <close> = s:fork()
    for i, commands in ipairs { "STAT\r\n", "NOOP\r\n", "DELE 1\r\nNOOP\r\n",
                                "DELE 1\r\nSTAT\r\nQUIT\r\n" } do
      local t = talk.tcp(run.port)
      assert.match("^%+OK", t:login())
      t:send(commands)
      if i < 4 then run:wait_for(commands:match "(%u+)\r\n$", 5, (i + 1) // 2) end
      t:close()
      assert.equal(i < 4 and 2 or 1, #run:mailbox "u")
    end
    local t = talk.tcp(run.port)
    assert.match("^%+OK", t:login())
    t:close()
  end)

  it("in memory does so at once, and moves no clock", function()
    local s = server()
    function s.on.NOOP(session)
      while true do session:sleep(60) end
    end
    function s.on.STAT(session) session:sleep(math.huge) end
    for _, verb in ipairs { "noop", "stat" } do
      local c = assert(pop3.connect { transport = s:loopback(), user = "u",
                                      password = "pw", timeout = 5 })
      local before = s:now()
      local ok, _, code = c[verb](c)
      assert.same({ nil, "timeout" }, { ok, code })
      assert.equal(before + 5, s:now())
      assert.is_nil(s.locks.u)
    end
  end)
end)

describe("a step in a step", function()
  it("is misuse", function()
    local s <close> = server()
    function s.on.XSTEP(session)
      s:step(0)
      return session:ok()
    end
    local c = dial(s, "XSTEP\r\n")
    local octets, _, part = c:receive(65536)
    assert.match("SYS/TEMP", octets or part)
    assert.match("not from a handler", s.errors[1])
    c:close()
  end)
end)

describe("the module", function()
  it("can be loaded again while engines live", function()
    local engine = core.server()
    package.loaded["pop3.core"] = nil
    local again = require "pop3.core"
    package.loaded["pop3.core"] = core
    collectgarbage()
    collectgarbage()
    engine:feed(("x"):rep(5000))
    assert.is_table(again)
    engine:close()
  end)
end)

describe("the loopback", function()
  it("holds a reply that is then cut", function()
    local s = server()
    s:fault { verb = "NOOP", delay = 50, cut = { bytes = 0 } }
    local t = talk.to(s)
    t:login()
    t:send "NOOP\r\n"
    assert.same({ "", "closed" }, { t:rest() })
    assert.equal(50, s:now())
  end)

  it("does a QUIT that was sent after a command whose handler waits", function()
    local s = server()
    function s.on.NOOP(session)
      session:sleep(5)
      return session:ok()
    end
    local t = talk.to(s)
    t:login()
    t:send "DELE 1\r\nNOOP\r\nQUIT\r\n"
    t:close()
    assert.same({ "two\r\n" }, s:mailbox "u")
  end)
end)

describe("a client that is gone", function()
  it("is not held by a fault after the one during which it left", function()
    local s <close> = server(nil, { faults = { { verb = "NOOP", delay = 5 },
                                               { verb = "STAT", stall = true } } })
    dial(s, "NOOP\r\nSTAT\r\nDELE 1\r\n"):close()
    settle(s)
    assert.is_nil(next(s.sessions))
    assert.equal(1, s:count "DELE")
    local t = talk.to(s)
    t:login()
    assert.match("^%+OK 1 ", t:ask "LIST 1")
  end)
end)

describe("a plus sign", function()
  it("is a command like others, but where a response is due", function()
    local t = talk.to(server(nil, { mechs = { "PLAIN" } }))
    for _, line in ipairs { "+", "+ AHUAcHc=", "+OK" } do
      assert.equal("-ERR unknown command", t:ask(line))
    end
    t:ask "AUTH PLAIN"
    assert.match("^%-ERR", t:ask "+")
    t:login()
    assert.equal("-ERR unknown command", t:ask "+")
  end)

  it("is a verb that a script may have", function()
    local s = server()
    s.on["+"] = function(session, rest) return session:ok(rest) end
    assert.equal("+OK rest", talk.to(s):ask "+ rest")
    assert.equal(1, s:count "+")
  end)
end)

describe("options", function()
  it("of nothing, and calls without arguments, are misuse", function()
    for _, limits in ipairs { { output = 0 }, { transcript = 0 },
                              { line = 0 } } do
      assert.has_error(function() pop3.server.new { limits = limits } end)
    end
    local s = server()
    for _, call in ipairs { function() s:count() end,
                            function() s:verify() end,
                            function() s:wait_for "X" end,
                            function() s:deliver "u" end,
                            function() pop3.store.maildir(5) end } do
      local ok, err = pcall(call)
      assert.is_false(ok)
      assert.match("^spec/regress/server_spec.lua:%d+: ", err)
    end
  end)

  it("step without seconds does not wait", function()
    local s <close> = server()
    assert.equal(0, s:step())
  end)
end)
