-- An object, or several in different states, of every type of pop3.core, and
-- arguments of several kinds: for spec/support/finalizers.lua and at_exit.lua.
-- Nothing but pop3.core is loaded. Files are made in the directory arg[1].

local core = require "pop3.core"

local types = core.types
local temp = 0

local function path()
  temp = temp + 1
  return ("%s/%d"):format(arg[1], temp)
end

local function write(octets)
  local name = path()
  local file <close> = assert(io.open(name, "wb"))
  file:write(octets)
  return name
end

-- ----------------------------------------------------------------- the objects

local CERT, KEY = core.certificate { subject = "a", names = { "a.example" } }

local function client(octets)
  return function()
    local c = core.client { trace = true }
    c:feed "+OK ready\r\n"
    c:next()
    for _, line in ipairs { octets.ask } do c:ask(line, false, octets.stream) end
    c:feed(octets.feed or "")
    return c
  end
end

local function server(opts, octets)
  return function()
    local s = core.server { plain = opts.plain, journal = core.journal() }
    s:reply(true, "ready")
    s:enter(opts.state or "authorization")
    if octets then s:feed(octets) end
    if opts.after then opts.after(s) end
    return s
  end
end

-- A client and a server of TLS after the handshake, 'mine' of which is tested.
local function tls(mine, opts)
  return function()
    opts = opts or {}
    local c = assert(core.tls { verify = opts.verify or false, name = "a.example",
                                max_version = opts.version })
    local s = assert(core.tls { server = true, cert = CERT, key = KEY })
    local function move(from, to)
      local octets = from:out()
      if octets then
        from:sent(#octets)
        to:feed(octets)
      end
    end
    for _ = 1, opts.turns or 4 do
      c:next()
      move(c, s)
      s:next()
      move(s, c)
    end
    if opts.turns == nil and opts.verify == nil then
      c:next()
      s:next()
      c:write "from the client"
      s:write "from the server"
      move(c, s)
      move(s, c)
    end
    if opts.inner then
      local other = mine == "client" and core.client() or core.server()
      ;(mine == "client" and c or s):wrap(other)
    end
    return mine == "client" and c or s
  end
end

local function sasl(side, mech, ...)
  local before = { ... }
  return function()
    local m = assert(core.sasl[side] { mech = mech, user = "mrose", secret = "s",
      nonce = "n", min_iterations = 1 })
    for _, call in ipairs(before) do m[call[1]](m, table.unpack(call, 2)) end
    return m
  end
end

local MAIL = "From: A <a@b.example>, c@d.example\r\nTo: e@f.example\r\n"
  .. "Subject: =?utf-8?Q?caf=C3=A9?=\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
  .. "Message-ID: <1@b.example>\r\nReferences: <2@b.example> <3@b.example>\r\n"
  .. "Content-Type: multipart/mixed; boundary=x; name=\"y\"\r\n\r\n--x\r\n"
  .. "Content-Type: text/plain; charset=iso-8859-1\r\n"
  .. "Content-Transfer-Encoding: quoted-printable\r\n"
  .. "Content-Disposition: attachment; filename=z\r\n\r\na=E9\r\n--x\r\n"
  .. "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
  .. core.encode.base64 "Subject: inner\r\n\r\nb\r\n" .. "\r\n--x--\r\n"

local function message() return core.message.parse(MAIL) end

-- Connections to a scripted PostgreSQL.
local listener

local function packed(kind, octets)
  return kind .. (">I4"):pack(#octets + 4) .. octets
end

local function pq(after)
  return function()
    listener = listener or assert(require "socket".bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local c = assert(core.pq.connect { hostaddr = "127.0.0.1", port = tostring(port),
      user = "x", dbname = "x", sslmode = "disable", gssencmode = "disable" })
    local peer = listener:accept()
    local other = core.fd(peer:getfd())
    peer:setfd(-1)
    after(c, other)
    return c
  end
end

local function connected(c, other)
  other:write(packed("R", (">I4"):pack(0)) .. packed("Z", "I"))
  repeat
    local mode = assert(c:poll())
    if mode ~= "ok" then core.poll(c:getfd(), mode) end
  until mode == "ok"
end

local makers = {
  ["pop3.client.engine"] = {
    client {}, client { ask = "STAT", feed = "+OK 3 [CODE] 4\r\n" },
    client { ask = "CAPA", feed = "+OK yes\r\nTOP\r\nUIDL\r\n.\r\n" },
    client { ask = "UIDL", feed = "+OK\r\n1 a\r\n2 b\r\n3\r\nx y\r\n4 c\r\n.\r\n" },
    client { ask = "AUTH PLAIN", feed = "+ \r\n" },
    client { ask = "NOOP", feed = "nonsense\r\n" },
    client { ask = "PASS secret", feed = "-ERR [AUTH] secret is wrong\r\n" },
  },
  ["pop3.server.engine"] = {
    server({}, "APOP mrose c4c9\r\n"), server({}, "AUTH PLAIN AGEAYg==\r\n"),
    server({ plain = true }, "XYZZY 1 2 3\r\n"),
    server({ state = "transaction" }, "TOP 1 2\r\nLIST\r\nXYZZY a b\r\n"),
    server({ after = function(s)
      s:next()
      s:challenge "eA=="
      s:feed "AGEAYg==\r\n"
    end }, "AUTH PLAIN\r\n"),
    server({ after = function(s)
      s:next()
      s:reply(true, "yes", nil, true)
    end }, "CAPA\r\n"),
  },
  ["pop3.journal"] = { function()
    local j = core.journal()
    j:add(1, "C", "USER mrose")
    j:add(1, "S", "+OK")
    return j
  end },
  ["pop3.tls"] = {
    tls "client", tls "server", tls("client", { version = "TLSv1.2" }),
    tls("client", { turns = 1 }), tls("server", { turns = 1 }),
    tls("client", { inner = true }), tls("server", { inner = true }),
    tls("client", { verify = "ask" }),
  },
  ["pop3.tls.context"] = { function()
    return core.tls_context { server = true, cert = CERT, key = KEY }
  end },
  ["pop3.tls.ticket"] = { function() return (tls "client" ()):ticket() end },
  ["pop3.sasl.client"] = {
    sasl("client", "PLAIN"), sasl("client", "CRAM-MD5"),
    sasl("client", "SCRAM-SHA-256"), sasl("client", "SCRAM-SHA-256", { "step" }),
    sasl("client", "OAUTHBEARER"),
  },
  ["pop3.sasl.server"] = {
    sasl("server", "PLAIN"), sasl("server", "PLAIN", { "step", "a\0mrose\0s" }),
    sasl("server", "CRAM-MD5"), sasl("server", "SCRAM-SHA-1"),
    sasl("server", "SCRAM-SHA-1", { "step", "n,,n=mrose,r=x" }),
    sasl("server", "SCRAM-SHA-1", { "step", "n,,n=mrose,r=x" }, { "salt", "s", 1 }),
  },
  ["pop3.smime"] = { function()
    -- an empty PKCS #7 of signed data
    return core.smime("\48\35\6\9\42\134\72\134\247\13\1\7\2\160\22\48\20\2\1\1\49\0"
                      .. "\48\11\6\9\42\134\72\134\247\13\1\7\1\49\0")
  end },
  ["pop3.hash"] = { function()
    local h = core.hash()
    h:add "x"
    return h
  end },
  ["pop3.fd"] = {
    function() return (core.socketpair()) end,
    function()
      local a, b = core.socketpair()
      b:write "some octets\r\n"
      return a
    end,
  },
  ["pop3.poller"] = { function()
    local p = core.poller()
    local a, b = core.socketpair()
    b:write "x"
    p:watch(a:detach(), "r")
    return p
  end },
  ["pop3.signals"] = { function() return (core.signals "USR2") end },
  ["pop3.outfile"] = { function() return core.outfile(path(), path()) end },
  ["pop3.infile"] = { function() return core.infile(write "a\nb\n") end },
  ["pop3.diskfile"] = {
    function()
      local f = assert(core.open(path(), "rwc"))
      f:write "some octets"
      return f
    end,
    function()
      local f = assert(core.spool(arg[1]))
      f:hash(true, true)
      f:write "A: b\r\n\r\nbody\r\n"
      return f
    end,
  },
  ["pop3.core.stream"] = {
    function()
      local s = core.message.stream()
      s:feed(MAIL)
      return s
    end,
    function()
      local s = core.message.stream()
      s:feed(MAIL)
      s:feed()
      s:next()
      s:next()
      return s
    end,
  },
  ["pop3.core.reader"] = { function() return core.message.reader(message()) end },
  ["pop3.command"] = { function() return core.spawn("echo x", core.spool(arg[1]), {}) end },
  ["pop3.message"] = { message },
  -- nothing is typed there, so that reading would block
  ["pop3.prompt"] = { function() return core.prompt "/dev/ptmx" end },
  ["pop3.pq"] = core.pq.version() and {
    pq(function() end), pq(connected),
    pq(function(c, other)
      connected(c, other)
      c:send("select $1", "x")
      c:flush()
      -- a row with a column of each kind of type, and a notification
      other:write(packed("1", "") .. packed("2", "")
        .. packed("T", (">I2 zI4I2I4I2I4I2 zI4I2I4I2I4I2"):pack(2,
            "a", 0, 0, 17, 0, 0, 0, "b", 0, 0, 701, 0, 0, 0))
        .. packed("D", (">I2s4s4"):pack(2, "\\x414200", "1.5"))
        .. packed("C", "SELECT 1\0") .. packed("A", (">I4zz"):pack(1, "x", "y"))
        .. packed("Z", "I"))
      c:consume()
    end),
  } or {},
}

-- Objects that no script can get, or that have nothing to call.
local hidden = { ["pop3.directory"] = true, ["pop3.tls.peer"] = true,
                 ["pop3.statereader"] = true }

-- ------------------------------------------------------------------ arguments

local function arguments()
  local engine = core.client()
  local list = {
    {}, { 12345678 }, { 12345678, 2, 1 }, { "some octets" }, { 1, 2 },
    { true, 4567, 89 }, { true, "text", 12, { 1, 2, "three" } }, { 5, "S", 678 },
    { engine }, { engine, 10 }, { "salt", 10 }, { false }, { "r", 1 },
    { { stored_key = ("x"):rep(20), server_key = ("y"):rep(20) } },
    { { content = 1, cert = CERT, key = KEY } }, { "tls-exporter" },
    { "tls-server-end-point" }, { "transaction" }, { "mbox" }, { path(), true },
    { "Subject" }, { "sha256" }, { assert(core.outfile(path(), path())) },
  }
  return list
end

local function methods_of(name)
  local list = {}
  for method in pairs(types[name] or {}) do list[#list + 1] = method end
  if name == "pop3.message" then
    for method in pairs(core.message.methods) do list[#list + 1] = method end
  end
  table.sort(list)
  return list
end

for name in pairs(types) do
  if not hidden[name] and not makers[name] then
    print("no object of the type " .. name)
    os.exit(1)
  end
end

return { makers = makers, arguments = arguments, methods_of = methods_of,
         message = message }
