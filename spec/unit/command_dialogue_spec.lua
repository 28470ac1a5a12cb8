-- The output of `pop3 serve` and `pop3 replay` while they run, and the options of
-- their command line that make a server.

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"
local core = require "pop3.core"
local helper = require "spec.helper"
local json = require "dkjson"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

-- A server that ends with its first session.
local SCRIPT = [[
local server = require "pop3".server.new { users = {
  ann = { password = "geheim", mail = { "a: b\r\n\r\n" } },
  bob = { password = "x\27[2J" } } }
function server.on.disconnect() server:stop() end
return server]]

-- Run it on a terminal, which script(1) makes, with one session; what it says.
local function on_terminal(dir, before, options)
  local port = dir.path .. "/port"
  os.remove(port)
  local pipe <close> = assert(io.popen(("%s script -qefc 'lua5.4 lua/bin/pop3 "
    .. "serve %s --port-file %s %s' /dev/null </dev/null 2>&1"):format(before,
    dir:write("s.lua", SCRIPT), port, options)))
  local t = talk.tcp(tonumber(helper.await(function()
    return core.stat(port) and dir:read "port":match "%d+"
  end)))
  t:login("ann", "geheim")
  t:ask "XFRY \27[31m"
  t:ask "QUIT"
  t:close()
  return (pipe:read "a":gsub("\r\n", "\n"))
end

