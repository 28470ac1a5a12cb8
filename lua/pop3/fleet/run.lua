--- One run of one account of a fleet: options, secret, login, `pop3.sync`
-- (`pop3.fleet`). Nothing here is shared between accounts.
-- @module pop3.fleet.run
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local deliver = require "pop3.fleet.deliver"
local json = require "pop3.util.json"
local keys = require "pop3.account.keys"
local login = require "pop3.account.login"
local new_state = require "pop3.sync.state.over".new
local outcome = require "pop3.account.outcome"
local points = require "pop3.fleet.points"
local secret = require "pop3.account.secret"
local sync = require "pop3.sync"

local DEADLINE = 3600  -- seconds for one run; the next run continues

-- The keys of an account: its options, over those of the fleet; or nil, message.
local function account_of(row, context)
  local options, message = json.decode(row.options)
  if type(options) ~= "table" then
    return nil, "the options of the account are not a JSON object: "
                .. (message or row.options)
  end
  local a = {}
  for name, value in pairs(context.defaults or {}) do a[name] = value end
  for name, value in pairs(options) do a[name] = value end
  a.name, a.host, a.port, a.user = row.name, row.host, row.port, row.username
  local reference = row.secret_ref or context.secret
  if type(reference) == "string" then
    local ok
    ok, message = secret.refer(a, reference)
    if not ok then return nil, message end
  end
  return a
end

-- The options of `pop3.sync`. The time is that of the database, so that a worker with a
-- wrong clock decides as the others do.
local function options_of(a, row, state, into, context)
  local opts = {}
  for name in pairs(keys.sync) do opts[name] = a[name] end
  opts.seed = context.is_first and a.seed or nil
  opts.account, opts.state, opts.into = row.name, state, into
  opts.now = function() return row.at + (core.now() - context.claimed) end
  opts.log = context.event
  return opts
end

-- Is nothing known about the messages of the account? The option `seed` is for that run
-- only. Nil, message, code when the database does not tell.
local function is_first(row, store)
  if not row.is_new then return false end
  local rows, message, code = store:read(row.id, row.fence)
  if not rows then return nil, message, code end
  return rows[1].uid == nil
end

local function fetch(row, lease, context)
  local a, message = account_of(row, context)
  if not a then return outcome.failed(message, "options", false) end
  local into
  into, message = deliver.of(row, a, context.into, {
    account = row.id, fence = row.fence, name = row.name, store = context.store })
  if not into then return outcome.failed(message, "options", false) end
  if a.seed then
    local first, why, code = is_first(row, context.store)
    if first == nil then return outcome.failed(why, code, code ~= "sql") end
    context.is_first = first
  end
  local at, state = context.at, lease.state
  local connecting = { wait = context.wait, resolve = context.resolve,
                       key_file = context.key_file }
  if not row.secret_ref and type(context.secret) == "function" then
    connecting.secret = context.secret
  end
  if at then
    state, into = points.state(state, at), points.delivery(into, at)
    connecting.log = points.log(at)
  end
  context.task:limit(a.deadline or DEADLINE)
  local session, failure = login(a, connecting)
  if not session then return failure end
  if at then
    points.session(session, at)
    at "connected"
  end
  local result, text, code, reply, partial = sync(session,
    options_of(a, row, state, into, context))
  session:close()
  if result then return outcome.of_result(result) end
  return outcome.of_sync(text, code, reply, partial)
end

--- Make the lease of an account.
-- @tparam table row of the claim
-- @tparam table store
-- @treturn table `account`, `fence`, `row`, `state`
local function new_lease(row, store)
  return { account = row.id, fence = row.fence, row = row,
           state = new_state(store, row.id, row.fence) }
end

--- Run an account.
-- @tparam table lease
-- @tparam table context `wait`, `resolve`, `secret`, `store`, `into`, `defaults`,
-- `task`, `event` (a function as the option `log` of `pop3.sync`, or nil),
-- `claimed` (the time of the claim on the worker's clock that only runs forward),
-- `at` (of the hook, or nil)
-- @treturn table an outcome
local function run(lease, context)
  local ok, made = pcall(fetch, lease.row, lease, context)
  if not ok then
    made = outcome.failed(argument.said(made), "error", false)
  end
  if lease.state.fenced then
    return outcome.failed("another worker has taken the account over", "fenced",
                          true, made.result)
  elseif made.status ~= outcome.OK and context.task:is_over()
         and not context.task.cancelled then
    return outcome.failed("the deadline has passed", "timeout", true, made.result)
  end
  return made
end

return { lease = new_lease, run = run }
