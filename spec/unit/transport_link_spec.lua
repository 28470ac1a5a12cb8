-- pop3.transport.link: lines and octets with deadlines, through TLS.

local Link = require "pop3.transport.link"
local core = require "pop3.core"
local object = require "pop3.transport.object"
local fd_transport = require "pop3.transport.fd"
local helper = require "spec.helper"

-- A byte stream with a virtual clock. `queue` holds its input: octets, a
-- number of seconds that pass first, or CLOSED.
local CLOSED = {}

local function stream(queue)
  local s = { queue = queue, from = 1, time = 0, sent = "", accept = math.maxinteger,
              loopback = true }
  function s:now() return self.time end
  function s:settimeout(seconds) self.timeout = seconds end
  function s:send(octets)
    octets = octets:sub(1, self.accept)
    self.sent = self.sent .. octets
    if self.answer then self.answer(octets) end
    return #octets
  end
  function s:receive(max)
    while true do
      local first = self.queue[self.from]
      if first == CLOSED then
        return nil, "closed"
      elseif type(first) == "string" then
        if #first > max then self.queue[self.from] = first:sub(max + 1)
        else self.from = self.from + 1 end
        return first:sub(1, max)
      end
      local left = self.timeout or math.huge
      first = first or math.huge
      if first > left then
        if self.queue[self.from] then self.queue[self.from] = first - left end
        self.time = self.time + left
        return nil, "timeout"
      end
      assert(first < math.huge, "it would wait for ever")
      self.time = self.time + first
      self.from = self.from + 1
    end
  end
  function s:close() self.closed = true end
  return s
end

local function over(queue, opts)
  local s = stream(queue)
  return Link.over(object(s), opts), s
end

-- All ways to cut octets in two, octet by octet, and whole.
local function each_split(octets, f)
  for i = 1, #octets - 1 do f { octets:sub(1, i), octets:sub(i + 1) } end
  local single = {}
  for i = 1, #octets do single[i] = octets:sub(i, i) end
  f(single)
  f { octets }
end

