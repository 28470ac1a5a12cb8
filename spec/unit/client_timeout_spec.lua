-- Silence, drips and deadlines, by a clock that only moves when someone waits.

local helper = require "spec.helper"

local fails, multi = helper.fails, helper.multi
local SILENCE = helper.SILENCE

local function session(script, timeout)
  return helper.login(script, nil, { timeout = timeout })
end

-- A reply of which one octet comes every `seconds` seconds.
local function drip(octets, seconds)
  local parts = {}
  for i = 1, #octets do
    parts[#parts + 1] = seconds
    parts[#parts + 1] = octets:sub(i, i)
  end
  return parts
end

describe("silence", function()
  it("is code timeout after 60 seconds", function()
    local s, peer = session { { "NOOP", { SILENCE } } }
    local message = fails("timeout", s:noop())
    assert.are.equal("NOOP: transport: timeout", message)
    assert.are.equal(60, peer.time)
  end)

  it("is code timeout after the given time", function()
    for _, timeout in ipairs { 0.25, 5, { io = 5 }, { io = 5, total = 90 },
                               { io = 50, total = 5 }, { total = 5 } } do
      local s, peer = session({ { "NOOP", { SILENCE } } }, timeout)
      fails("timeout", s:noop())
      assert.are.equal(timeout == 0.25 and 0.25 or 5, peer.time)
    end
  end)

  it("in any call is code timeout, and ends the session", function()
    local calls = {
      stat = {}, list = {}, uidl = { 1 }, retr = { 1 }, top = { 1, 0 },
      dele = { 1 }, rset = {}, noop = {}, capa = {}, lang = {},
      supports = { "TOP" }, command = { "XFOO" }, messages = {},
      retr_many = { { 1, 2 }, function() end }, quit = {}, message = { 1 },
      headers = { 1 },
    }
    for name, args in pairs(calls) do
      for _, reply in ipairs { { SILENCE }, { "+O", SILENCE } } do
        local s, peer = session({ { "~", reply } }, 3)
        fails("timeout", s[name](s, table.unpack(args)))
        assert.are.equal("closed", s:state())
        assert.are.equal(1, peer.closed)
        fails("closed", s:stat())
      end
    end
  end)

  it("in the middle of a body is code timeout", function()
    local s = session({ { "RETR 1", { "+OK\r\nabc\r\n", SILENCE } } }, 3)
    fails("timeout", s:retr(1))
  end)

  it("that ends in time is no error", function()
    local s, peer = session({ { "NOOP", { 4.9, "+O", 4.9, "K\r\n" } } }, 5)
    assert.is_true(s:noop())
    assert.are.equal(9.8, peer.time)
  end)
end)

describe("a server in memory", function()
  it("that answers late costs no time", function()
    local pop3 = require "pop3"
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = { "x" } } } }
    server:fault { verb = "NOOP", delay = 59 }
    server:fault { verb = "STAT", delay = 61 }
    local s <close> = assert(pop3.connect {
      transport = server:loopback(), user = "mrose", password = "secret" })
    assert.is_true(s:noop())
    fails("timeout", s:stat())
    fails("closed", s:stat())
  end)
end)

describe("a late reply", function()
  it("never answers a later command", function()
    local s = session({ { "STAT", { 7, "+OK 1 100\r\n" } },
                        { "STAT", "+OK 2 200" } }, 5)
    fails("timeout", s:stat())
    fails("closed", s:stat())
  end)
end)

describe("a drip", function()
  it("can go on for ever without timeout.total", function()
    local s, peer = session({ { "NOOP", drip("+OK " .. ("x"):rep(95) .. "\r\n",
                                             50) } })
    assert.is_true(s:noop())
    assert.is_true(peer.time > 5000)
  end)

  it("is ended by timeout.total", function()
    local s, peer = session({ { "NOOP", drip("+OK yes\r\n", 3) } },
                            { io = 60, total = 20 })
    fails("timeout", s:noop())
    assert.are.equal(20, peer.time)
    assert.are.equal("closed", s:state())
  end)

  it("of a body is ended by timeout.total, whole or to a sink", function()
    for _, sink in ipairs { false, function() return true end } do
      local s, peer = session({ { "RETR 1", drip(multi("", "abc\r\n"), 3) } },
                              { io = 60, total = 20 })
      fails("timeout", s:retr(1, sink or nil))
      assert.are.equal(20, peer.time)
    end
  end)

  it("of discarded octets is ended by it, too", function()
    local s, peer = session({ { "RETR 1", { "+OK\r\na",
                              table.unpack(drip("bcdefghijklm\r\n", 3)) } },
                              { "NOOP", "+OK" } }, { total = 20 })
    fails("io", s:retr(1, function() return nil, "full" end))
    fails("timeout", s:noop())
    assert.are.equal(20, peer.time)
  end)

  it("that ends in time is no error", function()
    local s = session({ { "NOOP", drip("+OK\r\n", 3) } }, { total = 15 })
    assert.is_true(s:noop())
  end)
end)

describe("the total", function()
  it("is for one operation, not for the session", function()
    local s, peer = session({ { "NOOP", { 9, "+OK\r\n" } },
                              { "NOOP", { 9, "+OK\r\n" } } }, { total = 10 })
    assert.is_true(s:noop())
    assert.is_true(s:noop())
    assert.are.equal(18, peer.time)
  end)

  it("bounds a login of many commands", function()
    local peer = helper.peer { "+OK", { "CAPA", { 4, "-ERR\r\n" } },
                               { "USER mrose", { 4, "+OK\r\n" } },
                               { "PASS secret", { 4, "+OK\r\n" } } }
    local s = helper.connect(peer, { timeout = { total = 10 } })
    fails("timeout", s:login("mrose", "secret"))
    assert.are.equal(10, peer.time)
  end)

  it("bounds connect with its login", function()
    local peer = helper.peer { { 4, "+OK\r\n" }, { "USER mrose", { 4, "+OK\r\n" } },
                               { "PASS secret", { 4, "+OK\r\n" } } }
    fails("timeout", helper.connect(peer, {
      timeout = { total = 10 }, user = "mrose", password = "secret",
      mechs = { "USER" } }))
    assert.are.equal(10, peer.time)
  end)

  it("bounds the two listings of messages", function()
    local s, peer = session({ { "LIST", { 8, "+OK\r\n.\r\n" } },
                              { "UIDL", { 8, "+OK\r\n.\r\n" } } },
                            { total = 10 })
    fails("timeout", s:messages())
    assert.are.equal(10, peer.time)
  end)

  it("bounds retr_many as a whole", function()
    local script = { { "CAPA", "-ERR" } }
    for n = 1, 5 do
      script[n + 1] = { "RETR " .. n, { 4, multi("", "x\r\n") } }
    end
    local s, peer = session(script, { total = 10 })
    local told = {}
    fails("timeout", s:retr_many({ 1, 2, 3, 4, 5 }, function(n, octets, _, code)
      told[n] = octets or code
    end))
    assert.same({ "x\r\n", "x\r\n", "timeout", "timeout", "timeout" }, told)
    assert.are.equal(10, peer.time)
  end)

  it("starts again after an operation that raised an error", function()
    local s = session({ { "CAPA", multi("", "PIPELINING\r\n") },
                        { "RETR 1", { 8, multi("", "x\r\n") } },
                        { "RETR 2", multi("", "x\r\n") },
                        { "NOOP", { 8, "+OK\r\n" } } }, { total = 10 })
    assert.is_false(pcall(s.retr_many, s, { 1, 2 }, function() error "x" end))
    assert.is_true(s:noop())
  end)
end)
