--- PostgreSQL and SQLite by LuaDBI, for `pop3.sql`. Its calls block the process, so
-- `pop3.sql.postgres` is better for PostgreSQL in a loop.
--
-- LuaDBI does not give the SQLSTATE: the code of an error comes from its text and
-- from a check of the connection. A statement is limited by the server
-- (statement_timeout), or by SQLite's busy handler; a server that is stopped in the
-- middle of a call blocks the process until TCP times out.
-- @module pop3.sql.dbi
-- @local

local core = require "pop3.core"
local statement = require "pop3.sql.statement"

local Db = { __name = "pop3.sql.dbi" }
Db.__index = Db

local EXACT = 1 << 53  -- integers up to it are exact as floats
local CACHED = 64      -- prepared statements that are kept
local ATTEMPTS = 5     -- at a transaction that others prevented

-- Octets and hexadecimal digits: PostgreSQL has small ones, SQLite capitals.
local hex_of, octet_of = {}, {}
for i = 0, 255 do
  local octet, hex = string.char(i), ("%02x"):format(i)
  hex_of[octet], octet_of[hex], octet_of[hex:upper()] = hex, octet, octet
end

local function said(message)
  message = tostring(message):gsub("^Error %l+ %l+ %l+: ", "")
    :gsub("^Execute failed ", ""):gsub("^ERROR: +", ""):gsub("[\r\n].*", "")
  return "database: " .. message
end

-- ---------------------------------------------------------- the two databases

local Postgresql = {
  dialect = "postgresql", module = "dbd.postgresql", begin = "begin",
  hex = "encode(%s, 'hex')",
}

local function float(n)
  if n ~= n then return "NaN" end
  if n == math.huge then return "Infinity" end
  if n == -math.huge then return "-Infinity" end
  return ("%.17g"):format(n)
end

function Postgresql.bind(value)
  local kind = type(value)
  if kind == "boolean" then return value and "t" or "f" end
  if kind == "number" then
    return math.type(value) == "float" and float(value) or ("%d"):format(value)
  end
  if kind == "table" then
    return "\\x" .. value[1]:gsub(".", hex_of)
  end
  return value
end

function Postgresql.text(text)
  return text
end

-- LuaDBI gives its first argument to libpq, which takes a connection string there.
function Postgresql.open(self)
  return self.driver.New(self.where)
end

function Postgresql.set_up(self)
  return { { statement.SETTINGS, statement.milliseconds(self.timeout) } }
end

-- Messages of libpq about a lost connection, which LuaDBI's ping does not notice.
local LOST = { "server closed the connection", "connection to server was lost",
               "no connection to the server", "could not receive data",
               "could not send data", "connection has been closed", "SSL error",
               "SSL SYSCALL error" }

-- What an error means: code, whether the connection is lost, and, where others depend on
-- it, SQLSTATE.
function Postgresql.code(self, message)
  if message:find("terminating connection", 1, true) then return "connect", true end
  if not self.connection:ping() then return "unknown", true end
  for _, words in ipairs(LOST) do
    if message:find(words, 1, true) then return "unknown", true end
  end
  if message:find("due to lock timeout", 1, true) then
    return "timeout", false, "55P03"
  end
  if message:find("canceling statement due to", 1, true) then return "timeout" end
  if message:find("deadlock detected", 1, true)
     or message:find("could not serialize", 1, true) then
    return "sql", false, "40001"
  end
  return "sql"
end

local Sqlite = {
  dialect = "sqlite", module = "dbd.sqlite3", begin = "begin immediate",
  hex = "hex(%s)",
}

function Sqlite.bind(value)
  local kind = type(value)
  if kind == "boolean" then return value and 1 or 0 end
  if kind == "table" then return value[1] end
  -- LuaDBI binds numbers as floats
  if math.type(value) == "integer" and (value > EXACT or value < -EXACT) then
    return ("%d"):format(value)
  end
  return value
end

-- In SQLite "$1" is a name.
function Sqlite.text(text)
  return (text:gsub("%$(%d+)", "?%1"))
end

-- Only the owner may read a new file; SQLite gives its other files the same mode.
function Sqlite.open(self)
  if self.where ~= ":memory:" and not core.stat(self.where) then
    local file = core.open(self.where, "wc")
    if file then file:close() end  -- otherwise SQLite says why it cannot be opened
  end
  return self.driver.New(self.where)
