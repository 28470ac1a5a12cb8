--- The tables of `pop3.state.sql`, `pop3.inbox` and `pop3.fleet`: their versions,
-- and the migrations between them.
--
-- `pop3_schema` holds the version. A migration is one transaction, under a lock
-- that only one process gets; done twice, it changes nothing. The tables of a newer
-- version are not changed.
--
-- Times are the database's: timestamptz in PostgreSQL, seconds since 1970 in SQLite.
-- @module pop3.sql.schema
-- @local

local schema = {}

local LOCK = 0x706F7033  -- "pop3": the key of the advisory lock

-- version → dialect → statements that migrate the previous version to it.
local migrations = {
  {
    postgresql = {
      [[create table pop3_account (
          id bigserial primary key,
          name text not null unique,
          host text, port integer, username text,
          options text not null default '{}',
          secret_ref text,
          every double precision not null default 300 check (every > 0),
          due timestamptz not null default now(),
          fence bigint not null default 0,
          worker text,
          failures integer not null default 0,
          parked text,
          last_ok timestamptz, last_error text, result text)
          with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)]],
      [[create index pop3_account_due on pop3_account (due)
          where parked is null and host is not null]],
      [[create index pop3_account_worker on pop3_account (worker, host)
          where worker is not null]],
      [[create table pop3_seen (
          account bigint not null references pop3_account on delete cascade,
          uid text not null, nth integer not null,
          size bigint, state text not null, name text, digest text,
          fence bigint not null, seq bigint not null,
          tries integer not null default 0, error text,
          first_seen bigint not null, absent bigint, flag text,
          primary key (account, uid, nth))]],
      [[create table pop3_inbox (
          id bigserial primary key,
          name text not null unique,
          account text not null, uid text, nth integer not null,
          size bigint not null, octets bytea, parts integer not null,
          part_key text,
          received timestamptz not null default now(),
          taken_until timestamptz, taken_by text,
          tries integer not null default 0)]],
      [[create table pop3_inbox_part (
          part_key text collate "C" not null, part integer not null,
          octets bytea not null,
          made timestamptz not null default now(),
          primary key (part_key, part))]],
      -- mail is compressed rarely well, and parts are read whole
      [[alter table pop3_inbox alter column octets set storage external]],
      [[alter table pop3_inbox_part alter column octets set storage external]],
    },
    sqlite = {
      [[create table pop3_account (
          id integer primary key autoincrement,
          name text not null unique,
          host text, port integer, username text,
          options text not null default '{}',
          secret_ref text,
          every real not null default 300 check (every > 0),
          due real not null default 0,
          fence integer not null default 0,
          worker text,
          failures integer not null default 0,
          parked text,
          last_ok real, last_error text, result text)]],
      [[create index pop3_account_due on pop3_account (due)
          where parked is null and host is not null]],
      [[create table pop3_seen (
          account integer not null references pop3_account on delete cascade,
          uid text not null, nth integer not null,
          size integer, state text not null, name text, digest text,
          fence integer not null, seq integer not null,
          tries integer not null default 0, error text,
          first_seen integer not null, absent integer, flag text,
          primary key (account, uid, nth)) without rowid]],
      [[create table pop3_inbox (
          id integer primary key autoincrement,
          name text not null unique,
          account text not null, uid text, nth integer not null,
          size integer not null, octets blob, parts integer not null,
          part_key text,
          received real not null
            default ((julianday('now') - 2440587.5) * 86400.0),
          taken_until real, taken_by text,
          tries integer not null default 0)]],
      [[create table pop3_inbox_part (
          part_key text not null, part integer not null, octets blob not null,
          made real not null default ((julianday('now') - 2440587.5) * 86400.0),
          primary key (part_key, part))]],
    },
  },
}

--- The version of this library.
schema.version = #migrations

-- The present time, in a statement.
schema.now = {
  postgresql = "now()",
  sqlite = "((julianday('now') - 2440587.5) * 86400.0)",
}

local exists = {
  postgresql = "select count(*) as n from pg_class where oid = to_regclass($1)",
  sqlite = "select count(*) as n from sqlite_master where name = $1",
}

local function newer(version)
  return nil, ("the database has the tables of version %d, and this library knows "
    .. "%d: it needs a newer lpop3"):format(version, schema.version), "schema"
end

--- The version of the tables.
-- @tparam db db of `pop3.sql`
-- @treturn integer 0 if there are none; or nil, message, code
function schema.found(db)
  local rows, message, code = db:query(exists[db.dialect], "pop3_schema")
  if not rows then return nil, message, code end
  if rows[1].n == 0 then return 0 end
  rows, message, code = db:query "select max(version) as version from pop3_schema"
  if not rows then return nil, message, code end
  return rows[1].version or 0
end

--- May this library use the tables?
-- @tparam db db
-- @treturn boolean true; or nil, message, code: "schema", or one of `pop3.sql`
function schema.check(db)
  local version, message, code = schema.found(db)
  if not version then return nil, message, code end
  if version > schema.version then return newer(version) end
  if version == 0 then
    return nil, "the database has no tables of lpop3: run pop3 fleet init", "schema"
  elseif version < schema.version then
    return nil, ("the database has the tables of version %d, and this library needs "
      .. "%d: run pop3 fleet init"):format(version, schema.version), "schema"
  end
  return true
end

-- In a transaction: the version before.
local function migrate(db)
  if db.dialect == "postgresql" then
    local ok, message, code = db:query("select pg_advisory_xact_lock($1)", LOCK)
    if not ok then return nil, message, code end
  end
  local ok, message, code = db:query(
    "create table if not exists pop3_schema (version integer not null primary key)")
  if not ok then return nil, message, code end
  local before
  before, message, code = schema.found(db)
  if not before then return nil, message, code end
  if before > schema.version then return newer(before) end
  for version = before + 1, schema.version do
    for _, text in ipairs(migrations[version][db.dialect]) do
      ok, message, code = db:query(text)
      if not ok then return nil, message, code end
    end
    ok, message, code = db:query("insert into pop3_schema values ($1)", version)
    if not ok then return nil, message, code end
  end
  return before
end

--- Make the tables, or bring them to this version. It may be repeated, and several
-- processes may do it at the same time.
-- @tparam db db
-- @treturn integer the version before, 0 if there were none; or nil, message, code
function schema.init(db)
  local version, message, code = schema.found(db)
  if not version then return nil, message, code end
  if version == schema.version then return version end
  if version > schema.version then return newer(version) end
  return db:transaction(migrate)
end

return schema
