-- The wait hook, by which an event loop runs the client.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local fails = helper.fails
local pair, serve, use = helper.pair, helper.serve, helper.use

describe("the wait hook", function()
  it("is called with descriptor, mode and seconds", function()
    local fd, server <close> = helper.fork(serve)
    local number, calls = fd:detach(), {}
    local s = assert(helper.connect(number, {
      timeout = 30,
      wait = function(n, mode, seconds)
        assert.are.equal(number, n)
        assert.is_true(mode == "r" or mode == "w")
        assert.is_true(seconds > 0 and seconds <= 30)
        calls[#calls + 1] = mode
        return core.poll(n, mode, seconds)
      end }))
    use(s)
    assert.is_true(#calls >= 5)
    assert.are.equal("r", calls[1])
    assert.is_table(server)
  end)

  it("that returns timeout ends the call at once", function()
    for _, make in ipairs {
      function()
        local mine, its = core.socketpair()
        return mine:detach(), its
      end,
      pair,
    } do
      local transport, its = make()
      local calls = 0
      fails("timeout", helper.connect(transport, { wait = function()
        calls = calls + 1
        return nil, "timeout"
      end }))
      assert.are.equal(1, calls)
      its:close()
    end
  end)

  it("may return early", function()
    local fd, server <close> = helper.fork(serve)
    local calls = 0
    local s = assert(helper.connect(fd:detach(), {
      wait = function(n, mode, seconds)
        calls = calls + 1
        if calls % 2 == 1 then return true end
        return core.poll(n, mode, seconds)
      end }))
    use(s)
    assert.is_table(server)
  end)

  it("may raise an error, which the call raises", function()
    local mine, its = core.socketpair()
    local ok, err = pcall(helper.connect, mine:detach(), {
      wait = function() error("cancelled", 0) end })
    assert.same({ false, "cancelled" }, { ok, err })
    its:close()
  end)

  it("may not use the session", function()
    local fd, server <close> = helper.fork(serve)
    local s
    s = assert(helper.connect(fd:detach(), {
      wait = function(n, mode, seconds)
        if s then fails("state", s:capa()) end
        return core.poll(n, mode, seconds)
      end }))
    use(s)
    assert.is_table(server)
  end)

  it("may run other code meanwhile", function()
    local fd, server <close> = helper.fork(serve)
    local turns = 0
    local co = coroutine.wrap(function()
      use(assert(helper.connect(fd:detach(), {
        wait = function(n, mode) coroutine.yield(n, mode) return true end })))
      return "done"
    end)
    local n, mode = co()
    while n ~= "done" do
      turns = turns + 1
      core.poll(n, mode, helper.PATIENCE)
      n, mode = co()
    end
    assert.is_true(turns >= 5)
    assert.is_table(server)
  end)
end)

describe("a session in coroutines", function()
  -- A session whose waits yield, and the peer.
  local function session(script)
    local peer = helper.peer(script)
    local s = helper.connect(peer)
    local receive = peer.receive
    peer.receive = function(self, max)
      if self.timeout > 0 and coroutine.isyieldable() then coroutine.yield() end
      return receive(self, max)
    end
    return s, peer
  end

  local CAPA = { "CAPA", "+OK\r\nTOP\r\n.\r\n" }
  local LANG = { "LANG", "+OK\r\nen English\r\n.\r\n" }
  local ENGLISH = { { tag = "en", description = "English" } }

  it("answers a second call with code state while one waits", function()
    local s, peer = session { "+OK", CAPA, LANG }
    local result
    local co = coroutine.create(function() result = s:capa() end)
    assert(coroutine.resume(co))
    fails("state", s:lang())
    fails("state", s:quit())
    fails("state", s:retr(1, function() return true end))
    assert(coroutine.resume(co))
    assert.same({ TOP = {} }, result)
    assert.same({ "CAPA" }, peer.got)
    assert.same(ENGLISH, s:lang())
  end)

  it("stays in step when one that waits is closed", function()
    local s = session { "+OK", CAPA, LANG }
    local co = coroutine.create(function() s:capa() end)
    assert(coroutine.resume(co))
    assert.is_true(coroutine.close(co))
    assert.same(ENGLISH, s:lang())
  end)

  it("stays in step when a wait raises an error", function()
    local s, peer = session { "+OK", CAPA, LANG }
    local receive = peer.receive
    peer.receive = function() error("cancelled", 0) end
    local co = coroutine.wrap(function()
      local ok, err = pcall(s.capa, s)
      coroutine.yield(ok, err)
    end)
    assert.same({ false, "cancelled" }, { co() })
    peer.receive = receive
    assert.same(ENGLISH, s:lang())
  end)

  it("never gives the reply of a call that was cancelled to the next",
     function()
    local s, peer = helper.login { { "STAT", "+OK 1 100" },
                                   { "STAT", "+OK 2 200" },
                                   { "RETR 1", "+OK\r\n+OK 3 300\r\n.\r\n" },
                                   { "STAT", "+OK 4 400" } }
    local receive = peer.receive
    local function cancel(name, ...)
      peer.receive = function() error("cancelled", 0) end
      assert.is_false(pcall(s[name], s, ...))
      peer.receive = receive
    end
    cancel "stat"
    assert.same({ 2, 200 }, { s:stat() })
    cancel("retr", 1)
    assert.same({ 4, 400 }, { s:stat() })
  end)
end)

describe("a session that ends while its login runs", function()
  local function stalling()
    local server = require "pop3.server".new { users = { mrose = {
      password = "secret" } } }
    server:fault { verb = "CAPA", stall = true }
    return server:fork()
  end

  for _, name in ipairs { "close", "cancel" } do
    it("makes no other connection: " .. name .. " while CAPA waits", function()
      local run <close> = stalling()
      local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
        tls = "none", wait = helper.yield_or_poll })
      local co = coroutine.create(function() return s:login("mrose", "secret") end)
      assert(coroutine.resume(co))
      s[name](s)
      local ran, value, message, code = coroutine.resume(co)
      assert.is_true(ran, value)
      assert.equal("dead", coroutine.status(co))
      fails("closed", value, message, code)
      assert.equal("closed", s:state())
    end)

    it("does not use another connection: " .. name .. " while it is made",
       function()
      local run <close> = stalling()
      local s, resolved
      s = assert(pop3.connect { host = "pop.example", port = run.port, tls = "none",
        resolve = function()
          resolved = (resolved or 0) + 1
          if s then s[name](s) end
          return { { family = "inet", addr = "127.0.0.1" } }
        end,
        wait = function(fd, mode, seconds)
          if s and resolved == 1 and mode == "r" then return nil, "timeout" end
          return core.poll(fd, mode, seconds)
        end })
      local message = fails("closed", s:login("mrose", "secret"))
      assert.equal(2, resolved)
      assert.truthy(message:find(name == "cancel" and "cancelled"
                                 or "the session has ended", 1, true), message)
      assert.equal("closed", s:state())
    end)

    it("returns code closed: " .. name .. " in the function for the token",
       function()
      local server = require "pop3.server".new { users = { mrose = {
        password = "secret" } } }
      local s = assert(pop3.connect { transport = server:loopback() })
      fails("closed", s:login("mrose", nil, { token = function()
        s[name](s)
        return "token"
      end }))
      assert.equal("closed", s:state())
    end)
  end
end)
