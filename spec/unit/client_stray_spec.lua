-- Octets that no command asked for: an extra reply must never become the reply to the
-- next command.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local fails, multi = helper.fails, helper.multi

-- Octets that a server may send unasked, after a reply.
local strays = {
  "+OK\r\n", "+OK logged in\r\n", "+OK 7 700\r\n", "+OK\n", "+", "x", "\r\n\r\n",
  "+OK\r\nSubject: x\r\n.\r\n", "-ERR no\r\n-ERR no\r\n", "-ERR no",
  "-ERRor\r\n", "\0",
}

-- What a session does, after which the stray octets are there.
local before = {
  noop = { "NOOP", "+OK\r\n" },
  retr = { "RETR 1", multi("", "A: b\r\n"), 1 },
  top = { "TOP 1 0", multi("", "A: b\r\n"), 1, 0 },
  list = { "LIST", multi("", "1 5\r\n") },
  dele = { "DELE 1", "-ERR no such message\r\n", 1 },
}

local after = {
  dele = { "DELE 1", 1 }, stat = { "STAT" }, retr = { "RETR 1", 1 },
  uidl = { "UIDL" }, quit = { "QUIT" },
}

describe("a stray reply", function()
  for name, first in pairs(before) do
    it("after the one to " .. name .. " is code proto, and ends the session",
       function()
      for _, stray in ipairs(strays) do
        for next_name, second in pairs(after) do
          for _, way in ipairs { {}, { chunk = 1 },
              { split = helper.LOGIN_OCTETS + #first[2] },
              { split = helper.LOGIN_OCTETS + #first[2] + 1 } } do
            local s, peer = helper.login(
              { { first[1], first[2] .. stray } }, way)
            s[name](s, table.unpack(first, 3))
            local message = fails("proto", s[next_name](s,
                                                        table.unpack(second, 2)))
            assert.truthy(message:find("unexpected octets", 1, true))
            assert.are.equal("closed", s:state())
            assert.are.equal(3, #peer.got)
          end
        end
      end
    end)
  end

  it("is quoted in the message, without secrets", function()
    local s = helper.login { { "NOOP", "+OK\r\n+OK hello, secret \27\r\n" } }
    assert.is_true(s:noop())
    local message = fails("proto", s:noop())
    assert.truthy(message:find('"+OK hello, *** ?"', 1, true), message)
  end)

  it("after the greeting does not log in", function()
    for _, way in ipairs { {}, { chunk = 1 }, { split = #"+OK ready\r\n" } } do
      local peer = helper.peer({ "+OK ready\r\n+OK second banner\r\n" }, way)
      fails("proto", helper.connect(peer, { user = "mrose", password = "wrong",
                                            mechs = { "USER" } }))
      assert.same({}, peer.got)
    end
  end)

  it("after the reply to USER does not log in", function()
    for _, way in ipairs { {}, { chunk = 1 } } do
      local peer = helper.peer({ "+OK", { "USER mrose", "+OK\r\n+OK\r\n" } },
                               way)
      fails("proto", helper.connect(peer, { user = "mrose", password = "wrong",
                                            mechs = { "USER" } }))
      assert.same({ "USER mrose" }, peer.got)
    end
  end)

  it("that comes after USER was sent does not log in", function()
    for _, last in ipairs { "-ERR wrong password\r\n", "-ERR [AUTH] no\r\n", "+OK\r\n",
                            "+OK logged in\r\n", "-ERR", "x" } do
      local peer = helper.peer { "+OK", { "USER mrose", "+OK second banner\r\n" },
                                 { "PASS wrong", "+OK send PASS\r\n" .. last } }
      fails("proto", helper.connect(peer, { user = "mrose", password = "wrong",
                                            mechs = { "USER" } }))
      assert.equal(1, peer.closed)
    end
  end)

  it("after the reply to AUTH does not log in", function()
    for _, last in ipairs { "-ERR wrong password\r\n", "+OK\r\n", "+ \r\n" } do
      for _, way in ipairs { {}, { split = 30 }, { split = 60 } } do
        local peer = helper.peer({ "+OK", { "CAPA", "+OK\r\nSASL PLAIN\r\n.\r\n" },
          { "~^AUTH PLAIN", "+OK\r\n" .. last } }, way)
        fails("proto", helper.connect(peer, { user = "mrose", password = "wrong" }))
      end
    end
  end)

  it("after a challenge does not log in", function()
    for _, way in ipairs { {}, { chunk = 1 } } do
      local peer = helper.peer({ "+OK", { "CAPA", "+OK\r\nSASL LOGIN\r\n.\r\n" },
                                 { "AUTH LOGIN", "+ VXNlcjo=\r\n+OK\r\n" } },
                               way)
      fails("proto", helper.connect(peer, { user = "mrose", password = "wrong",
                                            mechs = { "LOGIN" } }))
      assert.same({ "CAPA", "AUTH LOGIN" }, peer.got)
    end
  end)

  it("in a list that is fetched one by one is noticed", function()
    for _, way in ipairs { {}, { chunk = 1 } } do
      local s, peer = helper.login({ { "CAPA", "-ERR\r\n" },
        { "RETR 1", multi("", "a\r\n") .. "+OK\r\n" } }, way)
      local got = {}
      fails("proto", s:retr_many({ 1, 2, 3 }, function(n, octets, _, code)
        got[n] = octets or code
      end))
      assert.same({ "a\r\n", "proto", "proto" }, got)
      assert.are.equal(4, #peer.got)
    end
  end)
end)

describe("a stray reply between pipelined ones", function()
  local function fetched(stray, opts)
    local all = { pipeline = nil }
    for name, value in pairs(opts or {}) do all[name] = value end
    local s = helper.login({ { "CAPA", multi("", "PIPELINING\r\n") },
      { "RETR 1", multi("", "N: 1\r\n") .. stray },
      { "RETR 2", multi("", "N: 2\r\n") }, { "RETR 3", multi("", "N: 3\r\n") },
      { "NOOP", "+OK" } }, {}, all)
    local got = {}
    local count, message, code = s:retr_many({ 1, 2, 3 }, function(n, octets, _, why)
      got[n] = octets or why
    end)
    return got, count, message, code, s
  end

  it("does not become the beginning of a message", function()
    for _, stray in ipairs { "+OK\r\n", "+OK 120 octets\r\n" } do
      local got, count, _, code, s = fetched(stray)
      assert.same({ "N: 1\r\n", "proto", "proto" }, got)
      assert.is_nil(count)
      assert.equal("proto", code)
      assert.equal("closed", s:state())
    end
  end)
end)

describe("a message that begins with a status line", function()
  it("is fetched as it is, one at a time", function()
    for _, body in ipairs { "+OK\r\n", "+OK 5\r\n", "-ERR\r\nA: b\r\n" } do
      local s = helper.login { { "RETR 1", multi("", body) } }
      assert.equal(body, s:retr(1))
      s = helper.login({ { "RETR 1", multi("", body) }, { "RETR 2", multi("", body) } },
                       {}, { pipeline = false })
      assert.equal(2, s:retr_many({ 1, 2 }, function(_, octets)
        assert.equal(body, octets)
      end))
    end
  end)
end)

describe("an empty line that no command asked for", function()
  it("is ignored once, and the log says so", function()
    for _, eol in ipairs { "\r\n", "\n" } do
      for _, way in ipairs { {}, { chunk = 1 } } do
        local log = {}
        local s = helper.login(
          { { "NOOP", "+OK a\r\n" .. eol }, { "STAT", "+OK 1 2" .. eol .. eol },
            { "STAT", "+OK 3 4\r\n" } }, way,
          { log = function(_, line) log[#log + 1] = line end })
        assert.is_true(s:noop())
        assert.are.equal(1, s:stat())
        assert.are.equal(3, s:stat())
        local skipped = 0
        for _, line in ipairs(log) do
          if line:find("empty line", 1, true) then skipped = skipped + 1 end
        end
        assert.are.equal(2, skipped)
      end
    end
  end)
end)

describe("a line -ERR that no command asked for", function()
  it("gives the reason why the server ends the session", function()
    for _, way in ipairs { {}, { chunk = 1 } } do
      local s, peer = helper.login(
        { { "NOOP", { "+OK\r\n", "-ERR [SYS/TEMP] idle too long\r\n",
                      helper.CLOSED } } }, way)
      assert.is_true(s:noop())
      if not way.chunk then
        local _, reply = fails("err", s:stat())
        assert.same({ code = "SYS/TEMP", text = "idle too long" }, reply)
        assert.are.equal("closed", s:state())
        assert.are.equal(3, #peer.got)
      else  -- a part of it is there when the command is sent
        assert.is_nil((s:stat()))
        assert.are.equal("closed", s:state())
      end
    end
  end)
end)

describe("a stray reply on a socket", function()
  -- A session over a pair of sockets, and the server's end. 'wrap' makes a
  -- transport of the descriptor.
  local function session(tls)
    local ours, theirs = core.socketpair()
    helper.say(theirs, "+OK\r\n")
    local s = assert(helper.connect(ours:detach(), tls))
    return s, theirs
  end

  it("that came while the session was idle is noticed", function()
    local s, theirs = session()
    helper.say(theirs, "+OK\r\n")
    local message = fails("proto", s:capa())
    assert.truthy(message:find('"+OK"', 1, true))
    local octets, err = theirs:read(100)
    assert.is_nil(octets)  -- nothing was sent
    assert.are.equal("closed", err)
    theirs:close()
  end)

  it("is noticed by a LuaSocket object", function()
    local ours, theirs = helper.pair()
    theirs:send "+OK\r\n"
    local s = assert(helper.connect(ours))
    theirs:send "+OK\r\n"
    fails("proto", s:capa())
    theirs:close()
  end)

  it("leaves the code of a lost connection closed", function()
    local s, theirs = session()
    theirs:close()
    fails("closed", s:capa())
  end)
end)

describe("a stray reply under TLS", function()
  it("is noticed in the socket and in TLS", function()
    for _, implicit in ipairs { true, false } do
      local server = pop3.server.new {
        tls = "auto", implicit = implicit,
        users = { mrose = { password = "secret", mail = { "A: b\r\n" } } } }
      server:fault { verb = "NOOP", append = "+OK stray\r\n" }
      local run <close> = server:fork()
      local s = assert(pop3.connect {
        host = "127.0.0.1", port = run.port, servername = "localhost",
        tls = implicit and "implicit" or "stls", cafile = run.cafile,
        user = "mrose", password = "secret" })
      assert.is_true(s:noop())
      fails("proto", s:dele(1))
      assert.are.equal("closed", s:state())
    end
  end)

  it("is not confused with tickets and other records of TLS", function()
    local server = pop3.server.new {
      tls = "auto", implicit = true,
      users = { mrose = { password = "secret", mail = { "A: b\r\n" } } } }
    local run <close> = server:fork()
    for _ = 1, 3 do
      local s <close> = assert(pop3.connect {
        host = "127.0.0.1", port = run.port, servername = "localhost",
        cafile = run.cafile, user = "mrose", password = "secret" })
      for _ = 1, 5 do assert.is_true(s:noop()) end
      assert.is_true(s:quit())
    end
  end)
end)
