-- Scenarios of the greeting, before the client sends a command.

require "pop3.busted"
local scene = require "spec.support.scene"

local mock, client, code = scene.mock, scene.client, scene.code
local faulty = scene.faulty

local function greeted(raw)
  local s = faulty { hook = "connect", reply = raw }
  return s, code(client(s))
end

describe("a greeting", function()
  it("-ERR: the client sends nothing", function()
    local s = mock()
    function s.on.connect(session)  -- the link stays: what comes would be seen
      return session:raw "-ERR [SYS/TEMP] come back later\r\n"
    end
    assert.equal("err", code(client(s)))
    s:verify {}
  end)

  it("of another protocol: nothing is sent, above all no password", function()
    for _, raw in ipairs { "* OK IMAP4rev1 ready", "220 mail ESMTP", "+OKAY",
                           "SSH-2.0-x", "HTTP/1.1 400 No", "\22\3\1\2", "" } do
      local s, got = greeted(raw)
      assert.equal("proto", got, raw)
      s:verify {}
    end
  end)

  it("that takes 20 seconds is read by a client with a longer time-out", function()
    local s = faulty { hook = "connect", delay = 20 }
    assert.equal("timeout", code(client(s, { timeout = 19 })))
    s:verify {}
    assert.equal("fine", code(client(s, { timeout = 21 })))
  end)

  it("that is too long ends it, within bounds", function()
    local _, got = greeted("+OK " .. ("x"):rep(1e6))
    assert.equal("limit", got)
  end)

  it("with a malformed stamp: no APOP", function()
    for _, text in ipairs { "<>", "<x>", "<a b@c>", "<a@b", "a@b>",
                            "<tim\233@host>" } do
      local s = mock { greeting = text, apop = true }
      assert.equal("auth", code(client(s, { mechs = { "APOP" } })), text)
      assert.pop3(s).has_not.received "~^APOP"
    end
  end)

  it("with a stamp: APOP, if asked for", function()
    local s = mock { greeting = "hi <1896.6971@dbc.example>", apop = true }
    assert.equal("fine", code(client(s, { mechs = { "APOP" } })))
    assert.pop3(s).received "APOP mrose ***"
  end)
end)
