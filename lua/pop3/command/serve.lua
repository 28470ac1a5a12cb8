--- `pop3 serve`: runs the test server as a program, for tests in any language.
--
-- When it listens it prints one line, `ready host=127.0.0.1 port=40123
-- tls=none` (with `cafile=...` at the end if it has made a CA, and
-- `control=HOST:PORT token=...` if its control listens by TCP). It serves until
-- it gets SIGTERM, SIGINT or SIGHUP, or a request to stop on its control socket
-- (`pop3.server.control`).
--
-- A script returns a server made with `pop3.server.new`; or a table of options
-- for that function, which the command line may override; or a table with the
-- server as the field `server`. Both tables may have a field `verify`, a list
-- for `server:verify`; the exit status is 1 if it does not match.
-- @module pop3.command.serve
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local core = require "pop3.core"
local pop3 = require "pop3"
local verify = require "pop3.verify"

local serve = {}

function serve.define(c)
  c:summary "Run a POP3 server for tests."
  c:description("Runs a POP3 server for tests until it gets SIGTERM, SIGINT or "
    .. "SIGHUP, or a request to stop on the control socket. The exit status is 1 "
    .. "when a verify failed or a handler of the script failed.")
  c:argument("script", "A Lua script that returns a server of pop3.server.new, "
    .. "or a table of its options. The table may have a field verify, the list "
    .. "of expected commands."):args "?"
  c:option("--host", "The address to listen on (default: 127.0.0.1).")
   :argname "HOST"
  c:option("--port", "The port to listen on; 0 chooses a free one (default: "
    .. "0)."):argname "PORT":convert(command.integer(0, 65535))
  c:option("--port-file", "Write the port to this file after listening has "
    .. "started."):argname "FILE"
  c:mutex(
    c:option("--maildir", "Serve this Maildir."):argname "DIR",
    c:option("--mail", "Serve these messages."):argname "FILE":args "+")
  c:option("--user", "The user who owns the mail (default: mrose).")
   :argname "NAME"
  c:option("--password", "The password of the user (default: secret).")
   :argname "SECRET"
  c:option("--new-users", "Deliveries add users who do not exist, with this "
    .. "password."):argname "SECRET"
  c:option("--tls", "auto makes a valid certificate; expired, wrong-host and "
    .. "others make one that clients must refuse."):argname "KIND"
  c:flag("--implicit", "Use implicit TLS instead of STLS.")
  c:option("--cafile-out", "Write the CA that clients must trust to this file.")
   :argname "FILE"
  c:option("--transcript", "Write commands and replies to this file at the "
    .. "end, with secrets masked."):argname "FILE"
  c:flag("--allow-lua", "Accept the request `handlers`, which runs Lua in this "
    .. "process.")
  c:option("--control", "Accept requests in JSON, or by HTTP, on this Unix socket "
    .. "or on tcp:HOST:PORT."):argname "WHERE"
  c:option("--control-token", "The token that clients of --control must send "
    .. "(default by TCP: one is made and printed)."):argname "TOKEN"
end

-- Run the script: a table { server = or options =, verify = }.
local function load_script(path)
  if not path then return { options = {} } end
  local chunk, err = loadfile(path)
  if not chunk then return nil, err end
  local ok, result = pcall(chunk)
  if not ok then return nil, tostring(result) end
  if type(result) ~= "table" then
    return nil, path .. ": the script must return a server or a table of "
                .. "options"
  end
  local mt = getmetatable(result)
  if mt and mt.__name == "pop3.server" then return { server = result } end
  local given = { server = result.server, verify = result.verify, options = {} }
  mt = getmetatable(given.server)
  if given.server and not (mt and mt.__name == "pop3.server") then
    return nil, path .. ": the field server must be made by pop3.server.new"
  end
  for name, value in pairs(result) do
    if name ~= "server" and name ~= "verify" then given.options[name] = value end
  end
  if given.server and next(given.options) then
    return nil, ("%s: set the option '%s' in pop3.server.new, not beside the "
                 .. "server"):format(path, next(given.options))
  end
  if given.verify ~= nil then
    if type(given.verify) ~= "table" then
      return nil, path .. ": the field verify must be a table"
    end
    -- report an invalid list before the run, not after it
    ok, err = pcall(verify.new, given.verify, 1)
    if not ok then return nil, path .. ": " .. argument.said(err) end
  end
  return given
end

-- The user of the command line: name and entry; nil when the script defines
-- users.
local function user_of(args)
  if args.script and not (args.user or args.password or args.mail
                          or args.maildir) then
    return nil
  end
  local name = args.user or "mrose"
  local entry = { password = args.password or "secret" }
  if args.maildir then
    if core.stat(args.maildir) ~= "directory" then
      return false, args.maildir .. ": not a directory"
    end
    entry.mail = pop3.store.maildir(args.maildir)
  elseif args.mail then
    -- in memory, so that deliveries work, and a reset restores the messages
    entry.mail, entry.uidl = {}, pop3.store.files(args.mail).uids
    for i, path in ipairs(args.mail) do
      local octets, err = atomic_file.read(path)
      if not octets then return false, err end
      entry.mail[i] = octets
    end
  end
  return name, entry