local SHOWN = [[
log in as: ann, password geheim, 1 message
           bob, password x␛[2J, 0 messages
   1 S: +OK lpop3 ready
   1 C: USER ann
   1 S: +OK send the password
   1 C: PASS ***
   1 S: +OK maildrop ready, 1 messages
   1 C: XFRY ␛[31m
   1 S: -ERR unknown command
   1 C: QUIT
   1 S: +OK goodbye
]]

describe("pop3 serve on a terminal", function()
  it("prints who may log in, and shows the dialogue, in colour", function()
    local dir <close> = helper.directory()
    local text = on_terminal(dir, "", "")
    assert.match("^ready host=127.0.0.1 port=%d+ tls=none\n", text)
    assert.is_truthy(text:find("\27[36mC: PASS ***\27[0m\n", 1, true), text)
    assert.is_truthy(text:find("\27[31mS: -ERR unknown command\27[0m", 1, true))
    assert.is_truthy(text:find("\27[32mS: +OK goodbye\27[0m", 1, true))
    assert.equal(SHOWN, text:gsub("\27%[%d+m", ""):match "\n(.*)$")
  end)

  it("uses no colour if NO_COLOR is set, and shows nothing if it is quiet",
     function()
    local dir <close> = helper.directory()
    assert.equal(SHOWN, on_terminal(dir, "NO_COLOR=1", ""):match "\n(.*)$")
    assert.match("^ready [^\n]*\n$", on_terminal(dir, "", "--quiet"))
  end)
end)

describe("pop3 serve --control on a terminal", function()
  local AT = "\nlook at:   http://127%.0%.0%.1:(%d+)/"

  it("prints the URL of the page, with a token that it made", function()
    local dir <close> = helper.directory()
    local text = on_terminal(dir, "NO_COLOR=1", "--control tcp:127.0.0.1:0")
    local port, token = text:match(AT .. "#token=(%x+)\n")
    assert.equal(text:match "control=127%.0%.0%.1:(%d+)", port)
    assert.equal(text:match " token=(%x+)\n", token)
  end)

  it("does not show a token that it was given, and has no page on a path",
     function()
    local dir <close> = helper.directory()
    local text = on_terminal(dir, "NO_COLOR=1", "--control tcp:127.0.0.1:0 "
                             .. "--control-token my-token")
    assert.match(AT .. "\n", text)
    assert.is_nil(text:find("my-token", 1, true))
    text = on_terminal(dir, "NO_COLOR=1", "--control " .. dir.path .. "/socket")
    assert.is_nil(text:find("look at", 1, true))
  end)
end)

describe("pop3 serve elsewhere", function()
  it("shows the dialogue with the option", function()
    local dir <close> = helper.directory()
    local script = dir:write("s.lua", SCRIPT)
    for _, form in ipairs { "text", "json", false } do
      local run <close> = command.start { "serve", script,
        table.unpack(form and { "--log", form } or {}) }
      local t = talk.tcp(run.port)
      t:login("ann", "geheim")
      t:ask "XFRY \27[31m"
      t:ask "QUIT"
      t:close()
      local _, status, text = run:wait()
      assert.equal(0, status)
      if form == "json" then
        local lines = {}
        for line in text:gmatch "[^\n]+" do
          local entry = json.decode(line)
          assert.equal(1, entry.session)
          assert.is_number(entry.time)
          lines[#lines + 1] = entry.from .. ": " .. entry.line
        end
        assert.same({ "S: +OK lpop3 ready", "C: USER ann",
          "S: +OK send the password", "C: PASS ***",
          "S: +OK maildrop ready, 1 messages", "C: XFRY \27[31m",
          "S: -ERR unknown command", "C: QUIT", "S: +OK goodbye" }, lines)
      else
        assert.equal(form and SHOWN or "", text)
      end
    end
  end)

  it("goes on after a reset", function()
    local dir <close> = helper.directory()
    local run <close> = command.start { "serve", "--log", "text", "--control",
                                        dir.path .. "/c" }
    local control <close> = command.control(dir.path .. "/c")
    for _ = 1, 2 do
      local t = talk.tcp(run.port)
      t:ask "NOOP"
      t:close()
      assert.is_true(control:ask { ["do"] = "wait_for", verb = "NOOP",
                                   seconds = helper.PATIENCE }.ok)
      assert.is_true(control:ask { ["do"] = "reset" }.ok)
    end
    run:signal "TERM"
    local _, _, text = run:wait()
    assert.equal(2, select(2, text:gsub("C: NOOP\n", "")))
  end)
end)

describe("the command line of pop3 serve", function()
  it("has users, a preset and faults", function()
    local dir <close> = helper.directory()
    local run <close> = command.start { "serve", "--user", "ann:a:b", "--user",
      "bob", "--password", "pw", "--mail", dir:write("m", "a: b\r\n\r\n"),
      "--preset", "popa3d", "--fault",
      "verb=UIDL times=1 cut.lines=0", "--fault", 'verb=NOOP reply="-ERR no no"' }
    for user, password in pairs { ann = "a:b", bob = "pw" } do
      local t = talk.tcp(run.port)
      assert.equal("+OK", t.greeting)
      assert.match("^%+OK", t:login(user, password))
      assert.equal("-ERR no no", t:ask "NOOP")
      assert.same({ "a: b", "" }, (select(2, t:list "RETR 1")))
      t:close()
    end
    local t = talk.tcp(run.port)
    t:login("ann", "a:b")
    t:send "UIDL\r\n"
    assert.same({ "+OK\r\n", "closed" }, { t:rest() })
  end)

  it("has the names of the certificate", function()
    local run <close> = command.start { "serve", "--names",
                                        "a.example,b.example" }
    assert.equal("stls", run.tls)
    for name, trusted in pairs { ["b.example"] = true, ["localhost"] = false } do
      local s <close>, _, code = pop3.connect { host = "127.0.0.1",
        port = run.port, tls = "stls", cafile = run.cafile, servername = name }
      assert.equal(trusted, s ~= nil)
      assert.equal(not trusted and "tls" or nil, code)
    end
  end)

  it("takes a preset and faults for the server of a script", function()
    local dir <close> = helper.directory()
    local run <close> = command.start { "serve", "--preset", "popa3d", "--fault",
      "verb=USER reply=-ERR", dir:write("s.lua",
      "return require 'pop3'.server.new { users = { ann = { password = 'x' } } }") }
    local t = talk.tcp(run.port)
    assert.equal("+OK", t.greeting)
    assert.equal("-ERR", t:ask "USER ann")
    t:close()
  end)

  it("plays transcripts", function()
    local dir <close> = helper.directory()
    local file = dir:write("session.txt",
      "# by hand\n\nS: +OK hi\nC: USER a\nS: +OK\nC: PASS ***\nS: +OK in\n"
      .. "C: STAT\nS: +OK 0 0\nC: QUIT\nS: +OK bye\n")
    for _, words in ipairs { { "serve", file }, { "serve", "--replay", file },
                             { "replay", file } } do
      local run <close> = command.start(words)
      for _ = 1, 2 do
        local t = talk.tcp(run.port)
        assert.equal("+OK hi", t.greeting)
        assert.equal("+OK in", t:ask "APOP x y")
        assert.equal("+OK 0 0", t:ask "STAT")
        t:ask "QUIT"
        t:close()
      end
      run:signal "TERM"
      assert.same({ "exit", 0, "" }, { run:wait() })
    end
    local run <close> = command.start { "replay", file, "--strict" }
    local t = talk.tcp(run.port)
    t:login("a", "b")
    assert.equal("+OK 0 0", t:ask "STAT")
    assert.equal("-ERR not in the transcript", t:ask "STAT")
    t:close()
    run:signal "TERM"
    local _, status, text = run:wait()
    assert.equal(1, status)
    assert.match('replay: expected "QUIT", got "STAT"\n$', text)
  end)

  it("names in one line options that exclude each other", function()
    local dir <close> = helper.directory()
    local file = dir:write("t", "S: +OK\n")
    local script = dir:write("s.lua", "return require 'pop3'.server.new {}")
    for _, case in ipairs {
      { 2, "--user cannot be used with a transcript", file, "--user", "a" },
      { 2, "--preset cannot be used with a transcript", "--replay", file,
        "--preset", "gmail" },
      { 2, "--strict needs a transcript", "--strict" },
      { 2, "give either a script or --replay", file, "--replay", file },
      { 2, "unknown option 'wat'", "--fault", "verb=UIDL wat=1" },
      { 2, "--fault: a quote has no end", "--fault", 'reply="x' },
      { 2, "unknown preset: none", "--preset", "none" },
      { 2, "--names needs a script that returns a table", "--names", "a", script },
      { 2, "mail of one user", "--maildir", dir.path, "--user", "a", "--user",
        "b" },
      { 2, "can not be used together", "--quiet", "--log", "json" },
      { 3, "No such file", "--replay", dir.path .. "/none" },
    } do
      local status, out, err = command.run { "serve", table.unpack(case, 3) }
      assert.same({ case[1], "" }, { status, out }, err)
      assert.match("^pop3: [^\n]+\n$", err)
      assert.is_truthy(err:find(case[2], 1, true), err)
    end
  end)

  -- Where the system has no descriptor for it, the server looks.
  for _, how in ipairs { "is told", "looks" } do
    it("ends with its parent: it " .. how, function()
      local dir <close> = helper.directory()
      local port = dir.path .. "/port"
      local script = dir:write("s.lua", how == "looks" and [[
        require "pop3.core".parent = function() return nil, "no", "io" end
        return {}]] or "return {}")
      local pid = io.popen(("lua5.4 lua/bin/pop3 serve %s --tie-to-parent "
        .. "--port-file %s >%s/out & while [ ! -s %s ]; do :; done; echo $!")
        :format(script, port, dir.path, port)):read "l"
      assert.is_true(helper.await(function() return not core.stat(port) end),
                     pid)
      assert.match("^ready ", dir:read "out")
    end)
  end
end)
