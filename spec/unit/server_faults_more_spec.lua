-- Faults: where they may strike, broken octets, order, half of a link, TLS, and
-- calls inside handlers.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = { "Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\ntwo\r\n",
               "Subject: 3\r\n\r\nthree\r\n" }

local function server(...)
  local s = pop3.server.new { users = { u = { password = "pw", mail = MAIL },
                                        v = { password = "pw", mail = MAIL } } }
  for _, f in ipairs { ... } do s:fault(f) end
  return s
end

local logged_in = talk.inside

local function all(s, octets)
  local t = logged_in(s)
  t:send(octets)
  return (t:rest())
end

describe("a fault strikes", function()
  it("by the arguments", function()
    local t = logged_in(server { verb = "LIST", args = "^2$", reply = "-ERR x" })
    assert.equal("+OK 1 19", t:ask "LIST 1")
    assert.equal("-ERR x", t:ask "LIST 2")
    t = logged_in(server { verb = "TOP", args = "^%d 0$", reply = "-ERR y" })
    assert.equal("-ERR y", t:ask "TOP 3 0")
    t = logged_in(server { verb = "UIDL", args = "^$", reply = "-ERR z" })
    assert.match("^%+OK 1 ", t:ask "UIDL 1")
    assert.equal("-ERR z", t:ask "UIDL")
    t = talk.to(server { verb = "PASS", args = "^wrong$", reply = "-ERR w" })
    t:ask "USER u"
    assert.equal("-ERR w", t:ask "PASS wrong")
  end)

  it("in a state", function()
    local t = talk.to(server { verb = "CAPA", state = "transaction",
                               reply = "-ERR no" })
    assert.truthy(t:list "CAPA")
    t:login()
    assert.equal("-ERR no", t:ask "CAPA")
  end)

  it("at the greeting and at each command, if it names neither", function()
    local t = talk.to(server { session = 1, append = "<1>\r\n" })
    assert.equal("+OK lpop3 ready", t.greeting)
    assert.equal("<1>", t:line())
    assert.match("^%+OK", t:ask "CAPA")
    local s = server({ user = "u", reply = "-ERR busy" },
                     { when = function(_, verb) return verb == "STAT" end,
                       reply = "+OK x" },
                     { state = "greeting", nth = 2, reply = "-ERR not now" })
    t = talk.to(s)
    assert.match("^%+OK lpop3", t.greeting)
    assert.match("^%+OK", t:login "v")
    assert.equal("+OK x", t:ask "STAT")
    assert.match("^%+OK", t:ask "QUIT")
    t = talk.to(s)
    assert.equal("-ERR not now", t.greeting)
    t = talk.to(s)
    assert.equal("-ERR busy", t:ask "USER u")
  end)

  it("where it can, if it names neither", function()
    local s = server { refuse = true, times = 1 }
    assert.is_nil(talk.to(s).greeting)
    assert.match("^%+OK", talk.to(s).greeting)
    s = pop3.server.new { tls = "auto", faults = { { alert = true, times = 1 } },
                          users = { u = { password = "pw" } } }
    local function code()
      return select(3, pop3.connect { transport = s:loopback(), tls = "stls",
        host = "localhost", cafile = s.cafile, user = "u", password = "pw" })
    end
    assert.equal("tls", code())
    assert.is_nil(code())
    for _, f in ipairs { { verb = "STAT", hook = "connect", delay = 1 },
                         { swap = true } } do
      assert.has_error(function() server(f) end)
    end
  end)

  it("not at all with an invalid pattern", function()
    local ok, err = pcall(server, { verb = "LIST", args = "[" })
    assert.is_false(ok)
    assert.match("fault: args: ", err)
  end)
end)

describe("a reply in place of one", function()
  it("is any octets, and ends with CRLF", function()
    for given, sent in pairs {
      ["+OK a\0b\rc"] = "+OK a\0b\rc\r\n",
      ["-ERR no\r\n"] = "-ERR no\r\n",
      ["+OK\r\n1 x\r\n."] = "+OK\r\n1 x\r\n.\r\n",
      [""] = "\r\n",
    } do
      assert.equal(sent .. "+OK goodbye\r\n",
                   all(server { verb = "LIST", reply = given },
                       "LIST\r\nQUIT\r\n"))
    end
  end)
end)

