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
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local core = require "pop3.core"
local json = require "pop3.util.json"
local dialogues = require "pop3.command.dialogue"
local terminal = require "pop3.command.terminal"
local test_server = require "pop3.command.test_server"

local serve = {}

-- The options that `pop3 replay` has as well.
function serve.define_common(c)
  c:option("--host", "The address to listen on (default: 127.0.0.1).")
   :argname "HOST"
  c:option("--port", "The port to listen on; 0 chooses a free one (default: "
    .. "0)."):argname "PORT":convert(command.integer(0, 65535))
  c:option("--port-file", "Write the port to this file after listening has "
    .. "started."):argname "FILE"
  c:option("--tls", "auto makes a valid certificate; expired, wrong-host and "
    .. "others make one that clients must refuse; none offers no TLS (default: "
    .. "none)."):argname "KIND"
  c:flag("--implicit", "Use implicit TLS instead of STLS.")
  c:option("--names", "The names in the certificate, separated by commas "
    .. "(default: localhost,127.0.0.1,::1)."):argname "HOST,..."
  c:option("--cafile-out", "Write the CA that clients must trust to this file.")
   :argname "FILE"
  c:option("--fault", "Break replies, such as 'verb=UIDL times=1 cut.lines=1'. "
    .. "May be repeated."):argname "FAULT":count "*"
  c:flag("--strict", "Of a transcript, accept only its commands in their order.")
  c:option("--transcript", "Write commands and replies to this file at the "
    .. "end, with secrets masked."):argname "FILE"
  c:mutex(
    c:flag("--quiet", "Show no dialogue, on a terminal either."),
    c:option("--log", "Show commands and replies as they go: text or json "
      .. "(default: text on a terminal).")
     :argname "FORM":choices { "text", "json" })
  c:flag("--tie-to-parent", "Stop when the parent process has ended.")
end

function serve.define(c)
  c:summary "Run a POP3 server for tests."
  c:description("Runs a POP3 server for tests until it gets SIGTERM, SIGINT or "
    .. "SIGHUP, or a request to stop on the control socket. On a terminal it "
    .. "shows who may log in, and the dialogue. The exit status is 1 when a "
    .. "verify failed or a handler of the script failed.")
  c:argument("script", "A Lua script that returns a server of pop3.server.new, "
    .. "or a table of its options, which may have a field verify, the list of "
    .. "expected commands. Or a transcript, as for pop3 replay."):args "?"
  serve.define_common(c)
  c:option("--replay", "The same as a transcript in place of the script.")
   :argname "FILE"
  c:mutex(
    c:option("--maildir", "Serve this Maildir."):argname "DIR",
    c:option("--mail", "Serve these messages."):argname "FILE":args "+")
  c:option("--user", "A user who may log in and has the mail (default: mrose). "
    .. "May be repeated."):argname "NAME[:SECRET]":count "*"
  c:option("--password", "The password of users without one (default: secret).")
   :argname "SECRET"
  c:option("--new-users", "Deliveries add users who do not exist, with this "
    .. "password."):argname "SECRET"
  c:option("--preset", "Behave like a known server, such as gmail, dovecot or "
    .. "exchange."):argname "NAME"
  c:flag("--allow-lua", "Accept the request `handlers`, which runs Lua in this "
    .. "process.")
  c:option("--control", "Accept requests in JSON, or by HTTP, on this Unix socket "
    .. "or on tcp:HOST:PORT."):argname "WHERE"
  c:option("--control-token", "The token that clients of --control must send "
    .. "(default by TCP: one is made and printed)."):argname "TOKEN"
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

-- The address of the page for a browser. A token that was made here follows the #:
-- a browser does not send that part. For a token that was given, the page asks.
local function page_of(place, given_token)
  if not (place and place.port) then return nil end
  local host = place.host
  if host == "0.0.0.0" or host == "::" then host = "localhost" end
  return ("http://%s/%s"):format(address.text(host, place.port),
                                 given_token and "" or "#token=" .. place.token)
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

local LOOK = 1  -- seconds between two checks of the parent process

-- Stop the server when the parent process has ended. Returns a descriptor that becomes
-- readable then; or nil and a function to be called every LOOK seconds.
local function tie(server)
  local function stop() server.running = false end
  local before = core.getppid()
  local number = core.parent()
  if not number then
    return nil, function()
      if core.getppid() == before then return LOOK end
      stop()
      return 0
    end
  end
  local parent = core.fd(number)
  assert(server:attend(number, "r", stop))
  return parent
end

-- The form of the dialogue, nil for none.
local function form_of(args)
  return args.log or terminal.is_output() and not args.quiet and "text" or nil
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
    local code
    place, err, code = control:listen(args.control, args.control_token)
    if not place then
      return code == "argument" and command.USAGE or command.TROUBLE, err
    end
  end
  assert(server:attend(signals:getfd(), "r", function()
    signals:next()
    server.running = false
  end))
  local parent, look
  if args.tie_to_parent then parent, look = tie(server) end
  local _ <close> = parent
  if args.transcript then ok, err = atomic_file.check(args.transcript) end
  if ok then ok, err = write_files(args, server) end
  if ok then ok, err = announce(server, place, args.control_token) end
  local form = form_of(args)
  local dialogue = form and dialogues.new(server, form)
  if ok and dialogue then
    ok, err = dialogue:introduce(page_of(place, args.control_token))
  end
  if not ok then return command.TROUBLE, err end
  control.before_turn = function()
    if dialogue then dialogue:show() end
    return look and look()
  end
  local served, trouble = attend(control)
  control:close()
  server:stop()
  if dialogue then dialogue:show() end
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
  if args.log == "json" then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  if args.replay and args.script then
    return command.USAGE, "give either a script or --replay"
  end
  -- a program that waits for these files must not find old ones
  remove_files(args)
  local given, err
  if args.replay then given = { transcript = args.replay, options = {} }
  else given, err = test_server.load(args.script) end
  if not given then return command.TROUBLE, err end
  local server, problem, status = test_server.make(args, given)
  if not server then return status, problem end
  local _ <close> = setmetatable({}, { __close = function()
    remove_files(args)
    server:stop()
  end })
  return run(args, given, server)
end

return serve
