--- Many accounts, many workers: `pop3.fleet{…}`, fetching on PostgreSQL.
--
-- The accounts, their schedule, and the records of their messages are in a database;
-- workers have no other state. Any number of workers, on any number of machines, claim
-- accounts that are due, fetch as `pop3.sync` does, and release them. When a worker
-- dies, or is frozen, others take over its accounts after the lease; no message is
-- lost, and no message is stored twice in a Maildir, an mbox or a table, see
-- `pop3.sync`. Writes of a worker that was frozen past its lease are refused: each
-- write carries a number, the fence, that grows whenever the account is claimed.
--
-- **When the database does not answer,** a worker waits and tries again, with growing
-- pauses up to ten seconds. Open sessions wait in their next write until the lease of
-- their account ends; then they end without QUIT. No DELE is sent meanwhile, since
-- nothing can be recorded.
--
-- **A worker that is frozen** holds up no other one, also when it is frozen in a
-- transaction, or its machine has lost the network. A transaction names the seconds
-- that its worker waits for it: `timeout` of `store`, 5 for a claim. After that time the
-- other workers end it; workers may have different time-outs, but must have the same
-- role in the database. Its accounts are taken over when its lease is over, too. An
-- mbox that it has locked stays locked until it goes on, or is killed.
--
-- **The end of a worker.** After SIGTERM, SIGINT or SIGHUP it claims no more. Sessions have
-- `grace` seconds to finish; then they are ended and their accounts released, due at
-- once. A second signal ends the grace period.
--
-- **Clocks.** All times are those of the database. The clock of a worker changes neither
-- schedule nor leases nor the age of a message, only whether a TLS certificate has
-- expired.
--
-- **Connections.** A worker has three connections to the database, whatever the number
-- of its sessions; the methods below use another one.
--
--     local fleet = pop3.fleet{ store = "host=/run/postgresql dbname=mail",
--                               into = { maildir = "/srv/mail/{name}" } }
--     assert(fleet:init())                    -- make the tables
--     assert(fleet:add{ url = "pops://ann@mail.example", every = 300,
--                       secret = "file:/etc/lpop3/ann" })
--     assert(fleet:run())                     -- run a worker, until a signal
--
-- @classmod pop3.fleet
-- @alias Fleet
-- @usage
-- local pop3 = require "pop3"
-- local fleet = pop3.fleet{ store = "host=/run/postgresql dbname=mail",
--                           into = { maildir = "/srv/mail/{name}" },
--                           jobs = 200, per_host = 10, log = print }
-- fleet:close()

local abandoned = require "pop3.sql.abandoned"
local accounts = require "pop3.fleet.accounts"
local argument = require "pop3.util.argument"
local deliver = require "pop3.fleet.deliver"
local json = require "pop3.util.json"
local new_worker = require "pop3.fleet.worker"
local overview = require "pop3.fleet.overview"
local schema = require "pop3.sql.schema"
local secret = require "pop3.account.secret"
local sql = require "pop3.sql"

local Fleet = { __name = "pop3.fleet" }
Fleet.__index = Fleet

local known = {
  store = "string table", into = "any", jobs = "integer", per_host = "integer",
  lease = "number", poll = "number", grace = "number", secret = "string function",
  defaults = "table", worker = "string", log = "function", events = "boolean",
  signals = "boolean", until_idle = "boolean", hook = "function", tasks = "table",
  key_file = "string",
}

local TIMEOUT = 30  -- seconds for a call of `pop3.sql`, unless `store` says another

local function positive(opts, ...)
  for _, name in ipairs { ... } do
    local value = opts[name]
    if value and not (value > 0 and value < math.huge) then
      argument.misuse(2, "fleet: option '%s' must be positive", name)
    end
  end
end

-- Make a fleet. Nothing is connected yet. See `pop3.fleet` in the main module for the
-- options.
local function new(opts)
  argument.options(opts, known, "fleet", 1)
  local store = {}
  if type(opts.store) == "string" then
    store.url = opts.store
  else
    for name, value in pairs(opts.store or {}) do store[name] = value end
  end
  if type(store.url) ~= "string" then
    argument.misuse(1, "fleet: option 'store' must be the URL of a database")
  elseif store.url:find "^sqlite:" then
    argument.misuse(1, "fleet: a fleet needs PostgreSQL; for SQLite there is "
                    .. "pop3.state.sql")
  end
  positive(opts, "jobs", "per_host", "lease", "poll", "grace")
  deliver.check(opts.into, 1)
  if type(opts.secret) == "string" then
    local ok, message = secret.refer({}, opts.secret)
    if not ok then argument.misuse(1, "fleet: option 'secret': %s", message) end
  end
  local all = { database = store, jobs = opts.jobs or 100,
                lease = opts.lease or 300, poll = opts.poll or 5,
                grace = opts.grace or 30 }
  for name, value in pairs(opts) do
    if all[name] == nil then all[name] = value end
  end
  if all.signals == nil then all.signals = true end
  -- a call that takes longer than a lease is of no use
  store.timeout = math.min(store.timeout or TIMEOUT, all.lease)
  return setmetatable({ opts = all }, Fleet)
