-- The control socket: JSON in, JSON out, beside the mail.

local command = require "spec.support.command"
local control = require "pop3.server.control"
local core = require "pop3.core"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local json = require "pop3.util.json"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = "Subject: one\r\n\r\nhi\r\n"

-- A server with a control socket in a child process: its port, the socket's
-- path, and a thing to close.
local function serve(dir, change)
  local server = pop3.server.new { users = { u = { password = "pw",
                                                   mail = { MAIL } } } }
  if change then change(server) end
  local run = { port = server.port, path = dir.path .. "/s" }
  local listening = control.new(server)
  assert(listening:listen(run.path))
  run.pid = assert(core.fork())
  if run.pid == 0 then
    local ok, err = pcall(function()
      server:snapshot()
      assert(listening:run())
      listening:close()
      server:stop()
    end)
    if not ok then io.stderr:write(tostring(err), "\n") end
    core.exit(ok and 0 or 1)
  end
  listening.listener:close()
  server:stop()
  function run.wait(self)
    self.ended = true
    return core.waitpid(self.pid)
  end
  return setmetatable(run, { __close = function(self)
    if self.ended then return end
    core.kill(self.pid)
    core.waitpid(self.pid)
  end })
end

-- The same, for one connection of each kind.
local function with(test, change)
  local dir <close> = helper.directory()
  local run <close> = serve(dir, change)
  local c <close> = command.control(run.path)
  local t = talk.tcp(run.port)
  test(c, t, run)
  t:close()
end

local function delete(port)
  local t = talk.tcp(port)
  t:login()
  t:ask "DELE 1"
  t:ask "QUIT"
  t:close()
end

local function request(name, fields)
  local all = { ["do"] = name }
  for k, v in pairs(fields or {}) do all[k] = v end
  return all
end

