-- States, the end of a session, replies and their codes.

local helper = require "spec.helper"
local pop3 = require "pop3"

local fails = helper.fails

-- Every call that says something to the server.
local calls = {
  stat = {}, list = {}, uidl = { 1 }, retr = { 1 }, top = { 1, 0 },
  dele = { 1 }, rset = {}, noop = {}, save = { 1, "/nonexistent/x" },
  message = { 1 }, headers = { 1 }, messages = {},
  retr_many = { { 1, 2 }, function() end },
}

-- And those that are valid before the login too.
local early = {
  utf8 = {}, lang = {}, capa = {}, supports = { "TOP" }, quit = {},
  login = { "mrose", "secret" }, command = { "NOOP" },
}

describe("before the login", function()
  it("a command that needs a maildrop is code state, and nothing is sent", function()
    local peer = helper.peer { "+OK" }
    local s = helper.connect(peer)
    calls.save[2] = os.tmpname()
    for name, args in pairs(calls) do
      fails("state", s[name](s, table.unpack(args)))
    end
    fails("state", s:command "STAT")
    assert.same({}, peer.got)
    assert.are.equal("authorization", s:state())
    os.remove(calls.save[2])
  end)

  it("a sink gets the error", function()
    local s, told = helper.connect(helper.peer { "+OK" }), nil
    local message = fails("state", s:retr(1, function(chunk, err)
      told = { chunk, err }
      return true
    end))
    assert.same({ nil, message }, told)
  end)

  it("quit works", function()
    local s = helper.connect(helper.peer { "+OK", { "QUIT", "+OK" } })
    assert.is_true(s:quit())
    assert.are.equal("closed", s:state())
  end)
end)

