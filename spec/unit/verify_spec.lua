-- Transcripts as text, and the messages of verify about them.

local expect = require "pop3.verify"
local helper = require "spec.helper"
local transcript = require "pop3.verify.transcript"

local NONE = expect.new({}, 1)

local function entries(...)
  local list = {}
  for i, line in ipairs { ... } do
    list[i] = { session = 1, time = 0, from = "C", line = line }
  end
  return list
end

local function verify(lines, want)
  return expect.compare(expect.new(want, 1), entries(table.unpack(lines)), 0, {})
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

  it("takes Lua patterns after ~", function()
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
    assert.match("oops", expect.compare(NONE, {}, 0, { "oops" }))
    assert.match("the first 3 lines were discarded", expect.compare(NONE, {}, 3, {}))
  end)

  it("shows the difference of long lists where it is", function()
    local lines, want = {}, {}
    for i = 1, 10000 do lines[i], want[i] = "RETR " .. i, "RETR " .. i end
    table.remove(lines, 9000)
    local problem = verify(lines, want)
    assert.match("command 9000: expected \"RETR 9000\", got \"RETR 9001\"",
                 problem)
    assert.match("\n  %(%.%.%. 8994 lines%)\n  RETR 8995\n.*\n  RETR 8999\n"
                 .. "%- RETR 9000\n  RETR 9001\n.*  RETR 9005\n  %(%.%.%. ",
                 problem)
    assert.is_true(#problem < 1000)
    table.remove(lines, 1)
    assert.match("\n%- RETR 1\n  RETR 2\n", (verify(lines, want)))
  end)

  it("shows octets that are not to be seen", function()
    assert.match("%- USER a\n%+ USER\\9a$", verify({ "USER\ta" }, { "USER a" }))
  end)

  it("finds the nearest line in any case, and near its place", function()
    assert.match('nearest: command 2, "retr 2"',
                 verify({ "STAT", "retr 2" }, { "RETR 2", "STAT" }))
    assert.match('nearest: command 3, "STAT"',
                 verify({ "STAT", "x", "STAT" }, { "STAT", "x", "STAR" }))
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
    assert.match('command 3: expected "y", got "z".*\n'
                 .. "  x\n%- y\n%+ z$", verify({ "Q", "x", "z" },
                 { "Q", { any_order = { "y", "x" } } }))
    assert.match('command 1: expected "y", "x" in any order, got "z"',
                 verify({ "z" }, { { any_order = { "y", "x" } } }))
  end)

  it("takes a line a number of times", function()
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
    assert.match('command 3: expected "~^RETR" 3 times, got 2, then "QUIT".*'
                 .. "  RETR 1\n  RETR 2\n%- ~^RETR\n  QUIT$",
                 often(2, { "~^RETR", times = 3 }))
  end)

  it("names the missing lines of ranges, and no more", function()
    local some = { "~^RETR", at_least = 1 }
    assert.match("\n  RETR 1\n  STAT\n  RETR 2\n  RETR 3\n%- QUIT$",
                 verify({ "RETR 1", "STAT", "RETR 2", "RETR 3" },
                        { some, "STAT", some, "QUIT" }))
    assert.match('command 4: expected no more, got "d".*\n  b\n  Q\n%+ d$',
                 verify({ "A", "b", "Q", "d" },
                        { "A", { anything = true }, "Q" }))
  end)

  it("takes anything, and finds its way back to the rest", function()
    local want = { "A", { anything = true }, "Q", { "~.", at_least = 1 }, "Z" }
    assert.is_nil(verify({ "A", "Q", "b", "Z" }, want))
    assert.is_nil(verify({ "A", "b", "Q", "Q", "c", "Z", "Z" }, want))
    assert.is_string(verify({ "A", "b", "Z" }, want))
    assert.is_string(verify({ "A", "Q", "Z" }, want))
  end)

  it("agrees with a search through all ways", function()
    local function fits(items, i, lines, j)
      local item, took = items[i], 0
      if not item then return j == #lines end
      while took < item.at_least do
        took = took + 1
        if lines[j + took] ~= item[1] then return false end
      end
      repeat
        if fits(items, i + 1, lines, j + took) then return true end
        took = took + 1
      until took > item.at_most or lines[j + took] ~= item[1]
      return false
    end
    for seed in helper.sweep(1, 3000, 400) do
      local n, items, lines = seed, {}, {}
      local function draw(k)
        n = (n * 1103515245 + 12345) % 2147483648
        return n // 65536 % k
      end
      for i = 1, 2 + draw(4) do lines[i] = ("AB"):sub(1 + draw(2)):sub(1, 1) end
      for i = 1, 1 + draw(3) do
        local least = draw(3)
        items[i] = { ("AB"):sub(1 + draw(2)):sub(1, 1), at_least = least,
                     at_most = least + draw(3) }
      end
      assert.equal(fits(items, 1, lines, 0), verify(lines, items) == nil, seed)
    end
  end)

  it("does not take long over many commands and big groups", function()
    local lines, group = {}, {}
    for i = 1, helper.all and 10000 or 3000 do lines[i] = "RETR " .. i end
    for i = 1, 100 do group[i] = i % 2 == 0 and "~^RETR" or "~" .. i .. "$" end
    local any, some = { anything = true }, { "~^RETR", at_least = 1 }
    assert.is_nil(verify(lines, { any, { any_order = group }, any }))
    assert.is_nil(verify(lines, { any, some, any, some, some }))
    group[100] = "QUIT"
    assert.match('expected "QUIT"', (verify(lines, { any, some, "QUIT" })))
    assert.match("in any order", (verify(lines, { any, { any_order = group } })))
  end)

  it("reports lines that never may come, and their number", function()
    local lines = { "USER u", "RETR 1", "RETR 2", "DELE 1" }
    assert.is_nil(verify(lines, { never = "~^TOP" }))
    assert.match('command 4: received "DELE 1", and "~^DELE" must never be received',
                 verify(lines, { never = { "QUIT", "~^DELE" } }), 1, true)
    assert.is_nil(verify(lines, { count = { RETR = 2, ["DELE 1"] = 1, TOP = 0,
                                            ["~ 1$"] = { 1, 3 } } }))
    assert.match('expected "RETR" 3 times, got 2',
                 verify(lines, { count = { RETR = 3 } }))
    assert.is_string(verify(lines, { "USER u", count = { RETR = 2 } }))
    assert.is_string(verify(lines, { count = { RETR = { 3 } } }))
    assert.is_nil(verify({ "retr 1", "RETR 2" }, { count = { Retr = 2 } }))
  end)

  it("looks at one session", function()
    local list = entries("A", "B", "C")
    list[2].session = 2
    assert.is_nil(expect.compare(expect.new({ "A", "C", session = 1 }, 1), list,
                                0, {}))
  end)

  it("raises an error for an unknown line", function()
    for message, want in pairs {
      ["a line must be a string"] = { 1 },
      ["malformed pattern"] = { "~[" },
      ["unknown option 'ever'"] = { ever = "A" },
      ["unknown option 'time'"] = { { "A", time = 2 } },
      ["an entry must be a line"] = { {} },
      ["count of A must be a number or a list"] = { count = { A = "x" } },
      ["invalid count of A: 2 to 1"] = { count = { A = { 2, 1 } } },
      ["invalid count of B: -1 to -1"] = { { "B", times = -1 } },
      ["invalid count of C: 3 to 2"] = { { "C", at_least = 3, at_most = 2 } },
      ["any_order must be a list"] = { { any_order = { "A", nil, "B" } } },
      ["never must be a list"] = { never = { x = "A" } },
      ["session must be 1 or more"] = { session = 0 },
    } do
      local ok, err = pcall(function() return expect.new(want, 0) end)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
      assert.is_nil(err:find "^[^ ]* verify:")
    end
    for _, group in ipairs { { "A", times = 1, at_least = 1 },
                             { any_order = { "A" }, times = 2 },
                             { "A", anything = true } } do
      assert.has_error(function() expect.new({ group }, 0) end)
    end
  end)

  it("reports an invalid pattern at once", function()
    for _, want in ipairs { { "~CAPA[" }, { never = "~CAPA[" },
                            { count = { ["~CAPA["] = 1 } },
                            { { any_order = { "CAPA", "~CAPA[" } } } } do
      local ok, err = pcall(expect.new, want, 0)
      assert.is_false(ok)
      assert.match("^the list of verify: ~CAPA%[: malformed pattern", err)
    end
  end)

  it("says which pattern is too much for a line", function()
    local long = "~^" .. ("a?"):rep(300) .. "X"
    assert.match("^the list of verify: ~%^a%?.*X: pattern too complex",
                 (verify({ ("a"):rep(300) }, { long })))
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

  it("masks a secret that a handler of AUTH has decoded and echoes", function()
    local encode = require "pop3.core".encode.base64
    local s = pop3.server.new()
    function s.on.AUTH(session, _, initial)
      local got = initial and initial or session:challenge "go on"
      got = initial and require "pop3.core".decode.base64(got) or got
      return session:err(got:match "Bearer ([^\1]*)" or got:match "[^\0]*$")
    end
    local t = talk.to(s)
    assert.equal("-ERR geheim", t:ask("AUTH PLAIN " .. encode "\0u\0geheim"))
    t:ask "AUTH LOGIN"
    assert.equal("-ERR geheim", t:ask(encode "geheim"))
    t:ask "AUTH XOAUTH2"
    assert.equal("-ERR geheim", t:ask(encode "user=u\1auth=Bearer geheim\1\1"))
    assert.is_nil(tostring(s:transcript()):find "geheim")
  end)

  it("has no secret, and neither has the report of verify about a handler", function()
    local s = pop3.server.new()
    function s.on.PASS(_, secret) error("bad: " .. secret) end
    function s.on.XECHO(session, rest) return session:ok(rest) end
    local t = talk.to(s)
    t:ask "USER u"
    t:ask "PASS geheim"
    assert.equal("+OK geheim", t:ask "XECHO geheim")
    assert.match("\nC: XECHO %*%*%*\nS: %+OK %*%*%*\n", tostring(s:transcript()))
    local ok, err = pcall(s.verify, s, {})
    assert.is_false(ok)
    assert.match("bad: %*%*%*\nstack traceback", err)
    s:reset()
    t = talk.to(s)
    t:ask "USER u"
    t:ask "PASS b:"  -- what is left around a short one would tell it
    assert.match("session 1: %*%*%*\nstack traceback", s.errors[1])
  end)

  it("cannot be verified for a session that was not there", function()
    local s = pop3.server.new()
    talk.to(s):ask "QUIT"
    assert.is_true(s:verify { session = 1, never = "~^DELE" })
    local ok, err = pcall(s.verify, s, { session = 2, never = "~^DELE" })
    assert.is_false(ok)
    assert.match("verify: there is no session 2; the server had 1$", err)
    local run <close> = s:fork()
    ok, err = pcall(run.verify, run, { session = 2, "QUIT" })
    assert.is_false(ok)
    assert.match("verify: there is no session 2; the server had 1$", err)
  end)
end)
