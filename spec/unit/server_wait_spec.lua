-- Handlers that wait, for time to pass or for a response, where that cannot be.

local pop3 = require "pop3"
local talk = require "spec.support.talk"

local function server()
  return pop3.server.new { users = { u = { password = "pw", mail = {} } } }
end

describe("a handler", function()
  it("that waits in a session which has ended is closed", function()
    for _, wait in ipairs {
      function(session) session:challenge "who?" end,
      function(session) session:sleep(5) end,
      function() coroutine.yield() end,
    } do
      local s, began, closed, after = server(), 0, 0, 0
      local t = talk.inside(s)
      function s.on.NOOP(session)
        local _ <close> = setmetatable({}, { __close = function()
          closed = closed + 1
        end })
        began = began + 1
        t.transport:close()
        assert.equal("closed", session.state)
        wait(session)
        after = after + 1
      end
      t:send "NOOP\r\nSTAT\r\n"
      s:advance(60)
      assert.same({ 1, 1, 0 }, { began, closed, after })
      assert.same({}, s.errors)
      s.on.NOOP = nil
      assert.equal("+OK", talk.inside(s):ask "NOOP")
    end
  end)

  it("that has no octets for a challenge has made an error", function()
    for _, octets in ipairs { false, true, {}, { {} }, print } do
      local s = server()
      function s.on.NOOP(session)
        session:challenge(octets or nil)
        return session:ok "not reached"
      end
      local t = talk.inside(s)
      assert.equal("-ERR [SYS/TEMP] the handler failed", t:ask "NOOP")
      assert.equal("+OK 0 0", t:ask "STAT")
      assert.equal(1, #s.errors)
      assert.match("server_wait_spec.lua:%d+: challenge: the octets must be a string",
                   tostring(s.errors[1]))
    end
  end)
end)
