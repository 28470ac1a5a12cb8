--- The statements that read and write what `pop3.sync` has seen, without a
-- connection: for `pop3.state.sql`, and for a fleet, which writes for many accounts
-- at once.
--
-- A row of pop3_seen is a record (`pop3.sync.record`) whose fields are the words of
-- its line, so all text is printable ASCII. Every write names the account and the
-- fence of its owner: it takes a lock of the account's row, and changes nothing when
-- the fence is another one by now. A row also keeps the fence and the number (`seq`)
-- of the write that made it, and a write with an older pair does not change it. So a
-- statement that arrives late, over a connection that was given up, changes nothing.
-- @module pop3.sync.state.seen
-- @local

local json = require "pop3.util.json"
local record = require "pop3.sync.record"

local seen = {}

-- ------------------------------------------------------------------------ read

-- A record as its line. A word is null for "-".
local LINE = [[s.state || ' ' || coalesce(cast(s.size as text), '-') || ' '
  || cast(s.first_seen as text) || ' ' || coalesce(cast(s.absent as text), '-')
  || ' ' || cast(s.tries as text) || ' ' || coalesce(s.name, '-') || ' '
  || coalesce(s.digest, '-') || ' ' || coalesce(s.error, '-')
  || coalesce(' ' || s.flag, '')]]

local READ = {
  postgresql = [[select a.id as account, s.uid, s.nth, ]] .. LINE .. [[ as line
    from json_to_recordset($1::json) as w(account bigint, fence bigint)
    join pop3_account a on a.id = w.account and a.fence = w.fence
    left join pop3_seen s on s.account = a.id]],
  sqlite = [[select a.id as account, s.uid, s.nth, ]] .. LINE .. [[ as line
    from json_each($1) w
    join pop3_account a on a.id = json_extract(w.value, '$.account')
                       and a.fence = json_extract(w.value, '$.fence')
    left join pop3_seen s on s.account = a.id]],
}

local function owners(list)
  local wanted = {}
  for i, each in ipairs(list) do
    wanted[i] = { account = each.account, fence = each.fence }
  end
  return assert(json.encode(wanted))
end

--- The statement that reads the entries of accounts. Its rows have `account`, and
-- `uid`, `nth` and `line` for each entry; an account without entries has one row
-- without a uid, and one with another fence has none.
-- @tparam {table,...} list of `{ account = id, fence = fence }`
-- @tparam[opt="postgresql"] string dialect
-- @treturn table statement of `db:batch`
function seen.read(list, dialect)
  return { READ[dialect or "postgresql"], owners(list) }
end

--- The result of `seen()` of a state, from the rows of one account.
-- @tparam {table,...} rows
-- @treturn table key → packed record
function seen.entries(rows)
  local entries = {}
  for _, row in ipairs(rows) do
    if row.uid then
      entries[record.key(record.unescape(row.uid), row.nth)] = row.line
    end
  end
  return entries
end

-- ----------------------------------------------------------------------- write

-- The columns of pop3_seen that a record fills, and their types.
local COLUMNS = { "size", "state", "name", "digest", "fence", "seq", "tries", "error",
                  "first_seen", "absent", "flag" }
local TYPES = { account = "bigint", fence = "bigint", seq = "bigint", uid = "text",
                nth = "integer", size = "bigint", state = "text", name = "text",
                digest = "text", tries = "integer", error = "text",
                first_seen = "bigint", absent = "bigint", flag = "text" }

local KEY = { "account", "uid", "nth" }

