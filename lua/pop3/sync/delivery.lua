--- Deliveries, the destinations of `pop3.sync`: their interface.
--
-- The option `into` is a delivery, or a function that becomes one (see
-- `pop3.sync.call`). `pop3.maildir`, `pop3.mbox`, `pop3.lmtp` and `pop3.pipe`
-- make deliveries. A program's own delivery has these methods:
--
-- - `into:begin(handle)` → a message under way; or nil, reason[, how]
-- - `message:write(chunk)` → true; or nil, reason[, how]
-- - `message:commit()` → true; or nil, reason[, how[, mark]]. `mark` is a string
--   that is recorded when a part is done, such as some of several recipients; the
--   next attempt gets it as `handle.mark`
-- - `message:abort()`: forget what was written
--
-- `how` says what a failure means:
--
-- - nil: try this message again in a later run; the failure is counted
-- - `"reject"`: set this message aside at once
-- - `"unknown"`: as nil, but the message may have been delivered, and the next
--   attempt says so by `handle.again`
-- - `"io"`: the destination fails (a full disk, no permission). The run ends; no
--   failure is counted for the message
-- - `"connect"`, `"timeout"`: the same, but the next run may succeed (a server is
--   down, another program has locked a file)
-- - `"fenced"`: the same; another process has taken over the account. The session
--   ends without QUIT
--
-- Optional methods and fields:
--
-- - `into:open{ wait =, log =, state = }` → true, or nil, message, code: once a
--   run, before anything else. `into:close()`: at the end of the run
-- - `into:lease(owner)` → a delivery for one run of one account. `pop3.fleet` calls
--   it before each run; `owner` has `account` (the account's number), `name`, `fence`
--   (a number that grows each time another run takes the account) and `store`.
--   Without it all sessions of a worker use the one object
-- - `into:reserve()` → true; or nil, reason[, how]: once a run, before the first
--   intent is recorded. A later owner removes what the delivery makes here
-- - `into:name(handle)` → a string that is recorded durably before `begin`, such
--   as a file name. In every later attempt `handle.name` is the same
-- - `into:prepare(list)` → a list of marks, or nil, reason[, how]: the messages
--   under way of a batch are about to be committed. Each mark is a word of
--   printable ASCII that is recorded durably before the first commit. An mbox
--   takes its lock here and says where the messages will be
-- - `into:settle(intent)` → `"delivered"`, `"absent"`, or nil, reason[, how]:
--   the outcome of an interrupted attempt. `intent` has `name`, `uid`,
--   `nth`, `size`, `id`, and `called`, the mark
-- - `into:sync()` → true[, failed]; or nil, reason[, how]: make durable what was
--   committed. `failed` maps `handle.id` → reason, for messages of which that is
--   not known; the run ends then. The engine calls it after at most 32 commits or
--   one second, and records nothing as delivered before it returned true. Without
--   it `commit` must be durable
-- - `message.file`: a file of `pop3.core.open`; the octets go there in C and
--   `write` is not called
-- - `into.calls = true`: a commit passes the message to a function, a program or a
--   server, so its outcome is unknown after a crash. The engine records "called"
--   durably before each commit; after a crash it delivers once more with
--   `handle.again = true`
--
-- `handle` has
--
-- - `number`: of the message in this session
-- - `size`: octets, as LIST says; nil when the server does not say it
-- - `uid`: the unique-id; nil without one
-- - `nth`: 1, or the occurrence among equal unique-ids
-- - `id`: 32 hexadecimal digits, the same at every attempt and in every process:
--   a file name or an idempotency key
-- - `again`: true when the message may have been delivered before
-- - `first_seen`: seconds since 1970
-- - `name`: see `into:name`
-- - `mark`: the mark of the previous attempt, see `message:commit`; after other
--   failures any text
-- - `partial`: lines of the body, when only the beginning is delivered
--
-- @interface pop3.sync.delivery
-- @usage
-- local seen = {}                       -- a delivery into a table of Lua
-- local into = {}
-- function into:begin(handle)
--   local message = { octets = "" }
--   function message:write(chunk) self.octets = self.octets .. chunk return true end
--   function message:commit() seen[handle.id] = self.octets return true end
--   function message:abort() end
--   return message
-- end
-- print(assert(pop3.sync(s, { into = into, state = os.tmpname() })).new)

local argument = require "pop3.util.argument"

local delivery = {}

-- The delivery for the option `into`.
-- @param into a delivery, a function, or nil
-- @tparam integer level who is to blame, see `pop3.util.argument`
-- @return a delivery, or nil
function delivery.of(into, level)
  if into == nil then return nil end
  if type(into) == "function" then return require "pop3.sync.call"(into) end
  local ok, begin = pcall(function() return into.begin end)
  if not ok or not begin then
    argument.misuse(level + 1, "sync: option 'into' must be a function, or a "
                    .. "delivery with the methods begin, write, commit, abort")
  end
  return into
end

local function outcome(ok, result, ...)
  if ok then return result, ... end
  return nil, argument.said(result)
end

-- Call a method that a program wrote: an error is a failure to be tried later.
-- @param object
-- @tparam string method
-- @return what it returned; or nil, reason
function delivery.try(object, method, ...)
  return outcome(pcall(object[method], object, ...))
end

return delivery
