-- Control by TCP and by HTTP: the token, the paths, and HTTP at every split.

local command = require "spec.support.command"
local control = require "pop3.server.control"
local dkjson = require "dkjson"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"

local TOKEN = "a-token"

-- A server with its control in this process, and a way to let both go on.
local function start(token)
  local server = pop3.server.new { users = { u = { password = "pw", mail = {} } } }
  local c = control.new(server)
  local place = assert(c:listen("tcp:127.0.0.1:0", token))
  local self = { server = server, place = place }
  function self.pump()
    server.running = true
    c:due()
    local n = server:turn(0)
    for _, client in pairs(c.clients) do
      if n == 0 and client.request ~= nil then return c:answer() end
    end
  end
  function self.connect()
    local sock = assert(socket.connect(place.host, place.port))
    sock:settimeout(0)
    return sock
  end
  setmetatable(self, { __close = function()
    c:close()
    server:stop()
  end })
  return self
end

-- What comes until there is nothing more to come: `done` says when.
local function receive(s, sock, done)
  local came, ended = "", false
  assert(helper.await(function()
    s.pump()
    local octets, err, part = sock:receive(65536)
    came = came .. (octets or part)
    ended = err == "closed"
    return ended or done(came)
  end), came)
  return came, ended
end

-- Is a response complete?
local function is_response(octets)
  local length, body = octets:match "Content%-Length: (%d+)\r\n.-\r\n\r\n(.*)$"
  return length ~= nil and #body >= tonumber(length)
end