describe("after the login", function()
  it("utf8 is code state, and nothing is sent", function()
    local s, peer = helper.login {}
    fails("state", s:utf8())
    assert.are.equal(2, #peer.got)
  end)

  it("stls is code state, and nothing is sent", function()
    local s, peer = helper.login {}
    fails("state", s:stls())
    assert.are.equal(2, #peer.got)
    assert.is_false(s:is_secure())
  end)
end)

describe("a session that the server ended", function()
  it("returns nil, code closed, from every method", function()
    local s, peer = helper.login { { "NOOP", { helper.CLOSED } } }
    fails("closed", s:noop())
    assert.are.equal("closed", s:state())
    assert.are.equal(1, peer.closed)
    for _, set in ipairs { calls, early } do
      for name, args in pairs(set) do
        fails("closed", s[name](s, table.unpack(args)))
      end
    end
    assert.are.equal(3, #peer.got)
    assert.are.equal("pop3.session (transport, closed)", tostring(s))
    assert.are.equal("ready", s:greeting())
    s:close()
    assert.are.equal(1, peer.closed)
  end)

  it("gives a sink the error", function()
    local s, told = helper.login { { "NOOP", { helper.CLOSED } } }, nil
    s:noop()
    fails("closed", s:retr(1, function(_, err) told = err return true end))
    assert.is_string(told)
  end)

  it("says why the link broke when the transport knows it", function()
    local s = helper.login({ { "NOOP", "+OK" } },
                           { stop = helper.LOGIN_OCTETS,
                             ending = "connection reset" })
    local message = fails("closed", s:noop())
    assert.is_truthy(message:find("connection reset", 1, true))
  end)

  it("still gives the replies that came before the end", function()
    local s = helper.login { { "NOOP", { "-ERR [SYS/TEMP] going down\r\n",
                                         helper.CLOSED } }, { "NOOP", {} } }
    local _, reply = fails("err", s:noop())
    assert.are.equal("going down", reply.text)
    fails("closed", s:noop())
  end)
end)

describe("quit", function()
  it("returns true once the server confirmed it", function()
    local s, peer = helper.login { { "QUIT", "+OK bye" } }
    assert.same({ true }, { s:quit() })
    assert.are.equal("closed", s:state())
    assert.are.equal(1, peer.closed)
    fails("closed", s:quit())
    fails("closed", s:noop())
  end)

  it("is code err when the server refused, and the session is closed",
     function()
    local s, peer = helper.login { { "QUIT", "-ERR [SYS/PERM] not all gone" } }
    local _, reply = fails("err", s:quit())
    assert.same({ text = "not all gone", code = "SYS/PERM" }, reply)
    assert.are.equal("closed", s:state())
    assert.are.equal(1, peer.closed)
  end)

  it("without an answer leaves the session closed too", function()
    for code, reply in pairs { closed = helper.CLOSED,
                               timeout = helper.SILENCE, proto = "BYE" } do
      local s, peer = helper.login { { "QUIT", reply } }
      fails(code, s:quit())
      assert.are.equal("closed", s:state())
      assert.are.equal(1, peer.closed)
    end
  end)

  it("deletes marked messages, close does not", function()
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = { "a", "b" } } } }
    local function session()
      return assert(pop3.connect { transport = server:loopback(),
                                   user = "mrose", password = "secret" })
    end
    local s = session()
    assert.is_true(s:dele(1))
    s:close()
    assert.are.equal(2, #server:mailbox "mrose")
    s = session()
    assert.is_true(s:dele(1))
    assert.is_true(s:quit())
    assert.are.equal(1, #server:mailbox "mrose")
    do
      local t <close> = session()
      assert.is_true(t:dele(1))
    end
    assert.are.equal(1, #server:mailbox "mrose")
    session():dele(1)
    collectgarbage()
    assert.are.equal(1, #server:mailbox "mrose")
    assert.is_true(session():quit())
  end)
end)

describe("a reply", function()
  local cases = {
    { "-ERR", "", nil }, { "-ERR ", "", nil }, { "-ERR no", "no", nil },
    { "-ERR  two  blanks ", "two  blanks ", nil },
    { "-ERR [IN-USE] busy", "busy", "IN-USE" },
    { "-ERR [in-use] busy", "busy", "IN-USE" },
    { "-ERR [SYS/TEMP]", "", "SYS/TEMP" },
    { "-ERR [X]y", "y", "X" }, { "-ERR [a] [b] c", "[b] c", "A" },
    { "-ERR [open", "[open", nil }, { "-ERR [] none", "[] none", nil },
    { "-ERR [a b] c", "[a b] c", nil }, { "-ERR x [IN-USE]", "x [IN-USE]", nil },
  }
  for _, case in ipairs(cases) do
    it("has text and code: " .. case[1], function()
      local s = helper.login { { "NOOP", { case[1] .. "\r\n" } } }
      local _, _, code, reply = s:noop()
      assert.are.equal("err", code)
      assert.same({ text = case[2], code = case[3] }, reply)
    end)
  end

  it("may end in a bare LF, or hold a blank before CRLF", function()
    local s = helper.login { { "NOOP", "+OK\n" }, { "STAT", "+OK 1 2 \n" } }
    assert.is_true(s:noop())
    assert.same({ 1, 2 }, { s:stat() })
  end)

  it("with control characters makes a message of one line", function()
    local s = helper.login { { "NOOP", { "-ERR a\rb\0c\27[2J\r\n" } } }
    local message = fails("err", s:noop())
    assert.is_truthy(message:find("a b c [2J", 1, true))
  end)

  it("has no control character in its text, in no encoding", function()
    for said, text in pairs {
      ["a\27[2J\127b\tc"] = "a [2J b c",
      ["a\xc2\x9bb\xc2\xa0"] = "a  b\xc2\xa0",
      ["a\x9bJ \x80\xe4"] = "a\x9bJ \x80\xe4",
      ["\u{202E}a\u{2028}b\u{200B}c\u{FEFF}d\u{2066}"] =
        "   a   b   c   d   ",
      ["\u{201C}a\u{2026}\u{20AC} \u{1F600}\u{2060}"] =
        "\u{201C}a\u{2026}\u{20AC} \u{1F600}   ",
      ["\xe2\x80"] = "\xe2\x80", ["\xef\xbb"] = "\xef\xbb", ["\xc2"] = "\xc2",
    } do
      local s = helper.login { { "NOOP", { "-ERR " .. said .. "\r\n" } },
                               { "XONE", { "+OK " .. said .. "\r\n" } } }
      local _, reply = fails("err", s:noop())
      assert.equal(text, reply.text)
      assert.equal(text, s:command "XONE")
    end
  end)

  it("that no command asked for ends the session", function()
    local s = helper.login { { "NOOP", "+OK\r\n+OK 5 5\r\n" } }
    assert.is_true(s:noop())
    fails("proto", s:stat())
    assert.are.equal("closed", s:state())
  end)
end)
