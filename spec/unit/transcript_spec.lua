-- Transcripts as text, and what verify says of them.

local expect = require "pop3.expect"
local transcript = require "pop3.transcript"

local NONE = expect.new({}, 1)

local function entries(...)
  local list = {}
  for i, line in ipairs { ... } do
    list[i] = { session = 1, time = 0, from = "C", line = line }
  end
  return list
end

local function verify(lines, want)
  return expect.verify(expect.new(want, 1), entries(table.unpack(lines)), 0, {})
end

describe("a transcript", function()
  it("prints as text", function()
    local list = entries("A", "B")
    list[2].from, list[3] = "S", { session = 2, from = "S", line = "+OK" }
    assert.equal("# session 1\nC: A\nS: B\n# session 2\nS: +OK\n",
                 tostring(transcript.new(list)))
  end)
end)

describe("verify", function()
  it("is content with the same lines", function()
    assert.is_nil(verify({}, {}))
    assert.is_nil(verify({ "A", "B 1" }, { "A", "B 1" }))
  end)

  it("takes Lua patterns behind ~", function()
    assert.is_nil(verify({ "RETR 12" }, { "~^RETR %d+$" }))
    assert.is_string(verify({ "RETR x" }, { "~^RETR %d+$" }))
    assert.is_string(verify({ "RETR 1" }, { "RETR %d" }))
  end)

  it("takes the whole list", function()
    assert.match("expected no more, got \"B\"", verify({ "A", "B" }, { "A" }))
    assert.match("expected \"B\", got no more", verify({ "A" }, { "A", "B" }))
  end)

  it("shows the difference and the nearest line", function()
    local problem = verify({ "CAPA", "USER bob", "PASS ***", "STAT" },
                           { "CAPA", "USER bab", "PASS ***", "LIST", "STAT" })
    assert.match("command 2: expected \"USER bab\", got \"USER bob\"", problem)
    assert.match("nearest: command 2, \"USER bob\"", problem)
    assert.match("\n  CAPA\n%- USER bab\n%+ USER bob\n  PASS %*%*%*\n"
                 .. "%- LIST\n  STAT$", problem)
  end)

  it("tells of handlers' errors and of lines that are lost", function()
    assert.match("oops", expect.verify(NONE, {}, 0, { "oops" }))
    assert.match("no longer kept", expect.verify(NONE, {}, 3, {}))
  end)

  it("does not take long over long lists", function()
    local lines, want = {}, {}
    for i = 1, 3000 do lines[i], want[i] = "RETR " .. i, "RETR " .. i + 1 end
    assert.match("too long", verify(lines, want))
  end)
end)

