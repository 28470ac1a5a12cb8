-- Former defects of a session whose client pipelines commands or leaves.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local socket = require "socket"

local function server(opts)
  opts.users = { u = { password = "pw", mail = opts.mail or { "one", "two" } } }
  opts.mail = nil
  return pop3.server.new(opts)
end

local function settle(s)
  while s:step(0) > 0 do end
end

-- A client that sends any octets under TLS, over anything with send and
-- receive.
local function secure(link)
  local tls = core.tls { context = core.tls_context { verify = false },
                         name = "localhost" }
  local client = { tls = tls, got = "" }
  function client.push()
    for octets in function() return tls:out() end do
      link:send(octets)
      tls:sent(#octets)
    end
  end
  function client.say(octets)
    tls:write(octets)
    client.push()
  end
  tls:next()
  client.push()
  repeat tls:feed((assert(link:receive()))) until tls:next() == "handshake"
  return client
end

-- A connection over TCP to a server in this process.
local function dial(s)
  local sock = assert(socket.connect("127.0.0.1", s.port))
  sock:settimeout(0)
  local link = { sock = sock }
  function link.send(_, octets) return sock:send(octets) end
  function link.receive()
    while true do
      s:step(0.01)
      local octets, err, part = sock:receive(65536)
      if (octets or part) ~= "" then return octets or part end
      if err == "closed" then return nil, err end
    end
  end
  return link
end

-- A body that has no end for whoever holds it.
local function big(session)
  local n = 0
  return session:multi("big", function()
    n = n + 1
    return n <= 1000 and ("line\r\n"):rep(700) or nil
  end)
end

describe("a command that the engine refuses", function()
  it("is answered after a big reply, too", function()
    local s <close> = server { mail = { ("x"):rep(300000) } }
    local link = dial(s)
    link:send "USER u\r\nPASS pw\r\nRETR 1\r\nRETR x\r\n"
    local said = ""
    for _ = 1, 100 do
      s:step(0)
      local octets, _, part = link.sock:receive(65536)
      said = said .. (octets or part)
    end
    assert.match("%.\r\n%-ERR invalid arguments\r\n$", said)
    link.sock:close()
  end)
end)

describe("a client that goes", function()
  it("is logged in by the response that it has sent already", function()
    local s = server { mechs = { "PLAIN" },
                       faults = { { verb = "AUTH", delay = 1 } } }
    local t = s:loopback()
    t:receive()
    t:send("AUTH PLAIN\r\n" .. core.sasl.encode "\0u\0pw"
           .. "\r\nDELE 1\r\nQUIT\r\n")
    t:close()
    assert.same({ "two\r\n" }, s:mailbox "u")
    assert.is_nil(next(s.sessions))
  end)

  it("in memory has done the commands after a body in pieces", function()
    local s = server { on = { XBIG = big, XHALF = function(session)
      return session:hangup "half"
    end } }
    for _, before in ipairs { "NOOP\r\n", "XHALF\r\n" } do
      local t = s:loopback()
      t:send("USER u\r\nPASS pw\r\n" .. before .. "XBIG\r\nXBIG\r\nDELE 1\r\n"
             .. "QUIT\r\n")
      t:close()
    end
    assert.same({}, s:mailbox "u")
    assert.is_nil(next(s.sessions))
  end)

  it("leaves nothing, though TLS has something for it", function()
    local s = server { tls = "auto", implicit = true,
                       faults = { { verb = "STAT", slice = 3 } } }
    function s.on.XSLEEP(session)
      session:sleep(9)
      return session:ok()
    end
    local t = s:loopback()
    local client = secure(t)
    client.say "USER u\r\nPASS pw\r\nXSLEEP\r\nSTAT\r\n"
    t:close()
    assert.is_nil(next(s.sessions))
    assert.is_nil(next(s.locks))
  end)

  it("by close_notify is no reader for a body in pieces", function()
    local s <close> = server { tls = "auto", implicit = true,
                               on = { XBIG = big } }
    local link = dial(s)
    local client = secure(link)
    client.tls:write "USER u\r\nPASS pw\r\nXBIG\r\nDELE 1\r\nQUIT\r\n"
    client.tls:shutdown()
    client.push()
    assert.is_true(s:wait_for("QUIT", helper.PATIENCE))
    settle(s)
    assert.same({ "two\r\n" }, s:mailbox "u")
    link.sock:close()
  end)
end)

describe("a connection that is refused", function()
  it("is so before TLS begins", function()
    local s <close> = server { tls = "auto", implicit = true,
      faults = { { hook = "connect", refuse = true, times = 1 } } }
    local link = dial(s)
    assert.same({ nil, "closed" }, { link:receive() })
    link.sock:close()
    link = dial(s)
    assert.is_not_nil(secure(link))
    link.sock:close()
    local t = s:loopback()
    assert.is_not_nil(secure(t))
  end)
end)
