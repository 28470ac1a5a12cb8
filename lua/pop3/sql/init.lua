--- A connection to an SQL database: PostgreSQL or SQLite.
--
-- `pop3.state.sql`, `pop3.inbox` and `pop3.fleet` use it. It has only what they need:
-- statements with bound parameters, transactions, and codes that tell whether a
-- statement was executed.
--
-- | code | meaning |
-- |---|---|
-- | "connect" | the database does not answer, or is full: nothing was done; try later |
-- | "unknown" | the connection was lost during a statement, which may be executed |
-- | "timeout" | the time has passed: as "unknown" |
-- | "sql" | the database refuses the statement; the fourth value is its SQLSTATE |
--
-- After "connect", "unknown" and "timeout" the next call connects again.
--
-- One connection serves one task of a loop at a time; a call during the call of
-- another task is an error.
-- @module pop3.sql
-- @usage
-- local sql = require "pop3.sql"
-- local db <close> = assert(sql.open { url = "sqlite:" .. os.tmpname() })
-- assert(db:query "create table t (a integer, b text)")
-- assert(db:query("insert into t values ($1, $2)", 1, "it's"))
-- assert(db:query("select b from t where a = $1", 1)[1].b == "it's")

local argument = require "pop3.util.argument"

local sql = {}

local Octets = { __name = "pop3.sql.octets" }

--- Octets as a parameter, for a column of the type bytea (PostgreSQL) or blob
-- (SQLite). A string is text, which must not hold NUL.
-- @tparam string s
-- @treturn pop3.sql.octets
function sql.octets(s)
  if type(s) ~= "string" then
    argument.misuse(1, "sql.octets: octets are a string, not a %s", type(s))
  end
  return setmetatable({ s }, Octets)
end

--- Connect.
-- @tparam table opts
-- @tparam string opts.url `"postgresql://user@host/database"` or
-- `"host=/run/postgresql dbname=mail"`, as libpq takes it; or `"sqlite:/path"`
-- @tparam[opt] string opts.driver "libpq": libpq's non-blocking calls (the default
-- for PostgreSQL); "dbi": LuaDBI, whose calls block the process (SQLite has no
-- other)
-- @tparam[opt] function opts.wait the hook of an event loop, see `pop3.loop`
-- @tparam[opt=30] number opts.timeout seconds for a call
-- @treturn[1] db with the methods below
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code "connect", or "sql" when a library is missing or the URL
-- is wrong
function sql.open(opts)
  argument.options(opts, { url = "string", wait = "function", timeout = "number",
                           driver = { dbi = true, libpq = true } }, "sql.open", 1)
  if not opts.url then argument.misuse(1, "sql.open: option 'url' is needed") end
  if opts.url:find("\0", 1, true) then
    argument.misuse(1, "sql.open: the URL holds NUL")
  end
  local timeout = opts.timeout or 30
  if not (timeout > 0 and timeout < math.huge) then
    argument.misuse(1, "sql.open: option 'timeout' must be a positive number")
  end
  local path = opts.url:match "^sqlite:(.+)$"
  if path then
    if opts.driver == "libpq" then
      argument.misuse(1, "sql.open: the driver of SQLite is \"dbi\"")
    end
    return require "pop3.sql.dbi".sqlite(path, timeout)
  elseif opts.driver == "dbi" then
    return require "pop3.sql.dbi".postgresql(opts.url, timeout)
  end
  return require "pop3.sql.postgres"(opts.url, timeout, opts.wait)
end

--- Which SQL the database speaks: "postgresql" or "sqlite".
-- @field db.dialect

--- Are integers of 64 bits read exactly? LuaDBI cuts them to 32 bits: select
-- `cast(x as text)` there.
-- @field db.reads_64_bits

--- Execute one statement.
-- @function db:query
-- @tparam string text the parameters are `$1`, `$2` and so on
-- @param ... strings, numbers, booleans, nil, `sql.octets`. They are bound, never
-- put into the text
-- @treturn[1] {table,...} rows: column → value. Integers are integers, booleans
-- booleans (SQLite: 0 and 1), the rest strings; NULL is nil
-- @treturn[1] integer rows that were returned or changed
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @treturn[2] ?string SQLSTATE

--- Execute statements in one transaction: all, or none of them. With libpq they
-- take one round trip.
-- @function db:batch
-- @tparam {table,...} list of `{ text, parameter, ... }`
-- @treturn {table,...} for each its rows; or nil, message, code, SQLSTATE

--- Execute a function in a transaction. When it returns nil or raises an error,
-- nothing was done.
-- @function db:transaction
-- @tparam function fn `function(db)`
-- @return what it returned; or nil, message, code, SQLSTATE

--- Ask for the notifications of a channel (PostgreSQL's LISTEN), also after
-- the next connect.
-- @function db:listen
-- @tparam string channel a name of letters, digits and "_"
-- @treturn boolean true; or nil, message, code

--- Wait for a notification.
-- @function db:notified
-- @tparam number seconds
-- @treturn string its payload; or nil, message, "timeout" (there is none) or
-- "connect"
-- @treturn string its channel

--- An expression for a column of octets, so that `db:octets` can read its value.
-- @function db:select_octets
-- @tparam string expression
-- @treturn string

--- The octets of such a value.
-- @function db:octets
-- @tparam string value
-- @treturn string

--- Close the connection.
-- @function db:close

return sql
