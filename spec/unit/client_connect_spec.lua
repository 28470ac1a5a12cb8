-- Connecting: greetings, options, URLs, addresses.

local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"
local url = require "pop3.client.url"

local fails, misuse = helper.fails, helper.misuse

local function greeted(octets, opts)
  local peer = helper.peer({ octets })
  return helper.connect(peer, opts), peer
end

describe("connect", function()
  it("returns a session in the authorization state", function()
    local s, peer = greeted "+OK mail.example ready <1.2@mail.example>"
    assert.are.equal("mail.example ready <1.2@mail.example>", s:greeting())
    assert.are.equal("authorization", s:state())
    assert.is_false(s:is_secure())
    assert.same({}, peer.got)
  end)

  it("takes a greeting of nothing but +OK", function()
    assert.are.equal("", greeted("+OK"):greeting())
  end)

  it("takes a greeting in pieces of any size", function()
    local text = "+OK ready\r\n"
    for split = 1, #text - 1 do
      local s = helper.connect(helper.peer({ text }, { split = split }))
      assert.are.equal("ready", s:greeting())
    end
  end)

  it("logs in when a user is given", function()
    local s, peer = helper.login {}
    assert.are.equal("transaction", s:state())
    assert.same({ "USER mrose", "PASS secret" }, peer.got)
  end)

  it("fails with the reply when the server greets with -ERR", function()
    local peer = helper.peer { "-ERR [SYS/TEMP] come back later" }
    local message, reply = fails("err", helper.connect(peer))
    assert.same({ text = "come back later", code = "SYS/TEMP" }, reply)
    assert.is_truthy(message:find("come back later", 1, true))
    assert.are.equal(1, peer.closed)
  end)

  it("names host and port in failures when they are given", function()
    local peer = helper.peer { "-ERR no" }
    local message = fails("err", helper.connect(peer, { host = "mail.example" }))
    assert.are.equal("connect: mail.example:110: no", message)
  end)

  it("brackets an IPv6 address in failures", function()
    local peer = helper.peer { "-ERR no" }
    local message = fails("err", helper.connect(peer, { host = "::1", port = 1 }))
    assert.are.equal("connect: [::1]:1: no", message)
  end)

  it("fails when the link ends before the greeting, or in it", function()
    local text = "+OK ready\r\n"
    for stop = 0, #text - 1 do
      local peer = helper.peer({ text }, { stop = stop })
      fails("closed", helper.connect(peer))
      assert.are.equal(1, peer.closed)
    end
  end)

  it("fails when no greeting comes in time", function()
    local peer = helper.peer { { helper.SILENCE } }
    fails("timeout", helper.connect(peer, { timeout = 7 }))
    assert.are.equal(7, peer.time)
    assert.are.equal(1, peer.closed)
  end)

  it("leaves nothing open when the login fails", function()
    local peer = helper.peer { "+OK", helper.USER, { "PASS x", "-ERR no" } }
    fails("auth", helper.connect(peer, { user = "mrose", password = "x",
                                         mechs = { "USER" } }))
    assert.are.equal(1, peer.closed)
  end)
end)

