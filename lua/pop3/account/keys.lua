--- The keys of an account of `pop3 fetch` or of a fleet: their types, and which
-- part of the program uses each. They come from the configuration file, the command
-- line and the options in a database.
-- @module pop3.account.keys
-- @local

local address = require "pop3.util.address"
local connect_options = require "pop3.client.options"
local sync_options = require "pop3.sync.options"

local keys = {}

-- Options that the program sets itself, or that are in another group.
local own = {
  password = true, token = true, log = true, wait = true, transport = true,
  resume = true, resolve = true, into = true, state = true, now = true,
  progress = true, reconnect = true, dry_run = true, retry = true,
}

--- The values of keys that allow only some: key → set.
keys.values = {}

-- The types of options, as keys; a set of values becomes the type of a value.
local function types_of(options)
  local made = {}
  for name, kind in pairs(options) do
    if not own[name] then
      local is_set = type(kind) == "table"
      made[name] = is_set and type(next(kind)) or kind
      keys.values[name] = is_set and kind or nil
    end
  end
  return made
end

--- Options of `pop3.connect`, unchanged.
keys.connect = types_of(connect_options.types)

--- Options of `pop3.sync`, unchanged.
keys.sync = types_of(sync_options.types)

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
