-- Misuse raises an error at the caller's line, and nothing is sent.

local helper = require "spec.helper"
local pop3 = require "pop3"

local misuse = helper.misuse

describe("options of connect", function()
  local cases = {
    ["connect: options must be a table, not nil"] = {},
    ["unknown option 'hots'"] = { { hots = "mail.example" } },
    ["unknown option '1'"] = { { "mail.example" } },
    ["a host is needed"] = { { user = "mrose" } },
    ["option 'host' must be a string, not a number"] = { { host = 1 } },
    ["the host must not hold CR, LF or NUL"] = { { host = "a\nb" } },
    ["option 'port' must be an integer, not a string"] =
      { { host = "h", port = "110" } },
    ["no such port: 65536"] = { { host = "h", port = 65536 } },
    ["no such port: 0"] = { { host = "h", port = 0 } },
    ["option 'tls' must be one of: implicit, none, stls"] =
      { { host = "h", tls = "yes" } },
    ["a user needs a password"] = { { host = "h", user = "mrose" } },
    ["the user must not hold CR, LF or NUL"] =
      { { host = "h", tls = "none", user = "a\r\nDELE 1", password = "x" } },
    ["the password must not hold CR, LF or NUL"] =
      { { host = "h", tls = "none", user = "mrose", password = "x\0" } },
    ["connect: the password must not hold"] =
      { { host = "h", tls = "none", mechs = { "GSSAPI" }, password = "a\rb" } },
    ["mechs must be a list of names"] = { { host = "h", mechs = { 1 } } },
    ["connect: mechs must be a list of names"] =
      { { host = "h", mechs = { PLAIN = true } } },
    ["ignore must be a list of names"] = { { host = "h", ignore = { TOP = true } } },
    ["connect: pin must not be empty"] = { { host = "h", pin = {} } },
    ["fingerprint must not be empty"] =
      { { host = "h", fingerprint = {}, verify = false } },
    ["option 'tls' must be one of: implicit, none, stls, stls? (did you mean "
     .. "'stls'?)"] = { { host = "h", tls = "stsl" } },
    ["pin must be a list of names"] =
      { { host = "h", pin = { [("A"):rep(43) .. "="] = true } } },
    ["fingerprint must be a list of names"] =
      { { host = "h", fingerprint = { [("ab"):rep(32)] = true } } },
    ["option 'log' must be a function, not a boolean"] =
      { { host = "h", log = true } },
    ["option 'wait' must be a function, not a number"] =
      { { host = "h", wait = 1 } },
    ["option 'timeout' must be a number or table, not a string"] =
      { { host = "h", timeout = "60" } },
    ["timeout: unknown option 'connection'"] =
      { { host = "h", timeout = { connection = 1 } } },
    ["timeout 'io' must be positive"] =
      { { host = "h", timeout = { io = 0 } } },
    ["timeout 'total' must be positive"] =
      { { host = "h", timeout = { total = 0 / 0 } } },
    ["limits: unknown option 'lines'"] =
      { { host = "h", limits = { lines = 1 } } },
    ["limits: option 'line' must be an integer, not a number"] =
      { { host = "h", limits = { line = 1.5 } } },
    ["limit message must be an integer of 0 or more, not -1"] =
      { { host = "h", limits = { message = -1 } } },
    ["transport must be a descriptor, a socket, or an object"] =
      { { transport = {} } },
    ["only with a URL"] = { { host = "h" }, {} },
    ["unknown option 'pasword'"] = { "pops://m@h", { pasword = "x" } },
    ["not a descriptor: -1"] = { { transport = -1 } },
    ["not a descriptor: 1.5"] = { { transport = 1.5 } },
    ["with send, receive and close"] =
      { { transport = { send = print, receive = print } } },
  }
  it("take whole numbers, however they were reckoned", function()
    local server = pop3.server.new { port = 0.0, limits = { line = 2^13 },
      users = { u = { password = "pw", mail = { "a: b\r\n\r\nc\r\n" } } } }
    server:fault { verb = "STAT", nth = 2 / 2, wrong_size = 5 * 2^30,
                   cut = { bytes = 1e3 } }
    local s = assert(pop3.connect { transport = server:loopback(), port = 1e3,
      tls = "none", user = "u", password = "pw", limits = { message = 2^20 } })
    assert.equal("1 5368709131", (s:command "STAT"))
    server:verify { { anything = true }, { "STAT", times = 3 / 3 } }
    assert(pop3.message.parse("a: b\r\n\r\n", { header = 2^10 }))
    assert(pop3.message.stream { parts = 1e2 })
  end)

  it("are not changed in the tables of the caller", function()
    local server = pop3.server.new { users = { u = { password = "pw" } } }
    local limits, timeout, ignore = { line = 2^13 }, { total = 5 }, { "top" }
    local opts = { transport = server:loopback(), user = "u", password = "pw",
                   limits = limits, timeout = timeout, ignore = ignore,
                   log = function() end }
    local before = {}
    for name, value in pairs(opts) do before[name] = value end
    local s <close> = assert(pop3.connect(opts))
    assert.is_false(s:is_secure())
    assert.same(before, opts)
    assert.equal("float", math.type(limits.line))
    assert.same({ { line = 8192.0 }, { total = 5 }, { "top" } },
                { limits, timeout, ignore })
  end)

  it("show a token that cannot be sent at the line of connect or login", function()
    local server = pop3.server.new { users = { u = { token = "t" } },
                                     mechs = { "OAUTHBEARER" } }
    for _, token in ipairs { "a\nb", ("x"):rep(40000),
                             function() return "a\0" end } do
      misuse("the token", function()
        local _ = pop3.connect { transport = server:loopback(), user = "u",
                                 token = token }
      end)
      local s <close> = assert(pop3.connect { transport = server:loopback() })
      misuse("the token", function()
        local _ = s:login("u", nil, { token = token })
      end)
    end
  end)

  for text, args in pairs(cases) do
    it("are checked: " .. text, function()
      misuse(text, function() local _ = pop3.connect(args[1], args[2]) end)
    end)
  end

  it("never show a password", function()
    local err = misuse("password", function()
      local _ = pop3.connect { host = "h", user = "m", password = "hunter2\n" }
    end)
    assert.is_nil(err:find "hunter2")
  end)

  it("of a transport that is no transport", function()
    for _, transport in ipairs { "socket", true, print,
                                 { send = print, close = print } } do
      misuse("transport must be", function()
        local _ = pop3.connect { transport = transport }
      end)
    end
  end)
end)

