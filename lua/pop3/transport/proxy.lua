--- Connect through a proxy: SOCKS5 (RFC 1928, with the login of RFC 1929), or the
-- method CONNECT of HTTP (RFC 9110 section 9.3.6). The proxy resolves names.
-- @module pop3.transport.proxy
-- @local

local Link = require "pop3.transport.link"
local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local url = require "pop3.util.url"

local proxy = {}

local HEAD = 16384  -- octets of the head of an HTTP reply, interim ones included

local schemes = {
  socks5 = { kind = "socks", port = 1080 },
  socks5h = { kind = "socks", port = 1080 },
  http = { kind = "http", port = 8080 },
}

-- --------------------------------------------------------------- the option

--- The option `proxy` of `pop3.connect`.
-- @tparam string text "socks5://[user:password@]host[:port]" or "http://…"; the
-- default ports are 1080 and 8080
-- @tparam integer level see `pop3.util.argument`
-- @treturn table for `open`
function proxy.parse(text, level)
  local function misuse(format, ...)
    argument.misuse(level + 2, "connect: proxy: " .. format, ...)
  end
  local parsed, err = url.parse(text)
  if not parsed then misuse("%s", err) end
  local scheme = schemes[parsed.scheme]
  if not scheme then misuse "the scheme of the URL must be socks5 or http" end
  local port = parsed.port or scheme.port
  local made = { kind = scheme.kind, host = parsed.host, port = port,
                 name = address.text(parsed.host, port) }
  if parsed.user then
    made.user = url.decode(parsed.user)
    made.password = parsed.password or ""
    if made.user == "" then misuse "the user is empty" end
    if scheme.kind == "http" and made.user:find(":", 1, true) then
      misuse "the user must not hold a colon"  -- RFC 7617 section 2
    end
    if scheme.kind == "socks"
       and (#made.user > 255 or #made.password > 255) then  -- RFC 1929 section 2
      misuse "user and password must not be longer than 255 octets"
    end
  end
  return made
end

-- ------------------------------------------------------------- the exchange

-- A failure is raised as an error object; `open` catches it.
local function fail(code, format, ...)
  error({ message = format:format(...), code = code }, 0)
end

-- The dialogue with the proxy. Its octets are counted: what follows them is the
-- mail server's.
local Dialogue = {}
Dialogue.__index = Dialogue

local function checked(result, message, code)
  if result then return result end
  if code == "closed" then
    message, code = "the proxy closed the connection", "connect"
  end
  fail(code, "%s", message)
end

function Dialogue:write(octets)
  return checked(self.link:send(octets, self.deadline))
end

function Dialogue:read(count)
  return checked(self.link:octets(count, self.deadline))
end

-- -------------------------------------------------------------------- SOCKS

-- Texts of the reply field (RFC 1928 section 6).
local replies = {
  "general failure", "connection not allowed by ruleset", "network unreachable",
  "host unreachable", "connection refused", "TTL expired",
  "command not supported", "address type not supported",
}

local function socks_login(link, p)
  link:write("\1" .. ("s1"):pack(p.user) .. ("s1"):pack(p.password))
  local version, status = link:read(2):byte(1, 2)
  -- RFC 1929 section 2 says version 1; some proxies send that of SOCKS
  if version ~= 1 and version ~= 5 then
    fail("proto", "the reply is not SOCKS5")
  end
  if status ~= 0 then fail("connect", "the proxy refused the login") end
end

local function socks(link, p, host, port)
  link:write(p.user and "\5\2\0\2" or "\5\1\0")
  local version, method = link:read(2):byte(1, 2)
  if version ~= 5 then fail("proto", "the reply is not SOCKS5") end
  if method == 2 and p.user then
    socks_login(link, p)
  elseif method ~= 0 then
    fail("connect", method == 255
         and (p.user and "the proxy accepts no login by user and password"
              or "the proxy requires a login")
         or "the proxy chose a method that was not offered")
  end
  local octets = address.octets(host)
  local target
  if not octets then
    if #host > 255 then fail("connect", "the name of the host is too long") end
    target = "\3" .. ("s1"):pack(host)
  else
    target = (#octets == 4 and "\1" or "\4") .. octets
  end
  link:write("\5\1\0" .. target .. (">I2"):pack(port))
  local status, kind, _
  version, status, _, kind = link:read(4):byte(1, 4)
  if version ~= 5 then fail("proto", "the reply is not SOCKS5") end
  if status ~= 0 then
    fail("connect", "%s", replies[status] or "failure " .. status)
  end
  -- the address that the proxy uses is not needed
  if kind == 1 then link:read(4 + 2)
  elseif kind == 4 then link:read(16 + 2)
  elseif kind == 3 then link:read(link:read(1):byte() + 2)
  else fail("proto", "the reply has an unknown type of address") end
end

-- --------------------------------------------------------------------- HTTP

-- Read the head of a reply: status and reason. Octet by octet, since the octets
-- after it belong to the mail server.
local function reply_head(link, budget)
  local octets, last = {}, ""
  repeat
    if budget.left == 0 then
      fail("proto", "the head of the reply is too long")
    end
    budget.left = budget.left - 1
    local octet = link:read(1)
    octets[#octets + 1] = octet
    last = (last .. octet):sub(-4)
    if #octets == 5 and table.concat(octets) ~= "HTTP/" then
      fail("proto", "the reply is not HTTP")
    end
  until last == "\r\n\r\n" or last:sub(-2) == "\n\n"
  local status, reason = table.concat(octets)
    :match "^HTTP/1%.%d (%d%d%d) ?([^\r\n]*)"
  if not status then fail("proto", "the reply is not HTTP") end
  return status, reason
end

local function http(link, p, host, port)
  if not address.octets(host) and host:find "[^%w._-]" then
    -- it would become part of another request line
    fail("connect", "the name of the host is not valid")
  end
  local target = address.text(host, port)
  local lines = { "CONNECT " .. target .. " HTTP/1.1", "Host: " .. target }
  if p.user then
    lines[#lines + 1] = "Proxy-Authorization: Basic "
                        .. core.sasl.encode(p.user .. ":" .. p.password)
  end
  link:write(table.concat(lines, "\r\n") .. "\r\n\r\n")
  local budget = { left = HEAD }
  local status, reason
  repeat status, reason = reply_head(link, budget)
  until status:sub(1, 1) ~= "1"  -- interim replies (RFC 9110 section 15.2)
  if status == "407" or status == "401" then
    fail("connect", "%s (%s)", p.user and "the proxy refused the login"
                               or "the proxy requires a login", status)
  elseif status:sub(1, 1) ~= "2" then
    fail("connect", "%s %s", status, reason:gsub("%c", " "):sub(1, 100))
  end
end

-- ------------------------------------------------------------------ opening

local kinds = { socks = socks, http = http }

--- Connect to a host through a proxy.
-- @tparam table p what `parse` returned
-- @tparam string host of the mail server; the proxy resolves a name
-- @tparam integer port
-- @tparam number seconds for all of it together
-- @tparam function wait
-- @tparam[opt] table opts for the connection to the proxy, see `pop3.transport.tcp`
-- @treturn table a transport; or nil, message, code ("connect", "timeout" or
-- "proto")
function proxy.open(p, host, port, seconds, wait, opts)
  local deadline = core.now() + seconds
  local link, err, code = Link.open(p.host, p.port, seconds, {
    wait = wait, resolve = opts and opts.resolve, family = opts and opts.family,
    local_address = opts and opts.local_address,
  })
  if not link then return nil, ("proxy %s: %s"):format(p.name, err), code end
  local dialogue = setmetatable({ link = link, deadline = deadline }, Dialogue)
  local ok, why = pcall(kinds[p.kind], dialogue, p, host, port)
  if ok then
    local io = link.io
    io.loopback = false  -- the mail server is not this machine
    return io
  end
  link:close()
  if type(why) ~= "table" or not why.message then error(why, 0) end
  return nil, ("proxy %s: %s"):format(p.name, why.message), why.code
end

return proxy
