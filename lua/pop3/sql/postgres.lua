--- PostgreSQL by libpq's non-blocking calls, for `pop3.sql`. All waiting goes
-- through the `wait` hook, so a statement blocks one task, not the loop.
-- @module pop3.sql.postgres
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local core = require "pop3.core"
local resolve = require "pop3.transport.resolve"
local statement = require "pop3.sql.statement"

local Db = { __name = "pop3.sql.postgres", dialect = "postgresql",
             reads_64_bits = true }
Db.__index = Db

local ATTEMPTS = 5   -- at a transaction that others prevented
local SLICE = 0.1    -- seconds until it looks for input while it cannot send

local function said(message)
  return "database: " .. tostring(message)
end

-- Wait for the connection: true, or nil when the time is over.
local function wait(self, mode, deadline)
  local seconds = deadline - core.now()
  if seconds <= 0 then return nil end
  return self.hook(self.conn:getfd(), mode, seconds)
end

local function drop(self)
  local conn = self.conn
  self.conn = nil
  if conn then conn:close() end
end

-- ------------------------------------------------------------------ connecting

-- libpq would block while it resolves a name.
local function addresses(self, options, deadline)
  local host = options.host
  if options.hostaddr or not host or host:find "^[/@]" or host:find(",", 1, true)
     or address.octets(host) then
    return options
  end
  local list, message = resolve(host, self.hook, deadline - core.now())
  if not list then return nil, host .. ": " .. message end
  local hosts, found = {}, {}
  for i, each in ipairs(list) do hosts[i], found[i] = host, each.addr end
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.host, copy.hostaddr = table.concat(hosts, ","), table.concat(found, ",")
  return copy
end

local exchange

