--- POP URLs (RFC 2384): `pop://user;auth=MECH@host:port`. `pops:` means
-- implicit TLS, `pop:` STLS.
-- @module pop3.url
-- @local

local url = require "socket.url"

--- Options for `pop3.connect` from a URL.
-- @tparam string text
-- @treturn table or nil, message
return function(text)
  local parsed = url.parse(text)
  local scheme = parsed and parsed.scheme and parsed.scheme:lower()
  if scheme ~= "pop" and scheme ~= "pops" then
    return nil, "not a pop: or pops: URL"
  end
  if not parsed.host or parsed.host == "" then
    return nil, "the URL has no host"
  end
  if parsed.port and not parsed.port:find "^%d+$" then
    return nil, "the URL's port is not a number"
  end
  local opts = {
    host = parsed.host,
    port = parsed.port and math.tointeger(tonumber(parsed.port)),
    tls = scheme == "pops" and "implicit" or "stls",
    password = parsed.password and url.unescape(parsed.password),
  }
  if parsed.user then
    local user, auth = parsed.user:match "^(.-);[aA][uU][tT][hH]=(.*)$"
    opts.user = url.unescape(user or parsed.user)
    auth = auth and url.unescape(auth)
    if auth and auth ~= "*" then
      opts.mechs = { (auth:gsub("^%+", ""):upper()) }
    end
  end
  return opts
end
