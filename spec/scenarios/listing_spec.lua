-- Scenarios of listings that are cut, malformed, long or missing.

require "pop3.busted"
local scene = require "spec.support.scene"

local mock, client, code = scene.mock, scene.client, scene.code
local faulty = scene.faulty

local function answers(verb, text, body)
  local s = mock()
  s.on[verb] = function(session)
    return body and session:multi(text, body) or session:ok(text)
  end
  return assert(client(s)), s
end

describe("a listing", function()
  it("UIDL is cut once, then well", function()
    local s = faulty { verb = "UIDL", times = 1, cut = { lines = 1 } }
    assert.equal("closed", code(assert(client(s)):uidl()))
    local _, count = assert(client(s)):uidl()
    assert.equal(3, count)
    assert.pop3(s).counted("UIDL", 2)
  end)

  it("there is no UIDL: messages come without", function()
    local s = faulty { verb = "UIDL", reply = "-ERR unknown command" }
    local c = assert(client(s))
    assert.equal("err", code(c:uidl()))
    local sizes = {}
    for m in assert(c:messages()) do
      assert.is_nil(m.uid)
      sizes[m.number] = m.size
    end
    assert.same({ 19, 20, 21 }, sizes)
  end)

  it("UIDL works though it is not in CAPA", function()
    local s = mock { capa = { authorization = {}, transaction = { "TOP" } } }
    local uids = assert(client(s)):uidl()
    assert.equal("lpop3.2", uids[2])
  end)

  it("of 1,000 messages", function()
    local mail = {}
    for i = 1, 1000 do mail[i] = "N: " .. i .. "\r\n" end
    local c = assert(client(mock { mail = mail }))
    assert.equal(1000, select(2, c:list()))
    assert.equal("lpop3.1000", c:uidl()[1000])
    assert.equal(mail[777], c:retr(777))
  end)

  it("has a size over 4 GiB", function()
    local c = answers("LIST", "", { "1 5368709120", "2 1" })
    assert.equal(5368709120, c:list()[1])
    c = answers("STAT", "1 18446744073709551615")
    assert.same({ 1 }, { c:stat() })
  end)

  it("STAT is malformed: without a count it is an error", function()
    for _, text in ipairs { "", "x 1", "-1 1", "1, 2" } do
      assert.equal("proto", code(answers("STAT", text):stat()), text)
    end
    for _, text in ipairs { "1", "1 x", "1 -1" } do
      assert.same({ 1 }, { answers("STAT", text):stat() }, text)
    end
  end)

  -- A line without a value does not cost the others; no number is an error.
  local function malformed(verb, method, good, bad, worse)
    for _, line in ipairs(bad) do
      local c = answers(verb, "", { line, good })
      local values, count, defects = c[method](c)
      assert.is_not_nil(values[7], line)
      assert.is_true(count >= 1)
      assert.equal(line, defects[1].line)
    end
    for _, line in ipairs(worse) do
      local c = answers(verb, "", { line })
      assert.equal("proto", code(c[method](c)), line)
    end
  end

  it("LIST is malformed", function()
    malformed("LIST", "list", "7 1", { "", "1", "1 x" },
              { "x 1", "0 1", "-1 1", "99999999999999999999 1" })
  end)

  it("UIDL is malformed", function()
    malformed("UIDL", "uidl", "7 a", { "", "1", "1 " }, { "x a", "0 a" })
  end)

  it("has the same unique-id twice, or too few of them", function()
    for kind, want in pairs { duplicate = "lpop3.1", missing = "nil" } do
      local s = faulty { verb = "UIDL", uids = kind }
      assert.equal(want, tostring(assert(client(s)):uidl()[2]))
    end
  end)

  it("does not end: within bounds", function()
    local s, some = mock(), ("1 1\r\n"):rep(1000)
    function s.on.LIST(session)
      return session:multi("", function() return some end)
    end
    local c = assert(client(s, { limits = { listing = 5000 } }))
    assert.equal("limit", code(c:list()))
  end)
end)
