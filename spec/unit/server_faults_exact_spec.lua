-- Faults to the octet: their bounds, the octets before and after them, the cost of big
-- replies, and the end of the link.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local talk = require "spec.support.talk"

local MAIL = { "Subject: 1\r\n\r\none\r\n..two\r\nthree\r\n" }

local function server(...)
  local s = pop3.server.new { users = { u = { password = "pw", mail = MAIL },
                                        v = { password = "pw", mail = MAIL } } }
  for _, f in ipairs { ... } do s:fault(f) end
  return s
end

local logged_in = talk.inside

-- What comes back in all, how it ended, and when.
local function all(s, octets, patience)
  local t = logged_in(s)
  t:send(octets)
  t.transport:settimeout(patience)
  local came, how = t:rest()
  return came, how, s:now()
end

describe("a reply before the one that is held", function()
  for name, f in pairs { stall = { stall = true }, delay = { delay = 9 },
                         drip = { drip = { bytes = 1, every = 4 } } } do
    it("leaves at once: " .. name, function()
      f.verb = "RETR"
      for _, tls in ipairs { false, "stls" } do
        local s = pop3.server.new { tls = tls and "auto" or nil,
          users = { u = { password = "pw", mail = MAIL } }, faults = { f } }
        local c = assert(pop3.connect { transport = s:loopback(), user = "u",
          password = "pw", tls = tls or "none", insecure = true, timeout = 5,
          host = "localhost", cafile = s.cafile })
        function s.on.NOOP(session)  -- both are in one read of the server's
          session.engine:feed "RETR 1\r\n"
          return session:ok "here"
        end
        assert.equal("here", (c:command "NOOP"))
        assert.is_true(s:now() < 4)
        assert.equal(1, s:count "RETR")
        c:close()
      end
    end)
  end
end)

describe("a delay", function()
  it("comes before an end without a reply as well", function()
    for _, f in ipairs { { cut = { bytes = 0 } },
                         { cut = { bytes = 0 }, append = "x" } } do
      f.verb, f.delay = "NOOP", 5
      assert.same({ "", "closed", 5 }, { all(server(f), "NOOP\r\n") })
      f.delay, f.stall = nil, true
      assert.same({ "", "timeout", 9 }, { all(server(f), "NOOP\r\n", 9) })
    end
    local s = server { verb = "NOOP", delay = 5 }
    function s.on.NOOP(session) return session:hangup() end
    assert.same({ "", "closed", 5 }, { all(s, "NOOP\r\n") })
    s = server { hook = "connect", refuse = true, delay = 5 }
    assert.same({ "", "closed" }, { talk.over(s:loopback()):rest() })
    assert.equal(5, s:now())
  end)

  it("comes before a handshake that is cut at once", function()
    local s = pop3.server.new { tls = "auto", implicit = true,
      faults = { { hook = "tls", delay = 5, cut = { bytes = 0 } } } }
    assert.same({ "", "closed" }, { talk.over(s:loopback()):rest() })
    assert.equal(5, s:now())
  end)
end)

describe("a line of a body", function()
  it("ends as it does there", function()
    assert.equal("+OK 33 octets\rSubject: 1\r\r", (all(server { verb = "RETR",
      bare_cr = true, cut = { lines = 2 } }, "RETR 1\r\n")))
  end)

  it("is one of raw octets, too", function()
    local s = server { verb = "XRAW", cut = { lines = 1 } }
    function s.on.XRAW(session) return session:raw "+OK\r\na\r\nb\r\n.\r\n" end
    assert.equal("+OK\r\na\r\n", (all(s, "XRAW\r\n")))
  end)
end)

describe("a status line", function()
  it("is the engine's, for any text of the handler", function()
    for _, reply in ipairs { { status = "+OK", text = "a\r\nb\tc\127" },
                             { status = "-ERR", text = "a", code = "" },
                             { status = "-ERR", text = 5, code = "X\nY" } } do
      local s = server()
      function s.on.XA() return reply end
      function s.on.XB(session)
        session:fault { append = "!" }
        return reply
      end
      local a, b = all(s, "XA\r\nXB\r\nQUIT\r\n"):match "^(.-\r\n)(.-)!%+OK g"
      assert.equal(a, b)
    end
  end)
end)

