-- `pop3 serve` as a program: its arguments, its files, its end. Under a preloaded
-- sanitizer the programs would be too slow; these specs do not run there.

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"
local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = "Subject: one\r\n\r\n.hi\r\n"

-- A session of a client; the messages that it fetched.
local function fetch(port, user, opts)
  local all = { host = "127.0.0.1", port = port, tls = "none",
                user = user or "mrose", password = "secret" }
  for name, value in pairs(opts or {}) do all[name] = value end
  local s <close> = assert(pop3.connect(all))
  local list = {}
  for i = 1, (s:stat()) do list[i] = assert(s:retr(i)) end
  assert(s:quit())
  return list
end

local function start(...)
  return command.start { "serve", ... }
end

-- It ended with that status, and said nothing more.
local function ended(process, status, said)
  local how, got, rest = process:wait()
  assert.same({ "exit", status, said or "" }, { how, got, rest })
end

describe("pop3 serve", function()
  it("prints a line when it is ready, and ends on a signal", function()
    for _, signal in ipairs(helper.heeded { "TERM", "INT", "HUP" }) do
      local run <close> = start()
      assert.equal(("ready host=127.0.0.1 port=%d tls=none"):format(run.port),
                   run.line)
      assert.same({}, fetch(run.port))
      run:signal(signal)
      ended(run, 0)
    end
  end)

  it("ends on a signal while a session is open", function()
    local run <close> = start()
    local t = talk.tcp(run.port)
    t:login("mrose", "secret")
    run:signal "TERM"
    assert.same({ nil, "closed" }, { t:line() })
    t:close()
    ended(run, 0)
  end)

  it("ends on repeated signals while a handler runs", function()
    local dir <close> = helper.directory()
    local run = start(dir:write("s.lua", [[
      return { on = { XLOOP = function() while true do end end } }]]))
    local t = talk.tcp(run.port)
    t:send "XLOOP\r\n"
    local status = helper.await(function()
      run:signal "TERM"
      return core.waitpid(run.pid, true)
    end)
    if not status then core.kill(run.pid) end
    run.pipe:close()
    t:close()
    assert.equal(128 + 15, status)
  end)

  it("serves files, for a user", function()
    local dir <close> = helper.directory()
    local a, b = dir:write("a.eml", MAIL), dir:write("b.eml", "x: y\n\nz")
    local run <close> = start("--user", "ann", "--password", "pw", "--mail", a, b)
    assert.same({ MAIL, "x: y\r\n\r\nz\r\n" },
                fetch(run.port, "ann", { password = "pw" }))
  end)

  it("serves a Maildir, and takes deliveries into it", function()
    local dir <close> = helper.directory()
    local maildir = dir.path .. "/m"
    assert(pop3.store.maildir(maildir, { create = true }):deliver("", MAIL))
    local run <close> = start("--maildir", maildir, "--control",
                              dir.path .. "/s")
    assert.same({ MAIL }, fetch(run.port))
    local control <close> = command.control(dir.path .. "/s")
    assert.is_true(control:ask { ["do"] = "deliver", user = "mrose",
                                 mail = "b: c\r\n\r\n" }.ok)
    assert.same({ MAIL, "b: c\r\n\r\n" }, fetch(run.port))
  end)

  it("adds users by deliveries, with the option", function()
    local dir <close> = helper.directory()
    local run <close> = start("--control", dir.path .. "/s",
                              "--new-users", "pw")
    local control <close> = command.control(dir.path .. "/s")
    assert.is_true(control:ask { ["do"] = "deliver", user = "ann",
                                 mail = "b: c\r\n\r\n" }.ok)
    local t = talk.tcp(run.port)
    assert.match("^%+OK", t:login("ann", "pw"))
    t:close()
  end)

  it("takes handlers in Lua by request, with the option", function()
    local dir <close> = helper.directory()
    local lua = "function on.XHI(session) return session:ok 'hi' end"
    for _, allowed in ipairs { true, false } do
      local run <close> = start("--control", dir.path .. "/s",
                                table.unpack(allowed and { "--allow-lua" } or {}))
      local control <close> = command.control(dir.path .. "/s")
      local answer = control:ask { ["do"] = "handlers", lua = lua }
      assert.equal(allowed, answer.ok)
      assert.equal(not allowed and "state" or nil, answer.code)
      local t = talk.tcp(run.port)
      assert.equal(allowed and "+OK hi" or "-ERR unknown command",
                   t:ask "XHI")
      t:close()
    end
  end)

  it("writes its port and its CA, and the transcript at the end", function()
    local dir <close> = helper.directory()
    local port, ca = dir:write("port", "1\n"), dir.path .. "/ca"
    local run <close> = start("--tls", "auto", "--implicit", "--port-file", port,
      "--cafile-out", ca, "--transcript", dir.path .. "/t")
    assert.equal("implicit", run.tls)
    assert.same({ "ca", "port" }, dir:names())
    assert.equal(run.port .. "\n", dir:read "port")
    fetch(run.port, nil, { host = "localhost", tls = "implicit", cafile = ca })
    assert.is_truthy(core.stat(run.cafile))
    run:signal "TERM"
    ended(run, 0)
    assert.is_nil((core.stat(run.cafile)))
    assert.same({ "t" }, dir:names())
    assert.match("\nC: QUIT\nS: %+OK[^\n]*\n$", dir:read "t")
    assert.is_nil(dir:read "t":find("secret", 1, true))
  end)

  it("writes to pipes and descriptors, and does not remove them", function()
    local dir <close> = helper.directory()
    local fifo = dir.path .. "/port"
    assert(os.execute("mkfifo " .. fifo))
    local reader <close> = assert(io.popen("cat " .. fifo))
    local run <close> = start("--port-file", fifo, "--transcript", "/dev/fd/1")
    assert.equal(run.port .. "\n", reader:read "a")
    fetch(run.port)
    run:signal "TERM"
    local _, status, said = run:wait()
    assert.equal(0, status)
    assert.match("^# session 1\nS: .*\nC: QUIT\n", said)
    assert.equal("other", core.stat(fifo))
  end)

  it("removes nothing but a file", function()
    local dir <close> = helper.directory()
    local sub = dir.path .. "/port"
    assert(core.mkdir(sub))
    local status, _, err = command.run { "serve", "--port-file", sub }
    assert.same({ 3, "pop3: serve: " .. sub .. ": a directory is not replaced\n" },
                { status, err })
    assert.equal("directory", core.stat(sub))
  end)

  it("ends when it cannot print that it is ready", function()
    local dir <close> = helper.directory()
    for _, out in ipairs { ">/dev/full", ">&-" } do
      local status, _, err = command.run({ "serve", "--port-file",
        dir.path .. "/port", "--control", dir.path .. "/s" },
        "exec " .. out .. "; ")
      assert.equal(3, status)
      assert.match("^pop3: serve: standard output: [^\n]+\n$", err)
      assert.same({}, dir:names())
    end
  end)

  it("writes the transcript also when serving fails", function()
    local dir <close> = helper.directory()
    local run <close> = start(dir:write("s.lua", [[
      local over = false
      return { clock = function()
        if over then error "no more time" end
        return 0
      end, on = { XEND = function(session)
        over = true
        return session:ok "the end"
      end } }]]), "--port-file", dir.path .. "/port", "--transcript",
      dir.path .. "/t", "--control", dir.path .. "/c")
    local t = talk.tcp(run.port)
    t:ask "XEND"
    t:send "NOOP\r\n"
    local _, status, said = run:wait()
    t:close()
    assert.equal(3, status)
    assert.match("^pop3: serve: [^\n]*s.lua:3: no more time\n$", said)
    assert.match("C: XEND\n", dir:read "t")
    assert.same({ "s.lua", "t" }, dir:names())
  end)

  it("offers STLS with a certificate that is bad", function()
    local run <close> = start("--tls", "expired")
    assert.equal("stls", run.tls)
    helper.fails("tls", pop3.connect { host = "localhost", port = run.port,
                                       tls = "stls", cafile = run.cafile })
  end)
end)