-- Settings of the session, and the channels.
local function set_up(self, deadline)
  local list = { {
    statement.SETTINGS, statement.milliseconds(self.timeout),
  } }
  for channel in pairs(self.channels) do
    list[#list + 1] = { "listen " .. channel }
  end
  return exchange(self, list, deadline)
end

-- Connect, unless connected. True; or nil, message, "connect".
local function connect(self)
  local conn = self.conn
  -- twice: the server's message, then the end of the connection
  if conn and not (conn:consume() and conn:consume()) then drop(self) end
  if self.conn then return true end
  local deadline = core.now() + self.timeout
  local options, message = addresses(self, self.options, deadline)
  if not options then return nil, said(message), "connect" end
  local code
  self.conn, message, code = core.pq.connect(options)
  if not self.conn then return nil, said(message), code end
  local mode = "w"
  while mode ~= "ok" do
    if not wait(self, mode, deadline) then
      drop(self)
      return nil, said "no connection in time", "connect"
    end
    mode, message = self.conn:poll()
    if not mode then
      drop(self)
      return nil, said(message), "connect"
    end
  end
  local ok
  ok, message = set_up(self, deadline)
  if not ok then
    drop(self)
    return nil, message, "connect"
  end
  return true
end

-- -------------------------------------------------------------------- exchange

-- The connection is lost, or useless.
local function lost(self, message, code)
  drop(self)
  return nil, said(message), code
end

-- Send all of it. True; or nil, message, code.
local function flush(self, deadline)
  while true do
    local sent, message = self.conn:flush()
    if sent then return true end
    if sent == nil then return lost(self, message, "unknown") end
    if core.now() >= deadline then return lost(self, "no answer in time", "timeout") end
    -- the server may wait until its results are read
    wait(self, "w", math.min(deadline, core.now() + SLICE))
    local ok
    ok, message = self.conn:consume()
    if not ok then return lost(self, message, "unknown") end
  end
end

-- The next result, see `pq:result`; or nil, message, code.
local function result(self, deadline)
  while self.conn:busy() do
    if not wait(self, "r", deadline) then
      return lost(self, "no answer in time", "timeout")
    end
    local ok, message = self.conn:consume()
    if not ok then return lost(self, message, "unknown") end
  end
  return self.conn:result()
end

-- All results of one statement: `{ rows, affected, tag }`; or false, message, code,
-- state when it was refused; or nil, message, code when the connection is lost.
local function results(self, deadline, piped)
  local answer, refused
  while true do
    local kind, a, b, c = result(self, deadline)
    if kind == nil then return nil, a, b end
    if kind == "end" then break end
    if kind == "rows" then answer = { a, b, c }
    elseif kind == "aborted" then refused = refused or {}
    elseif kind == "error" then
      local code, is_lost = statement.code(b)
      if is_lost then return lost(self, a, code) end
      refused = { a, code, b }
    else
      return lost(self, "COPY cannot be used here",
                  piped and "unknown" or "sql")
    end
  end
  if refused then
    return false, refused[1] and said(refused[1]), refused[2], refused[3]
  end
  return answer
end

-- Send statements, in a pipeline when there are several, and take their results:
-- a list of `{ rows, affected, tag }`; or nil, message, code, state.
exchange = function(self, list, deadline)
  local conn, piped = self.conn, list[2] ~= nil
  local ok, message = true, nil
  if piped then ok, message = conn:pipeline "enter" end
  for _, s in ipairs(list) do
    if not ok then break end
    ok, message = conn:send(table.unpack(s, 1, statement.parameters(s[1]) + 1))
  end
  if ok and piped then ok, message = conn:pipeline "sync" end
  if not ok then return lost(self, message, "unknown") end
  local code, state
  ok, message, code = flush(self, deadline)
  if not ok then return nil, message, code end
  local answers, refused = {}, nil
  for i = 1, #list do
    answers[i], message, code, state = results(self, deadline, piped)
    if answers[i] == nil then return nil, message, code end
    if not answers[i] and message then refused = { message, code, state } end
  end
  if piped then
    local kind
    repeat
      kind, message, code = result(self, deadline)
      if kind == nil then return nil, message, code end
    until kind == "sync" or kind == "error"
    if kind == "error" then return lost(self, message, "unknown") end
    conn:pipeline "exit"
  end
  if refused then return nil, table.unpack(refused, 1, 3) end
  return answers
end

-- ----------------------------------------------------------------- one at a time

local Use = {}

-- A call that ends by an error, or with its task, leaves the connection in the
-- middle of a statement.
function Use:__close()
  local db = self[1]
  if not self.is_done or db.is_closed then drop(db) end
  db.user = nil
end

local function use(self, level)
  if self.is_closed then error("sql: the connection is closed", level + 2) end
  local me = coroutine.running()
  if self.user or self.transactor and self.transactor ~= me then
    error("sql: the connection is in use by another task", level + 2)
  end
  self.user = me
  return setmetatable({ self }, Use)
end

-- Execute statements as they are.
local function execute(self, list, level)
  local mark <close> = use(self, level + 1)
  local ok, message, code, state
  if self.transactor then
    ok = self.conn
    message, code = "database: the connection was lost in a transaction", "connect"
  else
    ok, message, code = connect(self)
  end
  if ok then
    ok, message, code, state = exchange(self, list, core.now() + self.timeout)
    -- what was done in a transaction before COMMIT is undone
    if not ok and self.transactor and code ~= "sql" and not self.is_committing then
      drop(self)
      code = "connect"
    end
  end
  mark.is_done = true
  if not ok then return nil, message, code, state end
  return ok
end

function Db:query(text, ...)
  local s = { text, ... }
  statement.check(s, select("#", ...) + 1, 1)
  local answers, message, code, state = execute(self, { s }, 1)
  if not answers then return nil, message, code, state end
  return answers[1][1], answers[1][2], answers[1][3]
end

local function in_transaction(self, list, level)
  local all = { { "begin" } }
  table.move(list, 1, #list, 2, all)
  all[#all + 1] = { "commit" }
  local answers, message, code, state = execute(self, all, level + 1)
  if not answers then
    if self.conn and self.conn:transaction()
       and not execute(self, { { "rollback" } }, level + 1) then
      drop(self)
    end
    return nil, message, code, state
  end
  if answers[#all][3] ~= "COMMIT" then
    return nil, said "the transaction was rolled back", "sql"
  end
  return table.move(answers, 2, #all - 1, 1, {})
end

function Db:batch(list)
  for _, s in ipairs(list) do statement.check(s, #s, 1) end
  if #list == 0 then return {} end
  local run = (#list == 1 or self.transactor) and execute or in_transaction
  local answers, message, code, state
  for _ = 1, ATTEMPTS do
    answers, message, code, state = run(self, list, 1)
    if answers or self.transactor or not statement.again[state] then break end
  end
  if not answers then return nil, message, code, state end
  local all = {}
  for i, answer in ipairs(answers) do all[i] = answer[1] end
  return all
end

local Transaction = {}

function Transaction:__close()
  local db = self[1]
  db.transactor, db.is_committing = nil, nil
  if not self.is_done then drop(db) end
end

function Db:transaction(fn)
  if self.transactor == coroutine.running() then
    error("sql: a transaction in a transaction", 2)
  end
  local ok, message, code, state = execute(self, { { "begin" } }, 1)
  if not ok then return nil, message, code, state end
  local mark <close> = setmetatable({ self }, Transaction)
  self.transactor = coroutine.running()
  local outcome = table.pack(pcall(fn, self))
  if not self.conn then
    mark.is_done = true
    if not outcome[1] then error(outcome[2], 0) end
    return nil, "database: the connection was lost in a transaction", "connect"
  end
  if not outcome[1] or outcome[2] == nil then
    mark.is_done = execute(self, { { "rollback" } }, 1) ~= nil
    if not outcome[1] then error(outcome[2], 0) end
    return table.unpack(outcome, 2, outcome.n)
  end
  self.is_committing = true
  ok, message, code, state = execute(self, { { "commit" } }, 1)
  mark.is_done = true
  if not ok then return nil, message, code, state end
  if ok[1][3] ~= "COMMIT" then
    return nil, said "the transaction was rolled back", "sql"
  end
  return table.unpack(outcome, 2, outcome.n)
end

-- --------------------------------------------------------------- notifications

function Db:listen(channel)
  statement.channel(channel, 1)
  self.channels[channel] = true
  local ok, message, code, state = execute(self, { { "listen " .. channel } }, 1)
  if not ok then return nil, message, code, state end
  return true
end

function Db:notified(seconds)
  if type(seconds) ~= "number" then
    argument.misuse(1, "notified: the seconds to wait are needed")
  end
  local mark <close> = use(self, 1)
  local deadline = core.now() + seconds
  local ok, message, code = connect(self)
  while ok do
    local channel, payload = self.conn:notification()
    if channel then
      mark.is_done = true
      return payload, channel
    end
    if not wait(self, "r", deadline) then
      ok, message, code = nil, "no notification", "timeout"
    else
      ok, message = self.conn:consume()
      if not ok then ok, message, code = lost(self, message, "connect") end
    end
  end
  mark.is_done = true
  return nil, message, code
end

-- ------------------------------------------------------------------------ other

function Db.select_octets(_, expression) return expression end
function Db.octets(_, value) return value end

-- While another task waits for an answer the connection stays until it has come.
function Db:close()
  self.is_closed = true
  if not self.user then drop(self) end
end

Db.__close = Db.close

--- Connect.
-- @tparam string url
-- @tparam number timeout
-- @tparam ?function hook `wait`
-- @treturn db; or nil, message, code
return function(url, timeout, hook)
  local options, message, code = core.pq.parse(url)
  if not options then return nil, message, code end
  options.application_name = options.application_name or "lpop3"
  options.client_encoding = "UTF8"
  local self = setmetatable({ options = options, timeout = timeout,
                              hook = hook or core.poll, channels = {} }, Db)
  local mark <close> = use(self, 1)
  local ok
  ok, message, code = connect(self)
  mark.is_done = true
  if not ok then return nil, message, code end
  return self
end
