--- The options of `pop3.connect`: their types, defaults and limits. `pop3.connect`
-- documents them.
-- @module pop3.client.options
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local authorization = require "pop3.client.authorization"
local parse_url = require "pop3.client.url"
local tls = require "pop3.transport.tls"

local types = {
  host = "string", port = "integer",
  tls = { implicit = true, stls = true, ["stls?"] = true, none = true },
  user = "string", password = "string", token = "string function",
  mechs = "table", insecure = "boolean", timeout = "number table",
  limits = "table", proxy = "string", log = "function", wait = "function",
  transport = "any", resume = "any", resolve = "function",
  family = { ipv4 = true, ipv6 = true }, local_address = "string",
  pipeline = "boolean", ignore = "table", retry = "table",
  progress = "function",
}
for option, kind in pairs(tls.options) do types[option] = kind end

local TIMEOUT = 60  -- seconds
local ATTEMPTS = 3  -- of `retry`
local WAIT = 5      -- seconds between them

local limit_types = { line = "integer", listing = "integer",
                      message = "integer", drain = "integer" }

-- In the functions below, errors of misuse are at the level of the function that
-- called `pop3.connect`: five calls up from `argument.misuse`.
local LEVEL = 3

local function misuse(format, ...)
  argument.misuse(LEVEL + 1, "connect: " .. format, ...)
end

-- The options of a URL, if there is one, and those of the table on top.
local function collect(where, more)
  local opts = {}
  if type(where) == "string" then
    local err
    opts, err = parse_url(where)
    if not opts then misuse("%s", err) end
    where = more or {}
  elseif more ~= nil then
    misuse "a second table of options is allowed only with a URL"
  end
  argument.options(where, types, "connect", LEVEL)
  for name, value in pairs(where) do opts[name] = value end
  return opts
end

-- Where to connect to.
local function check_peer(opts)
  if opts.transport ~= nil then
    if opts.proxy then misuse "a proxy cannot be used with a transport" end
  elseif not opts.host then
    misuse "a host is needed"
  end
  opts.tls = opts.tls or opts.transport ~= nil and "none" or "implicit"
  opts.port = opts.port or address.default_port(opts.tls)
  if not address.is_port(opts.port) then
    misuse("no such port: %d", opts.port)
  end
  if opts.host then
    argument.text(opts.host, "connect: the host", LEVEL)
    opts.host = address.unbracketed(opts.host)
  end
  if opts.proxy then
    opts.proxy = require "pop3.transport.proxy".parse(opts.proxy, LEVEL)
  end
  if opts.local_address and not address.octets(opts.local_address) then
    misuse "local_address must be an IP address"
  elseif opts.local_address and opts.family and opts.family
         ~= address.family(opts.local_address) then
    misuse("local_address is not an address of %s", opts.family)
  end
  if opts.tls ~= "none" and opts.verify ~= false
     and not (opts.servername or opts.host) then
    misuse "a servername to verify is needed"
  end
end

-- Who logs in.
local function check_login(opts)
  if opts.mechs then argument.names(opts.mechs, "connect: mechs", LEVEL) end
  if authorization.only(opts.mechs, "ticket") then
    if opts.user == "" then opts.user = nil end  -- the one of the ticket
    opts.login = true
  end
  if not opts.user then return end
  opts.login = true
  argument.text(opts.user, "connect: the user", LEVEL,
                authorization.LONGEST_USER)
  if not (opts.password or opts.token or opts.cert or opts.mechs) then
    misuse "a user needs a password"
  end
  if opts.password then
    argument.text(opts.password, "connect: the password", LEVEL,
                  authorization.LONGEST - #"PASS ")
  end
end

-- `timeout` as `{ connect =, io =, total = }` in seconds.
local function check_timeout(opts)
  local timeout = opts.timeout
  if timeout == nil then timeout = TIMEOUT end
  if type(timeout) == "number" then
    timeout = { connect = timeout, io = timeout }
  end
  argument.options(timeout, { connect = "number", io = "number",
                              total = "number" }, "connect: timeout", LEVEL)
  for _, name in ipairs { "io", "connect", "total" } do
    local seconds = timeout[name]
    if seconds and (seconds <= 0 or seconds ~= seconds) then
      misuse("timeout '%s' must be positive", name)
    end
  end
  local io = timeout.io or TIMEOUT
  opts.timeout = { connect = timeout.connect or io, io = io,
                   total = timeout.total }
end

local function check_limits(opts)
  opts.limits = opts.limits or {}
  argument.options(opts.limits, limit_types, "connect: limits", LEVEL)
  for name, n in pairs(opts.limits) do
    argument.count(n, "connect: the limit " .. name, LEVEL)
  end
end

-- `ignore` as a set of capabilities, and of "NAME ARGUMENT".
local function check_ignore(opts)
  local set = {}
  for _, name in ipairs(argument.names(opts.ignore or {}, "connect: ignore",
                                       LEVEL)) do
    argument.text(name, "connect: a capability in ignore", LEVEL)
    set[name:upper()] = true
  end
  opts.ignore = next(set) and set or nil
end

-- `retry` with its defaults.
local function check_retry(opts)
  local retry = opts.retry
  if not retry then return end
  argument.options(retry, { attempts = "integer", wait = "number" },
                   "connect: retry", LEVEL)
  if opts.transport ~= nil then misuse "retry cannot be used with a transport" end
  local attempts, wait = retry.attempts or ATTEMPTS, retry.wait or WAIT
  if attempts < 1 then misuse "retry: attempts must be 1 or more" end
  if wait < 0 or wait ~= wait then misuse "retry: wait must not be negative" end
  opts.retry = { attempts = attempts, wait = wait }
end

local options = {}

--- The options and their types, for `pop3.util.argument.options`.
options.types = types

--- Check the arguments of `pop3.connect`.
-- @param where
-- @param more
-- @treturn table all options, with defaults; `timeout` and `limits` are tables,
-- `proxy` is what `pop3.transport.proxy.parse` returns; `login` is true if the session
-- begins with a login
function options.check(where, more)
  local opts = collect(where, more)
  check_peer(opts)
  check_login(opts)
  check_timeout(opts)
  check_limits(opts)
  check_ignore(opts)
  check_retry(opts)
  return opts
end

return options
