-- Requests: what a server can be asked for from elsewhere, and that nothing is
-- missing which its methods can do.

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

  it("refuses what is not a user", function()
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
  it("changes what the server is like, and back", function()
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

  it("says what is wrong with a chunk, and where", function()
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
                        list_sessions = "sessions", now = "stats" }

  local methods = {}
  for _, file in ipairs { "instance", "users", "clock", "listener", "inspect",
                          "snapshot" } do
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
    assert.is_true(count >= 24, count)
    -- the two that are about the connection, or about functions
    asked.tie, asked.handlers = true, true
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
  it("has its error and its transcript as text, whatever the octets", function()
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

describe("misuse of the methods behind requests", function()
  it("is an error at the line that called them", function()
    local s = new()
    helper.misuse("user: the name must be a string", function() s:user(5, {}) end)
    helper.misuse("unknown option 'x'", function() s:user("a", { x = 1 }) end)
    helper.misuse("unknown preset: x", function() s:preset "x" end)
    helper.misuse("drop: it ends by", function() s:drop(1, "x") end)
  end)
end)
