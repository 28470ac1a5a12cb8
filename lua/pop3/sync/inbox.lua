--- A table of a database that `pop3.sync` delivers into, and from which consumers
-- take messages (PostgreSQL, SQLite).
--
-- **Delivery.** The inbox is in the database of the state, which must be
-- `pop3.state.sql`, or that of a fleet. The message and the record that it is
-- delivered are written in one transaction, so the message is there exactly once
-- whatever is interrupted, and a run that another one has taken over delivers
-- nothing. A message of more than 256 KiB is stored in parts of 1 MiB, which go to
-- the database one by one before that transaction; no message is ever whole in memory.
--
-- **Consumers.** `inbox:take` gives a message to one consumer, for some time.
-- `inbox:done` removes it. If the consumer dies, the message is given to another one
-- when the time has passed. Consumers do not block each other, whatever their number
-- (PostgreSQL's SKIP LOCKED). `inbox:wait` waits for new mail (NOTIFY, channel
-- "pop3_inbox").
-- @classmod pop3.inbox
-- @usage
-- local pop3 = require "pop3"
-- local url = "sqlite:" .. os.tmpname()
-- local server = pop3.server.new{ users = { mrose = { password = "secret",
--   mail = { "Subject: hello\r\n\r\nbody\r\n" } } } }
-- local s = assert(pop3.connect{ transport = server:loopback(),
--                                user = "mrose", password = "secret" })
-- assert(pop3.sync(s, { state = pop3.state.sql{ url = url },
--                       into = pop3.inbox{} }))
-- local inbox <close> = pop3.inbox{ url = url }       -- the consumer
-- for _, message in ipairs(assert(inbox:take(10))) do
--   assert(message:octets() == "Subject: hello\r\n\r\nbody\r\n")
--   assert(inbox:done(message))
-- end

local argument = require "pop3.util.argument"
local consumer = require "pop3.sync.inbox_consumer"
local record = require "pop3.sync.record"
local spool = require "pop3.sync.spool"
local sql = require "pop3.sql"

local INLINE = 256 * 1024  -- octets of a message that is one value
local PART = 1024 * 1024   -- octets of a part of a larger one

local Inbox = { __name = "pop3.inbox" }
Inbox.__index = Inbox
for name, method in pairs(consumer.methods) do Inbox[name] = method end

local Message = { __name = "pop3.delivery.inbox" }
Message.__index = Message

-- Options of `pop3.inbox`, see `pop3`.
local function new(opts)
  opts = opts or {}
  argument.options(opts, { url = "string", driver = { dbi = true, libpq = true },
                           wait = "function", timeout = "number", spool = "string" },
                   "inbox", 1)
  return setmetatable({
    opts = opts, spool = spool.directory(opts.spool), batch = {},
    refused = 0,  -- runs that could not open it, and will close it
  }, Inbox)
end

-- An inbox for one run: a fleet has one of `pop3.inbox` for all its sessions.
function Inbox:lease()
  return new(self.opts)
end

-- The method `open` of a delivery.
-- @tparam table opts `state`
-- @treturn boolean true; or nil, message, code
function Inbox:open(opts)
  local state = opts and opts.state
  if not state or type(state.with) ~= "function" then
    return nil, "inbox: the state must be pop3.state.sql: message and state are "
                .. "written in one transaction", "state"
  elseif self.state then
    self.refused = self.refused + 1
    return nil, "inbox: another run uses it: make one for each run", "state"
  end
  self.state, self.batch = state, {}
  return true
end

function Inbox.name(_, handle)
  return handle.id
end

-- A message and its record are written at once: what is recorded as an intent is not
-- in the table.
function Inbox.settle()
  return "absent"
end

function Inbox:begin(handle)
  local file, message, code = spool.begin(self, "octets", handle)
  if not file then return nil, message, code end
  return setmetatable({ into = self, file = file, handle = handle }, Message)
end

Message.write = spool.write

