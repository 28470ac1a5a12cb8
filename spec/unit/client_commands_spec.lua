-- The command, the result and the failures of each method of a session.

local helper = require "spec.helper"

local fails, multi = helper.fails, helper.multi

local function session(...)
  return helper.login { ... }
end

describe("stat", function()
  it("returns count and octets", function()
    local s = session { "STAT", "+OK 3 1024" }
    assert.same({ 3, 1024 }, { s:stat() })
  end)

  it("takes blanks and text around the numbers", function()
    for _, reply in ipairs { "+OK 3 1024 messages", "+OK  3  1024 ",
                             "+OK 03 001024" } do
      local s = session { "STAT", reply }
      assert.same({ 3, 1024 }, { s:stat() })
    end
  end)

  it("of nothing is 0 and 0", function()
    local s = session { "STAT", "+OK 0 0" }
    assert.same({ 0, 0 }, { s:stat() })
  end)

  it("with a reply without numbers is code proto", function()
    for _, reply in ipairs { "+OK", "+OK three messages", "+OK -1 5",
                             "+OK 1e3 5", "+OK 0x3 5",
                             "+OK 99999999999999999999 5" } do
      local s = session({ "STAT", reply }, { "NOOP", "+OK" })
      fails("proto", s:stat())
      assert.is_true(s:noop())
    end
  end)
end)

