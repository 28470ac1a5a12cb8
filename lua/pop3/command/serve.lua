--- `pop3 serve`: the programmable server as a program, for tests in any
-- language.
--
-- When it is ready it prints one line, `ready host=127.0.0.1 port=40123
-- tls=none` (with `cafile=...` at the end under TLS), and serves until it gets
-- SIGTERM, SIGINT or SIGHUP, or is told to stop over its control socket
-- (`pop3.control`).
--
-- A script returns a server that it made with `pop3.server.new`; or a table of
-- options for that, which the command line may override; or a table with the
-- server as its field `server`. Such a table may have a field `verify`, a list for
-- `server:verify`: whether it held is the exit status.
-- @module pop3.command.serve
-- @local

local check = require "pop3.util.argument"
local command = require "pop3.command.program"
local core = require "pop3.core"
local expect = require "pop3.verify"
local files = require "pop3.util.atomic_file"
local pop3 = require "pop3"

local serve = {}

function serve.define(c)
  c:summary "Run a POP3 server for tests."
  c:description("Runs a POP3 server for tests until it is told to stop (SIGTERM, "
    .. "SIGINT, or over the control socket). The exit status is 1 when a "
    .. "verify did not hold, or a handler of the script failed.")
  c:argument("script", "Lua: returns a server of pop3.server.new, or a table of "
    .. "its options, which may have `verify`, a list of commands."):args "?"
  c:option("--host", "Where to listen (127.0.0.1)."):argname "HOST"
  c:option("--port", "0 takes a free one (0)."):argname "PORT"
   :convert(command.integer(0, 65535))
  c:option("--port-file", "Write the port there once it listens."):argname "FILE"
  c:mutex(
    c:option("--maildir", "Serve this Maildir."):argname "DIR",
    c:option("--mail", "Serve these messages."):argname "FILE":args "+")
  c:option("--user", "Whose mail it is (mrose)."):argname "NAME"
  c:option("--password", "The password (secret)."):argname "SECRET"
  c:option("--tls", "auto makes a certificate on the spot; expired, wrong-host "
    .. "and others make one that clients must refuse."):argname "KIND"
  c:flag("--implicit", "TLS from the first octet, in place of STLS.")
  c:option("--cafile-out", "Write the CA that clients are to trust there.")
   :argname "FILE"
  c:option("--transcript", "Write what was said there at the end, secrets "
    .. "masked."):argname "FILE"
  c:option("--control", "Take requests in JSON on this socket."):argname "SOCKET"
end

-- What the script gives: a table { server = or options =, verify = }.
local function load_script(path)
  if not path then return { options = {} } end
  local chunk, err = loadfile(path)
  if not chunk then return nil, err end
  local ok, result = pcall(chunk)
  if not ok then return nil, tostring(result) end
  if type(result) ~= "table" then
    return nil, path .. ": it must return a server, or a table of options"
  end
  local mt = getmetatable(result)
  if mt and mt.__name == "pop3.server" then return { server = result } end
  local given = { server = result.server, verify = result.verify, options = {} }
  mt = getmetatable(given.server)
  if given.server and not (mt and mt.__name == "pop3.server") then
    return nil, path .. ": server must be one of pop3.server.new"
  end
  for name, value in pairs(result) do
    if name ~= "server" and name ~= "verify" then given.options[name] = value end
  end
  if given.server and next(given.options) then
    return nil, ("%s: '%s' is the server's own option"):format(path,
                                                  next(given.options))
  end
  if given.verify ~= nil then
    if type(given.verify) ~= "table" then
      return nil, path .. ": verify must be a list"
    end
    -- now, not when all is over
    ok, err = pcall(expect.new, given.verify, 1)
    if not ok then return nil, path .. ": " .. check.said(err) end
  end
  return given
end

-- The user of the command line: name and entry, nil when there is none.
local function user_of(args)
  if args.script and not (args.user or args.password or args.mail
                          or args.maildir) then
    return nil
  end
  local name = args.user or "mrose"
  local entry = { password = args.password or "secret" }
  if args.maildir then
    if core.stat(args.maildir) ~= "directory" then
      return false, args.maildir .. ": no such directory"
    end
    entry.mail = pop3.store.maildir(args.maildir)
  elseif args.mail then
    -- in memory, so that deliveries are taken, and reset brings all back
    entry.mail, entry.uidl = {}, pop3.store.files(args.mail).uids
    for i, path in ipairs(args.mail) do
      local octets, err = files.read(path)
      if not octets then return false, err end
      entry.mail[i] = octets
    end
  end
  return name, entry