function Message:abort()
  self.file:close()
end

-- --------------------------------------------------------------------- the parts

local OWNER = " from pop3_account a where a.id = $1 and a.fence = $2 "

local DROP_OTHERS = "delete from pop3_inbox_part where part_key >= $3 and part_key < $4 "
  .. "and part_key <> $5 and exists (select 1" .. OWNER .. ") "
  .. "and part_key not in (select part_key from pop3_inbox where name = $6 "
  .. "and part_key is not null)"

local function octets_type(dialect)
  return dialect == "sqlite" and "blob" or "bytea"
end

-- The `how` of a failure for a code of the state.
local hows = { connect = "connect", timeout = "timeout", unknown = "connect",
               fenced = "fenced" }

-- Write the parts of a message: its key; or nil, message, how.
local function write_parts(self, file, name)
  local state = self.state
  local account, fence = state.account, state.fence
  local key = ("%s/%d"):format(name, fence)
  local text = ("insert into pop3_inbox_part (part_key, part, octets) "
    .. "select $3, cast($4 as integer), cast($5 as %s)%s"
    .. "on conflict (part_key, part) do update set octets = excluded.octets")
    :format(octets_type(state:get_dialect()), OWNER)
  local more = { { DROP_OTHERS, account, fence, name .. "/", name .. "0", key, name } }
  local at, part = 0, 1
  while true do
    local octets, message = file:pread(at, PART)
    if not octets then return nil, message, "io" end
    if octets == "" then break end
    more[#more + 1] = { text, account, fence, key, part, sql.octets(octets) }
    local ok, why, code = state.store:write(account, fence, {}, { more = more })
    if not ok then
      if code == "fenced" then state.fenced = true end
      return nil, why, hows[code] or "io"
    end
    at, part, more = at + #octets, part + 1, {}
  end
  return key, part - 1
end

-- Give the message to the batch; its parts are in the database when this returns.
function Message:commit()
  local into, file = self.into, self.file
  local ok, message = file:finish()
  if not ok then
    file:close()
    return nil, message, "io"
  end
  local each = { handle = self.handle, size = file:octets(), parts = 0 }
  local how
  if each.size <= INLINE then
    each.octets, message = file:pread(0, INLINE)
    ok, how = each.octets, "io"
  else
    each.key, message, how = write_parts(into, file, self.handle.name)
    each.parts, ok = message, each.key
  end
  file:close()
  if not ok then return nil, message, how end
  table.insert(into.batch, each)
  return true
end

-- ------------------------------------------------------------------ the messages

-- The statements that insert the messages of the batch.
local function statements(self)
  local state = self.state
  local dialect = state:get_dialect()
  local text = ("insert into pop3_inbox (name, account, uid, nth, size, octets, parts, "
    .. "part_key) select $3, a.name, $4, cast($5 as integer), cast($6 as bigint), "
    .. "cast($7 as %s), cast($8 as integer), cast($9 as text)%s"
    .. "on conflict (name) do nothing"):format(octets_type(dialect), OWNER)
  local list = {}
  for i, each in ipairs(self.batch) do
    local handle = each.handle
    list[i] = { text, state.account, state.fence, handle.name,
                handle.uid and record.escape(handle.uid), handle.nth, each.size,
                each.octets and sql.octets(each.octets), each.parts, each.key }
  end
  if dialect == "postgresql" then
    list[#list + 1] = { "select pg_notify('pop3_inbox', a.name)" .. OWNER,
                        state.account, state.fence }
  end
  return list
end

-- The messages are written with their records, in the next call of the state.
function Inbox:sync()
  if #self.batch > 0 then self.state:with(statements(self)) end
  self.batch = {}
  return true
end

-- The end of a run, or of a consumer.
function Inbox:close()
  if self.refused > 0 then
    self.refused = self.refused - 1
    return
  end
  self.state, self.batch = nil, {}
  consumer.close(self)
end

Inbox.__close = Inbox.close

return new