end

-- Make the server from the script and the command line.
local function make(args, given)
  local name, entry = user_of(args)
  if name == false then return nil, entry, command.TROUBLE end
  local server, opts = given.server, given.options
  if server then
    if args.tls or args.implicit then
      return nil, "--tls and --implicit need a script that returns a table of "
                  .. "options, not a server", command.USAGE
    end
    server.host = args.host or server.host
    server.wanted_port = args.port or server.wanted_port
  else
    opts.host, opts.port = args.host or opts.host, args.port or opts.port
    opts.tls, opts.implicit = args.tls or opts.tls, args.implicit or opts.implicit
    local ok, made, err = pcall(pop3.server.new, opts)
    if not ok or not made then
      return nil, argument.said(ok and err or made), not ok and not args.script
             and command.USAGE or command.TROUBLE
    end
    server = made
  end
  if name then server.users[name] = entry end
  server.new_users = args.new_users or server.new_users
  return server
end

-- Print the line "ready ...". `place` is where the control listens, if it does.
local function announce(server, place, given_token)
  local tls = not server.certificates and "none"
              or server.implicit and "implicit" or "stls"
  local line = ("ready host=%s port=%d tls=%s"):format(server.host, server.port,
                                                       tls)
  if server.cafile then line = line .. " cafile=" .. server.cafile end
  if place and place.port then
    line = line .. " control=" .. address.text(place.host, place.port)
    if not given_token then line = line .. " token=" .. place.token end
  end
  return command.say(line .. "\n")
end

-- Write the files of --cafile-out and --port-file.
local function write_files(args, server)
  if args.cafile_out then
    if not server.cafile then
      return nil, "--cafile-out: the server has made no CA (use --tls auto)"
    end
    local pem, err = atomic_file.read(server.cafile)
    local ok = pem
    if pem then ok, err = atomic_file.write(args.cafile_out, pem) end
    if not ok then return nil, err end
  end
  if not args.port_file then return true end
  return atomic_file.write(args.port_file, server.port .. "\n")
end

local function remove_files(args)
  if args.port_file then atomic_file.remove(args.port_file) end
  if args.cafile_out then atomic_file.remove(args.cafile_out) end
end

-- The reason for exit status 1, or nil.
local function judge(server, given, control)
  if given.verify then
    local ok, err = pcall(server.verify, server, given.verify)
    if not ok then return tostring(err) end
  elseif server.errors[1] then
    return "a handler failed: " .. server.errors[1]
  end
  return control.failed or nil
end

-- Serve. An error in a clock function of the script ends the command with
-- status 3.
local function attend(control)
  local ok, served, err = pcall(control.run, control)
  if not ok then return nil, tostring(served) end
  return served, err
end

-- Serve until a signal or a request to stop. Returns the exit status; unless it
-- is OK, also a line, and maybe more lines.
local function run(args, given, server)
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  server:snapshot()
  local ok, err = server:listen()
  if not ok then return command.TROUBLE, err end
  local control <close> = require "pop3.server.control".new(server,
                                                            args.allow_lua)
  local place
  if args.control then
    place, err = control:listen(args.control, args.control_token)
    if not place then return command.TROUBLE, err end
  end
  assert(server:attend(signals:getfd(), "r", function()
    signals:next()
    server.running = false
  end))
  if args.transcript then ok, err = atomic_file.check(args.transcript) end
  if ok then ok, err = write_files(args, server) end
  if ok then ok, err = announce(server, place, args.control_token) end
  if not ok then return command.TROUBLE, err end
  local served, trouble = attend(control)
  control:close()
  server:stop()
  err = judge(server, given, control)
  if args.transcript then
    local written, problem = atomic_file.write(args.transcript,
                                         tostring(server:transcript()))
    if served and not written then served, trouble = nil, problem end
  end
  if not served then return command.TROUBLE, trouble end
  if not err then return command.OK end
  -- the message, then the difference
  local line, more = err:match "^([^\n]*)\n?(.*)$"
  return command.NO, line, more ~= "" and more or nil
end

function serve.run(args)
  -- a program that waits for these files must not find old ones
  remove_files(args)
  local given, err = load_script(args.script)
  if not given then return command.TROUBLE, err end
  local server, problem, status = make(args, given)
  if not server then return status, problem end
  local _ <close> = setmetatable({}, { __close = function()
    remove_files(args)
    server:stop()
  end })
  return run(args, given, server)
end

return serve
