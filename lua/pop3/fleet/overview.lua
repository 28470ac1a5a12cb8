--- How the accounts of a fleet are: counts, and lists (`pop3.fleet`).
-- @module pop3.fleet.overview
-- @local

local account_row = require "pop3.fleet.account_row"
local array = require "pop3.fleet.lease".array
local json = require "pop3.util.json"
local selection = require "pop3.fleet.selection"

local overview = {}

local TOTALS = [[
select count(*) as accounts,
  count(*) filter (where parked is not null) as parked,
  count(*) filter (where worker is not null and due > now()) as leased,
  count(*) filter (where parked is null and due <= now()) as due,
  count(*) filter (where parked is null and failures > 0) as failing,
  count(*) filter (where last_ok is null) as never,
  extract(epoch from now() - min(due)
    filter (where parked is null and due <= now()))::float8 as late
from pop3_account where host is not null]]

local WORKERS = [[
select worker, count(*) as sessions, count(distinct host) as hosts,
  extract(epoch from min(due) - now())::float8 as lease
from pop3_account where worker is not null and due > now()
group by worker order by worker]]

local HOSTS = [[
select host, count(*) as failing from pop3_account
where parked is null and failures > 0 and host is not null
group by host order by count(*) desc, host limit 10]]

--- The status of the fleet.
-- @tparam db db
-- @treturn table see `fleet:status`; or nil, message, code
function overview.status(db)
  local answers, message, code = db:batch { { TOTALS }, { WORKERS }, { HOSTS } }
  if not answers then return nil, message, code end
  local made = answers[1][1]
  made.late = tonumber(made.late) or 0
  made.workers, made.failing_hosts = answers[2], answers[3]
  for _, each in ipairs(made.workers) do each.lease = tonumber(each.lease) end
  return made
end

local states = {
  all = "true", parked = "parked is not null",
  leased = "worker is not null and due > now()",
  due = "parked is null and due <= now()",
  waiting = "parked is null and worker is null and due > now()",
  failing = "parked is null and failures > 0",
}

--- The words of the option `state` of `fleet:list`.
overview.states = {}
for name in pairs(states) do overview.states[name] = true end

local LIST = [[
select id, ]] .. account_row.COLUMNS .. [[, fence, worker, failures, parked, last_error, result,
  case when parked is not null then 'parked'
    when worker is not null and due > now() then 'leased'
    when due <= now() then 'due' else 'waiting' end as state,
  extract(epoch from due - now())::float8 as due_in,
  extract(epoch from now() - last_ok)::float8 as ok_ago
from pop3_account
where host is not null and name > $1 and ($2::text is null or host = $2)
  and ($3::text[] is null or name = any ($3))
  and ($5::text[] is null or name like any ($5))
  and ($6::text is null or worker like $6 and due > now()) and %s
order by name limit $4]]

--- Accounts and how they are.
-- @tparam db db
-- @tparam table opts see `fleet:list`
-- @treturn {table,...}; or nil, message, code
function overview.list(db, opts)
  local names = opts.names and array(opts.names, #opts.names)
  local rows, message, code = db:query(LIST:format(states[opts.state or "all"]),
    opts.after or "", opts.host and opts.host:lower(), names, opts.limit or 100,
    opts.match and selection.likes(opts.match),
    opts.worker and selection.like(opts.worker))
  if not rows then return nil, message, code end
  for _, row in ipairs(rows) do
    for _, name in ipairs { "every", "due_in", "ok_ago" } do
      row[name] = tonumber(row[name])
    end
    row.options = json.decode(row.options) or {}
    row.result = row.result and json.decode(row.result)
    row.user, row.username = row.username, nil
  end
  return rows
end

return overview
