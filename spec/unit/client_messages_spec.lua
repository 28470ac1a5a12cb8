-- The messages of a maildrop, as handles.

local helper = require "spec.helper"

local fails, multi = helper.fails, helper.multi

local LIST = { "LIST", multi("", "1 10\r\n2 20\r\n10 100\r\n") }
local UIDL = { "UIDL", multi("", "1 a\r\n2 b\r\n10 c\r\n") }
local NOOP = { "NOOP", "+OK" }

local function numbers(s, opts)
  local out = {}
  for m in assert(s:messages(opts)) do out[#out + 1] = m.number end
  return out
end

describe("messages", function()
  it("gives number, size and unique-id of each, oldest first", function()
    local s = helper.login { LIST, UIDL }
    local out = {}
    for m in s:messages() do out[#out + 1] = { m.number, m.size, m.uid } end
    assert.same({ { 1, 10, "a" }, { 2, 20, "b" }, { 10, 100, "c" } }, out)
  end)

  it("gives the newest first when asked to", function()
    local s = helper.login { LIST, UIDL, LIST, UIDL }
    assert.same({ 10, 2, 1 }, numbers(s, { order = "newest" }))
    assert.same({ 1, 2, 10 }, numbers(s, { order = "oldest" }))
  end)

  it("leaves out messages whose unique-id is in a set", function()
    local s = helper.login { LIST, UIDL }
    assert.same({ 1, 10 }, numbers(s, { uids = { b = true, z = true } }))
  end)

  it("gives nothing for an empty maildrop", function()
    local s = helper.login { { "LIST", "+OK\r\n.\r\n" },
                             { "UIDL", "+OK\r\n.\r\n" } }
    assert.same({}, numbers(s))
  end)

  it("gives no unique-ids when the server has no UIDL", function()
    local s = helper.login { LIST, { "UIDL", "-ERR unknown" }, NOOP }
    local count = 0
    for m in s:messages { uids = { a = true } } do
      assert.is_nil(m.uid)
      count = count + 1
    end
    assert.are.equal(3, count)
    assert.is_true(s:noop())
  end)

  it("copes with listings that do not have the same messages", function()
    local s = helper.login { LIST, { "UIDL", multi("", "2 b\r\n3 x\r\n") } }
    local uids = {}
    for m in s:messages() do uids[m.number] = m.uid or false end
    assert.same({ [1] = false, [2] = "b", [10] = false }, uids)
  end)

  it("fails in place of the iterator when a listing fails", function()
    local s = helper.login { { "LIST", "-ERR [SYS/TEMP] later" }, NOOP }
    local _, reply = fails("err", s:messages())
    assert.are.equal("SYS/TEMP", reply.code)
    assert.is_true(s:noop())
    s = helper.login { { "LIST", multi("", "x\r\n") } }
    fails("proto", s:messages())
    s = helper.login { LIST, { "UIDL", multi("", "1 a\r\n1 b\r\n") } }
    fails("proto", s:messages())
    s = helper.login { LIST, { "UIDL", { "+OK\r\n1 a", helper.CLOSED } } }
    fails("closed", s:messages())
    s = helper.connect(helper.peer { "+OK" })
    fails("state", s:messages())
  end)

  it("gives messages without a size or a unique-id, too", function()
    local s = helper.login {
      { "LIST", multi("", "1 10\r\n2\r\n\r\n3 -3\r\n") },
      { "UIDL", multi("", "1\r\n2 b\r\n4 d\r\n") } }
    local seen = {}
    local iterator, defects = s:messages()
    for m in iterator do
      seen[m.number] = { m.size or false, m.uid or false }
      assert.truthy(tostring(m):find("message " .. m.number, 1, true))
    end
    assert.same({ { 10, false }, { false, "b" }, { false, false },
                  { false, "d" } }, seen)
    assert.are.equal(4, #defects)
    assert.same({ number = 2, line = "2", text = "the line has no size" },
                defects[1])
    assert.same({ number = 1, line = "1", text = "the line has no unique-id" },
                defects[4])
  end)

  it("can be left by break", function()
    local s = helper.login { LIST, UIDL, { "RETR 1", multi("", "x\r\n") }, NOOP }
    for m in s:messages() do
      if m.number > 1 then break end
      assert.are.equal("x\r\n", m:retr())
    end
    assert.is_true(s:noop())
  end)

  it("can be used while other commands are", function()
    local s = helper.login { LIST, UIDL, NOOP, NOOP, NOOP, LIST, UIDL }
    for _ in s:messages() do assert.is_true(s:noop()) end
    assert.same({ 1, 2, 10 }, numbers(s))
  end)
end)

describe("a handle", function()
  local function first(...)
    local s, peer = helper.login { LIST, UIDL, ... }
    return s:messages()(), s, peer
  end

  it("fetches its message", function()
    local reply = multi("", "Subject: x\r\n\r\nabc\r\n")
    local m = first({ "RETR 1", reply }, { "RETR 1", reply },
                    { "TOP 1 5", reply }, { "TOP 1 0", reply },
                    { "RETR 1", reply }, { "TOP 1 0", reply },
                    { "RETR 1", reply })
    local want, got = "Subject: x\r\n\r\nabc\r\n", nil
    local function sink(chunk) got = chunk or got return true end
    assert.are.equal(want, m:retr())
    assert.are.equal(#want, m:retr(sink))
    assert.are.equal(want, got)
    assert.are.equal(want, m:top(5))
    got = nil
    assert.are.equal(#want, m:top(0, sink))
    assert.are.equal(want, got)
    assert.are.equal("x", m:message().subject)
    assert.are.equal("x", m:headers().subject)
    local dir <close> = helper.directory()
    assert.are.equal(#want, m:save(dir.path .. "/mail"))
    assert.are.equal(want, dir:read "mail")
  end)

  it("is deleted", function()
    local m = first { "DELE 1", "+OK" }
    assert.is_true(m:dele())
  end)

  it("fails as the session's methods do", function()
    local m = first({ "RETR 1", "-ERR [X] gone" }, { "DELE 1", "-ERR gone" },
                    { "TOP 1 0", { helper.CLOSED } })
    local _, reply = fails("err", m:retr())
    assert.are.equal("X", reply.code)
    fails("err", m:dele())
    fails("closed", m:top(0))
    fails("closed", m:retr())
  end)

  it("is misused at its caller's line", function()
    local m = first()
    helper.misuse("lines must be", function() local _ = m:top "all" end)
    helper.misuse("the sink must be", function() local _ = m:retr "file" end)
    helper.misuse("the path must be", function() local _ = m:save() end)
  end)

  it("prints its number and size", function()
    assert.are.equal("message 1 (10 octets)", tostring((first())))
  end)

  it("keeps the session alive", function()
    local m, _, peer = first { "RETR 1", multi("", "x\r\n") }
    _ = nil  -- luacheck: ignore
    collectgarbage()
    assert.are.equal(0, peer.closed)
    assert.are.equal("x\r\n", m:retr())
  end)
end)
