-- Scenarios of TLS: it works, is missing or refused, octets are injected, or the
-- certificate belongs to another host.

require "pop3.busted"
local scene = require "spec.support.scene"

local mock, client, code = scene.mock, scene.client, scene.code

local function stls(s) return code(client(s, { tls = "stls" })) end

describe("STLS", function()
  it("offered: everything else is under it", function()
    local s = mock { tls = "auto", require_tls = true }
    assert.equal("fine", stls(s))
    s:verify { "CAPA", "STLS", "CAPA", "USER mrose", "PASS ***" }
  end)

  it("missing: no password leaves", function()
    local s = mock()
    assert.equal("tls", stls(s))
    assert.pop3(s).received { never = { "~^USER", "~^PASS", "~^AUTH" } }
  end)

  it("refused: no password leaves", function()
    local s = mock { tls = "auto" }
    s:fault { verb = "STLS", reply = "-ERR not now" }
    assert.equal("tls", stls(s))
    assert.pop3(s).received { never = { "~^USER", "~^PASS", "~^AUTH" } }
  end)

  it("injected: octets after its reply end the session", function()
    local s = mock { tls = "auto" }
    s:fault { verb = "STLS", append = "+OK\r\n" }
    assert.equal("tls", stls(s))
    assert.pop3(s).received { never = { "~^USER", "~^PASS", "~^AUTH" } }
  end)

  it("stripped from CAPA on the way: no password in clear", function()
    local s = mock { tls = "auto", capa = { authorization = { "USER" } } }
    assert.equal("tls", stls(s))
    assert.pop3(s).received { never = { "~^USER", "~^PASS", "~^AUTH" } }
  end)
end)

describe("a certificate", function()
  it("of another host", function()
    local s = mock { tls = "wrong-host", implicit = true }
    assert.equal("tls", code(client(s, { tls = "implicit" })))
    s:verify {}
  end)

  it("that was good, then is another's, then is good again", function()
    local s = mock { tls = "auto", implicit = true,
      faults = { { hook = "tls", nth = 2, certificate = "untrusted" } } }
    for _, want in ipairs { "fine", "tls", "fine" } do
      local c <close>, _, got = client(s, { tls = "implicit" })
      assert.equal(want, c and "fine" or got)
    end
  end)
end)
