--- Connecting through a proxy: SOCKS5 (RFC 1928, with the login of RFC 1929),
-- or HTTP's CONNECT (RFC 9110 section 9.3.6). Names are resolved by the proxy.
-- @module pop3.io.proxy
-- @local

local check = require "pop3.util.argument"
local connect = require "pop3.transport.tcp"
local core = require "pop3.core"
local url = require "socket.url"

local proxy = {}

local HEAD = 16384  -- octets of the head of an HTTP reply

local schemes = {
  socks5 = { kind = "socks", port = 1080 },
  socks5h = { kind = "socks", port = 1080 },
  http = { kind = "http", port = 8080 },
}

-- --------------------------------------------------------------- the option

--- What a URL says.
-- @tparam string text "socks5://[user:password@]host[:port]" or "http://…"; the
-- ports are 1080 and 8080 if there is none
-- @tparam integer level see `pop3.argument`
-- @treturn table
function proxy.parse(text, level)
  local function misuse(format, ...)
    check.misuse(level + 2, "connect: proxy: " .. format, ...)
  end
  local parsed = url.parse(text) or {}
  local scheme = schemes[(parsed.scheme or ""):lower()]
  if not scheme then misuse "a URL of socks5:// or http:// is needed" end
  local host = parsed.host
  if not host or host == "" or host:find "[%c%s]" then
    misuse "the URL has no host"
  end
  local port = parsed.port and math.tointeger(tonumber(parsed.port))
               or not parsed.port and scheme.port
  if not port or port < 1 or port > 65535 then misuse "no such port" end
  local made = { kind = scheme.kind, host = host, port = port,
                 name = ("%s:%d"):format(host, port) }
  if parsed.user then
    made.user = url.unescape(parsed.user)
    made.password = url.unescape(parsed.password or "")
    if made.user == "" or scheme.kind == "socks"
       and (#made.user > 255 or #made.password > 255) then
      misuse "a user or password of 1 to 255 octets is needed"
    end
  end
  return made
end

-- ------------------------------------------------------------- the exchange

-- A failure travels as an error object from wherever it is noticed.
local function fail(code, format, ...)
  error({ message = format:format(...), code = code }, 0)
end

local Link = {}
Link.__index = Link

function Link:wait(mode)
  local left = self.deadline - core.now()
  if left <= 0 or not self.hook(self.fd:getfd(), mode, left) then
    fail("timeout", "timeout")
  end
end

function Link:write(octets)
  local from = 1
  while from <= #octets do
    local n, err = self.fd:write(octets, from)
    if n then from = from + n
    elseif err == "timeout" then self:wait "w"
    else fail("connect", "it hung up") end
  end
end

-- So many octets, and not one more: what follows is the mail server's.
function Link:read(count)
  local parts, have = {}, 0
  while have < count do
    local octets, err = self.fd:read(count - have)
    if octets then
      parts[#parts + 1] = octets
      have = have + #octets
    elseif err == "timeout" then self:wait "r"
    else fail("connect", "it hung up") end
  end
  return table.concat(parts)
end

-- An address literal: family and octets; nil for a name.
local function literal(host)
  local bare = host:match "^%[(.*)%]$" or host
  local a, b, c, d = bare:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  if a then
    local octets = { tonumber(a), tonumber(b), tonumber(c), tonumber(d) }
    for _, o in ipairs(octets) do if o > 255 then return nil end end
    return 1, string.char(table.unpack(octets)), bare
  end
  if not bare:find(":", 1, true) then return nil end
  local head, tail = bare:match "^(.-)::(.*)$"
  local function groups(text)
    local octets = ""
    if text:find "^:" or text:find ":$" or text:find "::" then return nil end
    for group in text:gmatch "[^:]+" do
      local v = group:find "^%x%x?%x?%x?$" and tonumber(group, 16)
      if not v then return nil end
      octets = octets .. (">I2"):pack(v)
    end
    return octets
  end
  local front, back = groups(head or bare), groups(tail or "")
  if not front or not back then return nil end
  local missing = 16 - #front - #back
  if head and missing < 2 or not head and missing ~= 0 then return nil end
  return 4, front .. ("\0"):rep(missing) .. back, bare
end

-- -------------------------------------------------------------------- SOCKS

-- RFC 1928 section 6
local replies = {
  "general failure", "not allowed by its rules", "network unreachable",
  "host unreachable", "connection refused", "TTL expired",
  "command not supported", "address type not supported",
}

local function socks_login(link, p)
  link:write("\1" .. ("s1"):pack(p.user) .. ("s1"):pack(p.password))
  local version, status = link:read(2):byte(1, 2)
  -- RFC 1929 says 1; some say that of SOCKS itself
  if version ~= 1 and version ~= 5 then
    fail("proto", "not a reply of SOCKS5")
  end
  if status ~= 0 then fail("connect", "it refused the login") end
end

local function socks(link, p, host, port)
  link:write(p.user and "\5\2\0\2" or "\5\1\0")
  local version, method = link:read(2):byte(1, 2)
  if version ~= 5 then fail("proto", "not a reply of SOCKS5") end
  if method == 2 and p.user then
    socks_login(link, p)
  elseif method ~= 0 then
    fail("connect", method == 255
         and (p.user and "it takes none of our ways to log in"
              or "it wants a login")
         or "it chose a way to log in that was not offered")
  end
  local family, address = literal(host)
  if not family then
    if #host > 255 then fail("connect", "the host's name is too long") end
    family, address = 3, ("s1"):pack(host)
  end
  link:write("\5\1\0" .. string.char(family) .. address .. (">I2"):pack(port))
  local status, kind, _
  version, status, _, kind = link:read(4):byte(1, 4)
  if version ~= 5 then fail("proto", "not a reply of SOCKS5") end
  if status ~= 0 then
    fail("connect", "%s", replies[status] or "failure " .. status)
  end
  -- the address that it is bound to is of no use, but it is there
  if kind == 1 then link:read(4 + 2)
  elseif kind == 4 then link:read(16 + 2)
  elseif kind == 3 then link:read(link:read(1):byte() + 2)
  else fail("proto", "an address of no known kind") end
end

-- --------------------------------------------------------------------- HTTP

-- Status and reason of a reply whose head is read to its end, octet by octet:
-- there is no telling where that is.
local function reply_head(link, budget)
  local octets, last = {}, ""
  repeat
    if budget.left == 0 then
      fail("proto", "the head of its reply has no end")
    end
    budget.left = budget.left - 1
    local octet = link:read(1)
    octets[#octets + 1] = octet
    last = (last .. octet):sub(-4)
    if #octets == 5 and table.concat(octets) ~= "HTTP/" then
      fail("proto", "not a reply of HTTP")
    end
  until last == "\r\n\r\n" or last:sub(-2) == "\n\n"
  local status, reason = table.concat(octets)
    :match "^HTTP/1%.%d (%d%d%d) ?([^\r\n]*)"
  if not status then fail("proto", "not a reply of HTTP") end
  return status, reason
end

local function http(link, p, host, port)
  local family, _, bare = literal(host)
  if not family and host:find "[^%w._-]" then  -- it would be another request
    fail("connect", "no such name of a host")
  end
  local target = (family == 4 and "[%s]:%d" or "%s:%d"):format(bare or host,
                                                               port)
  local lines = { "CONNECT " .. target .. " HTTP/1.1", "Host: " .. target }
  if p.user then
    lines[#lines + 1] = "Proxy-Authorization: Basic "
                        .. core.sasl.encode(p.user .. ":" .. p.password)
  end
  link:write(table.concat(lines, "\r\n") .. "\r\n\r\n")
  local budget = { left = HEAD }
  local status, reason
  repeat status, reason = reply_head(link, budget)
  until status:sub(1, 1) ~= "1"  -- what goes before the reply
  if status == "407" or status == "401" then
    fail("connect", "%s (%s)", p.user and "it refused the login"
                               or "it wants a login", status)
  elseif status:sub(1, 1) ~= "2" then
    fail("connect", "%s %s", status, reason:gsub("%c", " "):sub(1, 100))
  end
end

-- ------------------------------------------------------------------ opening

local kinds = { socks = socks, http = http }

--- Connect to a host by way of a proxy.
-- @tparam table p what `parse` made
-- @tparam string host of the mail server; never resolved here
-- @tparam integer port
-- @tparam number seconds for all of it together
-- @tparam function wait
-- @treturn pop3.fd or nil, message, code ("connect", "timeout" or "proto")
function proxy.open(p, host, port, seconds, wait)
  local deadline = core.now() + seconds
  local fd, err, code = connect(p.host, p.port, seconds, wait)
  if not fd then return nil, ("proxy %s: %s"):format(p.name, err), code end
  local link = setmetatable({ fd = fd, hook = wait, deadline = deadline }, Link)
  local ok, why = pcall(kinds[p.kind], link, p, host, port)
  if ok then return fd end
  fd:close()
  if type(why) ~= "table" or not why.message then error(why, 0) end
  return nil, ("proxy %s: %s"):format(p.name, why.message), why.code
end

return proxy
