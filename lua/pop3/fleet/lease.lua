--- The statements by which workers share accounts: claim, heartbeat, release
-- (`pop3.fleet`). No connection is used here.
--
-- An account is leased while `worker` is set and `due` is in the future: `due` is the
-- schedule of a free account, and the end of the lease of a taken one. Each claim
-- adds 1 to `fence`; every write of the owner names the fence it got, so an owner
-- that was frozen past its lease can write nothing after the next claim. All times
-- are those of the database.
--
-- `per_host` bounds the leases of one host over all workers. The claims that count
-- them take turns by an advisory lock of their transaction. Locks of sessions would
-- count as well, but a worker that is frozen would keep them for ever, and one
-- that connects again would lose them; a lease ends by itself.
-- @module pop3.fleet.lease
-- @local

local abandoned = require "pop3.sql.abandoned"

local lease = {}

-- The advisory lock of claims that count: "pop3", and a number.
local KEY, CLAIM = 0x706F7033, 1

local SCAN = 4  -- accounts that a claim looks at, for each that it may take

-- A claim waits at the most these seconds for its turn, and may last so long.
local TURN, LAST = 2, 5

-- ----------------------------------------------------------------- array text

--- A list as the text of an array of PostgreSQL, for a parameter with a cast.
-- @tparam table list numbers, booleans, strings, or nil
-- @tparam integer n its length
-- @treturn string
function lease.array(list, n)
  local parts = {}
  for i = 1, n do
    local value = list[i]
    if value == nil then
      parts[i] = "NULL"
    elseif type(value) == "string" then
      parts[i] = '"' .. value:gsub('[\\"]', "\\%0") .. '"'
    else
      parts[i] = tostring(value)
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- The fields of a list of tables, as arrays.
local function columns(list, ...)
  local made = {}
  for i, name in ipairs { ... } do
    local values = {}
    for j, each in ipairs(list) do values[j] = each[name] end
    made[i] = lease.array(values, #list)
  end
  return table.unpack(made)
end

-- -------------------------------------------------------------------- claiming

local TAKE = [[
update pop3_account a set fence = a.fence + 1, worker = $1,
  due = now() + $2 * interval '1 second'
from due where a.id = due.id
returning a.id, a.name, a.host, a.port, a.username, a.options, a.secret_ref,
  a.every, a.fence, a.failures, due.worker is not null as taken_over,
  a.last_ok is null as is_new,
  extract(epoch from now() - due.due)::float8 as late,
  extract(epoch from now())::float8 as at]]

local DUE = [[
with due as materialized (
  select id, due, worker from pop3_account
  where parked is null and host is not null and due <= now()
  order by due limit %d for update skip locked)
]]

-- The hosts that have all their sessions are left out; of the others as many
-- accounts are taken as there is room for.
local DUE_BY_HOST = [[
with busy as materialized (
  select host, count(*) as sessions from pop3_account
  where worker is not null and due > now() group by host),
ready as materialized (
  select id, due, host from pop3_account
  where parked is null and host is not null and due <= now()
    and host <> all (array(select host from busy where sessions >= %d))
  order by due limit %d),
placed as materialized (
  select r.id, r.due, coalesce(b.sessions, 0)
    + row_number() over (partition by r.host order by r.due) as place
  from ready r left join busy b on b.host = r.host),
due as materialized (
  select id, due, worker from pop3_account
  where id = any (array(
      select id from placed where place <= %d order by due limit %d))
    and parked is null and due <= now()
  for update skip locked)
]]

-- When an account is due next, in seconds. One that cannot be taken now, since its
-- host is full, counts too.
local NEXT = [[
select extract(epoch from min(due) - now())::float8 as seconds from pop3_account
where parked is null and host is not null]]

--- The statements of a claim, one transaction.
-- @tparam table opts `worker`: a name that no other worker has; `count`: accounts at
-- the most; `seconds`: of the lease; `per_host`: leases of a host at the most
-- @treturn {table,...} for `db:batch`
function lease.claim(opts)
  local count, per_host = opts.count, opts.per_host
  local name = abandoned.name("fleet " .. opts.worker, LAST, TURN)
  if not per_host then
    return { name, { DUE:format(count) .. TAKE, opts.worker, opts.seconds }, { NEXT } }
  end
  return {
    name,
    { "select pg_advisory_xact_lock($1::int, $2::int)", KEY, CLAIM },
    { DUE_BY_HOST:format(per_host, SCAN * count, per_host, count) .. TAKE,
      opts.worker, opts.seconds },
    { NEXT },
  }
end

--- Read the answer to a claim.
-- @tparam {table,...} answers of `db:batch`
-- @treturn {table,...} the accounts, the one that waits longest first: the columns of
-- the table, `late` (seconds since it was due), `at` (the time of the database),
-- `taken_over` (its owner did not release it), `is_new` (no run went well yet)
-- @treturn ?number seconds until an account is due; nil when there is none
function lease.claimed(answers)
  local rows, following = answers[#answers - 1], answers[#answers][1]
  for _, row in ipairs(rows) do
    for _, name in ipairs { "every", "late", "at" } do
      row[name] = tonumber(row[name])
    end
  end
  table.sort(rows, function(a, b)
    if a.late ~= b.late then return a.late > b.late end
    return a.id < b.id
  end)
  return rows, following and tonumber(following.seconds)
end

--- The statement that makes accounts due which a worker owns without knowing it: the
-- answer to a claim was lost. Their fence grows with the next claim. A row that another
-- transaction has locked is left for the next time.
-- @tparam string worker
-- @tparam {integer,...} known the numbers of the accounts that it knows of
-- @treturn table for `db:batch`; its rows are the accounts
function lease.give_back_unknown(worker, known)
  return { [[
update pop3_account set worker = null, due = now() where id in (
  select id from pop3_account where worker = $1 and id <> all ($2::bigint[])
  for no key update skip locked) returning id]],
    worker, lease.array(known, #known) }
end

-- ------------------------------------------------------------------- heartbeat

--- The statement that extends leases. It skips rows that another transaction has
-- locked until the next heartbeat, so that they do not delay the others.
-- @tparam {table,...} leases each with `account` and `fence`
-- @tparam number seconds
-- @treturn table its rows are the accounts that are still owned, by `id` and
-- `fence`
function lease.extend(leases, seconds)
  local ids, fences = columns(leases, "account", "fence")
  return { [[
with owned as materialized (
  select a.id, a.fence from pop3_account a
  join unnest($1::bigint[], $2::bigint[]) as g (id, fence)
    on a.id = g.id and a.fence = g.fence
  where a.worker is not null),
held as materialized (
  select a.id from pop3_account a join owned o on a.id = o.id and a.fence = o.fence
  order by a.id for no key update of a skip locked),
extended as (
  update pop3_account a set due = now() + $3 * interval '1 second'
  from held where a.id = held.id)
select id, fence from owned]], ids, fences, seconds }
end

-- --------------------------------------------------------------------- release

--- The statement that locks the rows of accounts in order. A transaction that changes
-- several of them by more than one statement begins with it: then no two wait for
-- each other.
-- @tparam {integer,...} ids
-- @treturn table
function lease.lock(ids)
  return { [[
select id, fence from pop3_account where id = any ($1::bigint[])
order by id for no key update]], lease.array(ids, #ids) }
end

--- The statement that releases leases.
-- @tparam {table,...} list each with `account`, `fence`, and of
-- `pop3.fleet.schedule` `seconds`, `failures`, `parked`, `ok`, `error`, `result`
-- @treturn table its rows are the accounts that were still owned, by `id` and
-- `fence`
function lease.release(list)
  return { [[
update pop3_account a set worker = null,
  due = now() + g.seconds * interval '1 second',
  failures = coalesce(g.failures, a.failures),
  parked = coalesce(a.parked, g.parked),
  last_ok = case when g.ok then now() else a.last_ok end,
  last_error = case when g.ok is null then a.last_error else g.error end,
  result = coalesce(g.result, a.result)
from unnest($1::bigint[], $2::bigint[], $3::float8[], $4::int[], $5::text[],
            $6::boolean[], $7::text[], $8::text[])
  as g (id, fence, seconds, failures, parked, ok, error, result)
where a.id = g.id and a.fence = g.fence and a.worker is not null
returning a.id, a.fence]],
    columns(list, "account", "fence", "seconds", "failures", "parked", "ok",
            "error", "result") }
end

return lease