describe("verify with groups", function()
  it("takes lines in any order", function()
    local want = { "A", { any_order = { "~^%w+ 1$", "LIST 1", "B" } }, "Z" }
    assert.is_nil(verify({ "A", "LIST 1", "UIDL 1", "B", "Z" }, want))
    assert.is_nil(verify({ "A", "B", "UIDL 1", "LIST 1", "Z" }, want))
    for _, lines in ipairs { { "A", "B", "LIST 1", "Z" },
                             { "A", "B", "B", "LIST 1", "Z" },
                             { "A", "B", "X 1", "LIST 1", "Z", "Z" },
                             { "A", "B", "LIST 1", "UIDL 2", "Z" } } do
      assert.is_string(verify(lines, want))
    end
    assert.match('command 2: expected "y", "x" in any order, got "x".*\n'
                 .. "  x\n%- y\n%+ z$", verify({ "Q", "x", "z" },
                 { "Q", { any_order = { "y", "x" } } }))
  end)

  it("takes a line so often", function()
    local function often(n, item)
      local lines = {}
      for i = 1, n do lines[i] = "RETR " .. i end
      lines[n + 1] = "QUIT"
      return verify(lines, { item, "QUIT" })
    end
    for n = 0, 5 do
      assert.equal(n == 3, often(n, { "~^RETR", times = 3 }) == nil)
      assert.equal(n >= 2, often(n, { "~^RETR", at_least = 2 }) == nil)
      assert.equal(n <= 4, often(n, { "~^RETR", at_most = 4 }) == nil)
      assert.equal(n >= 1 and n <= 2,
                   often(n, { "~^RETR", at_least = 1, at_most = 2 }) == nil)
    end
    assert.match("RETR\" 3 times, got", often(2, { "~^RETR", times = 3 }))
  end)

  it("takes anything, and finds its way back to the rest", function()
    local want = { "A", { anything = true }, "Q", { "~.", at_least = 1 }, "Z" }
    assert.is_nil(verify({ "A", "Q", "b", "Z" }, want))
    assert.is_nil(verify({ "A", "b", "Q", "Q", "c", "Z", "Z" }, want))
    assert.is_string(verify({ "A", "b", "Z" }, want))
    assert.is_string(verify({ "A", "Q", "Z" }, want))
  end)

  it("says what never may come, and counts", function()
    local lines = { "USER u", "RETR 1", "RETR 2", "DELE 1" }
    assert.is_nil(verify(lines, { never = "~^TOP" }))
    assert.match('command 4: "DELE 1" came, and "~^DELE" never may',
                 verify(lines, { never = { "QUIT", "~^DELE" } }), 1, true)
    assert.is_nil(verify(lines, { count = { RETR = 2, ["DELE 1"] = 1, TOP = 0,
                                            ["~ 1$"] = { 1, 3 } } }))
    assert.match('expected "RETR" 3 times, got 2',
                 verify(lines, { count = { RETR = 3 } }))
    assert.is_string(verify(lines, { "USER u", count = { RETR = 2 } }))
    assert.is_string(verify(lines, { count = { RETR = { 3 } } }))
  end)

  it("looks at one session", function()
    local list = entries("A", "B", "C")
    list[2].session = 2
    assert.is_nil(expect.verify(expect.new({ "A", "C", session = 1 }, 1), list,
                                0, {}))
  end)

  it("raises on what it does not know", function()
    for message, want in pairs {
      ["a line must be a string"] = { 1 },
      ["malformed pattern"] = { "~[" },
      ["unknown option 'ever'"] = { ever = "A" },
      ["unknown option 'time'"] = { { "A", time = 2 } },
      ["a group is"] = { {} },
      ["a number, or two"] = { count = { A = "x" } },
    } do
      local ok, err = pcall(function() return expect.new(want, 0) end)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
      assert.is_nil(err:find "^[^ ]* verify:")
    end
  end)
end)

describe("the server's transcript", function()
  local pop3 = require "pop3"
  local talk = require "spec.support.talk"

  it("keeps a bounded number of octets, the newest", function()
    local s = pop3.server.new { limits = { transcript = 2000 } }
    local t = talk.to(s)
    for i = 1, 500 do t:ask("X" .. i) end
    local list = s:transcript()
    assert.is_true(#list < 100)
    assert.equal("X500", list[#list - 1].line)
    assert.has_error(function() s:verify {} end)
  end)

  it("has no secret in it, not even where a handler echoes it", function()
    local s = pop3.server.new()
    function s.on.PASS(session, secret)
      return session:err("no, " .. secret .. " is wrong")
    end
    function s.on.APOP(session, _, digest) return session:err(digest) end
    local t = talk.to(s)
    t:ask "USER u"
    assert.equal("-ERR no, geheim is wrong", t:ask "PASS geheim")
    t:ask "APOP u 0123456789abcdef"
    t:ask "AUTH PLAIN AGdlaGVpbQ=="
    t:ask "pass geheim"
    t:ask(("PASS "):rep(3000))
    local text = tostring(s:transcript())
    assert.is_nil(text:find "geheim")
    assert.is_nil(text:find "0123456789abcdef")
    assert.is_nil(text:find "AGdlaGVpbQ")
    assert.match("\nC: APOP u %*%*%*\n", text)
    assert.match("\nC: AUTH PLAIN %*%*%*\n", text)
    assert.match("\nS: %-ERR no, %*%*%* is wrong\n", text)
  end)
end)
