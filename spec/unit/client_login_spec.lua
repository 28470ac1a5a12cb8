-- Logging in: mechanisms, refusals, and secrets on a link without TLS.

local helper = require "spec.helper"
local pop3 = require "pop3"

local fails = helper.fails

local STAMP = "<1896.697170952@dbc.mtview.ca.us>"
local APOP = "APOP mrose c4c9334bac560ecc979e58001b3e22fb"

local function session(script, peer_opts, opts)
  local peer = helper.peer(script, peer_opts)
  return assert(helper.connect(peer, opts)), peer
end

describe("login", function()
  it("sends CAPA, then USER and PASS", function()
    local s, peer = session {
      "+OK ready", { "CAPA", "+OK\r\nUSER\r\nTOP\r\n.\r\n" },
      helper.USER, helper.PASS }
    assert.same({ true, "USER" }, { s:login("mrose", "secret") })
    assert.are.equal("transaction", s:state())
    assert.same({ "CAPA", "USER mrose", "PASS secret" }, peer.got)
  end)

  it("uses USER where the server does not know CAPA", function()
    local s = session { "+OK", { "CAPA", "-ERR unknown" }, helper.USER,
                        helper.PASS }
    assert.same({ true, "USER" }, { s:login("mrose", "secret") })
  end)

  it("sends user and password as they are, blanks and UTF-8 too", function()
    local s, peer = session({ "+OK", { "USER m rose", "+OK" },
                              { "PASS  pa ss\u{fc} ", "+OK" } }, nil,
                            { mechs = { "USER" } })
    assert.is_true(s:login("m rose", " pa ss\u{fc} "))
    assert.are.equal("PASS  pa ss\u{fc} ", peer.got[2])
  end)

  it("does not ask for capabilities when mechs names a mechanism", function()
    local s, peer = session { "+OK", helper.USER, helper.PASS }
    assert.is_true(s:login("mrose", "secret", { mechs = { "USER" } }))
    assert.same({ "USER mrose", "PASS secret" }, peer.got)
  end)

  it("without a mechanism that can be used is code auth, nothing sent",
     function()
    local s, peer = session { "+OK", { "CAPA", "+OK\r\nSASL GSSAPI\r\n.\r\n" } }
    fails("auth", s:login("mrose", "secret"))
    for _, mechs in ipairs { {}, { "GSSAPI" }, { "APOP" } } do
      fails("auth", s:login("mrose", "secret", { mechs = mechs }))
    end
    assert.same({ "CAPA" }, peer.got)
    assert.are.equal("authorization", s:state())
  end)

  it("with an empty user or secret is code auth, nothing sent", function()
    local s, peer = session { "+OK" }
    fails("auth", s:login("", "secret"))
    fails("auth", s:login("mrose", ""))
    assert.same({}, peer.got)
  end)

  it("twice is code state, nothing sent", function()
    local s, peer = helper.login {}
    fails("state", s:login("mrose", "secret"))
    assert.same({ "USER mrose", "PASS secret" }, peer.got)
  end)

  it("fails when the link ends in it", function()
    for stop = 5, 5 + #"+OK\r\n+OK\r\n" - 1 do
      local s = session({ "+OK", helper.USER, helper.PASS }, { stop = stop },
                        { mechs = { "USER" } })
      fails("closed", s:login("mrose", "secret"))
      assert.are.equal("closed", s:state())
    end
  end)
end)

describe("a refused login", function()
  local function refused(with, where)
    local script = where == "USER" and { "+OK", { "USER mrose", with } }
                   or { "+OK", helper.USER, { "PASS secret", with } }
    local s = session(script, nil, { mechs = { "USER" } })
    return s, s:login("mrose", "secret")
  end

  it("is code auth with the server's reply", function()
    for _, where in ipairs { "USER", "PASS" } do
      local s, _, message, code, reply = refused("-ERR [auth] no way", where)
      fails("auth", nil, message, code, reply)
      assert.same({ text = "no way", code = "AUTH" }, reply)
      assert.is_truthy(message:find("no way", 1, true))
      assert.are.equal("authorization", s:state())
    end
  end)

  it("has a reply without a code when the server sends no code", function()
    local _, _, message, code, reply = refused "-ERR"
    fails("auth", nil, message, code, reply)
    assert.same({ text = "" }, reply)
  end)

  it("is code err when trying again later can help", function()
    for _, resp in ipairs { "IN-USE", "LOGIN-DELAY", "SYS/TEMP", "in-use" } do
      local _, _, message, code, reply = refused("-ERR [" .. resp .. "] later")
      fails("err", nil, message, code, reply)
      assert.same({ text = "later", code = resp:upper() }, reply)
    end
  end)

  it("is code auth with any other code", function()
    for _, resp in ipairs { "AUTH", "SYS/PERM", "SYS", "X-IN-USE", "EXPIRE" } do
      local _, _, message, code, reply = refused("-ERR [" .. resp .. "] no")
      fails("auth", nil, message, code, reply)
      assert.are.equal(resp, reply.code)
    end
  end)

  it("can be tried again on the same session", function()
    local s = session({ "+OK", helper.USER, { "PASS wrong", "-ERR no" },
                        helper.USER, helper.PASS }, nil, { mechs = { "USER" } })
    fails("auth", s:login("mrose", "wrong"))
    assert.is_true(s:login("mrose", "secret"))
  end)
end)

