-- Transcripts as text, and what verify says of them.

local transcript = require "pop3.transcript"

local function entries(...)
  local list = {}
  for i, line in ipairs { ... } do
    list[i] = { session = 1, time = 0, from = "C", line = line }
  end
  return list
end

local function verify(lines, want)
  return transcript.verify(entries(table.unpack(lines)), 0, {}, want)
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
    assert.match("oops", transcript.verify({}, 0, { "oops" }, {}))
    assert.match("no longer kept", transcript.verify({}, 3, {}, {}))
  end)

  it("does not take long over long lists", function()
    local lines, want = {}, {}
    for i = 1, 3000 do lines[i], want[i] = "RETR " .. i, "RETR " .. i + 1 end
    assert.match("too long", verify(lines, want))
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