describe("a line", function()
  it("is found wherever its octets were cut", function()
    each_split("+OK a\r\n\n.\r\nlast", function(queue)
      queue[#queue + 1] = CLOSED
      local link = over(queue)
      assert.are.equal("+OK a\r\n", link:line(100))
      assert.are.equal("\n", link:line(100))
      assert.are.equal(".\r\n", link:line(100))
      local line, message, code = link:line(100)
      assert.is_nil(line)
      assert.are.equal("the connection was closed", message)
      assert.are.equal("closed", code)
      assert.are.equal("fin", link.over)
      assert.are.equal("last", link:unread())
      assert.are.equal("last", link:take())
      assert.are.equal("", link:take())
    end)
  end)

  it("may have as many octets as the limit says", function()
    each_split("12345678\r\nx\n", function(queue)
      local link = over(queue)
      assert.are.equal("12345678\r\n", link:line(10))
      assert.are.equal("x\n", link:line(2))
    end)
    each_split("12345678\r\nx\n", function(queue)
      local link = over(queue)
      local line, message, code = link:line(9)
      assert.is_nil(line)
      assert.are.equal("limit", code)
      assert.are.equal("a line is longer than 9 octets", message)
      assert.are.equal("12345678\r\n", link:line(10))
    end)
  end)

  it("without an end does not read beyond the limit", function()
    local link, s = over { ("x"):rep(10), ("y"):rep(10) }
    assert.are.equal("limit", select(3, link:line(10)))
    assert.are.equal(2, s.from)
  end)

  it("is asked for again after a timeout", function()
    local link, s = over { "+O", 5, "K\r", 5, "\n" }
    assert.are.equal("timeout", select(3, link:line(10, 4)))
    assert.are.equal(4, s.time)
    assert.are.equal("timeout", select(3, link:line(10, 4)))
    assert.are.equal(4, s.time)
    assert.are.equal("timeout", select(3, link:line(10, 6)))
    assert.are.equal("+OK\r\n", link:line(10, 11))
    assert.are.equal(10, s.time)
  end)

  it("may drip, but no wait is longer than idle", function()
    local link, s = over({ "a", 3, "b", 3, "c\n", 5, "d\n" }, { idle = 4 })
    assert.are.equal("abc\n", link:line(10))
    assert.are.equal("timeout", select(3, link:line(10)))
    assert.are.equal(10, s.time)
    assert.are.equal("d\n", link:line(10))
  end)

  it("of many pieces costs no more than their octets", function()
    local queue = {}
    for i = 1, 20000 do queue[i] = ("x"):rep(100) end
    queue[#queue + 1] = "\n"
    local link = over(queue)
    assert.are.equal(2000001, #link:line(2000001))
  end)
end)

describe("an exact count of octets", function()
  it("is read, and not one more", function()
    each_split("abcdefgh", function(queue)
      local link, s = over(queue)
      assert.are.equal("", link:octets(0))
      assert.are.equal("abc", link:octets(3))
      assert.are.equal("", link:unread())
      assert.are.equal("defg", link:octets(4))
      assert.are.equal("", link:unread())
      assert.are.equal("h", table.concat(s.queue, "", s.from))
    end)
  end)

  it("may be in the buffer already", function()
    local link = over { "a\nbcd" }
    assert.are.equal("a\n", link:line(9))
    assert.are.equal("bc", link:octets(2))
    assert.are.equal("d", link:take())
  end)

  it("that does not come is a failure, and octets that came stay", function()
    local link = over { "ab", CLOSED }
    assert.are.equal("closed", select(3, link:octets(3)))
    assert.are.equal("ab", link:unread())
  end)
end)

describe("sending", function()
  it("goes on until all octets went", function()
    local link, s = over {}
    s.accept = 3
    assert.is_true(link:send "0123456789")
    assert.are.equal("0123456789", s.sent)
  end)

  it("fails on a closed link, and so does reading", function()
    local link, s = over { "a" }
    link:close()
    link:close()
    assert.is_true(s.closed)
    assert.are.equal("closed", select(3, link:send "x"))
    assert.are.equal("closed", select(3, link:line(1)))
    assert.are.equal("", s.sent)
  end)
end)

describe("a descriptor", function()
  it("is read without waiting, or with a deadline", function()
    local ours, theirs = core.socketpair()
    local link = Link.over(fd_transport(ours))
    assert.is_true(link.loopback)
    assert.are.equal("timeout", select(3, link:fill()))
    assert.are.equal("timeout", select(3, link:line(9, core.now() + 0.001)))
    theirs:write "a\nb"
    assert.is_true(link:fill())
    assert.are.equal("timeout", select(3, link:fill()))
    assert.are.equal("a\n", link:line(9))
    assert.is_true(link:send "ping")
    assert.are.equal("ping", theirs:read(9))
    link:shutdown()
    assert.are.equal("closed", select(2, theirs:read(9)))
    theirs:write "c\n"
    theirs:close()
    assert.are.equal("bc\n", link:line(9))
    assert.are.equal("closed", select(3, link:line(9)))
    assert.are.equal("fin", link.over)
    link:close()
  end)

  it("that another coroutine closes while one waits is closed", function()
    local ours = core.socketpair()
    local link
    link = Link.over(fd_transport(ours, function()
      link:close()
      return true
    end))
    assert.are.equal("closed", select(3, link:line(9)))
  end)

  it("whose peer resets it says so", function()
    local socket = require "socket"
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local link = assert(Link.open("127.0.0.1", port, 30))
    assert.is_true(link.loopback)
    local theirs = assert(listener:accept())
    theirs:setoption("linger", { on = true, timeout = 0 })
    theirs:close()
    listener:close()
    local line, message, code = link:line(9, core.now() + helper.PATIENCE)
    assert.is_nil(line)
    assert.are.equal("closed", code)
    assert.are.equal("the connection was reset", message)
    assert.are.equal("rst", link.over)
    link:close()
  end)
end)

describe("TLS", function()
  local ca, ca_key = core.certificate { subject = "spec CA", is_ca = true }
  local by = { cert = ca, key = ca_key }
  local cert, key = core.certificate { subject = "localhost", ca = by,
                                       names = { "localhost" } }

  -- A link whose peer is a TLS server in memory. `chunk` octets come at once at
  -- most; `say` sends plaintext from the server; `heard` is its input.
  local function tls_pair(chunk, greeting)
    local server = core.tls { server = true, cert = cert, key = key }
    local link, s = over {}
    local peer = { heard = "", server = server }
    local function collect()
      while true do
        local what, data = server:next()
        if what == "data" then peer.heard = peer.heard .. data
        elseif what == "handshake" and greeting then
          server:write(greeting)
        elseif not what then break
        elseif what == "closed" then peer.ended = true break end
      end
      local octets = server:out()
      while octets do
        server:sent(#octets)
        for at = 1, #octets, chunk do
          table.insert(s.queue, octets:sub(at, at + chunk - 1))
        end
        octets = server:out()
      end
    end
    s.answer = function(octets)
      server:feed(octets)
      collect()
    end
    function peer.say(octets)
      server:write(octets)
      collect()
    end
    function peer.finish()
      server:shutdown()
      collect()
    end
    return link, peer, s
  end

  local function trust(name)
    local dir <close> = helper.directory()
    return require "pop3.transport.tls".trust({
      host = name, port = 1, cafile = dir:write("ca.pem", ca),
    }, "spec", 1)
  end

  it("carries lines at every size of the pieces", function()
    for _, chunk in ipairs { 1, 2, 7, 100, 65536 } do
      local link, peer = tls_pair(chunk, "+OK hello\r\n")
      assert.is_true(link:start_tls(trust "localhost"))
      assert.is_true(link.secure)
      assert.are.equal("+OK hello\r\n", link:line(100))
      assert.is_true(link:send "STAT\r\n")
      assert.are.equal("STAT\r\n", peer.heard)
      peer.say("+OK 1 2\r\n" .. ("x"):rep(40000) .. "\n")
      assert.are.equal("+OK 1 2\r\n", link:line(100))
      assert.are.equal(40001, #link:line(50000))
      peer.say "bye"
      peer.finish()
      assert.are.equal("closed", select(3, link:line(100)))
      assert.are.equal("fin", link.over)
      assert.are.equal("bye", link:take())
      link:close()
    end
  end)

  it("says close_notify at the end", function()
    local link, peer = tls_pair(65536)
    assert.is_true(link:start_tls(trust "localhost"))
    link:close()
    assert.is_true(peer.ended)
  end)

  it("that is cut off is code tls", function()
    local link, peer, s = tls_pair(65536)
    assert.is_true(link:start_tls(trust "localhost"))
    peer.say "+OK\r\n"
    s.queue[#s.queue + 1] = CLOSED
    assert.are.equal("+OK\r\n", link:line(100))
    local line, message, code = link:line(100)
    assert.is_nil(line)
    assert.are.equal("closed", code)
    assert.truthy(message:find("TLS", 1, true), message)
  end)

  it("does not start where the certificate is of another host", function()
    local link = tls_pair(65536)
    local ok, message, code = link:start_tls(trust "mail.example")
    assert.is_nil(ok)
    assert.are.equal("tls", code)
    assert.truthy(message:find("name", 1, true), message)
    assert.is_false(link.secure)
  end)

  it("does not start after unread octets", function()
    local link, s = over { "+OK go on\r\n+OK injected\r\n" }
    assert.are.equal("+OK go on\r\n", link:line(100))
    local ok, _, code = link:start_tls(trust "localhost")
    assert.is_nil(ok)
    assert.are.equal("tls", code)
    assert.are.equal("", s.sent)
  end)

  it("has a deadline", function()
    local link, s = over { 7 }
    assert.are.equal("timeout",
                     select(3, link:start_tls(trust "localhost", 5)))
    assert.are.equal(5, s.time)
  end)

  it("that the peer refuses, or cuts off, is code tls or closed", function()
    local link = over { "HTTP/1.0 400 what?\r\n\r\n" }
    assert.are.equal("tls", select(3, link:start_tls(trust "localhost")))
    link = over { CLOSED }
    local ok, _, code = link:start_tls(trust "localhost")
    assert.is_nil(ok)
    assert.is_true(code == "tls" or code == "closed")
  end)
end)
