-- Scenarios of the login: mechanisms that are broken, cancelled, or weaker than the last.

local base64 = require "pop3.core".encode.base64
require "pop3.busted"
local scene = require "spec.support.scene"
local talk = require "spec.support.talk"

local mock, client, code = scene.mock, scene.client, scene.code
local faulty = scene.faulty

describe("a login", function()
  it("by CRAM-MD5 that is offered but broken: the next one", function()
    local s = mock { mechs = { "CRAM-MD5", "PLAIN" } }
    function s.on.AUTH(session, mechanism, initial)
      if mechanism == "PLAIN" then
        return s.default.AUTH(session, mechanism, initial)
      end
      session:challenge "no challenge at all"
      return session:err "internal error"
    end
    assert.equal("fine", code(client(s)))
    s:verify { "CAPA", "AUTH CRAM-MD5", "***", "AUTH PLAIN ***" }
  end)

  it("that drops inside a SASL exchange", function()
    local s = mock { mechs = { "LOGIN" },
                     faults = { { verb = "AUTH", cut = { bytes = 5 } } } }
    assert.equal("closed", code(client(s, { mechs = { "LOGIN" } })))
    s:verify { "CAPA", "AUTH LOGIN" }
  end)

  it("by XOAUTH2 in one line, and in two", function()
    local s = mock { mechs = { "XOAUTH2" } }
    local response = base64 "user=mrose\1auth=Bearer bearer\1\1"
    local t = talk.to(s)
    assert.match("^%+OK", t:ask("AUTH XOAUTH2 " .. response))
    t:ask "QUIT"
    t = talk.to(s)
    assert.match("^%+ ", t:ask "AUTH XOAUTH2")
    assert.match("^%+OK", t:ask(response))
  end)

  it("by XOAUTH2 to a server that takes it in two lines only", function()
    local s = mock { mechs = { "XOAUTH2" } }
    function s.on.AUTH(session, mechanism, initial)
      if initial then return session:err "Protocol error. 10" end
      return s.default.AUTH(session, mechanism)
    end
    assert.equal("fine", code(client(s, { token = "bearer" })))
    s:verify { "CAPA", "AUTH XOAUTH2", "***" }
  end)

  it("by OAUTHBEARER with a stale token: an error to be continued", function()
    local s = mock { mechs = { "OAUTHBEARER" } }
    assert.equal("auth", code(client(s, { token = "stale" })))
    s:verify { "CAPA", "AUTH OAUTHBEARER ***", "***" }  -- the last is its dummy
  end)

  it("that the client cancels; it does not go on with less", function()
    local s = mock { mechs = { "SCRAM-SHA-256", "PLAIN" } }
    local why
    function s.on.AUTH(session)
      why = select(2, session:challenge "r=not-your-nonce,s=AAAA,i=4096")
      return session:err(why)
    end
    assert.equal("auth", code(client(s)))  -- it gets no password
    assert.equal("cancelled", why)
    s:verify { "CAPA", "AUTH SCRAM-SHA-256 ***", "***" }
  end)

  it("of two users, each with a separate maildrop", function()
    local s = mock { users = { a = { password = "1", mail = { "A: a\r\n" } },
                               b = { password = "2", mail = {} } } }
    local a = assert(client(s, { user = "a", password = "1" }))
    local b = assert(client(s, { user = "b", password = "2" }))
    assert.same({ 1, 0 }, { (a:stat()), (b:stat()) })
  end)

  it("to a maildrop that is locked", function()
    local s = mock()
    local first = assert(client(s))
    local _, message, got = client(s)
    assert.equal("err", got)
    assert.match("IN%-USE", message)
    first:quit()
    assert.equal("fine", code(client(s)))
  end)

  it("that fails once, then works", function()
    local s = faulty { verb = "PASS", times = 1, reply = "-ERR [AUTH] no" }
    assert.equal("auth", code(client(s)))
    assert.equal("fine", code(client(s)))
  end)

  it("with UTF8 before it and after it", function()
    local s = mock()
    local c = assert(client(s, { user = false }))
    assert.is_true(c:utf8())
    assert.is_true((c:login("mrose", "secret")))
    assert.equal("state", code(c:utf8()))
  end)

  it("hides the secret wherever the server says it again", function()
    local s = mock()
    function s.on.PASS(session, secret)
      return session:err("bad: " .. secret)
    end
    local _, message = client(s)
    assert.is_nil(message:find("secret", 1, true))
    assert.is_nil(tostring(s:transcript()):find("secret", 1, true))
  end)
end)
