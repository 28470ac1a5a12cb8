--- A session for `pop3 list` and `pop3 get`: the connection, the login, what they
-- do, the end, and the exit status.
-- @module pop3.command.mailbox.session
-- @local

local account = require "pop3.command.mailbox.account"
local argument = require "pop3.util.argument"
local outcome = require "pop3.account.outcome"
local pop3 = require "pop3"
local program = require "pop3.command.program"

local session = {}

--- The exit status of a failed call of the client, by the rules of `pop3 fetch`.
-- @tparam string message
-- @tparam string code
-- @tparam ?table reply
-- @treturn integer
-- @treturn string the message
function session.failure(message, code, reply)
  return outcome.of_connect(message, code, reply).status, message
end

-- Log in: a session; or nil, status, message.
local function open(a)
  local credential, err, temporary = account.credential(a)
  if not credential then
    return nil, outcome.failed(err, "secret", temporary).status, err
  end
  local opts = {}
  for name, value in pairs(a.options) do opts[name] = value end
  for name, value in pairs(credential) do opts[name] = value end
  -- the secret may have what an argument of a command must not have
  local ok, s, message, code, reply = pcall(pop3.connect, opts)
  if not ok then return nil, outcome.PERSON, argument.said(s) end
  if not s then return nil, session.failure(message, code, reply) end
  return s
end

--- Run a function with a session that is logged in.
-- @tparam table args the command line
-- @tparam function fn `fn(session)` returns an exit status and maybe a message
-- @treturn integer the exit status
-- @treturn ?string message
function session.run(args, fn)
  local a, err = account.of(args)
  if not a then return program.USAGE, err end
  if not a.options.user then
    return program.USAGE, "it needs a user: in the URL, or --user"
  end
  local s <close>, problem, message = open(a)
  if not s then return problem, message end
  local status, why = fn(s)
  -- nothing was deleted, so nothing depends on the reply
  if not program.broken then s:quit() end
  return status, why
end

return session
