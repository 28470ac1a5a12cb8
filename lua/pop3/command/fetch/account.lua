--- One run of one account: secret, connection, login, `pop3.sync`, and what
-- came of it. Nothing here is shared between accounts, so one account cannot
-- harm another.
-- @module pop3.command.fetch.account
-- @local

local argument = require "pop3.util.argument"
local connect_options = require "pop3.client.options"
local delivery_of = require "pop3.sync.delivery".of
local keys = require "pop3.command.fetch.keys"
local outcome = require "pop3.command.fetch.outcome"
local paths = require "pop3.command.fetch.paths"
local pop3 = require "pop3"
local secret = require "pop3.command.fetch.secret"
local state = require "pop3.sync.state"
local sync_options = require "pop3.sync.options"

local account = {}

local DEADLINE = 6 * 3600  -- seconds for one run; the next run continues

--- The path of the state file of an account.
-- @tparam table a an account, complete
-- @tparam string directory of state files
-- @treturn string
function account.state_path(a, directory)
  return a.state or directory .. "/"
                    .. paths.escape(a.name or keys.address_of(a)) .. ".state"
end

--- The name that the state of an account is kept under.
-- @tparam table a an account, complete
-- @treturn string
function account.state_name(a)
  return a.account or keys.address_of(a)
end

-- The delivery of an account. Raises an error when it is misused.
local function delivery(a)
  if a.maildir then return pop3.maildir(a.maildir)
  elseif a.mbox then return pop3.mbox(a.mbox)
  elseif a.lmtp then return pop3.lmtp(a.lmtp)
  elseif a.pipe then return pop3.pipe(a.pipe) end
  return a.into
end

--- Are the values of an account ones that the program can work with? Nothing is
-- opened and nobody is asked.
-- @tparam table a an account, complete
-- @tparam[opt] table needs `delivery = false`: it may have no delivery
-- @treturn boolean true; or nil, message, which names the key
function account.check(a, needs)
  for _, name in ipairs { "deadline", "command_timeout" } do
    local seconds = a[name]
    if seconds and (seconds <= 0 or seconds ~= seconds) then
      return nil, ("'%s' must be positive"):format(name)
    end
  end
  local connect, sync = { password = "-" }, { state = "-" }
  for name in pairs(keys.connect) do connect[name] = a[name] end
  for name in pairs(keys.sync) do sync[name] = a[name] end
  sync.dry_run = needs ~= nil and needs.delivery == false
  local ok, err = pcall(function()
    connect_options.check(connect)
    sync.into = delivery(a)
    sync_options.check(sync, 1)
    delivery_of(sync.into, 1)
  end)
  if not ok then return nil, argument.said(err) end
  return true
end

-- ------------------------------------------------------------------ connecting

local function connect(a, context, credential)
  local opts = { wait = context.wait, resolve = context.resolve }
  for name in pairs(keys.connect) do opts[name] = a[name] end
  for name, value in pairs(credential) do opts[name] = value end
  return pop3.connect(opts)
end

-- A session that is logged in; or nil, an outcome. A refused token may be too
-- old: its command runs once more.
local function login(a, context)
  for try = 1, 2 do
    local credential, err, temporary = secret.get(a, context, try == 2)
    if not credential then
      return nil, outcome.failed(err, "secret", temporary)
    end
    local session, message, code, reply = connect(a, context, credential)
    if session then return session end
    if not (code == "auth" and credential.token and try == 1) then
      return nil, outcome.of_connect(message, code, reply)
    end
  end
end

-- -------------------------------------------------------------------- fetching

-- The options of `pop3.sync`: those of the account, and the command line's on
-- top.
local function options_of(a, context)
  local flags, opts = context.flags, {}
  for name in pairs(keys.sync) do opts[name] = a[name] end
  for _, name in ipairs { "keep", "seed", "retry", "dry_run" } do
    if flags[name] ~= nil then opts[name] = flags[name] end
  end
  opts.account = account.state_name(a)
  opts.state = state.file(account.state_path(a, context.state_directory),
                          { repair = flags.repair or false })
  if not opts.dry_run then opts.into = delivery(a) end
  opts.progress = function(done, total, handle)
    context.report:progress(a.name, done, total, handle)
  end
  opts.log = function(event) context.report:event(a.name, event) end
  return opts
end

local function fetch(a, context)
  -- before the login, so that a mistake costs none
  local opts = options_of(a, context)
  local session, failure = login(a, context)
  if not session then return failure end
  local result, message, code, reply, partial = pop3.sync(session, opts)
  session:close()
  if result then return outcome.of_result(result) end
  return outcome.of_sync(message, code, reply, partial)
end

--- Run an account.
-- @tparam table a an account, complete
-- @tparam table context `wait`, `resolve`: options of `pop3.connect`; `task`:
-- the task of the loop; `flags`: what the command line says (`keep`, `seed`,
-- `retry`, `repair`, `dry_run`); `state_directory`; `report`
-- @treturn table an outcome, see `pop3.command.fetch.outcome`
function account.run(a, context)
  local deadline = a.deadline or DEADLINE
  context.task:limit(deadline)
  local ok, made = pcall(fetch, a, context)
  if not ok then
    return outcome.failed(argument.said(made), "error", false)
  end
  if made.status ~= outcome.OK and context.task.cancelled then
    return outcome.failed("interrupted", "timeout", true, made.result)
  elseif made.status ~= outcome.OK and context.task:is_over() then
    local text = ("the deadline of %g seconds is over"):format(deadline)
    return outcome.failed(text, "timeout", true, made.result)
  end
  return made
end

return account
