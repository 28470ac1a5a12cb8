-- The server keeps the rules of RFC 1939 that servers often break.

local pop3 = require "pop3"
local talk = require "spec.support.talk"

local ONE = "From: a@example.org\r\nSubject: one\r\n\r\nfirst\r\nsecond\r\nthird\r\n"
local TWO = "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\na.\r\n"
local THREE = "Subject: three\r\n\r\n"

local function server(opts)
  opts = opts or {}
  opts.users = opts.users or {
    u = { password = "pw", mail = { ONE, TWO, THREE },
          uidl = { "uid-1", "uid-2", "uid-3" } },
    v = { password = " two  spaces ", mail = {} },
  }
  return pop3.server.new(opts)
end

local function logged_in(opts)
  local s = server(opts)
  local t = talk.to(s)
  assert.match("^%+OK", t:login())
  return t, s
end

local function is_err(line)
  assert.equal("-ERR", (line or "nothing"):sub(1, 4))
end

local function is_ok(line)
  assert.equal("+OK", (line or "nothing"):sub(1, 3))
end

describe("arguments", function()
  for _, arg in ipairs { "4294967297", "18446744073709551617", "+1", "-1", "0x1",
                         "1 1", "0", "", " 1", "1 ", "1.0", "1e0", "one", "99",
                         "1\t", "1\0" } do
    it(("%q is no message number"):format(arg), function()
      local t = logged_in()
      for _, verb in ipairs { "RETR", "DELE", "LIST", "UIDL" } do
        is_err(t:ask(verb .. " " .. arg))
      end
      is_err(t:ask("TOP " .. arg .. " 0"))
      assert.equal("+OK 3 " .. #ONE + #TWO + #THREE, t:ask "STAT")
    end)
  end

  it("missing ones are errors", function()
    local t = logged_in()
    for _, line in ipairs { "RETR", "DELE", "TOP", "TOP 1", "TOP 1 -1",
                            "TOP 1 x", "TOP  1 1", "TOP 1  1" } do
      is_err(t:ask(line))
    end
  end)

  it("too many are errors", function()
    local t = logged_in()
    for _, line in ipairs { "STAT 1", "STAT ", "NOOP x", "RSET 1", "QUIT now",
                            "TOP 1 1 1", "RETR 1 2" } do
      is_err(t:ask(line))
    end
    is_ok(t:ask "NOOP")
  end)

  it("keep their spaces in a password", function()
    local s = server()
    local t = talk.to(s)
    is_err(t:login("v", "two  spaces"))
    is_ok(t:login("v", " two  spaces "))
  end)

  it("verbs are taken in any case", function()
    local t = logged_in()
    is_ok(t:ask "sTaT")
    is_ok(t:ask "retr 1")
  end)
end)

describe("states", function()
  it("allow only their own commands before the login", function()
    local t = talk.to(server())
    for _, line in ipairs { "STAT", "LIST", "LIST 1", "RETR 1", "DELE 1",
                            "NOOP", "RSET", "TOP 1 0", "UIDL" } do
      is_err(t:ask(line))
    end
    is_ok(t:login())
  end)

  it("allow only their own commands after it", function()
    local t = logged_in()
    for _, line in ipairs { "USER u", "PASS pw", "STLS", "AUTH PLAIN",
                            "APOP u 0123456789abcdef0123456789abcdef" } do
      is_err(t:ask(line))
    end
  end)

  it("want USER before PASS, each time", function()
    local t = talk.to(server())
    is_err(t:ask "PASS pw")
    is_err(t:login("u", "wrong"))
    is_err(t:ask "PASS pw")
    is_ok(t:ask "USER u")
    is_ok(t:list "CAPA")
    is_err(t:ask "PASS pw")  -- it comes immediately after
    is_ok(t:login())
  end)

  it("do not reveal which users exist", function()
    local t = talk.to(server())
    local known, unknown = t:ask "USER u", t:ask "USER nobody"
    assert.equal(known, unknown)
    assert.equal(t:login("u", "wrong"), t:login("nobody", "wrong"))
  end)

  it("QUIT before the login ends the session", function()
    local t = talk.to(server())
    is_ok(t:ask "QUIT")
    assert.same({ nil, "closed" }, { t:line() })
  end)

  it("unknown verbs and empty lines are errors, and nothing more", function()
    local t = logged_in()
    is_err(t:ask "XYZZY")
    is_err(t:ask "")
    is_err(t:ask " STAT")
    is_ok(t:ask "NOOP")
  end)
end)

describe("the lock", function()
  it("comes after the password and says IN-USE", function()
    local t, s = logged_in()
    local other = talk.to(s)
    assert.not_match("IN%-USE", other:login("u", "wrong"))
    assert.match("^%-ERR %[IN%-USE%]", other:login())
    is_ok(t:ask "QUIT")
    is_ok(other:login())
  end)

  it("goes with the link", function()
    local t, s = logged_in()
    t:close()
    is_ok(talk.to(s):login())
  end)

  it("does not hold up other users", function()
    local _, s = logged_in()
    is_ok(talk.to(s):login("v", " two  spaces "))
  end)
end)

describe("deletions", function()
  it("are done by QUIT", function()
    local t, s = logged_in()
    is_ok(t:ask "DELE 1")
    is_ok(t:ask "DELE 3")
    assert.equal(3, #s:mailbox "u")
    is_ok(t:ask "QUIT")
    assert.same({ TWO }, s:mailbox "u")
  end)

  it("are not done when the link drops", function()
    local t, s = logged_in()
    is_ok(t:ask "DELE 1")
    t:close()
    assert.same({ ONE, TWO, THREE }, s:mailbox "u")
  end)

  it("are undone by RSET", function()
    local t, s = logged_in()
    is_ok(t:ask "DELE 1")
    is_ok(t:ask "RSET")
    is_ok(t:ask "RETR 1")
    t:lines()
    is_ok(t:ask "QUIT")
    assert.equal(3, #s:mailbox "u")
  end)

  it("hide a message from every command, and move no number", function()
    local t = logged_in()
    is_ok(t:ask "DELE 2")
    for _, line in ipairs { "RETR 2", "LIST 2", "UIDL 2", "DELE 2",
                            "TOP 2 0" } do
      is_err(t:ask(line))
    end
    local _, list = t:list "LIST"
    assert.same({ "1 " .. #ONE, "3 " .. #THREE }, list)
    local _, uidl = t:list "UIDL"
    assert.same({ "1 uid-1", "3 uid-3" }, uidl)
    assert.equal("+OK 2 " .. #ONE + #THREE, t:ask "STAT")
    assert.equal("+OK 3 uid-3", t:ask "UIDL 3")
  end)

  it("are done when the peer says QUIT and leaves", function()
    local s = server()
    local t = talk.to(s)
    t:send "USER u\r\nPASS pw\r\nDELE 1\r\nQUIT\r\n"
    t:close()
    assert.same({ TWO, THREE }, s:mailbox "u")
  end)

  it("do not touch mail that came during the session", function()
    local t, s = logged_in()
    is_ok(t:ask "DELE 1")
    s:deliver("u", "new mail")
    assert.match("^%+OK 2 ", t:ask "STAT")
    is_err(t:ask "RETR 4")
    is_ok(t:ask "QUIT")
    assert.same({ TWO, THREE, "new mail\r\n" }, s:mailbox "u")
    local again = talk.to(s)
    is_ok(again:login())
    local _, list = again:list "LIST"
    assert.same({ "1 " .. #TWO, "2 " .. #THREE, "3 10" }, list)
  end)
end)

describe("messages", function()
  it("are sent with their dots stuffed, to the octet", function()
    local t = logged_in()
    t:send "RETR 2\r\nNOOP\r\n"
    assert.equal("+OK " .. #TWO .. " octets", t:line())
    assert.same({ "Subject: dots", "", "..", "...", "..a", "a." }, t:lines())
    is_ok(t:line())
  end)

  it("are made canonical when they are read", function()
    local s = server { users = { u = { password = "pw", mail = {
      "A: b\n\nbare\nend", "", "\n", "mixed\r\nends\n", "lone\rcr" } } } }
    assert.same({ "A: b\r\n\r\nbare\r\nend\r\n", "", "\r\n",
                  "mixed\r\nends\r\n", "lone\rcr\r\n" }, s:mailbox "u")
    local t = talk.to(s)
    t:login()
    local _, list = t:list "LIST"
    assert.same({ "1 19", "2 0", "3 2", "4 13", "5 9" }, list)
    local _, empty = t:list "RETR 2"
    assert.same({}, empty)
  end)

  it("TOP n 0 is the header and its blank line", function()
    local t = logged_in()
    local _, top = t:list "TOP 1 0"
    assert.same({ "From: a@example.org", "Subject: one", "" }, top)
    _, top = t:list "TOP 1 2"
    assert.same({ "From: a@example.org", "Subject: one", "", "first",
                  "second" }, top)
    _, top = t:list "TOP 1 99"
    assert.equal(6, #top)
    _, top = t:list "TOP 3 5"
    assert.same({ "Subject: three", "" }, top)
  end)
end)

describe("lines", function()
  it("that are overlong cost one -ERR", function()
    local t = logged_in { limits = { line = 100 } }
    t:send(("x"):rep(5000))
    t:send(("y"):rep(5000) .. "\r\nNOOP\r\n")
    is_err(t:line())
    is_ok(t:line())
    is_ok(t:ask "NOOP")
  end)

  it("have an inclusive limit, their end apart", function()
    local t = logged_in { limits = { line = 20 } }
    assert.match("unknown", t:ask(("X"):rep(20)))
    assert.match("too long", t:ask(("X"):rep(21)))
  end)

  it("do not end at a NUL", function()
    local s = server()
    local t = talk.to(s)
    t:send "USER u\0\r\nPASS pw\r\n"
    is_ok(t:line())
    is_err(t:line())
  end)

  it("may end in a bare LF", function()
    local t = logged_in()
    t:send "NOOP\nNOOP\r\n"
    is_ok(t:line())
    is_ok(t:line())
  end)
end)

describe("pipelining", function()
  it("gives the same answers, however the commands are cut", function()
    local script = "USER u\r\nPASS pw\r\nSTAT\r\nLIST\r\nRETR 2\r\nDELE 1\r\n"
                   .. "bogus\r\nUIDL\r\nTOP 1 0\r\nQUIT\r\n"
    local function run(cut)
      local s = server()
      local t = talk.to(s)
      for i = 1, #script, cut do t:send(script:sub(i, i + cut - 1)) end
      return t:rest(), s:mailbox "u"
    end
    local whole, left = run(#script)
    for cut = 1, #script - 1, 3 do
      local octets, mail = run(cut)
      assert.equal(whole, octets)
      assert.same(left, mail)
    end
  end)
end)

describe("CAPA", function()
  it("lists the capabilities", function()
    local t = talk.to(server())
    local _, list = t:list "CAPA"
    local set = {}
    for _, line in ipairs(list) do set[line] = true end
    for _, line in ipairs { "TOP", "USER", "UIDL", "RESP-CODES", "PIPELINING",
                            "AUTH-RESP-CODE", "EXPIRE NEVER" } do
      assert.is_true(set[line], line)
    end
    assert.is_nil(set.STLS)
  end)

  it("can be the script's own, by state, or unknown", function()
    local t = talk.to(server { capa = { authorization = { "USER" },
                                        transaction = { "TOP", "X-A b" } } })
    local _, list = t:list "CAPA"
    assert.same({ "USER" }, list)
    t:login()
    _, list = t:list "CAPA"
    assert.same({ "TOP", "X-A b" }, list)
    is_err(talk.to(server { capa = false }):ask "CAPA")
  end)
end)

describe("APOP", function()
  local core = require "pop3.core"

  it("takes the digest of the stamp and the password", function()
    local t = talk.to(server { apop = true })
    local stamp = t.greeting:match "<.->"
    is_err(t:ask("APOP u " .. core.md5(stamp .. "wrong")))
    is_ok(t:ask("APOP u " .. core.md5(stamp .. "pw")))
    is_ok(t:ask "STAT")
  end)

  it("is refused without a stamp", function()
    local t = talk.to(server())
    assert.is_nil(t.greeting:find "<")
    is_err(t:ask("APOP u " .. core.md5 "pw"))
  end)

  it("has a stamp after a greeting of the script", function()
    local t = talk.to(server { apop = true, greeting = "hello" })
    local stamp = t.greeting:match "^%+OK hello (<.-@.->)$"
    is_ok(t:ask("APOP u " .. core.md5(stamp .. "pw")))
  end)

  it("has a new stamp for each session", function()
    local s = server { apop = true }
    assert.not_equal(talk.to(s).greeting, talk.to(s).greeting)
  end)
end)

describe("LANG and UTF8", function()
  it("follow RFC 6856", function()
    local t = talk.to(server { apop = true })
    is_ok(t:ask "UTF8")
    local _, list = t:list "LANG"
    assert.match("^en ", list[1])
    is_ok(t:ask "LANG en")
    is_ok(t:ask "LANG *")
    is_err(t:ask "LANG tlh")
  end)
end)