local function request(method, path, body, fields)
  local head = { ("%s %s HTTP/1.1"):format(method, path), "Host: localhost",
                 "Authorization: Bearer " .. TOKEN }
  if body then head[#head + 1] = "Content-Length: " .. #body end
  for _, field in ipairs(fields or {}) do head[#head + 1] = field end
  return table.concat(head, "\r\n") .. "\r\n\r\n" .. (body or "")
end

-- Send octets in pieces and take one response: status, body, head, and whether the
-- connection ended.
local function exchange(s, sock, ...)
  for _, piece in ipairs { ... } do
    assert(sock:send(piece))
    s.pump()
  end
  local came, ended = receive(s, sock, is_response)
  local status, body = came:match "^HTTP/1.1 (%d+) .-\r\n\r\n(.*)$"
  return math.tointeger(tonumber(status)), body, came, ended
end

local function ask(s, ...)
  local sock = s.connect()
  local status, body, head = exchange(s, sock, ...)
  sock:close()
  return status, dkjson.decode(body) or body, head
end

describe("control by TCP", function()
  local function line(s, sock, text)
    assert(sock:send(text .. "\n"))
    return dkjson.decode((receive(s, sock, function(came)
      return came:find("\n", 1, true)
    end)))
  end

  it("needs the token, once a connection", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    for _, wrong in ipairs { '{"do": "stats"}', '{"do": "stats", "auth": "x"}',
                             '{"do": "stats", "auth": 5}' } do
      local answer = line(s, sock, wrong)
      assert.same({ false, "auth" }, { answer.ok, answer.code })
    end
    assert.is_true(line(s, sock, '{"do": "stats", "auth": "a-token"}').ok)
    assert.is_true(line(s, sock, '{"do": "stats"}').ok)
    sock:close()
    local other = s.connect()
    assert.equal("auth", line(s, other, '{"do": "stats"}').code)
    other:close()
  end)

  it("makes a token that is never the same", function()
    local a <close> = start()
    local b <close> = start()
    assert.match("^%x+$", a.place.token)
    assert.is_true(#a.place.token >= 32)
    assert.are_not.equal(a.place.token, b.place.token)
  end)
end)

describe("control by HTTP", function()
  it("answers a request, whole or at every split", function()
    local s <close> = start(TOKEN)
    local octets = request("POST", "/requests", '{"do": "count", "verb": "STAT"}')
    for cut in helper.sweep(1, #octets, 25) do
      local status, answer = ask(s, octets:sub(1, cut), octets:sub(cut + 1))
      assert.same({ 200, { ok = true, count = 0 } }, { status, answer })
    end
    local pieces = {}
    for i = 1, #octets do pieces[i] = octets:sub(i, i) end
    assert.equal(200, (ask(s, table.unpack(pieces))))
  end)

  it("takes chunked bodies, at every split", function()
    local s <close> = start(TOKEN)
    local head = request("POST", "/requests", nil,
                         { "Transfer-Encoding: chunked" })
    for _, body in ipairs {
      '10\r\n{"do": "deliver"\r\n1E;x=y\r\n, "user": "u", "mail": "a: b"}\r\n0\r\n\r\n',
      '1\r\n{\r\n00D\r\n"do": "stats"\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n',
    } do
      for cut in helper.sweep(1, #body, 20) do
        local status, answer = ask(s, head .. body:sub(1, cut),
                                   body:sub(cut + 1))
        assert.same({ 200, true }, { status, answer.ok })
      end
    end
  end)

  it("has requests that GET asks for, and the transcript as text", function()
    local s <close> = start(TOKEN)
    s.server:fault { verb = "STAT", delay = 1 }
    local client = s.server:loopback()
    client:send "NOOP\r\n"
    client:receive(100)
    for path, field in pairs { ["/transcript"] = "transcript",
                               ["/stats"] = "pid", ["/sessions"] = "sessions",
                               ["/faults?x=y"] = "faults",
                               ["/maildrops"] = "maildrops" } do
      local status, answer = ask(s, request("GET", path))
      assert.equal(200, status)
      assert.truthy(answer[field])
    end
    local status, text, head = ask(s, request("GET", "/transcript.txt"))
    assert.equal(200, status)
    assert.match("^# session 1\nS: %+OK lpop3 ready\nC: NOOP\n", text)
    assert.match("\r\nContent%-Type: text/plain; charset=utf%-8\r\n", head)
  end)

  it("has the status of the outcome of a request", function()
    local s <close> = start(TOKEN)
    local function post(body) return request("POST", "/requests", body) end
    for expected, octets in pairs {
      [400] = post '{"do": "nonsense"}',
      [404] = request("GET", "/nothing"),
      [405] = request("GET", "/requests"),
      [409] = post '{"do": "verify", "commands": ["NOOP"]}',
      [411] = request("POST", "/requests"),
      [413] = request("POST", "/requests", nil, { "Content-Length: 99999999" }),
      [431] = request("GET", "/stats", nil, { "X: " .. ("x"):rep(70000) }),
      [501] = request("POST", "/requests", nil, { "Transfer-Encoding: gzip" }),
      [505] = "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    } do
      local status, answer = ask(s, octets)
      assert.equal(expected, status)
      assert.is_false(answer.ok)
      assert.is_string(answer.error)
    end
    local _, _, head = ask(s, request("GET", "/requests"))
    assert.match("\r\nAllow: POST\r\n", head)
  end)

  it("refuses a head that could be read in two ways, and closes", function()
    local s <close> = start(TOKEN)
    for _, octets in ipairs {
      request("POST", "/requests", "{}", { "Transfer-Encoding: chunked" }),
      request("POST", "/requests", "{}", { "Content-Length: 3" }),
      request("POST", "/requests", nil, { "Content-Length: -1" }),
      request("POST", "/requests", nil, { "Content-Length: 1, 1" }),
      request("GET", "/stats", nil, { "no colon" }),
      request("GET", "/stats", nil, { " folded: field" }),
      "GET /stats HTTP/1.1\r\n\r\n", "GET stats HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /\r\n\r\n",
      request("POST", "/requests", nil, { "Transfer-Encoding: chunked" })
        .. "x\r\n",
      request("POST", "/requests", nil, { "Transfer-Encoding: chunked" })
        .. "2\r\n{}}}\r\n",
    } do
      local sock = s.connect()
      local status, _, head = exchange(s, sock, octets)
      assert.equal(400, status, octets)
      assert.match("\r\nConnection: close\r\n", head)
      assert.is_true(helper.await(function()
        s.pump()
        return select(2, sock:receive(1)) == "closed"
      end))
      sock:close()
    end
  end)

  it("answers HEAD as GET, without the body", function()
    local s <close> = start(TOKEN)
    for _, path in ipairs { "/", "/stats", "/transcript.txt", "/no", "/requests" } do
      local sock = s.connect()
      assert(sock:send(request("HEAD", path) .. request("GET", "/sessions")))
      local came = receive(s, sock, function(came)
        return came:find('"sessions":[]', 1, true)
      end)
      local status, length, after =
        came:match "^HTTP/1.1 (%d+) .-Content%-Length: (%d+)\r\n.-\r\n\r\n(.*)$"
      assert.equal(path == "/no" and "404" or path == "/requests" and "405" or "200",
                   status)
      assert.is_true(tonumber(length) > 0 or path == "/transcript.txt")
      assert.equal("HTTP/1.1 200", after:sub(1, 12))
      sock:close()
    end
  end)

  it("takes the absolute form of a target", function()
    local s <close> = start(TOKEN)
    for target, wanted in pairs {
      ["http://localhost/stats"] = 200, ["HTTP://127.0.0.1:80/stats?x=/"] = 200,
      ["http://localhost"] = 200, ["http://localhost?a"] = 200,
      ["http://evil.example/stats"] = 421, ["https://localhost/stats"] = 400,
      ["stats"] = 400, ["*"] = 400,
    } do
      assert.equal(wanted, (ask(s, request("GET", target))), target)
    end
  end)

  it("needs no Host in HTTP/1.0", function()
    local s <close> = start(TOKEN)
    local text = "GET /stats HTTP/%s\r\nAuthorization: Bearer a-token\r\n\r\n"
    assert.equal(200, (ask(s, text:format "1.0")))
    assert.equal(400, (ask(s, text:format "1.1")))
    assert.equal(403, (ask(s, (text:format "1.0":gsub("\r\n", "\r\nOrigin: null\r\n", 1)))))
  end)

  it("reads the rest after a refused request, so that the answer is not lost", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    assert(sock:send(("POST /requests HTTP/1.1\r\nHost: localhost\r\n"
                      .. "Content-Length: %d\r\n\r\n"):format(64 << 20)))
    local piece, left = ("x"):rep(1 << 20), 64 << 20
    while left > 0 do
      s.pump()
      local sent, err, part = sock:send(piece)
      assert(sent or err == "timeout", err)
      left = left - (sent or part)
    end
    local came, ended = receive(s, sock, function() return false end)
    assert.match("^HTTP/1.1 413 ", came)
    assert.is_true(ended)
    sock:close()
  end)

  it("shows a transcript that a terminal does not execute", function()
    local s <close> = start(TOKEN)
    local client = assert(socket.connect(s.server.host, s.server.port))
    client:settimeout(0)
    assert(client:send "XA \27[2J \xff\8\r\n")
    receive(s, client, function(came) return came:find "%-ERR" end)
    client:close()
    local _, text = ask(s, request("GET", "/transcript.txt"))
    assert.match("C: XA \\x1B%[2J \\xFF\\x08\n", text)
  end)

  it("needs the token in each request", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    assert.equal(200, (exchange(s, sock, request("GET", "/stats"))))
    for _, field in ipairs { "X: y", "Authorization: Bearer wrong",
                             "Authorization: Basic a-token" } do
      local status, body, head = exchange(s, sock,
        "GET /stats HTTP/1.1\r\nHost: x\r\n" .. field .. "\r\n\r\n")
      assert.equal(401, status)
      assert.equal("auth", dkjson.decode(body).code)
      assert.match("\r\nWWW%-Authenticate: Bearer\r\n", head)
    end
    assert.equal(200, (exchange(s, sock, request("GET", "/stats"))))
    sock:close()
  end)

  it("shows the page to everybody, with a policy for it", function()
    local s <close> = start(TOKEN)
    local policy = "\r\nContent%-Security%-Policy: default%-src 'none'; "
                   .. "script%-src 'self'; style%-src 'self'; "
    local found = 0
    local function get(path)
      local sock = s.connect()
      local status, body, head = exchange(s, sock, "GET " .. path
        .. " HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
      sock:close()
      assert.equal(200, status, path)
      head = head:match "^.-\r\n\r\n"
      assert.match("\r\nX%-Content%-Type%-Options: nosniff\r\n", head)
      assert.match(policy, head)
      assert.is_nil(head:find("Access-Control", 1, true))
      assert.is_nil(body:find(TOKEN, 1, true))
      found = found + 1
      return body, head
    end
    local html, head = get "/"
    assert.match("\r\nContent%-Type: text/html; charset=utf%-8\r\n", head)
    assert.match("^<!doctype html>", html)
    assert.is_nil(html:find(" on%l+=")) -- handlers and styles are in files
    assert.is_nil(html:find " style=")
    assert.is_nil(html:find "https?://")
    local seen, left = {}, { "/page/main.js", "/page/style.css" }
    while left[1] do
      local path = table.remove(left)
      if not seen[path] then
        seen[path] = true
        local body
        body, head = get(path)
        assert.match(path:find "js$" and "text/javascript" or "text/css", head)
        assert.is_nil(body:find "innerHTML" or body:find "https?://[^%$]", path)
        for name in body:gmatch 'from "%./([^"]+)"' do
          left[#left + 1] = "/page/" .. name
        end
      end
    end
    assert.equal(10, found)
    for _, path in ipairs { "/page/init.lua", "/page/../http.lua", "/page/",
                            "/index.html", "/page/%69ndex.html" } do
      assert.equal(404, (ask(s, request("GET", path))))
    end
    assert.equal(405, (ask(s, request("POST", "/", ""))))
  end)

  it("keeps pages of other sites out", function()
    local s <close> = start(TOKEN)
    local function get(host, fields, path)
      local octets = "GET " .. (path or "/stats") .. " HTTP/1.1\r\nHost: " .. host
        .. "\r\nAuthorization: Bearer " .. TOKEN .. "\r\n" .. (fields or "")
        .. "\r\n"
      return (ask(s, octets))
    end
    local own = "127.0.0.1:" .. s.place.port
    for _, host in ipairs { own, "localhost", "LOCALHOST:80", "a.localhost:1",
                            "[::1]:5", "127.0.0.2", "10.0.0.1" } do
      assert.equal(200, get(host), host)
    end
    for _, host in ipairs { "evil.example", "localhost.evil.example",
                            "127.0.0.1.evil.example", "evil.example:80", "",
                            "127.0.0.1@evil.example", "[evil.example]",
                            "xlocalhost" } do
      assert.equal(421, get(host), host)
      assert.equal(421, get(host, nil, "/"), host)
    end
    assert.equal(200, get(own, "Origin: http://" .. own .. "\r\n"))
    for _, origin in ipairs { "null", "http://evil.example", "http://localhost",
                              "https://" .. own, "http://" .. own .. ".evil" } do
      assert.equal(403, get(own, "Origin: " .. origin .. "\r\n"), origin)
      assert.equal(403, get(own, "Origin: " .. origin .. "\r\n", "/"), origin)
    end
    local status, _, head = ask(s, request("OPTIONS", "/requests"))
    assert.equal(405, status)
    assert.is_nil(head:find("Access-Control", 1, true))
  end)

  it("gives a part as octets with a safe name", function()
    local s <close> = start(TOKEN)
    local mail = "Content-Type: text/html\r\nContent-Disposition: attachment; "
      .. "filename=\"=?utf-8?B?Li4vYQ0KWDogeQ0K4oCuImLDpC5leGU=?=\"\r\n\r\n\xFF<b>\0"
    s.server:deliver("u", mail)
    local status, octets, head = ask(s, request("POST", "/part",
      '{"user": "u", "number": 1, "path": "1"}'))
    local _
    assert.equal(200, status)
    assert.equal("\xFF<b>\0\r\n", octets)
    assert.match("\r\nContent%-Type: application/octet%-stream\r\n", head)
    assert.match("\r\nContent%-Disposition: attachment; filename%*=UTF%-8''"
                 .. "[%w%%._~-]+\r\n", head)
    assert.is_nil(head:find "\nX: y")
    assert.is_nil(head:find("%2F", 1, true) or head:find("%E2%80%AE", 1, true))
    _, octets = ask(s, request("POST", "/part", '{"user": "u", "number": 1}'))
    assert.equal(mail .. "\r\n", octets)
    for body, expected in pairs {
      ['{"user": "u", "number": 5}'] = 409, ['[]'] = 400, ['{"user": "u"}'] = 400,
      ['x'] = 400,
    } do
      assert.equal(expected, (ask(s, request("POST", "/part", body))), body)
    end
    _, octets = ask(s, request("POST", "/part",  -- another request it is not
      '{"do": "faults", "user": "u", "number": 1}'))
    assert.equal(mail .. "\r\n", octets)
  end)

  it("gives the HTML of a mail for a frame, with the token in a form", function()
    local s <close> = start(TOKEN)
    s.server:deliver("u", "Content-Type: text/html\r\n\r\n<p><LINK rel=x><link/>hi")
    local function post(body)
      local octets = "POST /frame HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                     .. #body .. "\r\n\r\n" .. body
      return ask(s, octets)
    end
    local status, html, head = post "token=a-tok%65n&user=u&number=1"
    assert.equal(200, status)
    assert.equal("<p><x-LINK rel=x><x-link/>hi\r\n",
                 (html:gsub("<style>x%-a.*</style>$", "")))
    assert.match("\r\nContent%-Security%-Policy: sandbox; default%-src 'none'; "
      .. "img%-src data:; style%-src 'unsafe%-inline'; ", head)
    assert.is_nil(head:match "Policy: [^\r]*allow%-")
    for body, expected in pairs {
      ["user=u&number=1"] = 401, ["token=&user=u&number=1"] = 401,
      ["token=a-toke&user=u&number=1"] = 401, ["token=a-token&user=u"] = 400,
      ["token=a-token&user=v&number=1"] = 409, [""] = 401,
      ["token=a-token&user=u&number=1&do=stop"] = 200,
    } do
      assert.equal(expected, (post(body)), body)
    end
    -- a form has a token for nothing else
    local body = '{"do": "stop", "auth": "a-token"}&token=a-token'
    assert.equal(401, (ask(s, "POST /requests HTTP/1.1\r\nHost: localhost\r\n"
      .. "Content-Length: " .. #body .. "\r\n\r\n" .. body)))
  end)

  it("renames attributes that lead from a mail to another document", function()
    local frame = require "pop3.server.control.frame"
    for html, expected in pairs {
      ["<a href=x>y</a>"] = "<x-a href=x>y</x-a>",
      ["<A\thref=x>y</A >"] = "<x-A\thref=x>y</x-A >",
      ["<abbr>, <area/>, <a/x>, <a>"] = "<abbr>, <x-area/>, <x-a/x>, <x-a>",
      ["<iFrame\nsrc=x>"] = "<x-iFrame\nsrc=x>",
      ["<p title='<b'><frame src=x>"] = "<p title='<b'><x-frame src=x>",
      ["<style><x</style><link>"] = "<style><x</style><x-link>",
      ["1 < a <b <i>c</i> <"] = "1 < a <b <i>c</i> <",
      ["<svg><a><set attributeName=href>"] =
        "<svg><x-a><x-set attributeName=href>",
      ["<a\0b><a"] = "<a\0b><x-a",
    } do
      assert.equal(expected, (frame.contents(html):gsub("<style>x%-a.*$", "")))
    end
  end)

  it("does not let a browser that reads slowly hold up mail", function()
    local s <close> = start(TOKEN)
    s.server:deliver("u", "Subject: big\r\n\r\n" .. ("x"):rep(8000000))
    local slow = s.connect()
    assert(slow:send(request("POST", "/part", '{"user": "u", "number": 1}')))
    local watching = s.connect()
    assert(watching:send(request("POST", "/requests",
      '{"do": "watch", "seconds": 3600}')))
    for _ = 1, 20 do s.pump() end
    local client = assert(socket.connect("127.0.0.1", s.server.port))
    client:settimeout(0)
    local came = ""
    for i = 1, 50 do
      client:send "NOOP\r\n"
      assert.is_true(helper.await(function()
        s.pump()
        local octets, _, part = client:receive(4096)
        came = came .. (octets or part)
        return select(2, came:gsub("\r\n", "")) > i
      end))
    end
    local octets = receive(s, slow, is_response)
    assert.is_true(#octets > 8000000)
    for _, sock in ipairs { slow, watching, client } do sock:close() end
  end)

  it("answers a watch when something happens, and not before", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    local _, first = ask(s, request("POST", "/requests", '{"do": "watch"}'))
    assert(sock:send(request("POST", "/requests", dkjson.encode {
      ["do"] = "watch", seconds = 3600, since = first.since })))
    for _ = 1, 5 do s.pump() end
    assert.equal("timeout", select(2, sock:receive(1)))
    s.server:loopback()
    local status, body = exchange(s, sock)
    assert.equal(200, status)
    assert.equal("+OK lpop3 ready", dkjson.decode(body).transcript[1].line)
    sock:close()
  end)

  it("keeps a connection, or closes it, as it is asked", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    local two = request("GET", "/stats") .. request("GET", "/faults")
    assert(sock:send(two))
    local came = receive(s, sock, function(octets)
      return select(2, octets:gsub("HTTP/1.1 200", "")) == 2
             and octets:find '"faults"'
    end)
    assert.is_nil(came:find "Connection: close")
    local _, _, head, ended = exchange(s, sock,
      request("GET", "/stats", nil, { "Connection: close" }))
    assert.match("Connection: close", head)
    if not ended then
      assert.is_true(helper.await(function()
        s.pump()
        return select(2, sock:receive(1)) == "closed"
      end))
    end
    sock:close()
    local _, _, old = ask(s, "GET /stats HTTP/1.0\r\nAuthorization: Bearer "
                             .. TOKEN .. "\r\n\r\n")
    assert.match("Connection: close", old)
  end)

  it("says Continue to a client that waits for it", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    local body = '{"do": "stats"}'
    local octets = request("POST", "/requests", body, { "Expect: 100-continue" })
    assert(sock:send(octets:sub(1, -1 - #body)))
    receive(s, sock, function(came)
      return came == "HTTP/1.1 100 Continue\r\n\r\n"
    end)
    assert.equal(200, (exchange(s, sock, body)))
    sock:close()
  end)

  it("answers a request that waits later", function()
    local s <close> = start(TOKEN)
    local sock = s.connect()
    assert(sock:send(request("POST", "/requests",
      '{"do": "wait_for", "verb": "NOOP", "seconds": 60}')))
    for _ = 1, 5 do s.pump() end
    assert.equal("timeout", select(2, sock:receive(1)))
    s.server:loopback():send "NOOP\r\n"
    assert.equal(200, (exchange(s, sock)))
    sock:close()
    local status, answer = ask(s, request("POST", "/requests",
      '{"do": "wait_for", "verb": "NOOP", "seconds": 0, "count": 9}'))
    assert.same({ 409, "timeout" }, { status, answer.code })
  end)

  it("survives noise", function()
    local s <close> = start(TOKEN)
    for seed = 1, 40 do
      local octets = request("POST", "/requests", '{"do": "stats"}',
                             { "Transfer-Encoding: chunked" })
      local at = seed * 7 % #octets + 1
      octets = octets:sub(1, at) .. string.char(seed * 37 % 256)
               .. octets:sub(at + seed % 5)
      local sock = s.connect()
      sock:send(octets)
      s.pump()
      sock:shutdown "send"
      receive(s, sock, function() return false end)
      sock:close()
    end
    assert.equal(200, (ask(s, request("GET", "/stats"))))
  end)
end)

-- Against clients that others wrote.
if os.getenv "LPOP3_SANITIZED" then return end  -- programs of their own

local function has(program)
  return os.execute("command -v " .. program .. " >/dev/null 2>&1") == true
end

describe("pop3 serve --control", function()
  local BODY = [[{"do":"deliver","user":"mrose","mail":"Subject: x\r\n\r\nhi\r\n"}]]
  local clients = {
    curl = { [[curl -sf -H 'Authorization: Bearer a-token' --data-binary @body \
                 http://$WHERE/requests]],
             [[curl -sf -H 'Authorization: Bearer a-token' http://$WHERE/stats]] },
    python3 = { [[python3 -c '
import os, urllib.request
def ask(path, data=None):
    r = urllib.request.Request("http://" + os.environ["WHERE"] + path, data,
                               {"Authorization": "Bearer a-token"})
    print(urllib.request.urlopen(r).read().decode())
ask("/requests", open("body", "rb").read())
ask("/stats")']] },
    perl = { [[perl -MHTTP::Tiny -e '
my $h = HTTP::Tiny->new(default_headers => { Authorization => "Bearer a-token" });
my $url = "http://$ENV{WHERE}";
open my $f, "<", "body"; local $/; my $body = <$f>;
my $r = $h->post("$url/requests", { content => $body });
die $r->{content} unless $r->{success};
print $r->{content}, $h->get("$url/stats")->{content};']] },
  }
  for name, lines in pairs(clients) do
    if has(name) then
      it("is asked by " .. name, function()
        local dir <close> = helper.directory()
        dir:write("body", BODY)
        local run <close> = command.start { "serve", "--control",
          "tcp:127.0.0.1:0", "--control-token", TOKEN }
        local pipe = assert(io.popen(("cd %s && export WHERE=%s && {\n%s\n}")
          :format(dir.path, run.control, table.concat(lines, "\n"))))
        local text = pipe:read "a"
        assert.is_true(pipe:close(), text)
        assert.match('"ok":true', text)
        assert.match('"pid":' .. run.pid, text)
      end)
    end
  end

  it("prints where it listens, and the token that it made", function()
    local run <close> = command.start { "serve", "--control",
                                            "tcp:127.0.0.1:0" }
    assert.match("^127%.0%.0%.1:%d+$", run.control)
    assert.match("^%x+$", run.token)
  end)

  it("speaks HTTP on a Unix socket, which needs no token", function()
    local dir <close> = helper.directory()
    local run <close> = command.start { "serve", "--control", dir.path .. "/s" }
    local pipe = assert(io.popen(("curl -sf --unix-socket %s/s "
      .. "http://localhost/stats"):format(dir.path)))
    local text = pipe:read "a"
    assert.is_true(pipe:close(), text)
    assert.match('"pid":' .. run.pid, text)
  end)

  it("refuses a place of a wrong form", function()
    local status, _, err = command.run { "serve", "--control", "tcp:a b:1" }
    assert.equal(2, status)
    assert.match("control: tcp:a b:1: it must be tcp:HOST:PORT", err)
  end)
end)

