--- Delivery to a command, such as an MDA: the message on its standard input.
--
-- `pop3.sync` delivers with it. A message is received into a spool; `commit` runs
-- the command by /bin/sh with the spool as its standard input, so a command that
-- reads slowly, or not at all, blocks no other task. The last 1000 octets of its
-- output are kept for the message of a failure.
--
-- The exit status is the outcome, by sysexits.h and the conventions of qmail and
-- of MDAs:
--
-- | status | meaning |
-- |---|---|
-- | 0 | delivered |
-- | 99 | drop it: counts as delivered |
-- | 64 to 74, 76 to 78, 100 | set aside |
-- | 75, 111, all others | later |
-- | ended by a signal, or by the timeout | later; the next attempt has `LPOP3_AGAIN` |
-- @classmod pop3.pipe

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local fields = require "pop3.sync.fields"
local spool = require "pop3.sync.spool"
local pause = require "pop3.util.pause"

local KEPT = 1000  -- octets of what a command prints
local GRACE = 5    -- seconds between SIGTERM and SIGKILL

local Pipe = { __name = "pop3.pipe", calls = true }
Pipe.__index = Pipe

local Delivery = { __name = "pop3.delivery.pipe" }
Delivery.__index = Delivery

-- Options of `pop3.pipe`: `timeout` (300 seconds for one message; then the
-- command and what it has started are ended), `eol` ("lf", as MDAs expect, or
-- "crlf"), `spool` and `fields` as in `pop3.mbox`.
--
-- The environment of the command has `LPOP3_ID` (an idempotency key, the same in
-- each attempt), `LPOP3_UID` (the unique-id) and `LPOP3_AGAIN` ("1" when an
-- earlier attempt may have succeeded, otherwise ""); in a fleet `LPOP3_ACCOUNT` (the
-- name of the account) as well.
-- @tparam string command of the shell
-- @tparam[opt] table opts
-- @treturn pop3.pipe
-- @usage
-- local pop3 = require "pop3"
-- local into = pop3.pipe "exec /usr/bin/procmail -d mrose"
local function new(command, opts)
  if type(command) ~= "string" or command == "" or command:find "\0" then
    argument.misuse(1, "pipe: the command must be a string")
  end
  opts = opts or {}
  argument.options(opts, { timeout = "number", spool = "string", fields = "table",
                           eol = { crlf = true, lf = true } }, "pipe", 1)
  fields.check(opts.fields, "pipe", 1)
  return setmetatable({
    command = command, timeout = opts.timeout or 300, fields = opts.fields,
    form = opts.eol == "crlf" and "octets" or "lf",
    spool = spool.directory(opts.spool),
  }, Pipe)
end

-- @tparam[opt] table opts `wait`: as in `pop3.connect`
-- @treturn boolean true
function Pipe:open(opts)
  self.wait = opts and opts.wait
  return true
end

function Pipe.close() end

-- A delivery for one run of one account of a fleet.
-- @tparam table owner `name` of the account
-- @treturn pop3.pipe
function Pipe:lease(owner)
  local copy = { name = owner.name }
  for key, value in pairs(self) do copy[key] = copy[key] or value end
  return setmetatable(copy, Pipe)
end

-- Begin a delivery. The command is run by `commit`.
-- @tparam table handle of the message
-- @treturn pop3.delivery.pipe, or nil, message, "io"
function Pipe:begin(handle)
  local file, message, code = spool.begin(self, self.form, handle)
  if not file then return nil, message, code end
  return setmetatable({ into = self, file = file, handle = handle }, Delivery)
end

Delivery.write = spool.write

-- Give up the message.
function Delivery:abort()
  self.file:close()
end

-- A value for the environment: it cannot hold a NUL.
local function variable(name, value)
  return name .. "=" .. tostring(value or ""):gsub("%z", "")
end

-- Take what the command has printed. Returns the end of it, and whether more may
-- come.
local function read_output(process, said)
  while true do
    local octets, err = process:read()
    if not octets then return said, err == "timeout" end
    said = (said .. octets):sub(-KEPT)
  end
end

-- Wait until the command has ended, or the time is over. Returns how it ended and
-- a number, as `command:status` has it, and what it printed; nil and true when
-- the task was cancelled.
local function wait_for(process, wait, deadline)
  local said = ""
  while true do
    local open
    said, open = read_output(process, said)
    local kind, number = process:status()
    if kind then
      said = read_output(process, said)
      return kind, number, said
    end
    local left = deadline - core.now()
    if left <= 0 then return nil, nil, said end
    local ended, printed = process:getfd()
    local waited
    -- while it may print, wait for that: it ends, or it closes its output
    if open and printed then
      waited = pause(wait, math.min(left, 0.25), printed)
    elseif ended then
      waited = pause(wait, left, ended)
    else
      waited = pause(wait, math.min(left, 0.1))
    end
    if not waited then return nil, true, said end
  end
end

-- End the command, in two steps.
local function stop(process, wait)
  for _, hard in ipairs { false, true } do
    process:kill(hard)
    if wait_for(process, wait, core.now() + GRACE) then return end
  end
end

local later = { [75] = true, [111] = true }

-- The result for an exit status: true; or nil, message, how.
local function meaning(kind, number, said)
  if kind == "exit" and (number == 0 or number == 99) then return true end
  local what = kind == "exit" and "exit status " .. number
               or kind == "signal" and "ended by signal " .. number
               or "its exit status is not known"
  local last = #said
  while last > 0 and said:find("^%s", last) do last = last - 1 end
  said = said:sub(1, last):gsub("%c+", " ")
  local message = ("pipe: %s%s"):format(what, said ~= "" and ": " .. said or "")
  if kind ~= "exit" then return nil, message, "unknown" end
  local rejected = not later[number]
                   and (number >= 64 and number <= 78 or number == 100)
  return nil, message, rejected and "reject" or nil
end

local function run(self, delivery)
  local handle, wait = delivery.handle, self.wait or core.poll
  local process <close>, message = core.spawn(self.command, delivery.file, {
    variable("LPOP3_ID", handle.id), variable("LPOP3_UID", handle.uid),
    variable("LPOP3_AGAIN", handle.again and "1"),
    self.name and variable("LPOP3_ACCOUNT", self.name),
  })
  if not process then return nil, "pipe: " .. message, "io" end
  local kind, number, said = wait_for(process, wait, core.now() + self.timeout)
  if kind then return meaning(kind, number, said) end
  if number then  -- cancelled: nothing can wait by the hook
    stop(process, core.poll)
    return nil, "pipe: interrupted", "timeout"
  end
  stop(process, wait)
  return nil, ("pipe: ended after %g seconds"):format(self.timeout), "unknown"
end

-- Run the command on the message.
-- @treturn boolean true; or nil, message, how: nil (later), "unknown" (later; it
-- may have been delivered), "reject" (set aside), "timeout" (the task was
-- cancelled), "io" (the spool failed, or no process can be made)
function Delivery:commit()
  local ok, message, how = self.file:finish()
  if ok then
    ok, message, how = run(self.into, self)
  else
    how = "io"
  end
  self.file:close()
  if not ok then return nil, message, how end
  return true
end

return new