describe("a password in clear", function()
  it("does not go to a foreign host without TLS", function()
    local s, peer = session({ "+OK", { "CAPA", "+OK\r\nUSER\r\n.\r\n" } },
                            { foreign = true })
    local message = fails("auth", s:login("mrose", "secret"))
    assert.is_truthy(message:find "insecure")
    fails("auth", s:login("mrose", "secret", { mechs = { "USER" } }))
    assert.same({ "CAPA" }, peer.got)
  end)

  it("does with insecure = true", function()
    local s = session({ "+OK", helper.USER, helper.PASS }, { foreign = true },
                      { insecure = true })
    assert.is_true(s:login("mrose", "secret", { mechs = { "USER" } }))
  end)

  it("goes to a loopback host", function()
    local run <close> = pop3.server.new {
      users = { mrose = { password = "secret" } } }:fork()
    local s <close> = assert(pop3.connect {
      host = "localhost", port = run.port, tls = "none",
      user = "mrose", password = "secret" })
    assert.are.equal("transaction", s:state())
  end)

  it("is no reason to refuse APOP, which sends no password", function()
    local s = session({ "+OK " .. STAMP, { APOP, "+OK" } }, { foreign = true })
    assert.same({ true, "APOP" }, { s:login("mrose", "tanstaaf",
                                            { mechs = { "USER", "APOP" } }) })
  end)
end)

describe("APOP", function()
  it("sends the digest of RFC 1939's example", function()
    local s, peer = session { "+OK POP3 server ready " .. STAMP, { APOP, "+OK" } }
    assert.same({ true, "APOP" },
                { s:login("mrose", "tanstaaf", { mechs = { "APOP" } }) })
    assert.same({ APOP }, peer.got)
  end)

  it("is not used unless it is asked for", function()
    local s, peer = session { "+OK " .. STAMP, { "CAPA", "-ERR" }, helper.USER,
                              helper.PASS }
    assert.same({ true, "USER" }, { s:login("mrose", "secret") })
    assert.same({ "CAPA", "USER mrose", "PASS secret" }, peer.got)
  end)

  it("is chosen by the order of mechs", function()
    local s = session { "+OK " .. STAMP, { APOP, "+OK" } }
    assert.same({ true, "APOP" }, { s:login("mrose", "tanstaaf",
                                            { mechs = { "APOP", "USER" } }) })
  end)

  it("gives way to the next of mechs when the greeting has no stamp",
     function()
    local s = session { "+OK ready", helper.USER, helper.PASS }
    assert.same({ true, "USER" }, { s:login("mrose", "secret",
                                            { mechs = { "APOP", "USER" } }) })
  end)

  it("that is refused is not followed by the password on an open link",
     function()
    local s, peer = session({ "+OK " .. STAMP, { "~^APOP", "-ERR no" } },
                            { foreign = true }, { insecure = true })
    fails("auth", s:login("mrose", "x", { mechs = { "APOP", "USER" } }))
    assert.are.equal(1, #peer.got)
  end)

  it("that is refused gives way to the next of mechs on loopback", function()
    local s, peer = session { "+OK " .. STAMP, { "~^APOP", "-ERR no" },
                              { "USER mrose", "+OK" }, { "PASS x", "+OK" } }
    assert.same({ true, "USER" },
                { s:login("mrose", "x", { mechs = { "APOP", "USER" } }) })
    assert.are.equal(3, #peer.got)
  end)

  it("in a list of mechs is followed by the others, after [AUTH] too", function()
    local s, peer = session { "+OK " .. STAMP, { "~^APOP", "-ERR [AUTH] no" },
                              { "USER mrose", "+OK" }, { "PASS x", "+OK" } }
    assert.same({ true, "USER" },
                { s:login("mrose", "x", { mechs = { "APOP", "USER" } }) })
    assert.are.equal(3, #peer.got)
  end)

  it("works with our own server", function()
    local server = pop3.server.new {
      users = { mrose = { password = "tanstaaf" } }, apop = true }
    local s <close> = assert(pop3.connect {
      transport = server:loopback(), user = "mrose", password = "tanstaaf",
      mechs = { "APOP" } })
    assert.are.equal("transaction", s:state())
  end)

  -- CVE-2007-1558: stamps that are no msg-id help a false server to guess
  local bad = {
    "", "<>", "<@>", "<a>", "<a@>", "<@b>", "a@b", "<a@b", "a@b>", "<a@b@c>",
    "<a b@c>", "<a@b c>", "<a\t@b>", "<a\0b@c>", "<a\127@b>", "<a\128b@c>",
    "<\255\254@b>", "<a\\@b>", "<a,@b>", "<a;@b>", "<a:@b>", "<a(@b>",
    "<a)@b>", "<\"a\"@b>", "< a@b>", "<a@b >",
  }
  for _, text in ipairs(bad) do
    it(("does not take the stamp %q"):format(text), function()
      local s, peer = session { { "+OK ready " .. text .. "\r\n" } }
      fails("auth", s:login("mrose", "tanstaaf", { mechs = { "APOP" } }))
      assert.same({}, peer.got)
    end)
  end
end)
