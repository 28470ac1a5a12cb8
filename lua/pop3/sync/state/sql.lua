--- The state of `pop3.sync` between runs in an SQL database: PostgreSQL or SQLite.
--
-- It has the six calls of `pop3.sync.state`. Each run takes a lease on its account,
-- which every write extends, and gets a number that grows, the fence. If a run is
-- frozen for longer than its lease, and another run takes the account, the first run
-- is no longer the owner: its writes change nothing and fail with the code "fenced",
-- and `pop3.sync` ends without QUIT, so that nothing is deleted.
--
-- When the connection to the database is lost, a write is repeated on a new one, for
-- `patience` seconds. A write that was executed already has no effect then.
--
-- Times of leases are the database's; the clocks of the machines do not matter.
-- @module pop3.state.sql
-- @see pop3.sync.state

local abandoned = require "pop3.sql.abandoned"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local over = require "pop3.sync.state.over"
local owner = require "pop3.util.owner"
local pause = require "pop3.util.pause"
local record = require "pop3.sync.record"
local schema = require "pop3.sql.schema"
local seen = require "pop3.sync.state.seen"
local sql = require "pop3.sql"
local statement = require "pop3.sql.statement"

local State, FENCED = over.State, over.FENCED

-- ------------------------------------------------------ a connection of its own

local Store = {}
Store.__index = Store

-- Codes of temporary failures; the statement may be repeated.
local passing = { connect = true, unknown = true, timeout = true }

-- Call a function until it succeeds, or fails for another reason than the connection.
local function persist(self, fn)
  local deadline, seconds = core.now() + self.patience, 0.05
  while true do
    local ok, message, code, state = fn()
    if ok or not passing[code] then return ok, message, code, state end
    local left = deadline - core.now()
    if left <= 0 or not pause(self.wait, math.min(seconds, left)) then
      return nil, message, code == "timeout" and code or "connect", state
    end
    seconds = math.min(seconds * 2, 5)
  end
end

-- The connection. After the first time it connects again by itself.
local function connection(self)
  if self.db then return self.db end
  local message, code
  self.db, message, code = sql.open { url = self.url, driver = self.driver,
                                      timeout = self.timeout, wait = self.wait }
  self.store.dialect = self.db and self.db.dialect
  return self.db, message, code
end

local function batch(self, list)
  return persist(self, function()
    local db, message, code = connection(self)
    if not db then return nil, message, code end
    return db:batch(list)
  end)
end

local LOCK = 1  -- seconds to wait for the lock of an account

