-- The TLS engine, without sockets: two of them joined in memory, alone and
-- around sessions.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local CA, CA_KEY = core.certificate { subject = "spec CA", is_ca = true }
local BY = { cert = CA, key = CA_KEY }

local function cert(opts)
  opts.ca = opts.ca == nil and BY or opts.ca or nil
  return core.certificate(opts)
end

local CERT, KEY = cert { subject = "localhost",
                         names = { "localhost", "127.0.0.1", "::1" } }

-- A file with the CA, while `use` runs.
local function with_ca(use, text)
  local dir <close> = helper.directory()
  return use(dir:write("ca.pem", text or CA), dir)
end

-- Octets from one to the other, in pieces; whether there were any.
local function carry(from, to, chunk)
  local octets = from:out(chunk)
  if not octets then return false end
  from:sent(#octets)
  to:feed(octets)
  return true
end

-- Until both have nothing to say: the events of each, as text.
local function join(a, b, chunk)
  local events = { a = {}, b = {} }
  local function look(name, engine)
    local list = events[name]
    local what, x, code = engine:next()
    while what or x do
      local text = what == "data" and "data " .. x or what
                   or ("%s: %s"):format(code, x)
      if list[#list] == text then break end
      list[#list + 1] = text
      what, x, code = engine:next()
    end
  end
  repeat
    local moved = carry(a, b, chunk)
    look("b", b)
    moved = carry(b, a, chunk) or moved
    look("a", a)
  until not moved
  return events.a, events.b
end

local function pair(client, server)
  local s = { server = true, cert = CERT, key = KEY }
  for name, value in pairs(server or {}) do s[name] = value end
  local c = { name = "localhost" }
  for name, value in pairs(client or {}) do c[name] = value end
  return assert(core.tls(c)), assert(core.tls(s))
end

-- The handshake comes off, or the client refuses for that reason.
local function shakes(reason, client, server)
  with_ca(function(path)
    client = client or {}
    if client.cafile == nil and client.verify ~= false then
      client.cafile = path
    end
    local c, s = pair(client, server)
    local events = join(c, s)
    if reason then
      assert.truthy(events[1]:find "^tls: ", events[1])
      assert.truthy(events[1]:lower():find(reason), events[1])
      assert.is_nil(s:next())
    else
      assert.same({ "handshake" }, events)
    end
  end)
end

describe("the chain of certificates", function()
  it("has the certificates that the other side sent after its own, on both sides", function()
    with_ca(function(path)
      local own, own_key = cert { subject = "someone", client = true }
      for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
        local c, s = pair(
          { cafile = path, max_version = version, cert = own .. CA, key = own_key },
          { cert = CERT .. CA, cafile = path, client_cert = "required" })
        join(c, s)
        for engine, subject in pairs { [c] = "CN=localhost", [s] = "CN=someone" } do
          local peer = engine:info().peer
          assert.equal(subject, peer.subject)
          assert.equal(1, #peer.chain)
          assert.equal("CN=spec CA", peer.chain[1].subject)
          assert.is_nil(peer.chain[1].chain)
        end
        c = pair { cafile = path, verify = "ask" }
        local bare = assert(core.tls { server = true, cert = CERT, key = KEY })
        repeat until not carry(c, bare) and not carry(bare, c)
        local what, certificate = c:next()
        assert.equal("certificate", what)
        assert.same({}, certificate.chain)
      end
    end)
  end)
end)

describe("a TLS handshake", function()
  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    it("of " .. version .. " comes off in pieces of any size", function()
      with_ca(function(path)
        for _, chunk in ipairs { 1, 2, 5, 100, 1000, 100000 } do
          local c, s = pair({ cafile = path, max_version = version })
          local a, b = join(c, s, chunk)
          assert.same({ "handshake" }, a)
          assert.same({ "handshake" }, b)
          assert.equal(version, c:info().version)
          assert.equal("pop3", c:info().alpn)
          assert.equal("pop3", s:info().alpn)
          assert.is_true(c:write "hello")
          a, b = join(c, s, chunk)
          assert.same({}, a)
          assert.same({ "data hello" }, b)
          s:shutdown()
          assert.same({ "closed" }, (join(c, s, chunk)))
        end
      end)
    end)

    it("of " .. version .. " is shortened by a ticket", function()
      with_ca(function(path)
        local ctx = core.tls_context { server = true, cert = CERT, key = KEY,
                                       max_version = version }
        local c, s = pair({ cafile = path }, { context = ctx })
        join(c, s)
        s:write "x"
        join(c, s)
        local ticket = c:ticket()
        assert.truthy(ticket)
        for _ = 1, 2 do
          local d, t = pair({ cafile = path, session = ticket },
                            { context = ctx })
          assert.same({ "handshake" }, (join(d, t)))
          assert.is_true(d:info().reused)
          assert.is_true(t:info().reused)
          for _, kind in ipairs { "tls-exporter", "tls-unique",
                                  "tls-server-end-point" } do
            assert.equal((d:binding(kind)), (t:binding(kind)))
          end
        end
      end)
    end)
  end

  it("gives both sides the same channel bindings", function()
    with_ca(function(path)
      local lengths = {
        ["TLSv1.2"] = { 32, 12, 32 }, ["TLSv1.3"] = { 32, 0, 32 },
      }
      for version, want in pairs(lengths) do
        local c, s = pair({ cafile = path, max_version = version })
        assert.is_nil((c:binding "tls-exporter"))
        join(c, s)
        for i, kind in ipairs { "tls-exporter", "tls-unique",
                                "tls-server-end-point" } do
          assert.equal((c:binding(kind)), (s:binding(kind)))
          assert.equal(want[i], #(c:binding(kind) or ""))
        end
        assert.is_nil((c:binding "tls-nonsense"))
      end
    end)
  end)
end)

describe("a certificate", function()
  local function named(names, subject)
    local c, k = cert { subject = subject or "x", names = names }
    return { cert = c, key = k }
  end

  it("is for the names that it has", function()
    for _, case in ipairs {
      { "mail.example", { "mail.example" }, true },
      { "MAIL.Example", { "mail.EXAMPLE" }, true },
      { "mail.example.", { "mail.example" }, true },
      { "mail.example", { "other.example", "mail.example" }, true },
      { "a.example", { "*.example.com", "*.example" }, false },
      { "a.mail.example", { "*.mail.example" }, true },
      { "mail.example", { "*.mail.example" }, false },
      { "a.b.mail.example", { "*.mail.example" }, false },
      { "ab.mail.example", { "a*.mail.example" }, false },
      { "a.mail.example", { "a.*.example" }, false },
      { "a.mail.example", { "*" }, false },
      { "xn--bcher-kva.example", { "xn--bcher-kva.example" }, true },
      { "xn--bcher-kva.example", { "bücher.example" }, false },
      { "mail.example", { "mail.example\0.evil.example" }, false },
      { "mail.example", { "mail.example\0" }, false },
      { "127.0.0.1", { "127.0.0.1" }, true },
      { "127.0.0.1", { "127.0.0.2" }, false },
      { "::1", { "::1" }, true },
      { "[0:0:0:0:0:0:0:1]", { "::1" }, true },
      { "fe80::1%eth0", { "fe80::1" }, true },
      { "192.0.2.1", { "*.0.2.1" }, false },
      { "mail.example", {}, false },
    } do
      local server = named(case[2])
      shakes(not case[3] and "mismatch", { name = case[1] }, server)
    end
  end)

  it("whose common name alone would fit is valid for no host", function()
    shakes("mismatch", { name = "mail.example" }, named({}, "mail.example"))
    shakes("mismatch", { name = "mail.example" },
           named({ "other.example" }, "mail.example"))
  end)

  it("must be valid now, of a CA that is known, and strong", function()
    local DAY = 86400
    for reason, opts in pairs {
      ["expired %(on %d+%-"] = { from = -2 * DAY, to = -DAY },
      ["not yet valid %(before %d+%-"] = { from = DAY, to = 2 * DAY },
      ["self%-signed"] = { ca = false },
      ["weak"] = { key = "rsa:1024" },
      ["purpose"] = { client = true },
    } do
      opts.names = { "localhost" }
      local c, k = cert(opts)
      shakes(reason, {}, { cert = c, key = k, security_level = 0 })
    end
    local other, key = core.certificate { subject = "spec CA", is_ca = true }
    local c, k = cert { names = { "localhost" },
                        ca = { cert = other, key = key } }
    shakes("issuer", {}, { cert = c, key = k })
    local CA2, KEY2 = core.certificate { subject = "unknown", is_ca = true }
    c, k = cert { names = { "localhost" }, ca = { cert = CA2, key = KEY2 } }
    shakes("issuer", {}, { cert = c, key = k })
    for _, kind in ipairs { "rsa:2048", "ed25519", "ec" } do
      c, k = cert { names = { "localhost" }, key = kind }
      shakes(nil, {}, { cert = c, key = k })
    end
  end)

  it("with hostile names is reported in one line", function()
    local c, k = cert { subject = "a\nb\27[31m" .. ("x"):rep(40),
      names = { "evil\r\n.example", ("n"):rep(5000) } }
    with_ca(function(path)
      local client, server = pair({ cafile = path }, { cert = c, key = k })
      local events = join(client, server)
      assert.is_nil(events[1]:find "%c")
      assert.is_true(#events[1] < 600)
    end)
  end)

  it("is found by its pin, on top of the chain or alone", function()
    with_ca(function(path)
      local c, s = pair({ cafile = path })
      join(c, s)
      local pin = c:info().peer.pin
      local wrong = ("A"):rep(43) .. "="
      shakes(nil, { pin = pin })
      shakes(nil, { pin = { wrong, "sha256//" .. pin } })
      shakes("pin", { pin = wrong })
      shakes(nil, { pin = pin, verify = false })
      shakes("pin", { pin = wrong, verify = false })
      shakes("mismatch", { pin = pin, name = "other.example" })
      shakes(nil, { verify = false, name = "other.example" })
    end)
    for _, bad in ipairs { "", "x", ("A"):rep(44), 1, { "x" }, {}, { a = "x" } } do
      assert.has_error(function() core.tls_context { pin = bad } end)
      assert.has_error(function() core.tls_context { fingerprint = bad } end)
    end
  end)

  it("of a client is asked for, taken and refused", function()
    with_ca(function(path)
      local c, k = cert { subject = "mrose", client = true,
                          emails = { "mrose@example" } }
      local bad, bad_key = core.certificate { subject = "mrose",
                                              client = true }
      for _, case in ipairs {
        { "optional", c, k, true }, { "required", c, k, true },
        { "optional", nil, nil, true }, { "required", nil, nil, false },
        { "optional", bad, bad_key, false }, { "required", bad, bad_key, false },
      } do
        local client, server = pair({ cafile = path, cert = case[2],
          key = case[3] }, { client_cert = case[1], cafile = path })
        local _, events = join(client, server)
        assert.equal(case[4], events[1] == "handshake", events[1])
        if case[4] and case[2] then
          local peer = server:info().peer
          assert.equal("mrose", peer.common_name)
          assert.same({ "mrose@example" }, peer.emails)
        end
      end
    end)
  end)

  it("takes little time to make", function()
    local start = os.clock()
    local server <close> = pop3.server.new { tls = "auto" }
    assert.is_string(server.cafile)
    assert.is_true(os.clock() - start < 5)  -- it is some milliseconds
  end)
end)

describe("TLS that fails", function()
  it("has no version in common", function()
    shakes("version", { min_version = "TLSv1.3" },
           { max_version = "TLSv1.2" })
    shakes("version", {}, { min_version = "TLSv1", max_version = "TLSv1.1",
                            security_level = 0 })
  end)

  it("is not spoken by the other side", function()
    for _, octets in ipairs { "+OK ready\r\n", "HTTP/1.0 400 no\r\n\r\n",
                              ("\0"):rep(20), "SSH-2.0-x\r\n" } do
      local c = pair { verify = false }
      assert(c:out())
      c:feed(octets)
      local what, message, code = c:next()
      assert.is_nil(what)
      assert.equal("tls", code, message)
      assert.truthy(message:find "does not speak TLS" or message:find "%a")
      assert.equal(message, select(2, c:next()))
    end
  end)

  it("is cut off at any octet of the handshake", function()
    local c, s = pair { verify = false }
    carry(c, s)
    s:next()
    local octets = s:out()
    for n = 0, #octets - 1, 13 do
      local d = pair { verify = false }
      d:out()
      d:feed(octets:sub(1, n))
      d:eof()
      local what, message, code = d:next()
      assert.is_nil(what)
      assert.equal("tls", code, message)
    end
  end)

  it("is cut off or ended, and the two differ", function()
    local c, s = pair { verify = false }
    join(c, s)
    s:write "half of it"
    carry(s, c)
    c:eof()
    assert.same({ "data", "half of it" }, { c:next() })
    local what, message, code = c:next()
    assert.is_nil(what)
    assert.equal("closed", code)
    assert.truthy(message:find "close_notify")
    c, s = pair { verify = false }
    join(c, s)
    s:write "all of it"
    s:shutdown()
    carry(s, c)
    c:eof()
    assert.same({ "data", "all of it" }, { c:next() })
    assert.same({ "closed" }, { c:next() })
    assert.same({ "closed" }, { c:next() })
  end)

  it("has files that are no good", function()
    with_ca(function(_, dir)
      local other_key = select(2, cert { names = { "x" } })
      local path = dir:write("cert.pem", CERT)
      local junk = dir:write("junk.pem", "junk\n")
      for _, case in ipairs {
        { { cafile = dir.path .. "/none" }, "/none: .*No such file" },
        { { cafile = junk }, "junk.pem: CA certificates cannot be read" },
        { { capath = dir.path .. "/none" }, "/none: no such directory" },
        { { cert = dir.path .. "/none" }, "/none: No such file" },
        { { cert = junk }, "junk.pem: it holds no certificate" },
        { { cert = path }, "cert.pem: it holds no key" },
        { { cert = path, key = junk }, "junk.pem: it holds no key" },
        { { cert = path, key = other_key }, "does not belong to the certificate" },
        { { cert = CERT, key = "-----BEGIN NONSENSE-----\n" }, "PEM: it holds no key" },
      } do
        local ctx, message, code = core.tls_context(case[1])
        assert.is_nil(ctx)
        assert.equal("tls", code)
        assert.truthy(message:find(case[2]), message)
      end
      assert.truthy(core.tls_context { cert = path, key = KEY })
      assert.truthy(core.tls_context { cert = dir:write("both", CERT .. KEY) })
    end)
  end)

  it("is misuse", function()
    for _, f in ipairs {
      function() core.tls {} end,
      function() core.tls { name = "bücher.example" } end,
      function() core.tls { name = "a\0b" } end,
      function() core.tls { name = 1 } end,
      function() core.tls_context { min_version = "SSLv3" } end,
      function()
        local c = pair { verify = false }
        c:close()
        c:next()
      end,
      function() pair({ verify = false }):sent(100000) end,
      function()
        local c = pair { verify = false }
        c:wrap(c)
      end,
    } do
      assert.has_error(f)
    end
  end)
end)

describe("TLS around the engines", function()
  local BODY = ("A: b\r\n\r\n" .. (".line\r\n"):rep(200))

  local function wrapped(chunk)
    local c, s = pair { verify = false }
    local client, server = core.client(), core.server()
    c:wrap(client)
    s:wrap(server)
    server:reply(true, "ready")
    server:enter "transaction"
    local a = join(c, s, chunk)
    assert.same({ "handshake" }, a)
    assert.equal("ready", select(3, client:next()))
    return c, s, client, server
  end

  it("carries a session, in pieces of any size", function()
    for _, chunk in ipairs { 1, 3, 17, 1000, 16413, 1000000 } do
      local c, s, client, server = wrapped(chunk)
      server:enter "authorization"
      assert(client:ask "USER mrose")
      join(c, s, chunk)
      assert.same({ "USER", "mrose" }, { server:next() })
      server:reply(true, "go on")
      join(c, s, chunk)
      assert.equal("go on", select(3, client:next()))
      assert(client:ask "PASS x")
      join(c, s, chunk)
      server:next()
      server:enter "transaction"
      server:reply(true, "")
      join(c, s, chunk)
      client:next()
      assert(client:ask "RETR 1")
      join(c, s, chunk)
      assert.same({ "RETR", 1 }, { server:next() })
      server:reply(true, "", nil, BODY)
      join(c, s, chunk)
      assert.same({ "body", BODY }, { client:next() })
      assert.equal(0, c:pending())
      s:shutdown()
      assert.same({ "closed" }, (join(c, s, chunk)))
    end
  end)

  it("carries large bodies, bounded on the way", function()
    local c, s, client, server = wrapped(nil)
    server:enter "authorization"
    client:ask "PASS x"
    join(c, s)
    server:next()
    server:enter "transaction"
    server:reply(true, "")
    join(c, s)
    client:next()
    local big = (("x"):rep(76) .. "\r\n"):rep(20000)
    client:ask "RETR 1"
    join(c, s)
    server:next()
    server:reply(true, "", nil, big)
    local most = 0
    while true do
      local octets = s:out()
      if not octets then break end
      most = math.max(most, #octets)
      s:sent(#octets)
      c:feed(octets)
    end
    assert.is_true(most < 100000)
    local what, body = client:next()
    assert.equal("body", what)
    assert.is_true(body == big)
  end)

  it("outlives an engine that is closed before it", function()
    local c, s, client, server = wrapped(nil)
    client:close()
    server:reply(true, "nobody hears")
    join(c, s)
    server:close()
    c:shutdown()
    join(c, s)
    assert.equal(0, c:pending())
    c:close()
    c:close()
    assert.truthy(tostring(c):find "closed")
  end)
end)

describe("a TLS session of the client", function()
  local USERS = { mrose = { password = "secret",
                            mail = { ("line\r\n"):rep(50000) } } }

  it("is resumed when it is asked to, and all is as before", function()
    local run <close> = pop3.server.new { tls = "auto", implicit = true,
                                          users = USERS }:fork()
    local function connect(more)
      local opts = { host = "localhost", port = run.port, user = "mrose",
                     cafile = run.cafile, password = "secret" }
      for name, value in pairs(more or {}) do opts[name] = value end
      return assert(pop3.connect(opts))
    end
    local first = connect()
    assert.is_false(first.link.port:info().reused)
    assert(first:quit())
    local second = connect { resume = first }
    assert.is_true(second.link.port:info().reused)
    assert.equal(300000, #second:retr(1))
    assert(second:quit())
    local third = connect { resume = second, min_version = "TLSv1.3" }
    assert.is_false(third.link.port:info().reused)
    third:close()
    local fourth = connect { resume = third, min_version = "TLSv1.3" }
    fourth:close()
  end)

  it("goes over every kind of transport", function()
    local server = pop3.server.new { tls = "auto", users = USERS }
    local run <close> = server:fork()
    local socket = require "socket"
    for _, tls in ipairs { "stls" } do
      for _, make in ipairs {
        function() return assert(socket.connect("127.0.0.1", run.port)) end,
        function()
          local sock = assert(socket.connect("127.0.0.1", run.port))
          local fd = sock:getfd()
          sock:setfd(-1)
          return fd
        end,
        function() return server:loopback() end,
      } do
        local s <close> = assert(pop3.connect { transport = make(), tls = tls,
          cafile = run.cafile, servername = "localhost", user = "mrose",
          password = "secret" })
        assert.is_true(s:is_secure())
        assert.equal(300000, #s:retr(1))
        assert.is_true(s:quit())
      end
    end
  end)

  it("ends in order at the autologout, in memory as over a socket", function()
    local server = pop3.server.new { tls = "auto", implicit = true,
                                     users = USERS }
    local s <close> = assert(pop3.connect { transport = server:loopback(),
      tls = "implicit", servername = "localhost", cafile = server.cafile,
      user = "mrose", password = "secret" })
    server:advance(601)
    local message = helper.fails("closed", s:noop())
    assert.is_nil(message:find "close_notify")
  end)

  it("works when its octets come and go in pieces, split anywhere", function()
    local server = pop3.server.new { tls = "auto", users = USERS,
                                     mechs = { "SCRAM-SHA-256-PLUS" } }
    for split = 0, 2600, 53 do
      local link = server:loopback()
      local sent, got, left = 0, 0, ""
      local function piece(octets, done)
        if split == 0 then return 1 end
        return split > done and split < done + #octets and split - done
               or #octets
      end
      local transport = { loopback = true, close = function() link:close() end }
      function transport.now() return link:now() end
      function transport.settimeout(_, seconds) link:settimeout(seconds) end
      function transport.send(_, octets)
        local n = piece(octets, sent)
        sent = sent + n
        return link:send(octets:sub(1, n))
      end
      function transport.receive(_, max)
        if left == "" then
          local octets, err = link:receive(max)
          if not octets then return nil, err end
          left = octets
        end
        local n = piece(left, got)
        local octets = left:sub(1, n)
        got, left = got + n, left:sub(n + 1)
        return octets
      end
      local s <close> = assert(pop3.connect { transport = transport,
        tls = "stls", servername = "localhost", cafile = server.cafile,
        user = "mrose", password = "secret" })
      assert.equal(1, (s:stat()))
      assert.is_true(s:quit())
    end
  end)

  it("is resumed from a session only", function()
    helper.misuse("resume", function()
      local _ = pop3.connect { host = "localhost", resume = 5 }
    end)
  end)

  it("times out when the handshake stalls, and is refused when it breaks off",
     function()
    for how, code in pairs { stall = "timeout", cut = "tls", alert = "tls" } do
      for _, implicit in ipairs { true, false } do
        local server = pop3.server.new { implicit = implicit,
          tls = { auto = true, handshake = how } }
        local opts = { transport = server:loopback(), servername = "localhost",
          cafile = server.cafile, tls = implicit and "implicit" or "stls",
          timeout = 20 }
        local before = server:now()
        local message = helper.fails(code, pop3.connect(opts))
        assert.is_string(message)
        if how == "stall" then assert.equal(20, server:now() - before) end
        local run <close> = server:fork()
        helper.fails(code, pop3.connect { host = "localhost", port = run.port,
          cafile = run.cafile, tls = opts.tls,
          timeout = how == "stall" and 0.05 or helper.PATIENCE })
      end
    end
  end)
end)
