-- Bodies that go to ltn12 sinks.

local helper = require "spec.helper"
local ltn12 = require "ltn12"

local fails, multi = helper.fails, helper.multi

local BODY = "one\r\n.two\r\nthree\r\n"
local NOOP = { "NOOP", "+OK" }
local PIECES = { "+OK\r\none\r\n..", "two\r\nth", "ree\r\n.\r\n" }

-- A session on which RETR 1 brings three chunks.
local function session(...)
  return helper.login({ { "RETR 1", {
    PIECES[1], 0, PIECES[2], 0, PIECES[3] } }, NOOP, ... })
end

describe("a sink", function()
  it("gets the octets, then nil", function()
    local s, got = session(), {}
    assert.same({ #BODY }, { s:retr(1, function(chunk, err)
      got[#got + 1] = chunk or { "end", err }
      return 1
    end) })
    assert.same({ "end" }, table.remove(got))
    assert.are.equal(BODY, table.concat(got))
    assert.are.equal(3, #got)
  end)

  it("of ltn12 works: table, file, chain", function()
    local dir <close> = helper.directory()
    local reply = { "RETR 1", multi("", BODY) }
    local s = helper.login { reply, reply, reply }
    local sink, t = ltn12.sink.table()
    assert.are.equal(#BODY, s:retr(1, sink))
    assert.are.equal(BODY, table.concat(t))
    assert.are.equal(#BODY, s:retr(1, ltn12.sink.file(
      io.open(dir.path .. "/a", "wb"))))
    assert.are.equal(BODY, dir:read "a")
    sink, t = ltn12.sink.table()
    local upper = function(chunk) return chunk and chunk:upper() end
    assert.are.equal(#BODY, s:retr(1, ltn12.sink.chain(upper, sink)))
    assert.are.equal(BODY:upper(), table.concat(t))
  end)

  it("can be an object that is called", function()
    local s, got = session(), ""
    local sink = setmetatable({}, { __call = function(_, chunk)
      got = got .. (chunk or "")
      return true
    end })
    assert.are.equal(#BODY, s:retr(1, sink))
    assert.are.equal(BODY, got)
  end)

  it("gets only the end of an empty body", function()
    local s = helper.login { { "RETR 1", "+OK\r\n.\r\n" } }
    local got = {}
    assert.are.equal(0, s:retr(1, function(chunk) got[#got + 1] = chunk or "end"
                                   return true end))
    assert.same({ "end" }, got)
  end)

  it("works for top, too", function()
    local s = helper.login { { "TOP 1 2", multi("", BODY) } }
    local sink, t = ltn12.sink.table()
    assert.are.equal(#BODY, s:top(1, 2, sink))
    assert.are.equal(BODY, table.concat(t))
  end)

  it("gets chunks of a useful size, not lines", function()
    local octets = ("twelve octets and some more\r\n"):rep(40000)
    local fd, server <close> = helper.fork(function(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, multi("", octets))
      helper.hear(fd)
    end)
    local s = assert(helper.connect(fd:detach()))
    assert(s:command "PASS x")
    local count, big = 0, 0
    assert.are.equal(#octets, s:retr(1, function(chunk)
      if not chunk then return true end
      assert.is_true(#chunk > 0)
      count, big = count + 1, math.max(big, #chunk)
      return true
    end))
    assert.is_true(#octets / count > 4096)
    assert.is_true(big <= 512 * 1024)
    assert.is_userdata(server and fd)
  end)
end)

describe("a sink that refuses", function()
  for nth, where in ipairs { "the first", "a middle", "the last" } do
    it(where .. " chunk is not called again, and the session stays in step",
       function()
      local s, calls = session(), 0
      local message = fails("io", s:retr(1, function()
        calls = calls + 1
        if calls == nth then return nil, "disk full" end
        return true
      end))
      assert.are.equal(nth, calls)
      assert.are.equal("RETR 1: transport: the sink refused: disk full", message)
      assert.is_true(s:noop())
    end)
  end

  it("at the end of the body fails the call", function()
    local s = session()
    local message = fails("io", s:retr(1, function(chunk)
      if chunk then return true end
      return nil, "no space\nleft"
    end))
    assert.is_truthy(message:find("no space left", 1, true))
    assert.is_true(s:noop())
  end)

  it("without a message fails the call, too", function()
    local s = session()
    fails("io", s:retr(1, function() return false end))
    assert.is_true(s:noop())
  end)

  it("may return nothing at the end", function()
    local s = session()
    assert.are.equal(#BODY, s:retr(1, function(chunk) return chunk end))
  end)

  it("does not disturb a quit", function()
    local s = helper.login { { "RETR 1", multi("", BODY) }, { "QUIT", "+OK" } }
    fails("io", s:retr(1, function() return nil, "full" end))
    assert.is_true(s:quit())
  end)

  it("discards the rest of the body, up to the drain", function()
    local rest = ("x"):rep(2000) .. "\r\n"
    local function play(drain)
      local s = helper.login({ { "RETR 1", { "+OK\r\na\r\n", 0, rest .. ".\r\n" } },
                               NOOP }, nil, { limits = { drain = drain } })
      fails("io", s:retr(1, function() return nil, "full" end))
      return s
    end
    assert.is_true(play(#rest):noop())
    local s = play(#rest - 1)
    fails("limit", s:noop())
    fails("closed", s:noop())
  end)
end)

describe("a sink that raises an error", function()
  for nth = 1, 4 do
    it(("in call %d passes it on, and the session stays in step"):format(nth),
       function()
      local s, calls, oops = session(), 0, {}
      local ok, err = pcall(s.retr, s, 1, function()
        calls = calls + 1
        if calls == nth then error(oops) end
        return true
      end)
      assert.is_false(ok)
      assert.are.equal(oops, err)
      assert.are.equal(nth, calls)
      assert.is_true(s:noop())
    end)
  end
end)

describe("a sink is told", function()
  -- The last call of a sink when the server sends this.
  local function last(reply, opts)
    local s, told = helper.login({ { "RETR 1", reply } }, nil, opts), {}
    local _, message, code = s:retr(1, function(chunk, err)
      told[#told + 1] = { chunk ~= nil, err }
      return true
    end)
    assert.same({ false, message }, told[#told])
    for i = 1, #told - 1 do assert.same({ true }, told[i]) end
    return code, #told
  end

  it("of an -ERR", function()
    assert.same({ "err", 1 }, { last "-ERR no such message" })
  end)

  it("of a lost link", function()
    assert.same({ "closed", 2 }, { last { "+OK\r\nabc", helper.CLOSED } })
  end)

  it("of a timeout", function()
    assert.same({ "timeout", 2 }, { last { "+OK\r\nabc", helper.SILENCE } })
  end)

  it("of a limit", function()
    assert.same({ "limit", 1 }, { last(multi("", BODY),
                                       { limits = { message = 5 } }) })
  end)

  it("of a malformed reply", function()
    assert.same({ "proto", 1 }, { last "what?" })
  end)
end)

describe("within a sink", function()
  it("the session answers code state, and the body goes on", function()
    local s, peer = session()
    local sink, t = ltn12.sink.table()
    assert.are.equal(#BODY, s:retr(1, function(chunk)
      fails("state", s:noop())
      fails("state", s:retr(2))
      fails("state", s:quit())
      return sink(chunk)
    end))
    assert.are.equal(BODY, table.concat(t))
    assert.are.equal(3, #peer.got)
    assert.is_true(s:noop())
  end)

  it("closing the session ends the call", function()
    local s, peer = session()
    fails("closed", s:retr(1, function()
      s:close()
      return true
    end))
    assert.are.equal(1, peer.closed)
    local t = session()
    fails("io", t:retr(1, function()
      t:close()
      return nil, "enough"
    end))
  end)
end)