describe("a script of pop3 serve", function()
  local function script(dir, text)
    return dir:write("script.lua", text)
  end

  it("returns a server", function()
    local dir <close> = helper.directory()
    local run <close> = start(script(dir, [[
      local server = require "pop3".server.new { users = {
        ann = { password = "secret", mail = { "a: b\r\n\r\n" } } } }
      function server.on.XHI(session) return session:ok "hi" end
      return server]]), "--host", "127.0.0.2")
    assert.equal("127.0.0.2", run.host)
    assert.same({ "a: b\r\n\r\n" },
                fetch(run.port, "ann", { host = "127.0.0.2" }))
  end)

  it("returns options, which the command line completes", function()
    local dir <close> = helper.directory()
    local run <close> = start(script(dir, [[
      return { greeting = "from a script", users = {
        ann = { password = "secret", mail = { "a: b\r\n\r\n" } } } }]]),
      "--user", "bob", "--mail", dir:write("m", MAIL))
    local t = talk.tcp(run.port)
    assert.equal("+OK from a script", t.greeting)
    t:close()
    assert.same({ "a: b\r\n\r\n" }, fetch(run.port, "ann"))
    assert.same({ MAIL }, fetch(run.port, "bob"))
  end)

  it("may name expected commands: the status tells whether they came", function()
    local dir <close> = helper.directory()
    for _, form in ipairs { "users = users", "server = s.new { users = users }" } do
      local path = script(dir, ([[
        local s = require "pop3".server
        local users = { mrose = { password = "secret" } }
        return { %s, verify = { "~^CAPA", "USER mrose", "PASS ***", "STAT",
                                "QUIT" } }]]):format(form))
      local run <close> = start(path)
      fetch(run.port)
      run:signal "TERM"
      ended(run, 0)
      local other <close> = start(path)
      other:signal "TERM"
      local how, status, said = other:wait()
      assert.same({ "exit", 1 }, { how, status })
      assert.match("^pop3: serve: verify: command 1: expected \"~^CAPA\", got no "
                   .. "more\n.*\n%- STAT\n%- QUIT\n$", said)
    end
  end)

  it("fails when a handler failed", function()
    local dir <close> = helper.directory()
    local run <close> = start(script(dir, [[
      return { on = { XOOPS = function() error "oops" end } }]]))
    local t = talk.tcp(run.port)
    assert.match("^%-ERR", t:ask "XOOPS")
    t:close()
    run:signal "TERM"
    local how, status, said = run:wait()
    assert.same({ "exit", 1 }, { how, status })
    assert.match("^pop3: serve: a handler failed: session 1: [^\n]*oops\n", said)
  end)

  it("may stop the server itself", function()
    local dir <close> = helper.directory()
    local run <close> = start(script(dir, [[
      local server = require "pop3".server.new {}
      function server.on.disconnect() server:stop() end
      return server]]), "--control", dir.path .. "/s")
    local control <close> = command.control(dir.path .. "/s")
    talk.tcp(run.port):close()
    assert.same({ nil, "closed" }, { control:line() })
    ended(run, 0)
  end)
end)

