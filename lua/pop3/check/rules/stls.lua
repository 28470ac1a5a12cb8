--- Checks of STLS and of logins without TLS: RFC 2595 sections 2.3, 2.4, 4 and
-- 6.
-- @module pop3.check.rules.stls
-- @local

local new_list = require "pop3.check.list"
local maildrop = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local checks, check = new_list(2595)

-- A connection without TLS to a server with STLS.
local function clear(t)
  if t.opts.tls == "implicit" then t:skip "the server uses implicit TLS" end
  local announced = t:once("clear-capa", function()
    return maildrop.capabilities(t:ask(t:connect(true), "CAPA"))
  end)
  if not announced.STLS then t:skip "STLS is not announced" end
  return t:connect(true)
end

-- The same, with TLS started by STLS.
local function upgraded(t)
  local link = clear(t)
  t:granted(link, "STLS")
  local ok, err = link:start_tls(t.opts.unverified)
  t:must(ok, "the TLS handshake fails: %s", err)
  return link
end

check("STLS", "4", function(t)
  upgraded(t)
end)

check("certificate", "2.4", function(t)
  if t.opts.verify == false then t:skip "the option verify is false" end
  if t.opts.tls == "implicit" then
    t:connect()  -- which verifies it
    return
  end
  local link = clear(t)
  t:granted(link, "STLS")
  local ok, err = link:start_tls(t.opts.trust)
  t:should(ok, "the certificate is not valid: %s", err)
end)

check("STLS-with-argument", "4", function(t)
  t:refused(clear(t), "STLS x")
end)

check("STLS-goes-on-in-authorization", "4", function(t)
  local link = upgraded(t)
  t:refused(link, "STAT")
  t:granted(link, "QUIT")
end)

-- STLS requires CAPA, and a server with STLS announces it.
check("STLS-announced-and-there", "4", function(t)
  if t.opts.tls == "implicit" then t:skip "the server uses implicit TLS" end
  local link = t:connect(true)
  local capa = t:ask(link, "CAPA")
  local announced = maildrop.capabilities(capa).STLS
  local reply = t:ask(capa.ok and link or t:connect(true), "STLS")
  t:must(reply.ok or not announced, "STLS is announced and refused: %s",
         reply.shown)
  if announced or not reply.ok then return end
  t:must(capa.ok, "STLS works, and CAPA is refused: %s", capa.shown)
  t:warn "STLS works and is not announced"
end)

check("STLS-has-no-second-greeting", "4", function(t)
  local link = upgraded(t)
  t:refused(link, "XCHECK")
end)

check("CAPA-behind-STLS", "4", function(t)
  t:granted(upgraded(t), "CAPA")
end)

check("STLS-not-announced-under-TLS", "4", function(t)
  local link = t.opts.tls == "implicit" and t:connect() or upgraded(t)
  local reply = t:ask(link, "CAPA")
  if not reply.ok then t:skip "CAPA is not offered" end
  if not maildrop.capabilities(reply).STLS then return end
  -- an announced command must work, so a server may allow TLS in TLS
  local again = t:ask(link, "STLS")
  t:must(again.ok, "STLS is announced under TLS, and refused: %s", again.shown)
  t:warn "STLS is announced under TLS"
end)

check("STLS-under-TLS", "4", function(t)
  local link = t.opts.tls == "implicit" and t:connect() or upgraded(t)
  local reply = t:ask(link, "STLS")
  t:should(not reply.ok, "STLS is accepted under TLS: %s", reply.shown)
end)

-- An attacker may append plaintext commands to STLS. A server that executes
-- them under TLS lets the attacker inject commands (as in CVE-2011-0411).
check("STLS-injection", "4", function(t)
  local link = clear(t)
  link:send "STLS\r\nCAPA\r\n"
  local reply, err = link:reply()
  if not reply then
    t:must(err == "closed", "no reply to STLS: %s", err)
    return
  end
  if not reply.ok then return end
  if not link:start_tls(t.opts.unverified) then return end
  if not link:send "XCHECK\r\n" then return end
  local first = link:reply()
  if first then
    t:must(not first.ok, "a command sent before TLS is answered under TLS: %s",
           first.shown)
  end
end)

check("STLS-in-transaction", "4", function(t)
  if t.opts.tls == "none" then
    clear(t)
  elseif t.opts.tls == "implicit" then
    t:skip "the server uses implicit TLS"
  end
  t:refused(t:session(), "STLS")
end)

check("STLS-not-announced-in-transaction", "4", function(t)
  local reply = t:ask(t:session(), "CAPA")
  if not reply.ok then t:skip "CAPA is not offered" end
  t:must(not maildrop.capabilities(reply).STLS,
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
  local link = upgraded(t)
  t:make_way()
  local reply = t:answered(login.login(t, link))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login is refused under TLS: %s", reply.shown)
end)

-- ------------------------------------------------------------- without TLS

check("passwords-need-TLS", "2.3", function(t)
  if t.opts.tls == "implicit" then t:skip "the server uses implicit TLS" end
  local link = t:connect(true)
  if link.loopback then t:skip "the server is on this machine" end
  -- any name will do, so the user's name is not sent in cleartext
  local reply = t:ask(link, "USER nobody")
  t:should(not reply.ok, "USER is accepted without TLS")
end)

check("PLAIN-needs-TLS", "6", function(t)
  if t.opts.tls == "implicit" then t:skip "the server uses implicit TLS" end
  local link = t:connect(true)
  if link.loopback then t:skip "the server is on this machine" end
  local tags = maildrop.capabilities(t:ask(link, "CAPA"))
  t:should(not (" " .. (tags.SASL or "") .. " "):upper():find " PLAIN ",
           "PLAIN is announced without TLS")
end)

return checks
