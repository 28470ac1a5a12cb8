-- Ready byte streams in place of a socket.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local fails, multi = helper.fails, helper.multi
local pair, serve, use = helper.pair, helper.serve, helper.use

local BODY = helper.BODY

describe("a descriptor", function()
  it("is a transport, and is closed with the session", function()
    local before = helper.descriptors()
    do
      local fd, server <close> = helper.fork(serve)
      local s = assert(helper.connect(fd:detach()))
      assert.are.equal("pop3.session (transport, authorization)", tostring(s))
      use(s)
      assert.is_table(server)
    end
    assert.are.equal(before, helper.descriptors())
  end)

  it("is closed when the session is dropped, or fails", function()
    local before = helper.descriptors()
    for _ = 1, 3 do
      local mine, its = core.socketpair()
      helper.say(its, "+OK\r\n")
      assert(helper.connect(mine:detach()))
    end
    assert.are.equal(before, helper.descriptors())
    local mine, its = core.socketpair()
    helper.say(its, "220 smtp\r\n")
    fails("proto", helper.connect(mine:detach()))
    its:close()
    assert.are.equal(before, helper.descriptors())
  end)

  it("that is not open is code io", function()
    fails("io", pop3.connect { transport = 9999 })
  end)

  it("of a device is code closed", function()
    local free, other = core.socketpair()
    local number = free:getfd()
    free:close()
    local f = assert(io.open "/dev/null")  -- takes the number that is free
    fails("closed", pop3.connect { transport = number, timeout = 1 })
    f:close()
    other:close()
  end)

  it("of a TCP connection is a loopback when its host is one", function()
    local ours, theirs = pair()
    theirs:send "+OK\r\n"
    local number = ours:getfd()
    ours:setfd(-1)
    local s = assert(helper.connect(number))
    assert.is_true(s:may_send_cleartext())
    s:close()
    theirs:close()
  end)
end)

describe("a LuaSocket object", function()
  it("is a transport, and is closed with the session", function()
    local ours, theirs = pair()
    theirs:settimeout(0)
    theirs:send "+OK ready\r\n"
    local s = assert(helper.connect(ours, { wait = function(fd, mode, seconds)
      if theirs:receive() == "CAPA" then theirs:send "+OK\r\n.\r\n" end
      return core.poll(fd, mode, seconds)
    end }))
    assert.same({}, s:capa())
    s:close()
    assert.is_nil(ours:receive(1))
    assert.are.equal("closed", select(2, theirs:receive()))
  end)

  it("keeps its buffered octets", function()
    local ours, theirs = pair()
    theirs:send "220 proxy\r\n+OK behind a proxy\r\n"
    assert.are.equal("220 proxy", ours:receive "*l")
    local s = assert(helper.connect(ours, { wait = function()
      error "there is nothing to wait for"
    end }))
    assert.are.equal("behind a proxy", s:greeting())
    s:close()
    theirs:close()
  end)

  it("carries a whole session", function()
    local ours, theirs = pair()
    local mine, its = core.socketpair()
    local pid = core.fork()
    if pid == 0 then
      ours:close()
      mine:close()
      pcall(serve, core.fd(theirs:getfd()))
      core.exit(0)
    end
    its:close()
    theirs:close()
    use(assert(helper.connect(ours)))
    assert.are.equal(0, core.waitpid(pid))
  end)

  it("that is closed by the other side is code closed", function()
    local ours, theirs = pair()
    theirs:send "+OK half a l"
    theirs:close()
    fails("closed", helper.connect(ours))
  end)

  it("may be silent until the time-out", function()
    local ours, theirs = pair()
    fails("timeout", helper.connect(ours, { timeout = 0.01 }))
    theirs:close()
  end)
end)