local function all_columns()
  local all = table.move(KEY, 1, #KEY, 1, {})
  return table.move(COLUMNS, 1, #COLUMNS, #all + 1, all)
end

local function each(list, format, separator)
  local parts = {}
  for i, name in ipairs(list) do parts[i] = format:gsub("NAME", name) end
  return table.concat(parts, separator)
end

local NAMES = all_columns()

local function declared()
  local parts = {}
  for i, name in ipairs(NAMES) do parts[i] = name .. " " .. TYPES[name] end
  return table.concat(parts, ", ")
end

local ON_CONFLICT = "on conflict (account, uid, nth) do update set "
  .. each(COLUMNS, "NAME = excluded.NAME", ", ")
  .. " where (pop3_seen.fence, pop3_seen.seq) <= (excluded.fence, excluded.seq)"

local OWNER = [[with given as materialized (
    select * from json_to_recordset($2::json) as e(]] .. declared() .. [[)),
  owner as materialized (
    select a.id from pop3_account a
    join json_to_recordset($1::json) as w(account bigint, fence bigint)
      on a.id = w.account and a.fence = w.fence
    order by a.id for no key update of a),
  gone as (
    delete from pop3_seen s using owner o, given e
    where e.state = 'forgotten' and e.account = o.id and s.account = o.id
      and s.uid = e.uid and s.nth = e.nth and (s.fence, s.seq) <= (e.fence, e.seq)),
  put as (
    insert into pop3_seen (]] .. table.concat(NAMES, ", ") .. [[)
    select ]] .. each(NAMES, "e.NAME", ", ") .. [[ from given e
    join owner o on o.id = e.account where e.state <> 'forgotten'
    ]] .. ON_CONFLICT .. [[)
  select id as account from owner]]

local SQLITE_OWNER = [[select a.id as account from json_each($1) w
  join pop3_account a on a.id = json_extract(w.value, '$.account')
                     and a.fence = json_extract(w.value, '$.fence')]]

local SQLITE_GIVEN = [[from json_each($2) w where exists (
  select 1 from json_each($1) o join pop3_account a
    on a.id = json_extract(o.value, '$.account')
   and a.fence = json_extract(o.value, '$.fence')
  where a.id = json_extract(w.value, '$.account'))]]

local SQLITE_PUT = "insert into pop3_seen (" .. table.concat(NAMES, ", ")
  .. ") select " .. each(NAMES, "json_extract(w.value, '$.NAME')", ", ") .. " "
  .. SQLITE_GIVEN .. " and json_extract(w.value, '$.state') <> 'forgotten' "
  .. ON_CONFLICT

local SQLITE_GONE = [[delete from pop3_seen where (account, uid, nth) in (
  select json_extract(w.value, '$.account'), json_extract(w.value, '$.uid'),
         json_extract(w.value, '$.nth') ]] .. SQLITE_GIVEN .. [[
  and json_extract(w.value, '$.state') = 'forgotten'
  and (pop3_seen.fence, pop3_seen.seq)
      <= (json_extract(w.value, '$.fence'), json_extract(w.value, '$.seq')))]]

local function word(text)
  return text ~= "-" and text ~= "" and text or nil
end

-- An entry as an object of JSON with the columns of its row.
local function row_of(account, fence, e)
  local row = { account = account, fence = fence, seq = e.seq,
                uid = record.escape(e.uid), nth = e.nth, state = e.status }
  if e.status == "forgotten" then return row end
  local size, first, absent, tries, name, digest, note, flag
  row.state, size, first, absent, tries, name, digest, note, flag =
    record.words(record.pack(e))
  row.size, row.absent = math.tointeger(size), math.tointeger(absent)
  row.first_seen, row.tries = math.tointeger(first), math.tointeger(tries)
  row.name, row.digest, row.error, row.flag = word(name), word(digest), word(note),
                                              word(flag)
  return row
end

-- The rows of all entries, the last one of each key: a statement may change a row
-- only once.
local function rows_of(list)
  local rows, at = {}, {}
  for _, each_account in ipairs(list) do
    for _, e in ipairs(each_account.entries) do
      local key = ("%d %d %s"):format(each_account.account, e.nth, e.uid)
      local i = at[key] or #rows + 1
      at[key] = i
      rows[i] = row_of(each_account.account, each_account.fence, e)
    end
  end
  return rows
end

--- The statements that write entries, for one transaction. The rows of the first
-- statement have `account`, one for each account that still has its fence; nothing
-- was changed for the others.
-- @tparam {table,...} list of `{ account = id, fence = fence, entries = {…} }`;
-- entries are as in `pop3.sync.state`, with their `status` and `seq`
-- @tparam[opt="postgresql"] string dialect
-- @treturn {table,...} statements of `db:batch`: one in PostgreSQL
function seen.write(list, dialect)
  local wanted, rows = owners(list), assert(json.encode(rows_of(list)))
  if dialect == "sqlite" then
    return { { SQLITE_OWNER, wanted }, { SQLITE_PUT, wanted, rows },
             { SQLITE_GONE, wanted, rows } }
  end
  return { { OWNER, wanted, rows } }
end

return seen
