--- The accounts of a fleet: add, change, remove, park, list (`pop3.fleet`).
--
-- An account is given as a table with the keys of `pop3 fetch`, which become one row:
-- name, host, port, user, `every` and the reference to the secret have columns,
-- everything else is the JSON object in `options`.
-- @module pop3.fleet.accounts
-- @local

local address = require "pop3.util.address"
local array = require "pop3.fleet.lease".array
local json = require "pop3.util.json"
local keys = require "pop3.account.keys"
local options = require "pop3.account.options"
local parse_url = require "pop3.client.url"
local record = require "pop3.sync.record"
local secret = require "pop3.account.secret"
local seen = require "pop3.sync.state.seen"

local accounts = {}

local AT_ONCE = 1000   -- rows of one statement
local ENTRIES = 10000  -- entries about messages of one statement
local EVERY = 300      -- seconds between two runs

-- ------------------------------------------------------------- from keys to a row

-- Keys that have a column, or are converted to one.
local own = { name = true, url = true, host = true, port = true, user = true,
              every = true, due = true, secret = true }

-- Keys of secrets → kinds of references.
local references = { password_command = "command", token_command = "token",
                     password_file = "file", password_env = "env" }

-- Keys that a row cannot have.
local refused = {
  password = "a password is never in the database: use 'secret'",
  state = "the state is in the database", account = "the name is that of the state",
  inherit = "there is nothing to inherit from",
}

-- The reference to the secret; nil, message when there are several.
local function reference_of(a)
  local found = a.secret
  for key, kind in pairs(references) do
    if a[key] ~= nil then
      if found then return nil, "an account has one secret" end
      found = kind .. ":" .. tostring(a[key])
      a[key] = nil
    end
  end
  if a.netrc ~= nil then
    if found then return nil, "an account has one secret" end
    found = a.netrc == true and "netrc" or "netrc:" .. tostring(a.netrc)
    a.netrc = nil
  end
  if found then
    if type(found) ~= "string" then return nil, "'secret' must be a string" end
    local ok, message = secret.refer({}, found)
    if not ok then return nil, message end
  end
  return found or false
end

-- The keys that are no columns, which JSON can hold; nil, message.
local function others_of(a)
  local made = {}
  for name, value in pairs(a) do
    if refused[name] then return nil, ("'%s': %s"):format(name, refused[name]) end
    if not own[name] then
      local kinds = keys.all[name]
      if not kinds then return nil, ("unknown key '%s'"):format(tostring(name)) end
      local kind = type(value)
      if kind == "function" or name == "into" then
        return nil, ("'%s' cannot be in a database"):format(name)
      end
      local is_known = false
      for each in kinds:gmatch "%S+" do
        is_known = is_known or each == kind or each == math.type(value)
      end
      if not is_known then
        return nil, ("'%s' must be of type %s, not %s"):format(name,
          kinds:gsub(" ", " or "), kind)
      end
      made[name] = value
    end
  end
  return made
end

local function is_text(value)
  return type(value) == "string" and value ~= "" and utf8.len(value) ~= nil
         and not value:find "%c"
end

local function seconds_of(value, name, least)
  if type(value) ~= "number" or value ~= value or value < least
     or value == math.huge then
    return nil, ("'%s' must be seconds, %g or more"):format(name, least)
  end
  return value * 1.0
end

--- A row of an account.
-- @tparam table given its keys
-- @treturn table name, host, port, username, options, secret_ref, every, due (seconds
-- from now); or nil, message
function accounts.row(given)
  local a = {}
  for name, value in pairs(given) do a[name] = value end
  if a.url ~= nil then
    if type(a.url) ~= "string" then return nil, "'url' must be a string" end
    local parsed, message = parse_url(a.url)
    if not parsed then return nil, message end
    if parsed.password then return nil, "the URL must not have a password" end
    for name, value in pairs(parsed) do
      if a[name] == nil then a[name] = value end
    end
  end
  if not is_text(a.host) then return nil, "it needs a url or a host" end
  if not is_text(a.user) then return nil, "it needs a user" end
  a.host = a.host:lower()
  a.port = a.port or address.default_port(a.tls or "implicit")
  if not address.is_port(a.port) then return nil, "'port' is not a port" end
  a.name = a.name or keys.address_of(a)
  if not is_text(a.name) then
    return nil, "'name' must be UTF-8 without control characters"
  end
  local reference, message = reference_of(a)
  if reference == nil then return nil, message end
  local others
  others, message = others_of(a)
  if not others then return nil, message end
  local every, due
  every, message = seconds_of(a.every or EVERY, "every", 1)
  if not every then return nil, message end
  due, message = seconds_of(a.due or 0, "due", 0)
  if not due then return nil, message end
  local checked = { host = a.host, port = a.port, user = a.user }
  for name, value in pairs(others) do checked[name] = value end
  local ok
  ok, message = options.check(checked, { delivery = false })
  if not ok then return nil, message end
  return {
    name = a.name, host = a.host, port = a.port, username = a.user,
    options = next(others) and json.encode(others) or "{}",
    secret_ref = reference or nil, every = every, due = due,
  }
