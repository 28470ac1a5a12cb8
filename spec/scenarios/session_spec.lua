-- Scenarios of a whole session: its end, its duration, and the state that the next
-- session finds.

require "pop3.busted"
local scene = require "spec.support.scene"

local mock, client, code = scene.mock, scene.client, scene.code
local faulty, MAIL = scene.faulty, scene.MAIL

describe("QUIT", function()
  it("that reports a failed deletion", function()
    local s = mock()
    function s.on.update(session) return session:err "disk full" end
    local c = assert(client(s))
    c:dele(1)
    assert.equal("err", code(c:quit()))
    assert.pop3(s).holds("mrose", 3)
  end)

  it("whose answer never comes: the outcome is unknown", function()
    local s = faulty { verb = "QUIT", cut = { bytes = 0 } }
    local c = assert(client(s))
    c:dele(1)
    assert.equal("closed", code(c:quit()))
    assert.pop3(s).holds("mrose", 2)
  end)
end)

describe("time", function()
  it("idle longer than the autologout: nothing is deleted", function()
    local s = mock { autologout = 600 }
    local c = assert(client(s))
    c:dele(1)
    s:advance(601)
    assert.equal("closed", code(c:quit()))
    assert.pop3(s).holds("mrose", 3)
  end)

  it("a keepalive in time keeps the session", function()
    local s = mock { autologout = 600 }
    local c = assert(client(s))
    for _ = 1, 5 do
      s:advance(599)
      assert.is_true(c:noop())
    end
  end)
end)

describe("state that moves on", function()
  it("a message appears after the second UIDL", function()
    local s = mock { mail = { MAIL[1], MAIL[2] } }
    function s.on.UIDL(session, n)
      if s:count "UIDL" == 2 then s:deliver("mrose", MAIL[3]) end
      return s.default.UIDL(session, n)
    end
    for _, want in ipairs { 2, 2, 3 } do
      local c <close> = assert(client(s))
      assert.equal(want, (select(2, c:uidl())))
    end
  end)

  it("the quota is reached on the third RETR", function()
    local s, left = mock(), 2
    function s.on.RETR(session, n)
      left = left - 1
      return left < 0 and session:err "quota" or s.default.RETR(session, n)
    end
    local c = assert(client(s))
    for n, want in ipairs { "fine", "fine", "err" } do
      assert.equal(want, code(c:retr(n)))
    end
  end)

  it("the server is down, then up, then has lost its mail", function()
    local s = faulty { hook = "connect", times = 1, refuse = true }
    function s.on.connect(session)
      if session.id == 3 then s.users.mrose.mail = {} end
      return s.default.connect(session)
    end
    for _, want in ipairs { "closed", 3, 0 } do
      local c <close>, _, got = client(s)
      assert.equal(want, got or (c:stat()))
    end
  end)
end)
