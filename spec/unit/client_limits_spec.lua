-- Limits are inclusive, and enforced while reading: no octets of a server make the
-- client grow without bound.

local helper = require "spec.helper"

local fails, multi = helper.fails, helper.multi

local function session(limits, script, peer_opts)
  return helper.login(script, peer_opts, { limits = limits })
end

local NOOP = { "NOOP", "+OK" }

describe("limits.line", function()
  it("is inclusive, the line's end apart", function()
    for _, ending in ipairs { "\r\n", "\n" } do
      for _, chunk in ipairs { 1, 1000 } do
        local s = session({ line = 100 }, {
          { "NOOP", { "+OK " .. ("x"):rep(96) .. ending } },
          { "NOOP", { "-ERR " .. ("x"):rep(95) .. ending } },
          { "NOOP", { "+OK " .. ("x"):rep(97) .. ending } },
        }, { chunk = chunk })
        assert.is_true(s:noop())
        fails("err", s:noop())
        fails("limit", s:noop())
        assert.are.equal("closed", s:state())
      end
    end
  end)

  it("holds for the greeting", function()
    local peer = helper.peer { "+OK " .. ("x"):rep(97) }
    fails("limit", helper.connect(peer, { limits = { line = 100 } }))
    peer = helper.peer { "+OK " .. ("x"):rep(96) }
    assert(helper.connect(peer, { limits = { line = 100 } }))
  end)

  it("holds for the lines of a listing", function()
    local line = "1 " .. ("x"):rep(98)
    local s = session({ line = 100 }, {
      { "UIDL", multi("", line .. "\r\n") }, { "UIDL", multi("", line .. "x\r\n") },
    })
    assert.same({ ("x"):rep(98) }, (s:uidl()))
    fails("limit", s:uidl())
  end)

  it("does not hold for the lines of a message", function()
    local octets = ("x"):rep(100000) .. "\r\n"
    local s = session({ line = 100 }, { { "RETR 1", multi("", octets) } })
    assert.are.equal(octets, s:retr(1))
  end)

  it("is 8192 if nothing is said", function()
    local s = session(nil, { { "NOOP", "+OK " .. ("x"):rep(8188) },
                             { "NOOP", "+OK " .. ("x"):rep(8189) } })
    assert.is_true(s:noop())
    fails("limit", s:noop())
  end)

  it("ends a line that never ends", function()
    local s, peer = session(nil, { { "NOOP", { ("x"):rep(1000000) } } },
                            { chunk = 1000 })
    fails("limit", s:noop())
    assert.is_true(peer.given < 12000)
  end)

  it("is about replies, not about commands", function()
    local line = "XFOO " .. ("y"):rep(200)
    local s = session({ line = 100 }, { { line, "+OK" } })
    assert.are.equal("", s:command(line))
  end)
end)

describe("limits.listing", function()
  local function lines(n, value)
    local out = {}
    for i = 1, n do out[i] = ("%d %s\r\n"):format(i, value or i) end
    return table.concat(out)
  end

  it("is inclusive, and the session stays in step", function()
    local s = session({ listing = 50 }, {
      { "LIST", multi("", lines(50)) }, { "UIDL", multi("", lines(50, "u")) },
      { "LIST", multi("", lines(51)) }, { "UIDL", multi("", lines(51, "u")) },
      { "LIST", multi("", lines(500)) }, NOOP })
    assert.are.equal(50, select(2, s:list()))
    assert.are.equal(50, select(2, s:uidl()))
    fails("limit", s:list())
    fails("limit", s:uidl())
    fails("limit", s:list())
    assert.is_true(s:noop())
  end)

  it("of 0 lets nothing but an empty listing through", function()
    local s = session({ listing = 0 }, { { "LIST", multi("", "") },
                                         { "LIST", multi("", lines(1)) }, NOOP })
    assert.same({ {}, 0 }, { s:list() })
    fails("limit", s:list())
    assert.is_true(s:noop())
  end)

  it("makes messages() fail, not lie", function()
    local s = session({ listing = 5 }, { { "LIST", multi("", lines(6)) } })
    fails("limit", s:messages())
  end)

  it("is not about capabilities", function()
    local capa = "USER\r\nTOP\r\nUIDL\r\nIMPLEMENTATION a long name\r\n"
    local s = session({ listing = 5 }, { { "CAPA", multi("", capa) } })
    assert.is_table(s:capa())
  end)

  it("ends a listing that never ends", function()
    local s, peer = session({ listing = 10, drain = 1000 },
                            { { "LIST", { "+OK\r\n" .. lines(100000) } } },
                            { chunk = 500 })
    fails("limit", s:list())
    assert.are.equal("closed", s:state())
    assert.is_true(peer.given < 3000)
  end)
end)

