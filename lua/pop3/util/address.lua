--- Internet addresses and port numbers, as text and as octets.
--
-- Used wherever a host and a port are options, and wherever the library asks
-- whether a connection stays on this machine. Names are not resolved here:
-- see `pop3.transport.tcp`.
-- @module pop3.util.address
-- @local

local address = {}

-- ------------------------------------------------------------------- ports

-- Default port of each value of the option `tls`: RFC 1939 section 3, and for
-- implicit TLS RFC 8314 section 3.
local ports = { implicit = 995, stls = 110, ["stls?"] = 110, none = 110 }

--- The default port.
-- @tparam string tls "implicit", "stls", "stls?" or "none"
-- @treturn integer
function address.default_port(tls)
  return ports[tls]
end

--- The default value of `tls` for a command-line program, by the port: a
-- server on port 995 expects TLS from the first octet.
-- @tparam ?integer port
-- @treturn string "implicit" or "none"
function address.default_tls(port)
  return port == ports.implicit and "implicit" or "none"
end

--- Whether a number can be a TCP port.
-- @tparam integer port
-- @treturn boolean
function address.is_port(port)
  return math.type(port) == "integer" and port >= 1 and port <= 65535
end

-- ------------------------------------------------------------------- octets

-- The four octets of "192.0.2.1", or nil.
local function ipv4(text)
  local list = { text:match "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$" }
  if #list == 0 then return nil end
  for i, digits in ipairs(list) do
    list[i] = tonumber(digits)
    if list[i] > 255 then return nil end
  end
  return string.char(table.unpack(list))
end

-- The octets of groups such as "2001:db8"; the last one may be an IPv4 address
-- (RFC 4291 section 2.2). An empty text has no octets; nil if it is malformed.
local function groups(text, may_end_in_ipv4)
  if text == "" then return "" end
  local list = {}
  for group, separator in text:gmatch "([^:]*)(:?)" do
    if group == "" and separator == "" then break end  -- the end of the text
    local octets
    if group:find "^%x%x?%x?%x?$" then
      octets = (">I2"):pack(tonumber(group, 16))
    elseif may_end_in_ipv4 and separator == "" then
      octets = ipv4(group)
    end
    if not octets then return nil end
    list[#list + 1] = octets
  end
  if text:sub(-1) == ":" then return nil end
  return table.concat(list)
end

local function ipv6(text)
  local head, tail = text:match "^(.-)::(.*)$"
  if not head then
    local octets = groups(text, true)
    return octets and #octets == 16 and octets or nil
  end
  local front, back = groups(head, false), groups(tail, true)
  if not front or not back then return nil end
  local missing = 16 - #front - #back
  if missing < 2 then return nil end
  return front .. ("\0"):rep(missing) .. back
end

--- A host without the brackets that a URL puts around an IPv6 address.
-- @tparam string host
-- @treturn string
function address.unbracketed(host)
  return host:match "^%[([%x:.]+)%]$" or host:match "^%[([%x:.]+%%[%w._-]+)%]$"
         or host
end

--- The octets of a numeric address.
-- @tparam string host "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; a zone
-- such as "%eth0" (RFC 4007) is skipped
-- @treturn ?string 4 or 16 octets; nil if `host` is a name
function address.octets(host)
  local bare = address.unbracketed(host):gsub("%%[%w._-]+$", "")
  if bare:find(":", 1, true) then return ipv6(bare) end
  return ipv4(bare)
end

--- The family of a numeric address.
-- @tparam string host
-- @treturn ?string "ipv4" or "ipv6"; nil if `host` is a name
function address.family(host)
  local octets = address.octets(host)
  return octets and (#octets == 4 and "ipv4" or "ipv6")
end

--- Whether a numeric address is one of this machine's own loopback interface:
-- 127.0.0.0/8 (RFC 1122 section 3.2.1.3), ::1 (RFC 4291 section 2.5.3), or the
-- former mapped to IPv6 (section 2.5.5.2).
-- @tparam ?string host
-- @treturn boolean false for nil and for a name, "localhost" too: the address of a
-- name is known only after it was resolved
function address.is_loopback(host)
  local octets = host and address.octets(host)
  if not octets then return false end
  if #octets == 16 then
    if octets == ("\0"):rep(15) .. "\1" then return true end
    local mapped = ("\0"):rep(10) .. "\xff\xff"
    octets = octets:sub(1, 12) == mapped and octets:sub(13) or nil
  end
  return octets ~= nil and octets:byte() == 127
end

-- --------------------------------------------------------------------- text

--- Host and port as text, with brackets around an IPv6 address.
-- @tparam string host
-- @tparam integer port
-- @treturn string "mail.example:110", "[::1]:110"
function address.text(host, port)
  host = address.unbracketed(host)
  return (host:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(host, port)
end

--- The host and the port of a text "HOST", "HOST:PORT" or "[::1]:PORT".
-- @tparam string text
-- @treturn ?string the host, without brackets; nil if the text is malformed
-- @treturn ?integer the port, if there is one
function address.split(text)
  local host, port = text:match "^%[([%x:.]+)%]:?(%d*)$"
  if not host then host, port = text:match "^([^%[%]:/@%s]+):?(%d*)$" end
  if not host then return nil end
  if port == "" then return host end
  local number = math.tointeger(tonumber(port))
  if not address.is_port(number) then return nil end
  return host, number
end

return address
