-- The requests of the control interface: each works, and every method of a server has
-- its request.

local helper = require "spec.helper"
local pop3 = require "pop3"
local requests = require "pop3.server.requests"
local talk = require "spec.support.talk"

local MAIL = { "Subject: 1\r\n\r\none\r\n" }

local function new(opts)
  opts = opts or {}
  opts.users = opts.users or { u = { password = "pw", mail = MAIL } }
  return pop3.server.new(opts)
end

-- Ask: the answer's fields; an error is one of the test.
local function ask(server, name, fields, asker)
  local answer, err = requests.execute(server, name, fields or {}, asker or {})
  assert(answer, err)
  return answer
end

local function refused(server, name, fields, code, text)
  local answer, err, got = requests.execute(server, name, fields, {})
  assert.is_nil(answer)
  assert.equal(code, got)
  assert.truthy(err:find(text, 1, true), err)
end

describe("the request user", function()
  it("adds a user, changes it, and removes it", function()
    local s = new()
    ask(s, "user", { user = "ann", password = "a", mail = { "hi" } })
    assert.match("^%+OK", talk.to(s):login("ann", "a"))
    s:drop(1)
    ask(s, "user", { user = "ann", password = "b" })
    assert.match("^%-ERR", talk.to(s):login("ann", "a"))
    assert.match("^%+OK", talk.to(s):login("ann", "b"))
    assert.same({ "hi\r\n" }, s:mailbox "ann")
    ask(s, "user", { user = "ann", mail = { "x", "y" }, uidl = { "1", "2" } })
    assert.equal(2, #s:mailbox "ann")
    ask(s, "user", { user = "ann", remove = true })
    assert.match("^%-ERR", talk.to(s):login("ann", "b"))
    assert.is_nil((s:mailbox "ann"))
  end)

  it("leaves an open session alone", function()
    local s = new()
    local t = talk.to(s)
    t:login()
    ask(s, "user", { user = "u", remove = true })
    assert.match("^%+OK 1 ", t:ask "STAT")
    assert.match("^%+OK", t:ask "QUIT")
  end)

  it("is undone by reset", function()
    local s = new()
    s:snapshot()
    ask(s, "user", { user = "ann", password = "a" })
    ask(s, "user", { user = "u", password = "b" })
    ask(s, "user", { user = "u", remove = true })
    ask(s, "reset")
    assert.match("^%-ERR", talk.to(s):login("ann", "a"))
    assert.match("^%+OK", talk.to(s):login("u", "pw"))
  end)

  it("refuses invalid users", function()
    local s = new()
    refused(s, "user", { user = "v", remove = true }, "state", "no user v")
    refused(s, "user", { user = "u", remove = true, password = "x" },
            "argument", "either remove or fields")
    refused(s, "user", { user = "u", mail = { 5 } }, "argument", "message 1")
    refused(s, "user", { user = "u", nonsense = 1 }, "argument", "nonsense")
    refused(s, "user", {}, "argument", "'user' is needed")
  end)
end)

describe("the request deliver", function()
  it("adds a user, if the server was made so", function()
    refused(new(), "deliver", { user = "new", mail = "hi" }, "io", "no such user")
    local s = new { new_users = "secret" }
    s:snapshot()
    ask(s, "deliver", { user = "new", mail = "hi" })
    ask(s, "deliver", { user = "new", mail = "again" })
    assert.same({ "hi\r\n", "again\r\n" }, s:mailbox "new")
    assert.match("^%+OK", talk.to(s):login("new", "secret"))
    ask(s, "deliver", { user = "u", mail = "x" })
    assert.equal(2, #s:mailbox "u")
    s:reset()
    assert.is_nil((s:mailbox "new"))
    assert.same(MAIL, s:mailbox "u")
  end)
end)

describe("the request preset", function()
  it("changes the behaviour of the server, and back", function()
    local s = new { mechs = { "LOGIN" } }
    function s.on.NOOP(session) return session:ok "own" end
    ask(s, "preset", { preset = "dovecot" })
    local t = talk.to(s)
    assert.equal("+OK Dovecot (Debian) ready.", t.greeting)
    assert.equal("+OK Logged in.", t:login())
    assert.equal("+OK own", t:ask "NOOP")
    t:ask "QUIT"
    t = talk.to(s)
    local _, lines = t:list "CAPA"
    assert.match("SASL LOGIN", table.concat(lines, " "))
    ask(s, "preset", { preset = "courier" })
    assert.equal("+OK Hello there.", talk.to(s).greeting)
    assert.equal(300, s.autologout)
    ask(s, "preset")
    t = talk.to(s)
    assert.equal("+OK lpop3 ready", t.greeting)
    assert.equal(600, s.autologout)
    t:login()
    assert.equal("+OK own", t:ask "NOOP")
  end)

  it("is undone by reset", function()
    local s = new { preset = "dovecot" }
    s:snapshot()
    ask(s, "preset", { preset = "gmail" })
    assert.match("Gpop", talk.to(s).greeting)
    s:reset()
    assert.match("Dovecot", talk.to(s).greeting)
  end)

  it("refuses an unknown name, and changes nothing", function()
    local s = new()
    refused(s, "preset", { preset = "gmial" }, "argument", "unknown preset")
    assert.equal("+OK lpop3 ready", talk.to(s).greeting)
  end)
end)

describe("the request handlers", function()
  local LUA = "function on.NOOP(session) return session:ok(server.host) end"

  it("sets handlers, where Lua is allowed", function()
    local s = new()
    refused(s, "handlers", { lua = LUA }, "state", "--allow-lua")
    ask(s, "handlers", { lua = LUA }, { allow_lua = true })
    local t = talk.to(s)
    t:login()
    assert.equal("+OK 127.0.0.1", t:ask "NOOP")
    ask(s, "handlers", { lua = "on.NOOP = nil" }, { allow_lua = true })
    assert.equal("+OK", t:ask "NOOP")
  end)

  it("reports the error of a chunk, and its line", function()
    for lua, text in pairs { ["function ("] = "handlers:1: ",
                             ["\nerror 'oops'"] = "handlers:2: oops",
                             ["error {}"] = "table" } do
      local answer, err, code = requests.execute(new(), "handlers",
        { lua = lua }, { allow_lua = true })
      assert.is_nil(answer)
      assert.equal("argument", code)
      assert.truthy(err:find(text, 1, true), err)
    end
  end)
end)

describe("the request faults", function()
  it("lists faults and removes them", function()
    local s = new()
    s:fault { verb = "STAT", times = 2, cut = { bytes = 3 } }
    s:fault { verb = "NOOP", reply = "-ERR x", when = function() return true end }
    local t = talk.to(s)
    t:login()
    assert.equal("-ERR x", t:ask "NOOP")
    local list = ask(s, "faults").faults
    assert.same({ { id = 1, seen = 0, used = 0, fault = { verb = "STAT",
                    times = 2, cut = { bytes = 3 } } },
                  { id = 2, seen = 1, used = 1, fault = { verb = "NOOP",
                    reply = "-ERR x", when = "a function" } } }, list)
    assert.equal(1, #ask(s, "faults", { clear = 2 }).faults)
    assert.equal("+OK", t:ask "NOOP")
    refused(s, "faults", { clear = 2 }, "state", "no fault 2")
    s:fault { verb = "NOOP", delay = 1 }
    assert.equal(3, ask(s, "faults").faults[2].id)
    assert.same({}, ask(s, "faults", { clear = true }).faults)
    assert.match("^%+OK 1 ", t:ask "STAT")
  end)
end)

describe("the requests sessions and drop", function()
  it("show sessions, and end one now, without an update", function()
    local s = new()
    local a, b = talk.to(s), talk.to(s)
    b:login()
    b:ask "DELE 1"
    assert.same({ { id = 1, state = "authorization", secure = false,
                    peer = "loopback" },
                  { id = 2, state = "transaction", secure = false, user = "u",
                    peer = "loopback" } }, ask(s, "sessions").sessions)
    ask(s, "drop", { session = 2, how = "rst" })
    assert.same({ "", "closed" }, { b:rest() })
    assert.same(MAIL, s:mailbox "u")
    assert.equal(1, #ask(s, "sessions").sessions)
    assert.match("^%+OK", a:login())
    refused(s, "drop", { session = 2 }, "state", "session 2 is not open")
    refused(s, "drop", { session = 1, how = "bang" }, "argument", "fin, rst")
  end)

  it("end a session from a handler of another one", function()
    local s = new()
    local a = talk.to(s)
    function s.on.XDROP(session, rest)
      assert(s:drop(math.tointeger(rest)))
      return session:ok()
    end
    local b = talk.to(s)
    assert.equal("+OK", b:ask "XDROP 1")
    assert.same({ "", "closed" }, { a:rest() })
    b:send "XDROP 2\r\n"
    assert.same({ "", "closed" }, { b:rest() })
  end)
end)

describe("the requests about mail", function()
  local HOSTILE = "From: =?utf-8?Q?A_=E2=80=AEb?= <a@b>\r\nSubject: <b>\xFF\r\n"
    .. "X\xFF: y\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
    .. "Content-Type: text/html\r\n\r\n<p>caf\xC3\xA9 \u{20AC}\0</p>\r\n--m\r\n"
    .. "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    .. "Content-Disposition: attachment; filename=\"../x\\\"\u{202E}y.pdf\"\r\n"
    .. "\r\n/wD+\r\n--m--\r\n"

  it("list the maildrops, with the users who have them open", function()
    local s = new { users = { u = { password = "pw", mail = MAIL },
                              ann = { password = "pw", mail = {} },
                              bad = { mail = { open = function()
                                return nil, "no disk"
                              end } } } }
    talk.to(s):login()
    assert.same({ { user = "ann", messages = 0 },
                  { user = "bad", error = "no disk" },
                  { user = "u", messages = 1, session = 1 } },
                ask(s, "maildrops").maildrops)
  end)

  it("list messages, in pages", function()
    local mail = {}
    for i = 1, 250 do mail[i] = ("Subject: n %d\r\n\r\n"):format(i) end
    mail[7] = HOSTILE
    local s = new { users = { u = { password = "pw", mail = mail } } }
    local answer = ask(s, "messages", { user = "u" })
    assert.same({ 250, 100, 1 }, { answer.count, #answer.messages,
                                   answer.messages[1].number })
    answer = ask(s, "messages", { user = "u", from = 249, most = 5 })
    assert.same({ { number = 249, size = 18, subject = "n 249", from = {},
                    uid = "lpop3.249" } }, { answer.messages[1] })
    assert.equal(2, #answer.messages)
    assert.same({}, ask(s, "messages", { user = "u", from = 999 }).messages)
    local seven = ask(s, "messages", { user = "u", from = 7, most = 1 }).messages[1]
    assert.same({ "A \u{202E}b", "a@b" }, { seven.from[1].name,
                                           seven.from[1].address })
    refused(s, "messages", { user = "nobody" }, "io", "no such user")
    refused(s, "messages", { user = "u", from = 0 }, "argument", "positive")
  end)

  it("need only the beginning of a large message in a file", function()
    local dir <close> = helper.directory()
    dir:write("big.eml", "Subject: big\n\n" .. ("x\n"):rep(2000000))
    local store = pop3.store.files { dir.path .. "/big.eml" }
    local s = new { users = { u = { password = "pw", mail = store } } }
    local asked = 0
    local drop = getmetatable(store:open "u")
    local source = drop.source
    finally(function() drop.source = source end)
    function drop:source(n)
      local next_chunk = source(self, n)
      return function()
        local chunk = next_chunk()
        asked = asked + #(chunk or "")
        return chunk
      end
    end
    local m = ask(s, "messages", { user = "u" }).messages[1]
    assert.same({ "big", 6000016 }, { m.subject, m.size })
    assert.is_true(asked > 0 and asked < 1e6, asked)
  end)

  it("read a message as pop3.message does", function()
    local s = new { users = { u = { password = "pw", mail = { HOSTILE } } } }
    local m = ask(s, "read", { user = "u", number = 1 })
    assert.equal(#HOSTILE, m.size)
    assert.equal("lpop3.1", m.uid)
    assert.same({ name = "A \u{202E}b", address = "a@b" }, m.from[1])
    assert.same({ name = "X\u{FFFD}", value = "y" }, m.headers[3])
    assert.match("café €", m.text)
    assert.equal("1", m.html_part)
    assert.same({ "", "1", "2" }, { m.parts[1].path, m.parts[2].path,
                                    m.parts[3].path })
    assert.same({ nil, true }, { m.parts[2].attachment, m.parts[3].attachment })
    assert.match("^[^/]*y%.pdf$", m.parts[3].safe_filename)
    assert.equal(3, m.parts[3].size)
    for limit = 0, #m.text do
      local cut = ask(s, "read", { user = "u", number = 1, limit = limit })
      assert.is_true(#cut.text <= limit and limit - #cut.text < 4)
      assert.truthy(utf8.len(cut.text))
      assert.equal(cut.text, m.text:sub(1, #cut.text))
      assert.equal(#m.text, cut.text_size)
    end
    refused(s, "read", { user = "u", number = 2 }, "state", "no message 2")
    refused(s, "read", { user = "u", number = 0 }, "argument", "positive")
  end)

  it("give one part, as it is, as text or as HTML", function()
    local s = new { users = { u = { password = "pw", mail = { HOSTILE } } } }
    local function part(path, form)
      return ask(s, "part", { user = "u", number = 1, path = path, form = form })
    end
    assert.same({ octets = HOSTILE, type = "message/rfc822",
                  filename = "message-1.eml" }, part())
    assert.equal("\xFF\0\xFE", part("2").octets)
    assert.equal('x"y.pdf', part("2").filename)
    assert.match("<p>café", part(nil, "html").octets)
    assert.match("<p>café", part("1", "html").octets)
    assert.match("<p>café", part("1", "text").octets)
    assert.match("^café", part(nil, "text").octets)
    local where = { user = "u", number = 1, path = "2", form = "text" }
    refused(s, "part", where, "state", "there is no text")
    where.form = "html"
    refused(s, "part", where, "state", "there is no html")
    where.form = "x"
    refused(s, "part", where, "argument", "octets, text or html")
    refused(s, "part", { user = "u", number = 1, path = "9" }, "state",
            "no part 9")
  end)

  it("show messages that end a session, and deliveries", function()
    local s = new()
    ask(s, "deliver", { user = "u", mail = "Subject: 2\r\n\r\n" })
    local list, count = s:list_messages("u", 2)
    assert.same({ 2, "2" }, { count, list[1].subject })
    local run <close> = s:fork()
    assert.equal(2, run:list_maildrops()[1].messages)
    list, count = run:list_messages("u", 1, 1)
    assert.same({ 1, 2 }, { #list, count })
    assert.equal("one\r\n", run:read_message("u", 1).text)
    assert.same({ "one\r\n", "text/plain", "part-1.txt" },
                { run:read_part("u", 1, "1") })
  end)
end)

describe("the request watch", function()
  local function watch(s, fields)
    local late = ask(s, "watch", fields)
    return late.look, late
  end

  it("returns new events, once there are some", function()
    local s = new()
    local t = talk.to(s)
    local first = watch(s, {})(false)
    assert.equal("+OK lpop3 ready", first.transcript[1].line)
    assert.same({ 1, 0 }, { #first.sessions, first.skipped })
    local look = watch(s, { since = first.since })
    assert.is_false(look(false))
    assert.same({}, look(true).transcript)
    t:login()
    local second = look(false)
    assert.same({ "USER u", "transaction" }, { second.transcript[1].line,
                                               second.sessions[1].state })
    look = watch(s, { since = second.since, most = 1 })
    assert.is_false(look(false))
    t:ask "NOOP"
    local third = look(false)
    assert.same({ "NOOP", 1 }, { third.transcript[1].line, #third.transcript })
    local rest = watch(s, { since = third.since })(false)
    assert.equal("+OK", rest.transcript[1].line)
  end)

  it("returns events that leave no line in the transcript", function()
    local s = new()
    local t = talk.to(s)
    t:login()
    local changes = {
      function() ask(s, "deliver", { user = "u", mail = "x" }) end,
      function() ask(s, "fault", { fault = "verb=STAT delay=1" }) end,
      function() ask(s, "faults", { clear = true }) end,
      function() ask(s, "user", { user = "ann", password = "a" }) end,
      function() refused(s, "verify", { commands = { "X" } }, "verify", "X") end,
      function() ask(s, "drop", { session = 1 }) end,
      function() talk.to(s) end,
      function() s.errors[#s.errors + 1] = "an error" end,
    }
    for i, change in ipairs(changes) do
      local now = watch(s, {})(true).since
      local look = watch(s, { since = now })
      assert.is_false(look(false), i)
      ask(s, "stats")
      ask(s, "read", { user = "u", number = 1 })
      assert.is_false(look(false), i)
      change()
      assert.truthy(look(false), i)
    end
  end)

  it("begins again after a reset, and says which lines are left out", function()
    local s = new()
    local t = talk.to(s)
    t:login()
    local seen = watch(s, {})(false).since
    s:reset()
    talk.to(s)
    local after = watch(s, { since = seen })(false)
    assert.is_true(after.reset)
    assert.equal(1, #after.transcript)
    t = talk.to(s)
    for _ = 1, 50 do t:ask "NOOP" end
    local last = watch(s, { most = 10 })(false)
    assert.same({ 10, 92 }, { #last.transcript, last.skipped })
    assert.match("^%-ERR", last.transcript[10].line)
    refused(s, "watch", { most = 0 }, "argument", "1 or more")
    refused(s, "watch", { seconds = -1 }, "argument", "0 or more")
    assert.truthy(watch(s, { since = "nonsense" })(false).transcript[1])
  end)

  it("says how many lines the transcript has dropped", function()
    local s = new { limits = { transcript = 2000 } }
    local t = talk.to(s)
    local seen = watch(s, {})(false).since
    for _ = 1, 200 do t:ask "NOOP" end
    local news = watch(s, { since = seen })(false)
    assert.is_true(news.skipped > 100 and #news.transcript > 10)
    assert.equal(400, news.skipped + #news.transcript)
  end)
end)

describe("the request fault", function()
  it("takes a fault as text, as --fault does", function()
    local s = new()
    ask(s, "fault", { fault = 'verb=STAT reply="-ERR no"' })
    local t = talk.to(s)
    t:login()
    assert.equal("-ERR no", t:ask "STAT")
    refused(s, "fault", { fault = "verb=STAT nonsense=1" }, "argument", "nonsense")
    refused(s, "fault", { fault = 'reply="x' }, "argument", "a quote has no end")
  end)
end)

describe("the request verify", function()
  it("keeps its failures, unless it is a trial", function()
    local s = new()
    talk.to(s):ask "NOOP"
    refused(s, "verify", { commands = { "STAT" }, trial = true }, "verify", "STAT")
    assert.same({}, ask(s, "stats").misses)
    refused(s, "verify", { commands = { "STAT" } }, "verify", "STAT")
    refused(s, "verify", { commands = { 5 } }, "argument", "must be a string")
    assert.match("difference.*%+ NOOP", ask(s, "stats").misses[1].error)
    s:reset()
    assert.equal(1, #ask(s, "stats").misses)
    for _ = 1, 120 do
      refused(s, "verify", { commands = { "QUIT" } }, "verify", "QUIT")
    end
    assert.equal(100, #ask(s, "stats").misses)
  end)
end)

describe("a run", function()
  it("has all of it", function()
    local s = new { tls = { auto = true, client_cert = "optional" } }
    local run <close> = s:fork()
    assert(run:user("ann", { password = "a", mail = { "hi" } }))
    assert(run:handlers "function on.NOOP(session) return session:ok 'lua' end")
    local t = talk.tcp(run.port)
    assert.match("^%+OK", t:login("ann", "a"))
    assert.equal("+OK lua", t:ask "NOOP")
    assert.equal("ann", run:list_sessions()[1].user)
    assert(run:fault { verb = "STAT", reply = "-ERR" })
    assert.equal("STAT", run:list_faults()[1].fault.verb)
    assert(run:clear_faults(1))
    assert.same({ nil, "faults: there is no fault 1", "state" },
                { run:clear_faults(1) })
    assert(run:preset "dovecot")
    assert.equal("+OK Dovecot (Debian) ready.", talk.tcp(run.port).greeting)
    assert(run:advance(5))
    assert.is_true(run:now() >= 5)
    assert(run:drop(1))
    assert.same({ nil, "closed" }, { t:line() })
    assert(run:snapshot())
    assert(run:user("ann", nil))
    assert(run:reset())
    assert.same({ "hi\r\n" }, run:mailbox "ann")
    local cert, key = run:client_certificate "ann"
    assert.truthy(io.open(cert) and io.open(key))
  end)
end)

-- The documented methods in a source file: those whose comment begins with "---".
local function public_methods(path, into)
  local documented = false
  for line in io.lines(path) do
    if line:find "^%-%-%-" then documented = true
    elseif not line:find "^%-%-" then
      local name = line:match "^function methods:([%w_]+)"
      if name and documented then into[name] = true end
      documented = false
    end
  end
end

describe("the methods of a server", function()
  -- What serves in this process, or returns what cannot be sent, has no request.
  local here = { listen = true, step = true, run = true, fork = true,
                 loopback = true }
  -- Methods whose request has another name.
  local requests_of = { list_faults = "faults", clear_faults = "faults",
                        list_sessions = "sessions", now = "stats",
                        list_maildrops = "maildrops", read_part = "part",
                        list_messages = "messages", read_message = "read" }

  local methods = {}
  for _, file in ipairs { "instance", "users", "clock", "listener", "inspect",
                          "snapshot", "mail" } do
    public_methods("lua/pop3/server/" .. file .. ".lua", methods)
  end

  it("can all be asked for, and no request does more", function()
    local asked, count = {}, 0
    for name in pairs(methods) do
      if not here[name] then
        local request = requests_of[name] or name
        assert.truthy(requests.rows[request], "no request for " .. name)
        asked[request] = true
      end
      count = count + 1
    end
    assert.is_true(count >= 28, count)
    -- those that are about the connection, or about functions; `watch` tells what
    -- `transcript` and `list_sessions` do, when there is something new
    asked.tie, asked.handlers, asked.watch = true, true, true
    for name in pairs(requests.rows) do
      assert.is_true(asked[name], "no method for the request " .. name)
    end
  end)

  it("are methods of a run as well", function()
    local of_run = {}
    public_methods("lua/pop3/server/fork.lua", of_run)
    for name in pairs(methods) do
      if not here[name] then assert.is_true(of_run[name], name) end
    end
  end)
end)

describe("an answer of the control socket", function()
  it("has its error and its transcript as text, for any octets", function()
    local control_requests = require "pop3.server.control.requests"
    local s = new()
    local t = talk.to(s)
    t:ask "XB\xFFD \xE9t\xE9"
    local function line(request)
      return (control_requests.answer({ server = s }, {}, request))
    end
    assert.match([["line":"XB\\xFFD \\xE9t\\xE9"]],
                 line '{"do": "transcript"}')
    assert.match([[C: XB\\xFFD]], line '{"do": "transcript", "text": true}')
    local answer = line '{"do": "verify", "commands": ["NOOP"]}'
    assert.match('"error":"verify: ', answer)
    assert.match([[XB\\xFFD]], answer)
  end)
end)

describe("misuse of the methods of requests", function()
  it("is an error at the line that called them", function()
    local s = new()
    helper.misuse("user: the name must be a string", function() s:user(5, {}) end)
    helper.misuse("unknown option 'x'", function() s:user("a", { x = 1 }) end)
    helper.misuse("unknown preset: x", function() s:preset "x" end)
    helper.misuse("drop: it ends by", function() s:drop(1, "x") end)
  end)
end)
