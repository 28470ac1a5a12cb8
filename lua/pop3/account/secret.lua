--- Gets the password or token of an account: from a command, a file, a netrc
-- file, or the environment variable POP3_PASSWORD. No message holds a secret or
-- the output of a command.
-- @module pop3.account.secret
-- @local

local authorization = require "pop3.client.authorization"
local core = require "pop3.core"
local netrc = require "pop3.account.netrc"
local process = require "pop3.util.process"
local seal = require "pop3.account.seal"
local private_file = require "pop3.util.private_file"

local secret = {}

local SECONDS = 60  -- for a command

local NONE = "there is no password: use password_command, token_command, "
             .. "password_file, netrc, or POP3_PASSWORD"

-- Exit statuses of sysexits.h: 64 to 78 are permanent, except EX_TEMPFAIL. The
-- shell uses 126 and 127 for a command that it cannot run.
local TEMPFAIL = 75

local function is_permanent(number)
  return number >= 64 and number <= 78 and number ~= TEMPFAIL
         or number == 126 or number == 127
end

-- The first line of an output, which must be an argument of a command.
local function first_line(octets)
  local line = octets:match "^([^\r\n]*)"
  if line == "" then return nil, "printed nothing" end
  if line:find "\0" then return nil, "printed a NUL" end
  return line
end

-- Run a command: its first line; or nil, message, temporary.
local function run(name, account, context, env)
  local seconds = account.command_timeout or SECONDS
  local octets, reason, number = process(account[name], context.wait, seconds,
                                         env)
  if octets then
    local line, err = first_line(octets)
    if line then return line end
    return nil, name .. " " .. err, false
  elseif reason == "timeout" then
    return nil, ("%s: no result in %g seconds"):format(name, seconds), true
  elseif reason == "signal" then
    return nil, ("%s: ended by signal %d"):format(name, number), true
  elseif reason == "limit" then
    return nil, name .. ": too much output", false
  elseif reason == "exit" then
    -- an unreachable token endpoint does not mean a refused login
    local temporary = number == TEMPFAIL
                      or name == "token_command" and not is_permanent(number)
    return nil, ("%s: exit status %d"):format(name, number), temporary
  end
  return nil, ("%s: %s"):format(name, number or reason), true
end

local function of_file(path)
  local octets, why = private_file(path)
  if not octets then return nil, why end
  local line
  line, why = first_line(octets)
  if not line then return nil, path .. ": is empty" end
  return line
end

local function of_netrc(account)
  local given = account.netrc
  if given == false then return nil end
  local path = type(given) == "string" and given or netrc.path()
  if not path or not given and not core.stat(path) then return nil end
  local password, err = netrc.read(path, account.host, account.user)
  if err then return nil, err end
  if not password and given then
    return nil, ("%s: no entry for %s of %s"):format(path, account.user,
                                                     account.host)
  end
  return password
end

-- Kinds of references → the keys that they set.
local kinds = { command = "password_command", token = "token_command",
                file = "password_file", env = "password_env", netrc = "netrc",
                sealed = "password_sealed" }

--- Set the keys of the secret of an account by a reference, as a database holds it:
-- `command:TEXT` (prints a password), `token:TEXT` (prints a token), `file:PATH`,
-- `env:NAME` (a variable of the environment), `netrc` or `netrc:PATH`,
-- `sealed:KEY:TEXT` (`pop3.account.seal`).
-- @tparam table account its keys; keys of other secrets are removed
-- @tparam string reference
-- @treturn boolean true; or nil, message
function secret.refer(account, reference)
  local kind, value = reference:match "^(%l+):(.+)$"
  local key = kinds[kind or reference]
  if not key or not kind and reference ~= "netrc" or reference:find "%z"
     or kind == "sealed" and not seal.is_valid(value) then
    return nil, "a reference to a secret is command:TEXT, token:TEXT, file:PATH, "
                .. "env:NAME, netrc, netrc:PATH or sealed:KEY:TEXT"
  end
  for _, name in pairs(kinds) do account[name] = nil end
  account.password, account[key] = nil, value or true
  return true
end

--- Get the secret.
-- @tparam table account
-- @tparam table context `wait`: the hook of the loop; `ask`: a function that asks a
-- person if nothing else gives the secret, and returns it, or nil, message;
-- `key_file`: of sealed secrets
-- @tparam[opt] boolean again the server has refused the token before
-- @treturn table `password` or `token`, options of `pop3.connect`, or neither for a
-- login with a Kerberos ticket; or nil, message, temporary (a boolean)
function secret.get(account, context, again)
  local value, err, temporary
  if authorization.only(account.mechs, "ticket") then return {} end
  if account.token_command then
    value, err, temporary = run("token_command", account, context, {
      "LPOP3_USER=" .. account.user, "LPOP3_HOST=" .. account.host,
      "LPOP3_REFUSED=" .. (again and "1" or "") })
    return value and { token = value }, err, temporary
  elseif account.password_command then
    value, err, temporary = run("password_command", account, context, {
      "LPOP3_USER=" .. account.user, "LPOP3_HOST=" .. account.host })
  elseif account.password_file then
    value, err = of_file(account.password_file)
  elseif account.password_sealed then
    local keys
    keys, err = seal.keys(context.key_file)
    if keys then value, err = seal.open(keys, account, account.password_sealed) end
  elseif account.password_env then
    value = os.getenv(account.password_env)
    if not value or value == "" then
      value, err = nil, account.password_env .. ": the variable is not set"
    end
  elseif account.password then
    value = account.password
  else
    value, err = of_netrc(account)
    if not value and not err and not account.netrc then
      value = os.getenv "POP3_PASSWORD"
      if value == "" then value = nil end
      err = NONE
      if not value and context.ask then
        local why
        value, why = context.ask()
        if why then err = NONE .. " (" .. why .. ")" end
      end
    end
  end
  if value then return { password = value } end
  return nil, err, temporary or false
end

return secret
