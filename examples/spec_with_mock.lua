-- A busted spec that tests a mail program against a server that misbehaves.
--
--   busted --lua=lua5.4 examples/spec_with_mock.lua
--
-- The program under test is curl here; put yours in its place. It can be written in
-- any language: it connects to a port of this machine.

local pop3 = require "pop3"

local MESSAGE = "From: ann@example.org\r\nSubject: hi\r\n\r\n.dot\r\nbye\r\n"

local function server()
  return pop3.server.new {
    users = { mrose = { password = "secret", mail = { MESSAGE, MESSAGE } } },
  }
end

-- Fetch one message. Returns the octets, and whether the program succeeded.
local function client_under_test(port, n)
  local command = ("curl -s --max-time 60 --user mrose:secret "
                   .. "pop3://127.0.0.1:%d/%d"):format(port, n)
  local pipe = assert(io.popen(command))
  local octets = pipe:read "a"
  return octets, (pipe:close()) == true
end

describe("my mail program", function()
  it("fetches a message as it is", function()
    local run <close> = server():fork()
    local octets, content = client_under_test(run.port, 1)
    assert.equal(MESSAGE, octets)
    assert.is_true(content)
    run:verify { "CAPA", "USER mrose", "PASS ***", "RETR 1", "QUIT" }
  end)

  it("says so when the server cannot deliver", function()
    local s = server()
    function s.on.RETR(session) return session:err("disk on fire", "SYS/TEMP") end
    local run <close> = s:fork()
    local octets, content = client_under_test(run.port, 1)
    assert.equal("", octets)
    assert.is_false(content)
  end)

  it("says so when it is not let in, and fetches nothing", function()
    local s = server()
    s:fault { verb = "PASS", reply = "-ERR [AUTH] wrong password" }
    local run <close> = s:fork()
    local octets, content = client_under_test(run.port, 1)
    assert.equal("", octets)
    assert.is_false(content)
    assert.equal(0, run:count "RETR")
  end)

  it("copes with a reply that comes in pieces", function()
    local s = server()
    s:fault { verb = "RETR", drip = { bytes = 7, every = 0.001 } }
    local run <close> = s:fork()
    assert.equal(MESSAGE, (client_under_test(run.port, 2)))
  end)
end)
