--- `pop3 login`: connects to a server, logs in, and shows addresses, TLS, certificate,
-- capabilities and mechanisms. If something fails, it says what may be wrong.
-- @module pop3.command.login
-- @local

local account = require "pop3.command.mailbox.account"
local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local command = require "pop3.command.program"
local core = require "pop3.core"
local diagnosis = require "pop3.command.mailbox.diagnosis"
local explain = require "pop3.client.login".explain
local json = require "pop3.util.json"
local outcome = require "pop3.account.outcome"
local pop3 = require "pop3"
local show = require "pop3.command.mailbox.findings"

local login = {}

function login.define(c)
  c:summary "Log in to a mailbox, and show what happens."
  c:description("Connects to a server, and shows its addresses, TLS and "
    .. "certificate, its capabilities, and which mechanisms can be used. With a "
    .. "user it logs in, and shows by which mechanism, and how much mail there "
    .. "is. If something fails, it says what may be wrong and what to do. The "
    .. "password comes from a command, a file, netrc, POP3_PASSWORD or a prompt, "
    .. "never from the command line. Exit status: 0 success; 75 a temporary "
    .. "failure; 3 a person must act; 2 an invalid command line.")
  account.define(c)
  c:flag("--json", "Print what was found in JSON.")
end

local FIRST = 5  -- seconds for the first greeting, before other ways are tried

local function failed(found, message, code, reply)
  local o = outcome.of_connect(message, code, reply)
  found.failure = { message = message, code = code, reply = reply,
                    status = o.status }
  return false
end

-- ------------------------------------------------------------------ the stages

-- Note the addresses of the host. A proxy resolves names itself.
local function watch_resolver(found, opts)
  if opts.proxy then return end
  opts.resolve = function(host)
    local list, err = require "pop3.transport.getaddrinfo"(host)
    found.unresolved = list == nil
    if not list then return nil, err end
    local seen = {}
    found.addresses = {}
    for _, a in ipairs(list) do
      if not seen[a.addr] then
        seen[a.addr] = true
        found.addresses[#found.addresses + 1] = a.addr
      end
    end
    return list
  end
end

-- A session without a login; or nil, message, code, reply.
local function connect_once(found, opts, io)
  local tried = {}
  for name, value in pairs(opts) do tried[name] = value end
  tried.user, tried.mechs = nil, nil
  tried.timeout = { connect = opts.timeout or 60, io = io }
  if opts.tls ~= "none" then
    tried.verify = function(certificate, problem)
      found.certificate, found.problem = certificate, problem
      if opts.fingerprint then return certificate.fingerprint == opts.fingerprint end
      return problem == nil or opts.verify == false
    end
  end
  return pop3.connect(tried)
end

-- Connect: a session; or nil.
local function connect(found, opts)
  local port = opts.port or address.default_port(opts.tls)
  local patience = opts.timeout or 60
  local first = math.min(FIRST, patience)
  local s, message, code, reply = connect_once(found, opts, first)
  if s then return s end
  failed(found, message, code, reply)
  local certain
  found.advice, certain = diagnosis.of_connect(opts, port, found.failure, found)
  if certain then found.failure.status = outcome.PERSON end
  if certain or code ~= "timeout" or first == patience or found.certificate then
    return nil
  end
  -- nothing else was found: the server may be slow
  s, message, code, reply = connect_once(found, opts, patience)
  if s then
    found.failure, found.advice = nil, nil
    return s
  end
  failed(found, message, code, reply)
  return nil
end

local function look(found, s)
  found.greeting = s:greeting()
  found.connected = s.link.io.fd and select(2, s.link.io.fd:peer())
  found.tls = s:tls_info()
  if found.tls then found.certificate = found.tls.peer end
  local capa, message, code, reply = s:capa()
  if capa then found.capabilities = capa
  elseif code ~= "err" then return failed(found, message, code, reply)
  else found.no_capa = message end
  return true
end

-- Log in. True, or false.
local function try_login(found, s, a, credential)
  local opts = a.options
  found.user = opts.user
  local mechanisms, message, code, reply = explain(s, {
    user = opts.user, secret = credential.password, token = credential.token })
  if not mechanisms then return failed(found, message, code, reply) end
  found.mechanisms = mechanisms
  local ran, ok, how
  ran, ok, how, code, reply = pcall(s.login, s, opts.user, credential.password,
    { mechs = opts.mechs, token = credential.token })
  if not ran then
    failed(found, argument.said(ok), "auth")
    return false
  elseif not ok then
    failed(found, how, code, reply)
    found.advice = diagnosis.of_login(found.failure, mechanisms, opts)
    return false
  end
  found.mechanism = how
  return true
end

local function look_inside(found, s)
  local count, octets, code, reply = s:stat()
  if not count then return failed(found, octets, code, reply) end
  found.messages, found.octets = count, octets
  found.capabilities_after = s:capa()
  s:quit()
  return true
end

-- Everything, in turn. `found` says what was found, until something failed.
local function run(found, a)
  local opts = a.options
  watch_resolver(found, opts)
  local s <close> = connect(found, opts)
  if not s or not look(found, s) then return end
  if not opts.user then
    found.mechanisms = explain(s, { user = "u", secret = "s", token = "t" })
    s:quit()
    return
  end
  local credential, err, temporary = account.credential(a)
  if not credential then
    found.user = opts.user
    found.failure = { message = err, code = "secret",
                      status = outcome.failed(err, "secret", temporary).status }
    s:quit()
    return
  end
  return try_login(found, s, a, credential) and look_inside(found, s)
end

function login.run(args)
  if args.json then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  local a, err = account.of(args)
  if not a then return command.USAGE, err end
  local opts = a.options
  local found = { host = opts.host, mode = opts.tls, name = address.text(opts.host,
                  opts.port or address.default_port(opts.tls)) }
  found.port = opts.port or address.default_port(opts.tls)
  found.began = core.now()
  run(found, a)
  local ok
  ok, err = command.say(args.json and show.json(found) or show.text(found))
  if not ok then return command.TROUBLE, err end
  local failure = found.failure
  if not failure then return command.OK end
  return failure.status, failure.message, not args.json and show.advice(found) or nil
end

return login