describe("a peer that is not a POP3 server", function()
  local others = {
    SMTP = "220 mail.example ESMTP\r\n",
    HTTP = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    IMAP = "* OK [CAPABILITY IMAP4rev1] ready\r\n",
    SSH = "SSH-2.0-OpenSSH_9.2\r\n",
    TLS = "\21\3\1\0\2\2\10\n",
    NULs = ("\0"):rep(40) .. "\n",
    ["an empty line"] = "\r\n",
    ["lower case"] = "+ok ready\r\n",
    ["+OKAY"] = "+OKAY\r\n",
    ["-ERROR"] = "-ERROR\r\n",
    ["a continuation"] = "+ ready\r\n",
    ["a blank before it"] = " +OK ready\r\n",
  }
  for name, octets in pairs(others) do
    it("is distinguished from one: " .. name, function()
      local _, peer = nil, helper.peer { octets }
      local message = fails("proto", helper.connect(peer))
      assert.is_truthy(message:find "not a POP3 reply")
      assert.is_true(#message < 200)
      assert.are.equal(1, peer.closed)
    end)
  end

  it("is distinguished from one when it never ends its line", function()
    local peer = helper.peer { { ("\255"):rep(100000) } }
    fails("limit", helper.connect(peer))
    assert.are.equal(1, peer.closed)
  end)
end)

describe("connecting by TCP", function()
  it("reaches a server by name and by address", function()
    local run <close> = pop3.server.new { users = {} }:fork()
    for _, host in ipairs { "127.0.0.1", "localhost" } do
      local s <close> = assert(pop3.connect { host = host, port = run.port,
                                              tls = "none" })
      assert.are.equal("authorization", s:state())
      assert.are.equal(("pop3.session (%s:%d, authorization)")
                       :format(host, run.port), tostring(s))
    end
  end)

  it("fails when no server listens", function()
    local sock = assert(socket.bind("127.0.0.1", 0))
    local _, port = sock:getsockname()
    sock:close()
    local before = helper.descriptors()
    local message = fails("connect", pop3.connect {
      host = "127.0.0.1", port = math.tointeger(tonumber(port)), tls = "none" })
    assert.is_truthy(message:find "^connect: 127%.0%.0%.1:%d+: ")
    assert.are.equal(before, helper.descriptors())
  end)

  it("fails when the host name is invalid", function()
    -- no name server is asked for a label of this length
    fails("connect", pop3.connect { host = ("x"):rep(64) .. ".invalid",
                                    tls = "none" })
  end)

  it("gives up in time when a connection does not come about", function()
    local sock = assert(socket.tcp4())
    assert(sock:bind("127.0.0.1", 0))
    assert(sock:listen(0))
    local _, port = sock:getsockname()
    local crowd = {}   -- who fills the queue, so that nobody else gets in
    for i = 1, 4 do
      crowd[i] = socket.tcp4()
      crowd[i]:settimeout(0)
      crowd[i]:connect("127.0.0.1", port)
    end
    local told
    local message = fails("timeout", pop3.connect {
      host = "127.0.0.1", port = math.tointeger(tonumber(port)), tls = "none",
      timeout = { connect = 3, io = 60 },
      wait = function(fd, mode, seconds)
        told = { type(fd), mode, seconds > 2.5 and seconds <= 3 }
        return nil, "timeout"
      end })
    assert.is_truthy(message:find "^connect: 127%.0%.0%.1:%d+: timeout$")
    assert.same({ "number", "w", true }, told)
    for i = 1, 4 do crowd[i]:close() end
    sock:close()
  end)

  it("closes the descriptor when the session is closed or dropped", function()
    local run <close> = pop3.server.new { users = {} }:fork()
    local before = helper.descriptors()
    local opts = { host = "127.0.0.1", port = run.port, tls = "none" }
    local s = assert(pop3.connect(opts))
    assert.are.equal(before + 1, helper.descriptors())
    s:close()
    assert.are.equal(before, helper.descriptors())
    s = assert(pop3.connect(opts))
    assert.is_true(s:quit())
    assert.are.equal(before, helper.descriptors())
    assert(pop3.connect(opts))
    assert.are.equal(before, helper.descriptors())
    do
      local t <close> = assert(pop3.connect(opts))
      assert.are.equal("authorization", t:state())
    end
    assert.are.equal(before, helper.descriptors())
    opts.user, opts.password = "mrose", "wrong"
    fails("auth", pop3.connect(opts))
    assert.are.equal(before, helper.descriptors())
  end)
end)

describe("a URL", function()
  it("gives host, port, user and password", function()
    assert.same({ host = "mail.example", tls = "implicit", user = "mrose" },
                url "pops://mrose@mail.example")
    assert.same({ host = "mail.example", port = 1110, tls = "stls",
                  user = "m@x", password = "p:/ w" },
                url "pop://m%40x:p%3A%2F%20w@mail.example:1110")
    assert.same({ host = "::1", tls = "stls" }, url "POP://[::1]/")
    assert.same({ host = "h", tls = "stls", user = "m", password = "a:b@c" },
                url "pop://m:a:b@c@h")
  end)

  it("has an IPv6 address in brackets, as the option host may", function()
    for _, where in ipairs { { host = "[::1]", port = 1, tls = "none" },
                             { host = "::1", port = 1, tls = "none" } } do
      where.resolve = function(host)
        assert.are.equal("::1", host)
        return nil, "not here"
      end
      local message = fails("connect", pop3.connect(where))
      assert.are.equal("connect: [::1]:1: not here", message)
    end
  end)

  it("gives the mechanism", function()
    assert.same({ "APOP" }, url("pop://m;AUTH=+APOP@h").mechs)
    assert.same({ "CRAM-MD5" }, url("pop://m;auth=cram-md5@h").mechs)
    assert.is_nil(url("pop://m;AUTH=*@h").mechs)
  end)

  it("can be connected to, with options beside it", function()
    local run <close> = pop3.server.new {
      users = { mrose = { password = "secret" } } }:fork()
    local s <close> = assert(pop3.connect(
      ("pop://mrose@127.0.0.1:%d"):format(run.port),
      { tls = "none", password = "secret" }))
    assert.are.equal("transaction", s:state())
  end)

  it("of a wrong form is misuse", function()
    for _, text in ipairs { "http://mail.example/", "mail.example", "",
                            "pop://", "pop://h:port" } do
      misuse("connect: ", function() local _ = pop3.connect(text) end)
    end
  end)
end)
