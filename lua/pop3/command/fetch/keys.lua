--- The keys of an account of `pop3 fetch`: their types, and which part of the
-- program each is for. The configuration file and the command line both end up
-- here.
-- @module pop3.command.fetch.keys
-- @local

local address = require "pop3.util.address"
local tls = require "pop3.transport.tls"

local keys = {}

--- Options of `pop3.connect`, as they are.
keys.connect = {
  host = "string", port = "integer", tls = "string", user = "string",
  mechs = "table", insecure = "boolean", timeout = "number table",
  limits = "table", proxy = "string",
}
for name, kind in pairs(tls.options) do
  keys.connect[name] = type(kind) == "string" and kind or "string"
end

--- Options of `pop3.sync`, as they are. The engine checks their values.
keys.sync = {
  keep = "boolean number function", filter = "function", max_size = "integer",
  partial = "integer", max_messages = "integer", max_octets = "integer",
  order = "string", seed = "boolean table", attempts = "integer",
  set_aside = "string", purge_after = "integer", rekey = "string",
  forget = "number", dedupe = "string", account = "string",
}

--- Where messages go: one of these.
keys.delivery = {
  maildir = "string", mbox = "string", lmtp = "table", pipe = "string",
  into = "function table",
}

--- Where the secret comes from: one of these at the most.
keys.secret = {
  password_command = "string", token_command = "string",
  password_file = "string", password = "string", netrc = "string boolean",
}

--- What the program itself uses.
keys.program = {
  url = "string", inherit = "string", state = "string", deadline = "number",
  command_timeout = "number",
}

--- All keys and their types.
keys.all = {}
for _, group in ipairs { "connect", "sync", "delivery", "secret", "program" } do
  for name, kind in pairs(keys[group]) do keys.all[name] = kind end
end

--- Keys whose value is a path, in which a leading "~/" is the home directory.
keys.paths = {
  maildir = true, mbox = true, password_file = true, state = true,
  set_aside = true, cafile = true, capath = true, cert = true, key = true,
  netrc = true,
}

--- Replace a leading "~/".
-- @tparam string path
-- @treturn string
function keys.expand(path)
  local home = os.getenv "HOME"
  if home and (path == "~" or path:sub(1, 2) == "~/") then
    return home .. path:sub(2)
  end
  return path
end

--- The name that an account without a name gets: "user@host:port", which is the
-- default of `pop3.sync` as well.
-- @tparam table account with `host`
-- @treturn string
function keys.address_of(account)
  local port = account.port or address.default_port(account.tls or "implicit")
  return (account.user or "") .. "@" .. address.text(account.host, port)
end

return keys
