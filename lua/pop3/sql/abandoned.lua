--- Transactions of PostgreSQL whose client does not go on: how a transaction is named,
-- and how others end it. For `pop3.fleet` and `pop3.state.sql`.
--
-- A process that is frozen in the middle of a transaction, or whose machine has lost its
-- network, keeps the locks of its rows. PostgreSQL ends a session that idles between
-- two statements of a transaction (idle_in_transaction_session_timeout, which the
-- drivers of `pop3.sql` set). But while the statements of a pipeline come in, as in
-- `db:batch` of libpq, neither that timeout nor statement_timeout runs, and
-- transaction_timeout is new in version 17. So a transaction that takes locks says
-- in its name for how many seconds its client waits for it. After that time everybody who
-- has the same role may end it, if it waits for its client. Nothing that is recorded
-- gets lost: the transaction was not committed, and its client, if it goes on,
-- finds its connection closed.
-- @module pop3.sql.abandoned
-- @local

local statement = require "pop3.sql.statement"

local abandoned = {}

-- The limit is first: PostgreSQL cuts an application_name after 63 octets.
local FORM, PATTERN = "pop3 %ds %s", "^pop3 ([0-9]{1,6})s "

local NAME = "select set_config('application_name', $1, true)"

--- The statement that names its transaction.
-- @tparam string who
-- @tparam number seconds that its client waits for it
-- @tparam[opt] number wait seconds to wait for a lock, at the most
-- @treturn table for `db:batch`
function abandoned.name(who, seconds, wait)
  local name = FORM:format(math.ceil(seconds), who)
  if not wait then return { NAME, name } end
  return { NAME .. ", set_config('lock_timeout', $2, true)", name,
           statement.milliseconds(wait) }
end

--- The statement that ends abandoned transactions.
-- @treturn table its rows are the transactions that were ended, by `name`
function abandoned.finish()
  return { ([[
with abandoned as materialized (
  select pid, application_name as name from pg_stat_activity
  where datname = current_database() and usename = current_user
    and pid <> pg_backend_pid() and wait_event_type = 'Client'
    and xact_start < clock_timestamp() - interval '1 second'
      * substring(application_name from '%s')::integer)
select name from abandoned where pg_terminate_backend(pid)]]):format(PATTERN) }
end

return abandoned
