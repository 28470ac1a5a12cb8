-- Logging in by every mechanism, our client to our server, in memory, with TLS
-- and without; and the options of the server about logins.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local sasl = core.sasl

-- The names of the mechanisms whose row passes a test, best first.
local function names(test)
  local list = {}
  for _, row in ipairs(sasl.mechanisms) do
    if test(row) then list[#list + 1] = row.name end
  end
  return list
end

-- GSSAPI needs a KDC: spec/interop/gssapi_spec.lua.
local ALL = names(function(row) return not row.ticket end)
local token = {}
for _, name in ipairs(names(function(row) return row.token end)) do
  token[name] = true
end

local function server(opts)
  local all = { mechs = ALL, apop = true, users = {
    mrose = { password = "secret", token = "to.ken", mail = { "A: b\r\n" } },
    anonymous = { mail = {} },
  } }
  for name, value in pairs(opts or {}) do all[name] = value end
  return assert(pop3.server.new(all))
end

local function connect(s, opts)
  local all = { transport = s:loopback(), servername = "localhost",
                cafile = s.cafile }
  for name, value in pairs(opts or {}) do all[name] = value end
  return pop3.connect(all)
end

local function login(c, mech, good)
  local opts = { mechs = { mech } }
  if mech == "EXTERNAL" or mech == "ANONYMOUS" then
    return c:login("mrose", nil, opts)
  elseif token[mech] then
    opts.token = good and "to.ken" or "wrong.token"
    return c:login("mrose", nil, opts)
  end
  return c:login("mrose", good and "secret" or "wrong", opts)
end

describe("a login by", function()
  for _, tls in ipairs { "none", "stls", "implicit" } do
    for _, mech in ipairs { "USER", "APOP", table.unpack(ALL) } do
      local row = sasl.mechanisms[mech]
      if tls ~= "none" or not (row and (row.binding or row.certificate)) then
        it(mech .. ", TLS " .. tls, function()
          local s = server { tls = tls ~= "none" and { auto = true,
            client_cert = "optional" } or nil, implicit = tls == "implicit" }
          local log, opts = {}, { tls = tls }
          opts.log = function(from, line)
            log[#log + 1] = from .. ": " .. line
          end
          if mech == "EXTERNAL" then
            opts.cert, opts.key = s:client_certificate "mrose"
          end
          local c <close> = assert(connect(s, opts))
          assert.equal(tls ~= "none", c:is_secure())
          assert.same({ true, mech }, { login(c, mech, true) })
          assert.equal(mech == "ANONYMOUS" and 0 or 1, (c:stat()))
          assert.is_true(c:quit())
          local all = table.concat(log, "\n") .. tostring(s:transcript())
          for _, secret in ipairs { "secret", "to.ken",
            sasl.encode "\0mrose\0secret", sasl.encode "secret" } do
            assert.is_nil(all:find(secret, 1, true), all)
          end
          if row then
            assert.truthy(all:find("C: AUTH " .. mech, 1, true), all)
          end
        end)
      end
    end
  end

  for _, mech in ipairs { "USER", "APOP", table.unpack(names(function(row)
    return (row.proof == "password" or row.proof == "token") and not row.binding
  end)) } do
    it(mech .. " with a wrong secret, or no such user, says the same",
       function()
      local s = server()
      local texts = {}
      for i, user in ipairs { "mrose", "nobody" } do
        local c <close> = assert(connect(s))
        local ok, message, code, reply = c:login(user, "wrong",
          { mechs = { mech }, token = token[mech] and "wrong" or nil })
        assert.is_nil(ok)
        assert.equal("auth", code, message)
        assert.equal("AUTH", reply.code)
        assert.is_nil(message:find "wrong")
        assert.equal("authorization", c:state())
        texts[i] = reply.text
      end
      assert.equal(texts[1], texts[2])
    end)
  end
end)

describe("the choice of mechanisms", function()
  local function chosen(mechs, opts, who)
    local s = server { mechs = mechs, tls = { auto = true,
      client_cert = "optional" }, implicit = opts.tls == "implicit" }
    if opts.cert then opts.cert, opts.key = s:client_certificate "mrose" end
    local c <close> = assert(connect(s, opts))
    local ok, mech = c:login("mrose", who.password, { token = who.token })
    assert.is_true(ok, mech)
    return mech
  end
  local P, T = { password = "secret" }, { token = "to.ken" }

  it("takes the strongest that is offered", function()
    local list = names(function(row) return row.proof == "password" end)
    while list[1] do
      local offered = table.move(list, 1, #list, 1, {})
      assert.equal(list[1], chosen(offered, { tls = "implicit" }, P))
      table.remove(list, 1)
    end
    assert.equal("USER", chosen({}, { tls = "implicit" }, P))
    assert.equal("SCRAM-SHA-512", chosen(ALL, { tls = "none" }, P))
  end)

  it("takes a token, and a certificate, where there is one", function()
    assert.equal("OAUTHBEARER", chosen(ALL, { tls = "implicit" }, T))
    assert.equal("XOAUTH2", chosen({ "XOAUTH2", "PLAIN" },
                                   { tls = "implicit" }, T))
    assert.equal("EXTERNAL", chosen(ALL, { tls = "stls", cert = true }, P))
  end)

  it("goes on after a mechanism that fails", function()
    local s = server { mechs = { "SCRAM-SHA-256", "CRAM-MD5", "PLAIN" } }
    function s.on.AUTH(session, mech, initial)
      if mech ~= "PLAIN" then return session:err "not today" end
      return s.default.AUTH(session, mech, initial)
    end
    local c <close> = assert(connect(s))
    assert.same({ true, "PLAIN" }, { c:login("mrose", "secret") })
    assert.equal(3, s:count "AUTH")
  end)

  it("connects again when a server drops the link then", function()
    local s = server { mechs = { "SCRAM-SHA-256", "PLAIN" } }
    function s.on.AUTH(session, mech, initial)
      if mech ~= "PLAIN" then
        local reply = session:err "Protocol error"
        reply.close = "fin"
        return reply
      end
      return s.default.AUTH(session, mech, initial)
    end
    local run <close> = s:fork()
    local c <close> = assert(pop3.connect { host = "127.0.0.1", tls = "none",
      port = run.port, user = "mrose", password = "secret" })
    assert.equal("transaction", c:state())
    assert.equal(1, (c:stat()))
    local transcript = run:transcript()
    assert.equal(2, transcript[#transcript].session)
  end)

  it("stops at [AUTH], and at temporary failures", function()
    for resp, code in pairs { AUTH = "auth", ["IN-USE"] = "err",
                              ["SYS/TEMP"] = "err", ["SYS/PERM"] = "auth" } do
      local s = server()
      function s.on.AUTH(session) return session:err("no", resp) end
      local c <close> = assert(connect(s))
      local _, reply = helper.fails(code, c:login("mrose", "secret"))
      assert.equal(resp, reply.code)
      -- [AUTH]: one by challenge and response, one in cleartext
      assert.equal(resp == "AUTH" and 2 or 1, s:count "AUTH")
    end
  end)

  -- Logins that fail, by mechanism, when the password is wrong or the server cannot
  -- do challenge-response for this user.
  local function refusing(mechs, opts, password)
    local s = server { mechs = mechs, tls = { auto = true },
                       implicit = opts.tls == "implicit" }
    local refused = {}
    s.authenticate = function(_, mech, _, check)
      local row = sasl.mechanisms[mech]
      local good = check "secret" and (not row or row.cleartext)
      if not good then refused[#refused + 1] = mech end
      return good
    end
    local c <close> = assert(connect(s, opts))
    local ok, how, code = c:login("mrose", password)
    return ok and how or code, refused
  end

  it("tries a cleartext one after a refused challenge-response", function()
    for _, mechs in ipairs { { "CRAM-MD5", "PLAIN" }, { "CRAM-MD5", "LOGIN" },
                             { "SCRAM-SHA-256", "PLAIN" }, { "CRAM-MD5" },
                             { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
                               "PLAIN", "LOGIN" } } do
      for _, tls in ipairs { "implicit", "stls", "none" } do
        local by, refused = refusing(mechs, { tls = tls }, "secret")
        local last = mechs[#mechs]
        assert.equal(last == "LOGIN" and #mechs > 2 and "PLAIN"
                     or #mechs == 1 and "USER" or last, by)
        assert.equal(1, #refused)
      end
    end
  end)

  it("makes two failed logins of a wrong password, and no more", function()
    for _, mechs in ipairs { ALL, { "CRAM-MD5", "PLAIN", "LOGIN" },
                             { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
                               "LOGIN" } } do
      for _, tls in ipairs { "implicit", "none" } do
        local code, refused = refusing(mechs, { tls = tls }, "wrong")
        assert.equal("auth", code)
        assert.equal(2, #refused, table.concat(refused, " "))
        assert.is_falsy((sasl.mechanisms[refused[1]] or {}).cleartext)
      end
    end
    for _, mechs in ipairs { { "PLAIN", "LOGIN" }, { "LOGIN" }, {} } do
      local code, refused = refusing(mechs, { tls = "implicit" }, "wrong")
      assert.equal("auth", code)
      assert.equal(1, #refused)
    end
  end)

  it("tries every mechanism of a list", function()
    local s = server { mechs = ALL }
    local c <close> = assert(connect(s))
    local list = { "CRAM-MD5", "SCRAM-SHA-1", "PLAIN", "LOGIN", "USER" }
    helper.fails("auth", c:login("mrose", "wrong", { mechs = list }))
    assert.equal(4, s:count "AUTH")
    assert.equal(1, s:count "PASS")
  end)

  it("tries one mechanism for a refused token", function()
    local s = server { mechs = { "OAUTHBEARER", "XOAUTH2" }, tls = "auto" }
    local c <close> = assert(connect(s, { tls = "stls" }))
    helper.fails("auth", c:login("mrose", nil, { token = "wrong" }))
    assert.equal(1, s:count "AUTH")
  end)

  -- A server that refuses the first login and closes; 'second' is a fault of the
  -- sessions after that.
  local function lost(second, opts)
    local s = server { mechs = { "CRAM-MD5", "PLAIN" } }
    function s.on.AUTH(session, mech, initial)
      if session.id > 1 then return s.default.AUTH(session, mech, initial) end
      local reply = session:err("wrong, go away", "AUTH")
      reply.close = "fin"
      return reply
    end
    for id = 2, second and 3 or 0 do
      local fault = { session = id }
      for name, value in pairs(second) do fault[name] = value end
      s:fault(fault)
    end
    local run <close> = s:fork()
    local all = { host = "127.0.0.1", tls = "none", port = run.port,
                  user = "mrose", password = "secret", timeout = 30 }
    for name, value in pairs(opts or {}) do all[name] = value end
    return pop3.connect(all)
  end

  it("keeps a refusal when the next connection fails", function()
    assert(lost()):close()
    local troubles = {
      ["closed"] = { hook = "connect", refuse = true },
      ["busy"] = { hook = "connect", reply = "-ERR [IN-USE] busy" },
      ["not a POP3 reply"] = { hook = "connect", reply = "what?" },
      ["connection"] = { verb = "AUTH", cut = { bytes = 0 } },
      ["AUTH PLAIN"] = { verb = "AUTH", cut = { bytes = 0, how = "rst" } },
    }
    for text, fault in pairs(troubles) do
      local message, reply = helper.fails("auth", lost(fault))
      assert.same({ text = "wrong, go away", code = "AUTH" }, reply)
      assert.truthy(message:find("wrong, go away", 1, true), message)
      assert.truthy(message:find("; then .*" .. text), message)
    end
  end)

  it("asks a function for the token, each time", function()
    local s = server()
    local asked = 0
    local opts = { token = function()
      asked = asked + 1
      return "to.ken"
    end }
    for i = 1, 2 do
      local c <close> = assert(connect(s, opts))
      assert.same({ true, "OAUTHBEARER" }, { c:login("mrose") })
      assert.equal(i, asked)
      c:quit()
    end
    local c <close> = assert(connect(s, { token = function()
      return nil, "the browser was closed"
    end }))
    local message = helper.fails("auth", c:login("mrose"))
    assert.truthy(message:find "browser")
  end)

  it("a token given as the secret, with mechs of tokens alone", function()
    local c <close> = assert(connect(server()))
    assert.same({ true, "XOAUTH2" },
                { c:login("mrose", "to.ken", { mechs = { "XOAUTH2" } }) })
  end)
end)

describe("CAPA that", function()
  -- A server with a fault at CAPA.
  local function broken(fault, opts, tls)
    local s = server { mechs = { "PLAIN" }, tls = tls }
    fault.verb = "CAPA"
    s:fault(fault)
    local run = s:fork()
    local all = { host = "127.0.0.1", tls = "none", port = run.port,
                  user = "mrose", password = "secret", timeout = 60,
                  servername = "localhost", cafile = run.cafile }
    for name, value in pairs(opts or {}) do all[name] = value end
    local c, message, code = pop3.connect(all)
    return run, c, message, code
  end

  it("ends the connection does not keep a user out", function()
    for _, fault in ipairs { { cut = { bytes = 0 } },
                             { cut = { bytes = 0, how = "rst" } },
                             { cut = { bytes = 9 } }, { reply = "what?" } } do
      local run <close>, c, message = broken(fault)
      assert.truthy(c, message)
      assert.equal(1, (c:stat()))
      assert.is_false(c:supports "PIPELINING")
      assert.equal(1, run:count "CAPA")
      assert.equal(1, run:count "PASS")
      c:close()
    end
  end)

  it("does not keep a user from STLS either, nor from its security", function()
    local run <close>, c, message = broken({ cut = { bytes = 0 } },
                                           { tls = "stls" }, "auto")
    assert.truthy(c, message)
    assert.is_true(c:is_secure())
    assert.equal(1, run:count "STLS")
    c:close()
    local bare <close>, d, _, code = broken({ cut = { bytes = 0 } },
                                            { tls = "stls" })
    assert.is_nil(d)
    assert.equal("tls", code)
    assert.equal(0, bare:count "PASS")
  end)

  it("hangs is given up after a separate time-out", function()
    local waits = {}
    local run <close>, c, message = broken({ stall = true }, {
      wait = function(fd, mode, seconds)
        if mode == "r" then
          waits[#waits + 1] = seconds
          if #waits == 2 then return nil, "timeout" end  -- for CAPA
        end
        return core.poll(fd, mode, seconds)
      end })
    assert.truthy(c, message)
    assert.is_true(waits[1] > 10)
    assert.is_true(waits[2] > 9 and waits[2] <= 10)
    assert.equal(2, run:count "STLS" + run:count "USER" + run:count "PASS")
    c:close()
  end)

  it("is refused, after which the server hangs up, does not keep a user out",
     function()
    for _, cut in ipairs { "fin", "rst" } do
      local s = server { capa = false }
      function s.on.CAPA(session)
        local reply = session:err "unknown command"
        reply.close = cut
        return reply
      end
      local run <close> = s:fork()
      local c, message = pop3.connect {
        host = "127.0.0.1", tls = "none", port = run.port, user = "mrose",
        password = "secret", timeout = 60 }
      assert.truthy(c, message)
      assert.equal(1, run:count "CAPA")
      assert.equal(1, run:count "PASS")
      c:close()
    end
  end)

  it("ends the connection, and the next one is greeted by -ERR, has that reply",
     function()
    for tls, verbs in pairs { none = "PASS", stls = "STLS", ["stls?"] = "PASS" } do
      local s = server { mechs = { "PLAIN" } }
      s:fault { verb = "CAPA", cut = { bytes = 0 } }
      s:fault { hook = "connect", session = 2, reply = "-ERR [SYS/TEMP] busy" }
      local run <close> = s:fork()
      local message, reply = helper.fails("err", pop3.connect {
        host = "127.0.0.1", tls = tls, verify = false, port = run.port,
        user = "mrose", password = "secret" })
      assert.truthy(message:find("CAPA: .*; then connect: .*busy"), message)
      assert.same({ text = "busy", code = "SYS/TEMP" }, reply)
      assert.equal(0, run:count(verbs))
    end
  end)

  it("ends the link each time is a failure", function()
    local s = server { mechs = { "PLAIN" } }
    s:fault { verb = "CAPA", cut = { bytes = 0 } }
    s:fault { hook = "connect", session = 2, refuse = true }
    local run <close> = s:fork()
    local message = helper.fails("closed", pop3.connect {
      host = "127.0.0.1", tls = "none", port = run.port, user = "mrose",
      password = "secret" })
    assert.truthy(message:find("CAPA", 1, true), message)
    assert.truthy(message:find("; then ", 1, true), message)
  end)
end)

describe("the form of the exchange", function()
  local function script(mech, ...)
    local peer = helper.peer { "+OK ready",
      { "CAPA", helper.multi("", "SASL " .. mech .. "\r\n") }, ... }
    return assert(helper.connect(peer)), peer
  end

  it("has the initial response with the command", function()
    local c = script("PLAIN", { "AUTH PLAIN AG1yb3NlAHNlY3JldA==", "+OK" })
    assert.same({ true, "PLAIN" }, { c:login("mrose", "secret") })
  end)

  it("sends it separately when the line would be too long", function()
    local long = ("x"):rep(200)
    local c = script("PLAIN", { "AUTH PLAIN", "+ " },
                     { sasl.encode("\0mrose\0" .. long), "+OK" })
    assert.same({ true, "PLAIN" }, { c:login("mrose", long) })
  end)

  it("sends it separately for XOAUTH2, as Office 365 requires it", function()
    local c = script("XOAUTH2", { "AUTH XOAUTH2", "+ " },
      { sasl.encode "user=mrose\1auth=Bearer tok\1\1", "+OK" })
    assert.same({ true, "XOAUTH2" }, { c:login("mrose", nil,
                                               { token = "tok" }) })
  end)

  it("does not accept a +OK before any response as a login", function()
    local long = ("x"):rep(200)
    for mech, response in pairs { PLAIN = "\0mrose\0" .. long,
                                  LOGIN = "mrose" } do
      for _, last in ipairs { "+OK", "-ERR [AUTH] no" } do
        local steps = { { "AUTH " .. mech, "+OK go on" },
                        { sasl.encode(response), last } }
        if mech == "LOGIN" then
          steps[2][2] = "+ "
          steps[3] = { sasl.encode(long), last }
        end
        local s = script(mech, table.unpack(steps))
        local ok, how, code = s:login("mrose", long, { mechs = { mech } })
        if last == "+OK" then assert.same({ true, mech }, { ok, how })
        else assert.equal("auth", code) end
      end
    end
    local s = script("XOAUTH2", { "AUTH XOAUTH2", "+OK" },
      { sasl.encode "user=mrose\1auth=Bearer tok\1\1", "-ERR no" })
    helper.fails("auth", s:login("mrose", nil, { token = "tok" }))
  end)

  it("gives up where a +OK takes the place of a challenge that it needs",
     function()
    local s = script("CRAM-MD5", { "AUTH CRAM-MD5", "+OK" }, { "*", "-ERR" })
    helper.fails("proto", s:login("mrose", "secret"))
    s = script("CRAM-MD5", { "AUTH CRAM-MD5", "+OK" }, { "*", "+OK" })
    helper.fails("proto", s:login("mrose", "secret"))
    assert.equal("closed", s:state())
  end)

  it("takes e= after the proof of SCRAM for a refusal, before it for the end",
     function()
    local function last(ending)
      return script("SCRAM-SHA-256 PLAIN", { "~^AUTH SCRAM%-SHA%-256 ", function(line)
        local nonce = sasl.decode(line:match "(%S+)$"):match "r=(.*)$"
        return "+ " .. sasl.encode(ending or "r=" .. nonce
                                   .. "x,s=QSXCR+Q6sek8bf92,i=4096")
      end }, { ending and "*" or "~^.", ending and "-ERR" or
               "+ " .. sasl.encode "e=invalid-proof" },
        { "*", "-ERR [AUTH] no" }, { "~^AUTH PLAIN ", "+OK" })
    end
    local s, peer = last()
    assert.same({ true, "PLAIN" }, { s:login("mrose", "secret") })
    assert.equal(5, #peer.got)
    for _, problem in ipairs { "e=server-does-support-channel-binding",
                               "e=unknown-user" } do
      s, peer = last(problem)
      helper.fails("auth", s:login("mrose", "secret"))
      assert.equal(3, #peer.got)
    end
  end)

  it("answers prompts of LOGIN that are not base64", function()
    for _, prompts in ipairs { { "+ Username:", "+ Password:" },
                               { "+ User Name\0", "+ VXNlcg" }, { "+", "+ =" },
                               { "+ VXNlcm5hbWU6", "+ UGFzc3dvcmQ6" } } do
      local s = script("LOGIN", { "AUTH LOGIN", { prompts[1] .. "\r\n" } },
        { sasl.encode "mrose", { prompts[2] .. "\r\n" } },
        { sasl.encode "secret", "+OK" })
      assert.same({ true, "LOGIN" }, { s:login("mrose", "secret") })
    end
  end)

  it("sends it separately for a server that announces no capabilities", function()
    local peer = helper.peer { "+OK ready", { "CAPA", "-ERR unknown" },
      { "AUTH PLAIN", "+" }, { "AG1yb3NlAHNlY3JldA==", "+OK" } }
    local c = assert(helper.connect(peer))
    assert.same({ true, "PLAIN" },
                { c:login("mrose", "secret", { mechs = { "PLAIN" } }) })
  end)

  it("answers the errors of each OAuth mechanism in its form", function()
    local json = "+ " .. sasl.encode '{"status":"400","tok":"en"}'
    local c, peer = script("OAUTHBEARER", { "~^AUTH OAUTHBEARER ", json },
                           { "AQ==", "-ERR [AUTH] invalid token.1" })
    local message, reply = helper.fails("auth", c:login("mrose", nil,
                                                        { token = "token.1" }))
    assert.is_nil(message:find "token")
    assert.equal("invalid ***", reply.text)
    assert.equal(3, #peer.got)
    c = script("XOAUTH2", { "AUTH XOAUTH2", "+ " }, { "~^dX", json },
               { "", "-ERR no" })
    helper.fails("auth", c:login("mrose", nil, { token = "tok" }))
  end)

  it("masks a secret that a server echoes", function()
    for _, mech in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256" } do
      local s = server { mechs = { mech } }
      local seen = {}
      function s.on.AUTH(session, _, initial)
        local octets = initial and sasl.decode(initial)
                       or session:challenge "<1@x>" or ""
        seen[1] = octets
        if mech == "LOGIN" then seen[2] = session:challenge "Password:" end
        return session:err(("no: %s %s secret"):format(octets,
          sasl.encode(octets)))
      end
      local lines = {}
      local c <close> = assert(connect(s, { log = function(_, line)
        lines[#lines + 1] = line
      end }))
      local _, message, _, reply = c:login("mrose", "secret",
                                           { mechs = { mech } })
      local all = table.concat(lines, "\n") .. message .. reply.text
      assert.is_nil(all:find("secret", 1, true), all)
      if mech ~= "LOGIN" then
        assert.is_nil(all:find(sasl.encode(seen[1]), 1, true), all)
      end
    end
  end)
end)

describe("the server", function()
  it("takes stored verifiers in place of a password", function()
    local salt = "0123456789"
    local function stored(hash)
      local stored_key, server_key = sasl.verifier(hash, "secret", salt, 5000)
      return { salt = salt, iterations = 5000, stored_key = stored_key,
               server_key = server_key }
    end
    local salted = names(function(row) return row.salted and not row.binding end)
    local scram = {}
    for _, name in ipairs(salted) do
      scram[name] = stored(sasl.mechanisms[name].hash)
    end
    local s = server { users = { mrose = { scram = scram } } }
    for _, mech in ipairs { "PLAIN", "USER", table.unpack(salted) } do
      for _, secret in ipairs { "secret", "wrong" } do
        local c <close> = assert(connect(s))
        assert.equal(secret == "secret" or nil,
                     (c:login("mrose", secret, { mechs = { mech } })))
        if secret == "secret" then c:quit() end
      end
    end
    local c <close> = assert(connect(s))
    helper.fails("auth", c:login("mrose", "secret", { mechs = { "CRAM-MD5" } }))
  end)

  it("asks authenticate, with every mechanism", function()
    for _, mech in ipairs { "USER", "APOP", "PLAIN", "LOGIN", "CRAM-MD5",
                            "SCRAM-SHA-256" } do
      local calls = {}
      local s = server { authenticate = function(session, name, user, check)
        calls[#calls + 1] = name .. " " .. user
        assert.equal("authorization", session.state)
        return check "secret"
      end }
      local c <close> = assert(connect(s))
      assert.same({ true, mech }, { c:login("mrose", "secret",
                                            { mechs = { mech } }) })
      assert.same({ mech .. " mrose" }, calls)
      local d <close> = assert(connect(s))
      helper.fails("auth", d:login("other", "wrong", { mechs = { mech } }))
    end
  end)

  it("closes the link after a number of failures, on the server's clock", function()
    local s = server { limits = { logins = 3 }, failure_delay = 5 }
    local c <close> = assert(connect(s))
    local start = s:now()
    for _ = 1, 3 do
      helper.fails("auth", c:login("mrose", "wrong", { mechs = { "USER" } }))
    end
    assert.equal(15, s:now() - start)
    helper.fails("closed", c:login("mrose", "secret", { mechs = { "USER" } }))
  end)

  it("refuses a login without TLS where TLS is required", function()
    local s = server { tls = "auto", require_tls = true }
    local c <close> = assert(connect(s))
    for _, mech in ipairs { "USER", "APOP", "PLAIN", "CRAM-MD5" } do
      helper.fails("auth", c:login("mrose", "secret", { mechs = { mech } }))
    end
    assert(c:stls())
    assert(c:login("mrose", "secret"))
  end)

  it("gives the same challenges each time with a seed", function()
    local function once()
      local s = server { seed = 7, mechs = { "CRAM-MD5" } }
      local c <close> = assert(connect(s))
      local challenge
      function s.on.AUTH(session, mech)
        challenge = "asked"
        return s.default.AUTH(session, mech)
      end
      assert(c:login("mrose", "secret", { mechs = { "CRAM-MD5" } }))
      assert.equal("asked", challenge)
      return c:greeting()
    end
    assert.equal(once(), once())
    assert.truthy(once():find "<")
  end)

  it("lists its mechanisms when it is asked to (AUTH alone)", function()
    local s = server { mechs = { "PLAIN", "CRAM-MD5" } }
    local link = s:loopback()
    link:receive(1000)
    link:send "AUTH\r\n"
    assert.equal("+OK mechanisms\r\nPLAIN\r\nCRAM-MD5\r\n.\r\n",
                 link:receive(1000))
    link:send "AUTH GSSAPI\r\n"
    assert.truthy(link:receive(1000):find "^%-ERR ")
  end)

  it("handles an exchange that is cancelled, or is not base64", function()
    for line, text in pairs { ["*"] = "cancelled", ["!"] = "base64",
                              [("A"):rep(9000)] = "too long" } do
      local s = server { mechs = { "PLAIN" } }
      local link = s:loopback()
      link:receive(1000)
      link:send "AUTH PLAIN\r\n"
      assert.equal("+ \r\n", link:receive(1000))
      link:send(line .. "\r\n")
      local reply = link:receive(1000)
      assert.truthy(reply:find(text), reply)
      link:send "USER mrose\r\n"
      assert.truthy(link:receive(1000):find "^%+OK")
    end
  end)

  it("forgets a client that leaves in the middle", function()
    local s = server { mechs = { "LOGIN" } }
    local link = s:loopback()
    link:receive(1000)
    link:send "AUTH LOGIN\r\n"
    assert.truthy(link:receive(1000):find "^%+ ")
    link:close()
    local c <close> = assert(connect(s))
    assert.is_true(c:login("mrose", "secret"))
  end)

  it("has faults in the middle of an exchange", function()
    local s = server { mechs = { "LOGIN" }, faults = {
      { verb = "AUTH", times = 1, cut = { bytes = 3 } } } }
    local c <close> = assert(connect(s))
    helper.fails("closed", c:login("mrose", "secret", { mechs = { "LOGIN" } }))
    local d <close> = assert(connect(s))
    assert.is_true(d:login("mrose", "secret", { mechs = { "LOGIN" } }))
  end)

  it("refuses EXTERNAL without a certificate, or with another user's", function()
    local s = server { tls = { auto = true, client_cert = "optional" },
                       implicit = true, users = { mrose = {}, other = {} } }
    local cert, key = s:client_certificate "mrose"
    local c <close> = assert(connect(s, { tls = "implicit", cert = cert,
                                          key = key }))
    assert.is_true(c:supports "SASL")
    helper.fails("auth", c:login("other", nil, { mechs = { "EXTERNAL" } }))
    assert(c:login("", nil, { mechs = { "EXTERNAL" } }))
    assert.equal("mrose", s.locks.mrose and "mrose")
    local d <close> = assert(connect(s, { tls = "implicit" }))
    for _, name in ipairs(d:capa().SASL) do assert.not_equal("EXTERNAL", name) end
  end)
end)

describe("the mechanisms that a server offers", function()
  local explain = require "pop3.client.login".explain

  local function explained(opts, who)
    local transport = server(opts):loopback()
    transport.loopback = false
    local c <close> = assert(pop3.connect { transport = transport })
    local list = {}
    for i, one in ipairs(assert(explain(c, who))) do
      list[i] = one.name .. (one.why and ": " .. one.why or "")
    end
    return table.concat(list, "\n")
  end

  it("are in the order of preference, with the reason against each", function()
    assert.equal(table.concat({
      "SCRAM-SHA-256-PLUS: it needs TLS", "SCRAM-SHA-256",
      "PLAIN: a cleartext password would cross a connection without TLS "
      .. "(insecure = true allows it)",
      "USER: a cleartext password would cross a connection without TLS "
      .. "(insecure = true allows it)",
      "APOP: only if it is asked for by name",
      "GSSAPI: " .. (sasl.features.gssapi and "the name of the host is needed"
                     or "this build has no Kerberos library"),
      "NTLM: not supported" }, "\n"),
      explained({ apop = true, capa = { authorization = {
        "SASL NTLM PLAIN SCRAM-SHA-256 GSSAPI scram-sha-256-plus", "USER" } } },
        { user = "u", secret = "s" }))
    assert.equal("PLAIN: it needs a password", explained({ apop = false, capa = {
      authorization = { "SASL PLAIN" } } }, { user = "u" }))
    assert.equal("USER: it needs a password\nAPOP: it needs a password",
                 explained({ apop = true, capa = false }, { user = "u" }))
  end)
end)