end

-- ----------------------------------------------------------------------- changes

local COLUMNS = "name, host, port, username, options, secret_ref, every"

local ADD = [[
insert into pop3_account (]] .. COLUMNS .. [[, due)
select ]] .. COLUMNS .. [[, now() + due * interval '1 second'
from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[],
            $7::float8[], $8::float8[])
  as g (]] .. COLUMNS .. [[, due)
on conflict (name) do ]]

local REPLACE = [[
update set host = excluded.host, port = excluded.port,
  username = excluded.username, options = excluded.options,
  secret_ref = excluded.secret_ref, every = excluded.every,
  parked = case when pop3_account.host is not null then pop3_account.parked end]]

local order = { "name", "host", "port", "username", "options", "secret_ref",
                "every", "due" }

-- The rows of accounts; or nil, message.
local function rows_of(list)
  local rows, known = {}, {}
  for i, given in ipairs(list) do
    local row, message = accounts.row(given)
    if row and known[row.name] then row, message = nil, "its name is given twice" end
    if not row then
      return nil, ("account %s: %s"):format(tostring(given.name or i), message)
    end
    rows[i], known[row.name] = row, true
  end
  return rows
end

-- Add rows from `first` to `last`.
local function add_rows(db, rows, first, last, text)
  local values = {}
  for i, column in ipairs(order) do
    local column_values = {}
    for j = first, last do column_values[j - first + 1] = rows[j][column] end
    values[i] = array(column_values, last - first + 1)
  end
  return db:query(text, table.unpack(values))
end

