--- The accounts of a fleet: adds and changes them (`pop3.fleet`).
-- @module pop3.fleet.accounts
-- @local

local account_row = require "pop3.fleet.account_row"
local array = require "pop3.fleet.lease".array
local record = require "pop3.sync.record"
local seen = require "pop3.sync.state.seen"
local selection = require "pop3.fleet.selection"

local accounts = {}

local AT_ONCE = 1000   -- rows of one statement
local ENTRIES = 10000  -- entries about messages of one statement

local COLUMNS = account_row.COLUMNS

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
    local row, message = account_row.of(given)
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
    local a = account_row.keys(rows[1])
    for _, key in ipairs(without or {}) do a[key] = nil end
    if changes.url then a.host, a.port, a.tls, a.user = nil, nil, nil, nil end
    for key, value in pairs(changes) do a[key] = value end
    local row
    row, refusal = account_row.of(a)
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

-- Execute an update of accounts: the names of those that it changed, and the rows that it
-- returns.
local function update(db, which, text, ...)
  local condition, value = selection.of(which)
  local rows, message, code = db:query(text:format("host is not null and "
                                                   .. condition), value, ...)
  if not rows then return nil, message, code end
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  table.sort(names)
  return names, rows
end

--- Remove accounts, and all that is recorded about their messages.
-- @treturn {string,...} names; or nil, message, code
-- @treturn {table,...} the rows that were there
function accounts.remove(db, which)
  return update(db, which, "delete from pop3_account where %s returning id, name, "
                .. "host, username, options")
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

return accounts
