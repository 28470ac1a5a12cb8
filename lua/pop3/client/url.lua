--- POP URLs (RFC 2384): `pop://user;auth=MECH@host:port`. The scheme "pops"
-- means implicit TLS (RFC 8314), the scheme "pop" means STLS.
-- @module pop3.client.url
-- @local

local url = require "pop3.util.url"

local tls = { pop = "stls", pops = "implicit" }

--- The options for `pop3.connect` in a URL.
-- @tparam string text
-- @treturn ?table `host`, `port`, `tls`, `user`, `password`, `mechs`, as far as
-- the URL says; nil if it is malformed
-- @treturn ?string message
return function(text)
  local parsed, err = url.parse(text)
  if not parsed then return nil, err end
  if not tls[parsed.scheme] then
    return nil, "the URL's scheme is not pop or pops"
  end
  local opts = { host = parsed.host, port = parsed.port,
                 tls = tls[parsed.scheme], password = parsed.password }
  if parsed.user then
    local user, auth = parsed.user:match "^(.-);[aA][uU][tT][hH]=(.*)$"
    opts.user = url.decode(user or parsed.user)
    auth = auth and url.decode(auth)
    if auth and auth ~= "*" then
      opts.mechs = { (auth:gsub("^%+", ""):upper()) }
    end
  end
  return opts
end
