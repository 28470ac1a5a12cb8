-- The quirks that each preset imitates.

local core = require "pop3.core"
local made = require "spec.support.preset"
local talk = require "spec.support.talk"

local MAIL, server, listing = made.MAIL, made.server, made.listing
local inside = talk.inside

-- The end of the link, before anything else is said.
local function gone(t)
  assert.same({ nil, "closed" }, { t:line() })
end

local function plain(name, secret)
  return core.sasl.encode("\0" .. name .. "\0" .. secret)
end

local function xoauth2(token)
  return core.sasl.encode("user=u\1auth=Bearer " .. token .. "\1\1")
end

describe("gmail", function()
  it("lists fetched messages no more, after QUIT", function()
    local s = server "gmail"
    local t = inside(s)
    t:list "RETR 1"
    t:list "TOP 2 0"
    t:close()
    t = inside(s)
    assert.equal("+OK 2 106", t:ask "STAT")
    t:list "RETR 1"
    t:ask "QUIT"
    t = inside(s)
    assert.same({ "1 lpop3.2" }, listing(t, "UIDL"))
    assert.same({ "Message-ID: <2@a.example>", "Subject: 2", "", "four" },
                listing(t, "RETR 1"))
    t:ask "QUIT"
    assert.equal("+OK 0 0", inside(s):ask "STAT")
    assert.equal("+OK 2 106", inside(server "gmail"):ask "STAT")
  end)

  it("hides deleted messages and keeps them", function()
    local s = server "gmail"
    local t = inside(s)
    t:ask "DELE 1"
    assert.match("^%+OK", t:ask "QUIT")
    assert.same(MAIL, s:mailbox "u")
    assert.same({ "1 lpop3.2" }, listing(inside(s), "UIDL"))
  end)

  it("shows all of it to recent:", function()
    local s = server "gmail"
    local t = inside(s)
    t:list "RETR 1"
    t:ask "QUIT"
    t = inside(s, "recent:u")
    assert.equal("+OK 2 106", t:ask "STAT")
    t:ask "QUIT"
    t = talk.to(s)
    assert.equal("+OK Welcome.",
                 t:ask("AUTH PLAIN " .. plain("recent:u", "pw")))
    assert.equal("+OK 2 106", t:ask "STAT")
    t:ask "QUIT"
    t = talk.to(s)
    assert.equal("+ ", t:ask "AUTH PLAIN")
    assert.equal("+OK Welcome.", t:ask(plain("u", "pw")))
    assert.equal("+OK 1 47", t:ask "STAT")
  end)

  it("shows a part at a time, the oldest first", function()
    local mail = {}
    for i = 1, 260 do mail[i] = "Subject: " .. i .. "\r\n\r\n" end
    local s = server("gmail", { users = { u = { password = "pw",
                                                mail = mail } } })
    assert.equal(250, #listing(inside(s), "UIDL"))
  end)

  it("forgets with a reset", function()
    local s = server "gmail"
    local t = inside(s)
    t:list "RETR 1"
    t:ask "QUIT"
    s:reset()
    assert.equal("+OK 2 106", inside(s):ask "STAT")
  end)

  it("has its texts", function()
    local t = talk.to(server "gmail")
    assert.equal("+OK send PASS", t:ask "USER u")
    assert.equal("-ERR [AUTH] Username and password not accepted.",
                 t:ask "PASS no")
    t:login()
    assert.equal("-ERR Not supported", t:ask "LAST")
    assert.equal("+OK", (t:list "UIDL"))
    assert.equal("+OK message follows", (t:list "RETR 1"))
    assert.equal("+OK Farewell.", t:ask "QUIT")
  end)

  it("answers a bad token by a challenge first", function()
    local t = talk.to(server "gmail")
    assert.match("^%+ %S", t:ask("AUTH XOAUTH2 " .. xoauth2 "bad"))
    assert.match("^%-ERR", t:ask "")
    assert.equal("+OK Welcome.", t:ask("AUTH XOAUTH2 " .. xoauth2 "tk"))
  end)

  it("refuses AUTH that is cancelled or garbled", function()
    local s = server "gmail"
    local t = talk.to(s)
    t:ask "AUTH PLAIN"
    assert.match("^%-ERR", t:ask "*")
    assert.match("^%-ERR", t:ask "AUTH PLAIN !!!")
    assert.match("^%-ERR", t:ask "AUTH PLAIN =")
    assert.same({}, s.errors)
  end)
end)

describe("outlook", function()
  it("wants the token on a separate line", function()
    local s = server "outlook"
    local t = talk.to(s)
    assert.equal("-ERR Protocol error. Connection is closed. 10",
                 t:ask("AUTH XOAUTH2 " .. xoauth2 "tk"))
    gone(t)
    t = talk.to(s)
    assert.match("^%+", t:ask "AUTH XOAUTH2")
    assert.equal("+OK User successfully logged on.", t:ask(xoauth2 "tk"))
  end)

  it("has its texts for failures", function()
    local t = talk.to(server "outlook")
    t:ask "AUTH XOAUTH2"
    t:ask(xoauth2 "bad")
    assert.equal("-ERR Authentication failure: unknown user name or bad "
                 .. "password.", t:ask "")
    t:ask "USER u"
    assert.equal("-ERR Logon failure: unknown user name or bad password.",
                 t:ask "PASS no")
  end)

  it("has nothing but STLS before TLS", function()
    local s = server("outlook", { tls = "auto", require_tls = true })
    local t = talk.to(s)
    assert.same({ "TOP", "UIDL", "STLS" }, listing(t, "CAPA"))
    assert.equal("-ERR Command is not valid in this state.", t:ask "USER u")
  end)
end)

describe("exchange", function()
  it("tells other sizes until a message was fetched", function()
    local s = server "exchange"
    local t = inside(s)
    assert.same({ "1 44", "2 35" }, listing(t, "LIST"))
    assert.equal(6, #listing(t, "RETR 1"))
    t:ask "QUIT"
    assert.same({ "1 59", "2 35" }, listing(inside(s), "LIST"))
  end)

  it("answers AUTH NTLM by +OK and refuses the response", function()
    local t = talk.to(server "exchange")
    assert.equal("+OK", t:ask "AUTH NTLM")
    local refused = "-ERR Logon failure: unknown user name or bad password."
    assert.equal(refused, t:ask "CAPA")
    assert.equal("+OK", t:ask "AUTH NTLM")
    assert.equal(refused, t:ask "TlRMTVNTUAABAAAABzIAAA==")
    assert.match("^%+OK", t:login())
    assert.match("signing off%.$", t:ask "QUIT")
  end)

  it("has no APOP", function()
    assert.match("^%-ERR", talk.to(server "exchange"):ask "APOP u 0123")
  end)
end)

describe("dovecot", function()
  it("names the mistake", function()
    local t = talk.to(server "dovecot")
    assert.equal("-ERR Unknown command.", t:ask "FOO")
    t:ask "USER u"
    assert.equal("-ERR [AUTH] Authentication failed.", t:ask "PASS no")
    assert.equal("+OK Logged in.", t:login())
    assert.equal("-ERR There's no message 5.", t:ask "RETR 5")
    assert.equal("-ERR Unknown command: FOO", t:ask "FOO")
    assert.equal("+OK 2 messages:", (t:list "LIST"))
    assert.equal("+OK Marked to be deleted.", t:ask "DELE 1")
    assert.equal("-ERR Message is deleted.", t:ask "TOP 1 0")
    assert.equal("+OK 1 messages:", (t:list "LIST"))
    assert.equal("+OK Logging out, messages deleted.", t:ask "QUIT")
  end)

  it("has enough of bad commands", function()
    local t = inside(server "dovecot")
    for _ = 1, 20 do assert.match("Unknown", t:ask "FOO") end
    t:ask "STAT"
    for _ = 1, 20 do assert.match("Unknown", t:ask "FOO") end
    assert.equal("-ERR Too many bad commands.", t:ask "FOO")
    gone(t)
    t = talk.to(server "dovecot")
    for _ = 1, 3 do t:ask "FOO" end
    assert.equal("-ERR Too many invalid bad commands.", t:ask "FOO")
    gone(t)
  end)

  it("numbers messages in hexadecimal", function()
    assert.same({ "1 000000016b05a665", "2 000000026b05a665" },
                listing(inside(server "dovecot"), "UIDL"))
  end)
end)

describe("courier", function()
  it("has its texts", function()
    local t = talk.to(server "courier")
    assert.equal("-ERR Invalid command.", t:ask "LANG")
    assert.equal("+OK UTF8 enabled", t:ask "UTF8")
    assert.equal("+OK logged in.", t:login())
    assert.equal("+OK POP3 clients that break here, they violate STD53.",
                 (t:list "LIST"))
    assert.equal("+OK 59 octets follow.", (t:list "RETR 1"))
    assert.equal("+OK headers follow.", (t:list "TOP 1 0"))
    assert.same({ "1 UID1-1790000000", "2 UID2-1790000000" },
                listing(t, "UIDL"))
    assert.equal("-ERR Invalid message number.", t:ask "DELE 3")
    assert.equal("+OK Bye-bye.", t:ask "QUIT")
    assert.equal("+OK Better luck next time.",
                 talk.to(server "courier"):ask "QUIT")
  end)

  it("takes its time over a wrong password", function()
    local s = server "courier"
    local t = talk.to(s)
    t:ask "USER u"
    local before = s:now()
    assert.equal("-ERR Login failed.", t:ask "PASS no")
    assert.equal(5, s:now() - before)
  end)

  it("has no lock, and little patience", function()
    local s = server "courier"
    local a, b = inside(s), inside(s)
    assert.equal("+OK 2 106", b:ask "STAT")
    s:advance(301)
    gone(a)
    gone(b)
  end)
end)

describe("popa3d", function()
  it("says +OK or -ERR", function()
    local t = talk.to(server "popa3d")
    assert.equal("+OK", t.greeting)
    for _, line in ipairs { "CAPA", "AUTH", "FOO" } do
      assert.equal("-ERR", t:ask(line))
    end
    assert.equal("+OK", t:login())
    assert.equal("+OK", (t:list "LIST"))
    assert.equal("+OK", (t:list "RETR 2"))
    assert.equal("+OK 2", t:ask "LAST")
    assert.equal("-ERR", t:ask "RETR 3")
    t = talk.to(server "popa3d")
    t:ask "USER u"
    assert.equal("-ERR Authentication failed (bad password?)", t:ask "PASS no")
    gone(t)
  end)

  it("takes messages with like heads for one", function()
    local t = inside(server("popa3d", { users = { u = { password = "pw",
      mail = { "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n",
               "Message-ID: <3@a>\r\n\r\n" } } } }))
    local uids = listing(t, "UIDL")
    assert.equal(uids[1]:sub(3), uids[2]:sub(3))
    assert.not_equal(uids[1]:sub(3), uids[3]:sub(3))
  end)
end)

describe("cyrus", function()
  it("hides the outcome of the update", function()
    local s = server "cyrus"
    function s.on.update(session) return session:err("no", "SYS/TEMP") end
    local t = inside(s)
    t:ask "DELE 1"
    assert.equal("+OK", t:ask "QUIT")
    assert.same(MAIL, s:mailbox "u")
  end)

  it("takes any name, once", function()
    local t = talk.to(server "cyrus")
    assert.equal("+OK Name is a valid mailbox", t:ask "USER nobody")
    assert.equal("-ERR [AUTH] Must give PASS command", t:ask "USER u")
    assert.equal("-ERR [AUTH] Invalid login", t:ask "PASS pw")
    assert.equal("-ERR [AUTH] authenticating: authentication failure",
                 t:ask("AUTH PLAIN " .. plain("u", "no")))
    assert.match("^%+OK Mailbox locked and ready SESSIONID=<", t:login())
    assert.equal("+OK Message follows", (t:list "RETR 1"))
    assert.same({ "1 1790000000.1", "2 1790000000.2" }, listing(t, "UIDL"))
  end)

  it("tells how long to wait", function()
    local s = server("cyrus", { login_delay = 120 })
    inside(s):ask "QUIT"
    assert.equal("-ERR [LOGIN-DELAY] Logins must be at least 2 minutes apart",
                 talk.to(s):login())
  end)
end)

describe("qmail", function()
  it("counts otherwise than it sends", function()
    local t = inside(server "qmail")
    assert.same({ "1 53", "2 43" }, listing(t, "LIST"))
    assert.same({ "Message-ID: <2@a.example>", "Subject: 2", "", "four", "" },
                listing(t, "RETR 2"))
    assert.same({ "Message-ID: <1@a.example>", "Subject: 1", "", "one", "" },
                listing(t, "TOP 1 1"))
    assert.same({ "Message-ID: <2@a.example>", "Subject: 2", "", "four", "" },
                listing(t, "TOP 2 9"))
    t:ask "DELE 2"
    assert.equal("+OK 2 53", t:ask "STAT")
    assert.equal("+OK 2", t:ask "LAST")
    assert.equal("-ERR already deleted", t:ask "RETR 2")
    assert.equal("-ERR unimplemented", t:ask "CAPA")
  end)

  it("has APOP, and one try", function()
    local s = server "qmail"
    local t = talk.to(s)
    local stamp = t.greeting:match "<.*>"
    assert.equal("-ERR authorization first", t:ask "CAPA")
    assert.equal("+OK", t:ask("APOP u " .. core.md5(stamp .. "pw")))
    t = talk.to(s)
    t:ask "USER u"
    assert.equal("-ERR authorization failed", t:ask "PASS no")
    gone(t)
  end)
end)

describe("uw", function()
  it("has a field more than the mail", function()
    local t = inside(server "uw")
    assert.same({ "1 71", "2 59" }, listing(t, "LIST"))
    local status, lines = t:list "RETR 2"
    assert.equal("+OK 59 octets", status)
    assert.same({ "Message-ID: <2@a.example>", "Subject: 2", "Status:  O", "",
                  "four" }, lines)
    assert.equal("+OK 2", t:ask "LAST")
    assert.equal("-ERR Sorry I can't do that", t:ask "XTND XMIT")
    assert.same({ "1 6ab13b8000000001", "2 6ab13b8000000002" },
                listing(t, "UIDL"))
    assert.equal("+OK Sayonara", t:ask "QUIT")
  end)

  it("also where there is no body, or no head", function()
    local t = inside(server("uw", { users = { u = { password = "pw",
      mail = { "A: b\r\n", "\r\nx\r\n" } } } }))
    assert.same({ "A: b", "Status:  O" }, listing(t, "RETR 1"))
    assert.same({ "Status:  O", "", "x" }, listing(t, "RETR 2"))
  end)

  it("does not wait for the lock", function()
    local s = server "uw"
    local t = inside(s)
    local b = talk.to(s)
    assert.equal("-ERR Can't get lock.  Mailbox in use", b:login())
    gone(b)
    assert.equal("+OK 2 130", t:ask "STAT")
    assert.equal("-ERR Nice try, bunkie", talk.to(s):ask "RPOP u")
  end)
end)

describe("zimbra", function()
  it("has its texts", function()
    local t = talk.to(server "zimbra")
    assert.equal("+OK hello u, please enter your password",
                 t:ask "USER u{in:inbox}")
    assert.equal("-ERR LOGIN failed", t:ask "PASS no")
    assert.equal("+OK server ready", t:login())
    assert.equal("+OK", t:ask "XOIP 127.0.0.1")
    assert.equal("+OK message follows", (t:list "RETR 1"))
    t:ask "DELE 1"
    assert.equal("+OK 1 message(s) undeleted", t:ask "RSET")
    t:ask "DELE 1"
    assert.equal("+OK 1 messages", (t:list "LIST"))
    assert.equal("+OK deleted 1 message(s)", t:ask "QUIT")
    t = talk.to(server("zimbra", { tls = "auto", require_tls = true }))
    assert.equal("-ERR only valid after entering TLS mode", t:ask "USER u")
  end)
end)

describe("hmailserver", function()
  it("sends TOP as it is", function()
    local t = inside(server "hmailserver")
    t:send "TOP 1 2\r\nTOP 3 0\r\nHELP\r\nRSET\r\nNOOP\r\nQUIT\r\n"
    assert.equal("+OK 59 octets\r\nMessage-ID: <1@a.example>\r\nSubject: 1\r\n"
                 .. "\r\none\r\n.two\r\n\r\n.\r\n-ERR No such message\r\n"
                 .. "+OK Normal POP3 commands allowed\r\n+OK 0\r\n+OK\r\n"
                 .. "+OK POP3 server saying goodbye...\r\n", (t:rest()))
  end)

  it("lists deleted messages when asked for one of them", function()
    local t = inside(server "hmailserver")
    t:ask "DELE 1"
    assert.same({ "2 47" }, listing(t, "LIST"))
    assert.equal("+OK 1 59", t:ask "LIST 1")
    assert.equal("+OK 1 1", t:ask "UIDL 1")
    assert.equal("-ERR No such message", t:ask "RETR 1")
  end)

  it("has +ERR, advice, and no codes", function()
    local s = server("hmailserver", { users = {
      u = { password = "pw", mail = MAIL },
      ["u@a.example"] = { password = "pw" },
      broken = { password = "pw", mail = { open = function()
        return nil, "on fire"
      end } } } })
    local t = talk.to(s)
    t:ask "USER u"
    assert.equal("-ERR Invalid user name or password. Please use full email "
                 .. "address as user name.", t:ask "PASS no")
    t:ask "USER u@a.example"
    assert.equal("-ERR Invalid user name or password.", t:ask "PASS no")
    assert.equal("+ERR Server error: Failed to fetch messages in Inbox.",
                 t:login "broken")
    local holder = inside(s)
    assert.equal("-ERR Your mailbox is already locked", t:login())
    holder:close()
  end)
end)

describe("citadel", function()
  it("reveals which users exist, and names the mistake", function()
    local t = talk.to(server "citadel")
    assert.equal("-ERR No such user.", t:ask "USER nobody")
    assert.equal("-ERR Not logged in.", t:ask "FOO")
    assert.equal("+OK Password required for u", t:ask "USER u")
    assert.equal("-ERR That is NOT the password.", t:ask "PASS no")
    assert.equal("+OK u is logged in (2 messages)", t:login())
    assert.equal("-ERR no such message, only 2 are here", t:ask "LIST 3")
    assert.equal("+OK Message 1:", (t:list "RETR 1"))
    assert.equal("+OK 1", t:ask "LAST")
    assert.equal("+OK Message 1 deleted.", t:ask "DELE 1")
    assert.equal("-ERR You already deleted that message.", t:ask "DELE 1")
    assert.equal("-ERR Sorry, you deleted that message.", t:ask "RETR 1")
    assert.equal("-ERR I'm afraid I can't do that.", t:ask "FOO")
    assert.same({ "2 2" }, listing(t, "UIDL"))
  end)

  it("says goodbye after every outcome of the update", function()
    local s = server "citadel"
    function s.on.update(session) return session:err "no" end
    local t = inside(s)
    t:ask "DELE 1"
    assert.equal("+OK Goodbye...", t:ask "QUIT")
    assert.same(MAIL, s:mailbox "u")
  end)
end)

describe("dbmail", function()
  it("has enough of errors", function()
    local t = inside(server "dbmail")
    assert.equal("-ERR [7] no such message", t:ask "RETR 7")
    assert.equal("-ERR command not understood", t:ask "FOO")
    assert.equal("-ERR no such message", t:ask "TOP 7 0")
    assert.equal("-ERR too many errors", t:ask "FOO")
    gone(t)
  end)

  it("has remarks", function()
    local t = talk.to(server "dbmail")
    assert.equal("-ERR no AUTH mechanisms supported", t:ask "AUTH PLAIN")
    assert.equal("+OK u has 2 messages (106 octets)", t:login())
    assert.equal("+OK Some very unique numbers for you", (t:list "UIDL"))
    assert.equal("+OK 3 lines of message 1", (t:list "TOP 1 3"))
    t:list "RETR 1"
    assert.equal("+OK 1", t:ask "LAST")
    assert.equal("+OK see ya later", t:ask "QUIT")
  end)
end)

describe("aol", function()
  it("lacks UIDL in CAPA, and hangs up on a wrong password", function()
    local t = talk.to(server "aol")
    assert.same({ "IMPLEMENTATION jpop-0.1", "TOP", "USER",
                  "SASL LOGIN PLAIN" }, listing(t, "CAPA"))
    t:ask "USER u"
    assert.match("^%-ERR", t:ask "PASS no")
    gone(t)
  end)
end)

describe("TOP", function()
  local long = "Subject: long\r\n\r\n" .. ("x"):rep(70):rep(2000, "\r\n")
               .. "\r\n"
  local users = { u = { password = "pw", mail = { long } } }

  it("is cut by maillennium", function()
    local t = inside(server("maillennium", { users = users }))
    local octets = table.concat(listing(t, "TOP 1 9999"), "\r\n")
    assert.is_true(#octets <= 64 * 1024 and #octets > 63 * 1024)
    assert.equal(2002, #listing(t, "RETR 1"))
  end)

  it("is one line of openmail", function()
    local t = inside(server("openmail", { users = users }))
    assert.same({ "Subject: long" }, listing(t, "TOP 1 5"))
    assert.same({ ("1 %d"):format((#long + 512) // 1024 * 1024) },
                listing(t, "LIST"))
  end)

  it("is ten lines of usanet", function()
    local t = inside(server("usanet", { users = users }))
    assert.equal(10, #listing(t, "TOP 1 0"))
    assert.equal(10, #listing(t, "TOP 1 100"))
    t = inside(server "usanet")
    assert.equal(4, #listing(t, "TOP 2 0"))
  end)

  it("says +OK twice of ftgate", function()
    local t = inside(server "ftgate")
    local lines = listing(t, "TOP 2 0")
    assert.match("^%+OK", lines[1])
    assert.equal("Message-ID: <2@a.example>", lines[2])
  end)
end)

describe("the replies of", function()
  it("gmx repeat the user's name", function()
    local t = talk.to(server "gmx")
    assert.equal('+OK password required for user "u"', t:ask "USER u")
    assert.equal("-ERR authentication failed", t:ask "PASS no")
    assert.equal('+OK mailbox "u" has 2 messages (106 octets) H migmxus004',
                 t:login())
    assert.equal("+OK", (t:list "LIST"))
    assert.equal("+OK POP server signing off", t:ask "QUIT")
  end)

  it("qpopper repeat it too", function()
    local t = talk.to(server "qpopper")
    assert.equal("+OK Password required for u.", t:ask "USER u-no-mime")
    assert.equal('-ERR [AUTH] Password supplied for "u" is incorrect.',
                 t:ask "PASS no")
    assert.equal("+OK u has 2 visible messages (0 hidden) in 106 octets.",
                 t:login "u-no-mime")
  end)

  it("o2 are bare", function()
    local s = server "o2"
    local t = talk.to(s)
    assert.equal("+OK", t:ask("AUTH PLAIN " .. plain("u", "pw")))
    t:list "RETR 2"
    assert.equal("+OK 2", t:ask "LAST")
    assert.match("^%-ERR", talk.to(s):ask "LAST")
    assert.equal("+OK", talk.to(server("o2", { tls = "auto" })):ask "STLS")
  end)

  it("yahoo claim that all was seen", function()
    local t = talk.to(server "yahoo")
    assert.equal("+OK password required.", t:ask "USER u")
    assert.match("^%-ERR", t:ask "LAST")
    assert.equal("+OK maildrop ready, 2 messages (106 octets) (517707418)",
                 t:login())
    assert.equal("+OK 2", t:ask "LAST")
    assert.equal("+OK server signing off.", t:ask "QUIT")
  end)

  it("aapt know little before the login", function()
    local t = talk.to(server "aapt")
    assert.equal("-ERR Command must be one of USER, PASS or QUIT", t:ask "CAPA")
    assert.equal("+OK USER u set, mate", t:ask "USER u")
    assert.equal("+OK Maildrop locked and ready", t:login())
    assert.equal("+OK", t:ask "QUIT")
  end)

  it("twisted lack the number", function()
    local t = inside(server "twisted")
    assert.equal("+OK lpop3.2", t:ask "UIDL 2")
    assert.same({ "1 lpop3.1", "2 lpop3.2" }, listing(t, "UIDL"))
  end)
end)

describe("domino", function()
  it("has a malformed stamp", function()
    local t = talk.to(server "domino")
    local stamp = t.greeting:match "<.*>"
    assert.match("[\128-\255]", stamp)
    assert.match("%c", stamp)
    assert.match("^%-ERR", t:ask("APOP u " .. core.md5(stamp .. "pw")))
    assert.match("^%+OK", t:login())
  end)
end)
