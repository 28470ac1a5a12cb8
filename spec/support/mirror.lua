-- Runs with a core that has X-MIRROR (spec/support/mirror.c) at the head of the
-- table of mechanisms: all sides must use it without another edit. Prints "ok".

local core = require "pop3.core"
local pop3 = require "pop3"

local NAME = "X-MIRROR"
assert(core.sasl.mechanisms[1].name == NAME)

local function server(mechs)
  return assert(pop3.server.new { mechs = mechs, users = {
    mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } },
  } })
end

local function connect(s)
  return assert(pop3.connect { transport = s:loopback(), tls = "none" })
end

local all = {}
for i, row in ipairs(core.sasl.mechanisms) do all[i] = row.name end

-- The server offers it, and the client prefers it.
do
  local s = server(all)
  local c <close> = connect(s)
  assert(c:capa().SASL[1] == NAME)
  local ok, mech = c:login("mrose", "secret")
  assert(ok and mech == NAME, mech)
  assert(c:stat() == 1)
  assert(tostring(s:transcript()):find("C: AUTH " .. NAME, 1, true))
end

-- It is taken by name; a wrong password is refused.
do
  local s = server { NAME:lower() }
  local c <close> = connect(s)
  local ok, mech = c:login("mrose", "secret", { mechs = { NAME:lower() } })
  assert(ok and mech == NAME, mech)
  local d <close> = connect(s)
  local none, _, code = d:login("mrose", "wrong", { mechs = { NAME } })
  assert(none == nil and code == "auth")
end

-- The checker logs in by it.
do
  local result = assert(pop3.check {
    transport = function() return server { NAME, "PLAIN" }:loopback() end,
    tls = "none", user = "mrose", password = "secret",
    only = { NAME .. "-login" },
  })
  assert(#result.checks == 1 and result.checks[1].result == "pass")
end

-- A recording of it can be played, with its secret masked.
do
  local match = require "pop3.record.match"
  assert(match.fits("AUTH " .. NAME .. " ***", "AUTH " .. NAME .. " eA=="))
end

print "ok"
