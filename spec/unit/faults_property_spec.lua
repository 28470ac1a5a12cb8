-- Whatever goes wrong: the client ends with an answer or an error, in time, no
-- message is taken for whole that is not, and none is lost.

local mutate = require "spec.support.mutate"
local pop3 = require "pop3"

local MAIL = { "Subject: 1\r\n\r\n.one\r\n..two\r\n", "Subject: 2\r\n\r\n"
  .. ("line\r\n.\r\n"):rep(300) }

local CODES = { connect = true, timeout = true, closed = true, tls = true,
                auth = true, err = true, proto = true, limit = true,
                state = true, io = true }

local HOW = { "fin", "rst", "half" }
local UIDS = { "duplicate", "missing", "empty" }
local LINES = { "+OK", "-ERR [SYS/TEMP] no", "+OK 1 2", "", "* BYE" }
local BAD = { "expired", "not-yet-valid", "wrong-host", "untrusted",
              "self-signed", "weak-key" }
local VERBS = { "CAPA", "USER", "PASS", "AUTH", "STAT", "LIST", "UIDL", "RETR",
                "TOP", "DELE", "NOOP", "RSET", "UTF8", "LANG", "QUIT" }

-- Each effect of a reply, with a value at random.
local effects = {
  delay = function(r) return r(400) / 10 end,
  stall = function() return true end,
  drip = function(r) return { bytes = r(50), every = r(3) / 10 } end,
  slice = function(r) return r(30) end,
  cut = function(r)
    return { bytes = r(2) == 1 and r(3) * r(200) - 1 or nil,
             lines = r(2) == 1 and r(9) - 1 or nil, how = HOW[r(3)] }
  end,
  no_terminator = function() return true end,
  unstuffed = function() return true end,
  bare_lf = function() return true end,
  bare_cr = function() return true end,
  no_text = function() return true end,
  swap = function() return true end,
  uids = function(r) return UIDS[r(3)] end,
  wrong_size = function(r) return r(2000) - 1000 end,
  append = function(r) return ("-ERR x\r\n"):sub(1, r(8)) end,
  garbage = function(r) return { seed = r(99), bytes = r(300) } end,
  reply = function(r) return LINES[r(#LINES)] end,
}

-- What can happen to a handshake, and to a connection.
local handshakes = {
  cut = function(r) return { bytes = r(3000) - 1, how = HOW[r(3)] } end,
  alert = function() return true end,
  stall = function() return true end,
  delay = effects.delay,
  certificate = function(r) return BAD[r(#BAD)] end,
}
local connections = { refuse = function() return true end }

-- Where one strikes.
local selectors = {
  session = function(r) return r(2) end,
  user = function(r) return r(2) == 1 and "u" or "v" end,
  nth = function(r) return r(4) end,
  times = function(r) return r(3) end,
  state = function(r)
    return r(3) == 1 and "authorization" or "transaction"
  end,
  args = function(r) return ({ "^2$", "^1", "^$" })[r(3)] end,
  when = function(r)
    local odd = r(2)
    return function(session) return session.id % 2 == odd % 2 end
  end,
}

-- Names in an order that is always the same.
local function sorted(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function put(f, r, from)
  local names = sorted(from)
  local name = names[r(#names)]
  f[name] = from[name](r)
end

local function random_fault(r, tls)
  local f = {}
  if tls and r(4) == 1 then
    f.hook = "tls"
    put(f, r, handshakes)
  elseif r(8) == 1 then
    f.hook = "connect"
    put(f, r, r(4) == 1 and connections or effects)
    put(f, r, effects)
    f.swap = nil
  else
    f.verb = r(2) == 1 and "RETR" or VERBS[r(#VERBS)]
    for _ = 1, r(2) do put(f, r, effects) end
  end
  if f.slice then f.drip = nil end
  if f.bare_lf then f.bare_cr = nil end
  for _ = 1, r(3) - 1 do put(f, r, selectors) end
  if f.hook then f.state, f.args, f.user = nil, nil, nil end
  return f
end

-- What a message may be that the client took for whole, after a fault: nothing
-- else than what it is, but that
-- - no protocol could tell ("any"), when the octets or the replies are others;
-- - it is what another command was answered ("other"), whole, when replies are
--   not in their order.
local TAKEN = { unstuffed = "any", garbage = "any", reply = "any",
                bare_lf = "any", append = "other", swap = "other" }

local TOP = "Subject: 2\r\n\r\nline\r\n.\r\nline\r\n"  -- of the client below

-- Is it the start of a message that was to be whole?
local function is_short(octets)
  for _, mail in ipairs(MAIL) do
    if octets ~= mail and octets ~= TOP and mail:sub(1, #octets) == octets then
      return true
    end
  end
end

local function expected(faults)
  local what = "same"
  for _, f in ipairs(faults) do
    for name in pairs(f) do
      local w = TAKEN[name]
      if w == "any" or w == "other" and what == "same" then what = w end
      -- the next reply may stand where the last line of this one should, and
      -- with a fault that is cut off, or two, be anything
      if name == "no_terminator" then what = "any" end
    end
  end
  return what
end

local OPERATION = 60  -- seconds an operation may take

-- The ways to fetch messages.
local ways = {
  function(c, told, look)
    for n = 1, 2 do look(n, told(c:retr(n))) end
  end,
  function(c, told, look)
    for n = 1, 2 do
      local out = {}
      if told(c:retr(n, function(chunk)
        out[#out + 1] = chunk
        return 1
      end)) then look(n, table.concat(out)) end
    end
  end,
  function(c, told, look)
    local had = 0
    told(c:retr_many({ 1, 2 }, function(n, ...)
      had = had + 1
      look(n, told(...))
    end))
    assert.is_true(had <= 2)
  end,
  function(c, told, look)
    for m in told(c:messages()) or function() end do
      look(m.number, told(m:retr()))
    end
  end,
  function(c, told)
    told(c:top(2, 3))
  end,
}

-- One client: it does what people do. `told` gets what it says, `look` each
-- message that it takes for whole.
local function client(r, opts, told, look)
  local c = told(pop3.connect(opts))
  if not c then return nil end
  told(c:capa())
  told(c:utf8())
  told(c:stat())
  told(c:list())
  told(c:list(2))
  told(c:uidl())
  told(c:uidl(1))
  told(c:noop())
  told(c:lang())
  local first = r(#ways)
  for i = 0, #ways - 1 do ways[(first + i) % #ways + 1](c, told, look) end
  if r(4) == 1 then
    told(c:dele(2))
    if not told(c:rset()) then return c:close() end
  end
  local deleted = told(c:dele(1))
  if r(8) == 1 then return c:close() end
  return told(c:quit()), deleted
end

-- One run: two sessions of two users, one or two faults.
local function run(r, i, tls, wrap)
  local s = pop3.server.new {
    users = { u = { password = "pw", mail = MAIL },
              v = { password = "pw", mail = MAIL } },
    tls = tls and "auto" or nil, implicit = tls == "implicit",
    mechs = ({ {}, { "PLAIN" }, { "LOGIN", "CRAM-MD5" } })[r(3)],
  }
  local faults = {}
  for n = 1, r(2) do
    faults[n] = random_fault(r, tls)
    s:fault(faults[n])
  end
  local sure = expected(faults)
  local calls = 0
  local function told(value, message, code)
    calls = calls + 1
    if value ~= nil then return value end
    assert.is_string(message)
    assert.is_true(CODES[code], tostring(code))
  end
  local function look(n, octets)
    if octets == nil or sure == "any" then return end
    local whole = octets == MAIL[n] or sure == "other" and not is_short(octets)
    assert.is_true(whole, ("run %d: message %d is not what it was"):format(i, n))
  end
  for number, user in ipairs { "u", "v" } do
    local opts = { transport = s:loopback(), user = user, password = "pw",
      insecure = true, timeout = { io = 20, total = OPERATION },
      tls = tls or "none", host = "localhost", cafile = s.cafile }
    if wrap then wrap(opts) end
    local start, before = s:now(), calls
    local confirmed, deleted = client(r, opts, told, look)
    -- the greeting, TLS, and the login are several in one call
    assert.is_true(s:now() - start <= OPERATION * (calls - before + 8))
    s:advance(601)  -- whoever is left is gone
    local left = assert(s:mailbox(user))
    assert.is_true(#left == 2 or #left == 1 and left[1] == MAIL[2]
                   or #left == 1 and sure ~= "same" and left[1] == MAIL[1]
                   or #left == 0 and sure ~= "same",
                   ("run %d: mail is lost"):format(i))
    if #left < 2 then
      assert.is_true(s:count "DELE" > 0 and s:count "QUIT" >= 1)
    end
    if confirmed and deleted and sure == "same" then
      assert.equal(1, #left, ("run %d, session %d"):format(i, number))
    end
  end
  for _, f in ipairs(faults) do
    if f.hook == "tls" and (f.certificate or f.alert) and not f.session
       and not (f.nth or f.times or f.when) then
      assert.equal(0, s:count "USER" + s:count "AUTH")
    end
  end
end

describe("whatever goes wrong", function()
  for _, tls in ipairs { "none", "stls", "implicit" } do
    it("there is an answer or an error, and no mail is lost or short: "
       .. tls, function()
      local r = mutate.random(5)
      for i = 1, tls == "none" and 800 or 100 do
        run(r, i, tls ~= "none" and tls)
      end
    end)
  end

  -- A client that takes the end of the link, or of its patience, for the end of a
  -- message.
  local function careless(why)
    return function(opts)
      local link, over = opts.transport, false
      opts.transport = setmetatable({ receive = function(_, max)
        local octets, err = link:receive(max)
        if octets or err ~= why or over then return octets, err end
        over = true
        return "\r\n.\r\n"
      end }, { __index = function(_, name)
        local value = link[name]
        if type(value) ~= "function" then return value end
        return function(_, ...) return value(link, ...) end
      end })
    end
  end

  for _, why in ipairs { "closed", "timeout" } do
    it("is noticed in a client that takes what is short for whole: " .. why,
       function()
      local r = mutate.random(5)
      local ok, err = pcall(function()
        for i = 1, 1000 do run(r, i, nil, careless(why)) end
      end)
      assert.is_false(ok)
      assert.match("message %d is not what it was", err.message or err)
    end)
  end

  it("all that there is of faults is tried", function()
    local names = {}
    for _, from in ipairs { effects, handshakes, connections, selectors,
                            { verb = true, hook = true } } do
      for name in pairs(from) do names[name] = true end
    end
    local _, message = pcall(function()
      pop3.server.new { faults = { { nonsense = true } } }
    end)
    local known = message:match "known: (.*)%)"
    assert.equal(table.concat(sorted(names), ", "), known)
  end)
end)
