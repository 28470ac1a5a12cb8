-- What a client and a server said, written down, and played back.

local core = require "pop3.core"
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

-- Run `fn(run, path)` with a recorder before a server; what it wrote.
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
  it("changes nothing, and what it wrote plays the same", function()
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

  it("does not trust whom connect would not", function()
    local text = recorded(real { tls = "wrong-host" }, { tls = "stls" }, nil,
      function(run)
        local _, _, code = connect(run)
        assert.equal("closed", code)
        assert.error_matches(function() run:verify {} end, "upstream: STLS")
      end)
    assert.match("\n! hangup fin\n$", text)
  end)

  it("hands exchanges on and writes no secret of them", function()
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
    for _, said in ipairs {
      "pass geheim", "PASS  geheim ", "PASS\tgeheim", "auth plain " .. plain,
      "AUTH  PLAIN " .. plain, "AUTH PLAIN\t" .. plain, "AUTH PLAIN\r\n" .. plain,
      "AUTH X-NONE\r\n" .. plain, "AUTH LOGIN\r\n" .. b64 "mrose" .. "\r\n"
        .. b64 "geheim", "AUTH PLAIN\r\ngeheim", "APOP  mrose geheim",
    } do
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

  it("writes down how a link ends", function()
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

  it("tells when the server hangs up between commands", function()
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

  it("can spoil a session with a real server", function()
    recorded(real(), nil, { faults = { { verb = "RETR", cut = { bytes = 30 } } } },
      function(run)
        assert.equal("closed", (select(3, assert(connect(run)):retr(1))))
      end)
  end)

  it("says why when nobody is there, and when it cannot write", function()
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
    for _, opts in ipairs { {}, { file = "x" }, { upstream = { host = "x" } },
                            { file = "x", upstream = {} },
                            { file = "x", upstream = { host = "x", prot = 1 } } } do
      assert.has_error(function() pop3.record(opts) end)
    end
  end)

  it("lets the server go when the client goes, and the other way", function()
    local server = real()
    recorded(server, nil, nil, function(run, up)
      local t = talk.tcp(run.port)
      t:login("mrose", "geheim")
      t:close()
      -- the maildrop is free again once the other link has ended
      local c
      repeat c = connect(run, { timeout = 5 }) until c
      c:quit()
      assert.is_true(up:count "PASS" >= 2)
    end)
  end)
end)

describe("whatever the server does", function()
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
    local r = mutate.random(11)
    for i = 1, 60 do
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
end)
