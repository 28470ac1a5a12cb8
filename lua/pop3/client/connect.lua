--- `pop3.connect`: the connection, the greeting, the login.
-- @module pop3.client.connect
-- @local

local address = require "pop3.util.address"
local commands = require "pop3.client.command"
local core = require "pop3.core"
local options = require "pop3.client.options"
local secure = require "pop3.client.tls"
local session = require "pop3.client.session"
local transport = require "pop3.transport"

-- Connect to the host: a transport, or nil, message, code.
local function open(s)
  local opts, wait = s.opts, s.opts.wait or core.poll
  local seconds = opts.timeout.connect
  if opts.proxy then
    return require "pop3.transport.proxy".open(opts.proxy, opts.host, opts.port,
                                               seconds, wait, opts)
  end
  local fd, err, code = require "pop3.transport.tcp"(opts.host, opts.port,
                                                     seconds, wait, opts)
  if not fd then return nil, err, code end
  return require "pop3.transport.fd"(fd, opts.wait)
end

-- Give the session a new engine over a transport.
local function attach(s, io)
  local opts = s.opts
  local limits = opts.limits
  local engine = core.client {
    line = limits.line, listing = limits.listing, message = limits.message,
    drain = limits.drain, trace = opts.log ~= nil,
  }
  s.engine = engine
  s.link = { engine = engine, port = engine, io = io, idle = opts.timeout.io,
             last = 0, unsent = false, deadline = math.huge }
  s.dead, s.secure, s.capas = false, false, {}
end

-- TLS and the greeting: true, or nil, message, code, reply.
local function greet(s)
  if s.opts.tls == "implicit" then
    local ok, message, code = secure.start(s, "connect")
    if not ok then return nil, message, code end
  end
  local what, ok, text, resp = commands.event(s, "connect")
  if not what then return nil, ok, text end
  if not ok then
    commands.drop(s)
    return commands.refused(s, "connect", text, resp)
  end
  s.hello = text
  if s.opts.tls == "stls" then return secure.require_stls(s, "connect") end
  return true
end

-- Connect again, for another attempt to log in: true, or nil, message, code,
-- reply. The deadline of the operation stays.
local function redial(s)
  local deadline = s.link.deadline
  commands.drop(s)
  local io, err, why = open(s)
  if not io then return commands.fail(s, "connect", err, why) end
  session.release(s)
  attach(s, io)
  s.link.deadline = deadline
  local ok, message, code, reply = greet(s)
  if not ok then
    commands.drop(s)
    return nil, message, code, reply
  end
  return true
end

-- The greeting, and the login if there is a user: the session, or nil, message,
-- code, reply.
local function begin(s, user, password, token)
  local _ <close> = commands.operation(s)
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
  local opts = options.check(where, more)
  local name = opts.host and address.text(opts.host, opts.port) or "transport"
  local tls
  if opts.tls ~= "none" then
    local err, code
    tls, err, code = secure.options(opts, 1)
    if not tls then return nil, ("connect: %s: %s"):format(name, err), code end
  end
  -- the session does not keep what is needed only once
  local user, password, token = opts.user, opts.password, opts.token
  local given = opts.transport
  opts.password, opts.token, opts.transport = nil, nil, nil
  local s = session.new {
    opts = opts,
    name = name,
    host = opts.host,
    port = opts.port,
    total = opts.timeout.total,
    tls = tls,
    certificate = opts.cert ~= nil,
    token = not user and token or nil,
    secure = false,
    insecure = opts.insecure,
    mechs = opts.mechs,
    log = opts.log,
    capas = {},
    redial = given == nil and redial or nil,
    reconnect = given == nil and user
                and function() return connect(where, more) end or nil,
    dead = true,  -- until it has a connection
  }
  local io, err, code
  if given ~= nil then
    io, err, code = transport.over(given, opts.wait, "connect", 1)
  else
    io, err, code = open(s)
  end
  if not io then return commands.fail(s, "connect", err, code) end
  attach(s, io)
  return begin(s, user, password, token)
end

return connect
