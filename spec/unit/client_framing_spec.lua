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

-- Bodies on the wire, without the terminator, and their contents.
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
  ["a dot after a bare LF"] = { "a\n.\nb\n.c\r\n", "a\n.\nb\n.c\r\n" },
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

-- Bodies in LF with fewer than two lines: their end shows by a pause after it.
describe("a body without CRLF that ends early, and then nothing comes for a while,",
         function()
  for _, case in ipairs {
    { "A: b\n", ".\n" }, { "A: b\n", ".\r\n" }, { "\n", ".\n" }, { "", ".\n" },
  } do
    local octets = case[1] .. case[2]
    it(("is complete: %q"):format(octets), function()
      for _, name in ipairs { "retr", "top", "sink" } do
        for _, way in ipairs { {}, { chunk = 1 }, { chunk = 2 }, { chunk = 3 } } do
          local s, peer = helper.login({ { "~^%a+ 1", { "+OK\r\n" .. octets, 10 } } },
                                       way)
          local got = {}
          if name == "retr" then got[1] = s:retr(1)
          elseif name == "top" then got[1] = s:top(1, 0)
          else
            assert.equal(#case[1], s:retr(1, function(chunk)
              got[#got + 1] = chunk
              return true
            end))
          end
          assert.equal(case[1], table.concat(got))
          assert.equal(5, peer.time)
        end
      end
    end)

    it(("and after it the session takes no command: %q"):format(octets), function()
      for _, late in ipairs { "", "+OK\r\n", "c\r\n.\r\n", "+OK\r\n.\r\n+OK\r\n" } do
        for _, command in ipairs { "dele", "retr", "noop", "quit" } do
          local s, peer = helper.login {
            { "RETR 1", { "+OK\r\n" .. octets, 6, late } } }
          assert.equal(case[1], s:retr(1))
          local message = helper.fails("proto", s[command](s, 1))
          assert.truthy(message:find("found by a pause", 1, true), message)
          assert.equal("closed", s:state())
          assert.equal(3, #peer.got)
        end
      end
    end)

    it(("is not, while more commands are under way: %q"):format(octets), function()
      local s = helper.login({ { "CAPA", helper.multi("", "PIPELINING\r\n") },
        { "RETR 1", { "+OK\r\n" .. octets, 100 } }, { "RETR 2", { "+OK\r\nx\r\n.\r\n" } } },
        {}, { timeout = 60 })
      local got = {}
      helper.fails("timeout", s:retr_many({ 1, 2 }, function(n, message, _, code)
        got[n] = message or code
      end))
      assert.same({ "timeout", "timeout" }, got)
    end)
  end

  it("is not complete when more comes in time", function()
    for _, cut in ipairs { "a\n.\r\n", "\n.\n", ".\n" } do
      local s = helper.login { { "RETR 1", { "+OK\r\n" .. cut, 4,
                                             "c\r\n.\r\n" } },
                               { "NOOP", "+OK" } }
      assert.equal((cut == ".\n" and "\n" or cut) .. "c\r\n", s:retr(1))
      assert.is_true(s:noop())
    end
  end)

  it("costs no more than the time-out", function()
    for _, seconds in ipairs { 1, 5, 8 } do
      local s, peer = helper.login({ { "RETR 1", { "+OK\r\na\n.", 100 } } }, {},
                                   { timeout = seconds })
      helper.fails("timeout", s:retr(1))
      assert.equal(seconds, peer.time)
    end
    local s = helper.login({ { "RETR 1", { "+OK\r\na\n.\n", 100 } } }, {},
                           { timeout = { total = 3 } })
    helper.fails("timeout", s:retr(1))  -- a pause of 3 s shows too little
  end)
end)

describe("a connection that stalls after a line of one dot", function()
  local lines = { "Received: from a\r\nA: b\r\n\r\nx\n.\r\ny\n.\n+OK\r\n\n.\r\nz\r\n",
                  "\r\n\n.\r\n+OK\r\n\n.\n-ERR\r\n", "A: b\r\n\n.\n\n.\r\n\r\n" }

  it("does not cut a message in CRLF", function()
    for _, body in ipairs(lines) do
      for stop = 1, #body do
        for _, ending in ipairs { "", "." } do
          local s, peer = helper.login({
            { "RETR 1", { "+OK\r\n" .. body:sub(1, stop), 50,
                          body:sub(stop + 1) .. ".\r\n" } },
            { "NOOP", "+OK" } }, ending == "." and { chunk = 1 } or {},
            { timeout = 60 })
          assert.equal(body, s:retr(1))
          assert.equal(50, peer.time)
          assert.is_true(s:noop())
        end
      end
    end
  end)

  it("for too long is a time-out", function()
    for _, body in ipairs(lines) do
      for stop in body:gmatch "\n%.\r?\n()" do
        local got = {}
        local s = helper.login({
          { "RETR 1", { "+OK\r\n" .. body:sub(1, stop - 1), 61,
                        body:sub(stop) .. ".\r\n" } } }, {}, { timeout = 60 })
        helper.fails("timeout", s:retr(1, function(chunk)
          got[#got + 1] = chunk or nil
          return true
        end))
        assert.equal("closed", s:state())
      end
    end
  end)

  it("does not cut a message that is one of many", function()
    local body = lines[1]
    for stop in body:gmatch "\n%.\r?\n()" do
      local s = helper.login({ { "CAPA", helper.multi("", "PIPELINING\r\n") },
        { "RETR 1", { "+OK\r\n" .. body:sub(1, stop - 1), 50,
                      body:sub(stop) .. ".\r\n" } },
        { "RETR 2", { "+OK\r\n" .. body .. ".\r\n" } } }, {}, { timeout = 60 })
      assert.equal(2, s:retr_many({ 1, 2 }, function(_, octets)
        assert.equal(body, octets)
      end))
    end
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
