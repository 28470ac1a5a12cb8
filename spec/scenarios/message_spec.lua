-- Scenarios of messages that are slow, cut, garbled or refused.

local scene = require "spec.support.scene"

local mock, client, code = scene.mock, scene.client, scene.code
local MAIL = scene.MAIL

local function with(fault, opts)
  local s = scene.faulty(fault)
  return assert(client(s, opts)), s
end

describe("a message", function()
  it("comes at 5 ms an octet", function()
    local c, s = with { verb = "RETR", drip = { bytes = 1, every = 0.005 } }
    local before = s:now()
    assert.equal(MAIL[2], c:retr(2))
    assert.is_true(s:now() - before >= 0.005 * #MAIL[2])
  end)

  it("is garbage", function()
    local c = with { verb = "RETR", garbage = { seed = 7, bytes = 5000 } }
    assert.equal("proto", code(c:retr(1)))
    assert.equal("closed", code(c:retr(2)))
  end)

  it("ends in its middle: there is no message", function()
    for _, how in ipairs { "fin", "rst", "half" } do
      local c = with { verb = "RETR", cut = { lines = 2, how = how } }
      assert.equal("closed", code(c:retr(1)), how)
    end
  end)

  it("is refused once, then the link ends", function()
    local s = mock()
    function s.on.RETR(session)
      s.on.RETR = function() return session:hangup() end
      return session:err "not now"
    end
    local c = assert(client(s))
    assert.equal("err", code(c:retr(1)))
    assert.equal("closed", code(c:retr(1)))
  end)

  it("has a line of 10 MB", function()
    local mail = ("x"):rep(1e7) .. "\r\n"
    assert.equal(mail, assert(client(mock { mail = { mail } })):retr(1))
  end)

  it("has a status line of 1 MB: within bounds", function()
    local c = with { verb = "RETR", reply = "+OK " .. ("x"):rep(1e6) }
    assert.equal("limit", code(c:retr(1)))
  end)

  it("there is no TOP: headers come from the message", function()
    local c = with { verb = "TOP", reply = "-ERR unknown command" }
    assert.equal("err", code(c:top(1, 0)))
    assert.equal("1", c:headers(1).subject)
    assert.equal("1", c:message(1).subject)
    assert.equal(MAIL[1], c:retr(1))
  end)

  it("pipelining on: commands go together; off: one by one", function()
    for _, offers in ipairs { true, false } do
      local s = mock { capa = { transaction = { offers and "PIPELINING" } } }
      local got, most = {}, 0
      function s.on.RETR(session, n)
        most = math.max(most, session.engine:unread())
        return s.default.RETR(session, n)
      end
      assert(client(s)):retr_many({ 1, 2, 3 }, function(n, m) got[n] = m end)
      assert.same({ MAIL, offers }, { got, most > 0 })
    end
  end)

  it("pipelined replies are mixed up: each is whole, and no hang", function()
    for nth, want in ipairs { { MAIL[2], MAIL[1], MAIL[3] },
                              { MAIL[1], MAIL[3], MAIL[2] },
                              { MAIL[1], MAIL[2], "timeout" } } do
      local c = with({ verb = "RETR", nth = nth, swap = true }, { timeout = 5 })
      local got = {}
      c:retr_many({ 1, 2, 3 }, function(n, m, _, why) got[n] = m or why end)
      assert.same(want, got)
    end
  end)
end)
