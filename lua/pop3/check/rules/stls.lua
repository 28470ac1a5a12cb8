--- RFC 2595 section 4: STLS; and what is offered without TLS.
-- @module pop3.check.stls
-- @local

local listing = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local checks = {}

local function check(name, section, run)
  checks[#checks + 1] = { name = name, rfc = 2595, section = section,
                          run = run }
end

-- A link without TLS to a server with STLS.
local function clear(t)
  if t.opts.tls == "implicit" then t:skip "TLS is there from the start" end
  local announced = t:once("clear-capa", function()
    return listing.capabilities(t:ask(t:connect(true), "CAPA"))
  end)
  if not announced.STLS then t:skip "STLS is not announced" end
  return t:connect(true)
end

-- The same, under TLS.
local function upgraded(t)
  local wire = clear(t)
  t:granted(wire, "STLS")
  local ok, err = wire:starttls(t.opts.unverified)
  t:must(ok, "TLS does not come about: %s", err)
  return wire
end

check("STLS", "4", function(t)
  upgraded(t)
end)

check("certificate", "2.4", function(t)
  if t.opts.verify == false then t:skip "it is not to be looked at" end
  if t.opts.tls == "implicit" then
    t:connect()  -- it was looked at
    return
  end
  local wire = clear(t)
  t:granted(wire, "STLS")
  local ok, err = wire:starttls(t.opts.secure)
  t:should(ok, "the certificate is no good: %s", err)
end)

check("STLS-with-argument", "4", function(t)
  t:refused(clear(t), "STLS x")
end)

check("STLS-goes-on-in-authorization", "4", function(t)
  local wire = upgraded(t)
  t:refused(wire, "STAT")
  t:granted(wire, "QUIT")
end)

-- STLS needs CAPA, and the capability says that it is there.
check("STLS-announced-and-there", "4", function(t)
  if t.opts.tls == "implicit" then t:skip "TLS is there from the start" end
  local wire = t:connect(true)
  local capa = t:ask(wire, "CAPA")
  local announced = listing.capabilities(capa).STLS
  local reply = t:ask(capa.ok and wire or t:connect(true), "STLS")
  t:must(reply.ok or not announced, "STLS is announced and refused: %s",
         reply.shown)
  if announced or not reply.ok then return end
  t:must(capa.ok, "STLS is there, and CAPA is not: %s", capa.shown)
  t:warn "STLS is there and not announced"
end)

check("STLS-has-no-second-greeting", "4", function(t)
  local wire = upgraded(t)
  t:refused(wire, "XCHECK")
end)

check("CAPA-behind-STLS", "4", function(t)
  t:granted(upgraded(t), "CAPA")
end)

check("STLS-not-announced-under-TLS", "4", function(t)
  local wire = t.opts.tls == "implicit" and t:connect() or upgraded(t)
  local reply = t:ask(wire, "CAPA")
  if not reply.ok then t:skip "CAPA is not offered" end
  if not listing.capabilities(reply).STLS then return end
  -- what is announced is permitted; a server may permit TLS in TLS
  local again = t:ask(wire, "STLS")
  t:must(again.ok, "STLS is announced where TLS is active, and refused: %s",
         again.shown)
  t:warn "STLS is announced where TLS is active"
end)

check("STLS-under-TLS", "4", function(t)
  local wire = t.opts.tls == "implicit" and t:connect() or upgraded(t)
  local reply = t:ask(wire, "STLS")
  t:should(not reply.ok, "STLS is granted where TLS is active: %s",
           reply.shown)
end)

-- Octets behind STLS are not of who speaks under TLS (CVE-2011-0411 is of this
-- kind): answered there, they let others put commands into a session.
check("STLS-injection", "4", function(t)
  local wire = clear(t)
  wire:send "STLS\r\nCAPA\r\n"
  local reply, err = wire:reply()
  if not reply then
    t:must(err == "closed", "no reply to STLS: %s", err)
    return
  end
  if not reply.ok then return end
  if not wire:starttls(t.opts.unverified) then return end
  if not wire:send "XCHECK\r\n" then return end
  local first = wire:reply()
  if first then
    t:must(not first.ok, "a command from before TLS is answered under it: %s",
           first.shown)
  end
end)

check("STLS-in-transaction", "4", function(t)
  if t.opts.tls == "none" then
    clear(t)
  elseif t.opts.tls == "implicit" then
    t:skip "TLS is there from the start"
  end
  t:refused(t:session(), "STLS")
end)

check("STLS-not-announced-in-transaction", "4", function(t)
  local reply = t:ask(t:session(), "CAPA")
  if not reply.ok then t:skip "CAPA is not offered" end
  t:must(not listing.capabilities(reply).STLS,
         "STLS is announced in the TRANSACTION state")
end)

check("login-behind-STLS", "4", function(t)
  if t.barred then t:skip(t.barred) end
  if t.opts.tls == "stls" then
    clear(t)
    t:way()
    return
  end
  t:way()
  local wire = upgraded(t)
  t:make_way()
  local reply = t:answered(login.login(t, wire))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login is refused under TLS: %s", reply.shown)
end)

-- ------------------------------------------------------------- without TLS

check("passwords-need-TLS", "2.3", function(t)
  if t.opts.tls == "implicit" then t:skip "TLS is there from the start" end
  local wire = t:connect(true)
  if wire.loopback then t:skip "the server is on this machine" end
  -- any name is enough: nothing of the user's goes over an open link for this
  local reply = t:ask(wire, "USER nobody")
  t:should(not reply.ok, "USER is granted without TLS")
end)

check("PLAIN-needs-TLS", "6", function(t)
  if t.opts.tls == "implicit" then t:skip "TLS is there from the start" end
  local wire = t:connect(true)
  if wire.loopback then t:skip "the server is on this machine" end
  local tags = listing.capabilities(t:ask(wire, "CAPA"))
  t:should(not (" " .. (tags.SASL or "") .. " "):upper():find " PLAIN ",
           "PLAIN is announced without TLS")
end)

return checks
