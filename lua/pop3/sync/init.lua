--- Fetch new mail, durably: `pop3.sync(session, options)`.
--
-- After any interruption (kill -9, power loss, a lost connection, a full disk, a
-- server fault) and one more undisturbed run, nothing is lost; each message is in
-- a Maildir, an mbox or a database exactly once, and at most one call of a
-- function, a pipe or an LMTP server is repeated, which `handle.again` says; no
-- message is deleted without a durable record of its delivery; nothing partial is
-- visible; and a further run changes nothing.
--
-- @module pop3.sync
-- @see pop3.sync.delivery
-- @see pop3.sync.state
-- @usage
-- local pop3 = require "pop3"
-- local s = assert(pop3.connect{ host = "mail.example", user = "mrose",
--                                password = "secret" })
-- local result = assert(pop3.sync(s, { into = pop3.maildir "Mail",
--                                      state = "mrose.state", keep = 7 }))
-- print(result.new, "new messages")

--- The result of a run.
-- @table result
-- @tfield integer new messages that were delivered
-- @tfield integer skipped messages
-- @tfield integer deleted messages
-- @tfield integer failed messages
-- @tfield integer aside messages that were set aside
-- @tfield integer again deliveries that may be repeats
-- @tfield integer octets that were delivered
-- @tfield integer pending messages still to be fetched
-- @tfield ?number retry_after seconds that the server asks to wait
-- @tfield string quit "confirmed", "refused" or "unknown"
-- @tfield {table,...} problems `{ number =, uid =, code =, text = }`
-- @tfield ?boolean temporary true when the failure can be over at the next run

local argument = require "pop3.util.argument"
local delivery = require "pop3.sync.delivery"
local options = require "pop3.sync.options"
local run = require "pop3.sync.run"
local state = require "pop3.sync.state"

--- Fetch new mail. The session must be logged in; it ends with QUIT.
-- @function sync
-- @tparam pop3.session session
-- @tparam table opts
-- @tparam function|pop3.maildir|pop3.mbox|pop3.lmtp|pop3.pipe|table opts.into the
-- delivery: the result of `pop3.maildir`, `pop3.mbox`, `pop3.lmtp`, `pop3.pipe` or
-- `pop3.inbox`, `function(octets, handle)`, or another object, see
-- `pop3.sync.delivery`
-- @tparam string|table opts.state the path of the state file, or an object, see
-- `pop3.sync.state`
-- @tparam[opt] string opts.account the name that the state is kept under; default
-- `user@host:port`. Give the old name when the server gets a new one
-- @tparam[opt=true] boolean|number|function opts.keep true: nothing is deleted; false:
-- messages are deleted once they are delivered; a number of days since a message was
-- first seen; or `function(handle, first_seen)` → true to keep
-- @tparam[opt] function opts.filter `function(message, handle)`, with the parsed
-- header, → "fetch", "skip" (seen, never asked again), "later", "delete"
-- @tparam[opt] integer opts.max_size octets; larger messages are skipped in this run
-- @tparam[opt] integer opts.partial the header and this number of lines of larger
-- messages are delivered; the whole message follows when `max_size` allows it
-- @tparam[opt] integer opts.max_messages of one run; at least one message is fetched
-- @tparam[opt] integer opts.max_octets of one run; at least one message is fetched
-- @tparam[opt="oldest"] string opts.order "oldest" or "newest", by message number
-- @tparam[opt] boolean|table opts.seed true: all new messages count as seen, without
-- being fetched; `{ newest = n }`: all but the newest n; `{ since = time }`: those
-- whose Date is before it, in seconds since 1970
-- @tparam[opt=5] integer opts.attempts a message that failed in this number of runs is
-- set aside: it stays on the server and is not tried again
-- @tparam[opt] string opts.set_aside a directory for the octets of such messages
-- @tparam[opt] boolean opts.retry true: such messages are tried again
-- @tparam[opt] integer opts.purge_after QUIT and a new session after this number of
-- deletions
-- @tparam[opt] function opts.reconnect `function()` → a session, for a session that
-- `pop3.connect` did not make with a host, a user and a password
-- @tparam[opt="match"] string opts.rekey "match", "fetch" or "stop": when the server
-- has new unique-ids for old mail, "match" finds it by size and header
-- @tparam[opt=30] number opts.forget days without a sighting in whole listings after
-- which a message is forgotten
-- @tparam[opt] string opts.dedupe "content": without UIDL and TOP, every message is
-- fetched in every run and recognised by its content
-- @tparam[opt] boolean opts.dry_run nothing is written, fetched or deleted; the result
-- has the counts of the run that would follow
-- @tparam[opt] function opts.progress `function(done, total, handle)` after each
-- message
-- @tparam[opt] function opts.log `function(event)`, a table with `what` ("delivered",
-- "deleted", "skipped", "failed", "aside", "settled", "problem"), `number`, `uid`,
-- `id`, `octets`, `text`, `code`
-- @tparam[opt] function opts.now `function()` → seconds since 1970
-- @treturn pop3.sync.result or nil, message, code, reply, result when the session
-- could not go on: what was done until then is recorded, and in the result
return function(session, opts)
  local ok, is_session = pcall(function() return session.retr_many ~= nil end)
  if not ok or not is_session then
    argument.misuse(1, "sync: the session must be one of pop3.connect")
  end
  local checked = options.check(opts, 1)
  local into = delivery.of(checked.into, 1)
  local kept = state.of(checked.state, 1)
  local account = checked.account
                  or (session.user or "") .. "@" .. session.name
  return run(session, checked, kept, into, account)
end
