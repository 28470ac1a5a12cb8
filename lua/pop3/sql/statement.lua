--- Functions that the drivers of `pop3.sql` share: parameters, and the codes for
-- SQLSTATEs.
-- @module pop3.sql.statement
-- @local

local argument = require "pop3.util.argument"

local statement = {}

--- The statement that prepares a session of PostgreSQL. Its parameter is the time for a
-- call of `pop3.sql`. A transaction whose client is frozen between two statements
-- ends after that time, too; see also `pop3.sql.abandoned`.
statement.SETTINGS = "select set_config('statement_timeout', $1, false), "
  .. "set_config('idle_in_transaction_session_timeout', $1, false), "
  .. "set_config('bytea_output', 'hex', false), "
  .. "set_config('client_min_messages', 'warning', false)"

--- Seconds as a setting of PostgreSQL.
-- @tparam number seconds
-- @treturn string
function statement.milliseconds(seconds)
  return ("%dms"):format(math.max(1, math.ceil(seconds * 1000)))
end

--- How many parameters a statement has: its highest "$n".
-- @tparam string text
-- @treturn integer
function statement.parameters(text)
  local count = 0
  for n in text:gmatch "%$(%d+)" do
    count = math.max(count, math.tointeger(tonumber(n)))
  end
  return count
end

--- Check the form of a statement.
-- @tparam table s `{ text, parameter, ... }`
-- @tparam integer n how many values it has
-- @tparam integer level see `pop3.util.argument`
function statement.check(s, n, level)
  if type(s) ~= "table" or type(s[1]) ~= "string" then
    argument.misuse(level + 1, "sql: a statement is a string")
  end
  local count = statement.parameters(s[1])
  if n - 1 > count then
    argument.misuse(level + 1, "sql: the statement has %d parameters, not %d",
                    count, n - 1)
  end
  for i = 2, count + 1 do
    local kind = type(s[i])
    if kind == "string" and s[i]:find("\0", 1, true) then
      argument.misuse(level + 1, "sql: parameter %d is text that holds NUL: "
                      .. "use sql.octets", i - 1)
    elseif kind == "table" and type(s[i][1]) ~= "string" or kind == "function"
           or kind == "userdata" or kind == "thread" then
      argument.misuse(level + 1, "sql: parameter %d is a %s", i - 1, kind)
    end
  end
end

--- A name of a channel.
function statement.channel(name, level)
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" or #name > 63 then
    argument.misuse(level + 1, "sql: a channel is a name of letters, digits and _")
  end
  return name
end

-- SQLSTATEs: a transaction idled for too long; a statement took too long; a lock did not
-- come in time.
local IDLE, CANCELED, LOCKED = "25P03", "57014", "55P03"

--- Does an SQLSTATE say that another transaction holds a lock? The statement was not
-- executed.
-- @tparam ?string state
-- @treturn boolean
function statement.is_locked(state)
  return state == LOCKED
end

--- The code of an error of PostgreSQL.
-- @tparam ?string state SQLSTATE; nil when the connection was lost
-- @treturn string code of `pop3.sql`
-- @treturn boolean is the connection lost?
function statement.code(state)
  if not state or state:sub(1, 2) == "08" then return "unknown", true end
  if state:sub(1, 3) == "57P" or state == IDLE then return "connect", true end
  if state:sub(1, 2) == "53" then return "connect", false end
  if state == CANCELED or state == LOCKED then return "timeout", false end
  return "sql", false
end

--- Serialization failure, deadlock: nothing was done, and the same may work now.
statement.again = { ["40001"] = true, ["40P01"] = true }

return statement
