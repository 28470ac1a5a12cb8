-- GSSAPI (RFC 4752) with tickets of a private KDC: our client to our server and to
-- Dovecot, curl and fetchmail to our server; and the messages for a user when it fails.

local helper = require "spec.helper"
local kdc = require "spec.interop.kdc"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local MAIL = { "Subject: one\r\n\r\nhello\r\n" }
local SERVICE = "pop/localhost"

-- Programs run apart, since Kerberos reads its settings from the environment. Each
-- prints what came of a login: the mechanism and the count, or message and code.
local CLIENT = [[
local pop3 = require "pop3"
local function try(opts)
  opts.host = opts.host or "localhost"
  opts.family = "ipv4"
  local s, message, code, reply = pop3.connect(opts)
  if not s then
    print(code, message, reply and reply.code)
    return
  end
  print("ok", s:stat())
  assert(s:quit())
end
]]

local SERVER = CLIENT .. [[
local users = { mrose = { password = "tanstaaf", mail = { "Subject: one\r\n" } },
                ann = { password = "other", mail = { "1\r\n", "2\r\n" } } }
local function serve(opts)
  opts.users = users
  opts.mechs = opts.mechs or { "GSSAPI", "PLAIN" }
  return assert(pop3.server.new(opts)):fork()
end
]]

local function lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

