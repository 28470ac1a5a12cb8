-- Every example runs, as its first lines say. Examples are separate programs, which a
-- preloaded sanitizer would make too slow.

if os.getenv "LPOP3_SANITIZED" then return end

local pages = require "spec.support.pages"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"
local talk = require "spec.support.talk"

-- What a command prints, and whether it was content.
local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "a"
  return text, (pipe:close()) == true
end

local function start()
  return pop3.server.new { users = { ann = { password = "pw", mail = {
    "From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>\r\nSubject: one\r\n"
      .. "Date: Mon, 23 Nov 2026 08:00:00 +0100\r\n\r\nhi\r\n",
    "From: bob@example.org\r\n\r\n.\r\n" }, uidl = { "a/b", "c" } } } }:fork()
end

describe("fetch.lua", function()
  it("is a configuration that fetches two accounts, each message once", function()
    local text, content = pages.run { language = "sh", program = [[
      mkdir Mail
      pop3 fetch -c examples/fetch.lua
      pop3 fetch -c examples/fetch.lua
      ls Mail/work/new | wc -l
      grep -c '^From ' Mail/lists.mbox
    ]] }
    assert.is_true(content, text)
    assert.equal("3\n3\n", text)
  end)
end)

describe("the units of systemd", function()
  it("are valid", function()
    if not os.execute "command -v systemd-analyze >/dev/null" then
      return pending "no systemd-analyze"
    end
    local dir <close> = tempdir()
    local text, content = run(("XDG_RUNTIME_DIR=%s systemd-analyze --user verify "
      .. "examples/systemd/*"):format(dir.path))
    assert.equal("", text)
    assert.is_true(content)
  end)

  it("run programs that exist", function()
    local f <close> = assert(io.open "examples/systemd/pop3-fetch.service")
    local command = f:read "a":match "\nExecStart=([^\n]*)"
    local text, content = pages.run { language = "sh", program = [[
      mkdir -p Mail .config/lpop3
      cp examples/fetch.lua .config/lpop3
      ]] .. command .. "\nls Mail/work/new | wc -l\n" }
    assert.is_true(content, text)
    assert.equal("3\n", text)
  end)
end)

describe("bad_certificates.lua", function()
  local function check(client)
    return run(("lua5.4 examples/bad_certificates.lua 'lua5.4 %s'"):format(
      client))
  end

  it("tells a client that verifies the certificate from one that does not", function()
    local dir <close> = tempdir()
    local client = dir.path .. "/client.lua"
    for _, verify in ipairs { "true", "false" } do
      local f <close> = assert(io.open(client, "w"))
      f:write(([[
        local pop3 = require "pop3"
        local s = assert(pop3.connect { host = "localhost", verify = %s,
          port = math.tointeger(tonumber(os.getenv "PORT")), timeout = 300,
          cafile = os.getenv "CAFILE", user = "mrose", password = "secret" })
        assert(s:quit())
      ]]):format(verify))
      f:close()
      local text, content = check(client)
      assert.equal(verify == "true", content, text)
      assert.equal(verify == "true" and 0 or 6,
                   select(2, text:gsub("NOT OK", "")))
      assert.match("auto +accepted +it sent the password +ok\n$", text)
    end
  end)
end)

describe("inbox.lua", function()
  it("prints a table of the maildrop", function()
    local server <close> = start()
    local text, content = run(("POP3_PASSWORD=pw POP3_TLS=none lua5.4 "
      .. "examples/inbox.lua pop://ann@127.0.0.1:%d"):format(server.port))
    assert.is_true(content, text)
    assert.match("\n +1  René +one +2026%-11%-23 08:00 +%d+ B\n", text)
    assert.match("\n +2  bob@example.org +%(no subject%)", text)
  end)
end)

describe("mock_server.lua", function()
  it("serves, and fails at the documented place", function()
    local pipe = assert(io.popen("lua5.4 examples/mock_server.lua & echo $!; "
                                 .. "wait"))
    local pid = math.tointeger(pipe:read "n")
    pipe:read "l"
    local port = tonumber(pipe:read "l":match ":(%d+)$")
    local t = talk.tcp(port)
    assert.match("^%+OK", t:login("mrose", "secret"))
    assert.equal("-ERR [SYS/TEMP] the disk is on fire", t:ask "RETR 2")
    assert.same({ "From: cyd@example.org", "Subject: three", "",
                  "..a line with a dot" }, (select(2, t:list "RETR 3")))
    assert.equal("+OK hello", t:ask "XECHO hello")
    t:ask "QUIT"
    t:close()
    assert.equal("session 1 has ended", pipe:read "l")
    require "pop3.core".kill(pid)
    pipe:close()
  end)
end)

describe("spec_with_mock.lua", function()
  it("is a busted spec that passes", function()
    local text, content = run("busted --lua=lua5.4 -o plainTerminal "
                              .. "examples/spec_with_mock.lua")
    assert.is_true(content, text)
  end)
end)

describe("demo.lua", function()
  it("shows the inbox of the sample mail", function()
    local dir <close> = tempdir()
    local text, content = run("lua5.4 examples/demo.lua " .. dir.path .. "/m")
    assert.is_true(content, text)
    assert.match("16 messages fetched", text)
    assert.match("Аркадий Мирский +Лекция перенесена на четверг", text)
    assert.match("田中 恵 +次回の打ち合わせについて", text)
    assert.equal(16, #dir:names "m/new")
  end)
end)

describe("unittest_mock.py", function()
  it("is a unittest that passes", function()
    local text, content = run "python3 examples/unittest_mock.py"
    assert.is_true(content, text)
    assert.match("\nRan 3 tests in .*\n\nOK\n$", text)
  end)
end)

describe("scenario.lua", function()
  it("continues from run to run", function()
    local text = run "lua5.4 examples/scenario.lua"
    assert.equal("visit 1: PASS: transport: [SYS/TEMP] try again\n"
      .. "visit 2: lpop3.1: number 1\nvisit 2: lpop3.2: number 2\n"
      .. "visit 2: lpop3.3: RETR 3: transport: [SYS/TEMP] quota reached\n"
      .. "visit 3: lpop3.3: number 3\nvisit 4: lpop3.4: number 4\n", text)
  end)
end)

describe("curl_mock.sh", function()
  it("is a test in the shell that passes", function()
    local text, content = run "sh examples/curl_mock.sh"
    assert.is_true(content, text)
    assert.equal("15 commands, all as expected\n", text)
  end)
end)