describe("arguments of methods", function()
  local s, peer

  before_each(function() s, peer = helper.login {} end)
  after_each(function()
    assert.same({ "USER mrose", "PASS secret" }, peer.got)
    assert.are.equal("transaction", s:state())
  end)

  for _, n in ipairs { 0, -1, 1.5, 0 / 0, math.huge, "1", true } do
    it("that are no message number: " .. tostring(n), function()
      local text = "a message number must be a positive integer"
      misuse(text, function() local _ = s:retr(n) end)
      misuse(text, function() local _ = s:top(n, 1) end)
      misuse(text, function() local _ = s:list(n) end)
      misuse(text, function() local _ = s:uidl(n) end)
      misuse(text, function() local _ = s:dele(n) end)
      misuse(text, function() local _ = s:save(n, "/tmp/x") end)
      misuse(text, function() local _ = s:message(n) end)
      misuse(text, function() local _ = s:headers(n) end)
      misuse(text, function() local _ = s:retr_many({ 1, n }, print) end)
    end)
  end

  it("that are missing", function()
    misuse("positive integer, not nil", function() local _ = s:retr() end)
    misuse("positive integer, not nil", function() local _ = s:dele() end)
    misuse("positive integer, not nil", function() local _ = s:save() end)
    misuse("lines must be an integer", function() local _ = s:top(1) end)
    misuse("the path must be", function() local _ = s:save(1) end)
    misuse("must be a function", function() local _ = s:retr_many({ 1 }) end)
    misuse("numbers must be a table", function() local _ = s:retr_many() end)
    misuse("numbers must be a list of numbers; it has the key a", function()
      local _ = s:retr_many({ a = 1 }, print)
    end)
    misuse("it has the key a", function()
      local _ = s:retr_many({ 1, 2, a = 3 }, print)
    end)
    misuse("it has the key 0", function()
      local _ = s:retr_many({ [0] = 1 }, print)
    end)
    misuse("it has the key 3", function()
      local _ = s:retr_many({ [3] = 1 }, print)
    end)
    misuse("the command must be a string", function() local _ = s:command() end)
    misuse("must be a string, not nil", function() local _ = s:supports() end)
  end)

  it("that are of another type", function()
    misuse("lines must be", function() local _ = s:top(1, -1) end)
    misuse("lines must be", function() local _ = s:top(1, "all") end)
    misuse("the sink must be", function() local _ = s:retr(1, "file") end)
    misuse("the sink must be", function() local _ = s:top(1, 0, {}) end)
    misuse("the path must be", function() local _ = s:save(1, "") end)
    misuse("the path must be", function() local _ = s:save(1, "a\0b") end)
    misuse("the tag must be", function() local _ = s:lang(5) end)
    misuse("options must be", function() local _ = s:command("NOOP", 1) end)
    misuse("unknown option", function()
      local _ = s:command("NOOP", { multi = true })
    end)
    misuse("unknown option", function() local _ = s:messages { sort = 1 } end)
    for _, uids in ipairs { { "a", "b" }, { a = true, "b" }, { [2.5] = true },
                            { [true] = "a" } } do
      misuse("messages: uids must be a set, string → true; it has the key",
             function() local _ = s:messages { uids = uids } end)
    end
    misuse("must be one of: newest, oldest", function()
      local _ = s:messages { order = "random" }
    end)
  end)

  it("that would end the command's line", function()
    for _, text in ipairs { "a\rb", "a\nb", "a\0b", "a\r\nDELE 1" } do
      misuse("must not hold CR, LF or NUL", function()
        local _ = s:command("XFOO " .. text)
      end)
      misuse("must not hold CR, LF or NUL", function() local _ = s:lang(text) end)
      misuse("must not hold CR, LF or NUL", function()
        local _ = s:supports(text)
      end)
    end
  end)

  it("that are too long for a command", function()
    misuse("the command is too long", function()
      local _ = s:command("X" .. ("y"):rep(65536))
    end)
    misuse("the tag is too long", function()
      local _ = s:lang(("y"):rep(65536))
    end)
  end)

  it("that have a separate method", function()
    misuse("session:login()", function() local _ = s:command "AUTH PLAIN x" end)
    misuse("session:stls()", function() local _ = s:command "stls" end)
    misuse("begin with a verb", function() local _ = s:command "" end)
    misuse("begin with a verb", function() local _ = s:command " NOOP" end)
  end)
end)