describe("octets", function()
  it("have bare CR", function()
    assert.equal("+OK 3 59\r", (all(server { verb = "STAT", bare_cr = true,
      cut = {} }, "STAT\r\n")))
  end)

  it("have no text", function()
    local t = logged_in(server { verb = "LIST", no_text = true })
    assert.same({ "+OK", { "1 19", "2 19", "3 21" } }, { t:list "LIST" })
    t = talk.to(server { hook = "connect", no_text = true })
    assert.equal("+OK", t.greeting)
    t = talk.to(server { verb = "PASS", no_text = true })
    t:ask "USER u"
    assert.equal("-ERR", t:ask "PASS x")
  end)

  it("have repeated, missing or too few unique-ids", function()
    local t = logged_in(server { verb = "UIDL", uids = "duplicate" })
    assert.same({ "1 lpop3.1", "2 lpop3.1", "3 lpop3.1" },
                (select(2, t:list "UIDL")))
    assert.equal("+OK 2 lpop3.1", t:ask "UIDL 2")
    t = logged_in(server { verb = "UIDL", uids = "empty" })
    assert.same({ "1", "2", "3" }, (select(2, t:list "UIDL")))
    assert.equal("+OK 2 ", t:ask "UIDL 2")
    t = logged_in(server { verb = "UIDL", uids = "missing" })
    assert.same({ "1 lpop3.1", "3 lpop3.3" }, (select(2, t:list "UIDL")))
    assert.equal("+OK 2 lpop3.2", t:ask "UIDL 2")
    assert.match("^%-ERR", t:ask "UIDL 9")
  end)
end)