describe("list and uidl", function()
  it("return a table by number, and the count", function()
    local s = session({ "LIST", multi("2 messages", "1 120\r\n3 200\r\n") },
                      { "UIDL", multi("", "1 whqtswO00WBw418f9t5JxYwZ\r\n"
                                          .. "3 QhdPYR:00WBw1Ph7x7\r\n") })
    assert.same({ { [1] = 120, [3] = 200 }, 2 }, { s:list() })
    assert.same({ { [1] = "whqtswO00WBw418f9t5JxYwZ",
                    [3] = "QhdPYR:00WBw1Ph7x7" }, 2 }, { s:uidl() })
  end)

  it("return an empty table for an empty maildrop", function()
    local s = session({ "LIST", "+OK\r\n.\r\n" }, { "UIDL", "+OK\r\n.\r\n" })
    assert.same({ {}, 0 }, { s:list() })
    assert.same({ {}, 0 }, { s:uidl() })
  end)

  it("take numbers in any order, and text after them", function()
    local s = session { "LIST", multi("", "2 5 octets\r\n1 7\r\n") }
    assert.same({ { 7, 5 }, 2 }, { s:list() })
  end)

  it("of one message return its value", function()
    local s = session({ "LIST 2", "+OK 2 200" }, { "UIDL 2", "+OK 2 abc" },
                      { "LIST 2", "+OK 2 200 octets" })
    assert.same({ 200 }, { s:list(2) })
    assert.same({ "abc" }, { s:uidl(2) })
    assert.same({ 200 }, { s:list(2.0) })
  end)

  it("keep a unique-id that begins with a dot, or is one", function()
    local s = session { "UIDL", multi("", "1 .\r\n2 ..\r\n3 .a\r\n") }
    assert.same({ ".", "..", ".a" }, (s:uidl()))
  end)

  it("answering for another message is code proto", function()
    local s = session({ "LIST 2", "+OK 3 200" }, { "UIDL 2", "+OK 3 abc" },
                      { "LIST 2", "+OK" }, { "UIDL 2", "+OK 2" },
                      { "LIST 2", "+OK x 2" }, { "UIDL 2", "+OK x 2" },
                      { "UIDL 2", "+OK" }, { "NOOP", "+OK" })
    fails("proto", s:list(2))
    fails("proto", s:uidl(2))
    fails("proto", s:list(2))
    fails("proto", s:uidl(2))
    fails("proto", s:list(2))
    fails("proto", s:uidl(2))
    fails("proto", s:uidl(2))
    assert.is_true(s:noop())
  end)

  it("of one message may come without its number", function()
    local s = session({ "UIDL 2", "+OK abc" }, { "UIDL 2", "+OK 17 " },
                      { "UIDL 2", "+OK  2 def" })
    assert.are.equal("abc", s:uidl(2))
    assert.are.equal("17", s:uidl(2))
    assert.are.equal("def", s:uidl(2))
  end)

  it("of stat give the count when only the octets are wrong", function()
    for _, reply in ipairs { "+OK 3", "+OK 3 ", "+OK 3 -5", "+OK 3 many",
                             "+OK 3 99999999999999999999" } do
      local s = session({ "STAT", reply }, { "NOOP", "+OK" })
      assert.same({ 3, nil, n = 2 }, table.pack(s:stat()))
      assert.is_true(s:noop())
    end
    local s = session({ "STAT", "+OK x 5" }, { "STAT", "+OK" })
    fails("proto", s:stat())
    fails("proto", s:stat())
  end)

  -- bad lines: their number, if any, and the defect
  local no_number, no_size, empty = "the line has no message number",
    "the line has no size", "the line is empty"
  local malformed = {
    ["x 1"] = { nil, no_number }, ["1"] = { 1, no_size },
    ["1 "] = { 1, no_size }, ["0 5"] = { nil, no_number },
    ["-1 5"] = { nil, no_number }, ["1 -5"] = { 1, no_size },
    ["1 x"] = { 1, no_size }, ["1.5 3"] = { nil, no_number },
    [""] = { nil, empty }, ["99999999999999999999 5"] = { nil, no_number },
    ["1 99999999999999999999"] = { 1, no_size },
    ["\27[2J"] = { nil, no_number },
  }
  for line, want in pairs(malformed) do
    it(("with the line %q give the others, and say so"):format(line),
       function()
      local body = "7 7\r\n" .. line .. "\r\n8 8\r\n"
      local s = session({ "LIST", multi("", body) }, { "UIDL", multi("", body) },
                        { "LIST", multi("", "1 2\r\n") })
      local shown = line:gsub("%c", "?")
      local sizes, count, defects = s:list()
      assert.same({ [7] = 7, [8] = 8 }, sizes)
      assert.are.equal(want[1] and 3 or 2, count)
      assert.same({ { number = want[1], line = shown, text = want[2] } },
                  defects)
      local uids, _, faults = s:uidl()
      assert.are.equal("7", uids[7])
      assert.are.equal("8", uids[8])
      if want[2] ~= no_size then assert.same(defects, faults) end
      assert.same({ { 2 }, 1 }, { s:list() })
    end)
  end

  for _, lines in ipairs { "1 5\r\n1 5", "2 5\r\n1 7\r\n2 5" } do
    it(("with a number twice are code proto: %q"):format(lines), function()
      local s = session({ "LIST", multi("", "7 7\r\n" .. lines
                                        .. "\r\n8 8\r\n") },
                        { "LIST", multi("", "1 2\r\n") })
      fails("proto", s:list())
      assert.same({ 2 }, (s:list()))
    end)
  end

  it("with a line without a unique-id give the others", function()
    local s = session { "UIDL", multi("", "1 a\r\n2\r\n3 \r\n4 d\r\n") }
    local uids, count, defects = s:uidl()
    assert.same({ [1] = "a", [4] = "d" }, uids)
    assert.are.equal(4, count)
    assert.same({
      { number = 2, line = "2", text = "the line has no unique-id" },
      { number = 3, line = "3 ", text = "the line has no unique-id" },
    }, defects)
  end)

  it("with more bad lines than good ones, and many of them, are code proto",
     function()
    local function body(bad, good)
      local lines = {}
      for n = 1, bad do lines[n] = n .. "\r\n" end
      for n = bad + 1, bad + good do lines[n] = n .. " 5\r\n" end
      return multi("", table.concat(lines))
    end
    local s = session({ "LIST", body(100, 1) }, { "LIST", body(101, 1) },
                      { "LIST", body(101, 200) }, { "NOOP", "+OK" })
    local sizes, count, defects = s:list()
    assert.same({ [101] = 5 }, sizes)
    assert.are.equal(101, count)
    assert.are.equal(100, #defects)
    fails("proto", s:list())
    fails("proto", s:list())
    assert.is_true(s:noop())
  end)

  it("fail with the reply of an -ERR", function()
    local s = session({ "LIST", "-ERR no" }, { "LIST 9", "-ERR [X] none" },
                      { "UIDL", "-ERR unknown" }, { "UIDL 9", "-ERR none" })
    fails("err", s:list())
    local message, reply = fails("err", s:list(9))
    assert.are.equal("LIST 9: transport: [X] none", message)
    assert.same({ text = "none", code = "X" }, reply)
    fails("err", s:uidl())
    fails("err", s:uidl(9))
  end)
end)

describe("retr and top", function()
  it("return the octets", function()
    local s = session({ "RETR 1", multi("x", "A: b\r\n\r\n.dot\r\n") },
                      { "TOP 1 0", multi("x", "A: b\r\n\r\n") },
                      { "TOP 1 10", multi("x", "A: b\r\n\r\n.dot\r\n") })
    assert.same({ "A: b\r\n\r\n.dot\r\n" }, { s:retr(1) })
    assert.same({ "A: b\r\n\r\n" }, { s:top(1, 0) })
    assert.same({ "A: b\r\n\r\n.dot\r\n" }, { s:top(1, 10) })
  end)

  it("fail with the reply of an -ERR", function()
    local s = session({ "RETR 9", "-ERR no such message" },
                      { "TOP 9 1", "-ERR no such message" },
                      { "NOOP", "+OK" })
    local message = fails("err", s:retr(9))
    assert.are.equal("RETR 9: transport: no such message", message)
    fails("err", s:top(9, 1))
    assert.is_true(s:noop())
  end)
end)

describe("message and headers", function()
  it("return parsed messages", function()
    local s = session({ "RETR 1", multi("", "Subject: hi\r\n\r\nbody\r\n") },
                      { "TOP 1 0", multi("", "Subject: hi\r\n\r\n") })
    local m = s:message(1)
    assert.are.equal("hi", m.subject)
    assert.are.equal("body", m:text():match "%w+")
    assert.are.equal("hi", s:headers(1).subject)
  end)

  it("fail with the reply of an -ERR", function()
    local s = session({ "RETR 1", "-ERR no" }, { "TOP 1 0", "-ERR no" })
    fails("err", s:message(1))
    fails("err", s:headers(1))
  end)

  it("fetch a header by RETR where there is no TOP", function()
    local header = "Subject: hi\r\nX: 1\r\n\r\n"
    local whole = multi("", header .. ("body\r\n\r\n"):rep(20))
    local script = { { "TOP 1 0", "-ERR unknown command" }, { "RETR 1", whole },
                     { "RETR 2", "-ERR no such message" }, { "RETR 3", whole },
                     { "NOOP", "+OK" } }
    local ways = { {}, { chunk = 1 }, { chunk = 7 } }
    for i = 1, #whole do ways[#ways + 1] = {
      split = helper.LOGIN_OCTETS + #"-ERR unknown command\r\n" + i } end
    for _, way in ipairs(ways) do
      local s = helper.login(script, way)
      local m = assert(s:headers(1))
      assert.are.equal("hi", m.subject)
      assert.are.equal("1", m:header "x")
      assert.are.equal("", m:text())
      fails("err", s:headers(2))
      assert.are.equal("hi", s:headers(3).subject)
      assert.is_true(s:noop())
    end
  end)

  it("give the refusal of TOP when there is no such message", function()
    local s = session({ "TOP 9 0", "-ERR no such message" },
                      { "RETR 9", "-ERR none" },
                      { "TOP 9 0", "-ERR [SYS/TEMP] later" }, { "NOOP", "+OK" })
    local _, reply = fails("err", s:headers(9))
    assert.same({ text = "no such message" }, reply)
    _, reply = fails("err", s:headers(9))
    assert.are.equal("SYS/TEMP", reply.code)
    assert.is_true(s:noop())
  end)

  it("fetch a header by RETR in a message of any form", function()
    for body, subject in pairs { ["\r\nbody\r\n"] = false, [""] = false,
                                 ["Subject: a\r\n"] = "a",
                                 ["Subject: a\n\nb\n"] = "a" } do
      for _, way in ipairs { {}, { chunk = 1 } } do
        local s = helper.login({ { "TOP 1 0", "-ERR" },
          { "RETR 1", { "+OK\r\n" .. body .. ".\r\n" } }, { "NOOP", "+OK" } },
          way)
        local m = assert(s:headers(1))
        assert.are.equal(subject, m.subject or false)
        assert.is_true(s:noop())
      end
    end
  end)

  it("read no more of a body than limits.drain for a header", function()
    local whole = multi("", "Subject: hi\r\n\r\n" .. ("x\r\n"):rep(1000))
    local s = helper.login({ { "TOP 1 0", "-ERR" }, { "RETR 1", whole },
                             { "NOOP", "+OK" } }, { chunk = 100 },
                           { limits = { drain = 1000 } })
    assert.are.equal("hi", s:headers(1).subject)
    fails("limit", s:noop())
    s = helper.login({ { "TOP 1 0", "-ERR" }, { "RETR 1", whole },
                       { "NOOP", "+OK" } }, { chunk = 100 },
                     { limits = { drain = 10000 } })
    assert.are.equal("hi", s:headers(1).subject)
    assert.is_true(s:noop())
  end)
end)

describe("dele, rset, noop and utf8", function()
  it("return true", function()
    local s = session({ "DELE 1", "+OK" }, { "RSET", "+OK" }, { "NOOP", "+OK" })
    assert.same({ true }, { s:dele(1) })
    assert.same({ true }, { s:rset() })
    assert.same({ true }, { s:noop() })
    local t = helper.connect(helper.peer { "+OK", { "UTF8", "+OK" } })
    assert.same({ true }, { t:utf8() })
  end)

  it("fail with the reply of an -ERR", function()
    local t = helper.connect(helper.peer { "+OK", { "UTF8", "-ERR d" } })
    assert.are.equal("UTF8: transport: d", (fails("err", t:utf8())))
    local s = session({ "DELE 1", "-ERR a" }, { "RSET", "-ERR b" },
                      { "NOOP", "-ERR c" })
    assert.are.equal("DELE 1: transport: a", (fails("err", s:dele(1))))
    assert.are.equal("RSET: transport: b", (fails("err", s:rset())))
    assert.are.equal("NOOP: transport: c", (fails("err", s:noop())))
  end)
end)

describe("lang", function()
  it("lists languages", function()
    local s = session { "LANG", multi("", "en English\r\nes Espan\u{f1}ol\r\n"
                                          .. "i-default\r\n") }
    assert.same({ { tag = "en", description = "English" },
                  { tag = "es", description = "Espan\u{f1}ol" },
                  { tag = "i-default", description = "" } }, s:lang())
  end)

  it("chooses one", function()
    local s = session({ "LANG es", "+OK es Espan\u{f1}ol" },
                      { "LANG *", "+OK" }, { "LANG uga", "-ERR no such" })
    assert.is_true(s:lang "es")
    assert.is_true(s:lang "*")
    fails("err", s:lang "uga")
  end)

  it("that the server does not know is code err", function()
    local s = session { "LANG", "-ERR unknown command" }
    fails("err", s:lang())
  end)
end)

describe("capa", function()
  local BODY = "TOP\r\nSASL PLAIN  CRAM-MD5\r\nLOGIN-DELAY 900 USER\r\n"
               .. "pipelining\r\nX-.odd 1\r\n"

  it("returns a table of lists", function()
    local s = session { "CAPA", multi("", BODY) }
    assert.same({ TOP = {}, SASL = { "PLAIN", "CRAM-MD5" }, PIPELINING = {},
                  ["LOGIN-DELAY"] = { "900", "USER" }, ["X-.ODD"] = { "1" } },
                s:capa())
  end)

  it("is asked once a state", function()
    local peer = helper.peer { "+OK", { "CAPA", multi("", "USER\r\n") },
                               helper.USER, helper.PASS,
                               { "CAPA", multi("", "TOP\r\n") } }
    local s = helper.connect(peer)
    assert.same({ USER = {} }, s:capa())
    assert.same({ USER = {} }, s:capa())
    assert.is_true(s:login("mrose", "secret"))
    assert.same({ TOP = {} }, s:capa())
    assert.is_true(s:supports "top")
    assert.is_false(s:supports "USER")
    assert.same({ "CAPA", "USER mrose", "PASS secret", "CAPA" }, peer.got)
  end)

  it("that the server does not know is code err, and asked once", function()
    local s, peer = session { "CAPA", "-ERR [X] unknown" }
    for _ = 1, 2 do
      local _, reply = fails("err", s:capa())
      assert.same({ text = "unknown", code = "X" }, reply)
      assert.is_false(s:supports "TOP")
    end
    assert.are.equal(3, #peer.got)
  end)
end)

describe("command", function()
  it("returns the text of the status line", function()
    local s = session({ "XECHO a  b ", "+OK a  b " }, { "noop", "+OK" },
                      { "STAT", "+OK 1 2" }, { "DELE 1", "+OK gone" })
    assert.same({ "a  b " }, { s:command "XECHO a  b " })
    assert.same({ "" }, { s:command "noop" })
    assert.same({ "1 2" }, { s:command "STAT" })
    assert.same({ "gone" }, { s:command "DELE 1" })
  end)

  it("returns the body too when there is one", function()
    local s = session({ "XLINES", multi("here", "a\r\n.b\r\n") },
                      { "XLINES", multi("", "") })
    local opts = { multiline = true }
    assert.same({ "here", "a\r\n.b\r\n" }, { s:command("XLINES", opts) })
    assert.same({ "", "" }, { s:command("XLINES", opts) })
  end)

  it("knows which of POP3's own verbs have one", function()
    local s = session({ "retr 1", multi("4 octets", "ab\r\n") },
                      { "TOP 1 0", multi("", "ab\r\n") },
                      { "LIST", multi("1 message", "1 5\r\n") },
                      { "LIST 1", "+OK 1 5" },
                      { "Uidl", multi("", "1 a\r\n") },
                      { "CAPA", multi("", "TOP\r\n") },
                      { "LANG en", "+OK en" })
    assert.are.equal("ab\r\n", select(2, s:command "retr 1"))
    assert.are.equal("ab\r\n", select(2, s:command "TOP 1 0"))
    assert.same({ "1 message", "1 5\r\n" }, { s:command "LIST" })
    assert.same({ "1 5" }, { s:command "LIST 1" })
    assert.are.equal("1 a\r\n", select(2, s:command "Uidl"))
    assert.are.equal("TOP\r\n", select(2, s:command "CAPA"))
    assert.same({ "en" }, { s:command "LANG en" })
  end)

  it("fails with the reply of an -ERR, named by its verb", function()
    local s = session { "XFOO secret stuff", "-ERR [NO/WAY] no" }
    local message, reply = fails("err", s:command("XFOO secret stuff",
                                                  { multiline = true }))
    assert.are.equal("XFOO: transport: [NO/WAY] no", message)
    assert.same({ text = "no", code = "NO/WAY" }, reply)
  end)

  it("in the wrong state is code state, nothing sent", function()
    local s = session()
    fails("state", s:command "PASS x")
    fails("state", s:command "APOP a b")
  end)

  it("QUIT ends the session", function()
    local s, peer = session { "QUIT", "+OK bye" }
    assert.are.equal("bye", s:command "QUIT")
    assert.are.equal("closed", s:state())
    fails("closed", s:noop())
    assert.are.equal(1, peer.closed)
  end)
end)
