-- Attacks of a host on the way, or of a false server, that aim at a password: each must
-- end before any secret is sent, with a clear error, in bounded time and memory.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local MAIL = { "Subject: one\r\n\r\n" .. ("line of mail\r\n"):rep(100) }
local USERS = { mrose = { password = "secret", mail = MAIL } }

local function server(opts)
  opts.users = opts.users or USERS
  return assert(pop3.server.new(opts))
end

-- A session with it, in memory.
local function connect(s, opts)
  local all = { transport = s:loopback(), tls = "implicit",
                servername = "localhost", cafile = s.cafile }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.connect(all)
end

local LOGIN = { user = "mrose", password = "secret" }

-- Nothing that a login begins with was sent.
local function no_login(lines)
  for _, line in ipairs(lines) do
    assert.is_nil(line:find "^USER" or line:find "^PASS" or line:find "^AUTH"
                  or line:find "^APOP", line)
  end
end

local function commands(s)
  local list = {}
  for _, entry in ipairs(s:transcript()) do
    if entry.from == "C" then list[#list + 1] = entry.line end
  end
  return list
end

describe("STLS that is stripped:", function()
  local CAPA = helper.multi("", "SASL PLAIN\r\nUSER\r\n")
  local ways = {
    ["missing from CAPA"] = { "+OK ready", { "CAPA", CAPA } },
    ["CAPA refused"] = { "+OK ready", { "CAPA", "-ERR unknown command" } },
    ["refused"] = { "+OK ready",
                    { "CAPA", helper.multi("", "STLS\r\nUSER\r\n") },
                    { "STLS", "-ERR [SYS/TEMP] not today" } },
  }
  for name, script in pairs(ways) do
    it(name, function()
      local peer = helper.peer(script)
      local s, message, code, reply = helper.connect(peer, {
        tls = "stls", servername = "localhost", user = "mrose",
        password = "secret" })
      assert.is_nil(s)
      assert.equal("tls", code, message)
      assert.truthy(message:find("STLS", 1, true) or message:find "not today")
      if name == "refused" then assert.equal("SYS/TEMP", reply.code) end
      no_login(peer.got)
      assert.equal(1, peer.closed)
    end)
  end

  it("a greeting that claims a login does not log in", function()
    local peer = helper.peer { "-ERR gone" }
    helper.fails("err", helper.connect(peer, { tls = "stls",
      servername = "localhost", user = "mrose", password = "secret" }))
    assert.same({}, peer.got)
  end)
end)

describe("octets after STLS", function()
  local INJECTED = "+OK begin\r\n+OK no STLS here\r\n.\r\n"

  it("that a client gets are fatal, however they are cut", function()
    local before = #"+OK ready\r\n+OK \r\nSTLS\r\n.\r\n"
    for split in helper.sweep(before, before + #INJECTED, 6) do
      local peer = helper.peer({ "+OK ready",
        { "CAPA", helper.multi("", "STLS\r\n") }, { "STLS", { INJECTED } },
        -- the client then sends a handshake; it has no lines
      }, { split = split })
      local got = peer.send
      function peer:send(octets)
        if octets:byte() == 22 then return #octets end
        return got(self, octets)
      end
      local s, message, code = helper.connect(peer, { tls = "stls",
        servername = "localhost", user = "mrose", password = "secret" })
      assert.is_nil(s)
      assert.equal("tls", code, message)
      assert.same({ "CAPA", "STLS" }, peer.got)
    end
  end)

  it("that a server gets drop the link", function()
    for _, more in ipairs { "USER mrose\r\n", "NOOP\r\n", "x", "\r\n" } do
      local s = server { tls = "auto" }
      local link = s:loopback()
      assert.truthy(link:receive(1000))
      link:send("STLS\r\n" .. more)
      local octets, err = link:receive(1000)
      assert.is_nil(octets)
      assert.equal("closed", err)
      assert.same({ "STLS" }, commands(s))
    end
  end)

  it("and the commands before it are forgotten by a server", function()
    local s = server { tls = "auto" }
    local c <close> = assert(connect(s, { tls = "none" }))
    assert(c:command "USER mrose")
    assert.is_false(c:is_secure())
    assert(c:stls())
    assert.is_true(c:is_secure())
    local _, message = helper.fails("err", c:command "PASS secret")
    assert.equal("USER comes first", message.text)
    assert.is_true(c:login("mrose", "secret"))
  end)

  it("capabilities are asked for again", function()
    local s = server { tls = "auto", mechs = { "PLAIN" }, require_tls = true }
    local c <close> = assert(connect(s, { tls = "none" }))
    assert.is_true(c:supports "STLS")
    assert.is_false(c:supports "SASL")
    assert.is_false(c:supports "USER")
    assert(c:stls())
    assert.is_false(c:supports "STLS")
    assert.same({ "PLAIN" }, c:capa().SASL)
    assert.equal(2, s:count "CAPA")
    helper.fails("state", c:stls())
  end)
end)

describe("a certificate that must be refused:", function()
  local why = {
    ["expired"] = "expired", ["not-yet-valid"] = "not yet valid",
    ["wrong-host"] = "wrong.example", ["untrusted"] = "issuer",
    ["self-signed"] = "self.signed", ["weak-key"] = "weak",
  }
  for variant, reason in pairs(why) do
    it(variant, function()
      for _, way in ipairs { "implicit", "stls" } do
        local s = server { tls = variant, implicit = way == "implicit" }
        local all = { tls = way, user = "mrose", password = "secret" }
        local c, message, code = connect(s, all)
        assert.is_nil(c)
        assert.equal("tls", code, message)
        assert.truthy(message:lower():find(reason), message)
        assert.is_nil(message:find "%c")
        no_login(commands(s))
      end
    end)
  end

  it("a pin that does not match", function()
    local s = server { tls = "auto", implicit = true }
    local other = "sha256//" .. ("A"):rep(43) .. "="
    for _, verify in ipairs { true, false } do
      local c, message, code = connect(s, { pin = other, verify = verify,
        user = "mrose", password = "secret" })
      assert.is_nil(c)
      assert.equal("tls", code)
      assert.truthy(message:find "pin", message)
    end
    no_login(commands(s))
  end)

  it("verify = false asks for nothing, but a pin decides", function()
    local s = server { tls = "expired", implicit = true }
    local c <close> = assert(connect(s, { verify = false }))
    local pin = c.link.port:info().peer.pin
    local d <close> = assert(connect(s, { verify = false, pin = { pin } }))
    assert.is_true(d:login("mrose", "secret"))
  end)
end)

describe("old protocol versions", function()
  it("are refused by default", function()
    for _, version in ipairs { "TLSv1", "TLSv1.1" } do
      local s = server { tls = { auto = true, max_version = version },
                         implicit = true }
      helper.fails("tls", connect(s, LOGIN))
      no_login(commands(s))
    end
  end)

  it("TLS 1.2 where 1.3 is asked for", function()
    local s = server { tls = { auto = true, max_version = "TLSv1.2" },
                       implicit = true }
    helper.fails("tls", connect(s, { min_version = "TLSv1.3" }))
    local c <close> = assert(connect(s, LOGIN))
    assert.equal("TLSv1.2", c.link.port:info().version)
  end)
end)

describe("mechanisms that are talked down:", function()
  it("a server without strong ones gets no secret on an open link", function()
    for _, sasl in ipairs { "PLAIN LOGIN", "XOAUTH2 PLAIN" } do
      local peer = helper.peer({ "+OK ready",
        { "CAPA", helper.multi("", "SASL " .. sasl .. "\r\nUSER\r\n") } },
        { foreign = true })
      local c <close> = assert(helper.connect(peer))
      helper.fails("auth", c:login("mrose", "secret", { token = "tok" }))
      no_login(peer.got)
    end
  end)

  it("a SCRAM without its -PLUS is noticed by a server that has it", function()
    local s = server { tls = "auto", implicit = true,
                       mechs = { "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" } }
    local c <close> = assert(connect(s))
    assert.same({ true, "SCRAM-SHA-256-PLUS" },
                { c:login("mrose", "secret") })
    function s.on.CAPA(session)
      local reply = s.default.CAPA(session)
      for i, line in ipairs(reply.body) do
        reply.body[i] = line:gsub(" SCRAM%-SHA%-256%-PLUS", "")
      end
      return reply
    end
    s:advance(0)
    c:close()
    local d <close> = assert(connect(s))
    assert.same({ "SCRAM-SHA-256" }, d:capa().SASL)
    helper.fails("auth", d:login("mrose", "secret",
                                 { mechs = { "SCRAM-SHA-256" } }))
  end)

  it("a failed check of ours lets nothing weaker be tried", function()
    -- a server that does not know the password makes the signature up
    local s = server { mechs = { "SCRAM-SHA-256", "CRAM-MD5", "PLAIN" } }
    function s.on.AUTH(session, mech, initial)
      if mech ~= "SCRAM-SHA-256" then
        return s.default.AUTH(session, mech, initial)
      end
      local first = core.sasl.decode(initial)
      local nonce = first:match "r=(.*)$"
      session:challenge("r=" .. nonce .. "xyz,s=QSXCR+Q6sek8bf92,i=4096")
      local last = session:challenge("v=" .. core.sasl.encode(("x"):rep(32)))
      if not last then return session:err "cancelled" end
      return session:ok "welcome"
    end
    local c <close> = assert(connect(s, { tls = "none" }))
    local message = helper.fails("auth", c:login("mrose", "secret"))
    assert.truthy(message:find "AUTH SCRAM%-SHA%-256")
    assert.equal(1, s:count "AUTH")
    assert.equal(0, s:count "USER")
  end)
end)

-- A server whose SCRAM message is made by a function from the client's nonce.
local function scram(first_reply)
  local steps = 0
  return helper.peer({ "+OK ready",
    { "CAPA", helper.multi("", "SASL SCRAM-SHA-256 PLAIN\r\nUSER\r\n") },
    { "~^AUTH SCRAM%-SHA%-256 ", function(line)
      local octets = core.sasl.decode(line:match "(%S+)$")
      steps = steps + 1
      return "+ " .. core.sasl.encode(first_reply(octets:match "r=(.*)$"))
    end },
    { "*", "-ERR cancelled" } })
end

describe("a false SCRAM server:", function()
  local salt = "s=QSXCR+Q6sek8bf92"
  local ways = {
    ["a replayed nonce"] = function() return "r=old," .. salt .. ",i=4096" end,
    ["our nonce alone"] = function(n)
      return "r=" .. n .. "," .. salt .. ",i=4096"
    end,
    ["four billion iterations"] = function(n)
      return "r=" .. n .. "x," .. salt .. ",i=4294967296"
    end,
    ["one iteration"] = function(n)
      return "r=" .. n .. "x," .. salt .. ",i=1"
    end,
    ["no salt"] = function(n) return "r=" .. n .. "x,s=,i=4096" end,
    ["an extension that must be known"] = function(n)
      return "m=x,r=" .. n .. "x," .. salt .. ",i=4096"
    end,
    ["nothing"] = function() return "" end,
    ["an error"] = function() return "e=unknown-user" end,
  }
  for name, way in pairs(ways) do
    it(name, function()
      local peer = scram(way)
      local c <close> = assert(helper.connect(peer))
      local s, message, code = c:login("mrose", "secret")
      assert.is_nil(s)
      assert.is_true(code == "auth" or code == "proto", message)
      assert.equal("*", peer.got[#peer.got])
      assert.equal(3, #peer.got)
      assert.equal("authorization", c:state())
    end)
  end
end)

describe("a server that does not keep to the exchange:", function()
  local CAPA = { "CAPA", helper.multi("", "SASL CRAM-MD5 SCRAM-SHA-256 "
                                      .. "LOGIN\r\n") }
  local function login(mech, ...)
    local peer = helper.peer({ "+OK ready", CAPA, ... })
    local c <close> = assert(helper.connect(peer))
    local ok, message, code = c:login("mrose", "secret", { mechs = { mech } })
    assert.is_nil(ok)
    return peer, code, message, c:state()
  end

  it("a challenge that is not base64", function()
    for _, junk in ipairs { "!!!!", "eA", "eA=", "eB==", "e A==", "eA==eA==",
                            "====", "\255\254" } do
      local peer, code = login("CRAM-MD5", { "AUTH CRAM-MD5", "+ " .. junk },
                               { "*", "-ERR" })
      assert.equal("proto", code)
      assert.equal(3, #peer.got)
    end
  end)

  it("challenges without end", function()
    for _, mech in ipairs { "CRAM-MD5", "LOGIN", "SCRAM-SHA-256" } do
      local script = { { "~^AUTH", "+ " } }
      for i = 2, 20 do script[i] = { "~", "+ eA==" } end
      local peer, code = login(mech, table.unpack(script))
      assert.is_true(code == "proto" or code == "auth")
      assert.is_true(#peer.got <= 6)
    end
  end)

  it("a challenge that is endless", function()
    local peer, code = login("CRAM-MD5",
      { "AUTH CRAM-MD5", { "+ " .. ("QUFB"):rep(10000) } })
    assert.equal("limit", code)
    assert.equal(2, #peer.got)
  end)

  it("+OK to a SCRAM that has not been through", function()
    local _, code, _, state = login("SCRAM-SHA-256",
      { "~^AUTH SCRAM", "+OK welcome" })
    assert.equal("auth", code)
    assert.equal("closed", state)
  end)

  it("+OK after we have given up", function()
    local _, code, _, state = login("CRAM-MD5", { "AUTH CRAM-MD5", "+ !" },
                                    { "*", "+OK welcome" })
    assert.equal("proto", code)
    assert.equal("closed", state)
  end)
end)

describe("a link that is cut inside a message", function()
  local whole = #MAIL[1]

  for _, how in ipairs { "fin", "rst" } do
    it("is an error and no short message (" .. how .. ")", function()
      for _, bytes in ipairs { 0, 10, 100, whole // 2, whole + 10 } do
        local s = server { tls = "auto", implicit = true, faults = {
          { verb = "RETR", cut = { bytes = bytes, how = how } } } }
        local run <close> = s:fork()
        local c <close> = assert(pop3.connect { host = "localhost",
          port = run.port, cafile = run.cafile, user = "mrose",
          password = "secret", mechs = { "USER" } })
        local octets, message, code = c:retr(1)
        assert.is_nil(octets)
        assert.equal("closed", code, message)
      end
    end)
  end

  it("in memory, too, where it differs from an end", function()
    local s = server { tls = "auto", implicit = true, faults = {
      { verb = "RETR", cut = { bytes = 200 } } } }
    local c <close> = assert(connect(s, LOGIN))
    local got = {}
    local octets, message, code = c:retr(1, function(chunk)
      got[#got + 1] = chunk
      return 1
    end)
    assert.is_nil(octets)
    assert.equal("closed", code)
    assert.truthy(message:find "close_notify", message)
    assert.is_true(#table.concat(got) < whole)
  end)

  it("leaves no file", function()
    local dir <close> = helper.directory()
    local s = server { tls = "auto", implicit = true, faults = {
      { verb = "RETR", cut = { bytes = 200 } } } }
    local c <close> = assert(connect(s, LOGIN))
    helper.fails("closed", c:save(1, dir.path .. "/mail"))
    assert.same({}, dir:names())
  end)
end)
