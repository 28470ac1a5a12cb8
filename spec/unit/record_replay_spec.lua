-- Transcripts played back.

local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"
local tempdir = require "spec.support.tempdir"

-- A server of a transcript, by way of a file.
local function replay(text, opts, name)
  local dir <close> = tempdir()
  dir:write(name or "session.txt", text)
  return pop3.server.replay(dir.path .. "/" .. (name or "session.txt"), opts)
end

local SESSION = [[
# lpop3 transcript
# session 1
S: +OK ready
C: USER mrose
S: +OK
C: PASS ***
S: +OK in
C: UIDL
S: +OK
S: 1 QhdPYR:00WBw1Ph7x7
S: .
C: RETR 1
S: +OK 12 octets
S: A: b
S:
S: ..x
S: .
C: QUIT
S: +OK bye
! hangup fin
]]

describe("replay", function()
  it("replays the dialogue, octet for octet", function()
    local s = assert(replay(SESSION))
    local t = talk.to(s)
    assert.equal("+OK ready", t.greeting)
    t:send "USER mrose\r\nPASS whatever\r\nUIDL\r\nRETR 1\r\nQUIT\r\n"
    assert.equal("+OK\r\n+OK in\r\n+OK\r\n1 QhdPYR:00WBw1Ph7x7\r\n.\r\n"
      .. "+OK 12 octets\r\nA: b\r\n\r\n..x\r\n.\r\n+OK bye\r\n", (t:rest()))
    assert.is_true(s:verify(s.expected))
  end)

  it("replies the same at every split of the client's octets", function()
    local octets = "USER mrose\r\nPASS x y \r\nUIDL\r\nRETR 1\r\nQUIT\r\n"
    local t = talk.to(assert(replay(SESSION)))
    t:send(octets)
    local whole = t:rest()
    for at = 1, #octets - 1 do
      t = talk.to(assert(replay(SESSION)))
      t:send(octets:sub(1, at))
      t:send(octets:sub(at + 1))
      assert.equal(whole, (t:rest()))
    end
  end)

  it("is strict: only the recorded commands, in order", function()
    local s = assert(replay(SESSION))
    local t = talk.to(s)
    t:ask "USER mrose"
    assert.equal("-ERR not in the transcript", t:ask "STAT")
    assert.equal("+OK in", t:ask "PASS x")
    assert.error_matches(function() s:verify(s.expected) end,
                         'expected "PASS %*%*%*", got "STAT"')
    assert.equal("-ERR not in the transcript", t:ask "PASS geheim")
    assert.is_nil(table.concat(s.errors):find("geheim", 1, true))
  end)

  it("has the recorded number of sessions", function()
    local s = assert(replay(SESSION))
    talk.to(s):close()
    assert.is_nil(talk.to(s).greeting)
    assert.error_matches(function() s:verify {} end, "has 1 sessions")
  end)

  it("is loose: any order within a state, again, and again", function()
    local s = assert(replay(SESSION, { loose = true }))
    for _ = 1, 2 do
      local t = talk.to(s)
      assert.equal("-ERR not in the transcript", t:ask "RETR 1")
      s.errors = {}
      t:ask "USER mrose"
      t:ask "PASS x"
      for _ = 1, 2 do
        assert.equal("+OK 12 octets", (t:list "RETR 1"))
        assert.equal("+OK", (t:list "UIDL"))
      end
      assert.equal("-ERR not in the transcript", t:ask "USER mrose")
      s.errors = {}
      assert.equal("+OK bye", t:ask "QUIT")
    end
    s = assert(replay(SESSION, { loose = true }))
    local t = talk.to(s)
    for _, line in ipairs { "USER mrose", "PASS x" } do t:ask(line) end
    for _, line in ipairs { "RETR 1", "UIDL" } do t:list(line) end
    t:ask "QUIT"
    assert.is_true(s:verify(s.expected))
  end)

  it("is loose about unique-ids and dates", function()
    local text = SESSION:gsub("C: QUIT", "C: XFIND QhdPYR:00WBw1Ph7x7 since "
      .. "12 Nov 2026 10:15:00 +0100\nS: +OK found\nC: QUIT")
    for _, loose in ipairs { true, false } do
      local t = talk.to(assert(replay(text, { loose = loose })))
      t:ask "USER mrose"
      t:ask "PASS x"
      t:list "UIDL"
      t:list "RETR 1"
      assert.equal(loose and "+OK found" or "-ERR not in the transcript",
                   t:ask "XFIND other since 1 May 2031 09:00:01 -0500")
    end
  end)

  it("knows patterns, faults, line ends and how connections end", function()
    local t = talk.to(assert(replay [[
S: +OK
C: ~^X%d+$
! delay 5
S: +OK one
! eol lf
S: two
! eol none
S: three
! eol cr
~ ^Y
S: +OK cut
! cut.bytes=5 cut.how=rst
]]))
    t:send "X12\r\n"
    t:send "YES\r\n"
    assert.equal("+OK one\ntwothree\r+OK c", (t:rest()))
    assert.equal(5, t.transport.server:now())
    t = talk.to(assert(replay "S: +OK\nC: NOOP\n! hangup rst\n"))
    t:send "NOOP\r\n"
    assert.same({ "", "closed" }, { t:rest() })
    t = talk.to(assert(replay "S: -ERR go\n! hangup\n"))
    assert.equal("-ERR go", t.greeting)
    assert.same({ "", "closed" }, { t:rest() })
  end)

  it("knows the faults of bodies", function()
    local whole = "+OK 9 octets\r\n..a\r\n1 b\r\n"
    for bang, octets in pairs {
      no_terminator = whole,
      ["cut.lines=1"] = "+OK 9 octets\r\n..a\r\n",
      ["cut.lines=2 cut.bytes=7"] = "+OK 9 o",
      unstuffed = whole:gsub("%.%.", ".") .. ".\r\n",
      ["wrong_size=1"] = whole:gsub("9", "10") .. ".\r\n",
      ["append=10"] = whole .. ".\r\n10",
      bare_lf = (whole .. ".\r\n"):gsub("\r", ""),
    } do
      local t = talk.to(assert(replay("S: +OK\nC: RETR 1\nS: +OK 9 octets\n"
        .. "S: ..a\nS: 1 b\nS: .\n! " .. bang .. "\nC: QUIT\n! hangup\n")))
      t:send "RETR 1\r\nQUIT\r\n"
      assert.equal(octets, (t:rest()), bang)
    end
    for how, octets in pairs { duplicate = "1 a\r\n2 a\r\n", missing = "1 a\r\n",
                               empty = "1\r\n2\r\n" } do
      local t = talk.to(assert(replay("S: +OK\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\n"
        .. "S: .\n! uids=" .. how .. "\n! hangup\n")))
      t:send "UIDL\r\n"
      assert.equal("+OK\r\n" .. octets .. ".\r\n", (t:rest()))
    end
  end)

  it("plays exchanges", function()
    local s = assert(replay [[
S: +OK
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: bXJvc2U=
S: + not base64
C: ***
S: +OK in
C: STAT
S: + no challenge
C: STAT
S: +OK 0 0
]])
    local t = talk.to(s)
    assert.equal("+ VXNlcm5hbWU6", t:ask "AUTH LOGIN")
    assert.equal("+ not base64", t:ask "bXJvc2U=")
    assert.equal("+OK in", t:ask "c2VjcmV0")
    assert.equal("+ no challenge", t:ask "STAT")
    assert.equal("+OK 0 0", t:ask "STAT")
    assert.same({ "AUTH LOGIN", "***", "***", "STAT", "STAT" }, s.expected)
    assert.is_true(s:verify(s.expected))
    s = assert(replay "S: +OK\nC: AUTH X\nS: + \nC: *\nS: -ERR bye\n")
    t = talk.to(s)
    t:ask "AUTH X"
    assert.equal("-ERR not in the transcript", t:ask "abcd")
  end)

  it("shows no secret, also not that of the file", function()
    local s = assert(replay [[
S: +OK
C: USER mrose
S: +OK
C: PASS tanstaaf
S: +OK
C: AUTH PLAIN AHRpbQB0YW5zdGFhZg==
S: +OK
C: apop mrose c4c9334bac560ecc979e58001b3e22fb
S: +OK
~ ^PASS tan
S: +OK
~ ^AUTH
S: +
C: AHRpbQB0YW5zdGFhZg==
S: +OK
]])
    local t = talk.to(s)
    for _, line in ipairs { "USER mrose", "PASS tanstaaf",
      "AUTH PLAIN AHRpbQB0YW5zdGFhZg==",
      "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "PASS tanstaaf" } do
      assert.equal("+OK", t:ask(line))
    end
    assert.equal("+", t:ask "AUTH PLAIN")
    assert.equal("+OK", t:ask "AHRpbQB0YW5zdGFhZg==")
    assert.is_true(s:verify(s.expected))
    t = talk.to(assert(replay "S: +OK\nC: PASS tanstaaf\nS: +OK\n"))
    for _, line in ipairs { "PASS geheim", "PASS\tgeheim", "pass geheim",
                            " PASS geheim", "PASS:geheim", "\0PASS geheim",
                            "AUTH NONE", "geheim", "APOP mrose geheim" } do
      assert.equal("-ERR not in the transcript", t:ask(line))
    end
    local errors = table.concat(t.transport.server.errors, "\n"):lower()
    assert.is_nil(errors:find "geheim" or errors:find "tanstaaf")
  end)

  it("waits for a response though the transcript ends with the challenge",
     function()
    local s = assert(replay "S: +OK\nC: AUTH LOGIN\nS: + VXNlcjo=\n")
    local t = talk.to(s)
    assert.equal("+ VXNlcjo=", t:ask "AUTH LOGIN")
    assert.equal("-ERR not in the transcript", t:ask "Z2VoZWlt")
    assert.is_nil(table.concat(s.errors):upper():find "Z2VOZWLT")
    t = talk.to(assert(replay "S: +OK\nC: AUTH LOGIN\nS: + VXNlcjo=\n! hangup"))
    t:send "AUTH LOGIN\r\n"
    assert.same({ "+ VXNlcjo=\r\n", "closed" }, { t:rest() })
  end)

  it("puts a fault where it stands in an exchange", function()
    local t = talk.to(assert(replay [[
S: +OK
C: AUTH LOGIN
S: + VXNlcjo=
! delay=2
C: ***
S: + UGFzczo=
C: ***
! delay=3
S: +OK
]]))
    local server = t.transport.server
    t:ask "AUTH LOGIN"
    assert.equal(2, server:now())
    t:ask "YQ=="
    assert.equal(2, server:now())
    t:ask "YQ=="
    assert.equal(5, server:now())
  end)

  it("is loose, and gives the message that was asked for", function()
    local t = talk.to(assert(replay([[
S: +OK
C: UIDL
S: +OK
S: 1 1
S: 2 2
S: .
C: RETR 1
S: +OK one
S: .
C: RETR 2
S: +OK two
S: .
C: XFIND 2026-11-23 1
S: +OK first
C: XFIND 2026-11-24 1
S: +OK second
]], { loose = true })))
    assert.equal("+OK two", (t:list "RETR 2"))
    assert.equal("+OK one", (t:list "RETR 1"))
    assert.equal("-ERR not in the transcript", t:ask "RETR 3")
    assert.equal("+OK second", t:ask "XFIND 2026-11-24 1")
    assert.equal("+OK first", t:ask "XFIND 2031-01-01 7")
  end)

  it("is not loose before a login that a pattern stands for", function()
    local t = talk.to(assert(replay([[
S: +OK
~ ^PASS
S: +OK
C: STAT
S: +OK 0 0
]], { loose = true })))
    assert.equal("-ERR not in the transcript", t:ask "STAT")
    t:ask "PASS x"
    assert.equal("+OK 0 0", t:ask "STAT")
  end)

  it("takes TLS where the recording has it", function()
    local s = assert(replay [[
S: +OK
C: STLS
S: +OK begin
! tls
C: USER mrose
S: +OK secure
]])
    local c = assert(pop3.connect { transport = s:loopback(), tls = "none" })
    assert(c:close() == nil)
    s = assert(replay("! tls\nS: +OK\nC: CAPA\nS: +OK\nS: UIDL\nS: .\n"))
    assert.is_true(s.implicit)
    c = assert(pop3.connect { transport = s:loopback(), tls = "implicit",
                              host = "localhost", cafile = s.cafile })
    assert.same({ UIDL = {} }, c:capa())
    local run <close> = assert(replay [[
S: +OK
C: CAPA
S: +OK
S: STLS
S: .
C: STLS
S: +OK begin
! tls
C: CAPA
S: +OK
S: USER
S: .
C: USER mrose
S: +OK
C: PASS ***
S: +OK
]]):fork()
    c = assert(pop3.connect { host = "127.0.0.1", port = run.port, tls = "stls",
      cafile = run.cafile, user = "mrose", password = "x" })
    assert.is_true(c:is_secure())
    c:close()
  end)

  it("reads plain files, indented as in RFC 1939", function()
    local s = assert(replay("      S: <wait for connection on TCP port 110>\n"
      .. "      C: <open connection>\n      S:    +OK POP3 ready\n"
      .. "      C:    STAT\n      S:    +OK 2 320\n      C:    LIST\n"
      .. "      S:    +OK 2 messages (320 octets)\n      S:    1 120\n"
      .. "      S:    2 200\n      S:    .\n      C:    QUIT\n"
      .. "      S:    +OK bye\n      C:  <close connection>\n"))
    local t = talk.to(s)
    assert.equal("+OK POP3 ready", t.greeting)
    assert.equal("+OK 2 320", t:ask "STAT")
    assert.same({ "1 120", "2 200" }, (select(2, t:list "LIST")))
    assert.equal("+OK bye", t:ask "QUIT")
    assert.same({ "", "closed" }, { t:rest() })
    t = talk.to(assert(replay "\xEF\xBB\xBFS: +OK\r\nC: NOOP\r\nS: +OK\r\n"))
    assert.equal("+OK", t:ask "NOOP")
  end)

  it("reads plain files, each line indented in its own way", function()
    for _, text in ipairs {
      "S:+OK\nC: STAT\nS:  +OK 1 1\nC:LIST\nS: +OK\nS:1 1\nS:.\n",
      "S:\t+OK\nC:\tSTAT\nS:\t+OK 1 1\nC:\tLIST\nS:\t+OK\nS:\t1 1\nS:\t.\n",
    } do
      local t = talk.to(assert(replay(text)))
      assert.equal("+OK", t.greeting)
      assert.equal("+OK 1 1", t:ask "STAT")
      assert.same({ "1 1" }, (select(2, t:list "LIST")))
    end
    local t = talk.to(assert(replay(
      "S: +OK\nC: RETR 1\nS: +OK\nS:   indented\nS: not\nS: .\n")))
    assert.same({ "  indented", "not" }, (select(2, t:list "RETR 1")))
  end)

  it("takes TLS where a plain file has STLS", function()
    local run <close> = assert(replay("S: +OK\nC: STLS\nS: +OK\n"
      .. "C: CAPA\nS: +OK\nS: USER\nS: .\n")):fork()
    local c = assert(pop3.connect { host = "127.0.0.1", port = run.port,
                                    tls = "none", cafile = run.cafile })
    assert.is_true(c:stls())
    assert.same({ USER = {} }, c:capa())
    c:close()
  end)

  it("does not take a message for a test case of curl", function()
    local t = talk.to(assert(replay(
      "S: +OK\nC: RETR 1\nS: +OK\nS: <testcase>\nS: .\n")))
    assert.same({ "<testcase>" }, (select(2, t:list "RETR 1")))
  end)

  it("names the defect of a file, and its line", function()
    for text, message in pairs {
      ["S: +OK\nhello\n"] = "session.txt:2: the line does not begin with C:",
      ["# nothing\n"] = "there is no C: or S: line",
      [""] = "there is no C: or S: line",
      ["S: +OK\n! hangup soon\n"] = "txt:2: '! hangup' must be fin",
      ["! eol lf\n"] = "txt:1: '! eol' must be",
      ["S: +OK\n! wat=1\n"] = "txt:2: .*unknown option 'wat'",
      ["S: +OK\n! delay=x\n"] = "txt:2: .*'delay' must be",
      ["S: +OK\nC: ~x\n! delay=1 delay.x=1\n"] = "txt:3: 'delay.x' conflicts with 'delay'",
      ["S: +OK\n~ [\n"] = "txt:2: malformed pattern",
      ["S: +OK\nC: ~[\n"] = "txt:2: malformed pattern",
      ["# session 2\nS: +OK\n"] = "txt:1: there is a session 2, but no session 1",
      ["S: +OK\n# session 3\n! tls\n"] = "txt:2: there is a session 3, but no session 2",
      ["S: +OK\n# session 0\n"] = "txt:2: the number of a session must be 1 or more",
      ["# session 99999999999999999999\n"] = "txt:1: the number of a session must",
    } do
      local s, err, code = replay(text)
      assert.is_nil(s)
      assert.equal("proto", code)
      assert.match(message, err)
    end
    local s, err, code = pop3.server.replay "/nonexistent/x"
    assert.same({ nil, "io" }, { s, code })
    assert.match("nonexistent", err)
    assert.has_error(function() pop3.server.replay(5) end)
    assert.has_error(function() pop3.server.replay("x", { losse = true }) end)
    for _, text in ipairs { "S: +OK\n", "<testcase>\n<reply>\n</reply>\n" } do
      local dir <close> = tempdir()
      dir:write("t", text)
      local ok, problem = pcall(function()
        local made = pop3.server.replay(dir.path .. "/t", { tls = true })
        made:stop()
      end)
      assert.is_false(ok)
      assert.match("record_replay_spec.lua:%d+: ", problem)
    end
  end)

  it("can be overridden, and run in a child", function()
    local s = assert(replay(SESSION))
    function s.on.UIDL(session) return session:err "not today" end
    function s.on.PASS(session, secret)
      local reply = s.default.PASS(session, secret)
      reply.raw = reply.raw:gsub("in", "in, late")
      return reply
    end
    local run <close> = s:fork()
    local c = assert(pop3.connect { host = "127.0.0.1", port = run.port,
                                    tls = "none" })
    assert.is_true(c:command "USER mrose" ~= nil)
    assert.equal("in, late", (c:command "PASS x"))
    assert.equal("not today", (select(4, c:command "UIDL") or {}).text)
    c:close()
  end)
end)

describe("a test case of curl", function()
  local function case(reply, verify)
    return ("<testcase>\n<reply>\n%s\n</reply>\n<verify>\n<protocol crlf=\"yes\">"
      .. "\n%s\n</protocol>\n</verify>\n</testcase>\n"):format(reply, verify or "")
  end

  it("gives its message, to any user", function()
    local s = assert(replay(case("<data>\nFrom: me@x.example\n\n..body\n</data>",
      "CAPA\nUSER user\nPASS secret\nRETR %TESTNUMBER\nQUIT"), nil, "test900"))
    local t = talk.to(s)
    assert.equal("-ERR Unrecognized command", t:ask "CAPA")
    t:login("user", "secret")
    -- as in the file, which has the dots as on the wire
    assert.same({ "From: me@x.example", "", "..body" },
                (select(2, t:list "RETR 900")))
    assert.match("^%+OK", t:ask "QUIT")
    assert.is_true(s:verify(s.expected))
  end)

  it("answers as its server command says", function()
    local t = talk.to(assert(replay(case("<servercmd>\nCAPA TOP UIDL APOP\n"
      .. "AUTH PLAIN LOGIN\nREPLY LIST -ERR no such message\nREPLY STAT +OK 1\n"
      .. "COUNT STAT 1\nREPLY welcome +OK hi\\r\\n\nREPLY AUTH + Zm9v\n"
      .. "REPLY YmFy +OK in\nDELAY NOOP 3\n</servercmd>"))))
    assert.equal("+OK hi", t.greeting)
    assert.same({ "TOP", "UIDL", "SASL PLAIN LOGIN",
                  "IMPLEMENTATION POP3 pingpong test server" },
                (select(2, t:list "CAPA")))
    assert.equal("+ Zm9v", t:ask "AUTH CRAM-MD5")
    assert.equal("+OK in", t:ask "YmFy")
    assert.equal("-ERR no such message", t:ask "LIST 5")
    assert.equal("+OK 1", t:ask "STAT")
    assert.equal("+OK 3 4294967800", t:ask "STAT")
    assert.equal("+OK", t:ask "NOOP")
    assert.equal(3, t.transport.server:now())
    assert.same({ "1 1", "2 2", "3 4" }, (select(2, t:list "UIDL")))
    assert.equal("-ERR Unrecognized command", t:ask "XTND")
  end)

  it("replaces its macros", function()
    local s = assert(replay(case("<data>\nn: %TESTNUMBER%CR\n"
      .. "%hex[%c3%a4 x]hex%\n%repeat[3 x ab%63]%\n</data>\n<servercmd>\n"
      .. "AUTH PLAIN\nREPLY AUTH +\n"
      .. "REPLY %b64[%00user%00secret]b64% +OK in\n</servercmd>",
      "CAPA\nAUTH PLAIN\n%b64[%00user%00secret]b64%\nRETR %TESTNUMBER"),
      nil, "test901"))
    local t = talk.to(s)
    t:list "CAPA"
    t:ask "AUTH PLAIN"
    assert.equal("+OK in", t:ask "AHVzZXIAc2VjcmV0")
    assert.same({ "n: 901", "\xc3\xa4 x", "abcabcabc" },
                (select(2, t:list "RETR 901")))
    assert.is_true(s:verify(s.expected))
    s = assert(replay(case('<data hex="yes">\n41 0d 0A\n</data>\n<servercmd>\n'
      .. 'CAPA "SASL PLAIN X" TOP\nREPLY "LIST 1" +OK 1 \\x41\\"\\$\\@\n'
      .. "REPLYLF NOOP +OK %HOSTIP %POP3PORT\n</servercmd>")))
    local run <close> = s:fork()
    t = talk.tcp(run.port)
    assert.same({ "SASL PLAIN X", "TOP" }, { table.unpack(
                select(2, t:list "CAPA"), 1, 2) })
    assert.same({ "A" }, (select(2, t:list "RETR 1")))
    assert.equal('+OK 1 A"$@', t:ask "LIST 1")
    assert.equal("-ERR Unrecognized command", t:ask "APOP mrose x")
    t:send "NOOP\r\nQUIT\r\n"
    assert.match(("^+OK 127.0.0.1 %d\n+OK"):format(run.port):gsub("%+", "%%+"),
                 (t:rest()))
  end)

  it("starts again with each connection, and can be slow", function()
    local s = assert(replay(case("<servercmd>\nREPLY STAT -ERR once\n"
      .. "COUNT STAT 1\nSLOWDOWN\n</servercmd>")))
    for _ = 1, 2 do
      local t = talk.to(s)
      assert.equal("-ERR once", t:ask "STAT")
      local at = s:now()
      assert.equal("+OK 3 4294967800", t:ask "STAT")
      assert.is_true(s:now() - at > 0.15)  -- on the test clock
    end
  end)

  it("may leave the commands open", function()
    local s = assert(replay "<testcase>\n<reply>\n</reply>\n</testcase>\n")
    assert.equal("+OK", talk.to(s):ask "NOOP")
    assert.is_true(s:verify(s.expected))
  end)

  it("must have a reply section", function()
    local _, err, code = replay "<testcase>\n</testcase>\n"
    assert.equal("proto", code)
    assert.match("no <reply>", err)
  end)
end)

describe("a transcript that is broken at random", function()
  it("is played or refused, and never crashes", function()
    local mutate = require "spec.support.mutate"
    local script = require "pop3.record.reader"
    local r = mutate.random(3)
    local text = SESSION .. "C: AUTH LOGIN\nS: + YQ==\nC: ***\n! delay=1\nS: +OK\n"
    local dir <close> = tempdir()
    local played, refused = 0, 0
    for _ = 1, 300 do
      local broken = mutate.mutate(text, r)
      local read, err, code = script.parse(broken, "x")
      if read then
        played = played + 1
        dir:write("t", broken)
        local s = assert(pop3.server.replay(dir.path .. "/t", { loose = true }))
        local t = talk.to(s)
        t.transport:settimeout(helper.PATIENCE)
        t:send "USER mrose\r\nPASS x\r\nUIDL\r\nAUTH LOGIN\r\nYQ==\r\nQUIT\r\n"
        t:rest()
        t:close()
      else
        refused = refused + 1
        assert.equal("proto", code)
        assert.match("^x:?", err)
      end
    end
    assert.is_true(played > 50 and refused > 20, played .. " " .. refused)
  end)
end)
