-- A server in a child process: the calls of the parent, and the end of the child.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local function server()
  return pop3.server.new { users = {
    mrose = { password = "secret", mail = { "Subject: a\r\n\r\nhi\r\n" } },
  } }
end

local function visit(run, ...)
  local t = talk.tcp(run.port)
  t:login("mrose", "secret")
  for _, line in ipairs { ... } do t:ask(line) end
  t:close()
end

local function alive(pid)
  return core.stat("/proc/" .. pid .. "/fd") ~= nil
end

describe("fork", function()
  it("serves a client that blocks", function()
    local run <close> = server():fork()
    local s <close> = assert(pop3.connect { host = "127.0.0.1",
      port = run.port, tls = "none", user = "mrose", password = "secret" })
    assert.equal("Subject: a\r\n\r\nhi\r\n", s:retr(1))
    assert.is_true(s:quit())
    run:verify { "CAPA", "USER mrose", "PASS ***", "RETR 1", "QUIT" }
  end)

  it("shows transcript, counts and mailbox while it runs", function()
    local run <close> = server():fork()
    visit(run, "STAT", "DELE 1", "XFOO bar", "QUIT")
    assert.equal(1, run:count "STAT")
    assert.equal(1, run:count "stat")
    assert.equal(1, run:count "XFOO")
    assert.equal(0, run:count "RETR")
    assert.same({}, run:mailbox "mrose")
    local text = tostring(run:transcript())
    assert.match("\nC: PASS %*%*%*\n", text)
    assert.is_nil(text:find("secret", 1, true))
    local first = run:transcript()[1]
    assert.same({ 1, "S" }, { first.session, first.from })
    assert.equal("number", type(first.time))
  end)

  it("takes deliveries, which the next login sees", function()
    local run <close> = server():fork()
    assert.is_true(run:deliver("mrose", "Subject: b\n\nbinary \0\r\n"))
    assert.same({ "Subject: a\r\n\r\nhi\r\n",
                  "Subject: b\r\n\r\nbinary \0\r\n" }, run:mailbox "mrose")
  end)

  it("waits for a command, for so long", function()
    local run <close> = server():fork()
    local t = talk.tcp(run.port)
    t:send "NOOP\r\nCAPA\r\n"
    assert.is_true(run:wait_for("CAPA", helper.PATIENCE))
    assert.is_true(run:wait_for("CAPA", helper.PATIENCE, 1))
    assert.same({ nil, "CAPA: 1 of 2 commands came", "timeout" },
                { run:wait_for("CAPA", 0.01, 2) })
    t:send "CAPA\r\n"
    assert.is_true(run:wait_for("CAPA", helper.PATIENCE, 2))
    t:close()
  end)

  it("moves its clock", function()
    local run <close> = server():fork()
    local t = talk.tcp(run.port)
    t:login("mrose", "secret")
    assert.is_true(run:advance(599))
    assert.match("^%+OK", t:ask "NOOP")
    assert.is_true(run:advance(599))
    assert.match("^%+OK", t:ask "DELE 1")
    assert.is_true(run:advance(601))
    assert.same({ nil, "closed" }, { t:line() })
    assert.equal(1, #run:mailbox "mrose")
  end)

  it("takes faults, but no functions", function()
    local run <close> = server():fork()
    assert.is_true(run:fault { verb = "STAT", reply = "+OK 5 5" })
    local t = talk.tcp(run.port)
    t:login("mrose", "secret")
    assert.equal("+OK 5 5", t:ask "STAT")
    t:close()
    local ok, err = pcall(function()
      run:fault { bogus = 1 }
      return nil
    end)
    assert.is_false(ok)
    assert.match("^spec/unit/server_child_spec.lua:%d+: fault: unknown", err)
    assert.has_error(function()
      run:fault { verb = "STAT", when = function() end }
    end)
  end)

  it("handles the octets of clients that came before a request first",
     function()
    local run <close> = server():fork()
    for i = 1, 50 do
      local t = talk.tcp(run.port, true)
      t:send "USER mrose\r\nPASS secret\r\nSTAT\r\nQUIT\r\n"
      t:close()
      assert.equal(i, run:count "QUIT")
    end
  end)

  it("tells verify of a handler's error", function()
    local s = server()
    function s.on.STAT() error "oops" end
    local run <close> = s:fork()
    visit(run, "STAT")
    local ok, err = pcall(run.verify, run, { "USER mrose", "PASS ***", "STAT" })
    assert.is_false(ok)
    assert.match("oops", err)
  end)

  it("can be forked again, each time with a new port", function()
    local s = server()
    local a <close> = s:fork()
    local b <close> = s:fork()
    assert.not_equal(a.port, b.port)
    visit(a, "DELE 1", "QUIT")
    visit(b)
    assert.same({ 0, 1 }, { #a:mailbox "mrose", #b:mailbox "mrose" })
  end)
end)

describe("the child", function()
  it("ends when it is stopped, and leaves nothing", function()
    local before = talk.descriptors()
    local run = server():fork()
    local pid = run.pid
    assert.is_true(alive(pid))
    assert.equal(0, run:stop())
    assert.is_false(alive(pid))
    assert.equal(0, run:stop())
    assert.equal(before, talk.descriptors())
    assert.has_error(function() run:count "STAT" end)
  end)

  it("ends with its scope, also by an error", function()
    local pid
    pcall(function()
      local run <close> = server():fork()
      pid = run.pid
      error "the test failed"
    end)
    assert.is_false(alive(pid))
  end)

  it("ends when it is collected", function()
    local pid
    do
      local run = server():fork()
      pid = run.pid
    end
    collectgarbage()
    collectgarbage()
    assert.is_false(alive(pid))
  end)

  it("ends also while a handler never does", function()
    local s = server()
    function s.on.XLOOP()
      local silent, other <close> = core.socketpair()
      while true do core.poll(silent:getfd(), "r") end
    end
    local run = s:fork()
    local t = talk.tcp(run.port)
    t:send "XLOOP\r\n"
    run.grace = 0.05
    assert.equal(128 + 9, run:stop())
    assert.is_false(alive(run.pid))
    t:close()
  end)

  it("dies with its parent, however that ends", function()
    local pipe = assert(io.popen([[lua5.4 -e '
      local pop3 = require "pop3"
      local run = pop3.server.new{}:fork()
      io.write(run.pid, "\n")
      io.stdout:flush()
      require "pop3.core".kill(require "pop3.core".getpid())
    ' 2>/dev/null]]))
    local pid = pipe:read "n"
    pipe:close()
    assert.is_true(helper.await(function() return not alive(pid) end))
  end)

  it("does not close variables of its parent at its end", function()
    local pipe = assert(io.popen([[lua5.4 -e '
      local pop3 = require "pop3"
      local mark <close> = setmetatable({}, { __close = function()
        print "closed" end })
      io.write "buffered\n"
      local run <close> = pop3.server.new{}:fork()
    ']]))
    local text = pipe:read "a"
    pipe:close()
    assert.equal("buffered\nclosed\n", text)
  end)

  it("ignores the signal that its parent was started to ignore", function()
    local pipe = assert(io.popen [[trap '' TERM; exec lua5.4 -e '
      local run <close> = require "pop3".server.new{}:fork()
      os.execute("kill -TERM " .. run.pid)
      print((run:count "STAT"))
    ']])
    assert.equal("0\n", pipe:read "a")
    pipe:close()
  end)

  it("does not pass placeholders of its parent's sockets to programs", function()
    local function count()
      local s = server()
      function s.on.XCOUNT(session)
        local pipe <close> = io.popen "ls -l /proc/self/fd | grep -c /dev/null$"
        return session:ok(pipe:read "l")
      end
      local run <close> = s:fork()
      local t = talk.tcp(run.port)
      local line = t:ask "XCOUNT"
      t:close()
      return line
    end
    local before = count()
    local one, other = core.socketpair()
    assert.equal(before, count())
    one:close()
    other:close()
  end)

  it("that is gone is an error, not a hang", function()
    local run = server():fork()
    core.kill(run.pid)
    local n, _, code = run:count "STAT"
    assert.is_nil(n)
    assert.equal("closed", code)
    assert.has_error(function() run:verify {} end)
    assert.equal(137, run:stop())
  end)

  it("keeps nothing over two hundred lives", function()
    local s = server()
    local before
    for i = 1, helper.all and 200 or 25 do
      local run <close> = s:fork()
      assert.is_true(run.port > 0)
      if i == 10 then before = talk.descriptors() end
    end
    assert.is_true(talk.descriptors() <= before)
  end)
end)

describe("a request with tables that are nested deeply", function()
  local function nested(depth, by_key)
    local root = {}
    local t = root
    for _ = 1, depth do
      local inner = {}
      if by_key then t[inner] = true else t.x = inner end
      t = inner
    end
    return root
  end

  it("is misuse, and the server lives on", function()
    local run <close> = pop3.server.new { users = {} }:fork()
    local cycle = {}
    cycle.x = cycle
    local values = { cycle }
    for _, depth in ipairs { 90, 97, 98, 99, 100, 101, 150, 190, 199, 200, 201, 250, 1000,
                             100000 } do
      values[#values + 1] = nested(depth)
      values[#values + 1] = nested(depth, true)
    end
    for _, value in ipairs(values) do
      for _, fault in ipairs { { verb = "NOOP", cut = value }, { verb = "NOOP", when = value },
                               { verb = value, reply = "x" }, value } do
        local ok, message = pcall(run.fault, run, fault)
        assert.is_false(ok)
        assert.is_string(message)
      end
    end
    assert.equal(0, run:count "NOOP")
  end)
end)
