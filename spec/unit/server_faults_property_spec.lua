-- Under every fault, the client ends with an answer or an error, in time; it takes no
-- partial message for whole, and loses none.

local fault = require "pop3.server.fault"
local faults = require "spec.support.faults"
local helper = require "spec.helper"
local mutate = require "spec.support.mutate"
local place = require "pop3.server.fault.place"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = { "Subject: 1\r\n\r\n.one\r\n..two\r\n", "Subject: 2\r\n\r\n"
  .. ("line\r\n.\r\n"):rep(300) }

local CODES = { connect = true, timeout = true, closed = true, tls = true,
                auth = true, err = true, proto = true, limit = true,
                state = true, io = true }

local LINES = { "+OK", "-ERR [SYS/TEMP] no", "+OK 1 2", "", "* BYE" }
local VERBS = { "CAPA", "USER", "PASS", "AUTH", "STAT", "LIST", "UIDL", "RETR",
                "TOP", "DELE", "NOOP", "RSET", "UTF8", "LANG", "QUIT" }

-- Values that are chosen here: lines that a client takes for a reply of its own,
-- and octets that no client can take for one.
local function chosen(from)
  if from.reply then from.reply = function(r) return LINES[r(#LINES)] end end
  if from.append then
    from.append = function(r) return ("-ERR x\r\n"):sub(1, r(8)) end
  end
  return from
end

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

-- Take out what does not go together.
local function fit(f)
  for _, row in ipairs(fault.effects) do
    if row.with and f[row.name] then f[row.with] = nil end
    if row.needs_verb and f.hook then f[row.name] = nil end
  end
  if f.slice then f.drip = nil end
end

local function random_fault(r, tls)
  local f, effects = {}, chosen(faults.effects_at "reply")
  if tls and r(4) == 1 then
    f.hook = "tls"
    put(f, r, faults.effects_at "handshake")
  elseif r(8) == 1 then
    f.hook = "connect"
    put(f, r, r(4) == 1 and faults.effects_at "connection" or effects)
    put(f, r, effects)
  else
    f.verb = r(2) == 1 and "RETR" or VERBS[r(#VERBS)]
    for _ = 1, r(2) do put(f, r, effects) end
  end
  fit(f)
  for _ = 1, r(3) - 1 do put(f, r, selectors) end
  if f.hook then f.state, f.args, f.user = nil, nil, nil end
  return f
end

-- What a message may be that the client took for whole, after a fault: nothing
-- else than what it is, but that
-- - no protocol could tell ("any"), when the octets or the replies are others;
-- - it is the whole reply to another command ("other"), when replies are
--   not in their order.
local TAKEN = { unstuffed = "any", garbage = "any", reply = "any",
                bare_lf = "any", append = "other", swap = "other" }

local TOP = "Subject: 2\r\n\r\nline\r\n.\r\nline\r\n"  -- of the client below

-- Is it the start of a message that should be whole?
local function is_short(octets)
  for _, mail in ipairs(MAIL) do
    if octets ~= mail and octets ~= TOP and mail:sub(1, #octets) == octets then
      return true
    end
  end
end

local function expected(given)
  local what = "same"
  for _, f in ipairs(given) do
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

-- One client with a usual session. `told` gets its results, `look` each
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
  local given = {}
  for n = 1, r(2) do
    given[n] = random_fault(r, tls)
    s:fault(given[n])
  end
  local sure = expected(given)
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
  for _, f in ipairs(given) do
    if f.hook == "tls" and (f.certificate or f.alert) and not f.session
       and not (f.nth or f.times or f.when) then
      assert.equal(0, s:count "USER" + s:count "AUTH")
    end
  end
end

describe("for every fault", function()
  for _, tls in ipairs { "none", "stls", "implicit" } do
    it("there is an answer or an error, and no mail is lost or short: "
       .. tls, function()
      local count, most = 800, 20
      if tls ~= "none" then count, most = 100, 3 end
      for i in helper.sweep(1, count, most) do
        run(mutate.random(5000 + i), i, tls ~= "none" and tls)
      end
    end)
  end

  -- A client that takes the end of the link, or its time-out, for the end of a
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

  for _, why in ipairs(helper.some({ "closed", "timeout" }, 1)) do
    it("is noticed in a client that takes a partial message for whole: " .. why,
       function()
      local r = mutate.random(5)
      local ok, err = pcall(function()
        for i = 1, 1000 do run(r, i, nil, careless(why)) end
      end)
      assert.is_false(ok)
      assert.match("message %d is not what it was", err.message or err)
    end)
  end

  it("all fields that select a reply are tried", function()
    local names = { "hook", "verb" }
    for name in pairs(selectors) do names[#names + 1] = name end
    local known = {}
    for i, row in ipairs(place.fields) do known[i] = row.name end
    table.sort(names)
    table.sort(known)
    assert.same(known, names)
  end)
end)

local function raises(text, f)
  local ok, err = pcall(f)
  assert.is_false(ok)
  assert.equal(text, err)
end

describe("each effect", function()
  it("shows at each of its places", function()
    faults.check_all_show(mutate.random(7))
  end)

  it("that does nothing is noticed, at every place", function()
    for where, value in pairs { reply = { type = "boolean" },
                                handshake = { type = "integer", least = 0 },
                                connection = { type = "string" } } do
      local called = 0
      local row = { name = "idle", value = value, at = { where }, text = "Idle.",
                    rewrite = function() called = called + 1 end }
      faults.with_effect(row, function()
        raises("the effect idle does nothing: " .. where, function()
          faults.check_all_show(mutate.random(7))
        end)
      end)
      assert.is_true(where ~= "reply" or called > 0)
    end
  end)

  it("that does nothing at one of its places is noticed", function()
    local row = { name = "halfway", value = { type = "boolean" },
                  at = { "reply", "handshake" }, text = "Half of it.",
                  rewrite = function(parts) parts.after = "!" end }
    faults.with_effect(row, function()
      raises("the effect halfway does nothing: handshake", function()
        faults.check_all_show(mutate.random(7))
      end)
    end)
  end)
end)

-- An effect in one row: the status line in capitals.
local function loud(calls)
  return { name = "loud", value = { type = "boolean" }, at = { "reply" },
           text = "The status line is in capitals.",
           rewrite = function(parts)
             calls.n = calls.n + 1
             parts.head = parts.head:upper()
           end }
end

describe("an effect that is added as a row", function()
  local function ready(s) return (talk.to(s).greeting) end

  it("is taken by the server, a handler and a run", function()
    faults.with_effect(loud { n = 0 }, function()
      local s = pop3.server.new { faults = { { hook = "connect", loud = true } } }
      assert.equal("+OK LPOP3 READY", ready(s))
      s = pop3.server.new {}
      s:fault { session = 1, loud = true }
      assert.equal("+OK LPOP3 READY", ready(s))
      s = pop3.server.new {}
      function s.on.connect(session)
        session:fault { loud = true }
        return s.default.connect(session)
      end
      assert.equal("+OK LPOP3 READY", ready(s))
      local child <close> = pop3.server.new {}:fork()
      assert(child:fault { loud = true })
      assert.equal("+OK LPOP3 READY", talk.tcp(child.port).greeting)
    end)
    helper.misuse("unknown option 'loud'", function()
      pop3.server.new { faults = { { loud = true } } }
    end)
  end)

  it("is taken by the control requests", function()
    local requests = require "pop3.server.control.requests"
    local s = pop3.server.new {}
    local line = '{"do": "fault", "fault": {"loud": true}}'
    faults.with_effect(loud { n = 0 }, function()
      assert.match('"ok":true', (requests.answer({ server = s }, {}, line)))
      assert.equal("+OK LPOP3 READY", ready(s))
    end)
    assert.match("unknown option 'loud'",
                 (requests.answer({ server = s }, {}, line)))
  end)

  it("is checked by its shape, and by its place", function()
    local row = loud { n = 0 }
    row.value = { type = "integer", least = 3, unit = "octets" }
    row.with = "append"
    faults.with_effect(row, function()
      for message, f in pairs {
        ["loud must be an integer of 3 or more, not 2"] = { loud = 2 },
        ["option 'loud' must be an integer"] = { loud = true },
        ["give either loud or append"] = { loud = 3, append = "x" },
        ["loud does not apply to the hook tls"] = { hook = "tls", loud = 3 },
      } do
        helper.misuse(message, function()
          local s = pop3.server.new { tls = "auto" }
          s:fault(f)
        end)
      end
    end)
  end)

  it("is tried by the property above", function()
    local calls = { n = 0 }
    faults.with_effect(loud(calls), function()
      faults.check_all_show(mutate.random(7))
      local shown = calls.n
      assert.is_true(shown > 0)
      local r = mutate.random(11)
      for i = 1, 150 do run(r, i) end
      assert.is_true(calls.n > shown)
    end)
  end)

  it("is described by its shape", function()
    local shape = require "pop3.server.fault.shape"
    assert.equal("true", shape.describe(loud({}).value))
    assert.equal("integer of octets, 3 or more", shape.describe {
      type = "integer", least = 3, unit = "octets" })
    assert.equal('table: `a`: number of seconds, more than 0 (1); '
                 .. '`b`: "x", "y" or "z"', shape.describe {
      type = "table", fields = {
        { "a", { type = "number", above = 0, unit = "seconds", default = 1 } },
        { "b", { type = "choice", "x", "y", "z" } } } })
  end)
end)
