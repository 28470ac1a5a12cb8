-- Many messages in one call.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

local fails, multi = helper.fails, helper.multi

local CAPA = { "CAPA", multi("", "PIPELINING\r\n") }
local NO_CAPA = { "CAPA", multi("", "TOP\r\n") }
local NOOP = { "NOOP", "+OK" }

local function body(n) return ("message %d\r\n"):format(n) end

local function retr(n) return { "RETR " .. n, multi("", body(n)) } end

-- 1 to 'count', and a script that starts with 'capa' and has them all.
local function script(count, capa)
  local numbers, steps = {}, { capa }
  for n = 1, count do numbers[n], steps[n + 1] = n, retr(n) end
  return numbers, steps
end

-- A function for retr_many, and its arguments of each call.
local function listener()
  local told = {}
  return function(n, octets, message, code, reply)
    if not octets then fails(code, octets, message, code, reply) end
    told[#told + 1] = { n, octets or code }
  end, told
end

describe("retr_many", function()
  it("reports each message in the order of the list", function()
    local s = helper.login { CAPA, retr(3), retr(1), retr(3), NOOP }
    local fn, told = listener()
    assert.same({ 3 }, { s:retr_many({ 3, 1, 3 }, fn) })
    assert.same({ { 3, body(3) }, { 1, body(1) }, { 3, body(3) } }, told)
    assert.is_true(s:noop())
  end)

  it("of no message returns 0, and nothing is sent", function()
    local s, peer = helper.login {}
    assert.are.equal(0, s:retr_many({}, error))
    assert.are.equal(2, #peer.got)
  end)

  it("of one message asks for no capabilities", function()
    local s = helper.login { retr(7) }
    assert.are.equal(1, s:retr_many({ 7 }, (listener())))
  end)

  it("takes a function or a callable object", function()
    local s, got = helper.login { retr(1) }, nil
    assert.are.equal(1, s:retr_many({ 1 }, setmetatable({}, {
      __call = function(_, n) got = n end })))
    assert.are.equal(1, got)
  end)

  it("goes on after an -ERR, and reports it", function()
    local s = helper.login { CAPA, retr(1), { "RETR 2", "-ERR [X] gone" },
                             retr(3), NOOP }
    local replies, told = {}, {}
    assert.are.equal(2, s:retr_many({ 1, 2, 3 }, function(n, octets, _, code, r)
      told[n], replies[n] = octets or code, r
    end))
    assert.same({ body(1), "err", body(3) }, told)
    assert.same({ [2] = { text = "gone", code = "X" } }, replies)
    assert.is_true(s:noop())
  end)

  it("goes on after a message beyond the limit, and reports it", function()
    local s = helper.login({ CAPA, retr(1),
      { "RETR 2", multi("", ("x"):rep(500) .. "\r\n") }, retr(3), NOOP },
      nil, { limits = { message = 100 } })
    local fn, told = listener()
    assert.are.equal(2, s:retr_many({ 1, 2, 3 }, fn))
    assert.same({ { 1, body(1) }, { 2, "limit" }, { 3, body(3) } }, told)
    assert.is_true(s:noop())
  end)

  it("reports every message that a lost link prevented", function()
    for code, ending in pairs { closed = "closed", timeout = "timeout" } do
      for _, capa in ipairs { CAPA, NO_CAPA } do
        local numbers, steps = script(100, capa)
        local s, peer = helper.login(steps, {
          stop = helper.LOGIN_OCTETS + #capa[2] + 20 * #retr(1)[2] + 5,
          ending = ending })
        local fn, told = listener()
        fails(code, s:retr_many(numbers, fn))
        assert.are.equal(100, #told)
        for n = 1, 100 do
          assert.are.equal(n, told[n][1])
          if n < 18 then assert.are.equal(body(n), told[n][2])
          elseif n > 20 then assert.are.equal(code, told[n][2]) end
        end
        assert.are.equal(1, peer.closed)
      end
    end
  end)

  it("reports every message when no command could be sent", function()
    local s = helper.connect(helper.peer { "+OK" })
    local fn, told = listener()
    fails("state", s:retr_many({ 1, 2 }, fn))
    assert.same({ { 1, "state" }, { 2, "state" } }, told)
    local t, peer = helper.login { { "CAPA", { helper.CLOSED } } }
    fn, told = listener()
    fails("closed", t:retr_many({ 1, 2 }, fn))
    assert.same({ { 1, "closed" }, { 2, "closed" } }, told)
    assert.are.equal(3, #peer.got)
  end)
end)

describe("pipelining", function()
  it("sends many commands before the first reply, at most 64", function()
    local numbers, steps = script(500, CAPA)
    local s, peer = helper.login(steps)
    assert.are.equal(500, s:retr_many(numbers, (listener())))
    assert.is_true(peer.most > 16)
    assert.is_true(peer.most <= 64)
  end)

  it("keeps the window bounded where replies come octet by octet", function()
    local numbers, steps = script(200, CAPA)
    local s, peer = helper.login(steps, { chunk = 1 })
    local fn, told = listener()
    assert.are.equal(200, s:retr_many(numbers, fn))
    assert.are.equal(200, #told)
    assert.is_true(peer.most <= 64)
  end)

  it("is not used when the server does not announce it", function()
    for _, capa in ipairs { NO_CAPA, { "CAPA", "-ERR" } } do
      local numbers, steps = script(50, capa)
      local s, peer = helper.login(steps)
      assert.are.equal(50, s:retr_many(numbers, (listener())))
      assert.are.equal(1, peer.most)
    end
  end)

  it("works with a transport that takes a few octets at a time", function()
    local numbers, steps = script(150, CAPA)
    local s = helper.login(steps, { accept = 3 })
    assert.are.equal(150, s:retr_many(numbers, (listener())))
  end)

  it("does not deadlock when the buffers of the link are full", function()
    -- the server writes 50 MB before it reads the second command
    local octets = ("0123456789abcde\r\n"):rep(60000)
    local reply = multi("", octets)
    local fd, server <close> = helper.fork(function(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, CAPA[2])
      helper.hear(fd)
      for _ = 1, 50 do helper.say(fd, reply) end
      pcall(helper.hear, fd, 100)
    end)
    local s <close> = assert(helper.connect(fd:detach(), { timeout = helper.PATIENCE }))
    assert(s:command "PASS x")
    local numbers = {}
    for n = 1, 50 do numbers[n] = n end
    assert.are.equal(50, s:retr_many(numbers, function(_, got)
      assert.are.equal(#octets, #got)
    end))
    assert.is_table(server)
  end)

  it("does not deadlock when neither side reads for a while", function()
    -- small buffers: a peer that answers a command only when it has read it,
    -- and reads only when its answer is gone
    local fd, server <close> = helper.fork(function(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, "+OK\r\n")
      helper.hear(fd)
      helper.say(fd, CAPA[2])
      local left = ""
      for n = 1, 300 do
        while not left:find "\n" do
          local more = fd:read(7)
          if more then left = left .. more
          else core.poll(fd:getfd(), "r") end
        end
        left = left:match "\n(.*)"
        helper.say(fd, multi("", (body(n)):rep(5000)))
      end
      pcall(helper.hear, fd)
    end)
    local s <close> = assert(helper.connect(fd:detach(), { timeout = helper.PATIENCE }))
    assert(s:command "PASS x")
    local numbers, ok = {}, 0
    for n = 1, 300 do numbers[n] = n end
    assert.are.equal(300, s:retr_many(numbers, function(n, got)
      if got == body(n):rep(5000) then ok = ok + 1 end
    end))
    assert.are.equal(300, ok)
    assert.is_table(server)
  end)

  it("works with our own server", function()
    local mail = {}
    for n = 1, 300 do mail[n] = "Subject: " .. n .. "\r\n\r\n.body\r\n" end
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = mail } } }
    local s <close> = assert(pop3.connect { transport = server:loopback(),
                                            user = "mrose",
                                            password = "secret" })
    local numbers = {}
    for n = 1, 300 do numbers[n] = n end
    local count = 0
    assert.are.equal(300, s:retr_many(numbers, function(n, octets)
      count = count + 1
      assert.are.equal(mail[n], octets)
    end))
    assert.are.equal(300, count)
  end)
end)

describe("within the function", function()
  it("the session answers code state, and the other messages come", function()
    local s, peer = helper.login { CAPA, retr(1), retr(2), retr(3), NOOP }
    local count = s:retr_many({ 1, 2, 3 }, function(n)
      fails("state", s:noop())
      fails("state", s:dele(n))
      fails("state", s:save(n, "/tmp/never"))
      fails("state", s:retr_many({ 1, 2 }, function() end))
      fails("state", s:quit())
      fails("state", s:messages())
    end)
    assert.are.equal(3, count)
    assert.are.equal(6, #peer.got)
    assert.is_true(s:noop())
  end)

  it("an error is raised, and the session stays usable", function()
    for nth = 1, 3 do
      local s = helper.login { CAPA, retr(1), retr(2), retr(3), NOOP, retr(5) }
      local oops = {}
      local ok, err = pcall(s.retr_many, s, { 1, 2, 3 }, function(n)
        if n == nth then error(oops) end
      end)
      assert.same({ false, oops }, { ok, err })
      assert.is_true(s:noop())
      assert.are.equal(body(5), s:retr(5))
    end
  end)

  it("an error discards no more than the drain", function()
    local big = multi("", ("x"):rep(998) .. "\r\n")
    local steps = { CAPA, retr(1), { "RETR 2", big }, { "RETR 3", big }, NOOP }
    local function play(drain)
      local s = helper.login(steps, {
        split = helper.LOGIN_OCTETS + #CAPA[2] + #retr(1)[2] },
        { limits = { drain = drain } })
      assert.is_false(pcall(s.retr_many, s, { 1, 2, 3 }, error))
      return s
    end
    assert.is_true(play(2000):noop())
    local s = play(1999)
    fails("limit", s:noop())
    fails("closed", s:noop())
  end)

  it("closing the session ends it, also when more replies have come", function()
    for _, name in ipairs { "close", "cancel" } do
      for nth = 1, 3 do
        local s, peer = helper.login { CAPA, retr(1), retr(2), retr(3) }
        local told, expected = {}, {}
        for n = 1, 3 do expected[n] = n <= nth and "octets" or "closed" end
        local count, _, code = s:retr_many({ 1, 2, 3 }, function(n, octets, _, why)
          told[n] = octets and "octets" or why
          if n == nth then s[name](s) end
        end)
        assert.same(expected, told)
        if nth < 3 then assert.same({ nil, "closed" }, { count, code })
        else assert.are.equal(3, count) end
        if name == "close" then assert.are.equal(1, peer.closed) end
      end
    end
  end)

  it("an -ERR, and then the end of the connection, are reported", function()
    local s = helper.login { CAPA, retr(1), { "RETR 2", "-ERR bye" },
                             { "RETR 3", { helper.CLOSED } } }
    local told = {}
    s:retr_many({ 1, 2, 3 }, function(n, octets, _, code)
      told[n] = octets and "octets" or code
    end)
    assert.same({ "octets", "err", "closed" }, told)
  end)
end)