describe("an object", function()
  it("may give one octet at a time, and take one", function()
    local s = helper.login({ { "RETR 1", multi("", BODY) }, { "NOOP", "+OK" } },
                           { chunk = 1, accept = 1 })
    assert.are.equal(BODY, s:retr(1))
    assert.is_true(s:noop())
  end)

  it("is asked for no more octets than needed", function()
    local peer = helper.peer { "+OK" }
    local receive, most = peer.receive, 0
    peer.receive = function(self, max)
      assert.are.equal("integer", math.type(max))
      most = math.max(most, max)
      return receive(self, max)
    end
    assert(helper.connect(peer))
    assert.is_true(most >= 4096 and most <= 1024 * 1024)
  end)

  it("that must wait works without a clock and without settimeout", function()
    local said, asked = { "+OK\r\n" }, 0
    local object = {
      send = function(_, octets) return #octets end,
      receive = function()
        asked = asked + 1
        return table.remove(said) or nil, "timeout"
      end,
      close = function() end,
    }
    local s = assert(pop3.connect { transport = object })
    fails("timeout", s:capa())
    assert.are.equal(2, asked)  -- its timeout is final
  end)

  it("that cannot send in time is code timeout", function()
    local peer = helper.peer { "+OK", { "CAPA", "-ERR" } }
    local s = helper.connect(peer)
    peer.send = function() return nil, "timeout" end
    fails("timeout", s:capa())
    assert.are.equal("closed", s:state())
  end)

  it("that takes nothing while it has something to say is read first",
     function()
    local numbers, script = {}, { { "CAPA", multi("", "PIPELINING\r\n") } }
    for n = 1, 200 do
      numbers[n], script[n + 1] = n, { "RETR " .. n, multi("", BODY) }
    end
    local s, peer = helper.login(script, { accept = 50, chunk = 10 })
    local send, refused = peer.send, 0
    peer.send = function(self, octets)
      if not self.queue[1] then return send(self, octets) end
      refused = refused + 1
      return nil, "timeout"
    end
    assert.are.equal(200, s:retr_many(numbers, function(_, octets)
      assert.are.equal(BODY, octets)
    end))
    assert.is_true(refused > 10)
  end)

  it("that returns any error but timeout is closed", function()
    for _, why in ipairs { "closed", "Connection reset by peer" } do
      local peer = helper.peer({ "+OK" }, { stop = 2, ending = why })
      fails("closed", helper.connect(peer))
    end
    local s, peer = helper.login {}
    peer.send = function() return nil, "Broken pipe" end
    peer:push(helper.CLOSED)
    local message = fails("closed", s:noop())
    assert.is_truthy(message:find("Broken pipe", 1, true))
  end)

  it("that returns no reason for its end is closed, too", function()
    local s, peer = helper.login {}
    peer.receive = function() return nil end
    peer.command = function() end
    fails("closed", s:noop())
  end)

  it("that breaks the contract is an error", function()
    local wrong = {
      send = { 0, -1, 1000, 1.5, "x", true },
      receive = { "", 5, true, {} },
      pending = { 0, 1, "no" },
    }
    for name, values in pairs(wrong) do
      for _, value in ipairs(values) do
        local s, peer = helper.login {}
        peer[name] = function() return value end
        peer.command = function() end
        local ok, err = pcall(s.noop, s)
        assert.is_false(ok)
        assert.is_truthy(tostring(err):find("the transport's " .. name, 1, true))
      end
    end
  end)

  it("that raises an error passes it on", function()
    for _, name in ipairs { "send", "receive" } do
      local s, peer = helper.login {}
      local oops = {}
      peer[name] = function() error(oops) end
      peer.command = function() end
      local ok, err = pcall(s.noop, s)
      assert.same({ false, oops }, { ok, err })
    end
  end)

  it("is a loopback only when it says so", function()
    for _, value in ipairs { false, 1, "yes" } do
      local peer = helper.peer { "+OK" }
      peer.loopback = value
      assert.is_false(helper.connect(peer):may_send_cleartext())
    end
    assert.is_true(helper.connect(helper.peer { "+OK" }):may_send_cleartext())
  end)

  it("is closed exactly once", function()
    local s, peer = helper.login { { "NOOP", { helper.CLOSED } } }
    s:noop()
    s:close()
    s = nil  -- luacheck: ignore
    collectgarbage()
    assert.are.equal(1, peer.closed)
    s, peer = helper.login {}
    s = nil  -- luacheck: ignore
    collectgarbage()
    assert.are.equal(1, peer.closed)
    do
      local t <close>, other = helper.login {}
      peer = other
      assert.are.equal("transaction", t:state())
    end
    assert.are.equal(1, peer.closed)
  end)

  it("works with our server in memory", function()
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = { BODY } } } }
    local s <close> = assert(pop3.connect {
      transport = server:loopback(), user = "mrose", password = "secret" })
    assert.are.equal(BODY, s:retr(1))
    assert.same({ 1, #BODY }, { s:stat() })
  end)
end)