describe("a body", function()
  local BODIES = { "", "\r\n", ".", "..\n.\n", "a\rb\r", "a\r\r\n", "\n.\r\n.",
                   { ".a", "", "b" }, {}, 12 }

  -- 'body' as a source, a few octets at a time.
  local function trickle(body, n)
    local at = 1
    return function()
      at = at + n
      if at - n <= #body then return body:sub(at - n, at - 1) end
    end
  end

  it("is changed as it was encoded, in pieces of any size", function()
    for _, body in ipairs(BODIES) do
      local ways = { body }
      if type(body) == "string" then
        ways = { body, trickle(body, 1), trickle(body, 2) }
      end
      for _, way in ipairs(ways) do
        local text = type(body) == "table" and table.concat(body, "\r\n")
                     .. (body[1] and "\r\n" or "") or tostring(body)
        local s = server { verb = "XB", append = "!" }
        function s.on.XB(session) return session:multi("", way) end
        assert.equal("+OK\r\n" .. core.encode.dot(text) .. "!",
                     (all(s, "XB\r\nQUIT\r\n"):gsub("%+OK goodbye\r\n$", "")))
      end
    end
  end)

  it("that is big is not held", function()
    local peak, base, pieces = 0, nil, helper.all and 1024 or 256
    local s = server { verb = "XBIG", bare_lf = true, append = "!" }
    function s.on.XBIG(session)
      local n = 0
      collectgarbage()
      base = collectgarbage "count"
      return session:multi("", function()
        n = n + 1
        if n % 64 == 0 then
          collectgarbage()
          peak = math.max(peak, collectgarbage "count")
        end
        return n <= pieces and ("x"):rep(16383) .. "\n" or nil
      end)
    end
    local t, size = logged_in(s), 0
    t:send "XBIG\r\n"
    t.transport:settimeout(1)
    for octets in function() return t.transport:receive(65536) end do
      size = size + #octets
    end
    assert.equal(4 + pieces * 16384 + 3, size)
    assert.is_true(peak - base < 1024)
  end)

  it("without an end can be cut", function()
    for _, more in ipairs { "", "!" } do
      local s = server { verb = "XB", append = more, cut = { bytes = 100000 } }
      function s.on.XB(session)
        return session:multi("", function() return "abc\r\n" end)
      end
      assert.equal(100000, #all(s, "XB\r\n"))
    end
  end)

  it("from a source is cut at each octet and each line, in pieces of any size", function()
    local body = "Subject: x\r\n\r\n.\r\n..a\r\n\r\nlast\r\n"
    local whole = "+OK\r\nSubject: x\r\n\r\n..\r\n...a\r\n\r\nlast\r\n.\r\n"
    local ends = {}  -- of lines of the body
    for at in whole:gmatch "\n()" do ends[#ends + 1] = at - 1 end
    local function expected(bytes, lines)
      local n = math.min(bytes or #whole, lines and ends[lines + 1] or #whole)
      return whole:sub(1, n)
    end
    local function came(cut, piece)
      local s = server { verb = "XB", cut = cut }
      function s.on.XB(session)
        return session:multi("", piece and trickle(body, piece) or body)
      end
      return (all(s, "XB\r\nNOOP\r\n"))
    end
    for _, piece in ipairs { false, 1, 2, 7 } do
      for bytes in helper.sweep(0, #whole + 1, 12) do
        assert.equal(expected(bytes), came({ bytes = bytes }, piece))
      end
      for lines in helper.sweep(0, #ends, 6) do
        assert.equal(expected(nil, lines), came({ lines = lines }, piece))
        assert.equal(expected(20, lines), came({ bytes = 20, lines = lines },
                                               piece))
      end
    end
  end)

  it("whose source fails ends in a reset, changed or not", function()
    for _, more in ipairs { false, "!" } do
      local s, n = server(), 0
      function s.on.XB(session)
        if more then session:fault { append = more } end
        return session:multi("", function()
          n = n + 1
          if n % 2 == 0 then return nil, "no more" end
          return "abc\r\n"
        end)
      end
      assert.same({ "+OK\r\nabc\r\n", "closed", 0 }, { all(s, "XB\r\n") })
      assert.error_matches(function() s:verify {} end, "no more")
    end
  end)

  it("of QUIT is sent before the link ends", function()
    local s = server()
    function s.on.QUIT(session)
      return session:multi("", trickle(("line\r\n"):rep(50000), 1000))
    end
    assert.equal("+OK\r\n" .. ("line\r\n"):rep(50000) .. ".\r\n",
                 (all(s, "QUIT\r\n")))
  end)
end)

describe("faults together", function()
  it("append comes after garbage", function()
    local s = server { verb = "NOOP", garbage = { bytes = 9 }, append = "end" }
    assert.match("^.........end", (all(s, "NOOP\r\nQUIT\r\n")))
  end)

  it("QUIT ends the session after any reply", function()
    for _, f in ipairs { {}, { append = "x" }, { slice = 1 } } do
      f.verb, f.reply = "QUIT", "-ERR no"
      local s = server(f)
      assert.same({ "+OK message 1 deleted\r\n-ERR no\r\n" .. (f.append or ""),
                    "closed", 0 }, { all(s, "DELE 1\r\nQUIT\r\n", 5) })
      assert.same(MAIL, s:mailbox "u")
    end
  end)
end)

describe("half of a link", function()
  it("that has ended cannot end again: later commands are done", function()
    for _, more in ipairs { "", "!" } do
      local s = server { verb = "STAT", append = more ~= "" and more or nil,
                         cut = { bytes = 2, how = "half" } }
      local run <close> = s:fork()
      local t = talk.tcp(run.port)
      t:login()
      t:send "STAT\r\nSTAT\r\nDELE 1\r\nSTAT\r\nQUIT\r\n"
      assert.same({ "+O", "closed" }, { t:rest() })
      assert(run:wait_for("QUIT", helper.PATIENCE))
      assert.same({}, run:mailbox "u")
      t:close()
    end
  end)
end)

describe("a body over TCP", function()
  it("comes whole from a source that ends with its first piece", function()
    local s = server { verb = "XB", slice = 4 }
    function s.on.XB(session)
      local n = 0
      return session:multi("", function()
        n = n + 1
        return n == 1 and ("x"):rep(300) or nil
      end)
    end
    s.on.XC = s.on.XB
    local run <close> = s:fork()
    local t = talk.tcp(run.port)
    for _, verb in ipairs { "XB", "XC" } do
      assert.same({ "+OK", { ("x"):rep(300) } }, { t:list(verb) })
    end
  end)
end)

describe("faults of one user", function()
  it("strike at the login by name, too", function()
    local s = server({ verb = "PASS", user = "v", reply = "-ERR p" },
                     { verb = "USER", user = "w", reply = "-ERR u" },
                     { verb = "APOP", user = "u", reply = "-ERR a" })
    local t = talk.to(s)
    assert.equal("-ERR p", t:login "v")
    assert.match("^%+OK", t:login "u")
    t = talk.to(s)
    assert.equal("-ERR u", t:ask "USER w")
    assert.equal("-ERR a", t:ask "APOP u 0")
  end)
end)

describe("faults that could never strike", function()
  it("are refused", function()
    for message, f in pairs {
      ["delay must be a number of 0 or more, not -1"] = { verb = "X",
                                                          delay = -1 },
      ["must be a number of 0 or more, not inf"] = { verb = "X",
                                                     delay = math.huge },
      ["drip.every must be a number greater than 0, not inf"] = { verb = "X",
        drip = { every = math.huge } },
      ["drip.every must be a number greater than 0, not 0"] = { verb = "X",
        drip = { every = 0 } },
      ["slice must be an integer of 1 or more, not 0"] = { verb = "X",
                                                           slice = 0 },
      ["nth must be an integer of 1 or more, not 0"] = { verb = "X", nth = 0 },
      ["session must be an integer of 1 or more, not -1"] = { verb = "X",
                                                              session = -1 },
      ["times must be an integer of 0 or more, not -1"] = { verb = "X",
                                                            times = -1 },
      ["it has no effect"] = {},
      ["'RETR 2' is not a verb"] = { verb = "RETR 2", stall = true },
      ["'' is not a verb"] = { verb = "", stall = true },
      ["needs the option tls of the server"] = { hook = "tls", alert = true },
    } do
      for _, way in ipairs { server, function(fault)
        local s = pop3.server.new { faults = { fault } }
        return s
      end } do
        local ok, err = pcall(way, f)
        assert.is_false(ok)
        assert.truthy(err:find(message, 1, true), err)
        assert.match("server_faults_exact_spec", err)
      end
    end
  end)
end)

describe("unique-ids that are missing", function()
  it("take no longer for many messages", function()
    local mail = {}
    for i = 1, 20000 do mail[i] = "\r\n" end
    local s = pop3.server.new { users = { u = { password = "pw", mail = mail } },
      faults = { { verb = "UIDL", uids = "missing" } } }
    local _, lines = logged_in(s):list "UIDL"
    assert.equal(10000, #lines)
    assert.equal("19999 lpop3.19999", lines[10000])
  end)
end)

-- Over TCP, with the kernel's behaviour.
describe("a link", function()
  local BIG = ("x"):rep(78) .. "\r\n"

  local function run(f, mail)
    local s = pop3.server.new { faults = { f }, users = {
      u = { password = "pw", mail = { mail or MAIL[1] } },
      v = { password = "pw", mail = MAIL } } }
    return s:fork()
  end

  -- A socket that is logged in, and its descriptor's object.
  local function login(port)
    local sock = assert(require "socket".connect("127.0.0.1", port))
    local fd = assert(core.fd(sock:getfd()))
    sock:setfd(-1)
    local t = talk.over {
      send = function(_, octets) return fd:write(octets) end,
      receive = function()
        assert(core.poll(fd:getfd(), "r", helper.PATIENCE))
        local octets, err, reset = fd:read(65536)
        return octets, reset or err
      end,
      close = function() fd:close() end,
    }
    assert.match("^%+OK", t:line())
    assert.match("^%+OK", t:login())
    return t
  end

  it("ends by FIN though commands came that are not read", function()
    for _, f in ipairs { { delay = 0.1 }, { delay = 0.1, append = "x" } } do
      f.verb, f.cut = "RETR", { bytes = 20 }
      local server_run <close> = run(f)
      local t = login(server_run.port)
      t:send "RETR 1\r\n"
      assert(server_run:wait_for("RETR", helper.PATIENCE))
      t:send(("NOOP\r\n"):rep(2000))
      local came, how = t:rest()
      assert.same({ 20, "closed" }, { #came, how })
      t:close()
    end
  end)

  it("ends by RST when the octets before it have been sent", function()
    local size = 20 * 1000 * 1000
    for _, more in ipairs(helper.some({ "", "x" }, 1)) do
      local server_run <close> = run({ verb = "RETR", append = more ~= "" and more
        or nil, cut = { bytes = size, how = "rst" } }, BIG:rep(size // 80 + 1000))
      local t = login(server_run.port)
      t:send "RETR 1\r\n"
      assert(server_run:wait_for("RETR", helper.PATIENCE))
      -- it waits for this reader; others are served meanwhile, and this one's
      -- maildrop is free
      assert.match("^%+OK", talk.tcp(server_run.port):login "v")
      local n, octets, how = 0, "", nil
      while octets do
        n = n + #octets
        octets, how = t.transport:receive()
      end
      assert.same({ size, "reset" }, { n, how })
      assert.match("^%+OK", talk.tcp(server_run.port):login "u")
      t:close()
    end
  end)

  it("in slices leaves room for others", function()
    local s <close> = server { verb = "RETR", slice = 3 }
    local sock = assert(require "socket".connect("127.0.0.1", s.port))
    local fd <close> = assert(core.fd(sock:getfd()))
    sock:setfd(-1)
    local sizes = {}
    local t = talk.over {
      send = function(_, octets) return fd:write(octets) end,
      receive = function()
        while true do
          assert(s:step(helper.PATIENCE))
          local octets, err = fd:read(65536)
          sizes[#sizes + 1] = octets and #octets
          if octets or err ~= "timeout" then return octets, err end
        end
      end,
    }
    t:line()
    t:login()
    sizes = {}
    assert.equal("+OK 33 octets", (t:list "RETR 1"))
    for _, size in ipairs(sizes) do  -- a write or two in a step, not all
      assert.is_true(size <= 6)
    end
  end)

  it("whose handler waits for the handler of another one does not block it", function()
    local s, flag = server(), false
    function s.on.XWAIT(session)
      while not flag do session:sleep() end
      return session:ok()
    end
    function s.on.XGO(session)
      flag = true
      return session:ok()
    end
    local server_run <close> = s:fork()
    local a, b = talk.tcp(server_run.port), talk.tcp(server_run.port)
    a:send "XWAIT\r\n"
    assert(server_run:wait_for("XWAIT", helper.PATIENCE))
    assert.equal("+OK", b:ask "XGO")
    assert.equal("+OK", a:line())
  end)
end)
