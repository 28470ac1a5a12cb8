-- The command's own part in `pop3 check` and `pop3 record`: options in, status and
-- output out. The modules that do the work have other specs; here they are replaced.

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"
local helper = require "spec.helper"

-- Run the command with Lua of this file's in place of modules.
local function run(dir, played, words)
  local path = dir:write("played.lua", played)
  local line = { "POP3_PASSWORD=fromenv exec lua5.4", path }
  for _, word in ipairs(words) do line[#line + 1] = "'" .. word .. "'" end
  local pipe = assert(io.popen(table.concat(line, " ") .. " 2>&1"))
  local out = pipe:read "a"
  local _, _, status = pipe:close()
  return status, out
end

local CHECK = [[
package.loaded["pop3.check"] = function(o)
  if o.host == "none" then return nil, "connect: none:110: refused", "connect" end
  return { failed = o.host == "bad" and 1 or 0, o = o }
end
package.loaded["pop3.check.report"] = setmetatable({}, {
  __index = function(_, format)
    return function(result)
      local o = result.o
      return table.concat({ format, o.host, o.port, o.tls, tostring(o.user),
        tostring(o.password), tostring(o.delete), tostring(o.cafile),
        o.timeout }, " ") .. "\n"
    end
  end })
os.exit(require "pop3.command"(arg), true)
]]

describe("pop3 check", function()
  it("wants a password with a user", function()
    local status, out, err = command.run({ "check", "ok", "--user", "u" },
                                         "unset POP3_PASSWORD; ")
    assert.same({ 2, "", "pop3: check: --user requires --password "
                  .. "or POP3_PASSWORD\n" }, { status, out, err })
  end)

  it("passes the options to the checker, and its status to the caller", function()
    local dir <close> = helper.directory()
    for _, case in ipairs {
      { 0, "text ok 110 none nil nil nil nil\n", "ok" },
      { 0, "tap ok 995 implicit u fromenv true nil\n", "ok:995", "--format", "tap",
        "--user", "u", "--delete" },
      { 0, "json ::1 110 stls u p nil c\n", "[::1]", "--tls", "stls", "--user",
        "u", "--password", "p", "--cafile", "c", "--format", "json" },
      { 1, "text bad 1 none nil nil nil nil\n", "bad:1" },
      { 3, "pop3: check: connect: none:110: refused\n", "none" },
      { 2, "pop3: argument 'server': 'a:b' is not HOST:PORT\n", "a:b" },
      { 2, "pop3: argument 'server': 'a:99999' is not HOST:PORT\n", "a:99999" },
      { 2, "pop3: check: --delete requires --user\n", "ok", "--delete" },
      { 0, "text ok 110 none nil nil nil nil 30\n", "ok", "--timeout", "30" },
      { 2, "pop3: '0' is not an integer from 1 to 3600\n", "ok", "--timeout", "0" },
      { 2, "pop3: check: user and password must have 1 to 248 octets, "
        .. "without CR, LF and NUL\n", "ok", "--user", "u", "--password", "" },
      { 2, "pop3: check: user and password must have 1 to 248 octets, "
        .. "without CR, LF and NUL\n", "ok", "--user", ("u"):rep(249) },
    } do
      local status, out = run(dir, CHECK, { "check", table.unpack(case, 3) })
      assert.equal(case[2]:match "[^:]*$", out:match "[^:]*$", out)
      assert.equal(case[1], status)
    end
  end)
end)

describe("pop3 check", function()
  it("lists checks, and runs those that are named", function()
    local status, out, err = command.run { "check", "--list" }
    assert.same({ 0, "" }, { status, err })
    assert.match("\nRETR +RFC 1939 section 5\n", out)
    assert.equal(#require "pop3.check.rules", select(2, out:gsub("\n", "")))
    local server <close> = require "pop3".server.new {}:fork()
    local at = "127.0.0.1:" .. server.port
    status, out, err = command.run { "check", at, "--only",
      "greeting-positive,RETR", "--only", "CAPA" }
    assert.same({ 0, "" }, { status, err })
    assert.match("^pass  greeting%-positive [^\n]*\nskip  RETR [^\n]*\n[^\n]*\n"
      .. "pass  CAPA [^\n]*\n\n[^\n]*: 3 checks: 2 passed", out)
    status, out = command.run { "check", at, "--only", "RETR", "--failed" }
    assert.equal(0, status)
    assert.match("^127.0.0.1:%d+: 1 check: [^\n]*\n$", out)
    for _, case in ipairs {
      { "--only: there is no check 'NONE' (--list has the names)", "h", "--only",
        "RETR,NONE" },
      { "missing argument 'server'" },
    } do
      status, out, err = command.run { "check", table.unpack(case, 2) }
      assert.same({ 2, "", "pop3: check: " .. case[1] .. "\n" },
                  { status, out, err })
    end
  end)

  it("shows progress and colours on a terminal", function()
    local server <close> = require "pop3".server.new {}:fork()
    local pipe <close> = assert(io.popen(("script -qefc 'lua5.4 lua/bin/pop3 "
      .. "check 127.0.0.1:%d --only CAPA' /dev/null </dev/null"):format(
      server.port)))
    local text = pipe:read "a"
    assert.match("^\r%[1/1%] CAPA, %d+ s\27%[K", text)
    assert.match("\r\27%[K\27%[32mpass\27%[0m  CAPA ", text)
  end)
end)

describe("pop3 record", function()
  local pop3 = require "pop3"

  local function visit(port, opts)
    local made = { host = "localhost", port = port, tls = "none", user = "ann",
                   password = "geheim" }
    for name, value in pairs(opts or {}) do made[name] = value end
    local s = assert(pop3.connect(made))
    assert.equal("A: b\r\n", s:retr(1))
    assert.is_true(s:quit())
  end

  it("runs until a signal, between the server and a port", function()
    local dir <close> = helper.directory()
    local server = pop3.server.new { users = { ann = { password = "geheim",
                                                       mail = { "A: b\r\n" } } } }
    local up <close> = server:fork()
    local file, port = dir.path .. "/t.txt", dir.path .. "/port"
    for _, implicit in ipairs { false, true } do
      local recorder <close> = command.start { "record", "127.0.0.1:" .. up.port,
        file, "--tls", "none", "--port-file", port,
        table.unpack { implicit and "--implicit" or nil } }
      assert.equal(recorder.port .. "\n", dir:read "port")
      visit(recorder.port, implicit and { tls = "implicit", cafile = recorder.cafile })
      recorder:signal "TERM"
      assert.same({ "exit", 0, "" }, { recorder:wait() })
    end
    assert.same({ "t.txt" }, dir:names())
    assert.is_nil(dir:read "t.txt":find("geheim", 1, true))
    local again <close> = pop3.server.replay(file):fork()
    visit(again.port, { tls = "implicit", cafile = again.cafile })
  end)

  it("reports mistakes", function()
    local status, out, err = command.run { "record", "127.0.0.1:1",
                                           "/nonexistent/t" }
    assert.same({ 3, "", "pop3: record: /nonexistent/t: No such file or "
      .. "directory\n" }, { status, out, err })
    local dir <close> = helper.directory()
    local taken <close> = pop3.server.new()
    status, out, err = command.run { "record", "127.0.0.1:1", dir.path .. "/t",
                                     "--port", tostring(taken.port) }
    assert.same({ 3, "" }, { status, out })
    assert.match("^pop3: record: listen: 127.0.0.1:%d+: address already in use\n$",
                 err)
  end)

  it("says that its port is taken", function()
    local dir <close> = helper.directory()
    local server <close> = pop3.server.new()
    local status, out, err = command.run { "record", "127.0.0.1:1",
      dir.path .. "/t", "--port", server.port }
    assert.same({ 3, "", ("pop3: record: listen: 127.0.0.1:%d: address already "
      .. "in use\n"):format(server.port) }, { status, out, err })
  end)

  it("reports failures of the server when it ends", function()
    local dir <close> = helper.directory()
    local gone = pop3.server.new()
    local port = gone.port
    gone:stop()
    local recorder <close> = command.start { "record", "127.0.0.1:" .. port,
      dir.path .. "/t", "--tls", "none" }
    local _, _, code = pop3.connect { host = "127.0.0.1", port = recorder.port,
                                      tls = "none" }
    assert.equal("closed", code)
    recorder:signal "TERM"
    local _, status, rest = recorder:wait()
    assert.equal(3, status)
    assert.match("^pop3: record: session 1: upstream: [^\n]*refused\n$", rest)
  end)
end)

describe("pop3", function()
  it("prints help, and refuses unknown options", function()
    local status, out, err = command.run { "--help" }
    assert.same({ 0, "" }, { status, err })
    for _, name in ipairs { "serve", "show", "check", "record" } do
      assert.match("\n  " .. name .. " ", out)
    end
    status, out, err = command.run { "fry" }
    assert.same({ 2, "" }, { status, out })
    assert.match("^pop3: unknown command 'fry'[^\n]*\n$", err)
    status, out, err = command.run { "--version" }
    assert.same({ 0, require "pop3"._VERSION .. "\n", "" }, { status, out, err })
    status = command.run {}
    assert.equal(2, status)
  end)

  it("has a line and a status for its own mistakes too", function()
    local dir <close> = helper.directory()
    local status, out = run(dir, [[
      package.loaded["pop3.check"] = function() error "oops" end
      os.exit(require "pop3.command"(arg), true)]], { "check", "h" })
    assert.equal(3, status)
    assert.match("^pop3: [^\n]*oops\n$", out)
  end)

  it("names the library that it needs", function()
    local dir <close> = helper.directory()
    for library, words in pairs {
      argparse = { "show", "x" },
      dkjson = { "serve", "--control", dir.path .. "/s" },
    } do
      local status, out = run(dir, ([[
        package.preload[%q] = function() error "not there" end
        os.exit(require "pop3.command"(arg), true)]]):format(library), words)
      assert.equal(3, status, out)
      assert.match("^pop3: [^\n]*Lua library " .. library .. "[^\n]*\n$", out)
    end
  end)
end)
