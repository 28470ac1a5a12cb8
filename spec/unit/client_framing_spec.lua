-- Replies through the whole client, in pieces of every size: whole, one octet
-- at a time, cut in two at each place.

local helper = require "spec.helper"

-- Play the same script in every way and check each time.
local function every_split(script, check)
  local said = 0
  for i = 2, #script do said = said + #table.concat(script[i][2]) end
  local ways = { {}, { chunk = 1 }, { chunk = 2 }, { chunk = 3 }, { chunk = 7 } }
  for k in helper.sweep(1, said - 1, 12) do
    ways[#ways + 1] = { split = helper.LOGIN_OCTETS + k }
  end
  for _, way in ipairs(ways) do
    local s, peer = helper.login(script, way)
    check(s)
    assert.are.equal("transaction", s:state())
    assert.are.equal(#script + 3, peer.at)
  end
end

-- Bodies as they are on the wire, before the terminator, and what they hold.
local bodies = {
  ["nothing"] = { "", "" },
  ["an empty line"] = { "\r\n", "\r\n" },
  ["empty lines"] = { "\r\n\r\n\r\n", "\r\n\r\n\r\n" },
  ["lines"] = { "a\r\nbc\r\n", "a\r\nbc\r\n" },
  ["a stuffed dot"] = { "..\r\n", ".\r\n" },
  ["stuffed dots"] = { "...\r\n..a\r\n....\r\n", "..\r\n.a\r\n...\r\n" },
  ["a dot that is not stuffed"] = { ".a\r\nb\r\n", "a\r\nb\r\n" },
  ["dots inside"] = { "a.\r\nb.c\r\n", "a.\r\nb.c\r\n" },
  ["a bare LF"] = { "a\nb\r\n", "a\nb\r\n" },
  ["a dot behind a bare LF"] = { "a\n.\nb\n.c\r\n", "a\n.\nb\n.c\r\n" },
  ["a terminator of bare LFs"] = { "a\n.\n\r\n", "a\n.\n\r\n" },
  ["a terminator with CR only"] = { "a\r.\r\r\n", "a\r.\r\r\n" },
  ["a dot, CR, no LF"] = { "a\r\n..\rb\r\n", "a\r\n.\rb\r\n" },
  ["lone CRs"] = { "\r\r\r\n\ra\r\n", "\r\r\r\n\ra\r\n" },
  ["CR CR LF dot"] = { "a\r\r\n..\r\n", "a\r\r\n.\r\n" },
  ["NULs"] = { "\0\r\n\0.\0\r\n", "\0\r\n\0.\0\r\n" },
  ["all octets"] = { "\255\254\128\127\27\r\n", "\255\254\128\127\27\r\n" },
  ["what looks like a reply"] = { "+OK\r\n-ERR\r\n", "+OK\r\n-ERR\r\n" },
}

describe("a body of", function()
  for name, body in pairs(bodies) do
    local wire, plain = body[1], body[2]
    it(name .. " comes out exactly", function()
      local reply = { "+OK x\r\n" .. wire .. ".\r\n" }
      every_split({
        { "RETR 1", reply }, { "TOP 1 5", reply }, { "RETR 2", reply },
        { "XBODY", reply }, { "NOOP", { "+OK\r\n" } },
      }, function(s)
        assert.are.equal(plain, s:retr(1))
        assert.are.equal(plain, s:top(1, 5))
        local got = {}
        assert.are.equal(#plain, s:retr(2, function(chunk)
          got[#got + 1] = chunk
          return true
        end))
        assert.are.equal(plain, table.concat(got))
        assert.are.equal(plain, select(2, s:command("XBODY",
                                                    { multiline = true })))
        assert.is_true(s:noop())
      end)
    end)
  end
end)

describe("a server that ends all lines with bare LF", function()
  it("is understood", function()
    every_split({
      { "RETR 1", { "+OK\na\n..b\n.\n" } }, { "STAT", { "+OK 1 2\n" } },
      { "UIDL", { "+OK\n1 a\n2 b\n.\n" } }, { "NOOP", { "-ERR x\n" } },
    }, function(s)
      assert.are.equal("a\n.b\n", s:retr(1))
      assert.same({ 1, 2 }, { s:stat() })
      assert.same({ "a", "b" }, (s:uidl()))
      assert.is_nil(s:noop())
    end)
  end)
end)

describe("a server that ends the lines of bodies with bare LF", function()
  it("is understood", function()
    every_split({
      { "RETR 1", { "+OK\r\nSubject: a\n\n..b\n.c\n.\n" } },
      { "TOP 1 0", { "+OK\r\nSubject: a\n\n.\r\n" } },
      { "LIST", { "+OK\r\n1 5\n.\n" } },
      { "UIDL", { "+OK\r\n1 a\r\n2 b\n.\r\n" } },
      { "CAPA", { "+OK\r\nTOP\n.\n" } },
      { "NOOP", { "+OK\r\n" } },
    }, function(s)
      assert.are.equal("Subject: a\n\n.b\nc\n", s:retr(1))
      assert.are.equal("Subject: a\n\n", s:top(1, 0))
      assert.same({ 5 }, (s:list()))
      assert.same({ "a", "b" }, (s:uidl()))
      assert.same({ TOP = {} }, s:capa())
      assert.is_true(s:noop())
    end)
  end)

  it("is not confused with one that sends a message with LF dot CRLF in it",
     function()
    local body = "A: b\r\n\r\na\n.\r\nb\n.\nc\n.d\n\r\n"
    every_split({
      { "RETR 1", { "+OK\r\n" .. body .. ".\r\n" } },
      { "NOOP", { "+OK\r\n" } },
    }, function(s)
      assert.are.equal(body, s:retr(1))
      assert.is_true(s:noop())
    end)
  end)
end)

-- Bodies in LF that begin in CRLF, or have fewer than two lines: their end shows by a
-- pause after it.
describe("a body that ends in LF dot, and then nothing comes for a while,", function()
  for _, case in ipairs {
    { "Received: by a proxy\r\nA: b\n\nc\n", ".\n" },
    { "Received: by a proxy\r\nA: b\n\nc\n", ".\r\n" },
    { "A: b\r\n\r\nc\n", ".\n" },
    { "A: b\r\n\r\nc\n.\n.\nd\n", ".\n" },
    { "A: b\n", ".\n" }, { "A: b\n", ".\r\n" }, { "", ".\n" },
  } do
    it(("is complete: %q"):format(case[1] .. case[2]), function()
      local reply = { "+OK\r\n" .. case[1] .. case[2], 10 }
      every_split({ { "RETR 1", reply }, { "TOP 1 0", reply }, { "RETR 2", reply },
                    { "NOOP", { "+OK\r\n" } } }, function(s)
        assert.equal(case[1], s:retr(1))
        assert.equal(case[1], s:top(1, 0))
        local got = {}
        assert.equal(#case[1], s:retr(2, function(chunk)
          got[#got + 1] = chunk
          return true
        end))
        assert.equal(case[1], table.concat(got))
        assert.is_true(s:noop())
      end)
    end)
  end

  it("is not complete when more comes in time", function()
    for _, cut in ipairs { "a\n.\r\n", "a\r\n\r\nb\n.\r\n", "\r\na\n.\n", ".\n" } do
      local s = helper.login { { "RETR 1", { "+OK\r\n" .. cut, 4,
                                             "c\r\n.\r\n" } } }
      assert.equal((cut == ".\n" and "\n" or cut) .. "c\r\n", s:retr(1))
    end
  end)

  it("and goes on later, ends the session", function()
    local s = helper.login { { "RETR 1", { "+OK\r\na\r\nb\n.\r\n", 6,
                                           "c\r\n.\r\n" } },
                             { "DELE 1", { "+OK\r\n" } } }
    assert.equal("a\r\nb\n", s:retr(1))
    helper.fails("proto", s:dele(1))
    assert.equal("closed", s:state())
  end)

  it("costs no more than the time-out", function()
    local s = helper.login({ { "RETR 1", { "+OK\r\na\r\nb\n.", 100 } } })
    helper.fails("timeout", s:retr(1))
  end)
end)

describe("listings", function()
  it("come out exactly", function()
    every_split({
      { "LIST", { "+OK 3 messages\r\n1 120\r\n2 0\r\n10 3\r\n.\r\n" } },
      { "UIDL", { "+OK\r\n1 ..a\r\n2 b b\r\n10 \255\r\n.\r\n" } },
      { "LIST", { "+OK\r\n.\r\n" } },
      { "CAPA", { "+OK\r\nTOP\r\nSASL A B\r\n.\r\n" } },
      { "LANG", { "+OK\r\nen English\r\n.\r\n" } },
    }, function(s)
      assert.same({ { [1] = 120, [2] = 0, [10] = 3 }, 3 }, { s:list() })
      assert.same({ { [1] = "..a", [2] = "b b", [10] = "\255" }, 3 },
                  { s:uidl() })
      assert.same({ {}, 0 }, { s:list() })
      assert.same({ TOP = {}, SASL = { "A", "B" } }, s:capa())
      assert.same({ { tag = "en", description = "English" } }, s:lang())
    end)
  end)

  it("that are malformed leave the session in step", function()
    every_split({
      { "LIST", { "+OK\r\n1 1\r\nbad\r\n3 3\r\n\r\n.\r\n" } },
      { "LIST", { "+OK\r\nbad\r\n.\r\n" } },
      { "UIDL", { "+OK\r\n1 a\r\n1 a\r\n.\r\n" } },
      { "NOOP", { "+OK\r\n" } },
    }, function(s)
      assert.same({ { 1, nil, 3 }, 2, {
        { line = "bad", text = "the line has no message number" },
        { line = "", text = "the line is empty" } } }, { s:list() })
      helper.fails("proto", s:list())
      helper.fails("proto", s:uidl())
      assert.is_true(s:noop())
    end)
  end)
end)

describe("one-line replies", function()
  it("come out exactly", function()
    every_split({
      { "STAT", { "+OK 2 320\r\n" } }, { "LIST 1", { "+OK 1 120\r\n" } },
      { "UIDL 1", { "+OK 1 x\r\n" } }, { "DELE 1", { "-ERR [A/B] no\r\n" } },
      { "RETR 1", { "-ERR\r\n" } }, { "LIST", { "-ERR no\r\n" } },
      { "XECHO", { "+OK  a\r\n" } }, { "RSET", { "+OK\r\n" } },
    }, function(s)
      assert.same({ 2, 320 }, { s:stat() })
      assert.are.equal(120, s:list(1))
      assert.are.equal("x", s:uidl(1))
      assert.same({ text = "no", code = "A/B" }, select(4, s:dele(1)))
      assert.same({ text = "" }, select(4, s:retr(1)))
      assert.same({ text = "no" }, select(4, s:list()))
      assert.are.equal("a", s:command "XECHO")
      assert.is_true(s:rset())
    end)
  end)
end)

describe("many replies at once", function()
  it("are taken apart", function()
    local numbers, script, want = {}, {
      { "CAPA", { "+OK\r\nPIPELINING\r\n.\r\n" } } }, {}
    for n = 1, 8 do
      numbers[n] = n
      local body = ("%d.\r\n"):format(n):rep(n % 3)
      script[n + 1] = { "RETR " .. n, { n == 5 and "-ERR no\r\n"
                                        or "+OK\r\n" .. body .. ".\r\n" } }
      want[n] = n ~= 5 and body or false
    end
    every_split(script, function(s)
      local got = {}
      assert.are.equal(7, s:retr_many(numbers, function(n, octets)
        got[n] = octets or false
      end))
      assert.same(want, got)
    end)
  end)
end)

describe("a big message", function()
  it("comes out exactly in chunks of any size", function()
    local lines = {}
    for i = 1, 3000 do lines[i] = ("."):rep(i % 4) .. ("x"):rep(i % 90) end
    local octets = table.concat(lines, "\r\n") .. "\r\n"
    local reply = helper.multi("", octets)
    for _, chunk in ipairs(helper.some({ 1, 63, 64, 65, 1000, 4096, 65535,
                                         65536 }, 4)) do
      local s = helper.login({ { "RETR 1", reply }, { "RETR 1", reply } },
                             { chunk = chunk })
      assert.are.equal(octets, s:retr(1))
      local got = {}
      assert.are.equal(#octets, s:retr(1, function(c)
        got[#got + 1] = c
        return true
      end))
      assert.are.equal(octets, table.concat(got))
    end
  end)
end)
