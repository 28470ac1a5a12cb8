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
local timeout_types = { connect = "number", io = "number", total = "number" }
local retry_types = { attempts = "integer", wait = "number" }

-- In the functions below, errors of misuse are at the level of the function that
-- called `pop3.connect`: five calls up from `argument.misuse`.
local LEVEL = 3

local function misuse(format, ...)
  argument.misuse(LEVEL + 1, "connect: " .. format, ...)
end

-- What sessions share where nothing else is given; nobody may change it.
local TIMEOUTS = { connect = TIMEOUT, io = TIMEOUT }

-- The options of a URL, if there is one, and those of the table on top.
local function collect(where, more)
  local opts
  if type(where) == "string" then
    local err
    opts, err = parse_url(where)
    if not opts then misuse("%s", err) end
    where = more or {}
  elseif more ~= nil then
    misuse "a second table of options is allowed only with a URL"
  end
  -- the names that most sessions have: the table does not grow step by step
  opts = opts or { tls = nil, port = nil, timeout = nil, limits = nil, host = nil,
                   user = nil, mechs = nil, login = nil }
  argument.options(where, types, "connect", LEVEL, opts)
  return opts
end

-- Where to connect to.
local function check_peer(opts)
  local host = opts.host
  if opts.transport ~= nil then
    if opts.proxy then misuse "a proxy cannot be used with a transport" end
  elseif not host then
    misuse "a host is needed"
  end
  local security = opts.tls or opts.transport ~= nil and "none" or "implicit"
  opts.tls = security
  if not opts.port then
    opts.port = address.default_port(security)
  elseif not address.is_port(opts.port) then
    misuse("no such port: %d", opts.port)
  end
  if host then
    argument.text(host, "connect: the host", LEVEL)
    opts.host = address.unbracketed(host)
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
  if security ~= "none" and opts.verify ~= false
     and not (opts.servername or host) then
    misuse "a servername to verify is needed"
  end
end

-- Who logs in when the session begins: `user`, `secret` and `token`; nil if nobody does.
local function check_login(opts)
  local user, password, mechs = opts.user, opts.password, opts.mechs
  if mechs then argument.names(mechs, "connect: mechs", LEVEL) end
  if authorization.only(mechs, "ticket") then
    if user == "" then user = nil end  -- the one of the ticket
  elseif not user then
    return nil
  end
  if user then
    argument.text(user, "connect: the user", LEVEL, authorization.LONGEST_USER)
    if not (password or opts.token or opts.cert or mechs) then
      misuse "a user needs a password"
    end
  end
  if password then
    argument.text(password, "connect: the password", LEVEL,
                  authorization.LONGEST - #"PASS ")
  end
  return { user = user, secret = password, token = opts.token }
end

-- `timeout` as `{ connect =, io =, total = }` in seconds.
local function check_timeout(opts)
  local given = opts.timeout
  if type(given) == "number" then given = { io = given } end
  local timeout = {}
  argument.options(given, timeout_types, "connect: timeout", LEVEL, timeout)
  for name, seconds in pairs(timeout) do
    if seconds <= 0 or seconds ~= seconds then
      misuse("timeout '%s' must be positive", name)
    end
  end
  timeout.io = timeout.io or TIMEOUT
  timeout.connect = timeout.connect or timeout.io
  opts.timeout = timeout
end

-- `limits` as `pop3.core.client` takes them.
local function check_limits(opts)
  local limits = { trace = opts.log ~= nil }
  argument.options(opts.limits or {}, limit_types, "connect: limits", LEVEL, limits)
  for name in pairs(limit_types) do
    if limits[name] then
      argument.count(limits[name], "connect: the limit " .. name, LEVEL)
    end
  end
  opts.limits = limits
end

-- `ignore` as a set of capabilities, and of "NAME ARGUMENT".
local function check_ignore(opts)
  local set = {}
  for _, name in ipairs(argument.names(opts.ignore, "connect: ignore", LEVEL)) do
    argument.text(name, "connect: a capability in ignore", LEVEL)
    set[name:upper()] = true
  end
  opts.ignore = next(set) and set or nil
end

-- `retry` with its defaults.
local function check_retry(opts)
  local retry = opts.retry
  argument.options(retry, retry_types, "connect: retry", LEVEL)
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
-- @treturn table all options, with defaults; `timeout` is a table, `limits` what
-- `pop3.core.client` takes, or nil; `proxy` is what `pop3.transport.proxy.parse` returns
-- @treturn ?table who logs in when the session begins, see
-- `pop3.client.authorization.enter`
function options.check(where, more)
  local opts = collect(where, more)
  check_peer(opts)
  local who = check_login(opts)
  if opts.timeout then check_timeout(opts)
  else opts.timeout = TIMEOUTS end
  if opts.limits or opts.log then check_limits(opts) end
  if opts.ignore then check_ignore(opts) end
  if opts.retry then check_retry(opts) end
  return opts, who
end

return options
