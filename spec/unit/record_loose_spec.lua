-- A loose replay as a server: any connection, any order, any login.

local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local function replay(text)
  local dir <close> = helper.directory()
  return assert(pop3.server.replay(dir:write("session.txt", text),
                                   { loose = true }))
end

-- Two sessions: the second one does more, and its mail has changed.
local TWO = [[
# lpop3 transcript
# session 1
S: +OK one <1.2@x>
C: CAPA
S: +OK
S: SASL PLAIN
S: .
C: AUTH PLAIN ***
S: +OK in
C: STAT
S: +OK 1 12
C: QUIT
S: +OK bye
# session 2
S: +OK two <3.4@x>
C: AUTH PLAIN ***
S: +OK in again
C: STAT
S: +OK 2 24
C: RETR 2
S: +OK
S: B: b
S: .
C: NOOP
S: +OK first
C: NOOP
S: +OK second
C: QUIT
S: +OK bye
]]

describe("a loose replay", function()
  it("answers each command of the transcript in any connection", function()
    local server = replay(TWO)
    for id, stat in ipairs { "+OK 1 12", "+OK 2 24", "+OK 1 12" } do
      local t = talk.to(server)
      assert.equal("+OK in" .. (id == 2 and " again" or ""),
                   t:ask "AUTH PLAIN AHgAeQ==")
      assert.equal(stat, t:ask "STAT")
      assert.same({ "B: b" }, (select(2, t:list "RETR 2")))
      assert.equal("+OK first", t:ask "NOOP")
      assert.equal("+OK second", t:ask "NOOP")
      assert.equal("+OK second", t:ask "NOOP")
      assert.equal(stat, t:ask "STAT")
      assert.equal("-ERR not in the transcript", t:ask "RETR 1")
      assert.equal("-ERR not in the transcript", t:ask "CAPA")
      t:close()
    end
  end)

  it("gives no reply of another state", function()
    local t = talk.to(replay(TWO))
    for _, line in ipairs { "STAT", "RETR 2", "NOOP" } do
      assert.equal("-ERR not in the transcript", t:ask(line))
    end
    assert.equal("SASL PLAIN", (select(2, t:list "CAPA"))[1])
  end)

  it("lets clients log in by mechanisms that were not recorded", function()
    local server = replay(TWO)
    for _, lines in ipairs {
      { "USER any", "+OK", "PASS any", "+OK in" },
      { "APOP any 0123456789abcdef", "+OK in" },
      { "AUTH LOGIN", "+ VXNlcm5hbWU6", "YQ==", "+ UGFzc3dvcmQ6", "Yg==",
        "+OK in" },
      { "AUTH CRAM-MD5", "+ PDFAcmVwbGF5Pg==", "YSBi", "+OK in" },
      { "AUTH XOAUTH2 YQ==", "+OK in" }, { "auth external =", "+OK in" },
      { "AUTH OAUTHBEARER", "+ ", "YQ==", "+OK in" },
    } do
      for _ = 1, 2 do  -- of both sessions
        local t = talk.to(server)
        local again = t.greeting:find "two" and " again" or ""
        for i = 1, #lines, 2 do
          local want = lines[i + 1]
          assert.equal(want == "+OK in" and want .. again or want,
                       t:ask(lines[i]), lines[1])
        end
        assert.match("^%+OK %d", t:ask "STAT")
        assert.equal("-ERR not in the transcript", t:ask "USER x")
        t:close()
      end
    end
  end)

  it("lets the client of this library in", function()
    local run <close> = replay(TWO):fork()
    for _, mech in ipairs { "USER", "APOP", "PLAIN" } do
      local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
        tls = "none", user = "ann", password = "any", mechs = { mech } })
      assert.equal("integer", math.type((assert(s:stat()))), mech)
      assert.is_true(s:quit())
    end
  end)

  it("ends a session by a QUIT that was not recorded, and refuses CAPA", function()
    local server = replay "S: +OK\nC: USER a\nS: +OK\nC: PASS ***\nS: +OK\n"
    for _, lines in ipairs { {}, { "USER a", "PASS b" } } do
      local t = talk.to(server)
      assert.equal("-ERR not in the transcript", t:ask "CAPA")
      for _, line in ipairs(lines) do assert.equal("+OK", t:ask(line)) end
      t:send "QUIT\r\n"
      assert.same({ "+OK\r\n", "closed" }, { t:rest() })
    end
    assert.same({}, server.errors)
    local t = talk.to(server)
    t:ask "STAT"
    assert.equal(1, #server.errors)
  end)

  it("refuses a login that it cannot play", function()
    local server = replay(TWO)
    for _, lines in ipairs {
      { "PASS any" }, { "USER" }, { "APOP any" }, { "AUTH NTLM" },
      { "AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==" },
    } do
      local t = talk.to(server)
      assert.equal("-ERR not in the transcript", t:ask(lines[1]), lines[1])
      assert.equal("-ERR not in the transcript", t:ask "STAT")
    end
    local t = talk.to(server)
    t:ask "AUTH LOGIN"
    assert.match("^%-ERR", t:ask "*")
    assert.equal("-ERR not in the transcript", t:ask "STAT")
  end)

  it("takes any name, by the recorded mechanism too", function()
    local server = replay("S: +OK <1@x>\nC: USER eve\nS: +OK who\nC: PASS ***\nS: -ERR no\n"
      .. "C: USER ann\nS: +OK ann\nC: PASS ***\nS: +OK in\nC: STAT\nS: +OK 0 0\n")
    for _, lines in ipairs {
      { "USER bob", "+OK", "PASS x", "+OK in" },
      { "USER eve", "+OK who", "PASS x", "-ERR no", "USER bob", "+OK", "PASS x",
        "+OK in" },
      { "USER bob", "+OK", "USER eve", "+OK who", "PASS x", "-ERR no",
        "USER ann", "+OK ann", "PASS x", "+OK in" },
    } do
      local t = talk.to(server)
      for i = 1, #lines, 2 do assert.equal(lines[i + 1], t:ask(lines[i])) end
      assert.equal("+OK 0 0", t:ask "STAT")
      t:close()
    end
    assert.same({}, server.errors)
    server = replay "S: +OK <1@x>\nC: APOP ann ***\nS: +OK in\n"
    local t = talk.to(server)
    assert.equal("+OK in", t:ask "APOP bob 0123456789abcdef")
  end)

  it("refuses logins where no login succeeded", function()
    local t = talk.to(replay "S: +OK\nC: AUTH PLAIN ***\nS: -ERR no\n")
    assert.equal("-ERR not in the transcript", t:ask "USER x")
    assert.equal("-ERR no", t:ask "AUTH PLAIN x")
    t = talk.to(replay "S: +OK\nC: USER ann\nS: +OK\nC: PASS ***\nS: -ERR no\n")
    assert.equal("-ERR not in the transcript", t:ask "USER bob")
  end)

  it("serves a client without TLS though TLS was recorded", function()
    local text = "S: +OK\nC: STLS\nS: +OK go\nC: USER ann\nS: +OK\nC: PASS ***\n"
                 .. "S: +OK in\nC: STAT\nS: +OK 0 0\n"
    local t = talk.to(replay(text))
    assert.equal("-ERR not in the transcript", t:ask "STAT")
    t:ask "USER ann"
    assert.equal("+OK in", t:ask "PASS x")
    assert.equal("+OK 0 0", t:ask "STAT")
  end)
end)