-- Write the records about the messages of new accounts. True; or nil, message, code.
local function add_entries(db, added, known)
  local list, count = {}, 0
  local function flush()
    if count == 0 then return true end
    for _, statement in ipairs(seen.write(list)) do
      local ok, message, code = db:query(table.unpack(statement, 1, #statement))
      if not ok then return nil, message, code end
    end
    list, count = {}, 0
    return true
  end
  for _, name in ipairs(added) do
    local group
    for key, line in pairs(known[name] or {}) do
      if not group then
        group = { account = added[name], fence = 0, entries = {} }
        list[#list + 1] = group
      end
      local e = record.unpack(line)
      e.uid, e.nth = record.split(key)
      e.seq = 0
      group.entries[#group.entries + 1], count = e, count + 1
      if count >= ENTRIES then
        local ok, message, code = flush()
        if not ok then return nil, message, code end
        group = nil
      end
    end
  end
  return flush()
end

--- Add accounts, in one transaction.
-- @tparam db db
-- @tparam {table,...} list of accounts, by their keys
-- @tparam[opt] table opts `replace`: change accounts of the same name; `refuse`: they
-- are an error; `seen`: name → what `seen()` of its state returns
-- @treturn {string,...} the names of those that were added or changed; or nil,
-- message, code, and with the code "exists" the names that are there
function accounts.add(db, list, opts)
  opts = opts or {}
  local rows, trouble = rows_of(list)
  if not rows then return nil, trouble, "options" end
  local text = ADD .. (opts.replace and REPLACE or "nothing") .. " returning id, name"
  local there
  local names, message, code = db:transaction(function()
    local added = {}
    for first = 1, #rows, AT_ONCE do
      local answer, why, kind = add_rows(db, rows, first,
        math.min(first + AT_ONCE - 1, #rows), text)
      if not answer then return nil, why, kind end
      for _, row in ipairs(answer) do
        added[#added + 1], added[row.name] = row.name, row.id
      end
    end
    there = {}
    for _, row in ipairs(rows) do
      if not added[row.name] then there[#there + 1] = row.name end
    end
    if there[1] and opts.refuse then
      return nil, ("account %s exists already"):format(there[1]), "exists"
    end
    if opts.seen then
      local ok, why, kind = add_entries(db, added, opts.seen)
      if not ok then return nil, why, kind end
    end
    return added
  end)
  if not names then
    return nil, message, code, code == "exists" and there or nil
  end
  return table.move(names, 1, #names, 1, {})
end

-- The keys of a row.
local function keys_of(row)
  local made = json.decode(row.options) or {}
  made.name, made.host, made.port = row.name, row.host, row.port
  made.user, made.secret, made.every = row.username, row.secret_ref,
                                       tonumber(row.every)
  return made
end

--- Change an account.
-- @tparam db db
-- @tparam string name
-- @tparam table changes keys and their new values
-- @tparam[opt] {string,...} without keys to remove
-- @treturn boolean true; false when there is no such account; or nil, message, code
function accounts.change(db, name, changes, without)
  local refusal
  local done, message, code = db:transaction(function()
    local rows, text, failure = db:query("select " .. COLUMNS
      .. " from pop3_account where name = $1 and host is not null for update", name)
    if not rows then return nil, text, failure end
    if not rows[1] then return false end
    local a = keys_of(rows[1])
    for _, key in ipairs(without or {}) do a[key] = nil end
    if changes.url then a.host, a.port, a.tls, a.user = nil, nil, nil, nil end
    for key, value in pairs(changes) do a[key] = value end
    local row
    row, refusal = accounts.row(a)
    if not row then return nil, refusal, "options" end
    local ok
    ok, text, failure = db:query([[
update pop3_account set name = $2, host = $3, port = $4, username = $5, options = $6,
  secret_ref = $7, every = $8 where name = $1]], name, row.name, row.host, row.port,
      row.username, row.options, row.secret_ref, row.every)
    if not ok then return nil, text, failure end
    return true
  end)
  if done == nil then return nil, message, code end
  return done
end

-- A pattern of a shell ("*", "?" and "\\") as one of LIKE.
local function like(pattern)
  local made = pattern:gsub("\\?.", function(c)
    if c == "*" then return "%" elseif c == "?" then return "_" end
    return (c:sub(-1):gsub("[%%_\\]", "\\%0"))
  end)
  return made
end

local function likes(patterns)
  local made = {}
  for i, pattern in ipairs(patterns) do made[i] = like(pattern) end
  return array(made, #made)
end

-- Which accounts are meant: a condition and its parameter.
local function selected(which)
  if type(which) == "string" then which = { names = { which } } end
  if which.names then
    return "name = any ($1::text[])", array(which.names, #which.names)
  elseif which.match then
    return "name like any ($1::text[])", likes(which.match)
  elseif which.host then
    return "host = $1", which.host:lower()
  end
  return "$1::int = 0", 0
end

-- Execute an update of accounts: the names of those that it changed.
local function update(db, which, text, ...)
  local condition, value = selected(which)
  local rows, message, code = db:query(text:format("host is not null and "
                                                   .. condition), value, ...)
  if not rows then return nil, message, code end
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  table.sort(names)
  return names
end

--- Remove accounts, and all that is recorded about their messages.
function accounts.remove(db, which)
  return update(db, which, "delete from pop3_account where %s returning name")
end

--- Park accounts: no worker claims them. A session that runs goes on.
function accounts.park(db, which, reason)
  return update(db, which, "update pop3_account set parked = $2 where %s "
                .. "and parked is null returning name", reason)
end

--- Resume parked accounts: they are due at once.
function accounts.resume(db, which)
  return update(db, which, [[
update pop3_account set parked = null, failures = 0,
  due = case when worker is not null and due > now() then due else now() end
where %s and parked is not null returning name]])
end

--- Make accounts due at once, or after some seconds. Accounts that are being fetched or
-- are parked are not changed.
function accounts.due(db, which, seconds)
  return update(db, which, [[
update pop3_account set due = now() + $2 * interval '1 second'
where %s and parked is null and not (worker is not null and due > now())
returning name]], seconds)
end

-- ----------------------------------------------------------------------- queries

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
function accounts.status(db)
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
accounts.states = {}
for name in pairs(states) do accounts.states[name] = true end

local LIST = [[
select id, ]] .. COLUMNS .. [[, fence, worker, failures, parked, last_error, result,
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
function accounts.list(db, opts)
  local names = opts.names and array(opts.names, #opts.names)
  local rows, message, code = db:query(LIST:format(states[opts.state or "all"]),
    opts.after or "", opts.host and opts.host:lower(), names, opts.limit or 100,
    opts.match and likes(opts.match), opts.worker and like(opts.worker))
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

return accounts
