--- URLs with an authority (RFC 3986): `scheme://user:password@host:port/path`.
--
-- Used for the URL of `pop3.connect` and for its option `proxy`.
-- @module pop3.util.url
-- @local

local address = require "pop3.util.address"

local url = {}

--- Replace %XX by the octet that it stands for. A "%" without two hexadecimal
-- digits stays.
-- @tparam string text
-- @treturn string
function url.decode(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- Host and port of "HOST[:PORT]"; nil, message if it is malformed.
local function host_and_port(text)
  local host, port = text:match "^%[([^%[%]]*)%](.*)$"
  if host then
    host = url.decode(host)
    local octets = address.octets(host)
    if not octets or #octets ~= 16 then
      return nil, "the URL has no valid IPv6 address between [ and ]"
    end
  else
    host, port = text:match "^([^:]*)(.*)$"
    host = url.decode(host)
  end
  if host == "" then return nil, "the URL has no host" end
  if host:find "[%c%s]" then
    return nil, "the host of the URL has a blank or a control character"
  end
  if port == "" or port == ":" then return host end
  local digits = port:match "^:(%d+)$"
  if not digits then return nil, "the port of the URL is not a number" end
  local number = math.tointeger(tonumber(digits))
  if not address.is_port(number) then
    return nil, "the port of the URL is not in 1 to 65535"
  end
  return host, number
end

--- Parse a URL.
--
-- A user ends at the first colon, so that a password may hold colons (RFC 3986
-- section 3.2.1). The user information ends at the last "@" of the authority,
-- since a host never has one.
-- @tparam string text
-- @treturn ?table `scheme` (lower case), `host` (without brackets), `port`,
-- `user` (as written; see `decode`), `password` (decoded); nil if malformed
-- @treturn ?string message
-- @usage local parsed = url.parse "socks5://me:se:cret@[::1]:1080"
-- assert(parsed.host == "::1" and parsed.password == "se:cret")
function url.parse(text)
  local scheme, authority, path = text:match "^(%a[%w+.-]*)://([^/?#]*)(.*)$"
  if not scheme then return nil, "the URL has no scheme and ://" end
  if path:find("@", 1, true) then
    return nil, "the URL has an @ after /, ? or #; in a user or password these are "
                .. "written as %2F, %3F and %23"
  end
  local info, rest = authority:match "^(.*)@([^@]*)$"
  local host, port = host_and_port(rest or authority)
  if not host then return nil, port end
  local parsed = { scheme = scheme:lower(), host = host, port = port }
  if info then
    local user, password = info:match "^([^:]*):(.*)$"
    parsed.user = user or info
    parsed.password = password and url.decode(password)
  end
  return parsed
end

return url
