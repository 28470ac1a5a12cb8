-- The recorder: a transcript of a session between client and server, and its replay.

local core = require "pop3.core"
local helper = require "spec.helper"
local mutate = require "spec.support.mutate"
local pop3 = require "pop3"
local talk = require "spec.support.talk"
local tempdir = require "spec.support.tempdir"

local MAIL = { "Subject: 1\r\n\r\n.one\r\n..two\r\n\0\255\r bare\r\n",
               "Subject: 2\r\n\r\n" .. ("x"):rep(100000) .. "\r\n" }

local function real(opts)
  local made = { users = { mrose = { password = "geheim", mail = MAIL } } }
  for name, value in pairs(opts or {}) do made[name] = value end
  return pop3.server.new(made)
end

-- Run `fn(run, path)` with a recorder before a server; returns the recording.
local function recorded(server, upstream, opts, fn)
  local dir <close> = tempdir()
  local path = dir.path .. "/t.txt"
  local up <close> = server:fork()
  local made = { file = path, upstream = { host = "127.0.0.1", port = up.port,
                                           tls = "none", cafile = up.cafile } }
  for name, value in pairs(upstream or {}) do made.upstream[name] = value end
  for name, value in pairs(opts or {}) do made[name] = value end
  do
    local run <close> = assert(pop3.record(made)):fork()
    fn(run, up)
  end
  local text = dir:read "t.txt"
  return text, assert(pop3.server.replay(path))
end

local function connect(run, opts)
  local made = { host = "127.0.0.1", port = run.port, tls = "none",
                 user = "mrose", password = "geheim", cafile = run.cafile }
  for name, value in pairs(opts or {}) do made[name] = value end
  return pop3.connect(made)
end

