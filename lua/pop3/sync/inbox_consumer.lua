--- The consumers' side of `pop3.inbox`: take messages out of the table.
-- @submodule pop3.inbox

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local pause = require "pop3.util.pause"
local record = require "pop3.sync.record"
local schema = require "pop3.sql.schema"
local sql = require "pop3.sql"

local methods = {}

local Message = { __name = "pop3.inbox.message" }
Message.__index = Message

-- The connection of the consumer.
local function connection(self, level)
  if self.db then return self.db end
  local opts = self.opts
  if not opts.url then
    argument.misuse(level + 1, "inbox: a consumer needs the option 'url'")
  end
  local db, message, code = sql.open { url = opts.url, driver = opts.driver,
                                       wait = opts.wait, timeout = opts.timeout }
  if not db then return nil, message, code end
  local ok
  ok, message, code = schema.check(db)
  if not ok then
    db:close()
    return nil, message, code
  end
  self.db, self.consumer = db, core.random(16)
  return db
end

local LATER = {
  postgresql = "now() + make_interval(secs => $2)", sqlite = schema.now.sqlite .. " + $2",
}

local SECONDS = { postgresql = "extract(epoch from received)", sqlite = "received" }

local function take_text(db)
  local dialect = db.dialect
  return ("update pop3_inbox set taken_until = %s, taken_by = $3, tries = tries + 1 "
    .. "where id in (select id from pop3_inbox where taken_until is null "
    .. "or taken_until < %s order by id limit $1 %s) "
    .. "returning cast(id as text) as id, name, account, uid, nth, "
    .. "cast(size as text) as size, parts, part_key, tries, "
    .. "cast(%s as double precision) as received, %s as octets")
    :format(LATER[dialect], schema.now[dialect],
            dialect == "postgresql" and "for update skip locked" or "",
            SECONDS[dialect], db:select_octets "octets")
end

--- Take messages: no other consumer gets them for some time.
-- @function inbox:take
-- @tparam[opt=1] integer count at the most
-- @tparam[opt=300] number seconds until another consumer may get them
-- @treturn {pop3.inbox.message,...} in the order of their arrival, maybe none. Fields:
-- `id`, `name` (32 hexadecimal digits, the same at every attempt), `account`, `uid`,
-- `nth`, `size`, `received` (seconds since 1970), `tries` (how often it was taken)
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code of `pop3.sql`
function methods:take(count, seconds)
  count = argument.count(count or 1, "take: the count", 1)
  local db, message, code = connection(self, 1)
  if not db then return nil, message, code end
  local rows
  rows, message, code = db:query(take_text(db), count, seconds or 300, self.consumer)
  if not rows then return nil, message, code end
  local list = {}
  for i, row in ipairs(rows) do
    row.id, row.size = math.tointeger(tonumber(row.id)), math.tointeger(tonumber(row.size))
    row.uid = row.uid and record.unescape(row.uid)
    row.value, row.octets, row.inbox = row.octets, nil, self
    list[i] = setmetatable(row, Message)
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- The part `n` of a message; a message that is one value has part 1 only.
local function part(self, n)
  local db = self.inbox.db
  if not db then return nil, "the inbox is closed", "state" end
  if not self.part_key then return n == 1 and db:octets(self.value or "") or "" end
  if n > self.parts then return "" end
  local rows, message, code = db:query(
    ("select %s as octets from pop3_inbox_part where part_key = $1 and part = $2")
    :format(db:select_octets "octets"), self.part_key, n)
  if not rows then return nil, message, code end
  if not rows[1] then return nil, "the message is no longer there", "state" end
  return db:octets(rows[1].octets)
end

--- The octets of a message as an ltn12 source, a piece of at most 1 MiB at a time.
-- @function message:source
-- @treturn function
function Message:source()
  local n = 0
  return function()
    n = n + 1
    local octets, message = part(self, n)
    if not octets then return nil, message end
    return octets ~= "" and octets or nil
  end
end