end

-- Call a function with the connection of this process.
local function with_any(self, fn, ...)
  if not self.db then
    local db, message, code = sql.open(self.opts.database)
    if not db then return nil, message, code end
    self.db = db
  end
  local answer = table.pack(fn(self.db, ...))
  if answer[1] == nil and answer[3] == "timeout" then
    -- where no worker runs nobody else does it: the next call succeeds
    self.db:query(table.unpack(abandoned.finish()))
  end
  return table.unpack(answer, 1, answer.n)
end

-- The same, when the tables are those of this library.
local function with(self, fn, ...)
  if not self.is_checked then
    local ok, message, code = with_any(self, schema.check)
    if not ok then return nil, message, code end
    self.is_checked = true
  end
  return with_any(self, fn, ...)
end

-- Names, one name, `{ match = }`, `{ host = }` or `{ all = true }`.
local function check_which(which, what)
  if type(which) == "string" then return { names = { which } } end
  if type(which) == "table" and type(which[1]) == "string" then
    return { names = which }
  end
  if type(which) ~= "table" or not (which.all == true or type(which.host) == "string"
                                    or type(which.names) == "table"
                                    or type(which.match) == "table") then
    argument.misuse(2, "fleet: %s: which accounts? A name, a list of names, "
                    .. "{ match = { … } }, { host = } or { all = true }", what)
  end
  return which
end

--- Make the tables, or bring them to the version of this library. It may be repeated.
-- @treturn integer the version before, 0 when there were none; or nil, message, code:
-- "schema" when the tables are of a newer version
function Fleet:init()
  return with_any(self, schema.init)
end

--- Add accounts.
--
-- The keys of an account are those of `pop3 fetch` (`url` or `host`, `port`, `user`,
-- `tls`; `maildir`, `mbox`, `lmtp`, `pipe`; the options of `pop3.sync`: `keep`, `max_size`
-- and so on), and `name` (default "user@host:port"; the state is kept under it),
-- `every` (300: seconds between two runs), `due` (0: seconds until the first one),
-- `secret`: where the secret is, `"command:TEXT"` (a command that prints it),
-- `"token:TEXT"` (a command that prints an OAuth token), `"file:PATH"`, `"env:NAME"`,
-- `"netrc"` or `"netrc:PATH"`. The secret itself is not in the database, or only sealed
-- by a key outside of it, as `pop3 fleet add --seal` does. `seed` is for the first run:
-- after a run that went well, or that recorded something, it has no effect.
-- @tparam table account one account, or a list of them
-- @tparam[opt] table opts `replace = true`: replace accounts that exist by the given
-- ones; `refuse = true`: accounts that exist are an error; `seen`: the records about
-- the messages of new accounts, name → what `seen()` of a state returns
-- (`pop3.sync.state`)
-- @treturn {string,...} the names of the accounts that were added or replaced; other
-- accounts existed and are unchanged. Or nil, message, code, and no account was added:
-- "options" when an account is invalid, "exists" when accounts exist (their names are
-- the fourth value)
function Fleet:add(account, opts)
  opts = opts or {}
  argument.options(opts, { replace = "boolean", refuse = "boolean",
                           seen = "table" }, "fleet: add", 1)
  if opts.seen and opts.replace then
    argument.misuse(1, "fleet: add: options 'seen' and 'replace' exclude each other")
  end
  if type(account) ~= "table" then
    argument.misuse(1, "fleet: add: an account is a table")
  end
  local list = (account[1] or next(account) == nil) and account or { account }
  return with(self, accounts.add, list, opts)
end

--- Change an account: its next run has the new values.
-- @tparam string name
-- @tparam table changes keys and values, as for `add`
-- @tparam[opt] {string,...} without keys to remove
-- @treturn boolean true; false when there is no such account; or nil, message, code
function Fleet:change(name, changes, without)
  return with(self, accounts.change, name, changes, without)
end

