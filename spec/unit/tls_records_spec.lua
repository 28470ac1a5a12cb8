-- Octets that wait together are sent in TLS records that are as full as possible: a
-- record has 16384 octets of plaintext at most (RFC 8446 section 5.1).

local core = require "pop3.core"

local FULL = 16384          -- octets of plaintext
local APPLICATION = 23      -- ContentType application_data
local OVERHEAD = 17         -- octets: the type and the tag (RFC 8446 section 5.2)

local cert, key = core.certificate { subject = "localhost", names = { "localhost" } }

-- Two TLS connections in memory after their handshake.
local function connected()
  local client = core.tls {
    context = core.tls_context { verify = false }, name = "localhost" }
  local server = core.tls {
    context = core.tls_context { server = true, cert = cert, key = key } }
  return client, server
end

-- The lengths of the application records in some octets.
local function lengths(octets)
  local list, at = {}, 1
  while at <= #octets do
    local kind, _, size = (">BI2I2"):unpack(octets, at)
    assert.is_true(at + 4 + size <= #octets, "a record is cut")
    if kind == APPLICATION then list[#list + 1] = size end
    at = at + 5 + size
  end
  return list
end

-- Move all octets of `from` to `to`; they are returned.
local function move(from, to)
  local all = {}
  local octets = from:out()
  while octets do
    all[#all + 1] = octets
    to:feed(octets)
    from:sent(#octets)
    octets = from:out()
  end
  return table.concat(all)
end

local function handshake(client, server)
  repeat
    client:next()
    server:next()
  until #move(client, server) + #move(server, client) == 0
end

-- Each 64 KiB of plaintext that are encrypted together may end in a record that is not
-- full; all others are. `least` is how many octets there are at least.
local function check(octets, least)
  local list = lengths(octets)
  local plain, full = 0, 0
  for _, size in ipairs(list) do
    plain = plain + size - OVERHEAD
    if size > FULL then full = full + 1 end
  end
  assert.is_true(plain >= least)
  local seen = ("%d of %d records for %d octets are full"):format(full, #list, plain)
  assert.is_true(#list <= plain // FULL + plain // 65536 + 2, seen)
  assert.is_true(full >= plain // FULL - plain // 65536 - 1, seen)
end

describe("TLS records", function()
  it("of a batch of commands are full", function()
    local client, server = connected()
    local engine, peer = core.client(), core.server()
    client:wrap(engine)
    server:wrap(peer)
    handshake(client, server)
    peer:reply(true, "ready")
    peer:enter "authorization"
    move(server, client)
    assert.equal("reply", engine:next())
    assert(engine:ask "USER ann")
    local plain, line = #"USER ann\r\n", "CAPA"
    for _ = 1, 20000 do
      assert(engine:ask(line))
      plain = plain + #line + 2
    end
    check(move(client, server), plain)
  end)

  it("of a body are full, whatever its lines are", function()
    for _, line in ipairs { "\n", "x\r\n", ".\r\n", ("y"):rep(998) .. "\r\n" } do
      local client, server = connected()
      local engine, peer = core.client(), core.server()
      client:wrap(engine)
      server:wrap(peer)
      handshake(client, server)
      local body = line:rep(200000 // #line)
      peer:reply(true, "ready")
      peer:enter "authorization"
      move(server, client)
      assert.equal("reply", engine:next())
      assert(engine:ask "CAPA")
      move(client, server)
      assert.equal("CAPA", peer:next())
      peer:reply(true, "capabilities", nil, body)
      local wire = move(server, client)
      local what, got = engine:next()
      assert.equal("body", what)
      assert.is_true(#got > 0)
      check(wire, #got)
    end
  end)
end)