describe("limits.message", function()
  local BODY = ("x"):rep(98) .. "\r\n"

  it("is inclusive, counts octets without stuffing, and the session stays "
     .. "in step", function()
    for _, chunk in ipairs { 1, 10, 1000 } do
      local s = session({ message = 100 }, {
        { "RETR 1", multi("", BODY) }, { "RETR 2", multi("", "x" .. BODY) },
        { "RETR 3", multi("", "." .. BODY:sub(2)) },
        { "TOP 1 5", multi("", BODY) }, { "TOP 2 5", multi("", "x" .. BODY) },
        NOOP }, { chunk = chunk })
      assert.are.equal(BODY, s:retr(1))
      local message = fails("limit", s:retr(2))
      assert.is_truthy(message:find "^RETR 2: transport: ")
      assert.are.equal(100, #s:retr(3))
      assert.are.equal(BODY, s:top(1, 5))
      fails("limit", s:top(2, 5))
      assert.is_true(s:noop())
    end
  end)

  it("holds for bodies that go to a sink, which gets the error", function()
    for _, chunk in ipairs { 1, 10, 1000 } do
      local s = session({ message = 100 }, {
        { "RETR 1", multi("", BODY) }, { "RETR 2", multi("", "x" .. BODY) },
        NOOP }, { chunk = chunk })
      local size, last = 0, nil
      local function sink(octets, err)
        if octets then size = size + #octets
        else last = err or "end" end
        return true
      end
      assert.are.equal(100, s:retr(1, sink))
      assert.same({ 100, "end" }, { size, last })
      size = 0
      local message = fails("limit", s:retr(2, sink))
      assert.is_true(size <= 100)
      assert.are.equal(message, last)
      assert.is_true(s:noop())
    end
  end)

  it("holds for save, which leaves no file", function()
    local dir <close> = helper.directory()
    local s = session({ message = 100 }, {
      { "RETR 1", multi("", BODY) }, { "RETR 2", multi("", "x" .. BODY) }, NOOP })
    assert.are.equal(100, s:save(1, dir.path .. "/a"))
    fails("limit", s:save(2, dir.path .. "/b"))
    assert.same({ "a" }, dir:names())
    assert.is_true(s:noop())
  end)

  it("holds for the body of any command", function()
    local s = session({ message = 100 }, {
      { "XBODY", multi("", "x" .. BODY) }, NOOP })
    fails("limit", s:command("XBODY", { multiline = true }))
    assert.is_true(s:noop())
  end)

  it("of 0 lets an empty message through", function()
    local s = session({ message = 0 }, { { "RETR 1", multi("", "") },
                                         { "RETR 1", multi("", "\r\n") }, NOOP })
    assert.are.equal("", s:retr(1))
    fails("limit", s:retr(1))
    assert.is_true(s:noop())
  end)
end)

describe("limits.drain", function()
  -- Discarded octets are counted in chunks as they come.
  local function refused(octets, drain, chunk)
    local s, peer = helper.login({ { "RETR 1", multi("", octets) }, NOOP },
      { chunk = chunk, split = helper.LOGIN_OCTETS + 6 },
      { limits = { drain = drain } })
    fails("io", s:retr(1, function() return nil, "full" end))
    return s, peer
  end

  it("is inclusive", function()
    local s = refused("a" .. ("x"):rep(998) .. "\r\n", 1000, 1)
    assert.is_true(s:noop())
    s = refused("a" .. ("x"):rep(1000) .. "\r\n", 1000, 1)
    fails("limit", s:noop())
    assert.are.equal("closed", s:state())
  end)

  it("of 0 ends the session as soon as there is something to skip", function()
    local s = refused("ab\r\n", 0, 1)
    fails("limit", s:noop())
  end)

  it("holds for the rest of a message beyond its limit, too", function()
    local s = session({ message = 10, drain = 1000 },
                      { { "RETR 1", multi("", ("x"):rep(5000) .. "\r\n") } },
                      { chunk = 100 })
    fails("limit", s:retr(1))
    assert.are.equal("closed", s:state())
  end)

  it("is counted for each command separately", function()
    local script = {}
    for n = 1, 20 do
      script[n] = { "RETR " .. n, multi("", ("x"):rep(500) .. "\r\n") }
    end
    script[21] = NOOP
    local s = session({ message = 10, drain = 1000 }, script)
    for n = 1, 20 do fails("limit", s:retr(n)) end
    assert.is_true(s:noop())
  end)
end)
