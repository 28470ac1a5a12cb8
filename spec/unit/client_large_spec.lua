-- Large messages as strings: their storage becomes the string, small ones are copied.

local core = require "pop3.core"

local KEPT = 256 * 1024  -- octets; larger bodies are not copied

local function logged_in(opts)
  local client = core.client(opts)
  client:feed "+OK\r\n"
  assert.equal("reply", client:next())
  assert(client:ask "PASS x")
  client:feed "+OK\r\n"
  assert.equal("reply", client:next())
  return client
end

-- A message of `size` octets, another one for each `seed`, and its reply.
local function message(size, seed)
  local line = (".%d 0123456789abcdef\r\n"):format(seed)
  local octets = line:rep(size // #line + 1):sub(1, size - 2) .. "\r\n"
  return octets, "+OK\r\n" .. ("\r\n" .. octets):gsub("\n%.", "\n.."):sub(3) .. ".\r\n"
end

-- Feed octets in pieces until there is an event; the octets that are left, the event.
local function feed(client, octets, piece)
  local from = 1
  while true do
    local values = table.pack(client:next())
    if values.n > 0 then return octets:sub(from), table.unpack(values) end
    assert(from <= #octets, "no event")
    client:feed(octets:sub(from, from + piece - 1))
    from = from + piece
  end
end

describe("a large message as a string", function()
  it("has the octets on the wire, for each size and each cut", function()
    local client = logged_in()
    local sizes = { KEPT - 1, KEPT, KEPT + 1, KEPT + 2, 2 * KEPT, 1000003, 3, 4 * KEPT }
    for _, piece in ipairs { 1999, 65536, 300000, 1 << 24 } do
      local expected, wire = {}, ""
      for i, size in ipairs(sizes) do
        local octets, reply = message(size, piece + i)
        expected[i], wire = octets, wire .. reply
        assert(client:ask("RETR " .. i))
      end
      local got, left = {}, wire
      for i = 1, #sizes do
        local what
        left, what, got[i] = feed(client, left, piece)
        assert.equal("body", what)
      end
      assert.equal("", left)
      for i = 1, #sizes do assert.is_true(expected[i] == got[i], i) end
      assert.equal(0, client:unread())
    end
  end)

  it("is a string like any: a key, a part of others, collected", function()
    local octets, reply = message(KEPT * 2, 1)
    local client, keys = logged_in(), setmetatable({}, { __mode = "k" })
    for _ = 1, 6 do
      assert(client:ask "RETR 1")
      local _, _, got = feed(client, reply, 65536)
      assert.equal(got, octets)
      assert.equal(1, ({ [octets] = 1 })[got])
      assert.equal(octets:reverse(), got:reverse())
      assert.equal(#octets + 1, #(got .. "x"))
      keys[{ got }] = true
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(keys))
    assert.is_true(collectgarbage "count" < 100 * 1024)
  end)

  it("is right where finalizers and steps of the collector come between", function()
    local octets, reply = message(KEPT + 100, 2)
    local done, dead, sum = false, 0, 0
    local function litter()
      setmetatable({}, { __gc = function()
        dead = dead + 1
        sum = sum + #("x"):rep(KEPT + 100 + dead % 50)
        if not done then litter() end
      end })
    end
    litter()
    for _, mode in ipairs { "generational", "incremental" } do
      collectgarbage(mode)
      local client = logged_in()
      for _ = 1, 20 do
        assert(client:ask "RETR 1")
        assert.is_true(octets == select(3, feed(client, reply, 100000)))
      end
    end
    done = true
    collectgarbage "incremental"
    collectgarbage()
    assert.is_true(dead > 0 and sum > dead * KEPT)
  end)

  it("leaves a collector that is stopped as it is", function()
    local _, reply = message(KEPT * 2, 3)
    local client = logged_in()
    collectgarbage "stop"
    assert(client:ask "RETR 1")
    feed(client, reply, 65536)
    local running = collectgarbage "isrunning"
    collectgarbage "restart"
    assert.is_false(running)
  end)

  it("beyond the limit is an error, and the next one comes", function()
    local client = logged_in { message = KEPT * 2 }
    local _, long = message(KEPT * 2 + 1, 4)
    local octets, reply = message(KEPT * 2, 5)
    assert(client:ask "RETR 1")
    assert(client:ask "RETR 2")
    local left, what, got, _, code = feed(client, long .. reply, 65536)
    assert.same({ "body", nil, "limit" }, { what, got, code })
    local _, _, second = feed(client, left, 65536)
    assert.is_true(octets == second)
  end)

  it("comes through TLS", function()
    local cert, key = core.certificate { subject = "server", names = { "a.example" } }
    local octets, reply = message(KEPT * 3 + 5, 6)
    local client = logged_in()
    local tls = assert(core.tls { verify = false, name = "a.example" })
    local server = assert(core.tls { server = true, cert = cert, key = key })
    tls:wrap(client)
    assert(client:ask "RETR 1")
    local got
    repeat
      tls:next()
      if server:next() == "handshake" then assert(server:write(reply)) end
      for from, to in pairs { [tls] = server, [server] = tls } do
        local some = from:out()
        if some then
          from:sent(#some)
          to:feed(some)
        end
      end
      local what, body = client:next()
      if what == "body" then got = body end
    until got
    assert.is_true(octets == got)
  end)
end)

describe("a large message in pieces", function()
  -- Send `wire` by a socket, at most `cut` octets before each read: the pieces.
  local function pieces_of(client, wire, cut)
    local near, far = core.socketpair()
    local _ <close> = near
    local _ <close> = far
    local from, list = 1, {}
    while true do
      local what, octets = client:next()
      if what == "end" then return list, octets end
      if what then
        list[#list + 1] = octets
      else
        local sent = from <= #wire
                     and far:write(wire:sub(from, from + cut - 1)) or 0
        from = from + sent
        assert(near:recv(client))
      end
    end
  end

  it("comes in strings of at most 64 KiB, whatever the engine read before", function()
    local client = logged_in()
    local first, first_reply = message(KEPT - 1, 7)
    assert(client:ask "RETR 1")
    local _, _, got = feed(client, first_reply, 1 << 20)  -- makes the storage larger
    assert.is_true(first == got)
    for i, cut in ipairs { 999, 4095, 4097, 20000, 61440, 1 << 20 } do
      local octets, reply = message(KEPT * 3 + i, i)
      assert(client:ask("RETR 2", false, true))
      local list, count = pieces_of(client, reply, cut)
      for _, piece in ipairs(list) do assert.is_true(#piece <= 65536, #piece) end
      assert.equal(#octets, count)
      assert.is_true(table.concat(list) == octets, cut)
    end
    assert.equal(0, client:unread())
  end)
end)