--- Remove accounts and the records of their messages. A session that runs ends without
-- QUIT. Directories that dead workers have left in the Maildir of the account, its own or
-- that of the option `into`, are removed if this process can reach them; what it cannot
-- reach goes when mail is delivered there later than after 36 hours.
-- @tparam string|table which a name, a list of names, `{ match = }` (a list of patterns
-- of a shell: "*", "?", and "\" before one of them), `{ host = }` or `{ all = true }`
-- @treturn {string,...} the names of those that were removed; or nil, message, code
function Fleet:remove(which)
  local names, rows, code = with(self, accounts.remove, check_which(which, "remove"))
  if not names then return nil, rows, code end
  for _, row in ipairs(rows) do
    deliver.forget(row, json.decode(row.options) or {}, self.opts.into)
  end
  return names
end

--- Park accounts: no worker claims them until `resume`. A session that runs goes on. A
-- refused login parks an account as well.
-- @tparam string|table which as for `remove`
-- @tparam[opt="parked"] string reason
-- @treturn {string,...} the names of those that were not parked before; or nil,
-- message, code
function Fleet:park(which, reason)
  return with(self, accounts.park, check_which(which, "park"), reason or "parked")
end

--- Resume parked accounts: they are due at once, and their failures are forgotten.
-- @tparam string|table which as for `remove`
-- @treturn {string,...} the names of those that were parked; or nil, message, code
function Fleet:resume(which)
  return with(self, accounts.resume, check_which(which, "resume"))
end

--- Make accounts due.
-- @tparam string|table which as for `remove`
-- @tparam[opt=0] number seconds from now
-- @treturn {string,...} the names of those that are due; not those that are being
-- fetched now, or are parked. Or nil, message, code
function Fleet:due(which, seconds)
  return with(self, accounts.due, check_which(which, "due"), (seconds or 0) * 1.0)
end

--- The status of the fleet.
-- @treturn table `accounts`, `parked`, `leased`, `due`, `failing` (their last run
-- failed), `never` (without a successful run): counts. `late`: seconds since the first
-- of the waiting accounts became due. `workers`: a list of `{ worker =, sessions =,
-- hosts =, lease = }` (`lease`: seconds until its first lease ends).
-- `failing_hosts`: at most ten of `{ host =, failing = }`. Or nil, message, code
function Fleet:status()
  return with(self, overview.status)
end

--- The accounts and their states, sorted by name.
-- @tparam[opt] table opts `state`: "all" (default), "due", "waiting", "leased",
-- "parked", "failing"; `host`; `names`: a list; `match`: a list of patterns, as for
-- `remove`; `worker`: a pattern; `after`: only names after this one; `limit` (100)
-- @treturn {table,...} each with `id`, `name`, `host`, `port`, `user`, `options`,
-- `secret_ref`, `every`, `state`, `due_in` (seconds; negative when it is late),
-- `fence`, `worker`, `failures`, `parked` (the reason), `ok_ago` (seconds since the
-- last successful run), `last_error`, `result` (counts of the last run). Or nil,
-- message, code
function Fleet:list(opts)
  opts = opts or {}
  argument.options(opts, { state = overview.states, host = "string",
    names = "table", match = "table", worker = "string", after = "string",
    limit = "integer" }, "fleet: list", 1)
  return with(self, overview.list, opts)
end

--- Run a worker: claim accounts that are due and fetch them, until `stop`, a signal,
-- or, with the option `until_idle`, until nothing is due. It runs an event loop, so a
-- task of another loop must not call it.
--
-- The option `log` gets a table for each event: `time`, `worker`, and `event`:
--
-- - "start", "stop", "signal" (`text`), "claim" (`accounts`), "database" (`state`:
--   "away" or "back"), "trouble" (`text`, `code`)
-- - "run", at the end of each run of an account: `account` (its name), `id`, `host`,
--   `fence`, `kind` ("ok", "later", "person", "parked", "interrupted", "fenced"),
--   `text`, `code`, `counts` (`new`, `deleted` and so on), `seconds`, `late` (seconds
--   from due to claimed), `failures`, `next` (seconds to the next run), `taken_over`
-- - "message", with the option `events`: those of `pop3.sync`, and `account`
-- @treturn boolean true; or nil, message, code when it cannot begin ("schema", "sql")
function Fleet:run()
  if self.working then argument.misuse(1, "fleet: the worker runs") end
  local worker = new_worker(self.opts)
  self.working, self.worked = worker, worker
  local answer = table.pack(pcall(worker.run, worker))
  self.working = nil
  if not answer[1] then error(answer[2], 0) end
  return table.unpack(answer, 2, answer.n)
end

--- End `run` of this process, as after SIGTERM but without a limit of the grace period.
-- A hook, a log function or a delivery may call it.
function Fleet:stop()
  if self.working then self.working:stop() end
end

--- The counters of the worker of this process: `claims`, `claimed`, `taken_over`,
-- `ok`, `later`, `person`, `parked`, `interrupted`, `fenced` (runs), `new`, `deleted`,
-- `octets`, `heartbeats`, `reads`, `writes`, `entries`, `transactions`,
-- `unreleased`. A missing count is 0; `running` is the number of sessions now.
-- @treturn table
function Fleet:counters()
  local made = {}
  if self.worked then
    for name, value in pairs(self.worked.counters) do made[name] = value end
    made.running = self.worked.running
  end
  return made
end

--- Close the connection of the methods above.
function Fleet:close()
  if self.db then self.db:close() end
  self.db = nil
end

Fleet.__close = Fleet.close

return new
