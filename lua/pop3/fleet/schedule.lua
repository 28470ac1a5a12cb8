--- When an account runs again: from the outcome of a run to the values of its
-- release (`pop3.fleet`).
--
-- | outcome | next run | failures |
-- |---|---|---|
-- | success | `every`, 10 % more or less | 0 |
-- | success, but a message was set aside | the same | 0 |
-- | temporary | backoff: `every` x 2 ^ failures, at most an hour (or `every`) | + 1 |
-- | a person must act | the same, at most a day | + 1 |
-- | the login was refused | none: the account is parked | + 1 |
-- | interrupted by the end of the worker | at once | as before |
-- | another worker has it | (no row changes) | |
--
-- A backoff has jitter: between half of it and all. A delay that the server asks for
-- (LOGIN-DELAY, IN-USE) is the minimum.
-- @module pop3.fleet.schedule
-- @local

local json = require "pop3.util.json"
local outcome = require "pop3.account.outcome"

local schedule = {}

local HOUR, DAY = 3600, 86400
local JITTER = 0.1     -- share by which the time between two runs varies
local LONGEST = 1000   -- octets of an error

-- The fields of a result that are stored in the database and logged.
local kept = { "new", "skipped", "deleted", "failed", "aside", "again", "octets",
               "pending", "quit" }

--- The counts of a result of `pop3.sync`.
-- @tparam ?table result
-- @treturn ?table
function schedule.counts(result)
  if not result then return nil end
  local made = {}
  for _, name in ipairs(kept) do made[name] = result[name] end
  return made
end

--- An error as a text that a database takes: UTF-8 without control characters.
-- @tparam ?string text
-- @treturn ?string
function schedule.text(text)
  if not text then return nil end
  text = text:sub(1, LONGEST):gsub("%c+", " ")
  if utf8.len(text) then return text end
  local made, at = {}, 1
  while at <= #text do
    local ok, bad = utf8.len(text, at)
    bad = ok and #text + 1 or bad
    made[#made + 1] = text:sub(at, bad - 1)
    if bad <= #text then made[#made + 1] = "?" end
    at = bad + 1
  end
  return table.concat(made)
end

-- What kind of outcome it is: a word for the log.
local function kind_of(o, context)
  if o.code == "fenced" then return "fenced" end
  if o.status == outcome.OK then return "ok" end
  if context.interrupted then return "interrupted" end
  if o.code == "aside" then return "ok" end
  if o.code == "auth" then return "parked" end
  return o.status == outcome.PERSON and "person" or "later"
end

-- Seconds until the next try after failures.
local function backoff(account, failures, longest, random)
  local most = math.max(longest, account.every)
  local seconds = math.min(account.every * 2.0 ^ math.min(failures, 40), most)
  return seconds * (0.5 + random() / 2)
end

--- The values of a release.
-- @tparam table account the row of the claim: `every`, `failures`
-- @tparam table o an outcome, see `pop3.account.outcome`
-- @tparam table context `interrupted`: the worker ends; `random`: a function as
-- math.random
-- @treturn table `kind` ("ok", "later", "person", "parked", "interrupted", "fenced"),
-- `seconds`, `failures`, `parked`, `ok`, `error`, `result`
function schedule.release(account, o, context)
  local random = context.random or math.random
  local kind = kind_of(o, context)
  local counts = schedule.counts(o.result)
  local made = {
    kind = kind, seconds = 0, ok = kind == "ok", error = schedule.text(o.text),
    result = counts and json.encode(counts) or nil,
  }
  if kind == "interrupted" or kind == "fenced" then
    made.ok, made.error = nil, nil
    return made
  end
  local failures = account.failures + 1
  made.failures = made.ok and 0 or failures
  if made.ok then
    made.seconds = account.every * (1 + JITTER * (2 * random() - 1))
  elseif kind == "parked" then
    made.parked = made.error or "the login was refused"
    made.seconds = account.every
  else
    made.seconds = backoff(account, failures, kind == "person" and DAY or HOUR,
                           random)
  end
  made.seconds = math.max(made.seconds, o.retry_after or 0)
  return made
end

return schedule
