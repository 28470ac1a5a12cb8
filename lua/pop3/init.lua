--- POP3 for Lua: a client that fetches real mail, and a test server whose
-- command handlers are overridden in Lua.
--
-- Success returns a value that is not nil or false. Failure that the world
-- causes returns `nil, message, code, reply`, where `code` is one of
-- "connect", "timeout", "closed", "tls", "auth", "err", "proto", "limit",
-- "state", "charset" and "io", and `reply` (`{ text =, code = }`) is there
-- when the server answered -ERR. Misuse raises an error at the caller's line.
-- @module pop3

local pop3 = {
  --- The version of this library.
  _VERSION = "lpop3 0.1",
}

-- What is loaded when it is first asked for.
local parts = {
  check = function() return require "pop3.check" end,
  connect = function() return require "pop3.client.connect" end,
  loop = function() return require "pop3.loop" end,
  message = function() return require "pop3.message" end,
  record = function() return require "pop3.record" end,
  server = function() return require "pop3.server" end,
  store = function() return require "pop3.store" end,
  core = function() return require "pop3.core" end,
}

--- Connect to a server and, if a user is given, log in.
--
--    local s = assert(pop3.connect{ host = "mail.example",
--                                   user = "mrose", password = "secret" })
--    local s = assert(pop3.connect("pops://mrose@mail.example",
--                                  { password = "secret" }))
--
-- Options:
--
-- - `host`; `port` (995 for implicit TLS, else 110); or `transport`, a ready byte
--   stream
-- - `tls`: `"implicit"` (RFC 8314, the default; `pops:`), `"stls"` (RFC 2595, and
--   no going on without it; `pop:`), `"none"` (the default with `transport`)
-- - `verify` (true): chain and name of the server's certificate are checked;
--   `cafile`, `capath`: by these CAs, in place of the system's; `servername`: the
--   name, if it is not the host (RFC 9525: a DNS name by its A-labels, or an IP
--   address); `pin`: base64 of the SHA-256 of its public key, or a list, on top
--   of that (with `verify = false` alone); `min_version`: `"TLSv1.2"` (the
--   default) or `"TLSv1.3"`
-- - `cert`, `key`: files of a certificate of one's own, for EXTERNAL
-- - `resume`: a session with the same server, to shorten the TLS handshake
-- - `user`, `password`, `token` (OAuth; a string, or a function that returns
--   one), `mechs` (an allow list in order of preference): see
--   `pop3.session:login`
-- - `insecure = true`: a password may cross an open link to a foreign host
-- - `timeout` (60 seconds without progress), or `{ connect =, io =, total = }`
-- - `limits = { line =, listing =, message =, drain = }`
-- - `proxy`: `"socks5://[user:password@]host[:1080]"` (RFC 1928, 1929) or
--   `"http://[user:password@]host[:8080]"` (CONNECT); it resolves the host's name
-- - `log`: `function(direction, line)`, secrets masked; `wait`: the hook of an
--   event loop
-- @tparam string|table where options, or a URL (RFC 2384)
-- @tparam[opt] table more options beside a URL
-- @treturn pop3.session or nil, message, code: "connect", "timeout", "closed",
-- "tls", "auth", "err", "proto", "limit", "io"
-- @function connect
-- @see pop3.session

return setmetatable(pop3, {
  __name = "pop3",
  __index = function(self, name)
    local load_part = parts[name]
    if not load_part then return nil end
    local part = load_part()
    rawset(self, name, part)
    return part
  end,
})