end

function Sqlite.set_up(self)
  return {
    { ("pragma busy_timeout = %d"):format(math.ceil(self.timeout * 1000)) },
    { "pragma foreign_keys = on" },
    { "pragma journal_mode = wal" },
    { "pragma synchronous = full" },
  }
end

function Sqlite.code(_, message)
  if message:find("is locked", 1, true) or message:find("disk is full", 1, true)
     or message:find("unable to open", 1, true) then
    return "connect"
  end
  return "sql"
end

-- ------------------------------------------------------------------ connecting

local function drop(self)
  local connection = self.connection
  self.connection = nil
  for _, each in pairs(self.statements) do each:close() end
  self.statements, self.cached = {}, 0
  if connection then connection:close() end
end

local run

local function connect(self)
  if self.connection then
    if not self.is_stale then return true end
    -- the connection was idle, or lost
    self.is_stale = false
    if self.connection:ping() then return true end
    drop(self)
  end
  local ok, connection, message = pcall(self.kind.open, self)
  if not ok then connection, message = nil, connection end
  if not connection then
    return nil, said(message), "connect"
  end
  self.connection = connection
  connection:autocommit(true)
  for _, s in ipairs(self.kind.set_up(self)) do
    local rows
    rows, message = run(self, s)
    if not rows then
      drop(self)
      return nil, message, "connect"
    end
  end
  return true
end

-- -------------------------------------------------------------------- statements

local function failed(self, message)
  local code, is_lost, state = self.kind.code(self, message)
  if is_lost then drop(self) end
  return nil, said(message), code, state
end