describe("GSSAPI", function()
  local missing = kdc.missing()
  if missing then return peers.skip(missing) end

  local realm, keytab
  lazy_setup(function()
    realm = kdc.start({ mrose = "secret", ann = "secret", carl = "secret" },
                      { SERVICE, "imap/localhost", "pop/mail.example" })
    keytab = realm:keytab(SERVICE)
    realm:ticket("mrose", "mrose", "secret")
    realm:ticket("carl", "carl", "secret")
    realm:ticket("fresh", "mrose", "secret")
    realm:ticket("old", "mrose", "secret")
    realm:expire "old"
  end)
  lazy_teardown(function()
    if realm then realm:stop() end
  end)

  local function run(cache, program, head)
    return lines(realm:run(cache, (head or SERVER) .. "local KEYTAB = '" .. keytab
                                  .. "'\n" .. program))
  end

  describe("between our client and our server", function()
    it("needs no user and no password", function()
      assert.same({ "ok\t1\t14", "ok\t1\t14", "ok\t1\t14" }, run("mrose", [[
        local run <close> = serve { keytab = KEYTAB }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" } }
        try { port = run.port, tls = "none", mechs = { "gssapi" }, user = "mrose" }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" },
              user = "mrose@LPOP3.TEST" }
      ]]))
    end)

    it("works under TLS, and by a URL", function()
      assert.same({ "ok\t1\t14", "ok\t1\t14", "ok\t1\t14" }, run("mrose", [[
        for _, tls in ipairs { "stls", "implicit" } do
          local run <close> = serve { keytab = KEYTAB, tls = "auto",
                                      implicit = tls == "implicit" }
          try { port = run.port, tls = tls, cafile = run.cafile,
                mechs = { "GSSAPI" } }
          if tls == "stls" then
            local s = assert(pop3.connect(("pop://;AUTH=GSSAPI@localhost:%d")
              :format(run.port), { cafile = run.cafile, family = "ipv4" }))
            print("ok", s:stat())
          end
        end
      ]]))
    end)

    it("works with each reply in slices of an octet", function()
      assert.same({ "ok\t1\t14" }, run("mrose", [[
        local run <close> = serve { keytab = KEYTAB,
          faults = { { verb = "AUTH", slice = 1 } } }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" } }
      ]]))
    end)

    it("gives the principal to authenticate, and the user to act as", function()
      local got = run("mrose", [[
        local seen = os.tmpname()
        local run <close> = serve { keytab = KEYTAB,
          authenticate = function(session, mech, user, check)
            local f <close> = assert(io.open(seen, "a"))
            f:write(("%s %s %s %s\n"):format(mech, user, session.authzid or "-",
                                           tostring(check "x")))
            return user == "mrose@LPOP3.TEST"
          end }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" } }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" }, user = "ann" }
        io.write(assert(io.open(seen)):read "a")
        os.remove(seen)
      ]])
      assert.same({ "ok\t1\t14", "ok\t1\t14", "GSSAPI mrose@LPOP3.TEST - true",
                    "GSSAPI mrose@LPOP3.TEST ann true" }, got)
    end)

    it("lets no principal act for another user, or for an empty name", function()
      local got = run("mrose", [[
        local run <close> = serve { keytab = KEYTAB }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" }, user = "ann" }
      ]])
      assert.match("^auth\t.*authentication failed\tAUTH$", got[1])
      got = run("carl", [[
        local run <close> = serve { keytab = KEYTAB }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" } }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" }, user = "mrose" }
      ]])
      for i = 1, 2 do
        assert.match("^auth\t.*authentication failed\tAUTH$", got[i])
      end
    end)

    it("takes the name of the certificate for that of the service", function()
      assert.same({ "ok\t1\t14" }, run("mrose", ([[
        local run <close> = serve { keytab = %q }
        try { host = "127.0.0.1", servername = "mail.example", port = run.port,
              tls = "none", mechs = { "GSSAPI" } }
      ]]):format(realm:keytab "pop/mail.example")))
    end)

    it("is tried where mechs has it, and PLAIN after it", function()
      local got = run("none", [[
        local run <close> = serve { keytab = KEYTAB }
        try { port = run.port, tls = "none", mechs = { "GSSAPI", "PLAIN" },
              user = "ann", password = "other" }
        print(run:count "AUTH")
        try { port = run.port, tls = "none", user = "ann", password = "other" }
        try { port = run.port, tls = "none", mechs = { "GSSAPI", "PLAIN" },
              user = "ann", password = "wrong" }
      ]])
      assert.equal("ok\t2\t6", got[1])
      assert.equal("1", got[2])
      assert.equal("ok\t2\t6", got[3])
      assert.match("^auth\tAUTH PLAIN: ", got[4])
    end)

    it("names the session after the principal, for pop3.sync", function()
      assert.same({ "mrose@LPOP3.TEST", "mrose" }, run("mrose", [[
        local run <close> = serve { keytab = KEYTAB }
        for _, user in ipairs { false, "mrose" } do
          local s = assert(pop3.connect { host = "localhost", family = "ipv4",
            port = run.port, tls = "none", mechs = { "GSSAPI" }, user = user or nil })
          print(s.user)
          assert(s:quit())
        end
      ]]))
    end)

    it("is the mechanism of pop3 fetch without a password", function()
      local got = run("mrose", ([[
        local run <close> = serve { keytab = KEYTAB }
        assert(os.execute(("HOME=%s XDG_STATE_HOME=%s pop3 fetch --maildir %s/box "
          .. "--tls none 'pop://mrose;AUTH=GSSAPI@localhost:%%d' 2>&1")
          :format(run.port)))
      ]]):format(realm.dir, realm.dir, realm.dir))
      assert.equal(1, #proc.ls(realm.dir .. "/box/new"), table.concat(got, " "))
    end)

    it("shows no token in errors, logs and transcripts", function()
      local got = run("mrose", [[
        local run <close> = serve { keytab = KEYTAB }
        local said = {}
        local s = assert(pop3.connect { host = "localhost", family = "ipv4",
          port = run.port, tls = "none", mechs = { "GSSAPI" },
          log = function(from, line) if from == "C" then said[#said + 1] = line end end })
        s:quit()
        for _, line in ipairs(run:transcript()) do
          if line.from == "C" then said[#said + 1] = line.line end
        end
        print(table.concat(said, " "))
      ]])
      assert.equal("CAPA AUTH GSSAPI *** *** *** QUIT CAPA AUTH GSSAPI *** *** *** QUIT",
                   got[1])
    end)
  end)

  describe("tells a client", function()
    local function failure(cache, opts, server)
      local got = run(cache, ([[
        local run <close> = serve { keytab = %s }
        try { port = run.port, tls = "none", mechs = { "GSSAPI" }, %s }
      ]]):format(server or "KEYTAB", opts or ""))
      local code, message = got[1]:match "^(%S+)\t([^\t]*)"
      assert.equal("auth", code, got[1])
      return message
    end

    it("that there is no ticket", function()
      assert.match("^AUTH GSSAPI: localhost:%d+: Kerberos: No Kerberos credentials "
                   .. "available %(default cache: FILE:.*/none%)$", failure "none")
    end)

    it("that the ticket is expired", function()
      assert.match("^AUTH GSSAPI: localhost:%d+: Kerberos: Ticket expired$",
                   failure "old")
    end)

    it("that the KDC does not know the service", function()
      assert.match("Kerberos: Server .*pop/127%.0%.0%.1.* not found in Kerberos database$",
                   failure("mrose", 'host = "127.0.0.1", servername = "127.0.0.1"'))
    end)

    it("that the server has another key", function()
      local message = failure("mrose", "", ("%q"):format(
                              realm:keytab "pop/mail.example"))
      assert.match("^AUTH GSSAPI: localhost:%d+: %[AUTH%] Kerberos: .*"
                   .. "pop/localhost@LPOP3%.TEST not found in keytab", message)
    end)

    it("that the server accepted it too early", function()
      local got = run("mrose", [[
        for _, challenges in ipairs { 0, 1 } do
          local server = assert(pop3.server.new { mechs = { "GSSAPI" },
            keytab = KEYTAB, users = users })
          function server.on.AUTH(session)
            if challenges > 0 then session:challenge "" end
            return session:ok "welcome"
          end
          local run <close> = server:fork()
          try { port = run.port, tls = "none", mechs = { "GSSAPI" } }
        end
      ]])
      for i = 1, 2 do
        assert.match("^auth\tAUTH GSSAPI: localhost:%d+: ", got[i])
      end
      assert.match("the server accepted the login before the exchange was complete",
                   got[2])
    end)

    it("that the KDC does not answer", function()
      local other = realm.env:gsub("KRB5_CONFIG=(%S+)", "KRB5_CONFIG=%1.gone")
      local conf = proc.read(realm.dir .. "/krb5.conf")
      proc.write(realm.dir .. "/krb5.conf.gone", (conf:gsub("kdc = [%d.:]+",
        "kdc = 127.0.0.1:" .. proc.free_port())))
      local before = realm.env
      realm.env = other
      local message = failure("fresh", 'servername = "mail.example"')
      realm.env = before
      assert.match("Kerberos: Cannot contact any KDC for realm 'LPOP3.TEST'", message)
    end)
  end)

  it("refuses a keytab with keys of other services only", function()
    local got = run("none", ([[
      print(pop3.server.new { mechs = { "GSSAPI" }, keytab = %q })
      print(pop3.server.new { mechs = { "GSSAPI" }, keytab = KEYTAB } ~= nil)
    ]]):format(realm:keytab "imap/localhost"))
    assert.match("^nil\tserver: keytab: Kerberos: .*\tio$", got[1])
    assert.equal("true", got[2])
  end)

  it("refuses octets that are not a token", function()
    local got = run("none", [[
      local run <close> = serve { keytab = KEYTAB }
      local socket = require "socket"
      local function ask(...)
        local s = assert(socket.connect("127.0.0.1", run.port))
        s:receive "*l"
        local reply
        for _, line in ipairs { ... } do
          s:send(line .. "\r\n")
          reply = s:receive "*l"
        end
        print(reply)
        s:close()
      end
      ask("AUTH GSSAPI eHh4")
      ask("AUTH GSSAPI =")
      ask("AUTH GSSAPI", "eHh4")
      ask("AUTH GSSAPI", "")
      ask("AUTH GSSAPI", "*")
      ask("AUTH GSSAPI", ("YII"):rep(2000))
    ]])
    for i = 1, 4 do
      assert.match("^%-ERR %[AUTH%] Kerberos: ", got[i])
    end
    assert.match("^%-ERR .*cancelled", got[5])
    assert.match("^%-ERR ", got[6])
  end)

  describe("of others, to our server:", function()
    local function serving(name, f)
      local path = realm.dir .. "/serve.lua"
      proc.write(path, SERVER .. ([[
        local server = assert(pop3.server.new { users = users, keytab = %q,
                                                mechs = { "GSSAPI" } })
        io.stdout:write(server.port, "\n"):flush()
        server:run()
      ]]):format(keytab))
      local process <close> = proc.start(realm.env .. "lua5.4 " .. path,
                                         realm.dir .. "/" .. name .. ".log")
      local port = assert(helper.await(function()
        return process:log():match "^(%d+)\n"
      end), process:log())
      return f(port)
    end

    it("curl", function()
      if not proc.have "curl" or not proc.check "curl -V":find "GSS%-API" then
        return peers.skip "no curl with GSS-API"
      end
      serving("curl", function(port)
        local command = ("curl -sS -u mrose@LPOP3.TEST: --login-options AUTH=GSSAPI "
                         .. "pop3://localhost:%s/1"):format(port)
        assert.equal("Subject: one\r\n", realm:check(command, "mrose"))
        assert.is_false((pcall(realm.check, realm, command, "carl")))
      end)
    end)

    it("fetchmail", function()
      if not proc.have "fetchmail" or not proc.run "fetchmail -V | grep -q GSS" then
        return peers.skip "no fetchmail with GSS"
      end
      serving("fetchmail", function(port)
        local home = proc.tmpdir(realm.dir)
        local text = realm:check(("sh -c 'HOME=%s fetchmail -f /dev/null -p POP3 "
          .. "--auth gssapi --sslproto \"\" -P %s -u mrose -k -N -v "
          .. "--mda cat localhost'"):format(home, port), "mrose")
        assert.match("Subject: one", text)
      end)
    end)
  end)

  describe("of our client to Dovecot", function()
    local none = peers.no_dovecot()
    if not proc.exists "/usr/lib/dovecot/modules/auth/libmech_gssapi.so" then
      none = none or "no dovecot-gssapi"
    end
    if none then return peers.skip(none) end

    local function dovecot(service, f)
      local server <close> = peers.dovecot({ mrose = MAIL }, nil, nil,
        { keytab = realm:keytab(service), settings = realm.dir .. "/krb5.conf" })
      return f(server)
    end

    it("logs in, and is refused", function()
      dovecot(SERVICE, function(server)
        local program = ([[
          try { port = %d, tls = "none", mechs = { "GSSAPI" } }
          try { port = %d, tls = "none", mechs = { "GSSAPI" }, user = "mrose" }
          try { port = %d, tls = "implicit", cafile = %q, mechs = { "GSSAPI" } }
          try { port = %d, tls = "stls", cafile = %q, mechs = { "GSSAPI" },
                user = "ann" }
        ]]):format(server.port, server.port, server.tlsport, server.cafile,
                   server.port, server.cafile)
        local got = run("mrose", program, CLIENT)
        for i = 1, 3 do assert.match("^ok\t1\t", got[i]) end
        assert.match("^auth\tAUTH GSSAPI: localhost:%d+: ", got[4])
        assert.match("Kerberos: Ticket expired", run("old", program, CLIENT)[1])
      end)
      if not helper.all then return end
      dovecot("pop/mail.example", function(server)
        local got = run("mrose", ('try { port = %d, tls = "none", '
          .. 'mechs = { "GSSAPI" } }'):format(server.port), CLIENT)
        assert.match("^auth\tAUTH GSSAPI: ", got[1])
      end)
    end)
  end)
end)
