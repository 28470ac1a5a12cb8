--- Runs a function of `pop3 list` or `pop3 get` in a session: connection, login, the
-- function, QUIT, and the exit status.
-- @module pop3.command.mailbox.session
-- @local

local account = require "pop3.command.mailbox.account"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
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
local function open(a, credential, wait)
  local opts = { wait = wait }
  for name, value in pairs(a.options) do opts[name] = value end
  for name, value in pairs(credential) do opts[name] = value end
  -- the secret may contain octets that an argument of a command must not contain
  local ok, s, message, code, reply = pcall(pop3.connect, opts)
  if not ok then return nil, outcome.PERSON, argument.said(s) end
  if not s then return nil, session.failure(message, code, reply) end
  return s
end

-- Log in, run a function, and log out: exit status, message.
local function work(a, credential, fn, wait)
  local s <close>, problem, message = open(a, credential, wait)
  if not s then return problem, message end
  local status, why = fn(s)
  -- nothing was deleted, so nothing depends on the reply
  if not program.broken then s:quit() end
  return status, why
end

-- The exit statuses of a shell for a program that a signal ended.
local ENDED_BY = { HUP = 128 + 1, INT = 128 + 2, TERM = 128 + 15 }

-- The same, in an event loop: after a signal all waiting fails, so that the
-- function removes files that it has not finished.
local function work_until_signal(a, credential, fn)
  local caught, status, why
  do
    local loop <close> = assert(pop3.loop.own())
    local task
    local watcher = loop:spawn(function()
      local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
      if not loop.wait(signals:getfd(), "r") then return end
      caught = signals:next()
      task:cancel()
    end)
    task = loop:spawn(function()
      status, why = work(a, credential, fn, loop.wait)
      watcher:cancel()
    end)
    loop:run()
  end
  if caught then return ENDED_BY[caught] end
  return status, why
end

--- Run a function with a session that is logged in.
-- @tparam table args the command line
-- @tparam function fn `fn(session)` returns an exit status and maybe a message
-- @tparam[opt=false] boolean writes_files no file may be left by a signal
-- @treturn integer the exit status
-- @treturn ?string message
function session.run(args, fn, writes_files)
  local a, err = account.of(args)
  if not a then return program.USAGE, err end
  if not a.options.user then
    return program.USAGE, "it needs a user: in the URL, or --user"
  end
  local credential, missing, temporary = account.credential(a)
  if not credential then
    return outcome.failed(missing, "secret", temporary).status, missing
  elseif writes_files then
    return work_until_signal(a, credential, fn)
  end
  return work(a, credential, fn)
end

return session
