-- Logging in by every mechanism, our client to our server, in memory, with TLS
-- and without; and what a test can make the server do.

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

local ALL = names(function() return true end)
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

  it("goes on behind one that is broken", function()
    local s = server { mechs = { "SCRAM-SHA-256", "CRAM-MD5", "PLAIN" } }
    function s.on.AUTH(session, mech, initial)
      if mech ~= "PLAIN" then return session:err "not today" end
      return s.default.AUTH(session, mech, initial)
    end
    local c <close> = assert(connect(s))
    assert.same({ true, "PLAIN" }, { c:login("mrose", "secret") })
    assert.equal(3, s:count "AUTH")
  end)

  it("connects anew when a server drops the link then", function()
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

  it("stops at [AUTH], and at what will pass", function()
    for resp, code in pairs { AUTH = "auth", ["IN-USE"] = "err",
                              ["SYS/TEMP"] = "err", ["SYS/PERM"] = "auth" } do
      local s = server()
      function s.on.AUTH(session) return session:err("no", resp) end
      local c <close> = assert(connect(s))
      local _, reply = helper.fails(code, c:login("mrose", "secret"))
      assert.equal(resp, reply.code)
      assert.equal(1, s:count "AUTH")
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

  it("has it apart when the line would be too long", function()
    local long = ("x"):rep(200)
    local c = script("PLAIN", { "AUTH PLAIN", "+ " },
                     { sasl.encode("\0mrose\0" .. long), "+OK" })
    assert.same({ true, "PLAIN" }, { c:login("mrose", long) })
  end)

  it("has it apart for XOAUTH2, as Office 365 wants it", function()
    local c = script("XOAUTH2", { "AUTH XOAUTH2", "+ " },
      { sasl.encode "user=mrose\1auth=Bearer tok\1\1", "+OK" })
    assert.same({ true, "XOAUTH2" }, { c:login("mrose", nil,
                                               { token = "tok" }) })
  end)

  it("has it apart for a server that does not say what it has", function()
    local peer = helper.peer { "+OK ready", { "CAPA", "-ERR unknown" },
      { "AUTH PLAIN", "+" }, { "AG1yb3NlAHNlY3JldA==", "+OK" } }
    local c = assert(helper.connect(peer))
    assert.same({ true, "PLAIN" },
                { c:login("mrose", "secret", { mechs = { "PLAIN" } }) })
  end)

  it("answers the errors of OAuth as each wants it", function()
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

  it("masks what a server echoes of it", function()
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

  it("gives up after so many failures, on a clock of its own", function()
    local s = server { limits = { logins = 3 }, failure_delay = 5 }
    local c <close> = assert(connect(s))
    local start = s:now()
    for _ = 1, 3 do
      helper.fails("auth", c:login("mrose", "wrong", { mechs = { "USER" } }))
    end
    assert.equal(15, s:now() - start)
    helper.fails("closed", c:login("mrose", "secret", { mechs = { "USER" } }))
  end)

  it("lets nobody log in without TLS who must have it", function()
    local s = server { tls = "auto", require_tls = true }
    local c <close> = assert(connect(s))
    for _, mech in ipairs { "USER", "APOP", "PLAIN", "CRAM-MD5" } do
      helper.fails("auth", c:login("mrose", "secret", { mechs = { mech } }))
    end
    assert(c:stls())
    assert(c:login("mrose", "secret"))
  end)

  it("says the same each time with a seed", function()
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

  it("takes an exchange that is cancelled, or is no base64", function()
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

  it("is nobody's by EXTERNAL without a certificate, or another's", function()
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