--- The octets of a message.
-- @function message:octets
-- @treturn string; or nil, message, code
function Message:octets()
  local pieces = {}
  while true do
    local octets, message, code = part(self, #pieces + 1)
    if not octets then return nil, message, code end
    if octets == "" then break end
    pieces[#pieces + 1] = octets
  end
  return table.concat(pieces)
end

local DROP_PARTS = "delete from pop3_inbox_part where part_key in (select part_key "
  .. "from pop3_inbox where id = $1 and taken_by = $2)"
local DROP = "delete from pop3_inbox where id = $1 and taken_by = $2"
local STILL = "select taken_by from pop3_inbox where id = $1"

local function is_ours(message, self, level)
  if getmetatable(message) ~= Message or message.inbox ~= self then
    argument.misuse(level + 1, "inbox: the message is not one that this inbox took")
  end
end

--- Remove a message after it was processed.
-- @function inbox:done
-- @tparam pop3.inbox.message message
-- @tparam[opt] {table,...} statements further statements, `{ text, parameter, ... }`,
-- of the same transaction. They are executed even if another consumer has the
-- message by now, so they must be harmless when they are repeated
-- @treturn boolean true, also if it was removed before; or nil, message, code:
-- "fenced" when its time was over and another consumer has it
function methods:done(message, statements)
  is_ours(message, self, 1)
  local db, why, code = connection(self, 1)
  if not db then return nil, why, code end
  local list = { { DROP_PARTS, message.id, self.consumer },
                 { DROP, message.id, self.consumer }, { STILL, message.id } }
  for i, s in ipairs(statements or {}) do list[3 + i] = s end
  local lists
  lists, why, code = db:batch(list)
  if not lists then return nil, why, code end
  if lists[3][1] then return nil, "another consumer has taken the message", "fenced" end
  return true
end

--- Give a message back: another consumer may take it at once.
-- @function inbox:release
-- @tparam pop3.inbox.message message
-- @treturn boolean true; or nil, message, code of `pop3.sql`
function methods:release(message)
  is_ours(message, self, 1)
  local db, why, code = connection(self, 1)
  if not db then return nil, why, code end
  local ok
  ok, why, code = db:query("update pop3_inbox set taken_until = null where id = $1 "
                           .. "and taken_by = $2", message.id, self.consumer)
  if not ok then return nil, why, code end
  return true
end

--- Wait for new mail. It may return early. Over LuaDBI, which has no notifications,
-- it waits for the time.
-- @function inbox:wait
-- @tparam number seconds
-- @treturn boolean true: there may be new mail; or nil, message, code
function methods:wait(seconds)
  local db, message, code = connection(self, 1)
  if not db then return nil, message, code end
  if not self.listens then
    local ok
    ok, message, code = db:listen "pop3_inbox"
    if not ok and code == "sql" then
      pause(self.opts.wait, seconds)
      return true
    elseif not ok then
      return nil, message, code
    end
    self.listens = true
    return true  -- mail may have come before
  end
  local payload
  payload, message, code = db:notified(seconds)
  if not payload and code ~= "timeout" then return nil, message, code end
  return true
end

local CLEAN = "delete from pop3_inbox_part where made < %s and part_key not in "
  .. "(select part_key from pop3_inbox where part_key is not null)"

--- Remove parts of messages that never became whole, because the message has
-- vanished from its server.
-- @function inbox:clean
-- @tparam[opt=86400] number age seconds since such a part was written
-- @treturn integer how many there were; or nil, message, code
function methods:clean(age)
  local db, message, code = connection(self, 1)
  if not db then return nil, message, code end
  local limit = db.dialect == "sqlite" and schema.now.sqlite .. " - $1"
                or "now() - make_interval(secs => $1)"
  local ok, count
  ok, count, code = db:query(CLEAN:format(limit), age or 86400)
  if not ok then return nil, count, code end
  return count
end

-- End the connection.
local function close(self)
  if self.db then self.db:close() end
  self.db, self.listens = nil, nil
end

return { methods = methods, close = close }