end

-- The server that script and command line describe.
local function make(args, given)
  local name, entry = user_of(args)
  if name == false then return nil, entry, command.TROUBLE end
  local server, opts = given.server, given.options
  if server then
    if args.tls or args.implicit then
      return nil, "--tls and --implicit are the server's own: "
                  .. "let the script return a table of options", command.USAGE
    end
    server.host = args.host or server.host
    server.wanted_port = args.port or server.wanted_port
  else
    opts.host, opts.port = args.host or opts.host, args.port or opts.port
    opts.tls, opts.implicit = args.tls or opts.tls, args.implicit or opts.implicit
    local ok, made, err = pcall(pop3.server.new, opts)
    if not ok or not made then
      return nil, check.said(ok and err or made), not ok and not args.script
             and command.USAGE or command.TROUBLE
    end
    server = made
  end
  if name then server.users[name] = entry end
  return server
end

-- Say that it is ready.
local function announce(server)
  local tls = not server.certificates and "none"
              or server.implicit and "implicit" or "stls"
  local line = ("ready host=%s port=%d tls=%s"):format(server.host, server.port,
                                                       tls)
  if server.cafile then line = line .. " cafile=" .. server.cafile end
  return command.say(line .. "\n")
end

-- Write the files that tell where it listens.
local function tell(args, server)
  if args.cafile_out then
    if not server.cafile then
      return nil, "--cafile-out: the server has no CA of its own; try --tls auto"
    end
    local pem, err = files.read(server.cafile)
    local ok = pem
    if pem then ok, err = files.write(args.cafile_out, pem) end
    if not ok then return nil, err end
  end
  if not args.port_file then return true end
  return files.write(args.port_file, server.port .. "\n")
end

local function forget(args)
  if args.port_file then files.remove(args.port_file) end
  if args.cafile_out then files.remove(args.cafile_out) end
end

-- Is all as it was to be? What is wrong, if not.
local function judge(server, given, control)
  if given.verify then
    local ok, err = pcall(server.verify, server, given.verify)
    if not ok then return tostring(err) end
  elseif server.errors[1] then
    return "a handler failed: " .. server.errors[1]
  end
  return control.failed or nil
end

-- Serve. What a script's own clock raises is trouble like any other.
local function attend(control)
  local ok, served, err = pcall(control.run, control)
  if not ok then return nil, tostring(served) end
  return served, err
end

-- Serve until a signal or a request ends it. Returns a status and, if it is not
-- OK, a line and perhaps more of them.
local function run(args, given, server)
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  server:mark()
  local ok, err = server:listen()
  if not ok then return command.TROUBLE, err end
  local control <close> = require "pop3.server.control".new(server)
  if args.control then
    ok, err = control:listen(args.control)
    if not ok then return command.TROUBLE, err end
  end
  assert(server:attend(signals:getfd(), "r", function()
    signals:next()
    server.running = false
  end))
  if args.transcript then ok, err = files.check(args.transcript) end
  if ok then ok, err = tell(args, server) end
  if ok then ok, err = announce(server) end
  if not ok then return command.TROUBLE, err end
  local served, trouble = attend(control)
  control:close()
  server:stop()
  err = judge(server, given, control)
  if args.transcript then
    local written, problem = files.write(args.transcript,
                                         tostring(server:transcript()))
    if served and not written then served, trouble = nil, problem end
  end
  if not served then return command.TROUBLE, trouble end
  if not err then return command.OK end
  -- the line that says so, then the difference
  local line, more = err:match "^([^\n]*)\n?(.*)$"
  return command.NO, line, more ~= "" and more or nil
end

function serve.run(args)
  -- whoever waits for one must not find an old one
  forget(args)
  local given, err = load_script(args.script)
  if not given then return command.TROUBLE, err end
  local server, problem, status = make(args, given)
  if not server then return status, problem end
  local _ <close> = setmetatable({}, { __close = function()
    forget(args)
    server:stop()
  end })
  return run(args, given, server)
end

return serve
