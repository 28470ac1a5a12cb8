--- Checks with malformed command lines, and with lines sent in several writes:
-- RFC 1939 section 3, RFC 2449 section 4. The server must reply or close the
-- connection.
-- @module pop3.check.rules.lines
-- @local

local maildrop = require "pop3.check.maildrop"
local new_list = require "pop3.check.list"

local checks, check = new_list(1939)

-- Send octets and QUIT in one write; all lines until the server closes the
-- connection.
local function replies(t, octets)
  local link = t:connect()
  link:send(octets .. "QUIT\r\n")
  local lines, how = link:rest()
  t:must(how == "closed", "the server neither replies nor closes the "
         .. "connection")
  return lines
end

-- An invalid command must not be accepted.
local function not_granted(t, octets)
  local lines = replies(t, octets)
  local first = lines[1]
  if first then
    t:must(not first:find "^%+OK", "the reply is %s", first)
    t:should(#lines <= 2, "one line has %d replies", #lines - 1)
  end
end

for _, size in ipairs { 300, 2000, 100000 } do
  check(("line-of-%d-octets"):format(size), "3", function(t)
    not_granted(t, "XCHECK " .. ("x"):rep(size - 9) .. "\r\n")
  end)
end

check("server-survives-long-line", "3", function(t)
  t:connect():send(("x"):rep(100000))
  t:granted(t:connect(), "QUIT")
end)

check("command-of-255-octets", "4", function(t)
  if not next(maildrop.announced(t)) then t:skip "CAPA is not offered" end
  -- a server may close the connection after an unknown name if it does so after
  -- a short name, too
  local function survives(name)
    local link = t:connect()
    t:ask(link, "USER " .. name)
    return link:send "QUIT\r\n" and link:reply()
  end
  if survives(("x"):rep(248)) then return end
  t:must(not survives "xxx", "the server closes the connection after a command "
         .. "of 255 octets")
end, { rfc = 2449 })

check("NUL-in-a-command", "3", function(t)
  not_granted(t, "QU\0IT\r\n")
end)

check("8-bit-octets-in-a-command", "3", function(t)
  not_granted(t, "QU\xC3\x8FT\r\n")
end)

check("bare-LF", "3", function(t)
  -- for a server that requires CRLF, this is one line that includes QUIT
  local link = t:connect()
  link:send "XCHECK\nQUIT\r\n"
  local line, err = link:line()
  t:must(line or err == "closed", "the server neither replies nor closes the "
         .. "connection")
end)

check("bare-CR", "3", function(t)
  not_granted(t, "QUIT\rXCHECK\r\n")
end)

check("line-in-pieces", "3", function(t)
  local link = t:connect()
  for octet in ("QUIT\r\n"):gmatch "." do link:send(octet) end
  local reply, err = link:reply()
  t:must(reply, "no reply to QUIT sent octet by octet: %s", err)
  t:must(reply.ok, "QUIT sent octet by octet is refused: %s", reply.shown)
end)

check("half-a-command-then-close", "3", function(t)
  local link = t:connect()
  link:send "QUI"
  link:leave()
  t:granted(t:connect(), "QUIT")
end)

check("close-before-the-greeting", "3", function(t)
  t:connect():close()
  t:granted(t:connect(), "QUIT")
end)

check("half-a-command-is-none", "3", function(t)
  -- in the TRANSACTION state: an incomplete command must not be executed
  local link = t:login()
  link:send "NOO"
  link:leave()
  t:granted(t:session(), "NOOP")
end)

return checks
