-- pop3.transport.tcp: a host with several addresses (Happy Eyeballs, RFC 8305).

local connect = require "pop3.transport.tcp"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"

-- Loopback addresses: 127.0.0.0/8 is this machine on Linux.
local A, B, C, D = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"

local open

before_each(function() open = {} end)
after_each(function() for _, s in ipairs(open) do s:close() end end)

local function keep(s)
  open[#open + 1] = s
  return s
end

-- A listener that takes connections; its port.
local function listener(host, port)
  local s = keep(assert(socket.bind(host, port or 0)))
  s:settimeout(30)
  return s, select(2, s:getsockname())
end

-- An address that answers nothing: its queue of connections is full, so that the
-- system drops more of them.
local function black_hole(host, port)
  local s = keep(assert(socket.tcp4()))
  assert(s:setoption("reuseaddr", true))
  assert(s:bind(host, port))
  assert(s:listen(0))
  for _ = 1, 8 do
    local c = keep(assert(socket.tcp4()))
    c:settimeout(0)
    c:connect(host, port)
  end
end

local function resolver(...)
  local list = {}
  for i, addr in ipairs { ... } do
    list[i] = { addr = addr,
                family = addr:find(":", 1, true) and "inet6" or "inet" }
  end
  return function(host)
    assert.are.equal("mail.example", host)
    return list
  end
end

-- A hook that says "timeout" at once `hurry` times, and really waits then. What it
-- was asked is in `calls`.
local function impatient(hurry)
  local calls = {}
  return function(fd, mode, seconds)
    calls[#calls + 1] = { fd = fd, mode = mode, seconds = seconds }
    if #calls <= hurry then return nil, "timeout" end
    return core.poll(fd, mode, seconds)
  end, calls
end

local function peer_of(fd)
  return select(2, fd:peer())
end

-- Without epoll no descriptor stands for several, and a hook is called often.
local stands_for_several = core.poller():getfd() ~= nil
local CANNOT = "SKIPPED: no descriptor stands for several here"

describe("a host with a dead address", function()
  it("is reached by the next one, after 250 ms", function()
    local _, port = listener(A)
    black_hole(B, port)
    local wait, calls = impatient(1)
    local fd = assert(connect("mail.example", port, 60, wait,
                              { resolve = resolver(B, A) }))
    assert.are.equal(A, peer_of(fd))
    assert.are.equal("w", calls[1].mode)
    assert.is_true(calls[1].seconds > 0.2 and calls[1].seconds <= 0.25)
    fd:close()
  end)

  it("is reached by the last of many", function()
    local _, port = listener(A)
    black_hole(B, port)
    black_hole(C, port)
    black_hole(D, port)
    local before = #core.readdir "/proc/self/fd"
    local wait, calls = impatient(3)
    local fd = assert(connect("mail.example", port, 60, wait,
                              { resolve = resolver(B, C, D, A) }))
    assert.are.equal(A, peer_of(fd))
    for i = 1, 3 do assert.is_true(calls[i].seconds <= 0.25) end
    fd:close()
    assert.are.equal(before, #core.readdir "/proc/self/fd")
  end)

  it("is reached by an earlier address that answers late", function()
    local _, port = listener(A)
    black_hole(B, port)
    -- the hook does not let the first attempt have its answer in time
    local wait = impatient(1)
    local fd = assert(connect("mail.example", port, 60, wait,
                              { resolve = resolver(A, B) }))
    assert.are.equal(A, peer_of(fd))
    fd:close()
  end)

  it("is tried on by the clock, without help of the hook", function()
    local _, port = listener(A)
    black_hole(B, port)
    local began = core.now()
    local fd = assert(connect("mail.example", port, 60, core.poll,
                              { resolve = resolver(B, A) }))
    assert.is_true(core.now() - began >= 0.24)
    assert.are.equal(A, peer_of(fd))
    fd:close()
  end)

  it("that is the only one costs the whole time-out", function()
    local _, port = listener(A)
    black_hole(B, port)
    local wait, calls = impatient(9)
    local fd, message, code = connect("mail.example", port, 60, wait,
                                      { resolve = resolver(B) })
    assert.is_nil(fd)
    assert.are.equal("timeout", code)
    assert.are.equal("timeout", message)
    assert.are.equal(1, #calls)
    assert.is_true(calls[1].seconds > 50)
  end)

  it("of several dead ones is code timeout, and nothing stays open", function()
    if not stands_for_several then return pending(CANNOT) end
    local _, port = listener(A)
    black_hole(B, port)
    black_hole(C, port)
    local before = #core.readdir "/proc/self/fd"
    local wait, calls = impatient(9)
    local _, _, code = connect("mail.example", port, 60, wait,
                               { resolve = resolver(B, C) })
    assert.are.equal("timeout", code)
    assert.are.equal(2, #calls)
    assert.are.equal("r", calls[2].mode)
    assert.are.equal(before, #core.readdir "/proc/self/fd")
  end)
end)

describe("a host with an address that refuses", function()
  it("is reached by the next one at once", function()
    local _, port = listener(A)
    local wait, calls = impatient(0)
    local fd = assert(connect("mail.example", port, 60, wait,
                              { resolve = resolver(B, C, A) }))
    assert.are.equal(A, peer_of(fd))
    for _, call in ipairs(calls) do assert.is_true(call.seconds > 0) end
    fd:close()
  end)

  it("at all of them is code connect", function()
    local s, port = listener(A)
    s:close()
    local fd, message, code = connect("mail.example", port, 60, core.poll,
                                      { resolve = resolver(A, B, C) })
    assert.is_nil(fd)
    assert.are.equal("connect", code)
    assert.truthy(message:find("refused", 1, true), message)
  end)

  it("and a dead one: the refusal starts the next one", function()
    local _, port = listener(A)
    black_hole(C, port)
    local wait = impatient(0)
    local fd = assert(connect("mail.example", port, 60, wait,
                              { resolve = resolver(B, C, A) }))
    assert.are.equal(A, peer_of(fd))
    fd:close()
  end)
end)

describe("the order of addresses", function()
  -- The addresses in the order in which they are tried: none answers, and the hook
  -- says "timeout" at once. LuaSocket's objects are replaced.
  local function tried(list, opts)
    local order = {}
    local tcp4, tcp6 = socket.tcp4, socket.tcp6
    local function make()
      local s = assert(tcp4())
      return { settimeout = function() end,
               bind = function() return 1 end,
               connect = function(_, addr)
                 if order[addr] then return nil, "timeout" end
                 order[addr] = true
                 order[#order + 1] = addr
                 return nil, "timeout"
               end,
               getfd = function() return s:getfd() end,
               close = function() return s:close() end }
    end
    socket.tcp4, socket.tcp6 = make, make
    opts = opts or {}
    opts.resolve = resolver(table.unpack(list))
    local ok, _, err = pcall(connect, "mail.example", 1, 60,
                             function() return nil, "timeout" end, opts)
    socket.tcp4, socket.tcp6 = tcp4, tcp6
    assert.is_true(ok)
    return table.concat(order, " "), err
  end

  it("alternates families, from the first one on, each once", function()
    if not stands_for_several then return pending(CANNOT) end
    assert.are.equal("::1 127.0.0.1 ::2 127.0.0.2 ::3",
      (tried { "::1", "::2", "::3", "127.0.0.1", "127.0.0.2", "::1" }))
    assert.are.equal("127.0.0.1 ::1 127.0.0.2 127.0.0.3",
      (tried { "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1" }))
    assert.are.equal("127.0.0.1", (tried { "127.0.0.1", "127.0.0.1" }))
  end)

  it("keeps to one family", function()
    if not stands_for_several then return pending(CANNOT) end
    local list = { "::1", "127.0.0.1", "::2" }
    assert.are.equal("::1 ::2", (tried(list, { family = "ipv6" })))
    assert.are.equal("127.0.0.1", (tried(list, { family = "ipv4" })))
    assert.are.equal("::1 ::2", (tried(list, { local_address = "::1" })))
    local order, err = tried({ "127.0.0.1" }, { family = "ipv6" })
    assert.are.equal("", order)
    assert.are.equal("the host has no address of ipv6", err)
  end)
end)

-- Call `f` while the commands that core.spawn starts wait until `go()`.
local function with_late_commands(f)
  local dir <close> = helper.directory()
  local spawn = core.spawn
  function core.spawn(text, ...)
    return spawn(("while [ ! -e %s/go ]; do sleep 0.01; done\n"):format(dir.path)
                 .. text, ...)
  end
  local ok, err = pcall(f, function() dir:write("go", "") end)
  core.spawn = spawn
  if not ok then error(err, 0) end
end

describe("a name", function()
  it("is resolved through the hook of an event loop", function()
    local _, port = listener(A)
    local calls = {}
    local go
    local function wait(fd, mode, seconds)
      calls[#calls + 1] = mode
      go()
      return core.poll(fd, mode, seconds)
    end
    with_late_commands(function(start)
      go = start
      local fd = assert(connect("localhost", port, helper.PATIENCE, wait,
                                { family = "ipv4" }))
      assert.are.equal(A, peer_of(fd))
      assert.are.equal("r", calls[1])  -- the answer of another process
      fd:close()
    end)
    go = function() end
    local _, message, code = connect("--none'; x.invalid", port, 60, wait)
    assert.are.equal("connect", code)
    assert.are.equal("host not found", message)
    assert(connect(A, port, 60, wait)):close()
  end)

  it("that is not resolved in time is code connect", function()
    with_late_commands(function()
      local _, message, code = connect("localhost", 1, 60, function(_, mode)
        assert.are.equal("r", mode)
        return nil, "timeout"
      end)
      assert.are.equal("connect", code)
      assert.are.equal("no answer from the name service", message)
    end)
  end)

  it("leaves another coroutine of the loop running", function()
    local server = pop3.server.new {
      host = A, users = { mrose = { password = "secret" } } }
    local run <close> = server:fork()
    local cqueues = require "cqueues"
    local loop = cqueues.new()
    local ticks, done = 0, false
    loop:wrap(function()
      local s = assert(pop3.connect {
        host = "localhost", port = run.port, tls = "none", family = "ipv4",
        wait = pop3.loop.cqueues, user = "mrose", password = "secret" })
      s:quit()
      done = true
    end)
    loop:wrap(function()
      while not done do
        ticks = ticks + 1
        cqueues.poll(0.0001)
      end
    end)
    assert(loop:loop())
    assert.is_true(ticks > 3)
  end)
end)

describe("local_address", function()
  it("is where the connection comes from", function()
    local s, port = listener(A)
    local fd = assert(connect("mail.example", port, 60, core.poll,
      { resolve = resolver(A), local_address = C }))
    local theirs = assert(s:accept())
    assert.are.equal(C, (theirs:getpeername()))
    theirs:close()
    fd:close()
  end)

  it("that this machine does not have is code connect", function()
    local _, port = listener(A)
    local fd, message, code = connect("mail.example", port, 60, core.poll,
      { resolve = resolver(A), local_address = "192.0.2.1" })
    assert.is_nil(fd)
    assert.are.equal("connect", code)
    assert.truthy(message:find("192.0.2.1", 1, true), message)
  end)

  it("and family are checked by connect", function()
    for text, opts in pairs {
      ["local_address must be an IP address"] = { local_address = "here" },
      ["local_address is not an address of ipv6"] =
        { local_address = "127.0.0.1", family = "ipv6" },
      ["'family' must be one of: ipv4, ipv6"] = { family = "ipx" },
    } do
      opts.host = "h"
      helper.misuse(text, function() local _ = pop3.connect(opts) end)
    end
  end)
end)

describe("connect by two addresses of which the first is dead", function()
  it("logs in", function()
    local server = pop3.server.new {
      host = A, users = { mrose = { password = "secret" } } }
    local run <close> = server:fork()
    black_hole(B, run.port)
    local wait = impatient(1)
    local s <close> = assert(pop3.connect {
      host = "mail.example", port = run.port, tls = "none", wait = wait,
      resolve = resolver(B, A), user = "mrose", password = "secret" })
    assert.are.equal("transaction", s:state())
  end)

  it("works with the hook of each event loop", function()
    local server = pop3.server.new {
      host = A, users = { mrose = { password = "secret" } } }
    local run <close> = server:fork()
    black_hole(B, run.port)
    local function session(wait)
      local s = assert(pop3.connect {
        host = "mail.example", port = run.port, tls = "none", wait = wait,
        resolve = resolver(B, A), user = "mrose", password = "secret" })
      assert(s:quit())
    end
    session(pop3.loop.luv)
    local loop = require "cqueues".new()
    loop:wrap(function() session(pop3.loop.cqueues) end)
    assert(loop:loop())
  end)
end)