-- As `batch`, for statements that lock the row of the account. A process that is frozen
-- in such a transaction is not waited for longer than it may take (`timeout` of that
-- process); the connection of `persist` is there.
local function locking_batch(self, list)
  if self.db.dialect == "sqlite" then return batch(self, list) end
  local all = { abandoned.name("state " .. self.worker, self.timeout, LOCK) }
  table.move(list, 1, #list, 2, all)
  local lists, message, code = persist(self, function()
    local db, why, kind = connection(self)
    if not db then return nil, why, kind end
    local answers, state
    answers, why, kind, state = db:batch(all)
    if statement.is_locked(state) then
      db:query(table.unpack(abandoned.finish()))
    end
    return answers, why, kind, state
  end)
  if not lists then return nil, message, code end
  return table.move(lists, 2, #lists, 1, {})
end

local EXTEND = {
  postgresql = "update pop3_account set due = now() + make_interval(secs => $3) "
    .. "where id = $1 and fence = $2",
  sqlite = "update pop3_account set due = " .. schema.now.sqlite .. " + $3 "
    .. "where id = $1 and fence = $2",
}

function Store:read(account, fence)
  local s = seen.read({ { account = account, fence = fence } }, self.db.dialect)
  local lists, message, code = batch(self, { s })
  if not lists then return nil, message, code end
  if #lists[1] == 0 then return nil, FENCED, "fenced" end
  return lists[1]
end

function Store:write(account, fence, entries, opts)
  -- what may wait is written with the next call
  local kept = self.lazy or {}
  if opts.lazily and not opts.more then
    self.lazy = table.move(entries, 1, #entries, #kept + 1, kept)
    return true
  end
  self.lazy = nil
  local all = table.move(entries, 1, #entries, #kept + 1, kept)
  local dialect = self.db.dialect
  local list = seen.write({ { account = account, fence = fence, entries = all } },
                          dialect)
  -- the first statement takes the lock of the account's row
  if opts.more then table.move(opts.more, 1, #opts.more, #list + 1, list) end
  list[#list + 1] = { EXTEND[dialect], account, fence, self.lease }
  local lists, message, code = locking_batch(self, list)
  if not lists then return nil, message, code end
  if #lists[1] == 0 then return nil, FENCED, "fenced" end
  return true
end

-- ------------------------------------------------------------------- standalone

local Sql = setmetatable({ __name = "pop3.state.sql" }, { __index = State })
Sql.__index = Sql

-- An account without a host; no fleet takes it.
local MAKE = "insert into pop3_account (name, due) values ($1, NOW) "
  .. "on conflict (name) do nothing"

-- Take the lease if it is free, expired, ours, or that of a dead process ($3).
local CLAIM = "update pop3_account set fence = fence + 1, worker = $2, due = LATER "
  .. "where name = $1 and (worker is null or due < NOW or worker = $2 "
  .. "or worker = $3) returning cast(id as text) as id, cast(fence as text) as fence"

local HOLDER = "select worker from pop3_account where name = $1"

local RELEASE = "update pop3_account set worker = null, due = NOW "
  .. "where id = $1 and fence = $2"

local LATER = {
  postgresql = "now() + make_interval(secs => $4)",
  sqlite = schema.now.sqlite .. " + $4",
}

-- A statement of this dialect.
local function said_in(dialect, text)
  return (text:gsub("%f[%w]%u%u%u+%f[%W]", {
    NOW = schema.now[dialect], LATER = LATER[dialect],
  }))
end

-- The name of an account as text of the database.
local function name_of(account)
  if utf8.len(account) and not account:find("\0", 1, true) then return account end
  return record.escape(account)
end

-- Connect; make the tables if there are none. False: there are none, and the state is
-- open for reading.
local function is_ready(self)
  return persist(self, function()
    local db, message, code = connection(self)
    if not db then return nil, message, code end
    local version
    version, message, code = schema.found(db)
    if not version then return nil, message, code end
    if version == 0 then
      if self.read_only then return false end
      local made
      made, message, code = schema.init(db)
      if not made then return nil, message, code end
    end
    return schema.check(db)
  end)
end

-- Does the account, or the whole database, not exist yet?
local function is_new(self, name)
  local path = self.url:match "^sqlite:(.+)$"
  if path and not core.lstat(path) then return true end
  local ok, message, code = is_ready(self)
  if ok == nil then return nil, message, code end
  if ok == false then return true end
  local lists
  lists, message, code = batch(self, { { "select cast(id as text) as id, "
    .. "cast(fence as text) as fence from pop3_account where name = $1", name } })
  if not lists then return nil, message, code end
  local row = lists[1][1]
  if not row then return true end
  self.account, self.fence = math.tointeger(row.id), math.tointeger(row.fence)
  return false
end

local function claim(self, name)
  local dialect = self.db.dialect
  local dead
  self.worker = owner.name(core.random(8))
  for _ = 1, 2 do
    local lists, message, code = locking_batch(self, {
      { said_in(dialect, MAKE), name },
      { said_in(dialect, CLAIM), name, self.worker, dead, self.lease },
      { HOLDER, name },
    })
    if not lists then
      return nil, message, code, { temporary = passing[code] or false }
    end
    local row = lists[2][1]
    if row then
      self.account, self.fence = math.tointeger(row.id), math.tointeger(row.fence)
      self.seq = 0
      return true
    end
    local holder = lists[3][1] and lists[3][1].worker or ""
    if not owner.is_dead(holder, "%x+") or dead then
      local pid, host = holder:match "^(%d+):([^:]*):"
      return nil, ("%s: in use by another run%s"):format(name,
        pid and (", process %s on %s"):format(pid, host) or ", " .. holder), "state",
        { temporary = true, locked_by = host == core.hostname()
                                        and math.tointeger(pid) or nil }
    end
    dead = holder
  end
end

function Sql:open(account, opts)
  local name = self.name or name_of(account)
  if self.entries then
    return nil, name .. ": in use by another run of this process", "state",
           { temporary = true, locked_by = core.getpid() }
  end
  self.wait = self.given_wait or opts and opts.wait
  self.read_only = opts and opts.read_only or false
  self.fenced, self.more, self.lazy, self.is_lazy = nil, nil, nil, nil
  local ok, message, code, info
  if self.read_only then
    local new
    new, message, code = is_new(self, name)
    if new then
      self.entries = {}
      return true
    end
    ok = new == false
  else
    ok, message, code = is_ready(self)
    if ok then ok, message, code, info = claim(self, name) end
  end
  if ok then
    ok, message, code, info = State.open(self, account, opts)
    if not ok and not self.read_only then self:release() end
  end
  if ok then return true end
  self:disconnect()
  return nil, message, code, info or { temporary = passing[code] or false }
end

-- Release the lease.
function Sql:release()
  if not self.fence or self.read_only or self.fenced then return true end
  local lists, message, code = locking_batch(self, {
    { said_in(self.db.dialect, RELEASE), self.account, self.fence } })
  self.fence = nil
  if not lists then return nil, message, code end
  return true
end

function Sql:disconnect()
  if self.db then self.db:close() end
  self.db, self.fence, self.entries = nil, nil, nil
end

function Sql:close()
  if not self.db then
    self.entries = nil
    return true
  end
  local ok, message, code = State.close(self)
  local released, why, why_code = self:release()
  self:disconnect()
  if not ok then return nil, message, code end
  if not released then return nil, why, why_code end
  return true
end

Sql.__close = Sql.disconnect
Sql.read, Sql.write = Store.read, Store.write

local state = {}

--- A state in a database. The tables are made when the database has none.
-- @tparam table opts
-- @tparam string opts.url `"sqlite:/path"`, or of PostgreSQL
-- (`"postgresql://user@host/database"`, `"host=/run/postgresql dbname=mail"`)
-- @tparam[opt] string opts.account the name to keep the state under, in place of the
-- option `account` of `pop3.sync`
-- @tparam[opt] string opts.driver "libpq" (the default for PostgreSQL) or "dbi"
-- @tparam[opt=600] number opts.lease seconds without a write after which another run
-- may take over the account; from a process that has died on this host it may do so
-- at once
-- @tparam[opt=30] number opts.timeout seconds for a statement
-- @tparam[opt=60] number opts.patience seconds of attempts to connect again after the
-- connection was lost; then the run ends with the code "connect"
-- @tparam[opt] function opts.wait the hook of an event loop; default: that of the
-- session
-- @treturn pop3.state.sql
-- @function sql
-- @usage
-- local pop3 = require "pop3"
-- local state = pop3.state.sql { url = "sqlite:" .. os.tmpname() }
-- assert(state:open "mrose@mail.example")
-- assert(next(state:seen()) == nil)
-- assert(state:close())
function state.sql(opts)
  argument.options(opts, { url = "string", account = "string", lease = "number",
                           driver = { dbi = true, libpq = true }, timeout = "number",
                           patience = "number", wait = "function" }, "state.sql", 1)
  if not opts.url then argument.misuse(1, "state.sql: option 'url' is needed") end
  local self = setmetatable({
    url = opts.url, driver = opts.driver, lease = opts.lease or 600,
    timeout = opts.timeout or 30, patience = opts.patience or 60,
    given_wait = opts.wait, name = opts.account and name_of(opts.account),
  }, Sql)
  self.store = self
  return self
end

return state