-- What everybody does; with what came.
local function visit(c)
  local got = { c:stat() }
  got[#got + 1] = c:uidl()
  c:retr_many({ 1, 2 }, function(n, octets) got[n + 10] = octets end)
  assert.is_true(c:quit())
  return got
end

describe("a recorder", function()
  it("does not touch a transcript before it listens", function()
    local dir <close> = tempdir()
    local path = dir.path .. "/t.txt"
    dir:write("t.txt", "S: +OK kept\n")
    local taken <close> = real():fork()
    local opts = { file = path, port = taken.port,
                   upstream = { host = "127.0.0.1", tls = "none" } }
    local recorder = assert(pop3.record(opts))
    assert.is_nil((recorder:fork()))
    assert.equal("S: +OK kept\n", dir:read "t.txt")
    opts.port, opts.file = nil, dir.path .. "/new.txt"
    recorder = assert(pop3.record(opts))
    assert.is_nil(io.open(opts.file))
    local _ <close> = recorder:fork()
    assert.equal("# lpop3 transcript\n", dir:read "new.txt")
  end)

  it("changes no octet, and its recording replays the same", function()
    local first
    local text, again = recorded(real(), nil, nil, function(run)
      first = visit(assert(connect(run)))
    end)
    assert.same(MAIL, { first[11], first[12] })
    assert.is_nil(text:find("geheim", 1, true))
    assert.match("\nC: PASS %*%*%*\n", text)
    local run <close> = again:fork()
    assert.same(first, visit(assert(connect(run))))
    assert.is_true(run:verify(again.expected))
  end)

  it("ends TLS on both sides, however it begins", function()
    for _, case in ipairs {
      { { tls = "auto" }, { tls = "stls" }, {}, { tls = "stls" } },
      { { tls = "auto" }, { tls = "none" }, {}, { tls = "stls" } },
      { { tls = "auto", implicit = true }, { tls = "implicit" }, {},
        { tls = "stls" } },
      { { tls = "auto", implicit = true }, { tls = "implicit" },
        { implicit = true }, { tls = "implicit" } },
      { { tls = "auto" }, { tls = "stls" }, { tls = false }, { tls = "none" } },
      { {}, { tls = "none" }, { implicit = true }, { tls = "implicit" } },
    } do
      local first, version
      local text, again = recorded(real(case[1]), case[2], case[3],
        function(run, up)
          local c = assert(connect(run, case[4]))
          assert.equal(case[4].tls ~= "none", c:is_secure())
          first = visit(c)
          version = up:count "STLS"
        end)
      assert.same(MAIL, { first[11], first[12] })
      assert.is_nil(text:find("geheim", 1, true))
      assert.equal(case[2].tls == "stls" and 1
                   or case[2].tls == "none" and case[4].tls == "stls" and 1 or 0,
                   version)
      local run <close> = again:fork()
      assert.same(first, visit(assert(connect(run, case[4]))))
    end
  end)

  it("verifies certificates as connect does", function()
    local text = recorded(real { tls = "wrong-host" }, { tls = "stls" }, nil,
      function(run)
        local _, _, code = connect(run)
        assert.equal("closed", code)
        assert.error_matches(function() run:verify {} end, "upstream: STLS")
      end)
    assert.match("\n! hangup fin\n$", text)
  end)

  it("relays exchanges and writes no secret of them", function()
    for _, mech in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256" } do
      local text = recorded(real { mechs = { mech } }, nil, nil, function(run)
        assert(connect(run, { mechs = { mech } })):quit()
      end)
      assert.match("\nC: AUTH " .. mech:gsub("%-", "%%-"), text)
      for _, secret in ipairs { "geheim", core.encode.base64 "geheim",
                                core.encode.base64 "\0mrose\0geheim" } do
        assert.is_nil(text:find(secret, 1, true))
      end
    end
  end)

  it("writes no secret that the server says again", function()
    local server = real()
    function server.on.PASS(session, secret)
      return session:err("no such password: " .. secret)
    end
    local text = recorded(server, nil, nil, function(run)
      local t = talk.tcp(run.port)
      t:ask "USER mrose"
      assert.match("geheim$", t:ask "PASS geheim")  -- the client gets it
      t:close()
    end)
    assert.match("S: %-ERR no such password: %*%*%*\n", text)
  end)

  it("writes no secret, however a command is bent", function()
    local b64 = core.encode.base64
    local plain = b64 "\0mrose\0geheim"
    for _, said in ipairs(helper.some({
      "pass geheim", "PASS  geheim ", "PASS\tgeheim", "auth plain " .. plain,
      "AUTH  PLAIN " .. plain, "AUTH PLAIN\t" .. plain, "AUTH PLAIN\r\n" .. plain,
      "AUTH X-NONE\r\n" .. plain, "AUTH LOGIN\r\n" .. b64 "mrose" .. "\r\n"
        .. b64 "geheim", "AUTH PLAIN\r\ngeheim", "APOP  mrose geheim",
      " PASS geheim", "\tpass geheim", "PASS:geheim", "\0PASS geheim",
      "APOP:mrose geheim", "AUTH:PLAIN geheim",
    }, 6)) do
      local text = recorded(real { mechs = { "PLAIN", "LOGIN" } }, nil, nil,
        function(run)
          local t = talk.tcp(run.port)
          t:send(said .. "\r\nQUIT\r\n")
          t:rest()
          t:close()
        end)
      assert.match("\nC: QUIT\n", text)
      for _, secret in ipairs { "geheim", plain, b64 "geheim" } do
        assert.is_nil(text:upper():find(secret:upper(), 1, true), said)
      end
    end
  end)

  it("writes no secret later on, in no form, in no exchange", function()
    local b64 = core.encode.base64
    local hex = ("geheim12"):gsub(".", function(c)
      return ("%02X"):format(c:byte())
    end)
    local server = real { mechs = { "PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2" } }
    local forms = { "geheim12", "GEHEIM12", b64 "geheim12", hex,
                    b64 "pw: geheim12", (b64 "geheim12":gsub("=", "")) }
    function server.on.XASK(session)
      return session:err("not " .. table.concat(forms, ", "))
    end
    function server.on.AUTH(session, _, initial)
      local said = session:challenge(initial or "User Name\0")
      session:challenge(("so it is %s?"):format(said))
      return session:err("not " .. table.concat(forms, ", "))
    end
    for _, login in ipairs {
      "USER mrose\r\nPASS geheim12", "PASS geheim12 ", "PASS  geheim12",
      "AUTH PLAIN " .. b64 "\0mrose\0geheim12" .. "\r\n*",
      "AUTH PLAIN\r\n" .. b64 "\0mrose\0geheim12" .. "\r\n*",
      "AUTH LOGIN\r\n" .. b64 "mrose" .. "\r\n" .. b64 "geheim12",
      "AUTH XOAUTH2\r\n" .. b64 "user=mrose\1auth=Bearer geheim12\1\1" .. "\r\n",
      "AUTH LOGIN " .. b64 "geheim12" .. "\r\n*",
    } do
      local text = recorded(server, nil, nil, function(run)
        local t = talk.tcp(run.port)
        t:send(login .. "\r\nXASK\r\nXSAY geheim12\r\nQUIT\r\n")
        assert.match("geheim12", (t:rest()))  -- the client gets it
        t:close()
      end)
      assert.match("\nC: [*%u]+\nS: %-ERR not %*%*%*, %*%*%*, .-\n", text)
      for _, form in ipairs(forms) do
        assert.is_nil(text:lower():find(form:lower(), 1, true), login)
      end
      assert.is_nil(text:find(b64 "\0mrose\0geheim12", 1, true))
    end
  end)

  it("writes no proof that a password could be tried by", function()
    local text = recorded(real { mechs = { "SCRAM-SHA-256" } }, nil, nil,
      function(run) assert(connect(run)):quit() end)
    assert.match("S: %+ %*%*%*\nC: %*%*%*\nS: %+OK", text)
    for word in text:gmatch "S: %+ (%S+)" do
      assert.is_nil((core.sasl.decode(word) or ""):find "v=")
    end
  end)

  it("does not change messages, whatever octets they have", function()
    local server = real()
    server.users.mrose.mail = { "Subject: geheim\r\n\r\ngeheim\r\n" }
    server.users.mrose.uidl = { "geheim" }
    local _, again = recorded(server, nil, nil, function(run)
      visit(assert(connect(run)))
    end)
    local run <close> = again:fork()
    assert.equal(server.users.mrose.mail[1],
                 visit(assert(connect(run)))[11])
  end)

  it("writes a reply to a short password without the words around it", function()
    local server = real()
    function server.on.PASS(session) return session:ok "Oh, hello" end
    local text = recorded(server, nil, nil, function(run)
      talk.tcp(run.port):ask "PASS O"
    end)
    assert.match("\nC: PASS %*%*%*\nS: %+OK %*%*%*\n", text)
  end)

  it("takes octets after a reply as a part of it", function()
    local server = real()
    function server.on.XLIST(session) return session:multi("all", { "a", "b" }) end
    function server.on.XERR(session) return session:raw "-ERR a\r\nb\r\n" end
    function server.on.XLATE(session)
      session.engine:raw "+OK\r\n"
      session:sleep(0)
      return session:raw "and more\r\n"
    end
    local said = "XLIST\r\nXERR\r\nXLATE\r\nNOOP\r\n"
    local function all(run)
      local t = talk.tcp(run.port)
      t:send(said .. "QUIT\r\n")
      local octets = t:rest()
      t:close()
      return octets
    end
    local first
    local text, again = recorded(server, nil, nil, function(run)
      first = all(run)
    end)
    assert.match("+OK all\r\na\r\nb\r\n.\r\n%-ERR a\r\nb\r\n%+OK\r\nand more",
                 first)
    assert.match("C: XLIST\nS: %+OK all\nS: a\nS: b\nS: .\nC: XERR", text)
    assert.equal(first, all(again:fork()))
  end)

  it("relays the client's octets unchanged", function()
    local said, heard = { "xAsk a  B ", "user mrose", "Pass geheim", "x\tY", "QUIT x",
                          "STLS x", "stat", "~a*", "quit" }, {}
    local server = assert(require "pop3.server.raw"({}, {
      connect = function(session) return session:raw "+OK\r\n" end,
    }, function(session)
      return session:raw(("-ERR <%s>\r\n"):format(session.line))
    end))
    local function ask(run)
      local t = talk.tcp(run.port)
      local got = {}
      for i, line in ipairs(said) do got[i] = t:ask(line) end
      t:close()
      return got
    end
    local text, again = recorded(server, nil, nil, function(run)
      heard = ask(run)
    end)
    for i, line in ipairs(said) do
      assert.equal(("-ERR <%s>"):format(line), heard[i])
    end
    assert.match("\nC: xAsk a  B \n.*\nC: user mrose\n.*\nC: Pass %*%*%*\n", text)
    local run <close> = again:fork()
    local played = ask(run)
    heard[3] = heard[3]:gsub("geheim", "***")
    assert.same(heard, played)
    assert.is_true(run:verify(again.expected))
  end)

  it("relays octets that no command asked for", function()
    local server = real()
    function server.on.XASK(session)
      session.engine:raw "+OK\r\n"
      repeat session:sleep(0.001) until server.last_id > 1
      return session:raw "* and more\r\n"
    end
    local text = recorded(server, nil, nil, function(run)
      local t = talk.tcp(run.port)
      assert.equal("+OK", t:ask "XASK")
      talk.tcp(run.port):close()  -- not before this does the rest come
      assert.equal("* and more", t:line())
      t:close()
    end)
    assert.match("C: XASK\nS: %+OK\n.-S: %* and more\n", text)
  end)

  it("works in memory, with a server that is not", function()
    local dir <close> = tempdir()
    local up <close> = real():fork()
    local recorder <close> = assert(pop3.record { file = dir.path .. "/t",
      upstream = { host = "127.0.0.1", port = up.port, tls = "none" } })
    local c = assert(pop3.connect { transport = recorder:loopback(), tls = "none",
                                    user = "mrose", password = "geheim" })
    local got = visit(c)
    assert.same(MAIL, { got[11], got[12] })
    assert.match("C: QUIT\nS: %+OK goodbye\n! hangup fin\n$", dir:read "t")
  end)

  it("has its own reply as the default of a script's handler", function()
    local text = recorded(real(), nil, { on = {
      STAT = function(session, rest)
        local reply = session.server.default.STAT(session, rest)
        reply.raw = reply.raw:gsub("2", "3", 1)
        return reply
      end,
      connect = function(session) session.data.seen = true end,
      disconnect = function(session) assert(session.data.seen) end,
    } }, function(run)
      local c = assert(connect(run))
      assert.equal(3, (c:stat()))
      c:quit()
    end)
    assert.match("\nC: STAT\nS: %+OK 2", text)
  end)

  it("goes on for a client that has ended its side", function()
    local function all(run)
      local sock = assert(require "socket".connect("127.0.0.1", run.port))
      sock:settimeout(helper.PATIENCE)
      sock:send "USER mrose\r\nPASS geheim\r\nSTAT\r\nRETR 2\r\nQUIT\r\n"
      sock:shutdown "send"
      local octets = assert(sock:receive "*a")
      sock:close()
      return octets
    end
    local first
    local text, again = recorded(real(), nil, nil, function(run)
      first = all(run)
    end)
    assert.match("goodbye\r\n$", first)
    assert.match("\nC: QUIT\nS: %+OK goodbye\n! hangup fin\n$", text)
    assert.equal(first, all(again:fork()))
  end)

  it("relays a long body while it still comes", function()
    local server = real()
    function server.on.RETR(session)
      session.engine:raw("+OK\r\n" .. ("x"):rep(1000) .. "\r\n")
      session:sleep(3600)
    end
    local text = recorded(server, nil, nil, function(run)
      local t = talk.tcp(run.port)
      t:login("mrose", "geheim")
      assert.equal("+OK", t:ask "RETR 1")
      t:close()
      assert.is_true(run:wait_for("RETR", helper.PATIENCE))
    end)
    assert.match("\nC: RETR 1\nS: %+OK\nS: xxxx", text)
  end)

  it("counts a session without commands", function()
    local server = real { faults = { { hook = "connect", session = 1,
                                       stall = true } } }
    local text, again = recorded(server, nil, nil, function(run)
      local t = talk.tcp(run.port, true)
      t:close()
      assert(connect(run)):quit()
    end)
    assert.match("# session 1\n! stall\n", text)
    local run <close> = again:fork()
    local t = talk.tcp(run.port, true)
    t:close()
    assert(connect(run)):quit()
  end)

  it("offers no mechanism that binds to TLS, nor one that hints at it", function()
    local text = recorded(real { tls = "auto", mechs = { "SCRAM-SHA-256-PLUS",
                          "SCRAM-SHA-256", "PLAIN" } }, { tls = "stls" }, nil,
      function(run)
        assert(connect(run, { tls = "stls" })):quit()
      end)
    assert.match("\nS: SASL PLAIN\n", text)
  end)

  it("offers no STLS when it has no certificate", function()
    recorded(real { tls = "auto" }, nil, { tls = false }, function(run)
      local c = assert(connect(run))
      assert.is_false(c:supports "STLS")
      c:quit()
    end)
  end)

  it("does not read octets that were injected after STLS", function()
    local server = real { tls = "auto" }
    server:fault { verb = "STLS", append = "+OK injected\r\n" }
    for how, tls in pairs { stls = "none", none = "stls" } do
      recorded(server, { tls = how }, nil, function(run)
        assert.is_nil(connect(run, { tls = tls }))
        assert.error_matches(function() run:verify {} end, "injected")
      end)
    end
  end)

  it("lets the script greet, and ends well though its hook fails", function()
    local on = {
      connect = function(session) return session:ok "mine" end,
      disconnect = function() error "oops" end,
    }
    local text = recorded(real(), nil, { on = on }, function(run)
      local t = talk.tcp(run.port)
      assert.equal("+OK mine", t.greeting)
      assert.match("^%+OK", t:ask "USER mrose")
      t:close()
      talk.tcp(run.port):close()
    end)
    assert.match("# session 1\nS: %+OK lpop3 ready\nC: USER mrose\nS: %+OK", text)
    assert.match("# session 2\n! stall\n", text)
  end)

  it("writes a long body as it comes, line by line", function()
    local dir <close> = tempdir()
    local notes = assert(require "pop3.record.writer"(dir.path .. "/t"))
    notes:reply(1, "+OK\r\na", true)
    assert.equal("# lpop3 transcript\n# session 1\nS: +OK\n", dir:read "t")
    notes:reply(1, "b", true)
    notes:reply(2, "+OK\r\n")
    notes:reply(1, "c\r", true)
    notes:reply(1, "\nd\n.", true)
    notes:reply(1, "")
    assert.equal("# lpop3 transcript\n# session 1\nS: +OK\n"
                 .. "# session 2\nS: +OK\n# session 1\n"
                 .. "S: abc\nS: d\n! eol lf\nS: .\n! eol none\n",
                 dir:read "t")
  end)

  it("writes all pieces of a message as they are, to where it was cut", function()
    local mail = "Subject: x\r\n\r\n"
                 .. ("the word is geheim\r\n"):rep(30000) .. "end\r\n"
    local server = real { users = { mrose = { password = "geheim",
                                              mail = { mail, mail } } } }
    server:fault { verb = "RETR", args = "^2", cut = { bytes = 500001 } }
    local function visit_both(run)
      local c, cut = assert(connect(run)), {}
      assert.equal(mail, c:retr(1))
      assert.is_nil((c:retr(2, function(octets)
        cut[#cut + 1] = octets
        return 1
      end)))
      return table.concat(cut)
    end
    local first
    local text, again = recorded(server, nil, nil, function(run)
      first = visit_both(run)
    end)
    assert.is_nil(text:find("PASS geheim", 1, true))
    assert.equal(mail:sub(1, #first), first)
    assert.is_true(#first > 499000)
    local run <close> = again:fork()
    assert.equal(first, visit_both(run))
  end)

  it("leaves no partial transcript when it cannot write", function()
    local dir <close> = tempdir()
    local notes = assert(require "pop3.record.writer"(dir.path .. "/t"))
    assert(notes:begin())
    notes:event(1, "hangup fin")
    local file = notes.file
    notes.file = setmetatable({}, { __index = {
      write = function() return nil, "No space left on device" end } })
    notes:event(1, "hangup fin")
    file:close()
    assert.match("t: No space left on device$", notes.broken)
    assert.same({}, dir:names())
  end)

  it("ends sessions that it cannot write down, and says why", function()
    local names = { "pop3.record", "pop3.record.writer" }
    local before = {}
    for i, name in ipairs(names) do before[i] = require(name) end
    package.loaded["pop3.record.writer"] = function(path)
      local notes = assert(before[2](path))
      assert(notes:begin())
      local file, left = notes.file, 3
      notes.file = {
        write = function(_, text)
          left = left - 1
          if left < 0 then return nil, "No space left on device" end
          return file:write(text)
        end,
        flush = function() return file:flush() end,
      }
      return notes
    end
    package.loaded["pop3.record"] = nil
    local record = require "pop3.record"
    for i, name in ipairs(names) do package.loaded[name] = before[i] end
    local dir <close> = tempdir()
    local up <close> = real():fork()
    local run <close> = assert(record { file = dir.path .. "/t", upstream = {
      host = "127.0.0.1", port = up.port, tls = "none" } }):fork()
    local t = talk.tcp(run.port)
    assert.equal("+OK", t:ask("USER mrose"):sub(1, 3))
    t:send "PASS geheim\r\n"
    assert.same({ "", "closed" }, { t:rest() })
    assert.same({ "", "closed" }, { talk.tcp(run.port, true):rest() })
    assert.error_matches(function() run:verify {} end,
                         "session 1: record: .*/t: No space left")
    assert.same({}, dir:names())
  end)

  it("reports at once that the file of trusted CAs cannot be read", function()
    local dir <close> = tempdir()
    local none, err, code = pop3.record { file = dir.path .. "/t", upstream = {
      host = "127.0.0.1", cafile = "/nonexistent/ca" } }
    assert.is_nil(none)
    assert.match("record: upstream: .*nonexistent", err)
    assert.is_string(code)
    assert.same({}, dir:names())
  end)

  it("records how a connection ends", function()
    for how, fault in pairs {
      fin = { verb = "STAT", cut = { bytes = 5 } },
      rst = { verb = "STAT", cut = { bytes = 5, how = "rst" } },
    } do
      local server = real()
      server:fault(fault)
      local text, again = recorded(server, nil, nil, function(run)
        local c = assert(connect(run))
        local _, _, code = c:stat()
        assert.equal("closed", code)
      end)
      assert.match("\nC: STAT\nS: %+OK 2\n! eol none\n! hangup " .. how .. "\n",
                   text)
      local run <close> = again:fork()
      local c = assert(connect(run))
      assert.equal("closed", (select(3, c:stat())))
    end
  end)

  it("records when the server hangs up between commands", function()
    local server = real()
    function server.on.NOOP(session)
      local reply = session:ok()
      reply.close = "fin"
      return reply
    end
    local text = recorded(server, nil, nil, function(run)
      local t = talk.tcp(run.port)
      t:login("mrose", "geheim")
      t:send "NOOP\r\n"
      assert.same({ "+OK\r\n", "closed" }, { t:rest() })
    end)
    assert.match("C: NOOP\nS: %+OK\n! hangup fin\n$", text)
  end)

  it("keeps sessions that go on at the same time apart", function()
    local server = real()
    server.users.bob = { password = "geheim", mail = {} }
    local text, again = recorded(server, nil, nil, function(run)
      local a = assert(connect(run))
      local b = assert(connect(run, { user = "bob" }))
      for _ = 1, 2 do
        assert.equal(2, (a:stat()))
        assert.equal(0, (b:stat()))
      end
      a:quit()
      b:quit()
    end)
    assert.match("# session 1\nC: STAT.-# session 2\nC: STAT.-# session 1\n", text)
    local run <close> = again:fork()
    local a, b = assert(connect(run)), assert(connect(run, { user = "bob" }))
    assert.same({ 2, 0 }, { (a:stat()), (b:stat()) })
  end)

  it("can apply faults to a session with a real server", function()
    recorded(real(), nil, { faults = { { verb = "RETR", cut = { bytes = 30 } } } },
      function(run)
        assert.equal("closed", (select(3, assert(connect(run)):retr(1))))
      end)
    recorded(real(), nil, { faults = { { verb = "RETR", cut = { lines = 2 } },
                                       { verb = "UIDL", uids = "duplicate" } } },
      function(run)
        local c = assert(connect(run))
        assert.same({ "lpop3.1", "lpop3.1" }, (c:uidl()))
        local got = {}
        local _, _, code = c:retr(1, function(chunk)
          got[#got + 1] = chunk
          return true
        end)
        assert.equal("closed", code)
        assert.equal("Subject: 1\r\n\r\n", table.concat(got))
      end)
  end)

  it("says why when no server answers, and when it cannot write", function()
    local gone = real()
    local port = gone.port
    gone:stop()
    local dir <close> = tempdir()
    local recorder = assert(pop3.record { file = dir.path .. "/t",
      upstream = { host = "127.0.0.1", port = port, tls = "none" } })
    local run <close> = recorder:fork()
    local _, _, code = connect(run)
    assert.equal("closed", code)
    assert.error_matches(function() run:verify {} end, "upstream: .*refused")
    local none, err
    none, err, code = pop3.record { file = "/nonexistent/t",
                                    upstream = { host = "127.0.0.1" } }
    assert.same({ nil, "io" }, { none, code })
    assert.match("nonexistent", err)
    none, err, code = pop3.record { file = "/dev/full",
                                    upstream = { host = "127.0.0.1" } }
    assert.same({ nil, "record: /dev/full: No space left on device", "io" },
                { none, err, code })
    for _, opts in ipairs { {}, { file = "x" }, { upstream = { host = "x" } },
                            { file = "x", upstream = {} },
                            { file = "x", upstream = { host = "x", prot = 1 } },
                            { file = "x", upstream = { host = "x" }, tls = true },
                            { file = "x", upstream = { host = "x" },
                              faults = { {} } } } do
      local ok, problem = pcall(function()
        local made = pop3.record(opts)
        made:stop()
      end)
      assert.is_false(ok)
      assert.match("record_spec.lua:%d+: ", problem)
    end
  end)

  it("closes the link to the server when the client leaves, and the other way round", function()
    local server = real()
    recorded(server, nil, nil, function(run, up)
      local t = talk.tcp(run.port)
      t:login("mrose", "geheim")
      t:close()
      -- the maildrop is free again once the other link has ended
      local c
      repeat c = connect(run, { timeout = helper.PATIENCE }) until c
      c:quit()
      assert.is_true(up:count "PASS" >= 2)
    end)
  end)
end)

describe("for every behaviour of the server", function()
  local faults = {
    function(r) return { cut = { bytes = r(60) - 1, how = r(2) == 1 and "rst"
                                 or "fin" } } end,
    function(r) return { cut = { lines = r(4) - 1 } } end,
    function() return { bare_lf = true, cut = {} } end,
    function() return { no_text = true } end,
    function(r) return { slice = r(9) } end,
    function(r) return { wrong_size = r(100) } end,
    function() return { unstuffed = true, cut = {} } end,
    function() return { reply = "-ERR [SYS/TEMP] no", cut = {} } end,
    function(r) return { garbage = { seed = r(99), bytes = r(99) }, cut = {} } end,
    function() return { uids = "duplicate" } end,
  }
  local SAID = { "CAPA", "USER mrose", "PASS geheim", "STAT", "LIST", "UIDL",
                 "LIST 1", "RETR 1", "TOP 2 0", "DELE 2", "QUIT" }

  -- All that comes, each command sent once the one before is answered.
  local function said(run)
    local t = talk.tcp(run.port, true)
    local out = {}
    for i = 0, #SAID do
      if i > 0 and not t:send(SAID[i] .. "\r\n") then break end
      local verb = i > 0 and SAID[i]:match "^%S+" or "greeting"
      local line = t:line()
      out[#out + 1] = line or "closed"
      if not line then break end
      if line:sub(1, 3) == "+OK" and (verb == "CAPA" or verb == "RETR"
         or verb == "TOP" or SAID[i] == "LIST" or SAID[i] == "UIDL") then
        local lines, part = t:lines()
        out[#out + 1] = table.concat(lines or part, "\n")
        if not lines then break end
      end
    end
    out[#out + 1] = t:rest()
    t:close()
    return table.concat(out, "\n")
  end

  it("the recording says the same", function()
    for i in helper.sweep(1, 60, 12) do
      local r = mutate.random(11000 + i)
      local server = real()
      local f = faults[r(#faults)](r)
      f.verb = SAID[r(#SAID)]:match "^%S+"
      server:fault(f)
      local first
      local _, again = recorded(server, nil, nil, function(run)
        first = said(run)
      end)
      local run <close> = again:fork()
      assert.equal(first, said(run), "run " .. i .. ", " .. f.verb)
    end
  end)

  local PIECES = { "\r\n", "\n", "\r", "\0", "+OK", "-ERR", "+ ", "S: x", "C: y",
                   "! hangup", "~", "#", "# session 1", " ", "\t", ".", "..",
                   "\255", "a", "***", "! eol none", "<testcase>" }
  local COMMANDS = { "CAPA", "RETR 1", "LIST", "TOP 1 1", "NOOP", "XFOO a b",
                     "UIDL 1", "AUTH X", "LANG", "user x", "~x[", "",
                     " x", "*** a", "! hangup", "\0\255", "# session 2" }

  -- A reply of anything, which ends as one with a body does.
  local function anything(r)
    local parts = { r(3) > 1 and "+OK x\r\n" or r(2) == 1 and "-ERR\r\n" or nil }
    for i = #parts + 1, r(8) do parts[i] = PIECES[r(#PIECES)] end
    return table.concat(parts) .. "\r\n.\r\n"
  end

  -- A server that sends these replies to any commands.
  local function says(replies, how)
    return assert(require "pop3.server.raw"({}, {
      connect = function(session) return session:raw "+OK\r\n" end,
    }, function(session)
      local n = (session.data.n or 0) + 1
      session.data.n = n
      local reply = session:raw(replies[n] or "-ERR\r\n")
      reply.close = n == #replies and how or nil
      return reply
    end))
  end

  it("the recording of the recording is the same, octet for octet", function()
    for i in helper.sweep(1, 20, 5) do
      local r = mutate.random(5000 + i)
      local replies, commands = {}, {}
      for n = 1, r(6) do
        replies[n] = anything(r)
        commands[n] = COMMANDS[r(#COMMANDS)]
      end
      local function all(run)
        local t = talk.tcp(run.port, true)
        t:send(table.concat(commands, "\r\n") .. "\r\n")
        local octets = t:rest()
        t:close()
        return octets
      end
      local first, second
      local text, again = recorded(says(replies, r(2) == 1 and "rst" or "fin"), nil,
                                   nil, function(run) first = all(run) end)
      local twice, last = recorded(again, nil, nil, function(run)
        second = all(run)
      end)
      assert.equal(first, second, "run " .. i)
      assert.equal(text, twice, "run " .. i)
      local run <close> = last:fork()
      assert.equal(first, all(run), "run " .. i)
    end
  end)
end)
