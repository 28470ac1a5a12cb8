--- The server of `pop3 serve` and `pop3 replay`, from a script or a transcript and
-- the command line.
-- @module pop3.command.test_server
-- @local

local argument = require "pop3.util.argument"
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local core = require "pop3.core"
local fault = require "pop3.server.fault"
local fault_text = require "pop3.server.fault.text"
local pop3 = require "pop3"
local verify = require "pop3.verify"

local test_server = {}

-- Is a file a transcript, or a test case of curl? The first line that
-- is not a comment shows it.
local function is_transcript(path)
  local file <close> = io.open(path, "rb")
  for line in file and file:lines() or function() end do
    line = line:gsub("^\xEF\xBB\xBF", "")
    if line:find "^%s*[CS]:" or line:find "^%s*<testcase"
       or line:find "^# lpop3 transcript" or line:find "^# session %d" then
      return true
    elseif not line:find "^%s*\r?$" and not line:find "^%s*[#!]" then
      return false
    end
  end
  return false
end

-- Run the script: a table { server = or options =, verify = }.
local function run_script(path)
  local chunk, err = loadfile(path)
  if not chunk then return nil, err end
  local ok, result = pcall(chunk)
  if not ok then return nil, command.raised(result, path) end
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

--- Read what the argument of the command names.
-- @tparam ?string path a script in Lua or a transcript
-- @treturn table `server` or `options`, and `verify`; or `transcript`, the path;
-- or nil, message
function test_server.load(path)
  if not path then return { options = {} } end
  if core.stat(path) == "directory" then return nil, path .. ": Is a directory" end
  if is_transcript(path) then return { transcript = path, options = {} } end
  return run_script(path)
end

-- The messages of --mail, in memory, so that deliveries work, and a reset
-- restores them: an entry of a user; or nil, message.
local function mail_of(args)
  local mail = {}
  for i, path in ipairs(args.mail) do
    local octets, err = atomic_file.read(path)
    if not octets then return nil, err end
    mail[i] = octets
  end
  return mail, pop3.store.files(args.mail).uids
end

-- The users of the command line: name -> entry; nil when the script defines
-- users; false, message, status.
local function users_of(args, given)
  local names = args.user or {}
  if (given.server or args.script) and not (names[1] or args.password
                                            or args.mail or args.maildir) then
    return nil
  end
  if not names[1] then names = { "mrose" } end
  if args.maildir and names[2] then
    return false, "--maildir is the mail of one user, not of several",
           command.USAGE
  elseif args.maildir and core.stat(args.maildir) ~= "directory" then
    return false, args.maildir .. ": not a directory", command.TROUBLE
  end
  local mail, uids
  if args.mail then
    mail, uids = mail_of(args)
    if not mail then return false, uids, command.TROUBLE end
  end
  local users = {}
  for _, text in ipairs(names) do
    local name, password = text:match "^([^:]*):(.*)$"
    name = name or text
    if name == "" then return false, "--user needs a name", command.USAGE end
    if users[name] then
      return false, ("--user names %s twice"):format(name), command.USAGE
    end
    users[name] = {
      password = password or args.password or "secret", uidl = uids,
      mail = args.maildir and pop3.store.maildir(args.maildir)
             or mail and table.move(mail, 1, #mail, 1, {}),
    }
  end
  return users
end

-- Options that only say how a server is made.
local MAKING = { "tls", "implicit", "names" }

-- The option of the command line that cannot be combined with a server of a script, or
-- with a transcript.
local function wrong_option(args, given)
  for _, name in ipairs(given.server and MAKING or {}) do
    if args[name] then
      return ("--%s needs a script that returns a table of options, not a "
              .. "server"):format(name)
    end
  end
  if given.transcript then
    for _, name in ipairs { "user", "password", "mail", "maildir", "preset",
                            "new_users" } do
      local value = args[name]
      if value and not (type(value) == "table" and not value[1]) then
        return ("--%s cannot be used with a transcript"):format(
          (name:gsub("_", "-")))
      end
    end
  elseif args.strict then
    return "--strict needs a transcript"
  end
  if args.tls == "none" and args.names then
    return "--names needs a certificate, and --tls none has none"
  end
end

-- The option `tls` of the server; nil when the command line does not say.
local function tls_of(args)
  if args.tls == "none" then return false end
  if not args.names then return args.tls end
  local names = {}
  for name in args.names:gmatch "[^,%s]+" do names[#names + 1] = name end
  return { auto = args.tls or "auto", names = names }
end

-- Call something that raises an error for misuse: its result; or nil, message
-- and true for misuse.
local function try(f, ...)
  local ok, made, err = pcall(f, ...)
  if not ok then return nil, argument.said(made), true end
  return made, err
end

-- Make a server of a transcript. The name of the function is not repeated after that
-- of the command.
local function replay(path, opts)
  local made, err, misuse = try(pop3.server.replay, path, opts)
  return made, err and err:gsub("^replay: ", ""), misuse
end

local function new_server(args, given)
  local opts = given.options
  opts.host, opts.port = args.host or opts.host, args.port or opts.port
  local tls = tls_of(args)
  if tls ~= nil then opts.tls = tls end
  opts.implicit = args.implicit or opts.implicit
  if tls == false then opts.implicit = args.implicit end
  if given.transcript then
    opts.loose = not args.strict
    return replay(given.transcript, opts)
  end
  opts.preset = args.preset or opts.preset
  return try(pop3.server.new, opts)
end

-- Apply the options of the command line to a server of a script.
local function change(server, args)
  server.host = args.host or server.host
  server.wanted_port = args.port or server.wanted_port
  if args.preset then return try(server.preset, server, args.preset) end
  return server
end

--- Make the server.
-- @tparam table args the command line
-- @tparam table given the result of `test_server.load`
-- @treturn pop3.server; or nil, message, exit status
function test_server.make(args, given)
  local wrong = wrong_option(args, given)
  if wrong then return nil, wrong, command.USAGE end
  local users, problem, status
  if not given.transcript then users, problem, status = users_of(args, given) end
  if users == false then return nil, problem, status end
  local server, err, misuse
  if given.server then server, err, misuse = change(given.server, args)
  else server, err, misuse = new_server(args, given) end
  if not server then
    return nil, err, misuse and not args.script and command.USAGE
                     or command.TROUBLE
  end
  for name, entry in pairs(users or {}) do server.users[name] = entry end
  server.new_users = args.new_users or server.new_users
  for _, text in ipairs(args.fault or {}) do
    local f
    f, err = fault_text(text)
    if f and not fault.has_effect(f) then
      f, err = nil, ("fault: '%s' has no effect"):format(text)
    end
    if f then f, err = try(server.fault, server, f) end
    if not f then return nil, "--fault: " .. err, command.USAGE end
  end
  return server
end

return test_server
