--- One run of one account: secret, connection, login, `pop3.sync`, and the outcome.
-- Nothing here is shared between accounts, so one account cannot harm another.
-- @module pop3.command.fetch.account
-- @local

local argument = require "pop3.util.argument"
local keys = require "pop3.account.keys"
local login = require "pop3.account.login"
local options = require "pop3.account.options"
local outcome = require "pop3.account.outcome"
local paths = require "pop3.command.fetch.paths"
local pop3 = require "pop3"
local state = require "pop3.sync.state"

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

--- See `pop3.account.options`.
account.check = options.check

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
  if not opts.dry_run then opts.into = options.delivery(a) end
  opts.progress = function(done, total, handle)
    context.report:progress(a.name, done, total, handle)
  end
  opts.log = function(event) context.report:event(a.name, event) end
  return opts
end

local function fetch(a, context)
  -- checked before the login, so that a wrong option costs no login
  local opts = options_of(a, context)
  local kept <close> = opts.state
  if not opts.dry_run then
    local ok, message, code, info = kept:reserve()
    if not ok then return outcome.of_sync(message, code, nil, info) end
  end
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
-- @treturn table an outcome, see `pop3.account.outcome`
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
    local text = ("the deadline of %g seconds has passed"):format(deadline)
    return outcome.failed(text, "timeout", true, made.result)
  end
  return made
end

return account