describe("arguments of login", function()
  local s, peer

  before_each(function()
    peer = helper.peer { "+OK" }
    s = helper.connect(peer)
  end)
  after_each(function() assert.same({}, peer.got) end)

  it("are strings without line ends", function()
    misuse("the user must be a string", function() local _ = s:login() end)
    misuse("the secret must be a string", function() local _ = s:login("m") end)
    misuse("the user must not", function() local _ = s:login("m\n", "x") end)
    misuse("the secret must not", function() local _ = s:login("m", "x\r") end)
  end)

  it("are checked with their options", function()
    misuse("unknown option", function()
      local _ = s:login("m", "x", { mech = {} })
    end)
    misuse("options must be a table", function()
      local _ = s:login("m", "x", "APOP")
    end)
    misuse("mechs must be a list of names", function()
      local _ = s:login("m", "x", { mechs = { {} } })
    end)
  end)

  it("are not too long, and never shown", function()
    local opts = { mechs = { "USER" } }
    misuse("too long", function()
      local _ = s:login(("m"):rep(66000), "x", opts)
    end)
    local err = misuse("too long", function()
      local _ = s:login("m", ("hunter2"):rep(9999), opts)
    end)
    assert.is_nil(err:find "hunter2")
  end)
end)

describe("a session that was closed by its user", function()
  local calls = {
    stat = {}, list = {}, uidl = { 1 }, retr = { 1 }, top = { 1, 0 },
    dele = { 1 }, rset = {}, noop = {}, utf8 = {}, lang = {}, capa = {},
    supports = { "TOP" }, login = { "m", "x" }, stls = {}, quit = {},
    save = { 1, "x" }, message = { 1 }, headers = { 1 }, messages = {},
    retr_many = { {}, print }, command = { "NOOP" }, greeting = {},
    is_secure = {}, tls_info = {},
  }
  it("raises an error from every method but close and state", function()
    local s = helper.login {}
    s:close()
    for name, args in pairs(calls) do
      misuse("the session is closed", function()
        local _ = s[name](s, table.unpack(args))
      end)
    end
  end)

  it("is in the state closed, and can be closed again", function()
    local s, peer = helper.login {}
    s:close()
    s:close()
    assert.are.equal("closed", s:state())
    assert.are.equal("pop3.session (transport, closed)", tostring(s))
    assert.are.equal(1, peer.closed)
    local again <close> = s  -- luacheck: ignore
  end)

  it("is closed for the handles of its messages too", function()
    local s = helper.login { { "LIST", "+OK\r\n1 5\r\n.\r\n" },
                             { "UIDL", "+OK\r\n1 a\r\n.\r\n" } }
    local handle = s:messages()()
    s:close()
    misuse("the session is closed", function() local _ = handle:retr() end)
    misuse("the session is closed", function() local _ = handle:dele() end)
  end)
end)