describe("mixed-up replies", function()
  it("come after the next one", function()
    assert.equal("+OK 1 19\r\n+OK 3 59\r\n+OK goodbye\r\n", (all(
      server { verb = "STAT", swap = true }, "STAT\r\nLIST 1\r\nQUIT\r\n")))
  end)

  it("do with bodies, and more than one of them", function()
    local s = server { verb = "RETR", swap = true, times = 2 }
    assert.equal("+OK\r\n+OK 19 octets\r\nSubject: 2\r\n\r\ntwo\r\n.\r\n"
      .. "+OK 19 octets\r\nSubject: 1\r\n\r\none\r\n.\r\n+OK goodbye\r\n",
      (all(s, "RETR 1\r\nRETR 2\r\nNOOP\r\nQUIT\r\n")))
    s = server { verb = "RETR", swap = true, nth = 2 }
    assert.match("^.-\r\none\r\n%.\r\n.-\r\nthree\r\n%.\r\n.-\r\ntwo\r\n%.\r\n",
                 (all(s, "RETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n")))
  end)

  it("never come without a next one; QUIT's is not held", function()
    local s = server({ verb = "STAT", swap = true },
                     { verb = "QUIT", swap = true })
    local t = logged_in(s)
    t:send "STAT\r\n"
    t.transport:settimeout(5)
    assert.same({ nil, "timeout" }, { t:line() })
    assert.equal("+OK goodbye", t:ask "QUIT")
    assert.equal("+OK 3 59", t:line())
    assert.same({ "", "closed" }, { t:rest() })
  end)

  it("come also after one that cannot be made", function()
    local function torn(session)
      return session:multi("", function() error "torn" end)
    end
    local function list(...)
      local s = server({ verb = "STAT", swap = true }, ...)
      s.on.LIST = torn
      local got = all(s, "STAT\r\nLIST\r\nNOOP\r\nQUIT\r\n")
      assert.equal(1, #s.errors)
      assert.match("torn", tostring(s.errors[1]))
      return got
    end
    local failed = "-ERR [SYS/TEMP] the handler failed\r\n"
    assert.equal(failed .. "+OK 3 59\r\n+OK\r\n+OK goodbye\r\n", list())
    assert.equal("+OK\r\n" .. failed .. "+OK 3 59\r\n+OK goodbye\r\n",
                 list { verb = "LIST", swap = true })
    assert.equal(failed .. "+OK 3 59\r\n+OK\r\n+OK goodbye\r\n",
                 list { verb = "LIST", no_terminator = true })
  end)

  it("are found out, or at least make no mail of other mail", function()
    local s = server { verb = "UIDL", swap = true }
    local c = assert(pop3.connect { transport = s:loopback(), user = "u",
      password = "pw", insecure = true, timeout = 5 })
    local _, _, code = c:uidl()
    assert.equal("timeout", code)
  end)
end)

describe("half of a link", function()
  it("ends; commands are still done", function()
    local s = server { verb = "STAT", cut = { bytes = 3, how = "half" } }
    local t = logged_in(s)
    t:send "DELE 1\r\nSTAT\r\nDELE 2\r\n"
    assert.same({ "+OK message 1 deleted\r\n+OK", "closed" }, { t:rest() })
    assert.equal(6, t:send "QUIT\r\n")
    assert.same({ MAIL[3] }, s:mailbox "u")
    assert.equal(2, s:count "DELE")
    assert.is_nil((next(s.sessions)))
  end)

  it("ends when the client goes, and deletes nothing then", function()
    local s = server { verb = "DELE", cut = { how = "half" } }
    local t = logged_in(s)
    t:send "DELE 1\r\n"
    assert.equal("+OK message 1 deleted\r\n", (t:rest()))
    t:close()
    assert.same(MAIL, s:mailbox "u")
    assert.is_nil((next(s.sessions)))
  end)

  it("ends over TCP too, also by a handler", function()
    local s = server()
    function s.on.XHALF(session) return session:hangup "half" end
    local run <close> = s:fork()
    local t = talk.tcp(run.port)
    t:login()
    t:ask "DELE 1"
    t:send "XHALF\r\n"
    assert.same({ "", "closed" }, { t:rest() })
    t:send "NOOP\r\nQUIT\r\n"
    assert(run:wait_for("QUIT", helper.PATIENCE))
    assert.equal(2, #run:mailbox "u")
    t:close()
  end)
end)

describe("a handshake", function()
  local function attempt(...)
    local s = pop3.server.new { tls = "auto", implicit = true,
      users = { u = { password = "pw", mail = MAIL } }, faults = { ... } }
    local function connect()
      local c, message, code = pop3.connect { transport = s:loopback(),
        tls = "implicit", host = "localhost", cafile = s.cafile, user = "u", password = "pw",
        timeout = 10 }
      if c then c:quit() end
      return c and "in" or code, message
    end
    return connect, s
  end

  it("shows a bad certificate once, then a good one", function()
    for _, name in ipairs { "expired", "not-yet-valid", "wrong-host",
                            "untrusted", "self-signed" } do
      local connect = attempt { hook = "tls", times = 1, certificate = name }
      assert.equal("tls", (connect()), name)
      assert.equal("in", (connect()), name)
    end
  end)

  it("fails by an alert, is cut at any octet, or stalls", function()
    local connect = attempt { hook = "tls", nth = 1, alert = true }
    local code, message = connect()
    assert.equal("tls", code)
    assert.match("alert", message)
    assert.equal("in", (connect()))
    for _, how in ipairs { "fin", "rst", "half" } do
      for _, bytes in ipairs { 0, 1, 5, 6, 100, 500 } do
        connect = attempt { hook = "tls", cut = { bytes = bytes, how = how } }
        code = connect()
        assert.is_true(code == "tls" or code == "closed", how .. bytes)
      end
    end
    connect = attempt { hook = "tls", stall = true, session = 1 }
    assert.equal("timeout", (connect()))
    assert.equal("in", (connect()))
    connect = attempt { hook = "tls", delay = 9 }
    assert.equal("in", (connect()))
    connect = attempt { hook = "tls", delay = 11 }
    assert.equal("timeout", (connect()))
  end)

  it("is one of STLS as well", function()
    local s = pop3.server.new { tls = "auto", users = {},
      faults = { { hook = "tls", certificate = "wrong-host" } } }
    local _, _, code = pop3.connect { transport = s:loopback(), tls = "stls",
      host = "localhost", cafile = s.cafile, user = "u", password = "pw" }
    assert.equal("tls", code)
    assert.equal(0, s:count "USER")
  end)

  it("has separate faults only", function()
    for message, f in pairs {
      ["reply does not apply to the hook tls"] = { hook = "tls", reply = "x" },
      ["alert needs the hook tls"] = { verb = "STLS", alert = true },
      ["cut.lines does not apply to the hook tls"] = { hook = "tls", cut = { lines = 1 } },
      ["option 'certificate' must be one of: expired,"] = { hook = "tls", certificate = "bad" },
      ["refuse needs the hook connect"] = { verb = "X", refuse = true },
      ["swap needs a verb"] = { hook = "connect", swap = true },
      ["give either bare_"] = { verb = "X", bare_lf = true,
                                        bare_cr = true },
    } do
      local ok, err = pcall(server, f)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
      assert.match("server_faults_more_spec", err)
    end
  end)
end)

describe("session:fault", function()
  it("affects this reply only", function()
    local s = server()
    function s.on.LIST(session, n)
      if n == 2 then session:fault { wrong_size = 5 } end
      return s.default.LIST(session, n)
    end
    local t = logged_in(s)
    assert.equal("+OK 1 19", t:ask "LIST 1")
    assert.equal("+OK 2 24", t:ask "LIST 2")
    assert.equal("+OK 1 19", t:ask "LIST 1")
  end)

  it("works after a pause, with other faults, and in the greeting", function()
    local s = server { verb = "NOOP", append = "!" }
    function s.on.connect(session)
      session:fault { slice = 1, append = "+OK more\r\n" }
      return s.default.connect(session)
    end
    function s.on.NOOP(session)
      session:sleep(3)
      session:fault { reply = "+OK slept", cut = { how = "rst" } }
      return session:ok()
    end
    local t = talk.to(s)
    assert.equal("+OK more", t:line())
    t:login()
    t:send "NOOP\r\n"
    assert.same({ "+OK slept\r\n!", "closed" }, { t:rest() })
  end)

  it("cuts a challenge, and leaves other things to the reply", function()
    local s = pop3.server.new { mechs = { "LOGIN" },
                                users = { u = { password = "pw" } } }
    function s.on.AUTH(session, ...)
      session:fault { no_text = true }
      return s.default.AUTH(session, ...)
    end
    local t = talk.to(s)
    assert.match("^%+ ", t:ask "AUTH LOGIN")
    assert.match("^%+ ", t:ask(core.encode.base64 "u"))
    assert.equal("+OK", t:ask(core.encode.base64 "pw"))
  end)

  it("has no place to strike", function()
    local s = server()
    function s.on.NOOP(session)
      session:fault { verb = "STAT", delay = 1 }
    end
    local t = logged_in(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "NOOP")
    assert.error_matches(function() s:verify {} end, "unknown option 'verb'")
  end)
end)
