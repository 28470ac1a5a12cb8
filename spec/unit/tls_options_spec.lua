-- Options of core.tls_context, between two engines in memory.

local core = require "pop3.core"
local tempdir = require "spec.support.tempdir"

local CA, CA_KEY = core.certificate { subject = "a CA", is_ca = true }

-- A certificate and its key, by the CA unless the options say otherwise.
local function certificate(opts)
  local all = { subject = "server", names = { "a.b.example" },
                ca = { cert = CA, key = CA_KEY } }
  for name, value in pairs(opts or {}) do all[name] = value or nil end
  return core.certificate(all)
end

local CERT, KEY = certificate()

local function with(dir, opts)
  local all = { cafile = dir.path .. "/ca.pem", name = "a.b.example" }
  for name, value in pairs(opts or {}) do all[name] = value end
  return all
end

-- Move octets until neither side has any. Returns the last events of both.
local function shake(client, server)
  local events = { client = {}, server = {} }
  local moved
  repeat
    moved = false
    for name, pair in pairs { client = { client, server },
                              server = { server, client } } do
      local what, a, b = pair[1]:next()
      if what or a then events[name] = { what or "error", a, b } end
      local octets = pair[1]:out()
      if octets then
        pair[1]:sent(#octets)
        pair[2]:feed(octets)
        moved = true
      end
      moved = moved or what == "handshake" or what == "data"
    end
  until not moved
  return events.client, events.server
end

local function pair(dir, opts, server_opts)
  local all = { server = true, cert = CERT, key = KEY }
  for name, value in pairs(server_opts or {}) do all[name] = value end
  return assert(core.tls(with(dir, opts))), assert(core.tls(all))
end

local function connects(dir, opts, server_opts)
  local client, server = pair(dir, opts, server_opts)
  local got = shake(client, server)
  assert.equal("handshake", got[1], got[2])
  return client, server
end

local function fails(words, dir, opts, server_opts)
  local client, server = pair(dir, opts, server_opts)
  local got = shake(client, server)
  assert.same({ "error", "tls" }, { got[1], got[3] })
  assert.is_truthy(got[2]:find(words, 1, true), got[2])
  return got[2]
end

describe("the TLS option", function()
  local dir

  setup(function()
    dir = tempdir()
    dir:write("ca.pem", CA)
  end)
  teardown(function() getmetatable(dir).__close(dir) end)

  it("name matches no part of a name", function()
    connects(dir)
    connects(dir, { name = "A.B.Example." })
    for _, name in ipairs { ".b.example", ".example", ".", "b.example", "",
                            "*.b.example", "a.b.example..", "x.a.b.example" } do
      fails("hostname mismatch", dir, { name = name })
    end
    local cert, key = certificate { names = { "*.b.example" } }
    for _, name in ipairs { ".b.example", "b.example", "x.y.b.example", ".a.b.example",
                            "*.b.example" } do
      fails("hostname mismatch", dir, { name = name }, { cert = cert, key = key })
    end
    connects(dir, nil, { cert = cert, key = key })
  end)

  it("fingerprint is of the whole certificate, on top of verify", function()
    local print = connects(dir):info().peer.fingerprint
    assert.matches("^" .. ("%x"):rep(64) .. "$", print)
    local colons = print:upper():gsub("%x%x", "%0:"):sub(1, -2)
    for _, form in ipairs { print, colons, "SHA256:" .. colons,
                            { ("0"):rep(64), print } } do
      connects(dir, { fingerprint = form })
    end
    local wrong = { fingerprint = ("0"):rep(64) }
    local said = fails("does not match the fingerprint", dir, wrong)
    assert.is_truthy(said:find(print, 1, true))
    wrong.verify = false
    fails("does not match the fingerprint", dir, wrong)
    connects(dir, { fingerprint = print, verify = false, name = "other" })
    fails("hostname mismatch", dir, { fingerprint = print, name = "other" })
    -- another certificate with the same key
    local info = connects(dir):info().peer
    connects(dir, { fingerprint = print, pin = info.pin })
    fails("does not match the pin", dir, { fingerprint = print,
      pin = core.sasl.encode(("\0"):rep(32)) })
    for _, misuse in ipairs { "", "00", ("0"):rep(63), ("0"):rep(65), ("g"):rep(64),
                              5, { 5 }, print .. ":" } do
      assert.error_matches(function()
        core.tls_context { fingerprint = misuse }
      end, "fingerprint must be")
    end
  end)

  it("ciphers chooses, of TLS 1.2 and of TLS 1.3", function()
    local client = connects(dir, { ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384",
                                   max_version = "TLSv1.2" })
    assert.equal("ECDHE-ECDSA-AES256-GCM-SHA384", client:info().cipher)
    client = connects(dir, { ciphers =
      "TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256" })
    assert.equal("TLS_CHACHA20_POLY1305_SHA256", client:info().cipher)
    for _, bad in ipairs { "NO-SUCH-CIPHER", "TLS_NO_SUCH" } do
      local context, message, code = core.tls_context { ciphers = bad }
      assert.is_nil(context)
      assert.equal("no such ciphers: " .. bad, message)
      assert.equal("tls", code)
    end
  end)

  it("min_version goes down to TLS 1.0 when asked", function()
    for _, version in ipairs { "TLSv1", "TLSv1.1" } do
      local old = { min_version = "TLSv1", max_version = version }
      fails("alert", dir, nil, old)
      local client = connects(dir, { min_version = version }, old)
      assert.equal(version, client:info().version)
    end
    local client = connects(dir, { min_version = "TLSv1" })
    assert.equal("TLSv1.3", client:info().version)
    fails("version", dir, { min_version = "TLSv1.3" }, { max_version = "TLSv1.2" })
  end)

  it("security_level refuses weak keys, at least at level 2", function()
    local cert, key = certificate { key = "rsa:1024" }
    local weak = { cert = cert, key = key, security_level = 0 }
    fails("key too weak", dir, nil, weak)
    fails("key too weak", dir, { security_level = 2 }, weak)
    for level = 0, 1 do connects(dir, { security_level = level }, weak) end
    for _, misuse in ipairs { -1, 6, 1.5, "high" } do
      assert.error_matches(function()
        core.tls_context { security_level = misuse }
      end, "'security_level' must be")
    end
  end)

  it("crlfile has the revoked certificates", function()
    dir:write("ca.key", CA_KEY)
    dir:write("cert.pem", CERT)
    dir:write("ca.cnf", ([[
[ca]
default_ca = own
[own]
database = %s/index.txt
default_md = sha256
default_crl_days = 30
]]):format(dir.path))
    local function list(revoked)
      local serial = assert(io.popen(("openssl x509 -noout -serial -in %s/cert.pem")
                                     :format(dir.path))):read "a":match "=(%x+)"
      dir:write("index.txt", revoked and ("R\t360101000000Z\t260101000000Z\t%s\t"
                .. "unknown\t/CN=server\n"):format(serial) or "")
      assert(os.execute(("cd %s && openssl ca -gencrl -config ca.cnf -cert ca.pem "
        .. "-keyfile ca.key -out crl.pem 2> /dev/null"):format(dir.path)))
      return dir.path .. "/crl.pem"
    end
    connects(dir, { crlfile = list(false) })
    fails("certificate revoked", dir, { crlfile = list(true) })
    connects(dir)
    -- the issuer's list must be there, that of the CA above it need not
    local middle, middle_key = certificate { is_ca = true, subject = "between" }
    local cert, key = certificate { ca = { cert = middle, key = middle_key } }
    local chained = { cert = cert .. middle, key = key }
    connects(dir, nil, chained)
    fails("unable to get certificate CRL", dir, { crlfile = list(false) }, chained)
    for _, bad in ipairs { dir.path .. "/ca.key", dir.path .. "/none" } do
      local context, message, code = core.tls_context { crlfile = bad }
      assert.is_nil(context)
      assert.is_truthy(message:find(bad .. ": no certificate revocation", 1, true))
      assert.equal("tls", code)
    end
  end)

  it("verify = \"ask\" lets the caller decide", function()
    local old, old_key = certificate { from = -7200, to = -3600 }
    for _, case in ipairs {
      { {} }, { { name = "other" }, "hostname mismatch" },
      { {}, "has expired", { cert = old, key = old_key } },
      { { pin = core.sasl.encode(("\0"):rep(32)) }, "does not match the pin" },
      { { fingerprint = ("0"):rep(64) }, "does not match the fingerprint" },
    } do
      for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
        for _, accept in ipairs { true, false } do
          case[1].verify, case[1].max_version = "ask", version
          local client, server = pair(dir, case[1], case[3])
          local got = shake(client, server)
          assert.equal("certificate", got[1])
          assert.equal("server", got[2].common_name)
          if case[2] then
            assert.is_truthy(got[3]:find(case[2], 1, true), got[3])
          else
            assert.is_nil(got[3])
          end
          assert.is_nil(client:next())
          local sent, _, code = client:write "early"
          assert.is_nil(sent)
          assert.equal("state", code)
          client:decide(accept)
          got = shake(client, server)
          if accept then
            assert.same({ "handshake" }, got)
            assert(client:write "hello")
            local _, at_server = shake(client, server)
            assert.same({ "data", "hello" }, at_server)
          else
            assert.same({ "error", "tls" }, { got[1], got[3] })
            assert.is_truthy(got[2]:find(case[2] or "certificate refused", 1, true))
            local _, at_server = shake(client, server)
            assert.not_equal("data", at_server[1])
          end
          assert.has_error(function() client:decide(true) end)
        end
      end
    end
  end)

  it("verify = \"ask\" remembers the problem when a session is resumed", function()
    local context = assert(core.tls_context(with(dir, { verify = "ask" })))
    local server_context = assert(core.tls_context { server = true, cert = CERT,
                                                     key = KEY })
    local function run(session)
      local client = assert(core.tls { context = context, name = "other",
                                       session = session })
      local server = assert(core.tls { context = server_context })
      local got = shake(client, server)
      assert.equal("certificate", got[1], got[2])
      assert.is_truthy(got[3]:find("hostname mismatch", 1, true))
      client:decide(true)
      assert.same({ "handshake" }, shake(client, server))
      return client
    end
    local first = run()
    assert.is_false(first:info().reused)
    assert.is_true(run(assert(first:ticket())):info().reused)
  end)

  it("verify takes nothing else", function()
    for _, misuse in ipairs { "yes", 1, {} } do
      assert.error_matches(function() core.tls_context { verify = misuse } end,
                           "'verify' must be")
    end
  end)
end)

describe("an alert", function()
  local dir

  setup(function()
    dir = tempdir()
    dir:write("ca.pem", CA)
  end)
  teardown(function() getmetatable(dir).__close(dir) end)

  it("is named, those of TLS 1.3 too", function()
    local asks = { client_cert = "required", cafile = dir.path .. "/ca.pem" }
    local client, server = pair(dir, nil, asks)
    local got = shake(client, server)
    if got[1] == "handshake" then got = { client:next() } end
    assert.is_truthy(got[2]:find('alert "certificate required"', 1, true), got[2])
    asks.max_version = "TLSv1.2"
    fails('alert "handshake failure"', dir, nil, asks)
  end)
end)

-- A new process reads the configuration of OpenSSL when it starts.
describe("OPENSSL_CONF", function()
  local function run(conf, program)
    local dir <close> = tempdir()
    dir:write("conf", ([[
openssl_conf = top
[top]
ssl_conf = ssl
[ssl]
system_default = own
[own]
%s
]]):format(conf))
    dir:write("ca.pem", CA)
    dir:write("cert.pem", CERT)
    dir:write("key.pem", KEY)
    dir:write("program", [[
      local core = require "pop3.core"
      local dir = arg[1]
      local function version(client, server)
        client.cafile, client.name = dir .. "/ca.pem", "a.b.example"
        server.server, server.cert, server.key = true, dir .. "/cert.pem",
                                                 dir .. "/key.pem"
        local c, s = assert(core.tls(client)), assert(core.tls(server))
        for _ = 1, 10 do
          local what = c:next()
          if what == "handshake" then return c:info().version end
          local octets = c:out()
          if octets then c:sent(#octets) s:feed(octets) end
          s:next()
          octets = s:out()
          if octets then s:sent(#octets) c:feed(octets) end
        end
        return "none"
      end
    ]] .. program)
    local pipe = assert(io.popen(("OPENSSL_CONF=%s/conf lua5.4 %s/program %s 2>&1")
                                 :format(dir.path, dir.path, dir.path)))
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  it("raises and lowers values that are not given as an option", function()
    local program = [[
      print(version({ max_version = "TLSv1.2" }, {}),
            version({ max_version = "TLSv1.1" }, {}),
            version({ min_version = "TLSv1.2", max_version = "TLSv1.2" },
                    { min_version = "TLSv1.2" }), version({}, {}))
    ]]
    assert.equal("none\tnone\tTLSv1.2\tTLSv1.3\n",
                 run("MinProtocol = TLSv1.3", program))
    assert.equal("TLSv1.2\tTLSv1.1\tTLSv1.2\tTLSv1.3\n",
                 run("MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0",
                     program))
    assert.equal("TLSv1.2\tnone\tTLSv1.2\tTLSv1.3\n",
                 run("Options = ServerPreference", program))
  end)
end)