describe("pop3 serve reports in one line a mistake", function()
  local function refused(status, text, ...)
    local got, out, err = command.run { "serve", ... }
    assert.same({ status, "" }, { got, out }, err)
    assert.match("^pop3: [^\n]+\n$", err)
    assert.is_truthy(err:find(text, 1, true), err)
  end

  it("with the command line", function()
    refused(2, "'65536' is not an integer from 0 to 65535", "--port", "65536")
    refused(2, "--frobnicate", "--frobnicate")
    refused(2, "can not be used together", "--maildir", "d", "--mail", "f")
    refused(2, "tls cannot be 'often'", "--tls", "often")
    refused(2, "needs tls", "--implicit")
    refused(2, "needs tls", "--implicit", "--tls", "none")
    refused(2, "--names needs a certificate", "--names", "a", "--tls", "none")
    refused(2, "(did you mean 'expired'?)", "--tls", "expird")
    refused(2, "--user needs a name", "--user", "")
    refused(2, "--user needs a name", "--user", "a:b", "--user", ":c")
    refused(2, "--user names a twice", "--user", "a:b", "--user", "a")
    refused(2, "'verb=UIDL' has no effect", "--fault", "verb=UIDL")
    refused(2, "has no effect", "--fault", "hook=connect nth=2")
    refused(2, "has no effect", "--fault", "")
    refused(2, "did you mean 'delay'?", "--fault", "verb=UIDL dealy=3")
    refused(2, "it must be tcp:HOST:PORT", "--control", "tcp:127.0.0.1")
    refused(2, "it must be tcp:HOST:PORT", "--control", "tcp:127.0.0.1:65536")
    refused(2, "it must be tcp:HOST:PORT", "--control", "tpc:127.0.0.1:0")
    refused(2, "it must be tcp:HOST:PORT", "--control", "127.0.0.1:8080")
  end)

  it("with files", function()
    local dir <close> = helper.directory()
    refused(3, "/none", "--mail", dir.path .. "/none")
    refused(3, "not a directory", "--maildir", dir.path .. "/none")
    refused(3, "/none/p: ", "--port-file", dir.path .. "/none/p")
    refused(3, "/none/t: ", "--transcript", dir.path .. "/none/t")
    refused(3, "--cafile-out", "--cafile-out", dir.path .. "/ca")
    local file = dir:write("file", "")
    refused(3, "a file of that name exists", "--control", file)
    assert.same({ "file" }, dir:names())
    refused(3, "serve: " .. dir.path .. ": Is a directory", dir.path)
    refused(3, "serve: " .. dir.path .. "/none: ", "--replay", dir.path .. "/none")
    refused(3, "serve: " .. dir.path .. ": Is a directory", "--replay", dir.path)
    refused(3, "serve: " .. file .. "2:1: ", "--replay", dir:write("file2", "x\n"))
    refused(3, "control:", "--control", dir.path .. "/" .. ("x"):rep(200))
  end)

  it("with the port", function()
    local run <close> = start()
    refused(3, "address already in use", "--port", run.port)
  end)

  it("with the script", function()
    local dir <close> = helper.directory()
    for text, complaint in pairs {
      ["return"] = "the script must return a server",
      ["x ="] = "script.lua:1: ",
      ["error 'no'"] = "script.lua:1: no",
      ["error {}"] = "script.lua: (error object is a table value)",
      ["error()"] = "script.lua: (error object is a nil value)",
      ["error(setmetatable({}, { __tostring = function() return 'why' end }))"] =
        "serve: why",
      ["return { frob = 1 }"] = "unknown option 'frob'",
      ["return { verify = 1 }"] = "the field verify must be a table",
      ["return { verify = { 1 } }"] = "a line must be a string",
      ["return { server = 'x' }"] = "the field server must be made by pop3.server.new",
      ["return { server = {} }"] = "the field server must be made by pop3.server.new",
      ["return { users = { u = 'x' } }"] = "user 'u'",
      ["return { port = 65536 }"] = "port must be from 0 to 65535",
      ["return { server = require 'pop3'.server.new {}, host = '::1' }"] =
        "set the option 'host' in pop3.server.new",
    } do
      refused(3, complaint, dir:write("script.lua", text))
    end
    refused(2, "that returns a table of options, not a server", dir:write("script.lua",
      "return require 'pop3'.server.new {}"), "--tls", "auto")
  end)
end)
