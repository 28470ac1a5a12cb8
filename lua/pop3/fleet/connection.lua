--- A connection of a worker to the database: it opens at the first call, tasks share it
-- one after the other, and a call is repeated until the database answers.
-- @module pop3.fleet.connection
-- @local

local sql = require "pop3.sql"
local statement = require "pop3.sql.statement"

local Connection = { __name = "pop3.fleet.connection" }
Connection.__index = Connection

local FIRST, LONGEST = 0.1, 10  -- seconds between two attempts

-- Codes after which the same statement is executed again: all statements of a fleet
-- are idempotent.
local passing = { connect = true, unknown = true, timeout = true }

--- Make a connection. Nothing is opened yet.
-- @tparam pop3.loop.own loop
-- @tparam table opts of `pop3.sql.open`, without `wait`
-- @tparam[opt] function noticed `function(state, message)`: the state is "away" when
-- the database does not answer a call, "back" when a later call succeeds
-- @treturn connection
local function new(loop, opts, noticed)
  local all = { wait = loop.wait }
  for name, value in pairs(opts) do all[name] = value end
  return setmetatable({
    loop = loop, opts = all, free = loop:condition(), in_use = false,
    noticed = noticed, away = false,
  }, Connection)
end

-- The results of a call on an open connection.
local function call(self, method, ...)
  if not self.db then
    local db, message, code = sql.open(self.opts)
    if not db then return nil, message, code end
    self.db = db
  end
  if type(method) == "function" then return method(self.db, ...) end
  return self.db[method](self.db, ...)
end

--- Call a method of `pop3.sql`, or a function with the connection, after the calls of
-- other tasks.
-- @tparam string|function method
-- @param ... its arguments
-- @return its results; nil, message, "timeout" when the task cannot wait
function Connection:call(method, ...)
  while self.in_use do
    if not self.free:wait() and self.in_use then
      return nil, "interrupted", "timeout"
    end
  end
  self.in_use = true
  local answer = table.pack(pcall(call, self, method, ...))
  self.in_use = false
  self.free:signal()
  if not answer[1] then error(answer[2], 0) end
  local away = not answer[2] and passing[answer[4]]
               and not statement.is_locked(answer[5]) or false
  if away ~= self.away then
    self.away = away
    if self.noticed then self.noticed(away and "away" or "back", answer[3]) end
  end
  return table.unpack(answer, 2, answer.n)
end

--- Can the same statement succeed later?
-- @tparam ?string code
-- @treturn boolean
function Connection.is_passing(code)
  return passing[code] or false
end

--- Seconds to wait before an attempt, with jitter, so that many workers do not connect
-- at the same moment.
-- @tparam integer failures until now, 1 or more
-- @treturn number
function Connection.delay(failures)
  local most = math.min(LONGEST, FIRST * 2.0 ^ math.min(failures - 1, 20))
  return most * (0.5 + math.random() / 2)
end

--- Close it.
function Connection:close()
  if self.db then self.db:close() end
  self.db = nil
end

return new
