-- Proxies, scripted in this process: they run in the wait hook of the client.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local proxy = require "pop3.transport.proxy"
local socket = require "socket"

-- A proxy that plays a script of { expected octets, answer } and then
-- says `greeting`; its octets come `chunk` at once. `open` runs against it.
local function play(url, script, opts)
  opts = opts or {}
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:settimeout(0)
  local state = { got = "", at = 1, say = "", waits = 0, time = 0 }
  local function step()
    if not state.sock then
      state.sock = listener:accept()
      if not state.sock then return end
      state.sock:settimeout(0)
      state.sock:setoption("tcp-nodelay", true)  -- no wait for an ACK
    end
    local data, err, part = state.sock:receive(65536)
    state.got = state.got .. (data or part or "")
    if err == "closed" then state.closed = true end
    local entry = script[state.at]
    if entry and #state.got >= #entry[1] then
      assert(state.got:sub(1, #entry[1]) == entry[1],
             ("expected %q, got %q"):format(entry[1], state.got))
      state.got = state.got:sub(#entry[1] + 1)
      state.at = state.at + 1
      state.say = state.say .. entry[2]
    end
    if state.say ~= "" then
      local n = opts.chunk or #state.say
      assert(state.sock:send(state.say:sub(1, n)))
      state.say = state.say:sub(n + 1)
    elseif state.at > #script and opts.hangup then
      state.sock:close()
      state.sock, state.gone = nil, true
    end
  end
  local function wait(fd, mode, seconds)
    state.waits = state.waits + 1
    if state.waits > 100000 then error("it waits for ever", 0) end
    if opts.stop and state.waits > opts.stop then return nil, "timeout" end
    for _ = 1, 3 do if not state.gone then step() end end
    if core.poll(fd, mode, 0) then return true end
    return state.gone and core.poll(fd, mode, seconds) or true
  end
  local parsed = proxy.parse(url:gsub("PORT", tostring(port)), 1)
  local io, message, code = proxy.open(parsed, opts.host or "mail.example",
                                       opts.port or 110, 5, wait)
  local fd = io and io.fd
  local result = { fd = fd, message = message, code = code, state = state,
                   port = port }
  function result.close()
    if fd then fd:close() end
    if state.sock then state.sock:close() end
    listener:close()
  end
  return result
end

local NAME = "\3\12mail.example\0\110"
local OK = "\5\0\0\1\1\2\3\4\0\80"

local function good(url, script, opts)
  for chunk = 1, 3 do
    opts = opts or {}
    opts.chunk = chunk
    local r = play(url, script, opts)
    assert.truthy(r.fd, r.message)
    assert.equal(#script + 1, r.state.at)
    assert.equal("", r.state.got)
    assert.is_nil(r.fd:read(100))  -- nothing is left over
    r.close()
  end
end

local function bad(code, pattern, url, script, opts)
  local r = play(url, script, opts)
  assert.is_nil(r.fd)
  assert.equal(code, r.code, r.message)
  assert.truthy(r.message:find(pattern), r.message)
  assert.truthy(r.message:find("proxy 127.0.0.1:" .. r.port, 1, true))
  assert.is_nil(r.message:find "hush")
  r.close()
end

describe("SOCKS5", function()
  local URL = "socks5://127.0.0.1:PORT"
  local LOGIN = "socks5h://joe:hush%20you@127.0.0.1:PORT"
  local HELLO = { "\5\1\0", "\5\0" }

  it("connects by name, which it resolves itself", function()
    good(URL, { HELLO, { "\5\1\0" .. NAME, OK } })
  end)

  it("reads replies with addresses of every kind", function()
    for _, reply in ipairs { OK, "\5\0\0\4" .. ("x"):rep(16) .. "\0\80",
                             "\5\0\0\3\5proxy\0\80", "\5\0\0\3\0\0\80" } do
      good(URL, { HELLO, { "\5\1\0" .. NAME, reply } })
    end
  end)

  it("passes addresses on as such", function()
    for host, address in pairs {
      ["192.0.2.7"] = "\1\192\0\2\7", ["::1"] = "\4" .. ("\0"):rep(15) .. "\1",
      ["[2001:db8::a:b]"] = "\4\32\1\13\184" .. ("\0"):rep(8) .. "\0\10\0\11",
      ["1:2:3:4:5:6:7:8"] = "\4\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\8",
      ["1.2.3"] = "\3\0051.2.3", ["1.2.3.256"] = "\3\0091.2.3.256",
      ["::1::"] = "\3\5::1::", ["12345::"] = "\3\00712345::",
    } do
      good(URL, { HELLO, { "\5\1\0" .. address .. "\3\231", OK } },
           { host = host, port = 999 })
    end
  end)

  it("logs in when it is asked to", function()
    good(LOGIN, { { "\5\2\0\2", "\5\2" }, { "\1\3joe\8hush you", "\1\0" },
                  { "\5\1\0" .. NAME, OK } })
    good(LOGIN, { { "\5\2\0\2", "\5\2" }, { "\1\3joe\8hush you", "\5\0" },
                  { "\5\1\0" .. NAME, OK } })
    good(LOGIN, { { "\5\2\0\2", "\5\0" }, { "\5\1\0" .. NAME, OK } })
  end)

  it("returns the proxy's reason of a refusal", function()
    bad("connect", "refused the login", LOGIN,
        { { "\5\2\0\2", "\5\2" }, { "\1\3joe\8hush you", "\1\1" } })
    bad("connect", "requires a login", URL, { { "\5\1\0", "\5\255" } })
    bad("connect", "no login by user", LOGIN, { { "\5\2\0\2", "\5\255" } })
    bad("connect", "not offered", URL, { { "\5\1\0", "\5\2" } })
    bad("connect", "not offered", URL, { { "\5\1\0", "\5\1" } })
    local why = { "general failure", "not allowed", "network unreachable",
      "host unreachable", "connection refused", "TTL", "command", "address",
      "failure 9" }
    for status, text in ipairs(why) do
      bad("connect", text, URL, { HELLO, { "\5\1\0" .. NAME, "\5"
          .. string.char(status) .. "\0\1" .. ("\0"):rep(6) } })
    end
    bad("connect", "too long", URL, { HELLO }, { host = ("x"):rep(256) })
  end)

  it("reports a peer that does not speak SOCKS5", function()
    for _, reply in ipairs { "\4\0", "+O", "HT", "\0\0" } do
      bad("proto", "the reply is not SOCKS5", URL, { { "\5\1\0", reply } })
    end
    bad("proto", "the reply is not", URL, { HELLO, { "\5\1\0" .. NAME, "+OK " } })
    bad("proto", "type of address", URL, { HELLO, { "\5\1\0" .. NAME, "\5\0\0\2" } })
    bad("proto", "the reply is not", LOGIN,
        { { "\5\2\0\2", "\5\2" }, { "\1\3joe\8hush you", "\4\0" } })
  end)

  it("a hang-up at any octet is a failure", function()
    for n = 0, #OK - 1 do
      bad("connect", "closed the connection", URL,
          { HELLO, { "\5\1\0" .. NAME, OK:sub(1, n) } }, { hangup = true })
    end
    bad("connect", "closed the connection", URL, { { "\5\1\0", "" } }, { hangup = true })
  end)

  it("keeps octets of the mail server that come at once", function()
    local r = play(URL, { HELLO, { "\5\1\0" .. NAME, OK .. "+OK ready\r\n" } })
    assert.truthy(r.fd, r.message)
    assert.equal("+OK ready\r\n", r.fd:read(100))
    r.close()
  end)

  it("drips against the time that there is", function()
    bad("timeout", "timeout", URL, { HELLO, { "\5\1\0" .. NAME, OK } },
        { chunk = 1, stop = 4 })
  end)
end)

describe("HTTP CONNECT", function()
  local URL = "http://127.0.0.1:PORT"
  local ASK = "CONNECT mail.example:110 HTTP/1.1\r\nHost: mail.example:110\r\n"

  it("connects", function()
    for _, reply in ipairs {
      "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 204\r\nVia: x\r\nX: y\r\n\r\n", "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n",
    } do
      good(URL, { { ASK .. "\r\n", reply } })
    end
  end)

  it("logs in", function()
    good("http://joe:hush:you@127.0.0.1:PORT", { { ASK
      .. "Proxy-Authorization: Basic am9lOmh1c2g6eW91\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n" } })
  end)

  it("writes IPv6 addresses in brackets", function()
    for _, host in ipairs { "::1", "[::1]" } do
      good(URL, { { "CONNECT [::1]:110 HTTP/1.1\r\nHost: [::1]:110\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\r\n" } }, { host = host })
    end
  end)

  it("returns the proxy's reason of a refusal", function()
    bad("connect", "requires a login", URL,
        { { ASK, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n" } })
    bad("connect", "refused the login", "http://joe:hush@127.0.0.1:PORT",
        { { ASK, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n" } })
    bad("connect", "refused the login", "http://joe:hush@127.0.0.1:PORT",
        { { ASK, "HTTP/1.0 401 Unauthorized\r\n\r\n" } })
    for _, host in ipairs { "a b", "a/b", "a@b", "a?b", "b\195\188cher" } do
      bad("connect", "not valid", URL, {}, { host = host })
    end
    bad("connect", "403 Forbidden", URL,
        { { ASK, "HTTP/1.1 403 Forbidden\r\n\r\n" } })
    bad("connect", "502", URL, { { ASK, "HTTP/1.0 502\r\n\r\n" } })
  end)

  it("reports a peer that does not speak HTTP, or whose header never ends", function()
    bad("proto", "the reply is not HTTP", URL, { { ASK, "+OK ready\r\n\r\n" } })
    bad("proto", "the reply is not HTTP", URL, { { ASK, "HTTP/2 200\r\n\r\n" } })
    bad("proto", "too long", URL, { { ASK, "HTTP/1.1 200 OK\r\n"
        .. ("A: b\r\n"):rep(3000) } })
    bad("proto", "too long", URL, { { ASK,
        ("HTTP/1.1 100 Continue\r\n\r\n"):rep(1000) } })
  end)

  it("a hang-up at any octet is a failure", function()
    local reply = "HTTP/1.1 200 OK\r\n\r\n"
    for n = 0, #reply - 1 do
      bad("connect", "closed the connection", URL, { { ASK .. "\r\n", reply:sub(1, n) } },
          { hangup = true })
    end
  end)

  it("keeps octets of the mail server that come at once", function()
    local r = play(URL, { { ASK .. "\r\n",
                            "HTTP/1.1 200 OK\r\n\r\n+OK ready\r\n" } })
    assert.equal("+OK ready\r\n", r.fd:read(100))
    r.close()
  end)
end)

describe("a proxy", function()
  it("has a password that may hold colons", function()
    local p = proxy.parse("socks5://joe:a:b@c@[::1]:1081", 1)
    assert.equal("joe", p.user)
    assert.equal("a:b@c", p.password)
    assert.equal("::1", p.host)
    assert.equal("[::1]:1081", p.name)
    assert.equal(1080, proxy.parse("socks5h://h", 1).port)
    assert.equal(8080, proxy.parse("http://h/", 1).port)
  end)

  it("that is not there is code connect, and nothing leaks", function()
    local s = assert(socket.bind("127.0.0.1", 0))
    local _, port = s:getsockname()
    s:close()
    local before = helper.descriptors()
    local message = helper.fails("connect", pop3.connect {
      host = "mail.example", tls = "none",
      proxy = "socks5://joe:hush@127.0.0.1:" .. port })
    assert.truthy(message:find("proxy 127.0.0.1:" .. port, 1, true))
    assert.is_nil(message:find "hush")
    assert.equal(before, helper.descriptors())
  end)

  it("of no known kind is misuse", function()
    for _, url in ipairs { "", "127.0.0.1:1080", "socks4://h:1", "ftp://h",
                           "socks5://", "socks5://h:0", "http://h:65536",
                           "socks5://h:x", "socks5://:p@h", "http://a%3Ab:c@h",
                           "socks5://a/b:c@h",
                           "socks5://" .. ("u"):rep(256) .. ":p@h" } do
      helper.misuse("proxy", function()
        local _ = pop3.connect { host = "h", proxy = url }
      end)
    end
    helper.misuse("proxy", function()
      local _ = pop3.connect { transport = helper.peer { "+OK" },
                               proxy = "http://h" }
    end)
  end)
end)
