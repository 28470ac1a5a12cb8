-- Faults as data: the places where they strike, and their effects.

local pop3 = require "pop3"
local talk = require "spec.support.talk"

local BODY = { "Subject: 1", "", "one", ".two", "three" }
local MAIL = { table.concat(BODY, "\r\n") .. "\r\n" }

local function server(...)
  local s = pop3.server.new { users = {
    u = { password = "pw", mail = MAIL }, v = { password = "pw", mail = MAIL },
  } }
  for _, f in ipairs { ... } do s:fault(f) end
  return s
end

local logged_in = talk.inside

describe("cut", function()
  it("after any number of octets of the reply", function()
    local t = logged_in(server())
    t:send "RETR 1\r\nQUIT\r\n"
    local whole = t:rest():gsub("%+OK goodbye\r\n$", "")
    for bytes = 0, #whole do
      t = logged_in(server { verb = "RETR", cut = { bytes = bytes } })
      t:send "RETR 1\r\nNOOP\r\n"
      assert.same({ whole:sub(1, bytes), "closed" }, { t:rest() })
    end
  end)

  it("after any number of lines of the body", function()
    local wire = { "Subject: 1\r\n", "\r\n", "one\r\n", "..two\r\n",
                   "three\r\n", ".\r\n" }
    for lines = 0, 6 do
      local t = logged_in(server { verb = "RETR", cut = { lines = lines } })
      t:send "RETR 1\r\nNOOP\r\n"
      assert.equal("+OK " .. #MAIL[1] .. " octets\r\n"
                   .. table.concat(wire, "", 1, lines), (t:rest()))
    end
  end)

  it("of a listing, once, then it is well again", function()
    local s = server { verb = "UIDL", times = 1, cut = { lines = 0 } }
    local t = logged_in(s)
    t:send "UIDL\r\n"
    assert.equal("+OK 1 messages\r\n", (t:rest()))
    t = logged_in(s)
    assert.same({ "1 lpop3.1" }, (select(2, t:list "UIDL")))
  end)

  it("of a one-line reply", function()
    local t = logged_in(server { verb = "STAT", cut = { bytes = 2 } })
    t:send "STAT\r\n"
    assert.equal("+O", (t:rest()))
    t = logged_in(server { verb = "STAT", cut = { lines = 1 } })
    t:send "STAT\r\n"
    assert.equal("+OK 1 " .. #MAIL[1] .. "\r\n", (t:rest()))
  end)

  it("is in the transcript as far as it went", function()
    local s = server { verb = "STAT", cut = { bytes = 6 } }
    local t = logged_in(s)
    t:send "STAT\r\n"
    assert.equal("+OK 1 ", (t:rest()))
    local list = s:transcript()
    assert.equal("+OK 1 ", list[#list].line)
  end)

  it("lets the maildrop go, and deletes nothing", function()
    local s = server { verb = "DELE", cut = { bytes = 1 } }
    local t = logged_in(s)
    t:send "DELE 1\r\nQUIT\r\n"
    t:rest()
    assert.same(MAIL, s:mailbox "u")
    assert.match("^%+OK", talk.to(s):login())
  end)

  it("of a body from a source", function()
    local s = server { verb = "XSRC", cut = { lines = 3 } }
    function s.on.XSRC(session)
      local n = 0
      return session:multi("", function()
        n = n + 1
        return n <= 10 and "line " .. n .. "\r\n" or nil
      end)
    end
    local t = talk.to(s)
    t:send "XSRC\r\n"
    assert.equal("+OK\r\nline 1\r\nline 2\r\nline 3\r\n", (t:rest()))
  end)
end)

describe("reply", function()
  it("stands in place of the handler", function()
    local s = server { verb = "PASS", times = 1,
                       reply = "-ERR [IN-USE] locked" }
    local t = talk.to(s)
    assert.equal("-ERR [IN-USE] locked", t:login())
    assert.match("^%+OK", t:login())
  end)

  it("may be no POP3 at all", function()
    local s = server { verb = "stat", reply = "* BYE" }
    assert.equal("* BYE", logged_in(s):ask "STAT")
  end)

  it("of the greeting", function()
    local s = server { hook = "connect", times = 1, reply = "-ERR go away" }
    local t = talk.to(s)
    assert.equal("-ERR go away", t.greeting)
    assert.same({ nil, "closed" }, { t:line() })
    assert.match("^%+OK", talk.to(s).greeting)
  end)
end)

describe("delay", function()
  it("holds a reply, on the server's clock", function()
    local s = server { verb = "STAT", delay = 12.5 }
    local t = logged_in(s)
    assert.match("^%+OK 1 ", t:ask "STAT")
    assert.equal(12.5, s:now())
  end)

  it("holds commands that are pipelined after it", function()
    local s = server { verb = "NOOP", nth = 1, delay = 3 }
    local t = logged_in(s)
    t:send "NOOP\r\nNOOP\r\nSTAT\r\n"
    assert.equal("+OK", t:line())
    assert.equal("+OK", t:line())
    assert.match("^%+OK 1 ", t:line())
    assert.equal(3, s:now())
  end)

  it("does not hold other sessions", function()
    local s = server { verb = "NOOP", user = "u", delay = 100 }
    local a, b = logged_in(s, "u"), logged_in(s, "v")
    a:send "NOOP\r\n"
    assert.equal("+OK", b:ask "NOOP")
    assert.equal(0, s:now())
    assert.equal("+OK", a:line())
    assert.equal(100, s:now())
  end)

  it("of the greeting", function()
    local s = server { hook = "connect", delay = 20 }
    assert.match("^%+OK", talk.to(s).greeting)
    assert.equal(20, s:now())
  end)
end)

describe("drip", function()
  it("sends some octets at each interval", function()
    local s = server { verb = "RETR", drip = { bytes = 10, every = 2 } }
    local t = logged_in(s)
    t:send "RETR 1\r\nNOOP\r\n"
    local sizes, total = {}, 0
    repeat
      local octets = t.transport:receive(4096)
      sizes[#sizes + 1] = #octets
      total = total + #octets
    until total >= #MAIL[1] + 1 + #"+OK 40 octets\r\n.\r\n"
    for i = 1, #sizes - 2 do assert.equal(10, sizes[i]) end
    assert.equal(2 * ((total - 1) // 10), s:now())
    assert.equal("+OK", t:line())
  end)
end)

describe("the hook update", function()
  it("is QUIT where there is a maildrop", function()
    local s = server { hook = "update", times = 1, reply = "-ERR no room" }
    assert.match("^%+OK", talk.to(s):ask "QUIT")
    local t = logged_in(s)
    t:ask "DELE 1"
    assert.equal("-ERR no room", t:ask "QUIT")
    assert.same({ nil, "closed" }, { t:line() })
    assert.same(MAIL, s:mailbox "u")
    t = logged_in(s)
    t:ask "DELE 1"
    assert.match("^%+OK", t:ask "QUIT")
    assert.same({}, s:mailbox "u")
  end)
end)

describe("faults", function()
  it("can be chosen by session, user, occurrence and function", function()
    local function who_fails(f)
      f.verb, f.reply = "NOOP", "-ERR"
      local s, out = server(f), {}
      for _, user in ipairs { "u", "v", "u" } do
        local t = logged_in(s, user)
        for _ = 1, 2 do
          out[#out + 1] = t:ask "NOOP" == "-ERR" and "x" or "."
        end
        t:ask "QUIT"
      end
      return table.concat(out)
    end
    assert.equal("xxxxxx", who_fails {})
    assert.equal("..xx..", who_fails { session = 2 })
    assert.equal("xx..xx", who_fails { user = "u" })
    assert.equal("....x.", who_fails { user = "u", nth = 3 })
    assert.equal("xxx...", who_fails { times = 3 })
    local calls = 0
    assert.equal(".x.x.x", who_fails { when = function(session, verb)
      calls = calls + 1
      assert.equal("NOOP", verb)
      return calls % 2 == 0 and session.id > 0
    end })
  end)

  it("add up when several strike", function()
    local s = server({ verb = "STAT", delay = 4 },
                     { verb = "STAT", reply = "+OK 9 9" },
                     { verb = "STAT", reply = "+OK 8 8" })
    assert.equal("+OK 9 9", logged_in(s):ask "STAT")
    assert.equal(4, s:now())
  end)

  it("give the same octets each time", function()
    local function run()
      local s = server({ verb = "RETR", drip = { bytes = 3, every = 1 } },
                       { verb = "UIDL", cut = { bytes = 20 } })
      local t = logged_in(s)
      t:send "RETR 1\r\nUIDL\r\n"
      local octets = t:rest()
      return octets, s:now(), tostring(s:transcript())
    end
    assert.same({ run() }, { run() })
  end)
end)

-- All that is said in reply to 'line', over a loopback, until nothing comes.
local function wire(fault, line, login)
  local s = server(fault)
  local t = login == false and talk.over(s:loopback()) or logged_in(s)
  if line then t:send(line .. "\r\nQUIT\r\n") end
  return (t:rest())
end

local GOODBYE = "+OK goodbye\r\n"
local SIZE = #MAIL[1]
local STUFFED = "Subject: 1\r\n\r\none\r\n..two\r\nthree\r\n"
local OK = "+OK " .. SIZE .. " octets\r\n"

describe("a mangled reply", function()
  local function retr(fault)
    fault.verb = "RETR"
    return wire(fault, "RETR 1")
  end

  it("has octets after it", function()
    assert.equal(OK .. STUFFED .. ".\r\n-ERR x\r\n" .. GOODBYE,
                 retr { append = "-ERR x\r\n" })
  end)

  it("has no terminator, or dots as they are", function()
    assert.equal(OK .. STUFFED .. GOODBYE, retr { no_terminator = true })
    assert.equal(OK .. STUFFED:gsub("%.%.", ".") .. ".\r\n" .. GOODBYE,
                 retr { unstuffed = true })
  end)

  it("has bare line ends, the next one has not", function()
    assert.equal((OK .. STUFFED .. ".\r\n"):gsub("\r", "") .. GOODBYE,
                 retr { bare_lf = true })
  end)

  it("announces other sizes", function()
    assert.equal("+OK 1 " .. SIZE + 5 .. "\r\n" .. GOODBYE,
                 wire({ verb = "STAT", wrong_size = 5 }, "STAT"))
    assert.equal("+OK 1 " .. SIZE - 1 .. "\r\n" .. GOODBYE,
                 wire({ verb = "LIST", wrong_size = -1 }, "LIST 1"))
    assert.match("\r\n1 " .. SIZE + 9 .. "\r\n%.\r\n",
                 wire({ verb = "LIST", wrong_size = 9 }, "LIST"))
    assert.equal("+OK " .. SIZE + 7 .. " octets\r\n" .. STUFFED .. ".\r\n"
                 .. GOODBYE, retr { wrong_size = 7 })
  end)

  it("is garbage, the same for a seed", function()
    local one = retr { garbage = { seed = 7, bytes = 100 } }
    assert.equal(100 + #GOODBYE, #one)
    assert.equal(one, retr { garbage = { seed = 7, bytes = 100 } })
    assert.are_not.equal(one, retr { garbage = { seed = 8, bytes = 100 } })
  end)

  it("can be cut as well, at each octet and line", function()
    local whole = (OK .. STUFFED .. ".\r\nmore"):gsub("\r", "")
    for bytes = 0, #whole do
      assert.equal(whole:sub(1, bytes), retr { bare_lf = true, append = "more",
        cut = { bytes = bytes } })
    end
    assert.equal("+OK " .. SIZE .. " octets\nSubject: 1\n\n",
                 retr { bare_lf = true, cut = { lines = 2 } })
  end)

  it("leaves in slices, whole", function()
    assert.equal(OK .. STUFFED .. ".\r\n" .. GOODBYE, retr { slice = 3 })
    assert.equal(OK .. STUFFED .. ".\r\nx" .. GOODBYE,
                 retr { slice = 1, append = "x" })
  end)

  it("drips in slices, as fast as it would drip", function()
    for _, faults in ipairs {
      { { verb = "RETR", slice = 3, drip = { bytes = 12, every = 2 } } },
      { { verb = "RETR", slice = 3 },
        { verb = "RETR", drip = { bytes = 12, every = 2 } } },
    } do
      local s = server(faults[1], faults[2])
      local t = talk.to(s)
      t:login()
      local start = s:now()
      t:send "RETR 1\r\n"
      local got = ""
      while #got < 24 do
        local octets = t.transport:receive(100)
        assert.equal(3, #octets)
        got = got .. octets
      end
      assert.near(4, s:now() - start, 0.6)
    end
  end)

  it("ends a session that quits nevertheless", function()
    assert.equal(GOODBYE .. "x", wire({ verb = "QUIT", append = "x" }, "NOOP")
      :gsub("^%+OK[^\r]*\r\n", "", 1))
  end)

  it("may be the greeting, or the greeting is missing", function()
    assert.match("^%+OK [^\r\n]*\n", wire({ hook = "connect", bare_lf = true },
                                          "QUIT", false))
    local t = talk.over(server { hook = "connect", refuse = true }:loopback())
    assert.equal("", (t:rest()))
  end)

  it("may never come: the client's own timeout ends it", function()
    local s = server { verb = "STAT", stall = true }
    local c = assert(pop3.connect { transport = s:loopback(), user = "u",
      password = "pw", insecure = true, timeout = 5 })
    local ok, _, code = c:stat()
    assert.same({ nil, "timeout" }, { ok, code })
  end)

  it("is refused where it makes no sense", function()
    for _, f in ipairs { { verb = "STAT", refuse = true },
                         { verb = "STAT", slice = 0 },
                         { verb = "STAT", garbage = { size = 1 } },
                         { verb = "STAT", append = 1 } } do
      assert.has_error(function() server(f) end)
    end
  end)
end)
