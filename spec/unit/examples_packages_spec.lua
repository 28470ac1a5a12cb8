-- The packages for other languages in examples/: each passes its test, a test
-- that fails says why, and no server outlives its program.

if os.getenv "LPOP3_SANITIZED" then return end

local helper = require "spec.helper"
local socket = require "socket"

local PYTHON = "/usr/bin/python3"  -- the one that has Debian's packages

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local text = pipe:read "a"
  local _, _, status = pipe:close()
  return status, text
end

-- A directory with a copy of an example.
local function beside(name)
  local dir = helper.directory()
  local f <close> = assert(io.open("examples/" .. name))
  dir:write(name, f:read "a")
  return dir
end

-- Does the port have no listener any more? Waits for it.
local function is_free(port)
  return helper.await(function()
    local sock = socket.connect("127.0.0.1", port)
    if sock then sock:close() end
    return not sock
  end)
end

describe("pop3_pytest.py", function()
  local pytest = PYTHON .. " -m pytest -q -p no:cacheprovider "

  it("passes its own test", function()
    local status, text = run(pytest .. "examples/pop3_pytest.py")
    assert.equal(0, status, text)
    assert.match("\n1 passed", text)
  end)

  it("resets the server for each test, and shows why a test failed", function()
    local dir <close> = beside "pop3_pytest.py"
    dir:write("conftest.py", "from pop3_pytest import pop3, pop3_process\n")
    dir:write("test_it.py", [[
import poplib

def stat(pop3):
    box = poplib.POP3(pop3.host, pop3.port)
    box.user("mrose"), box.pass_("secret")
    n = box.stat()[0]
    box.quit()
    return n

def test_one(pop3):
    pop3.deliver("a: b\r\n\r\n")
    assert stat(pop3) == 1

def test_two(pop3):
    print("port", pop3.port)
    assert stat(pop3) == 0
    pop3.verify("STAT")
]])
    local status, text = run("cd " .. dir.path .. " && " .. pytest .. "test_it.py")
    assert.equal(1, status, text)
    assert.match("AssertionError: verify: command 1: expected \"STAT\", got "
                 .. "\"USER mrose\"", text)
    assert.match("C: PASS %*%*%*\n", text)
    assert.match("\n1 failed, 1 passed", text)
    assert.is_true(is_free(tonumber(text:match "port (%d+)")))
  end)

  it("leaves no server when its program is killed", function()
    local dir <close> = beside "pop3_pytest.py"
    local status, text = run(("cd %s && %s -c '%s'"):format(dir.path, PYTHON,
      "import os, pop3_pytest; print(pop3_pytest.Pop3Server().port, flush=True);"
      .. "os.kill(os.getpid(), 9)"))
    assert.not_equal(0, status)
    assert.is_true(is_free(tonumber(text:match "^%d+")))
  end)
end)

describe("pop3_node.mjs", function()
  it("passes its own test", function()
    local status, text = run "node --test examples/pop3_node.mjs"
    assert.equal(0, status, text)
    assert.match("pass 1\n", text)
  end)

  it("has a server for each test, and says why a test failed", function()
    local dir <close> = beside "pop3_node.mjs"
    dir:write("it.mjs", [[
import test from "node:test";
import { pop3Server } from "./pop3_node.mjs";
test("it", async (t) => {
  const pop3 = await pop3Server(t, "--user", "ann", "--tls", "auto");
  console.log(`port ${pop3.port} tls ${pop3.tls} cafile ${pop3.cafile}`);
  await pop3.deliver("a: b\r\n\r\n", "ann");
  await pop3.verify("STAT");
});
]])
    local status, text = run("cd " .. dir.path .. " && node --test it.mjs")
    assert.equal(1, status, text)
    assert.match("verify: command 1: expected \\?\"STAT\\?\", got no more", text)
    local port = text:match "port (%d+) tls stls cafile /%S+"
    assert.is_true(is_free(tonumber(port)))
  end)

  it("leaves no server when its program is killed", function()
    local dir <close> = beside "pop3_node.mjs"
    dir:write("it.mjs", [[
import { pop3Server } from "./pop3_node.mjs";
const pop3 = await pop3Server({ after() {} });
process.stdout.write(`${pop3.port}\n`, () => process.kill(process.pid, 9));
]])
    local status, text = run("cd " .. dir.path .. " && node it.mjs")
    assert.not_equal(0, status)
    assert.is_true(is_free(tonumber(text:match "^%d+")), text)
  end)

  it("says that the server did not start", function()
    local dir <close> = beside "pop3_node.mjs"
    dir:write("it.mjs", [[
import { pop3Server } from "./pop3_node.mjs";
await pop3Server({ after() {} }, "--preset", "none");
]])
    local status, text = run("cd " .. dir.path .. " && node it.mjs")
    assert.equal(1, status)
    assert.match("pop3 serve ended with status 2", text)
  end)
end)

describe("Pop3Extension.java", function()
  local JARS = "/usr/share/java/*"
  local function test(dir, class)
    return run(([[cd %s && javac -proc:none -Xlint:all,-path -Werror -cp '%s' \
      -d classes *.java && java -cp 'classes:%s' \
      org.junit.platform.console.ConsoleLauncher -c %s]]):format(dir, JARS, JARS,
                                                                class))
  end

  it("passes its own test", function()
    local dir <close> = beside "Pop3Extension.java"
    local status, text = test(dir.path, "Pop3ExtensionTest")
    assert.equal(0, status, text)
    assert.match("1 tests successful", text)
  end)

  it("shows why a test failed, and leaves no server", function()
    local dir <close> = beside "Pop3Extension.java"
    dir:write("BadTest.java", [[
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
class BadTest {
  @RegisterExtension Pop3Extension pop3 = new Pop3Extension("--user", "ann");
  @Test void fails() {
    pop3.ask("{\"do\": \"user\", \"user\": " + Pop3Extension.quoted("a \"\\b\t") + "}");
    System.out.println("port " + pop3.port());
    pop3.verify("STAT");
  }
}
]])
    local status, text = test(dir.path, "BadTest")
    assert.equal(1, status, text)
    assert.match('verify: command 1: expected \\"STAT\\", got no more', text)
    assert.is_true(is_free(text:match "port (%d+)"), text)
  end)
end)
