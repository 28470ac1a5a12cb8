--- `pop3.connect`: the connection, the greeting, the login.
-- @module pop3.client.connect
-- @local

local address = require "pop3.util.address"
local authorization = require "pop3.client.authorization"
local commands = require "pop3.client.command"
local core = require "pop3.core"
local login = require "pop3.client.login"
local options = require "pop3.client.options"
local pause = require "pop3.util.pause"
local pump = require "pop3.client.pump"
local secure = require "pop3.client.tls"
local session = require "pop3.client.session"
local transport = require "pop3.transport"

local ONCE = { attempts = 1, wait = 0 }  -- without the option `retry`

-- Connect to the host: a transport, or nil, message, code.
local function open(opts)
  local wait, seconds = opts.wait or core.poll, opts.timeout.connect
  if opts.proxy then
    return require "pop3.transport.proxy".open(opts.proxy, opts.host, opts.port,
                                               seconds, wait, opts)
  end
  local fd, err, code = require "pop3.transport.tcp"(opts.host, opts.port,
                                                     seconds, wait, opts)
  if not fd then return nil, err, code end
  return require "pop3.transport.fd"(fd, opts.wait)
end

-- The function that calls `progress` when octets arrive, with the command that waits
-- for its reply and the count of octets since it began to wait.
local function meter(s, progress)
  local label, octets
  return function(n)
    if label ~= s.label then label, octets = s.label, 0 end
    octets = octets + n
    local _ <close> = not s.busy and commands.busy(s, "progress") or nil
    progress(label, octets)
  end
end

-- Give the session a new engine over a transport.
local function attach(s, io)
  local opts = s.opts
  local engine = core.client(opts.limits)
  s.engine = engine
  s.link = pump.link(engine, io, opts.timeout.io)
  if opts.progress then s.link.progress = meter(s, opts.progress) end
  s.dead, s.secure = false, false
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
  if s.opts.tls == "stls" then return secure.require_stls(s, "connect")
  elseif s.opts.tls == "stls?" then return secure.try_stls(s, "connect") end
  return true
end

-- Connect again, for another attempt to log in: true, or nil, message, code,
-- reply. The deadline of the operation stays.
local function redial(s)
  local deadline = s.link.deadline
  commands.drop(s)
  local io, err, why = open(s.opts)
  if not io then return commands.fail(s, "connect", err, why) end
  if not s.redial then  -- another coroutine has closed or cancelled the session
    io:close()
    return commands.fail(s, "connect", s.cancelled or "the session has ended", "closed")
  end
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

-- The greeting, and the login if there is one, as one operation: true, or nil, message,
-- code, reply.
local function begin(s, who)
  s.bounded = true
  commands.deadline(s)
  local ok, message, code, reply = greet(s)
  if ok and who then
    ok, message, code, reply = authorization.enter(s, who, s.opts.mechs, 4)
  end
  s.bounded = false
  return ok, message, code, reply
end

-- One attempt to connect and log in within `total` seconds: the session, or nil,
-- message, code, reply. `tls` is what TLS needs; `given` is the option `transport`;
-- `again` makes a new session with the same options.
local function attempt(opts, who, tls, given, total, again)
  local s = session.new {
    opts = opts,
    name = opts.host and address.text(opts.host, opts.port) or "transport",
    total = total or false,
    tls = tls,
    redial = given == nil and redial,
    reconnect = again,
    dead = true,  -- until it has a connection
    engine = nil, link = nil, secure = false, busy = false, bounded = false,
    hello = nil, user = nil,
  }
  local io, err, code
  if given ~= nil then
    io, err, code = transport.over(given, opts.wait, "connect", 2)
  else
    io, err, code = open(opts)
  end
  if not io then return commands.fail(s, "connect", err, code) end
  attach(s, io)
  local ok, message, why, reply = begin(s, who)
  if not ok then
    s:close()
    return nil, message, why, reply
  end
  s.total = opts.timeout.total or false
  return s
end

--- Connect to a server and, if a user is given, log in; see `pop3.connect`.
local function connect(where, opts)
  local more = opts
  local who, tls
  opts, who = options.check(where, more)
  if opts.tls ~= "none" then
    local err, code
    tls, err, code = secure.options(opts, 1)
    if not tls then
      local name = opts.host and address.text(opts.host, opts.port)
                   or "transport"
      return nil, ("connect: %s: %s"):format(name, err), code
    end
  end
  -- the session does not keep values that are needed only once
  local given = opts.transport
  opts.password, opts.transport = nil, nil
  if opts.user then opts.token = nil end
  local again
  if who and given == nil then
    again = function() return connect(where, more) end
  end
  local total, retry = opts.timeout.total, opts.retry or ONCE
  local deadline = total and core.now() + total
  local s, message, code, reply
  for i = 1, retry.attempts do
    s, message, code, reply = attempt(opts, who, tls, given, total, again)
    if s or i == retry.attempts or not (reply and login.passing[reply.code])
    then
      break
    end
    total = deadline and deadline - core.now() - retry.wait
    if total and total <= 0 then break end
    pause(opts.wait, retry.wait)
  end
  return s, message, code, reply
end
return connect
