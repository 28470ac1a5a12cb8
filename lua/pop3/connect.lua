--- Connecting: options, transports, the greeting, the login.
-- @module pop3.connect
-- @local

local check = require "pop3.check"
local client = require "pop3.client"
local core = require "pop3.core"
local exchange = require "pop3.exchange"
local parse_url = require "pop3.url"

local known = {
  host = "string", port = "integer",
  tls = { implicit = true, stls = true, none = true },
  verify = "boolean", cafile = "string", capath = "string",
  servername = "string", pin = "string table", cert = "string",
  key = "string", min_version = { ["TLSv1.2"] = true, ["TLSv1.3"] = true },
  user = "string", password = "string", token = "string function",
  mechs = "table", insecure = "boolean", timeout = "number table",
  limits = "table", proxy = "string", log = "function", wait = "function",
  transport = "any",
}

-- `timeout` as { connect =, io =, total = }.
local function timeouts(timeout)
  if timeout == nil then timeout = 60 end
  if type(timeout) == "number" then
    timeout = { connect = timeout, io = timeout }
  end
  check.options(timeout, { connect = "number", io = "number",
                           total = "number" }, "connect: timeout", 2)
  for name, seconds in pairs(timeout) do
    if seconds <= 0 or seconds ~= seconds then
      check.misuse(2, "connect: timeout '%s' must be positive", name)
    end
  end
  local io = timeout.io or 60
  return { connect = timeout.connect or io, io = io, total = timeout.total }
end

-- A transport for what the user gave: a descriptor, a socket, an object.
local function adopt(transport, wait)
  if type(transport) == "number" then  -- LuaSocket's getfd gives floats
    local number = math.tointeger(transport)
    if not number or number < 0 then
      check.misuse(2, "connect: not a descriptor: %s", transport)
    end
    local fd, err = core.fd(number)
    if not fd then return nil, err, "io" end
    return require "pop3.io.fd"(fd, wait)
  end
  local ok, is_socket = pcall(function()
    return transport.settimeout and transport.getfd and true or false
  end)
  if ok and is_socket then return require "pop3.io.socket"(transport, wait) end
  if not (ok and transport.send and transport.receive and transport.close) then
    check.misuse(2, "connect: transport must be a descriptor, a socket, or an "
                    .. "object with send, receive and close")
  end
  return require "pop3.io.stream"(transport)
end

local function open(opts, seconds)
  local fd, err, code = require "pop3.io.connect"(opts.host, opts.port,
    seconds, opts.wait or core.poll)
  if not fd then return nil, err, code end
  return require "pop3.io.fd"(fd, opts.wait)
end

-- What the server says first, and the login if there is a user.
local function begin(s, opts)
  local _ <close> = exchange.operation(s)
  local what, ok, text, resp = exchange.event(s, "connect")
  if not what then return nil, ok, text end
  if not ok then
    exchange.drop(s)
    return exchange.refused(s, "connect", text, resp)
  end
  s.hello = text
  if opts.user then
    local done, message, code, reply = s:login(opts.user, opts.password)
    if not done then
      s:close()
      return nil, message, code, reply
    end
  end
  return s
end

--- Connect to a server and, if a user is given, log in.
--
--    local s = assert(pop3.connect{ host = "mail.example", tls = "none",
--                                   user = "mrose", password = "secret" })
-- @tparam string|table where options, or a URL (RFC 2384)
-- @tparam[opt] table more options beside a URL
-- @treturn pop3.session
local function connect(where, more)
  local opts = {}
  if type(where) == "string" then
    local parsed, err = parse_url(where)
    if not parsed then check.misuse(1, "connect: %s", err) end
    opts = parsed
  elseif more ~= nil then
    check.misuse(1, "connect: options beside options")
  end
  local given = type(where) == "string" and (more or {}) or where
  check.options(given, known, "connect", 1)
  for name, value in pairs(given) do opts[name] = value end
  if not opts.host and opts.transport == nil then
    check.misuse(1, "connect: a host is needed")
  end
  opts.tls = opts.tls or opts.transport ~= nil and "none" or "implicit"
  opts.port = opts.port or opts.tls == "implicit" and 995 or 110
  if opts.port < 1 or opts.port > 65535 then
    check.misuse(1, "connect: no such port: %d", opts.port)
  end
  if opts.host then check.text(opts.host, "connect: the host", 1) end
  for _, option in ipairs { "proxy", "token" } do
    if opts[option] ~= nil then
      check.misuse(1, "connect: option '%s' is not built into this version",
                   option)
    end
  end
  if opts.mechs then client.check_mechs(opts.mechs) end
  local limits = opts.limits or {}
  check.options(limits, { line = "integer", listing = "integer",
                          message = "integer", drain = "integer" },
                "connect: limits", 1)
  for name, n in pairs(limits) do check.count(n, "limit " .. name, 1) end
  if opts.user then
    check.text(opts.user, "connect: the user", 1, client.LONGEST - #"APOP  " - 32)
    if not opts.password then
      check.misuse(1, "connect: a user needs a password")
    end
    check.text(opts.password, "connect: the password", 1, client.LONGEST - #"PASS ")
  end
  local timeout = timeouts(opts.timeout)
  local name = "transport"
  if opts.host then
    name = opts.host:find(":", 1, true) and "[%s]:%d" or "%s:%d"
    name = name:format(opts.host, opts.port)
  end
  if opts.tls ~= "none" then
    return nil, ("connect: %s: TLS is not built into this version (tls = "
                 .. "\"none\" does without)"):format(name), "tls"
  end
  local io, err, code
  if opts.transport ~= nil then
    io, err, code = adopt(opts.transport, opts.wait)
  else
    io, err, code = open(opts, timeout.connect)
  end
  if not io then
    return nil, ("connect: %s: %s"):format(name, err), code
  end
  local engine = core.client {
    line = limits.line, listing = limits.listing, message = limits.message,
    drain = limits.drain, trace = opts.log ~= nil,
  }
  local s = client.new {
    engine = engine,
    link = { engine = engine, io = io, idle = timeout.io, last = 0,
             unsent = false, deadline = math.huge },
    name = name,
    total = timeout.total,
    secure = false,
    insecure = opts.insecure,
    mechs = opts.mechs,
    log = opts.log,
    capas = {},
  }
  return begin(s, opts)
end

return connect
