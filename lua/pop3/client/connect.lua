--- Connecting: options, transports, the greeting, the login.
-- @module pop3.connect
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local client = require "pop3.client.session"
local core = require "pop3.core"
local exchange = require "pop3.client.command"
local parse_url = require "pop3.client.url"
local secure = require "pop3.client.tls"
local tls_options = require "pop3.transport.tls".options
local transport = require "pop3.transport"

local known = {
  host = "string", port = "integer",
  tls = { implicit = true, stls = true, none = true },
  user = "string", password = "string", token = "string function",
  mechs = "table", insecure = "boolean", timeout = "number table",
  limits = "table", proxy = "string", log = "function", wait = "function",
  transport = "any", resume = "any",
}
for name, kind in pairs(tls_options) do known[name] = kind end

-- `timeout` as { connect =, io =, total = }.
local function timeouts(timeout)
  if timeout == nil then timeout = 60 end
  if type(timeout) == "number" then
    timeout = { connect = timeout, io = timeout }
  end
  argument.options(timeout, { connect = "number", io = "number",
                           total = "number" }, "connect: timeout", 2)
  for name, seconds in pairs(timeout) do
    if seconds <= 0 or seconds ~= seconds then
      argument.misuse(2, "connect: timeout '%s' must be positive", name)
    end
  end
  local io = timeout.io or 60
  return { connect = timeout.connect or io, io = io, total = timeout.total }
end

-- A connection to the host, or nil, message, code.
local function open(s)
  local opts, wait = s.opts, s.opts.wait or core.poll
  if opts.proxy then
    return require "pop3.transport.proxy".open(opts.proxy, opts.host, opts.port,
                                               s.timeout.connect, wait)
  end
  local fd, err, code = require "pop3.transport.tcp"(opts.host, opts.port,
                                                     s.timeout.connect, wait)
  if not fd then return nil, err, code end
  return require "pop3.transport.fd"(fd, opts.wait)
end

-- A new link over a transport, with an engine; the old one is gone.
local function attach(s, io)
  local opts = s.opts
  local limits = opts.limits or {}
  local engine = core.client {
    line = limits.line, listing = limits.listing, message = limits.message,
    drain = limits.drain, trace = opts.log ~= nil,
  }
  s.engine = engine
  s.link = { engine = engine, port = engine, io = io, idle = s.timeout.io,
             last = 0, unsent = false, deadline = math.huge }
  s.dead, s.secure, s.capas = false, false, {}
end

-- From the first octet to where one may log in: TLS and the greeting.
local function greet(s)
  if s.opts.tls == "implicit" then
    local ok, message, code = secure.start(s, "connect")
    if not ok then return nil, message, code end
  end
  local what, ok, text, resp = exchange.event(s, "connect")
  if not what then return nil, ok, text end
  if not ok then
    exchange.drop(s)
    return exchange.refused(s, "connect", text, resp)
  end
  s.hello = text
  if s.opts.tls == "stls" then return secure.require_stls(s, "connect") end
  return true
end

-- Once more from the start, for another try at logging in.
local function redial(s)
  local deadline = s.link.deadline
  exchange.drop(s)
  local io, err, why = open(s)
  if not io then return exchange.fail(s, "connect", err, why) end
  client.release(s)
  attach(s, io)
  s.link.deadline = deadline
  local ok, message, code, reply = greet(s)
  if not ok then
    exchange.drop(s)
    return nil, message, code, reply
  end
  return true
end

-- What the server says first, and the login if there is a user.
local function begin(s, user, password, token)
  local _ <close> = exchange.operation(s)
  local ok, message, code, reply = greet(s)
  if ok and user then
    ok, message, code, reply = s:login(user, password, { token = token })
  end
  if not ok then
    s:close()
    return nil, message, code, reply
  end
  return s
end

--- Connect to a server and, if a user is given, log in; see `pop3.connect`.
local function connect(where, more)
  local opts = {}
  if type(where) == "string" then
    local parsed, err = parse_url(where)
    if not parsed then argument.misuse(1, "connect: %s", err) end
    opts = parsed
  elseif more ~= nil then
    argument.misuse(1, "connect: options beside options")
  end
  local given = type(where) == "string" and (more or {}) or where
  argument.options(given, known, "connect", 1)
  for name, value in pairs(given) do opts[name] = value end
  if not opts.host and opts.transport == nil then
    argument.misuse(1, "connect: a host is needed")
  end
  opts.tls = opts.tls or opts.transport ~= nil and "none" or "implicit"
  opts.port = opts.port or address.default_port(opts.tls)
  if not address.is_port(opts.port) then
    argument.misuse(1, "connect: no such port: %d", opts.port)
  end
  if opts.host then
    argument.text(opts.host, "connect: the host", 1)
    opts.host = address.unbracketed(opts.host)
  end
  if opts.proxy then
    if opts.transport ~= nil then
      argument.misuse(1, "connect: a proxy beside a transport")
    end
    opts.proxy = require "pop3.transport.proxy".parse(opts.proxy, 1)
  end
  if opts.mechs then client.check_mechs(opts.mechs) end
  local limits = opts.limits or {}
  argument.options(limits, { line = "integer", listing = "integer",
                          message = "integer", drain = "integer" },
                "connect: limits", 1)
  for name, n in pairs(limits) do argument.count(n, "limit " .. name, 1) end
  if opts.user then
    argument.text(opts.user, "connect: the user", 1, client.LONGEST - #"APOP  " - 32)
    if not (opts.password or opts.token or opts.cert or opts.mechs) then
      argument.misuse(1, "connect: a user needs a password")
    end
    if opts.password then
      argument.text(opts.password, "connect: the password", 1,
                 client.LONGEST - #"PASS ")
    end
  end
  local timeout = timeouts(opts.timeout)
  local name = "transport"
  if opts.host then
    name = address.text(opts.host, opts.port)
  end
  local tls
  if opts.tls ~= "none" then
    if opts.verify ~= false and not (opts.servername or opts.host) then
      argument.misuse(1, "connect: a servername to verify is needed")
    end
    local err, code
    tls, err, code = secure.options(opts, 1)
    if not tls then return nil, ("connect: %s: %s"):format(name, err), code end
  end
  local user, password, token = opts.user, opts.password, opts.token
  opts.password, opts.token = nil, nil
  local s = client.new {
    opts = opts,
    name = name,
    host = opts.host,
    port = opts.port,
    timeout = timeout,
    total = timeout.total,
    tls = tls,
    certificate = opts.cert ~= nil,
    token = not user and token or nil,
    secure = false,
    insecure = opts.insecure,
    mechs = opts.mechs,
    log = opts.log,
    capas = {},
    redial = opts.transport == nil and redial or nil,
    dead = true,  -- until there is a link
  }
  local io, err, code
  if opts.transport ~= nil then
    io, err, code = transport.over(opts.transport, opts.wait, "connect", 1)
    opts.transport = nil
  else
    io, err, code = open(s)
  end
  if not io then return exchange.fail(s, "connect", err, code) end
  attach(s, io)
  return begin(s, user, password, token)
end

return connect
