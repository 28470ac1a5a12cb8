--- Lines that no good client sends, and lines that come in other pieces than
-- they were written in: RFC 1939 section 3, RFC 2449 section 4. Whatever comes,
-- there is an answer or the link ends.
-- @module pop3.check.lines
-- @local

local listing = require "pop3.check.maildrop"

local checks = {}

local function check(name, section, run, rfc)
  checks[#checks + 1] = { name = name, rfc = rfc or 1939, section = section,
                          run = run }
end

-- The replies to octets, with a QUIT behind them in the same write: all lines
-- until the end.
local function replies(t, octets)
  local wire = t:connect()
  wire:send(octets .. "QUIT\r\n")
  local lines, how = wire:rest()
  t:must(how == "closed", "neither an answer nor an end")
  return lines
end

-- What is no command must not be granted.
local function not_granted(t, octets)
  local lines = replies(t, octets)
  local first = lines[1]
  if first then
    t:must(not first:find "^%+OK", "it is answered with %s", first)
    t:should(#lines <= 2, "one line has %d answers", #lines - 1)
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
  if not next(listing.announced(t)) then t:skip "CAPA is not offered" end
  -- a server may end the link behind the name of nobody, so long as it does the
  -- same with a short one
  local function survives(name)
    local wire = t:connect()
    t:ask(wire, "USER " .. name)
    return wire:send "QUIT\r\n" and wire:reply()
  end
  if survives(("x"):rep(248)) then return end
  t:must(not survives "xxx", "the link ends behind a command of 255 octets")
end, 2449)

check("NUL-in-a-command", "3", function(t)
  not_granted(t, "QU\0IT\r\n")
end)

check("8-bit-octets-in-a-command", "3", function(t)
  not_granted(t, "QU\xC3\x8FT\r\n")
end)

check("bare-LF", "3", function(t)
  -- to a server that wants CRLF this is one line with the QUIT behind it
  local wire = t:connect()
  wire:send "XCHECK\nQUIT\r\n"
  local line, err = wire:line()
  t:must(line or err == "closed", "neither an answer nor an end")
end)

check("bare-CR", "3", function(t)
  not_granted(t, "QUIT\rXCHECK\r\n")
end)

check("line-in-pieces", "3", function(t)
  local wire = t:connect()
  for octet in ("QUIT\r\n"):gmatch "." do wire:send(octet) end
  local reply, err = wire:reply()
  t:must(reply, "no reply to QUIT in pieces: %s", err)
  t:must(reply.ok, "QUIT in pieces is answered with %s", reply.shown)
end)

check("half-a-command-then-close", "3", function(t)
  local wire = t:connect()
  wire:send "QUI"
  wire:leave()
  t:granted(t:connect(), "QUIT")
end)

check("close-before-the-greeting", "3", function(t)
  t:connect():close()
  t:granted(t:connect(), "QUIT")
end)

check("half-a-command-is-none", "3", function(t)
  -- in the TRANSACTION state: what was cut off must not be done
  local wire = t:login()
  wire:send "NOO"
  wire:leave()
  t:granted(t:session(), "NOOP")
end)

return checks