local function fetch(handle)
  local rows = {}
  local columns = handle:columns()
  if not columns or #columns == 0 then return rows, handle:affected() end
  local row = handle:fetch(true)
  while row do
    local copy = {}
    for name, value in pairs(row) do copy[name] = value end
    rows[#rows + 1] = copy
    row = handle:fetch(true)
  end
  return rows, #rows
end

-- Prepared statements of PostgreSQL are kept; those of SQLite would keep its locks.
local function prepare(self, text)
  local handle = self.statements[text]
  if handle then return handle, true end
  local ok, message
  ok, handle, message = pcall(self.connection.prepare, self.connection,
                              self.kind.text(text))
  if not ok or not handle then return nil, tostring(not ok and handle or message) end
  if self.kind ~= Postgresql or self.cached >= CACHED then return handle, false end
  self.statements[text], self.cached = handle, self.cached + 1
  return handle, true
end

-- Execute one statement: rows, affected; or nil, message, code, state.
run = function(self, s)
  local handle, is_kept = prepare(self, s[1])
  if not handle then return failed(self, is_kept) end
  local n = statement.parameters(s[1])
  local values = {}
  for i = 1, n do values[i] = self.kind.bind(s[i + 1]) end
  local returned, ok, message = pcall(handle.execute, handle,
                                      table.unpack(values, 1, n))
  local rows, affected
  if returned and ok then
    returned, rows, affected = pcall(fetch, handle)
    if not returned then message = rows end
  elseif not returned then
    message = ok
  end
  if not is_kept then handle:close() end
  if returned and ok then return rows, affected end
  return failed(self, tostring(message))
end

local function check_open(self, level)
  if self.is_closed then error("sql: the connection is closed", level + 1) end
end

-- Connect, unless a transaction is open.
local function ready(self)
  if not self.in_transaction then return connect(self) end
  if self.connection then return true end
  return nil, "database: the connection was lost in a transaction", "connect"
end

-- What was done in a transaction before COMMIT is undone.
local function settled(self, code)
  if self.in_transaction and not self.connection then return "connect" end
  return code
end

function Db:query(text, ...)
  local s = { text, ... }
  statement.check(s, select("#", ...) + 1, 1)
  check_open(self, 2)
  local ok, message, code = ready(self)
  if not ok then return nil, message, code end
  local rows, affected, why, state = run(self, s)
  self.is_stale = true
  if not rows then return nil, affected, settled(self, why), state end
  return rows, affected
end

-- Execute a function between BEGIN and COMMIT.
local function within(self, fn)
  local ok, message, code, state = run(self, { self.kind.begin })
  if not ok then return nil, message, code, state end
  self.in_transaction = true
  local outcome = table.pack(pcall(fn, self))
  self.in_transaction = false
  if not outcome[1] or outcome[2] == nil then
    if self.connection and not run(self, { "rollback" }) then drop(self) end
    if not outcome[1] then error(outcome[2], 0) end
    return table.unpack(outcome, 2, outcome.n)
  elseif not self.connection then
    return nil, "database: the connection was lost in a transaction", "connect"
  end
  -- PostgreSQL answers COMMIT of a transaction that has failed by ROLLBACK
  if self.kind == Postgresql and not run(self, { "select 1" }) then
    if not self.connection then
      return nil, "database: the connection was lost in a transaction", "connect"
    end
    if not run(self, { "rollback" }) then drop(self) end
    return nil, "database: the transaction was rolled back", "sql"
  end
  ok, message, code, state = run(self, { "commit" })
  if not ok then
    if self.connection and not run(self, { "rollback" }) then drop(self) end
    return nil, message, code, state
  end
  return table.unpack(outcome, 2, outcome.n)
end

function Db:transaction(fn)
  check_open(self, 2)
  if self.in_transaction then error("sql: a transaction in a transaction", 2) end
  local ok, message, code = connect(self)
  if not ok then return nil, message, code end
  self.is_stale = true
  return within(self, fn)
end

local function run_all(self, list)
  local all = {}
  for i, s in ipairs(list) do
    local rows, message, code, state = run(self, s)
    if not rows then return nil, message, settled(self, code), state end
    all[i] = rows
  end
  return all
end

function Db:batch(list)
  for _, s in ipairs(list) do statement.check(s, #s, 1) end
  check_open(self, 2)
  if #list == 0 then return {} end
  local ok, message, code = ready(self)
  if not ok then return nil, message, code end
  self.is_stale = true
  if self.in_transaction or #list == 1 then return run_all(self, list) end
  local all, state
  for _ = 1, ATTEMPTS do
    all, message, code, state = within(self, function() return run_all(self, list) end)
    if all or not statement.again[state] or not self.connection then break end
  end
  return all, message, code, state
end

-- ------------------------------------------------------------------------ other

function Db.listen(_, channel)
  statement.channel(channel, 1)
  return nil, "LuaDBI has no notifications: use the driver \"libpq\"", "sql"
end

function Db.notified()
  return nil, "LuaDBI has no notifications: use the driver \"libpq\"", "sql"
end

function Db:select_octets(expression)
  return self.kind.hex:format(expression)
end

function Db.octets(_, value)
  return (value:gsub("%x%x", octet_of))
end

function Db:close()
  self.is_closed = true
  drop(self)
end

Db.__close = Db.close

local function open(kind, where, timeout)
  local found, driver = pcall(require, kind.module)
  if not found then
    return nil, ("LuaDBI's module %s is missing (Debian's package is lua-%s)")
      :format(kind.module, (kind.module:gsub("^dbd%.", "dbi-"))), "sql"
  end
  local self = setmetatable({ kind = kind, dialect = kind.dialect, driver = driver,
                              where = where, timeout = timeout, statements = {},
                              cached = 0 }, Db)
  local ok, message, code = connect(self)
  if not ok then return nil, message, code end
  return self
end

local dbi = {}

--- Open a database of SQLite; it is made if it does not exist.
-- @tparam string path
-- @tparam number timeout
-- @treturn db; or nil, message, code
function dbi.sqlite(path, timeout)
  return open(Sqlite, path, timeout)
end

--- Connect to PostgreSQL.
-- @tparam string url
-- @tparam number timeout
-- @treturn db; or nil, message, code
function dbi.postgresql(url, timeout)
  local options, message, code = core.pq.parse(url)
  if not options then return nil, message, code end
  local milliseconds = math.ceil(timeout * 1000)
  local given = {
    connect_timeout = math.max(2, math.ceil(timeout)), application_name = "lpop3",
    tcp_user_timeout = milliseconds,
  }
  for name, value in pairs(options) do given[name] = value end
  given.client_encoding = "UTF8"
  local words = {}
  for name, value in pairs(given) do
    words[#words + 1] = ("%s='%s'"):format(name, (tostring(value):gsub("[\\']", "\\%0")))
  end
  return open(Postgresql, table.concat(words, " "), timeout)
end

return dbi
