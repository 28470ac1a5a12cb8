-- Whatever goes wrong: the client ends with an answer or an error, no message is
-- taken for whole that is not, and none is lost.

local mutate = require "spec.support.mutate"
local pop3 = require "pop3"

local MAIL = { "Subject: 1\r\n\r\n.one\r\n..two\r\n", "Subject: 2\r\n\r\n"
  .. ("line\r\n.\r\n"):rep(300) }

local CODES = { connect = true, timeout = true, closed = true, tls = true,
                auth = true, err = true, proto = true, limit = true,
                state = true, io = true }

local HOW = { "fin", "rst", "half" }
local UIDS = { "duplicate", "missing", "empty" }

local effects = {
  function(r) return "delay", r(400) / 10 end,
  function() return "stall", true end,
  function(r) return "drip", { bytes = r(50), every = r(3) / 10 } end,
  function(r) return "slice", r(30) end,
  function(r) return "cut", { bytes = r(200) - 1, how = HOW[r(3)] } end,
  function(r) return "cut", { lines = r(9) - 1, how = HOW[r(3)] } end,
  function() return "no_terminator", true end,
  function() return "unstuffed", true end,
  function() return "bare_lf", true end,
  function() return "bare_cr", true end,
  function() return "no_text", true end,
  function() return "swap", true end,
  function(r) return "uids", UIDS[r(3)] end,
  function(r) return "wrong_size", r(2000) - 1000 end,
  function(r) return "append", ("-ERR x\r\n"):sub(1, r(8)) end,
  function(r) return "garbage", { seed = r(99), bytes = r(300) } end,
  function() return "reply", "+OK" end,
  function() return "reply", "-ERR [SYS/TEMP] no" end,
}

-- Those after which octets that no protocol could tell apart may come.
local ALTERS = { unstuffed = true, bare_lf = true, garbage = true, reply = true,
                 append = true, swap = true }

-- What can happen to a handshake, and before the greeting.
local BAD = { "expired", "not-yet-valid", "wrong-host", "untrusted",
              "self-signed" }

local handshakes = {
  function(r) return "cut", { bytes = r(3000) - 1, how = HOW[r(3)] } end,
  function() return "alert", true end,
  function() return "stall", true end,
  function(r) return "delay", r(400) / 10 end,
  function(r) return "certificate", BAD[r(#BAD)] end,
}

local VERBS = { "CAPA", "USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "DELE",
                "NOOP", "QUIT" }

local function random_fault(r, tls)
  if tls and r(4) == 1 then
    local name, value = handshakes[r(#handshakes)](r)
    return { hook = "tls", [name] = value }
  elseif r(12) == 1 then
    return { hook = "connect", refuse = r(2) == 1 or nil, no_text = true,
             delay = r(300) / 10 }
  end
  local f = { verb = VERBS[r(#VERBS)], nth = r(2) }
  for _ = 1, r(2) do
    local name, value = effects[r(#effects)](r)
    f[name] = value
  end
  if f.slice then f.drip = nil end
  if f.bare_lf then f.bare_cr = nil end
  f.state = ({ nil, "authorization", "transaction" })[r(9)]
  if f.verb == "RETR" and r(3) == 1 then f.args = "^2$" end
  return f
end

local function fine(value, message, code)
  if value ~= nil then return true end
  assert.is_string(message)
  assert.is_true(CODES[code], tostring(code))
  return false
end

-- One run: a client does what people do; what it was told of the mail is true.
local function run(r, i, tls)
  local s = pop3.server.new {
    users = { u = { password = "pw", mail = MAIL } },
    tls = tls and "auto" or nil, implicit = tls == "implicit",
  }
  local f = random_fault(r, tls)
  s:fault(f)
  local alters = false
  for name in pairs(f) do alters = alters or ALTERS[name] end
  local function taken(n, ...)
    if fine(...) then
      assert.is_true(alters or ... == MAIL[n],
        ("run %d: message %d is not what it was"):format(i, n))
    end
  end
  local c, message, code = pop3.connect { transport = s:loopback(),
    user = "u", password = "pw", insecure = true, timeout = 20,
    tls = tls or "none", host = "localhost", cafile = s.cafile }
  if f.certificate or f.alert then
    assert.equal("tls", code)
    assert.equal(0, s:count "USER")
  end
  local deleted, confirmed = nil, false
  if fine(c, message, code) then
    fine(c:stat())
    fine(c:list())
    local uids = table.pack(c:uidl())
    if fine(table.unpack(uids, 1, 3)) and not alters then
      for n, uid in pairs(uids[1]) do
        assert.is_true(uid == "lpop3." .. n or f.uids ~= nil)
      end
    end
    for n = 1, 2 do taken(n, c:retr(n)) end
    local had = {}
    fine(c:retr_many({ 1, 2 }, function(n, ...)
      had[#had + 1] = n
      taken(n, ...)
    end))
    assert.is_true(#had <= 2)
    deleted = (c:dele(1))
    confirmed = fine(c:quit())
  end
  local left = assert(s:mailbox "u")
  assert.is_true(#left == 2 or #left == 1 and left[1] == MAIL[2])
  if #left == 1 then assert.is_true(s:count "DELE" > 0) end
  if confirmed and deleted and not alters then
    assert.equal(1, #left, "run " .. i)
  end
end

describe("whatever goes wrong", function()
  for _, tls in ipairs { "none", "stls", "implicit" } do
    it("there is an answer or an error, and no mail is lost or short: "
       .. tls, function()
      local r = mutate.random(5)
      for i = 1, tls == "none" and 1500 or 150 do
        run(r, i, tls ~= "none" and tls)
      end
    end)
  end
end)
