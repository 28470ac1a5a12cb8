--- `pop3 fleet add`: adds an account, or changes one.
-- @module pop3.command.fleet.add
-- @local

local command = require "pop3.command.program"
local common = require "pop3.command.options"
local seal = require "pop3.account.seal"
local sealing = require "pop3.command.fleet.sealing"
local store = require "pop3.command.fleet.store"
local values = require "pop3.command.fleet.values"

local add = {}

-- Options that are keys of the account.
local options = {
  "maildir", "mbox", "pipe", "tls", "cafile", "timeout", "insecure",
  "password_command", "token_command", "password_file", "password_env", "every",
  "due",
}

--- Define the options that say where the mail goes.
-- @tparam table c a command of argparse
-- @tparam string whose for the help
-- @treturn ... the options, for a mutex
function add.places(c, whose)
  return c:option("--maildir", "Deliver " .. whose .. " into this Maildir. {name}, "
      .. "{user}, {host} and {id} stand for those of the account.")
     :argname "DIR",
    c:option("--mbox", "Deliver into this mbox."):argname "FILE",
    c:option("--pipe", "Deliver to this shell command."):argname "COMMAND"
end

--- Define the options that say where a secret comes from.
-- @tparam table c a command of argparse
-- @treturn ... the options, for a mutex
function add.secrets(c)
  return c:option("--password-command", "A command of the workers: the first line that "
      .. "it prints is the password. LPOP3_USER and LPOP3_HOST are in its environment.")
     :argname "COMMAND",
    c:option("--token-command", "The same for an OAuth token."):argname "COMMAND",
    c:option("--password-file", "A file of the workers: its first line is the "
      .. "password."):argname "FILE",
    c:option("--password-env", "A variable in the environment of the workers.")
     :argname "NAME"
end

function add.define(c)
  c:summary "Add an account, or change one."
  c:description("Adds an account. Its first run is due at once. The database "
    .. "holds where the workers get the password from, not the password, except with "
    .. "--seal, which encrypts it by a key of the workers. Messages stay on the server "
    .. "unless --delete says otherwise. With --replace, an account of that name "
    .. "becomes exactly what this command line says; what is recorded about its "
    .. "messages stays.")
  c:argument("name", "A name for the account. What was fetched is recorded under it.")
   :argname "NAME"
  c:argument("url", "pop://USER@HOST or pops://USER@HOST, with a port if it is not "
    .. "the usual one."):argname "URL"
  c:mutex(add.places(c, "its mail"))
  local command_of, token_of, file_of, env_of = add.secrets(c)
  c:mutex(command_of, token_of, file_of, env_of,
    c:option("--netrc", "A netrc file of the workers (default: theirs).")
     :argname "FILE":args "?",
    c:flag("--seal", "Read the password from standard input, or ask for it on the "
      .. "terminal, and put it into the database, encrypted."))
  sealing.define_key_file(c)
  c:option("--every", "The time between two runs, such as 90s, 5m, 2h or 1d "
    .. "(default: 5m)."):argname "TIME":convert(values.seconds)
  c:option("--due", "The time until the first run (default: 0).")
   :argname "TIME":convert(values.seconds)
  c:mutex(
    c:flag("--keep", "Delete nothing from the server."),
    c:flag("--delete", "Delete each message from the server after its delivery."),
    c:option("--keep-days", "Delete messages this many days after their delivery.")
     :argname "N":convert(command.integer(1, 36500)))
  common.seed(c, "At the first run only.")
  common.tls(c, "by the URL")
  c:option("--cafile", "Trust the CAs in this file of the workers instead of the "
    .. "system's."):argname "FILE"
  common.insecure(c)
  common.timeout(c)
  c:option("--set", "Any other key of an account of pop3 fetch, such as "
    .. "max_size=1000000. May be repeated."):argname "KEY=VALUE":count "*"
  c:flag("--replace", "Change the account if there is one of that name.")
end

-- The account of a command line; or nil, message.
local function account_of(args)
  local a = { name = args.name, url = args.url }
  for _, text in ipairs(args.set or {}) do
    local name, value = text:match "^([%w_]+)=(.*)$"
    if not name then return nil, ("--set: '%s' is not KEY=VALUE"):format(text) end
    local message
    a[name], message = values.of(name, value)
    if message then return nil, "--set: " .. message end
  end
  for _, name in ipairs(options) do
    if args[name] ~= nil then a[name] = args[name] end
  end
  if args.netrc then a.netrc = args.netrc[1] or true end
  if args.keep then a.keep = true
  elseif args.delete then a.keep = false
  elseif args.keep_days then a.keep = args.keep_days end
  local seed = common.seed_of(args)
  if seed then a.seed = seed end
  local ok, message = values.check_paths(a)
  if not ok then return nil, message end
  return a
end

-- Seal a password into the account: true; or nil, status, message.
local function seal_into(a, args)
  local keys, message = seal.keys(args.key_file)
  if not keys then return nil, command.TROUBLE, message end
  local password
  password, message = sealing.password()
  if not password then return nil, command.TROUBLE, message end
  local ok
  ok, message = sealing.apply(keys, a, password)
  if not ok then return nil, command.USAGE, message end
  return true
end

function add.run(args)
  local a, problem = account_of(args)
  if not a then return command.USAGE, problem end
  if args.seal then
    local ok, status, message = seal_into(a, args)
    if not ok then return status, message end
  end
  return store.with(args, function(fleet)
    local names, message, code = fleet:add(a, { replace = args.replace or nil,
                                                refuse = not args.replace })
    if code == "exists" then
      return command.TROUBLE, message .. " (--replace changes it)"
    elseif not names then
      return nil, message, code
    end
    return command.OK
  end)
end

return add
