-- Overriding the server in Lua: handlers, new verbs, hooks, replies.

local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = { "Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\ntwo\r\n" }

local function server(opts)
  opts = opts or {}
  opts.users = opts.users or { u = { password = "pw", mail = MAIL } }
  return pop3.server.new(opts)
end

local logged_in = talk.inside

describe("a handler", function()
  it("overrides a verb while the default stays callable", function()
    local s = server()
    function s.on.RETR(session, n)
      if n == 2 then return session:err("gone", "SYS/TEMP") end
      return s.default.RETR(session, n)
    end
    local t = logged_in(s)
    assert.equal("-ERR [SYS/TEMP] gone", t:ask "RETR 2")
    local _, body = t:list "RETR 1"
    assert.same({ "Subject: 1", "", "one" }, body)
  end)

  it("can be given as an option", function()
    local s = server { on = {
      NOOP = function(session) return session:ok "hello" end } }
    assert.equal("+OK hello", logged_in(s):ask "NOOP")
  end)

  it("gets typed arguments", function()
    local s, got = server(), {}
    for _, verb in ipairs { "RETR", "TOP", "LIST", "UIDL", "DELE", "USER", "PASS",
                            "APOP", "STAT", "LANG", "XNEW" } do
      s.on[verb] = function(session, ...)
        got[verb] = table.pack(...)
        local default = s.default[verb]
        if default then return default(session, ...) end
        return session:ok()
      end
    end
    local t = talk.to(s)
    t:ask "APOP u 0123"
    t:ask "XNEW"
    assert.equal("", got.XNEW[1])
    t:login()
    t:list "RETR 1"
    t:list "TOP 2 7"
    t:list "LIST"
    t:ask "UIDL 2"
    t:ask "STAT"
    t:ask "DELE 1"
    t:ask "LANG en"
    t:ask "xnew some  words "
    local function args(verb) return got[verb][1], got[verb][2] end
    assert.same({ "u", "0123" }, { args "APOP" })
    assert.same({ "u" }, { args "USER" })
    assert.same({ "pw" }, { args "PASS" })
    assert.same({ 1 }, { args "RETR" })
    assert.same({ 2, 7 }, { args "TOP" })
    assert.same({}, { args "LIST" })
    assert.same({ 2 }, { args "UIDL" })
    assert.same({ 1 }, { args "DELE" })
    assert.same({ "en" }, { args "LANG" })
    assert.same({ "some  words " }, { args "XNEW" })
    assert.same({}, { args "STAT" })
    assert.equal("integer", math.type(got.RETR[1]))
  end)

  it("gets a mechanism in upper case, and nil without a language",
     function()
    local got = {}
    local s = server { mechs = { "PLAIN" } }
    function s.on.AUTH(session, ...)
      got = table.pack(...)
      return session:err "no"
    end
    function s.on.LANG(session, tag)
      return session:ok(tostring(tag))
    end
    local t = talk.to(s)
    t:ask "auth scram-sha-1 biws"
    assert.same({ "SCRAM-SHA-1", "biws" }, { got[1], got[2] })
    t:ask "AUTH"
    assert.is_nil(got[1])
    assert.equal("+OK nil", t:ask "LANG")
    assert.equal("+OK i-default", t:ask "LANG i-default")
  end)

  it("never gets an invalid number", function()
    local s, called = server(), false
    function s.on.RETR(session)
      called = true
      return session:ok()
    end
    local t = logged_in(s)
    for _, n in ipairs { "x", "0", "+1", "4294967297", "1 1", "" } do
      assert.match("^%-ERR", t:ask("RETR " .. n))
    end
    assert.is_false(called)
  end)

  it("may answer with a message that is not in the maildrop", function()
    local s = server()
    function s.on.RETR(session, n)
      return session:multi("made up", { "Subject: " .. n, "", ".dot" })
    end
    local t = logged_in(s)
    local status, body = t:list "RETR 77"
    assert.equal("+OK made up", status)
    assert.same({ "Subject: 77", "", "..dot" }, body)
  end)

  it("may change the reply of the default", function()
    local s = server()
    function s.on.LIST(session, n)
      local reply = s.default.LIST(session, n)
      if not n then reply.body = { "1 5", "2 6", "3 7" } end
      reply.text = "changed"
      return reply
    end
    local status, body = logged_in(s):list "LIST"
    assert.equal("+OK changed", status)
    assert.same({ "1 5", "2 6", "3 7" }, body)
  end)

  it("that errs answers SYS/TEMP, and verify tells of it", function()
    local s = server()
    function s.on.NOOP() error "a mistake" end
    local t = logged_in(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "NOOP")
    assert.match("^%+OK", t:ask "STAT")
    local ok, err = pcall(s.verify, s, {})
    assert.is_false(ok)
    assert.match("a mistake", err)
  end)

  it("that returns no reply is an error too", function()
    local s = server()
    function s.on.NOOP() end
    function s.on.STAT() return "hello" end
    local t = logged_in(s)
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "NOOP")
    assert.match("^%-ERR %[SYS/TEMP%]", t:ask "STAT")
    assert.match("NOOP returned nil", s.errors[1])
    assert.match("STAT returned string", s.errors[2])
  end)

  it("returns fields of the types that a reply has, or fails", function()
    local function source() end
    local computed = setmetatable({}, { __index = function(_, key)
      return key == "status" and "+OK" or error "computed"
    end })
    for reply, expected in pairs {
      [{ status = "+OK", text = 7, body = 8 }] = "+OK 7\r\n8\r\n.\r\n",
      [{ status = "-ERR", text = "no", body = source }] = "-ERR no\r\n",
      [{ status = "-ERR", code = "A", body = { "x" } }] = "-ERR [A]\r\n",
      [{ status = "+OK", body = source }] = "+OK\r\n.\r\n",
      [{ status = "+OK", body = {} }] = "+OK\r\n.\r\n",
      [{ status = "+OK", hangup = false }] = "+OK\r\n",
      [{ status = "+ok" }] = false, [{}] = false, [computed] = false,
      [{ status = "+OK", text = {} }] = false,
      [{ status = "+OK", code = 1 }] = false,
      [{ status = "+OK", body = true }] = false,
      [{ status = "+OK", body = { "x", false } }] = false,
      [{ status = "-ERR", body = { {} } }] = false,
      [{ status = "+OK", raw = false }] = false, [{ raw = 1 }] = false,
      [{ status = "+OK", raw = source }] = false,
    } do
      for _, faults in ipairs { {}, { { verb = "STAT", delay = 1 } } } do
        local s = server { faults = faults }
        function s.on.STAT() return reply end
        local t = logged_in(s)
        t:send "STAT\r\n"
        assert.equal(expected or "-ERR [SYS/TEMP] the handler failed\r\n",
                     t.transport:receive())
        assert.equal(expected and 0 or 1, #s.errors)
      end
    end
  end)

  it("may send any octets, or hang up", function()
    local s = server()
    function s.on.STAT(session) return session:raw "+OK 1\n.\r\n" end
    function s.on.NOOP(session) return session:hangup() end
    local t = logged_in(s)
    assert.equal("+OK 1\n.", t:ask "STAT")
    t:send "NOOP\r\n"
    assert.same({ "", "closed" }, { t:rest() })
  end)

  it("may yield, and other sessions go on meanwhile", function()
    local s, log = server { users = {
      u = { password = "pw", mail = MAIL }, v = { password = "pw" } } }, {}
    function s.on.NOOP(session)
      log[#log + 1] = session.user .. " begins"
      if session.user == "u" then session:sleep(5) end
      log[#log + 1] = session.user .. " ends"
      return session:ok()
    end
    local a, b = logged_in(s), talk.to(s)
    b:login "v"
    a:send "NOOP\r\nSTAT\r\n"
    b:ask "NOOP"
    assert.same({ "u begins", "v begins", "v ends" }, log)
    assert.equal("+OK", a:line())
    assert.equal("+OK 2 38", a:line())
    assert.equal(5, s:now())
  end)

  it("fails, waits or asks between other commands of one write", function()
    local lines = { "XCOUNT\r\n", "XFAIL\r\n", "XSLEEP\r\n", "AUTH X\r\n",
      "aGk=\r\n", "XTABLE\r\n", "STLS x\r\n", "XFAIL\r\n", "XFAIL\r\n",
      "AUTH X\r\n", "XFAIL\r\n", "XSLEEP\r\n", "XCOUNT\r\n" }
    local failed = "-ERR [SYS/TEMP] the handler failed\r\n"
    local replies = "+OK 1\r\n" .. failed .. "+OK slept\r\n+ Pw==\r\n+OK hi\r\n"
      .. failed .. "-ERR no arguments expected\r\n" .. failed .. failed
      .. "+ Pw==\r\n-ERR not base64\r\n+OK slept\r\n+OK 2\r\n"
    local octets = table.concat(lines)
    for cut = 0, #octets do
      local s, count = server(), 0
      function s.on.XCOUNT(session)
        count = count + 1
        return session:ok(tostring(count))
      end
      function s.on.XFAIL() error "no" end
      function s.on.XTABLE(session) return session:multi("x", { {} }) end
      function s.on.XSLEEP(session)
        session:sleep(3)
        return session:ok "slept"
      end
      function s.on.AUTH(session)
        local response, why = session:challenge "?"
        if not response then return session:err(why) end
        return session:ok(response)
      end
      local link, got = s:loopback(), {}
      assert.match("^%+OK", link:receive())
      link:settimeout(60)
      for _, part in ipairs { octets:sub(1, cut), octets:sub(cut + 1) } do
        if part ~= "" then link:send(part) end
        repeat
          local some = link:receive()
          got[#got + 1] = some
        until not some
      end
      assert.equal(replies, table.concat(got), cut)
      assert.equal(4, #s.errors)
    end
  end)

  it("may yield without a time, as often as it likes", function()
    local s = server()
    function s.on.NOOP(session)
      for _ = 1, 100 do coroutine.yield() end
      return session:ok "after all"
    end
    assert.equal("+OK after all", logged_in(s):ask "NOOP")
  end)

  it("may yield until another session has done something", function()
    local s, released = server(), false
    function s.on.NOOP(session)
      while not released do coroutine.yield() end
      return session:ok "at last"
    end
    function s.on.XRELEASE(session)
      released = true
      return session:ok()
    end
    local a, b = logged_in(s), talk.to(s)
    a:send "NOOP\r\n"
    s:advance(5)
    assert.equal(5, s:now())
    assert.equal("+OK", b:ask "XRELEASE")
    assert.equal("+OK at last", a:line())
    released = false
    local run <close> = s:fork()
    local c, d = talk.tcp(run.port), talk.tcp(run.port)
    c:login()
    c:send "NOOP\r\n"
    assert(run:wait_for("NOOP", helper.PATIENCE))
    assert.equal("+OK", d:ask "XRELEASE")
    assert.equal("+OK at last", c:line())
    c:close()
    d:close()
  end)

  it("that is given up has its variables closed", function()
    local s, closed = server { mechs = { "PLAIN" } }, 0
    local function handler(wait)
      return function(session)
        local _ <close> = setmetatable({}, { __close = function()
          closed = closed + 1
        end })
        wait(session)
        return session:ok()
      end
    end
    s.on.XSLEEP = handler(function(session) session:sleep(9) end)
    s.on.AUTH = handler(function(session) session:challenge "who?" end)
    for i, line in ipairs { "XSLEEP", "AUTH PLAIN" } do
      local t = talk.to(s)
      t:send(line .. "\r\n")
      t:close()
      assert.equal(i, closed)
    end
    talk.to(s):send "XSLEEP\r\n"
    s:stop()
    assert.equal(3, closed)
    assert.same({}, s.errors)
  end)

  it("may stop the server, and its reply still comes", function()
    for _, opts in ipairs { {}, { tls = "auto" } } do
      local s = server(opts)
      function s.on.XSTOP(session)
        if session.data.yields then coroutine.yield() end
        s:stop()
        return session:ok(("bye "):rep(100))
      end
      function s.on.connect(session) session.data.yields = session.id == 2 end
      for _ = 1, 2 do
        local c = assert(pop3.connect { host = "localhost",
          transport = s:loopback(), tls = opts.tls and "stls" or "none",
          cafile = s.cafile })
        assert.equal(("bye "):rep(100), c:command "XSTOP")
        assert.equal("closed", select(3, c:command "XSTOP"))
        assert.is_nil(next(s.sessions))
      end
    end
  end)

  it("that waits for ever lets a client's timeout come", function()
    local s = server()
    function s.on.NOOP() while true do coroutine.yield(0) end end
    local c = assert(pop3.connect { host = "h", transport = s:loopback(),
      tls = "none", user = "u", password = "pw", timeout = 5 })
    assert.equal("timeout", select(3, c:noop()))
  end)

  it("sees the properties of the session", function()
    local s, seen = server(), nil
    function s.on.XWHO(session)
      session.data.count = (session.data.count or 0) + 1
      seen = { session.id, session.user, session.state, session.secure,
               session.data.count }
      return session:ok()
    end
    local t = talk.to(s)
    t:ask "XWHO"
    assert.same({ 1, nil, "authorization", false, 1 }, seen)
    t:login()
    t:ask "XWHO"
    assert.same({ 1, "u", "transaction", false, 2 }, seen)
    local other = talk.to(s)
    other:ask "XWHO"
    assert.same({ 2, nil, "authorization", false, 1 }, seen)
  end)
end)

describe("a reply", function()
  local function reply_with(body)
    local s = server()
    function s.on.XBODY(session) return session:multi("here", body()) end
    local t = talk.to(s)
    t:send "XBODY\r\nQUIT\r\n"
    return (t:rest():gsub("%+OK goodbye\r\n$", "")), s
  end

  it("stays one line, for any text", function()
    local s = server()
    function s.on.XTEXT(session)
      return session:ok "a\r\n+OK b\0c"
    end
    assert.equal("+OK a  +OK b c", talk.to(s):ask "XTEXT")
  end)

  it("has a body of octets, made canonical", function()
    assert.equal("+OK here\r\n..a\r\n\r\nb\r\n...\r\n.\r\n",
                 reply_with(function() return ".a\n\r\nb\n.." end))
    assert.equal("+OK here\r\n.\r\n", reply_with(function() return "" end))
  end)

  it("has a body of lines", function()
    assert.equal("+OK here\r\n...\r\nb\r\n\r\n.\r\n",
                 reply_with(function() return { "..", "b", "" } end))
    assert.equal("+OK here\r\n.\r\n", reply_with(function() return {} end))
  end)

  it("has a body from a source", function()
    local function source(pieces)
      return function()
        local i = 0
        return function()
          i = i + 1
          return pieces[i]
        end
      end
    end
    assert.equal("+OK here\r\na\r\n..b\r\nc\r\n.\r\n",
                 reply_with(source { "a\r", "\n", ".b\nc" }))
    assert.equal("+OK here\r\n.\r\n", reply_with(source {}))
    assert.equal("+OK here\r\nx\r\n.\r\n", reply_with(source { "", "x", "" }))
  end)

  it("from a source that fails ends the link within the body", function()
    local octets, s = reply_with(function()
      local first = true
      return function()
        if first then
          first = false
          return "a\r\n"
        end
        return nil, "no more paper"
      end
    end)
    assert.equal("+OK here\r\na\r\n", octets)
    assert.match("no more paper", s.errors[1])
  end)

  it("has an empty body where the verb needs one and the handler gives no body", function()
    local s = server()
    function s.on.XNONE(session) return session:multi "nothing" end
    local status, body = logged_in(s):list "XNONE"
    assert.equal("+OK nothing", status)
    assert.same({}, body)
  end)

  it("of QUIT ends the session for any verb that it answers", function()
    local s = server()
    function s.on.XBYE(session) return s.default.QUIT(session) end
    local t = logged_in(s)
    t:ask "DELE 1"
    assert.equal("+OK goodbye", t:ask "XBYE")
    assert.same({ nil, "closed" }, { t:line() })
    assert.same({ MAIL[2] }, s:mailbox "u")
    assert.equal(0, s:now())
  end)

  it("that makes no sense is the handler's error", function()
    local octets, s = reply_with(function() return 12 end)
    assert.match("^%+OK here\r\n12\r\n%.\r\n$", octets)
    assert.same({}, s.errors)
    octets, s = reply_with(function() return { {} } end)
    assert.not_match("%+OK here", octets)
    assert.equal(1, #s.errors)
  end)
end)

describe("hooks", function()
  it("connect may refuse the client", function()
    local s = server()
    function s.on.connect(session)
      if session.id == 1 then return session:err("busy", "SYS/TEMP") end
    end
    local t = talk.to(s)
    assert.equal("-ERR [SYS/TEMP] busy", t.greeting)
    assert.same({ nil, "closed" }, { t:line() })
    assert.match("^%+OK", talk.to(s).greeting)
  end)

  it("connect may yield", function()
    local s = server()
    function s.on.connect(session) session:sleep(20) end
    assert.match("^%+OK", talk.to(s).greeting)
    assert.equal(20, s:now())
  end)

  it("disconnect is called at every end", function()
    local s, ended = server(), {}
    function s.on.disconnect(session) ended[#ended + 1] = session.id end
    talk.to(s):ask "QUIT"
    talk.to(s):close()
    local t = talk.to(s)
    s:advance(601)
    assert.same({ nil, "closed" }, { t:line() })
    local rest = talk.to(s)
    rest:ask "QUIT"
    rest:rest()
    assert.same({ 1, 2, 3, 4 }, ended)
  end)

  it("update sees the numbers and may refuse", function()
    local s, numbers = server(), nil
    function s.on.update(session, list)
      numbers = list
      return session:err("not today", "SYS/PERM")
    end
    local t = logged_in(s)
    t:ask "DELE 2"
    assert.equal("-ERR [SYS/PERM] not today", t:ask "QUIT")
    assert.same({ 2 }, numbers)
    assert.same(MAIL, s:mailbox "u")
    assert.same({ nil, "closed" }, { t:line() })
  end)

  it("disconnect may yield", function()
    local s, ended = server(), 0
    function s.on.disconnect(session)
      coroutine.yield(2)
      coroutine.yield()
      s.default.disconnect(session)
      ended = ended + 1
    end
    talk.to(s):close()
    s:advance(1)
    assert.equal(0, ended)
    s:advance(2)
    assert.equal(1, ended)
    s:verify {}
    function s.on.disconnect()
      coroutine.yield()
      error "a mistake"
    end
    talk.to(s):close()
    s:advance(1)
    local ok, err = pcall(s.verify, s, {})
    assert.is_false(ok)
    assert.match("session 2: .*a mistake", err)
  end)

  it("update may call the default, once, and read its reply", function()
    local removed, why = 0, nil
    local s = server { users = { u = { password = "pw", mail = {
      open = function()
        local drop = pop3.store.memory(MAIL):open()
        return setmetatable({ remove = function()
          removed = removed + 1
          return why == nil, why
        end }, { __index = function(_, name)
          return function(_, ...) return drop[name](drop, ...) end
        end })
      end } } } }
    local answers = {
      function(session) return s.default.update(session) end,
      function(session, numbers) s.default.update(session, numbers) end,
    }
    for i, update in ipairs(answers) do
      s.on.update, why = update, nil
      local t = logged_in(s)
      t:ask "DELE 1"
      assert.match("^%+OK", t:ask "QUIT")
      assert.equal(2 * i - 1, removed)
      why = "no room"
      t = logged_in(s)
      t:ask "DELE 1"
      assert.match("^%-ERR .*no room", t:ask "QUIT")
      assert.equal(2 * i, removed)
    end
  end)

  it("update that says nothing lets the default go on", function()
    local s = server()
    function s.on.update() end
    local t = logged_in(s)
    t:ask "DELE 1"
    assert.match("^%+OK", t:ask "QUIT")
    assert.same({ MAIL[2] }, s:mailbox "u")
  end)
end)

describe("authenticate", function()
  it("decides with the name that the client proved", function()
    local calls = {}
    local s = server { authenticate = function(session, mech, user, check)
      calls[#calls + 1] = { session.id, mech, user, check "right",
                            check "wrong" }
      return check "right"
    end }
    local t = talk.to(s)
    assert.match("^%-ERR %[AUTH%]", t:login("u", "bad"))
    assert.match("^%+OK", t:login("u", "right"))
    assert.same({ { 1, "USER", "u", false, false },
                  { 1, "USER", "u", true, false } }, calls)
  end)

  it("may give a user that is not in the table", function()
    local s = server { authenticate = function(_, _, user)
      if user == "new" then return { mail = { "hi" } } end
      return nil, "go away", "SYS/PERM"
    end }
    local t = talk.to(s)
    assert.equal("-ERR [SYS/PERM] go away", t:login("x", "y"))
    assert.match("^%+OK", t:login("new", "y"))
    assert.equal("+OK 1 4", t:ask "STAT")
  end)

  it("may answer by a reply, which lets in by +OK only", function()
    local s = server { mechs = { "PLAIN" }, limits = { logins = 4 },
      authenticate = function(session, _, user)
        if user == "u" then return session:ok "welcome" end
        if user == "raw" then return session:raw "-ERR raw\r\n" end
        if user == "gone" then return session:hangup() end
        return session:err("not you", "SYS/PERM")
      end }
    local t = talk.to(s)
    assert.equal("-ERR [SYS/PERM] not you", t:login("x", "y"))
    local plain = pop3.core.sasl.encode "\0nobody\0pw"
    assert.equal("-ERR [SYS/PERM] not you", t:ask("AUTH PLAIN " .. plain))
    assert.equal("-ERR raw", t:login("raw", "y"))
    assert.match("^%+OK", t:login("u", "y"))
    assert.match("^%+OK 2 ", t:ask "STAT")
    t = talk.to(s)
    assert.is_nil(t:login("gone", "y"))
    t = talk.to(s)
    for _ = 1, 4 do
      assert.equal("-ERR [SYS/PERM] not you", t:login("x", "y"))
    end
    assert.equal("", (t:rest()))
  end)

  it("may pass nil as the password of an unknown user", function()
    local passwords = { u = "pw" }
    local s = server { apop = true, mechs = { "PLAIN", "LOGIN" },
      authenticate = function(_, _, user, check)
        return check(passwords[user])
      end }
    local t = talk.to(s)
    assert.match("^%-ERR %[AUTH%]", t:login("nobody", "pw"))
    assert.match("^%-ERR %[AUTH%]", t:ask("APOP nobody " .. ("0"):rep(32)))
    local plain = pop3.core.sasl.encode "\0nobody\0pw"
    assert.match("^%-ERR %[AUTH%]", t:ask("AUTH PLAIN " .. plain))
    assert.match("^%+OK", t:login("u", "pw"))
    assert.same({}, s.errors)
  end)

  it("true for an unknown user is an empty maildrop", function()
    local s = server { authenticate = function() return true end }
    local t = talk.to(s)
    assert.match("^%+OK", t:login("whoever", "y"))
    assert.equal("+OK 0 0", t:ask "STAT")
  end)
end)

describe("the defaults", function()
  it("are a server's own", function()
    local one, other = pop3.server.new {}, pop3.server.new {}
    one.default.CAPA = nil
    assert.match("^%-ERR", talk.to(one):ask "CAPA")
    assert.match("^%+OK", talk.to(other):ask "CAPA")
  end)
end)

describe("misuse", function()
  it("is an error at the caller's line", function()
    local function user(fields) return { users = { u = fields } } end
    for _, opts in ipairs { { bogus = 1 }, { port = "x" }, { users = 1 },
                            user "secret", user { pasword = "secret" },
                            user { password = 5 }, user { mail = "a: b" },
                            user { mail = { 5 } }, user { uidl = "u" },
                            user { mail = { first = "a: b" } },
                            { users = { { password = "x" } } },
                            { faults = { verb = "RETR", stall = true } },
                            { mechs = { PLAIN = true } }, { on = { RETR = 1 } },
                            { capa = { transactions = {} } },
                            { capa = { transaction = "TOP" } },
                            { port = 65536 }, { port = -1 },
                            { preset = { options = { port = 70000 } } },
                            { preset = { on = { CAPA = 5 } } },
                            { preset = { options = user { mail = { 1 } } } },
                            { login_delay = -1 }, { failure_delay = 0 / 0 },
                            { limits = { lines = 1 } }, { autologout = "x" },
                            { faults = { {} } }, { faults = { { verb = "X",
                              stalls = true } } } } do
      local ok, err = pcall(function() pop3.server.new(opts) end)
      assert.is_false(ok)
      assert.match("server_handlers_spec.lua:%d+: ", err)
    end
  end)

  it("options of TLS and SASL", function()
    for _, opts in ipairs { { tls = "expird" }, { tls = 1 }, { tls = {} },
                            { tls = { auto = "no" } }, { implicit = true },
                            { tls = { auto = true, colour = "red" } },
                            { require_tls = true }, { mechs = { "NTLM" } },
                            { mechs = { 1 } }, { limits = { logins = 0 } } } do
      local ok, err = pcall(function() pop3.server.new(opts) end)
      assert.is_false(ok)
      assert.match("server_handlers_spec.lua:%d+: ", err)
    end
  end)

  it("files of TLS that are no good are said so", function()
    for _, path in ipairs { "/nonexistent", "/dev/null" } do
      local made, message, code = pop3.server.new { tls = { cert = path } }
      assert.is_nil(made)
      assert.match(path, message, 1, true)
      assert.equal("tls", code)
    end
  end)
end)
