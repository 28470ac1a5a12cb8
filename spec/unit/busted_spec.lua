-- Assertions about a server, for busted.

require "pop3.busted"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local function server()
  local s = pop3.server.new { users = {
    u = { password = "pw", mail = { "A: b\r\n\r\n", "C: d\r\n\r\n" } } } }
  local t = talk.to(s)
  t:login()
  t:ask "DELE 1"
  t:ask "QUIT"
  t:rest()
  return s
end

local LINES = { "USER u", "PASS ***", "DELE 1", "QUIT" }

local function fails(pattern, fn)
  local ok, err = pcall(fn)
  assert.is_false(ok)
  assert.match(pattern, tostring(type(err) == "table" and err.message or err))
end

describe("assert.pop3", function()
  it("shows the received commands", function()
    local s = server()
    assert.pop3(s).received(LINES)
    assert.pop3(s).received "~^DELE"
    assert.pop3(s).received { never = "~^RETR", count = { DELE = 1 } }
    assert.pop3(s).has_not.received "~^RETR"
    fails("%- STAT", function()
      assert.pop3(s).received { "USER u", "PASS ***", "STAT", "DELE 1", "QUIT" }
    end)
    fails("nearest: command 3, \"DELE 1\"", function()
      assert.pop3(s).received "DELE 2"
    end)
    fails("and must not be", function()
      assert.pop3(s).has_not.received "~^DELE"
    end)
  end)

  it("counts commands and messages", function()
    local s = server()
    assert.pop3(s).counted("DELE", 1)
    assert.pop3(s).holds("u", 1)
    fails("DELE was received 1 times, expected 2", function()
      assert.pop3(s).counted("DELE", 2)
    end)
    fails("of u holds 1 messages, expected 2", function()
      assert.pop3(s).holds("u", 2)
    end)
    fails("DELE was received 1 times, which must not", function()
      assert.pop3(s).has_not.counted("DELE", 1)
    end)
    fails("holds 1 messages, which must not", function()
      assert.pop3(s).does_not.holds("u", 1)
    end)
    fails("no such user", function() assert.pop3(s).holds("x", 2) end)
    fails("no such user", function() assert.pop3(s).has_not.holds("x", 2) end)
  end)

  it("shows the spec's message first", function()
    local s = server()
    fails(": mine\nverify: command", function()
      assert.pop3(s).received("XX", "mine")
    end)
    fails(": mine\nDELE was received", function()
      assert.message("mine").pop3(s).counted("DELE", 2)
    end)
    fails(": mine\nthe maildrop", function()
      assert.pop3(s).holds("u", 2, "mine")
    end)
  end)

  it("blames the line of the spec", function()
    local s = server()
    local here = debug.getinfo(1, "l").currentline
    for i, fn in ipairs {
      function() assert.pop3(s).counted("DELE", 2) end,
      function() assert.pop3(s).received { {} } end,
      function() assert.pop3(s).counted("DELE") end,
      function() assert.pop3(s).has_not.counted(5, 1) end,
      function() assert.pop3(nil).received {} end,
      function() assert.received {} end,
      function() assert.pop3(s).holds("u", -1) end,
      function() assert.pop3(s).holds("x", 1) end,
      function() assert.pop3(s).has_not.received { nver = "x" } end,
    } do
      fails("busted_spec%.lua:" .. here + 1 + i .. ": ", fn)
    end
  end)

  it("has no outcome when the server cannot be asked", function()
    local run = pop3.server.new():fork()
    run:stop()
    fails("stopped", function() assert.pop3(run).has_not.received "X" end)
    fails("stopped", function() assert.pop3(run).has_not.counted("X", 1) end)
  end)

  it("works on a child process", function()
    local run <close> = pop3.server.new():fork()
    assert.pop3(run).received {}
    assert.pop3(run).counted("USER", 0)
  end)

  it("takes no misuse for an outcome", function()
    fails("the argument must be a server", function() assert.pop3(5).received {} end)
    fails("unknown option", function()
      assert.pop3(server()).has_not.received { nver = "x" }
    end)
    fails("the number of commands", function() assert.pop3(server()).counted("USER") end)
  end)

  it("tells of a handler that failed", function()
    local s = server()
    function s.on.CAPA() error "oops" end
    talk.to(s):ask "CAPA"
    fails("oops", function() assert.pop3(s).received "~^DELE" end)
    fails("oops", function() assert.pop3(s).has_not.received "XX" end)
  end)
end)
