-- A whole session, with the link lost at each of its octets: every result before the
-- loss is whole, everything after it is an error, and `quit` succeeds only when the
-- server confirmed it.

local helper = require "spec.helper"
local pop3 = require "pop3"

local fails, multi = helper.fails, helper.multi

local MAIL = "A: b\r\n\r\n.one\r\ntwo\r\n"

local SCRIPT = {
  "+OK ready",
  { "CAPA", multi("", "USER\r\nTOP\r\nPIPELINING\r\n") },
  helper.USER, helper.PASS,
  { "STAT", "+OK 2 30" },
  { "LIST", multi("", "1 20\r\n2 10\r\n") },
  { "UIDL", multi("", "1 aa\r\n2 bb\r\n") },
  { "CAPA", multi("", "USER\r\nTOP\r\nPIPELINING\r\n") },
  { "RETR 1", multi("", MAIL) },
  { "RETR 2", multi("", MAIL) },
  { "RETR 1", multi("", MAIL) },
  { "TOP 1 1", multi("", MAIL) },
  { "DELE 1", "+OK" },
  { "QUIT", "+OK bye" },
}

local TOTAL = #SCRIPT[1] + 2
for i = 2, #SCRIPT do
  local reply = SCRIPT[i][2]
  TOTAL = TOTAL + #reply + (reply:find "\n" and 0 or 2)
end

-- What a session answers to each call when nothing goes wrong.
local CALLS = {
  { "login", { "mrose", "secret" }, { true, "USER" } },
  { "stat", {}, { 2, 30 } },
  { "list", {}, { { 20, 10 }, 2 } },
  { "uidl", {}, { { "aa", "bb" }, 2 } },
  { "retr_many", { { 1, 2 }, function(_, octets, _, code)
      assert(octets == MAIL or octets == nil and code ~= nil)
    end }, { 2 } },
  { "retr", { 1 }, { MAIL } },
  { "top", { 1, 1 }, { MAIL } },
  { "dele", { 1 }, { true } },
  { "quit", {}, { true } },
}

-- The call that failed, with its code.
local function play(peer)
  local s, message, code = helper.connect(peer, { timeout = 5 })
  if not s then
    fails(code, nil, message, code)
    return "connect", code
  end
  local bad, why
  for _, call in ipairs(CALLS) do
    local name, args, want = call[1], call[2], call[3]
    local got = { s[name](s, table.unpack(args)) }
    if bad then
      fails("closed", table.unpack(got, 1, 4))
    elseif got[1] == nil then
      fails(got[3], table.unpack(got, 1, 4))
      bad, why = name, got[3]
      assert.are.equal("closed", s:state())
    else
      assert.same(want, got)
    end
  end
  return bad, why
end

local endings = { closed = "closed", timeout = "timeout",
                  ["connection reset"] = "closed" }

for ending, code in pairs(endings) do
  describe("a link that ends with " .. ending, function()
    for _, chunk in ipairs { 1, 100000 } do
      it(("at any octet is noticed, chunks of %d"):format(chunk), function()
        local seen = {}
        for stop in helper.sweep(0, TOTAL - 1, 30) do
          local peer = helper.peer(SCRIPT, { stop = stop, ending = ending,
                                             chunk = chunk })
          local name, why = play(peer)
          assert.are.equal(code, why, ("%s at octet %d"):format(name, stop))
          assert.are.equal(1, peer.closed)
          seen[name] = true
        end
        for _, call in ipairs(helper.all and CALLS or {}) do
          assert.is_true(seen[call[1]])
        end
      end)
    end

    it("after the last octet does not matter", function()
      assert.is_nil(play(helper.peer(SCRIPT, { stop = TOTAL,
                                               ending = ending })))
    end)
  end)
end

describe("a connection that is reset", function()
  it("is code closed after any number of octets", function()
    local server = pop3.server.new {
      users = { mrose = { password = "secret", mail = { MAIL:rep(1000) } } } }
    for nth, bytes in ipairs { 0, 3, 500, 10000 } do
      server:fault { verb = "RETR", session = nth,
                     cut = { bytes = bytes, how = "rst" } }
    end
    local run <close> = server:fork()
    for _ = 1, 4 do
      local s <close> = assert(pop3.connect {
        host = "127.0.0.1", port = run.port, tls = "none",
        user = "mrose", password = "secret" })
      fails("closed", s:retr(1))
      fails("closed", s:quit())
    end
  end)
end)

describe("a command that cannot be sent", function()
  it("is code closed", function()
    local s, peer = helper.login {}
    peer.gone = true
    peer:push(helper.CLOSED)
    fails("closed", s:stat())
    assert.are.equal("closed", s:state())
  end)

  it("still gives the server's last reply", function()
    local s, peer = helper.login {}
    peer.gone = true
    peer:say "-ERR [SYS/TEMP] shutting down"
    local _, reply = fails("err", s:stat())
    assert.are.equal("SYS/TEMP", reply.code)
  end)
end)

describe("garbage", function()
  local lines = { "OK", "+OK\0", "ok", "+", "-", "* OK", "250 ok", ".",
                  "+OKx", "-ERRx", "+ok", "\255\255", "+ T0s=", "-ER", "+O",
                  "HTTP/1.1 200 OK" }
  for _, line in ipairs(lines) do
    it(("in place of a reply is code proto: %q"):format(line), function()
      for name, args in pairs { stat = {}, retr = { 1 }, list = {},
                                uidl = { 1 }, quit = {}, noop = {} } do
        local verb = name:upper() .. (args[1] and " 1" or "")
        local s, peer = helper.login { { verb, { line .. "\r\n+OK\r\n" } } }
        fails("proto", s[name](s, table.unpack(args)))
        assert.are.equal("closed", s:state())
        assert.are.equal(1, peer.closed)
        fails("closed", s:noop())
      end
    end)
  end

  it("is quoted, in a message that a terminal can show", function()
    local s = helper.login { { "NOOP", { "\27[2J" .. ("x"):rep(500) .. "\r\n" } } }
    local message = fails("proto", s:noop())
    assert.is_truthy(message:find('"?[2Jxxx', 1, true))
    assert.is_true(#message < 200)
  end)

  it("of any kind never raises an error", function()
    local seed = 20
    local function random(n)  -- the same on every run
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed // 65536 % n
    end
    local words = { "+OK", "-ERR", " ", "\r\n", "\n", ".", "1", "2 3", "\0",
                    "[", "]", "x", "\r", "..", ".\r\n", "\255", "+OK\r\n" }
    for _ = 1, helper.all and 1500 or 300 do
      local parts = {}
      for i = 1, 1 + random(12) do parts[i] = words[1 + random(#words)] end
      parts[#parts + 1] = helper.CLOSED
      local names = { "stat", "list", "uidl", "retr", "capa", "lang", "noop" }
      local name = names[1 + random(#names)]
      local arg = name == "retr" and 1 or nil
      local verb = name:upper() .. (arg and " 1" or "")
      local s = helper.login({ { verb, parts } }, { chunk = 1 + random(5) })
      local value, message, code, reply = s[name](s, arg)
      if value == nil then fails(code, value, message, code, reply) end
    end
  end)
end)
