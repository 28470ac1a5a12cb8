-- Whatever goes wrong: the client ends with an answer or an error, no message is
-- taken for whole that is not, and none is lost.

local mutate = require "spec.support.mutate"
local pop3 = require "pop3"

local MAIL = { "Subject: 1\r\n\r\n.one\r\n..two\r\n", "Subject: 2\r\n\r\n"
  .. ("line\r\n.\r\n"):rep(300) }

local CODES = { connect = true, timeout = true, closed = true, tls = true,
                auth = true, err = true, proto = true, limit = true,
                state = true, io = true }

local effects = {
  function(r) return "delay", r(400) / 10 end,
  function() return "stall", true end,
  function(r) return "drip", { bytes = r(50), every = r(3) / 10 } end,
  function(r) return "slice", r(30) end,
  function(r) return "cut", { bytes = r(200) - 1, how = r(2) == 1 and "rst" } end,
  function(r) return "cut", { lines = r(9) - 1 } end,
  function() return "no_terminator", true end,
  function() return "unstuffed", true end,
  function() return "bare_lf", true end,
  function(r) return "wrong_size", r(2000) - 1000 end,
  function(r) return "append", ("-ERR x\r\n"):sub(1, r(8)) end,
  function(r) return "garbage", { seed = r(99), bytes = r(300) } end,
  function() return "reply", "+OK" end,
  function() return "reply", "-ERR [SYS/TEMP] no" end,
}

-- Those after which octets that no protocol could tell apart may come.
local ALTERS = { unstuffed = true, bare_lf = true, garbage = true, reply = true,
                 append = true }

local VERBS = { "CAPA", "USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "DELE",
                "NOOP", "QUIT" }

local function random_fault(r)
  local f = { verb = VERBS[r(#VERBS)], nth = r(2) }
  for _ = 1, r(2) do
    local name, value = effects[r(#effects)](r)
    if type(value) == "table" and value.how == false then value.how = nil end
    f[name] = value
  end
  if f.slice then f.drip = nil end
  return f
end

local function fine(value, message, code)
  if value ~= nil then return true end
  assert.is_string(message)
  assert.is_true(CODES[code], tostring(code))
  return false
end

describe("whatever goes wrong", function()
  it("there is an answer or an error, and no mail is lost or short", function()
    local r = mutate.random(5)
    for i = 1, 600 do
      local s = pop3.server.new { users = { u = { password = "pw",
                                                  mail = MAIL } } }
      local f = random_fault(r)
      s:fault(f)
      local alters = false
      for name in pairs(f) do alters = alters or ALTERS[name] end
      local done = {}
      local c, message, code = pop3.connect { transport = s:loopback(),
        user = "u", password = "pw", insecure = true, timeout = 20 }
      local confirmed = false
      if fine(c, message, code) then
        fine(c:stat())
        fine(c:list())
        fine(c:uidl())
        for n = 1, 2 do
          local octets = table.pack(c:retr(n))
          if fine(table.unpack(octets, 1, 3)) then
            assert.is_true(alters or octets[1] == MAIL[n],
              ("run %d: message %d is not what it was"):format(i, n))
          end
        end
        done[1] = (c:dele(1))
        local quit = table.pack(c:quit())
        confirmed = fine(table.unpack(quit, 1, 3))
      end
      local left = assert(s:mailbox "u")
      assert.is_true(#left == 2 or #left == 1 and left[1] == MAIL[2])
      if #left == 1 then assert.is_true(s:count "DELE" > 0) end
      if confirmed and done[1] and not alters then
        assert.equal(1, #left, "run " .. i)
      end
    end
  end)
end)