describe("the control socket", function()
  it("delivers, and shows the messages of a maildrop", function()
    with(function(c)
      assert.same({ ok = true },
                  c:ask(request("deliver", { user = "u", mail = "é: ü\n\n.\n" })))
      assert.same({ ok = true }, c:ask(request("deliver", {
        user = "u", mail = { base64 = "Zm9vOiD/AA0K" } })))
      assert.same({ ok = true, mail = { MAIL, "é: ü\r\n\r\n.\r\n",
                                        { base64 = "Zm9vOiD/AA0K" } } },
                  c:ask(request("mailbox", { user = "u" })))
    end)
  end)

  it("adds faults", function()
    with(function(c, t)
      assert.same({ ok = true }, c:ask(request("fault", {
        fault = { verb = "STAT", times = 1, reply = "-ERR never" } })))
      t:login()
      assert.equal("-ERR never", t:ask "STAT")
      assert.match("^%+OK 1 ", t:ask "STAT")
    end)
  end)

  it("adds faults with octets, and with numbers as others write them", function()
    with(function(c, t)
      assert.same({ ok = true }, c:ask(request("fault", { fault = {
        verb = "NOOP", append = { base64 = "/wANCg==" } } })))
      c:send '{"do":"fault","fault":{"verb":"STAT","times":1.0,"drip":'
      c:send '{"bytes":1e0,"every":0.001},"when":null}}\n'
      assert.same({ ok = true }, c:line())
      t:login()
      assert.match("^%+OK", t:ask "NOOP")
      assert.equal("\xff\0", t:line())
      assert.match("^%+OK", t:ask "STAT")
    end)
  end)

  it("shows the transcript, masked, as a list or as text", function()
    with(function(c, t)
      t:login("u", "pw")
      local answer = c:ask(request "transcript")
      assert.equal(0, answer.lost)
      assert.same({ session = 1, from = "C", line = "PASS ***", time = 0 },
                  { session = answer.transcript[4].session,
                    from = answer.transcript[4].from,
                    line = answer.transcript[4].line, time = 0 })
      assert.match("^# session 1\nS: %+OK.*\nC: PASS %*%*%*\nS: %+OK[^\n]*\n$",
                   c:ask(request("transcript", { text = true })).text)
    end)
  end)

  it("says of a handler that failed that it did not hold", function()
    with(function(c, t)
      t:ask "CAPA"
      local no = c:ask(request("verify", { commands = { "CAPA" } }))
      assert.same({ false, "verify" }, { no.ok, no.code })
      assert.match("^verify: a handler failed: session 1: .*oops", no.error)
    end, function(server)
      function server.on.CAPA() error "oops" end
    end)
  end)

  it("verifies, counts and waits", function()
    with(function(c, t)
      t:login()
      assert.same({ ok = true }, c:ask(request("verify", {
        commands = { "USER u", "~^PASS" } })))
      local no = c:ask(request("verify", { commands = { "USER u" } }))
      assert.same({ false, "verify" }, { no.ok, no.code })
      assert.match("^verify: command 2: expected no more, got \"PASS %*%*%*\"\n",
                   no.error)
      assert.same({ ok = true }, c:ask(request("verify", { never = "~^DELE",
        commands = { { any_order = { "~^PASS", "USER u" } } },
        count = { PASS = 1 }, session = 1 })))
      for _, item in ipairs { { line = "~^%u", times = 2 },
                              { line = "~^%u", at_least = 1 },
                              { line = "~^%u", at_most = 2 } } do
        assert.same({ ok = true }, c:ask(request("verify",
                                                 { commands = { item } })))
      end
      no = c:ask(request("verify", { commands = { { line = "~^%u", times = 3 } } }))
      assert.same({ false, "verify" }, { no.ok, no.code })
      no = c:ask(request("verify", { count = { PASS = 2 } }))
      assert.equal('verify: expected "PASS" 2 times, got 1', no.error)
      for _, wrong in ipairs { {}, { commands = { { x = 1 } } },
                               { commands = { "~[" } },
                               { commands = { any_order = { "USER u" } } },
                               { commands = { { any_order = { a = "b" } } } },
                               { never = { a = "b" } } } do
        no = c:ask(request("verify", wrong))
        assert.same({ false, "argument" }, { no.ok, no.code })
      end
      assert.same({ ok = true, count = 1 }, c:ask(request("count",
                                                          { verb = "user" })))
      assert.same({ ok = false, code = "timeout", error = "NOOP: 0 of 1 commands came" },
                  c:ask(request("wait_for", { verb = "NOOP", seconds = 0 })))
      c:send '{"do":"wait_for","verb":"NOOP","seconds":20,"count":2,"id":"x"}\n'
      c:send '{"do":"count","verb":"NOOP","id":2}\n'
      t:ask "NOOP"
      t:ask "NOOP"
      assert.same({ ok = true, count = 2, id = "x" }, c:line())
      assert.same({ ok = true, count = 2, id = 2 }, c:line())
    end)
  end)

  it("moves the clock, and goes back to the start", function()
    with(function(c, t, run)
      t:login()
      c:ask(request("fault", { fault = { hook = "connect", reply = "-ERR no" } }))
      assert.same({ ok = true }, c:ask(request("advance", { seconds = 601 })))
      assert.same({ nil, "closed" }, { t:line() })
      assert.same({ ok = true }, c:ask(request "reset"))
      delete(run.port)
      assert.same({ ok = true, mail = {} },
                  c:ask(request("mailbox", { user = "u" })))
      assert.same({ ok = true }, c:ask(request("verify", {
        commands = { "USER u", "PASS ***", "DELE 1", "QUIT" } })))
      assert.same({ ok = true }, c:ask(request "reset"))
      assert.same({ ok = true, mail = { MAIL } },
                  c:ask(request("mailbox", { user = "u" })))
    end)
  end)

  it("tells how the server is", function()
    with(function(c, t, run)
      t:ask "XOOPS"
      local s = c:ask(request "stats")
      assert.match("^session 1: .*oops", s.errors[1])
      assert.equal("number", type(s.time))
      s.errors, s.time = nil, nil
      assert.same({ ok = true, pid = run.pid, host = "127.0.0.1",
                    port = run.port, sessions = 1, open = 1, misses = {} }, s)
    end, function(server)
      function server.on.XOOPS() error "oops" end
    end)
  end)

  it("answers after it handled the octets that came before", function()
    with(function(c, t)
      t:login()
      for i = 1, 50 do
        t:send(("NOOP\r\n"):rep(10))
        assert.equal(10 * i, c:ask(request("count", { verb = "NOOP" })).count)
      end
    end)
  end)

  it("serves many clients, in pieces and in bulk", function()
    with(function(c, _, run)
      local others = {}
      for i = 1, 270 do  -- more than it takes at one time
        others[i] = command.control(run.path)
        others[i]:send(('{"do":"count","verb":"NOOP","id":%d}\n'):format(i))
      end
      for i = 1, 270 do
        assert.same({ ok = true, count = 0, id = i }, others[i]:line())
        others[i]:close()
      end
      for i = 1, 100 do  -- none of these ends before the others are answered
        others[i] = command.control(run.path)
        assert.is_true(others[i]:ask(request "stats").ok)
      end
      for i = 1, 100 do others[i]:close() end
      for octet in ('\n{"do":"count","verb":"NOOP"}\n'):gmatch "." do
        c:send(octet)
      end
      assert.same({ ok = true, count = 0 }, c:line())
      c:send(('{"do":"count","verb":"NOOP"}\n'):rep(2000))
      for _ = 1, 2000 do assert.same({ ok = true, count = 0 }, c:line()) end
    end)
  end)

  it("waits for a client that does not read, and serves others", function()
    with(function(c, t, run)
      local size = helper.all and 4000000 or 1000000
      c:ask(request("deliver", { user = "u", mail = ("x"):rep(size) }))
      c:send((json.encode(request("mailbox", { user = "u" })) .. "\n"):rep(3))
      local other <close> = command.control(run.path)
      assert.is_true(other:ask(request "stats").ok)
      assert.match("^%+OK", t:login())
      for _ = 1, 3 do assert.equal(size + 2, #c:line().mail[2]) end
    end)
  end)

  it("answers a client that has said all it had to say", function()
    with(function(c)
      c:send '{"do":"count","verb":"NOOP"}\n{"do":"count","verb":"CAPA"}'
      c.sock:shutdown "send"
      assert.same({ ok = true, count = 0 }, c:line())
      assert.same({ ok = true, count = 0 }, c:line())
      assert.same({ nil, "closed" }, { c:line() })
    end)
  end)

  it("does not keep a client that has left before its answer", function()
    with(function(_, _, run)
      for _ = 1, 300 do  -- more than it takes at one time
        local gone = command.control(run.path)
        gone:send(json.encode(request("wait_for", { verb = "NOOP",
                                                    seconds = 1e6 })) .. "\n")
        gone:close()
      end
      local c <close> = command.control(run.path)
      assert.is_true(c:ask(request "stats").ok)
    end)
  end)

  it("stops by a request", function()
    with(function(c, t, run)
      assert.same({ ok = true }, c:ask(request "stop"))
      assert.equal(0, run:wait())
      assert.same({ nil, "closed" }, { t:line() })
      assert.is_nil((core.stat(run.path)))
    end)
  end)

  it("stops with a client that is tied to it", function()
    with(function(c, _, run)
      local other = command.control(run.path)
      other:close()
      assert.same({ ok = true }, c:ask(request "tie"))
      c:close()
      assert.equal(0, run:wait())
    end)
  end)
end)

describe("octets that are not UTF-8", function()
  it("are text in errors and transcripts, wherever those are", function()
    local server <close> = pop3.server.new { users = { u = { password = "pw" } } }
    function server.on.XFAIL() error("no \xff\xfe", 0) end
    local dir <close> = helper.directory()
    local c <close> = control.new(server)
    local place = assert(c:listen(dir.path .. "/s"))
    local unix = require "socket.unix".stream()
    assert(unix:connect(place.path))
    unix:settimeout(0)
    local s = assert(pop3.connect { transport = server:loopback(), tls = "none" })
    s:command "XUNKNOWN \xe9"
    local function ask(text)
      assert(unix:send(text .. "\n"))
      local came = ""
      assert(helper.await(function()
        server.running = true
        c:due()
        server:turn(0)
        c:answer()
        local octets, _, part = unix:receive(4096)
        came = came .. (octets or part)
        return came:find("\n", 1, true)
      end), came)
      assert(utf8.len(came), came)
      assert.is_nil(came:find("base64", 1, true), came)
      return dkjson.decode(came)
    end
    local answer = ask '{"do":"verify","commands":["NOOP"]}'
    assert.match('got "XUNKNOWN \\xE9"', answer.error)
    s:command "XFAIL"
    answer = ask '{"do":"stats"}'
    assert.match("no \\xFF\\xFE", answer.errors[1])
    assert.match('got "XUNKNOWN \\xE9"', answer.misses[1].error)
    answer = ask '{"do":"watch"}'
    assert.equal("XUNKNOWN \\xE9", answer.transcript[2].line)
    answer = ask '{"do":"transcript"}'
    assert.equal("XUNKNOWN \\xE9", answer.transcript[2].line)
    assert.match("XUNKNOWN \\xE9", ask '{"do":"transcript","text":true}'.text)
    unix:close()
  end)
end)

describe("bad input of the control socket", function()
  it("is answered, and stops nothing", function()
    with(function(c)
      for text, complaint in pairs {
        ["x"] = "not a JSON object: ",
        ['"x"'] = "not a JSON object: it is another value",
        ["null"] = "not a JSON object: ",
        ["{} {}"] = "not a JSON object: octets follow the value",
        ["\0"] = "not a JSON object: ",
        ["\0\xff"] = "the request is not UTF-8",
        ['{"do":"deliver","user":"u","mail":"\xe9"}'] = "is not UTF-8",
        ['{"do":"count","verb":"A","id":{"a":1}}'] = "id must be a string or a ",
        ['{"do":"count","verb":"A","id":true}'] = "id must be a string or a ",
        ['{"do":"delivr"}'] = "(did you mean 'deliver'?)",
        [("["):rep(1000000)] = "not a JSON object: ",
        [("{\"a\":"):rep(100000)] = "not a JSON object: ",
        ["[]"] = 'the field "do" must be one of: advance, ',
        ['{"do":{}}'] = 'the field "do" must be one of: ',
        ['{"do":"deliver","user":"u"}'] = "deliver: the field 'mail' is needed",
        ['{"do":"deliver","user":"u","mail":5}'] = "option 'mail' must be a ",
        ['{"do":"deliver","user":"u","mail":{"base64":"!"}}'] = "is not base64",
        ['{"do":"verify","commands":["USER u",null]}'] = "null in a list",
        ['{"do":"deliver","user":"u","mail":{"base64":"","b":1}}'] = "deliver: ",
        ['{"do":"mailbox","user":7}'] = "option 'user' must be a string",
        ['{"do":"stop","now":true}'] = "stop: unknown option 'now'",
        ['{"do":"fault","fault":{"verb":"A","frob":1}}'] = "unknown option",
        ['{"do":"fault","fault":{"verb":"A","when":"x"}}'] = "a function",
        ['{"do":"fault","fault":[]}'] = "fault: ",
        ['{"do":"verify","commands":[[1]]}'] = "",
        ['{"do":"verify","commands":["~%"]}'] = "",
        ['{"do":"advance","seconds":-1}'] = "advance: seconds must be",
        ['{"do":"wait_for","verb":"A","seconds":1,"count":-1}'] = "the count",
        ['{"do":"wait_for","verb":"a\\nb","seconds":1}'] = "must not hold CR",
      } do
        c:send(text .. "\n")
        local answer = c:line()
        assert.is_false(answer.ok, text)
        assert.is_truthy(answer.error:find(complaint, 1, true), answer.error)
        assert.is_nil(answer.error:find("%.lua:%d"), answer.error)
        assert.is_true(answer.code == "argument" or answer.code == "verify")
      end
      assert.is_true(c:ask(request "stats").ok)
    end)
  end)

  it("of the world's kind has the library's codes", function()
    with(function(c)
      assert.same({ ok = false, code = "io", error = "no such user" },
                  c:ask(request("mailbox", { user = "x" })))
      assert.same({ ok = false, code = "io", error = "no such user", id = 1 },
                  c:ask(request("deliver", { user = "x", mail = "", id = 1 })))
    end)
  end)

  it("has bounded lines, and goes on after one that is too long", function()
    with(function(c, t)
      c:send '{"do":"count","verb":"NOOP","id":1}\n'
      c:send((" "):rep(17 * 1024 * 1024))
      assert.match("^%+OK", t:login())
      c:send '\n{"do":"count","verb":"NOOP","id":3}\n'
      assert.equal(1, c:line().id)
      local answer = c:line()
      assert.same({ false, "limit" }, { answer.ok, answer.code })
      assert.equal(3, c:line().id)
    end)
  end)
end)

describe("the path of the control socket", function()
  it("replaces nothing but a dead socket of its user", function()
    local dir <close> = helper.directory()
    local path = dir.path .. "/"
    local server = pop3.server.new {}
    assert.is_true(os.execute(("cd %s && mkfifo fifo && mkdir dir && ln -s fifo tofifo && "
      .. "ln -s none dangling && touch empty && echo x >file && ln -s dead todead")
      :format(path)))
    local unix = require "socket.unix"
    local dead, alive = unix.stream(), unix.stream()
    assert(dead:bind(path .. "dead"))
    dead:close()
    assert(alive:bind(path .. "alive"))
    assert(alive:listen(5))
    if not os.execute("mknod " .. path .. "device c 1 3 2>/dev/null") then
      dir:write("device", "")  -- only root can make one
    end
    for name, why in pairs {
      fifo = "a device or a FIFO of", dir = "a directory of", tofifo = "a symbolic link of",
      dangling = "a symbolic link of", empty = "a file of", file = "a file of",
      todead = "a symbolic link of", alive = "another server listens", device = "a %l+ ",
      ["none/x"] = "No such file", ["file/x"] = "Not a directory",
    } do
      local before = core.lstat(path .. name)
      local fd, message, code = control.new(server):listen(path .. name)
      assert.is_nil(fd)
      assert.equal("io", code)
      assert.matches(why, message)
      local after = core.lstat(path .. name)
      assert.same({ before and before.inode, before and before.kind },
                  { after and after.inode, after and after.kind }, name)
    end
    for _, mask in ipairs { "000", "022", "777" } do
      local old = core.umask(tonumber(mask, 8))
      local c = control.new(server)
      local ok, message = c:listen(path .. "dead")
      local then_is = core.umask(old)
      assert.truthy(ok, message)
      assert.equal(tonumber(mask, 8), then_is)
      assert.equal(tonumber("600", 8), core.lstat(path .. "dead").mode)
      c:close()
      assert.is_nil(core.lstat(path .. "dead"))
    end
    -- a socket that is not its own any more stays
    local c = control.new(server)
    assert(c:listen(path .. "dead"))
    assert.is_true(os.rename(path .. "alive", path .. "dead"))
    c:close()
    assert.equal("socket", core.lstat(path .. "dead").kind)
    alive:close()
    server:stop()
  end)

  it("is taken over from a server that is gone, and from no other", function()
    local dir <close> = helper.directory()
    local path = dir.path .. "/s"
    local server <close> = pop3.server.new {}
    local left = require "socket.unix".stream()
    assert(left:bind(path))
    left:close()
    local first <close> = control.new(server)
    assert.same({ path = path }, first:listen(path))
    local message = "control: " .. path .. ": another server listens on it"
    assert.same({ nil, message, "io" }, { control.new(server):listen(path) })
    first:close()
    assert.same({}, dir:names())
    local second <close> = control.new(server)
    assert.same({ path = path }, second:listen(path))
  end)
end)

describe("pop3.json", function()
  it("keeps any octets", function()
    for _, octets in ipairs { "", "a\0\r\n\"\\\127é", "\xff", "\xed\xa0\x80",
                              ("\xfe"):rep(200) } do
      local text = json.encode { octets = octets }
      assert.is_nil(text:find "[\r\n]")
      assert.is_truthy(utf8.len(text))
      assert.equal(octets, json.decode(text).octets)
    end
  end)

  it("tells a list from an object", function()
    assert.equal("[]", json.encode(json.list {}))
    assert.same({ 1, { a = true } }, json.decode ' [1,{"a":true,"b":null}]\n')
    assert.same({ nil, "null in a list" }, { json.decode '["a",null,"b"]' })
  end)

  it("has integers where numbers are whole", function()
    for text, want in pairs { ["[3]"] = 3, ["[3.0]"] = 3, ["[3e0]"] = 3,
                              ["[4294967296]"] = 1 << 32 } do
      assert.equal("integer", math.type(json.decode(text)[1]))
      assert.equal(want, json.decode(text)[1])
    end
    assert.same({ 0.5, 1e300 }, json.decode "[0.5,1e300]")
  end)
end)
