---@meta pop3
-- Annotations (LuaCATS) for editors: which functions, methods and options there are.
-- Written by make meta from the comments of the sources. Never loaded.
-- luacheck: ignore

---@alias pop3.code "connect"|"timeout"|"closed"|"tls"|"auth"|"err"|"proto"|"limit"|"state"|"charset"|"io"

---@class pop3.reply what a server said with -ERR
---@field text string without the response code
---@field code string? the response code in upper case, such as "IN-USE"

---@class pop3.server.presets
---@field [string] table
---@overload fun(): string[]

---@alias pop3.loop.hook fun(fd: integer, mode: "r"|"w", seconds?: number): boolean|nil, "timeout"|nil

do
---A POP3 client session (RFC 1939, 2449, 6856), which `pop3.connect` returns.
---@class pop3.session
local session = {}

---The state of the session (RFC 1939 section 3).
---@return "authorization"|"transaction"|"update"|"closed" # "authorization", "transaction", "update" or "closed"
function session:state() end

---The text of the greeting, without "+OK".
---@return string
function session:greeting() end

---@class pop3.session.command.opts
---@field multiline? boolean true: a body follows a +OK. The verbs of POP3 do not need it

---Send any command.
---@param line string the command without its CRLF
---@param opts? pop3.session.command.opts
---@return string|nil # the text of the status line; or nil, message, code, reply
---@return string|string|nil # the body
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:command(line, opts) end

---End the session (QUIT). The server deletes the messages that are marked. The
---session is closed in any case.
---@return boolean|nil # true when the server confirmed it; or nil, message, code, reply: "err" when the server refused; with any other code it is not known whether the messages were deleted
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:quit() end

---End the session from another coroutine, or from a callback such as `progress`. A
---call that waits for the server returns nil, message, "closed". Nothing is deleted.
---@param why? string for the message of that call
function session:cancel(why) end

---Close the connection without QUIT: nothing is deleted.
function session:close() end

---The capabilities of the server (RFC 2449). The client sends CAPA once in each
---state, and again after TLS was started.
---@return table|nil # a capability in upper case → the list of its arguments; or nil, message, code, reply: "err" when the server does not know CAPA
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:capa() end

---Whether the server has a capability.
---@param name string in upper or lower case
---@return boolean|nil # false also when the server does not know CAPA; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function session:supports(name) end

---Whether the connection is encrypted by TLS.
---@return boolean
function session:is_secure() end

---The TLS of the connection.
---@return table|nil # `version` such as "TLSv1.3", `cipher`, `reused` (a session was resumed), and `peer`, the certificate of the server: `subject`, `issuer`, `common_name`, `names`, `not_before`, `not_after`, `pin`, `fingerprint`, and `chain`, a list of the other certificates that it sent; nil without TLS
function session:tls_info() end

---Start TLS on this connection (RFC 2595), before the login. Octets after the +OK
---of the server end the session, since an attacker may have injected them. The
---capabilities from before TLS are forgotten.
---@return boolean|nil # true; or nil, message, code, reply: "tls" also when the server refuses
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:stls() end

---@class pop3.session.login.opts
---@field mechs? string[] the mechanisms that may be used, in order of preference
---@field token? string|function an OAuth bearer token, or a function that returns one

---Log in (RFC 1939 section 7, RFC 5034).
---
---The client tries the mechanisms that the server offers, the strongest first:
---EXTERNAL with a client certificate; OAUTHBEARER and XOAUTH2 with a token; SCRAM
---with SHA-512, SHA-256 and SHA-1, bound to the TLS channel (-PLUS) where the server
---can; CRAM-MD5; then PLAIN, LOGIN and USER, but only over TLS, to a loopback host,
---or with `insecure`. It uses APOP, ANONYMOUS and GSSAPI only if `mechs` names them.
---A mechanism that cannot carry the name or the password (SCRAM, if SASLprep of RFC
---4013 refuses the password) is left out.
---
---After a refused challenge-response, the client makes one attempt in cleartext, if the
---connection may carry it, and no further attempt: servers that store hashed passwords
---may offer CRAM-MD5 and refuse it, and a wrong password must not cause many failed
---logins. With `mechs`, it tries every mechanism of the list. The next attempt is on a
---new connection if the server closed this one. When a check of the client fails, such
---as the signature of a SCRAM server, the login fails at once.
---
---The client asks for CAPA before it logs in, and notices there a line too many that a
---server has sent after its greeting. It sends no CAPA if `mechs` names only USER and
---APOP. If such a server sends the second line late, that line is taken for the reply to
---USER, the reply to USER for the one to PASS, and a refused login returns true; the next
---command fails with code "proto". A reply that has arrived when the login ends is
---noticed; to wait for more would cost each login a round trip.
---
---A SCRAM server may ask for 4,096 (over TLS: 1) to 5,000,000 iterations; otherwise
---the login fails with code "auth" before any is done. A message of a mechanism may
---have 64 KiB; a longer one has code "limit".
---
---GSSAPI (RFC 4752) shows a ticket of Kerberos V5, which kinit(1) gets: the one in the
---credential cache that KRB5CCNAME names, for the service "pop" at `servername`, or
---at `host`. No password is needed. `user` is the maildrop to open; without it, that
---of the ticket's principal. The Kerberos library may ask name servers and the KDC
---for the ticket of the service, and **blocks the process and its event loop** until
---they have answered; it does so once for each service, then the ticket is in the
---cache. GSSAPI has no security layer and no channel binding here: TLS protects the
---connection. `pop3.core.sasl.features.gssapi` says whether the build has it.
---@param user? string not needed with GSSAPI
---@param secret? string the password; or the token, if `mechs` names only OAUTHBEARER and XOAUTH2
---@param opts? pop3.session.login.opts
---@return boolean|nil # true; or nil, message, code, reply: "auth" when the login was refused or no mechanism can be used
---@return string|string|nil # the mechanism
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:login(user, secret, opts) end

---How much mail there is (STAT, RFC 1939 section 5).
---@return integer|nil # messages that are not marked as deleted; or nil, message, code, reply
---@return string|integer|nil # their octets; nil when the server's number is not valid
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:stat() end

---The sizes of all messages, or of one (LIST, RFC 1939 section 5).
---@param n? integer a message number
---@overload fun(self: pop3.session): table|nil, string|integer|nil, pop3.code|table|nil, pop3.reply|nil
---@return integer|nil # a table message number → octets; with `n` the octets; or nil, message, code, reply
---@return string|integer|nil # without `n`, the count of messages
---@return pop3.code|table|nil # without `n`, the defects: nil, or a list of `{ number =, line =, text = }` for lines without a message number or without a size. The other lines are valid. The call fails with code "proto" only if more than 100 lines, and more than half of them, are bad
---@return pop3.reply|nil # reply
function session:list(n) end

---The unique-ids of all messages, or of one (UIDL, RFC 1939 section 7).
---@param n? integer a message number
---@overload fun(self: pop3.session): table|nil, string|integer|nil, pop3.code|table|nil, pop3.reply|nil
---@return string|nil # a table message number → unique-id; with `n` the unique-id; or nil, message, code, reply
---@return string|integer|nil # without `n`, the count of messages
---@return pop3.code|table|nil # without `n`, the defects, as for `list`
---@return pop3.reply|nil # reply
function session:uidl(n) end

---@class pop3.session.messages.opts
---@field order? "oldest"|"newest" "oldest" (as numbered) or "newest" (default: "oldest")
---@field uids? table<string, boolean> a set, unique-id → true, of messages to leave out

---All messages, as an iterator over handles, see `pop3.handle`. A handle has the
---fields `number`, `size` (octets) and `uid` (nil when the server has no UIDL), and the
---methods `retr([sink])`, `save(path)`, `top(lines[, sink])`, `message()`, `headers()`
---and `dele()`. A message whose size or unique-id is missing in the listings of the
---server has a handle, too; its `size` or `uid` is nil.
---@param opts? pop3.session.messages.opts
---@return (fun(): pop3.handle)|nil # iterator of handles; or nil, message, code, reply when the listing fails
---@return string|table|nil # the defects of both listings, as for `list`
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:messages(opts) end

---Mark a message as deleted (DELE). The server deletes it when `quit` succeeds.
---@param n integer a message number
---@return boolean|nil # true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:dele(n) end

---Unmark all messages (RSET).
---@return boolean|nil # true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:rset() end

---Do nothing (NOOP). It restarts the timer of the server.
---@return boolean|nil # true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:noop() end

---Ask for UTF-8 in messages and user names (UTF8, RFC 6856 section 2), before the
---login.
---@return boolean|nil # true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:utf8() end

---List the languages of the server's texts, or choose one (LANG, RFC 6856 section
---3).
---@param tag? string a language tag, such as "de"
---@return { tag: string, description: string }[]|boolean|nil # the list; with `tag` true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:lang(tag) end

---Fetch a message (RETR): its exact octets, without dot-stuffing, with its CRLFs. If a server sends bare LFs, only a pause of 5 seconds shows the end of a message with
---fewer than two lines. The message is returned; every later command fails with code
---"proto", since the rest of the message could be taken for its reply.
---@param n integer a message number
---@param sink? function an LTN12 sink. It gets chunks of up to 64 KiB, then nil; or nil and a message when the fetch failed. When it refuses a chunk, the rest is read and dropped, up to `limits.drain`
---@overload fun(self: pop3.session, n: integer): string|nil, string|nil, pop3.code|nil, pop3.reply|nil
---@return integer|nil # the octets; with a sink, their count; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:retr(n, sink) end

---Fetch the header of a message and the first lines of its body (TOP).
---@param n integer a message number
---@param lines integer of the body, 0 or more
---@param sink? function an LTN12 sink, as for `retr`
---@overload fun(self: pop3.session, n: integer, lines: integer): string|nil, string|nil, pop3.code|nil, pop3.reply|nil
---@return integer|nil # the octets; with a sink, their count; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:top(n, lines, sink) end

---Fetch a message into a file (RETR). The file appears whole or not at all. It
---replaces a regular file of that name; a directory, a symbolic link, a FIFO, a
---socket or a device is not replaced.
---@param n integer a message number
---@param path string
---@return integer|nil # octets; or nil, message, code, reply: "io" when the file cannot be written, after which the session can be used
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:save(n, path) end

---Fetch and parse a message (RETR).
---@param n integer a message number
---@return pop3.message|nil # or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:message(n) end

---Fetch and parse the header of a message (TOP n 0). When the server refuses TOP,
---which is optional, the message is fetched by RETR, and its body is read and dropped:
---all of it, or at most `limits.drain` octets where `pop3.connect` was given that; if
---there are more, the session has ended. `limits.message` counts for such a message.
---@param n integer a message number
---@return pop3.message|nil # or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function session:headers(n) end

---Fetch many messages, in order. If the server has PIPELINING (RFC 2449 section
---6.6), several commands are sent before their replies come, in a bounded window. A
---message that begins with a line +OK or -ERR then has code "proto", since the line may
---be an extra reply; without pipelining (`pipeline = false`) the message is fetched.
---POP3 replies have no number: after an extra `-ERR` among pipelined replies each
---message comes under the number of the next one. To notice that, compare `#octets`
---with `list`.
---@param numbers integer[] message numbers
---@param fn fun(n: integer, octets: any): any `fn(n, octets)`, or `fn(n, nil, message, code, reply)` for a message that did not come. It must not use the session. If it raises an error, that error passes through, and the session can be used, unless more than `limits.drain` octets were requested and not read
---@return integer|nil # how many messages came; or nil, message, code when the connection was lost, after `fn` was called for each message that did not come
---@return string|nil # message
---@return pop3.code|nil # code
function session:retr_many(numbers, fn) end

end

do
---A message of the maildrop, from the iterator `pop3.session:messages`.
---@class pop3.handle
---@field number integer of the message in the session
---@field size? integer octets, as LIST says; nil if it says nothing
---@field uid? string nil if the server has no UIDL
local handle = {}

---Fetch the message, see `pop3.session:retr`.
---@param sink? function an ltn12 sink
---@overload fun(self: pop3.handle): string|nil, string|nil, pop3.code|nil, pop3.reply|nil
---@return integer|nil # the octets; with a sink, how many; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:retr(sink) end

---Fetch the message into a file, see `pop3.session:save`.
---@param path string
---@return integer|nil # octets; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:save(path) end

---Fetch the header and the first lines of the body, see `pop3.session:top`.
---@param lines integer 0 or more
---@param sink? function an ltn12 sink
---@overload fun(self: pop3.handle, lines: integer): string|nil, string|nil, pop3.code|nil, pop3.reply|nil
---@return integer|nil # the octets; with a sink, how many; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:top(lines, sink) end

---Fetch and parse the message, see `pop3.session:message`.
---@return pop3.message|nil # or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:message() end

---Fetch and parse the header, see `pop3.session:headers`.
---@return pop3.message|nil # or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:headers() end

---Mark the message as deleted, see `pop3.session:dele`.
---@return boolean|nil # true; or nil, message, code, reply
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
function handle:dele() end

end

do
---The result of a run.
---@class pop3.sync.result
---@field new integer messages that were delivered
---@field skipped integer messages
---@field deleted integer messages
---@field failed integer messages
---@field aside integer messages that were set aside
---@field again integer deliveries that may be repeats
---@field octets integer that were delivered
---@field pending integer messages still to be fetched
---@field retry_after? number seconds that the server asks to wait
---@field quit "confirmed"|"refused"|"unknown" "confirmed", "refused" or "unknown"
---@field problems { number?: any, uid?: any, code?: any, text?: any }[] `{ number =, uid =, code =, text = }`
---@field temporary? boolean true when the failure can be over at the next run
local result = {}

end

do
---Delivery into a Maildir (https://cr.yp.to/proto/maildir.html).
---@class pop3.maildir
local maildir = {}

---Deliver a message. It is durable and visible when this returns. Other
---programs may deliver into the Maildir and read it meanwhile.
---@param octets string|function of the message, or an ltn12 source
---@return string|nil # the name of its file in `new/`; or nil, message, "io"
---@return string|nil # message
---@return string|nil # code
function maildir:deliver(octets) end

end

do
---Delivery into an mbox: one file, LF line ends, mboxrd quoting.
---@class pop3.mbox
local mbox = {}

---Deliver a message. It is durable when this returns.
---@param octets string|function of the message, or an ltn12 source
---@return boolean|nil # true; or nil, message, "timeout" when another program keeps the lock, or "io"
---@return string|nil # message
---@return string|nil # code
function mbox:deliver(octets) end

end

do
---Delivery to a server by LMTP (RFC 2033), over TCP or a Unix socket.
---@class pop3.lmtp
local lmtp = {}

end

do
---Delivery to a command, such as an MDA: the message on its standard input.
---@class pop3.pipe
local pipe = {}

end

do
---A table of a database that `pop3.sync` delivers into, and from which consumers
---take messages (PostgreSQL, SQLite).
---@class pop3.inbox
local inbox = {}

---Take messages: no other consumer gets them for some time.
---@param count? integer at the most
---@param seconds? number until another consumer may get them
---@return pop3.inbox.message[]|nil # in the order of their arrival, maybe none. Fields: `id`, `name` (32 hexadecimal digits, the same at every attempt), `account`, `uid`, `nth`, `size`, `received` (seconds since 1970), `tries` (how often it was taken)
---@return string|nil # message
---@return string|nil # code of `pop3.sql`
function inbox:take(count, seconds) end

---Remove a message after it was processed.
---@param message pop3.inbox.message
---@param statements? table[] further statements, `{ text, parameter, ... }`, of the same transaction. They are executed even if another consumer has the message by now, so they must be harmless when they are repeated
---@return boolean|nil # true, also if it was removed before; or nil, message, code: "fenced" when its time was over and another consumer has it
---@return string|nil # message
---@return pop3.code|nil # code
function inbox:done(message, statements) end

---Give a message back: another consumer may take it at once.
---@param message pop3.inbox.message
---@return boolean|nil # true; or nil, message, code of `pop3.sql`
---@return string|nil # message
---@return pop3.code|nil # code
function inbox:release(message) end

---Wait for new mail. It may return early. Over LuaDBI, which has no notifications,
---it waits for the time.
---@param seconds number
---@return boolean|nil # true: there may be new mail; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function inbox:wait(seconds) end

---Remove parts of messages that never became whole, because the message has
---vanished from its server.
---@param age? number seconds since such a part was written
---@return integer|nil # how many there were; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function inbox:clean(age) end

end

do
---@class pop3.inbox.message
local message = {}

---The octets of a message as an ltn12 source, a piece of at most 1 MiB at a time.
---@return function
function message:source() end

---The octets of a message.
---@return string|nil # or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function message:octets() end

end

do
---Deliveries, the destinations of `pop3.sync`: their interface.
---@class pop3.sync.delivery
local delivery = {}

end

do
---The state of `pop3.sync` between runs: its interface, and the state file.
---@class pop3.sync.state
local state = {}

end

do
---The state of `pop3.sync` between runs in an SQL database: PostgreSQL or SQLite.
---@class pop3.state.lib
local state = {}

---@class pop3.state.file.opts
---@field repair? boolean true: leave out unreadable lines; the old file stays beside it, as `path.damaged-TIME`

---A state file.
---@param path string the file; `path.lock` and `path.new` belong to it. For a symbolic link they are beside its target
---@param opts? pop3.state.file.opts
---@return pop3.sync.state
function state.file(path, opts) end

---@class pop3.state.sql.opts
---@field url string `"sqlite:/path"`, or of PostgreSQL (`"postgresql://user@host/database"`, `"host=/run/postgresql dbname=mail"`)
---@field account? string the name to keep the state under, in place of the option `account` of `pop3.sync`
---@field driver? "libpq"|"dbi" "libpq" (the default for PostgreSQL) or "dbi"
---@field lease? number seconds without a write after which another run may take over the account; from a process that has died on this host it may do so at once (default: 600)
---@field timeout? number seconds for a statement (default: 30)
---@field patience? number seconds of attempts to connect again after the connection was lost; then the run ends with the code "connect" (default: 60)
---@field wait? pop3.loop.hook the hook of an event loop; default: that of the session

---A state in a database. The tables are made when the database has none.
---@param opts pop3.state.sql.opts
---@return table
function state.sql(opts) end

end

do
---Many accounts, many workers: `pop3.fleet{…}`, fetching on PostgreSQL.
---@class pop3.fleet
local fleet = {}

---Make the tables, or bring them to the version of this library. It may be repeated.
---@return integer|nil # the version before, 0 when there were none; or nil, message, code: "schema" when the tables are of a newer version
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:init() end

---Add accounts.
---
---The keys of an account are those of `pop3 fetch` (`url` or `host`, `port`, `user`,
---`tls`; `maildir`, `mbox`, `lmtp`, `pipe`; the options of `pop3.sync`: `keep`, `max_size`
---and so on), and `name` (default "user@host:port"; the state is kept under it),
---`every` (300: seconds between two runs), `due` (0: seconds until the first one),
---`secret`: where the secret is, `"command:TEXT"` (a command that prints it),
---`"token:TEXT"` (a command that prints an OAuth token), `"file:PATH"`, `"env:NAME"`,
---`"netrc"` or `"netrc:PATH"`. The secret itself is not in the database, or only sealed
---by a key outside of it, as `pop3 fleet add --seal` does. `seed` is for the first run:
---after a run that went well, or that recorded something, it has no effect.
---@param account table one account, or a list of them
---@param opts? table `replace = true`: replace accounts that exist by the given ones; `refuse = true`: accounts that exist are an error; `seen`: the records about the messages of new accounts, name → what `seen()` of a state returns (`pop3.sync.state`)
---@return string[]|nil # the names of the accounts that were added or replaced; other accounts existed and are unchanged. Or nil, message, code, and no account was added: "options" when an account is invalid, "exists" when accounts exist (their names are the fourth value)
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:add(account, opts) end

---Change an account: its next run has the new values.
---@param name string
---@param changes table keys and values, as for `add`
---@param without? string[] keys to remove
---@return boolean|nil # true; false when there is no such account; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:change(name, changes, without) end

---Remove accounts and the records of their messages. A session that runs ends without
---QUIT. Directories that dead workers have left in the Maildir of the account, its own or
---that of the option `into`, are removed if this process can reach them; what it cannot
---reach goes when mail is delivered there later than after 36 hours.
---@param which string|{ match?: any, host?: any, all?: any } a name, a list of names, `{ match = }` (a list of patterns of a shell: "*", "?", and "\" before one of them), `{ host = }` or `{ all = true }`
---@return string[]|nil # the names of those that were removed; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:remove(which) end

---Park accounts: no worker claims them until `resume`. A session that runs goes on. A
---refused login parks an account as well.
---@param which string|table as for `remove`
---@param reason? string
---@return string[]|nil # the names of those that were not parked before; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:park(which, reason) end

---Resume parked accounts: they are due at once, and their failures are forgotten.
---@param which string|table as for `remove`
---@return string[]|nil # the names of those that were parked; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:resume(which) end

---Make accounts due.
---@param which string|table as for `remove`
---@param seconds? number from now
---@return string[]|nil # the names of those that are due; not those that are being fetched now, or are parked. Or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:due(which, seconds) end

---The status of the fleet.
---@return table|nil # `accounts`, `parked`, `leased`, `due`, `failing` (their last run failed), `never` (without a successful run): counts. `late`: seconds since the first of the waiting accounts became due. `workers`: a list of `{ worker =, sessions =, hosts =, lease = }` (`lease`: seconds until its first lease ends). `failing_hosts`: at most ten of `{ host =, failing = }`. Or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:status() end

---The accounts and their states, sorted by name.
---@param opts? table `state`: "all" (default), "due", "waiting", "leased", "parked", "failing"; `host`; `names`: a list; `match`: a list of patterns, as for `remove`; `worker`: a pattern; `after`: only names after this one; `limit` (100)
---@return table[]|nil # each with `id`, `name`, `host`, `port`, `user`, `options`, `secret_ref`, `every`, `state`, `due_in` (seconds; negative when it is late), `fence`, `worker`, `failures`, `parked` (the reason), `ok_ago` (seconds since the last successful run), `last_error`, `result` (counts of the last run). Or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:list(opts) end

---Run a worker: claim accounts that are due and fetch them, until `stop`, a signal,
---or, with the option `until_idle`, until nothing is due. It runs an event loop, so a
---task of another loop must not call it.
---
---The option `log` gets a table for each event: `time`, `worker`, and `event`:
---
---- "start", "stop", "signal" (`text`), "claim" (`accounts`), "database" (`state`:
---  "away" or "back"), "trouble" (`text`, `code`)
---- "run", at the end of each run of an account: `account` (its name), `id`, `host`,
---  `fence`, `kind` ("ok", "later", "person", "parked", "interrupted", "fenced"),
---  `text`, `code`, `counts` (`new`, `deleted` and so on), `seconds`, `late` (seconds
---  from due to claimed), `failures`, `next` (seconds to the next run), `taken_over`
---- "message", with the option `events`: those of `pop3.sync`, and `account`
---@return boolean|nil # true; or nil, message, code when it cannot begin ("schema", "sql")
---@return string|nil # message
---@return pop3.code|nil # code
function fleet:run() end

---End `run` of this process, as after SIGTERM but without a limit of the grace period. A hook, a log function or a delivery may call it.
function fleet:stop() end

---The counters of the worker of this process: `claims`, `claimed`, `taken_over`,
---`ok`, `later`, `person`, `parked`, `interrupted`, `fenced` (runs), `new`, `deleted`,
---`octets`, `heartbeats`, `reads`, `writes`, `entries`, `transactions`,
---`unreleased`. A missing count is 0; `running` is the number of sessions now.
---@return table
function fleet:counters() end

---Close the connection of the methods above.
function fleet:close() end

end

do
---Event loops: ready functions for the option `wait` of `pop3.connect`.
---@class pop3.loop.lib
---@field copas pop3.loop.hook For copas: the calling thread of copas waits.
---@field cqueues pop3.loop.hook For cqueues: the calling coroutine of the controller waits.
---@field luv pop3.loop.hook For luv (libuv): in a coroutine, only that coroutine waits; on the main one, the loop runs until the descriptor is ready.
local loop = {}

---For programs without a loop: `pop3.loop.own()` makes one, and its field
---`wait` is the function. See `pop3.loop.own`.
---@return pop3.loop.own
function loop.own() end

end

do
---An event loop for programs that have none: tasks are coroutines, and `wait`
---suspends only the task that calls it.
---@class pop3.loop.own
local own = {}

---Suspend the current task.
---@param seconds number
---@return boolean # true; false when the task was cancelled, or its time is over
function own:sleep(seconds) end

---Make a condition, by which tasks wait for each other.
---@return pop3.loop.condition # with the methods below
function own:condition() end

---Start a task. It begins to run in `run`. If it raises an error, `run` raises
---it.
---@param fn function
---@param ... any its arguments
---@return pop3.loop.task # with the methods below
function own:spawn(fn, ...) end

---Run the tasks until all have ended, or `stop` is called.
function own:run() end

---End `run` after the present turn. The tasks stay.
function own:stop() end

---Seconds on the clock of the loop.
---@return number
function own:now() end

---Close the loop. Tasks that have not ended do not continue; their to-be-closed
---variables are closed.
function own:close() end

end

do
---@class pop3.loop.condition
local condition = {}

---Suspend the current task until `signal` is called.
---@param seconds? number
---@return boolean # false when the time is over, or the task was cancelled
function condition:wait(seconds) end

---Resume all tasks that wait.
function condition:signal() end

end

do
---@class pop3.loop.task
local task = {}

---End all waiting of a task: its present wait, and each later one, returns
---nil, "timeout". The task has to end by itself after that.
function task:cancel() end

---Limit the time of a task: after that it can no longer wait, see `cancel`.
---@param seconds number from now
function task:limit(seconds) end

---Was the task cancelled, or is its time over?
---@return boolean
function task:is_over() end

end

do
---Reading mail: RFC 5322 fields, MIME parts, text in UTF-8.
---@class pop3.message.lib
local message = {}

---@class pop3.message.parse.opts
---@field depth? integer containers (default: 100)
---@field parts? integer  (default: 10000)
---@field header? integer octets of a header block (default: 1048576)
---@field fields? integer of a header block (default: 10000)
---@field params? integer of a field (default: 1000)
---@field addresses? integer of a field (default: 100000)
---@field charset? string the charset of text that declares no charset and is not UTF-8 (default: "windows-1252")

---Parse a message.
---@param octets string the message; its line ends may be CRLF or LF
---@param opts? pop3.message.parse.opts limits, beyond which the input is not read, and `defects` say so; and a charset
---@return pop3.message
function message.parse(octets, opts) end

---Open a message in a file. The file is mapped, not copied; it must not be
---truncated while the message is in use.
---@param path string
---@param opts? pop3.message.parse.opts as for `parse`
---@return pop3.message|nil
---@return string # the error, with the path
---@return "io" # "io"
function message.open(path, opts) end

---Decode the encoded-words of a header value (RFC 2047). The result holds no CR,
---LF or NUL: each becomes a blank.
---@param value string as in the message, maybe folded
---@return string # UTF-8
function message.decode_words(value) end

---Read a list of addresses (RFC 5322 3.4 and 4.4).
---@param value string as in the message, maybe folded
---@return pop3.message.address[] # maybe empty
function message.parse_addresses(value) end

---Read a date: RFC 5322 3.3 and 4.3, and other forms that are not ambiguous, such
---as ISO 8601 and asctime.
---@param value string
---@return pop3.message.date|nil # nil if it is not a date
function message.parse_date(value) end

---@class pop3.message.stream.handlers
---@field on_header? fun(name: string, value: any, path: any, raw: any): any `function(name, value, path, raw)`
---@field on_part? fun(part: any): any `function(part)`
---@field on_data? fun(part: any, octets: any): any `function(part, octets)`
---@field on_end? fun(part: any): any `function(part)`
---@field depth? integer
---@field parts? integer
---@field header? integer
---@field fields? integer
---@field params? integer

---Make a sink that parses a message while it arrives; see `pop3.message.stream`.
---@param handlers pop3.message.stream.handlers and limits, as for `parse`
---@return function # an ltn12 sink
function message.stream(handlers) end

---Iterate over the messages of an mbox file; see `pop3.message.mbox`.
---@param path string
---@param opts? pop3.message.parse.opts as for `parse`
---@return (fun(): pop3.message, string, string)|nil # iterator of message, sender and date line; or nil, error, "io"
---@return string|nil # error
---@return string|nil # code
function message.mbox(path, opts) end

end

do
---Reading mail: RFC 5322 fields, MIME parts, text in UTF-8.
---@class pop3.message
---@field subject? string UTF-8
---@field from pop3.message.address[] a list, which may be empty (RFC 5322 3.4)
---@field to pop3.message.address[] as `from`
---@field cc pop3.message.address[] as `from`
---@field bcc pop3.message.address[] as `from`
---@field reply_to pop3.message.address[] as `from`
---@field sender pop3.message.address[] as `from`
---@field date? pop3.message.date (RFC 5322 3.3)
---@field message_id? string without angle brackets (RFC 5322 3.6.4)
---@field in_reply_to string[] ids without angle brackets
---@field references string[] ids without angle brackets
---@field defects pop3.message.defect[] of a message, sorted by offset
---@field path string the section number of IMAP (RFC 3501 6.4.5); "" for the root of a multipart, "3.TEXT" for the multipart of the message embedded in part 3
---@field type string lower case, such as "text/plain"
---@field params table<string, string> the parameters of Content-Type by lower-case name
---@field charset? string the declared one in lower case, of text parts only
---@field filename? string as sent
---@field safe_filename? string the same as a safe name of a file, without directories, control, bidi and zero-width characters
---@field disposition? "inline"|"attachment" "inline" or "attachment" (RFC 2183)
---@field cid? string the Content-ID without angle brackets (RFC 2045 7)
---@field encoding string the transfer encoding in lower case
---@field size integer octets of the decoded body
local message = {}

---Close a message: a mapped file is released. Its parts are closed with it. Also
---done by `__close` and the garbage collector.
function message:close() end

---The decoded value of the first field of a name (RFC 5322 2.2).
---@param name string in any case
---@return string|nil # UTF-8, unfolded, without CR, LF and NUL
function message:header(name) end

---Iterate over the header fields in order.
---@param name? string in any case: only the fields of that name
---@return fun(): string, string # iterator of name, value (as sent, folded), offset (in octets)
function message:fields(name) end

---The addresses in the first field of a name (RFC 5322 3.4).
---@param name string in any case
---@return pop3.message.address[] # maybe empty
function message:addresses(name) end

---Iterate over all parts, depth first, with multiparts and the parts of embedded
---messages. Parts are looked for while the loop runs.
---@return fun(): string, pop3.message # iterator of path, part
function message:walk() end

---The part with a path (RFC 3501 6.4.5).
---@param path string such as "1.2"; "" is the root
---@return pop3.message|nil
function message:part(path) end

---The first part with a Content-ID (RFC 2045 7).
---@param id string with or without angle brackets, or a `cid:` URL (RFC 2392)
---@return pop3.message|nil
function message:by_cid(id) end

---The message embedded in a part (message/rfc822, message/global).
---@return pop3.message|nil # its paths start again at its own root
---@return string # the error
---@return "state" # "state": the part is not a message
function message:message() end

---Where a part is in the octets of its message, counted from 0.
---@return integer # the offset of its header
---@return integer # the offset of its body
---@return integer # one past its last octet
function message:offsets() end

---Header and body of a part as sent: the octets that a signature covers
---(RFC 1847 2.1).
---@return string
function message:raw() end

---The octets of a part after transfer decoding (RFC 2045 6); of a multipart as
---they are.
---@param sink? function an ltn12 sink
---@overload fun(self: pop3.message): string|nil, string, "io"
---@return integer|nil # the octets; with a sink, their number
---@return string # the error of the sink
---@return "io" # "io"
function message:body(sink) end

---The part that `text` of a message returns: the first text/plain that is not an
---attachment.
---@return pop3.message|nil
function message:text_part() end

---The part that `html` of a message returns: the first text/html that is not an
---attachment.
---@return pop3.message|nil
function message:html_part() end

---@class pop3.message.text.opts
---@field flowed? boolean true joins the lines of format=flowed (RFC 3676)
---@field from_html? boolean true makes readable text of the HTML if there is no other text

---Text in UTF-8, with the line ends of the message. Of a message: the body to
---show. Of a part: the text of that part, nil for a multipart.
---@param opts? pop3.message.text.opts
---@return string|nil
function message:text(opts) end

---@class pop3.message.html.opts
---@field inline? boolean true replaces the `cid:` URLs of pictures by data URLs (RFC 2397), and the charset that the HTML declares by UTF-8, so that it can be shown without the message

---The HTML body in UTF-8.
---@param opts? pop3.message.html.opts
---@return string|nil
function message:html(opts) end

---The parts that `text` and `html` of the message do not show: every leaf and
---every embedded message, with or without a name, inline or not. Left out are other
---forms of the body in a multipart/alternative, and parts that the HTML refers to.
---@return pop3.message[] # in their order, maybe empty
function message:attachments() end

---Save the decoded octets in a file, which appears whole or not at all.
---@param path string a file, which is replaced; or a directory, in which the part gets its `safe_filename`, with a number if that name is taken
---@return string|nil # the path of the file
---@return string # the error, with the path
---@return "io" # "io"
function message:save(path) end

---S/MIME (RFC 8551): detached and opaque signatures, encrypted messages.
---@return table|nil # nil if the part is not S/MIME; else * `signed`, `encrypted`: booleans * `verify { cafile =, capath =, verify = }` → `{ octets =, message =, signer =, signers = }`: the signed octets, the message parsed from them, and the certificates of the signers (`subject`, `common_name`, `emails`, `issuer`, ...); or nil, error, code: "auth" (the signature is wrong, or no certificate authority in `cafile`, `capath` or the system's store is trusted for it), "proto", "state". `verify = false` accepts any certificate. The caller compares the addresses of `signer` with the sender * `content()` → the signed message without any verification * `decrypt { cert =, key = }` (files or PEM) → the message inside, which may be signed; or nil, error, code
---@return string|nil # error
---@return pop3.code|nil # code
function message:smime() end

---PGP/MIME (RFC 3156): its octets, for a program that implements OpenPGP.
---@return table|nil # nil if the part is not PGP/MIME; else `signed` or `encrypted` is true, `octets` are the signed ones (with CRLF line ends) or the encrypted ones, and `signature` is the signature
function message:pgp() end

---TNEF (`winmail.dat` of Outlook, MS-OXTNEF).
---@return table|nil # nil if the part is not TNEF; else `subject`, `text`, `html` (UTF-8) and `rtf` (octets), each if it is there, and `attachments`, a list of `{ filename =, safe_filename =, type =, cid =, size =, body = function(), tnef = }`; `tnef` of an attached message is a table like this one
---@return string # the error
---@return "proto" # "proto"
function message:tnef() end

---A report about another message: delivery status (RFC 3464), disposition
---notification (RFC 8098), or feedback (RFC 5965).
---@return table|nil # nil if it is not a report; else `kind` ("delivery", "disposition" or "feedback"), the fields of the report by name in lower case with "_" for "-", `original` (the message that it is about, or a message with its header alone, or nil), and * of a delivery: `recipients`, a list of tables of fields such as `final_recipient`, `action`, `status`, `diagnostic_code` * of a disposition: `disposition`, `{ action =, sending =, type =, modifiers = {} }` Addresses and names of servers are without their type ("rfc822;"), dates are tables as `m.date`. Fields that may be repeated (`original_rcpt_to`, `authentication_results`, `reported_domain`, `reported_uri`) are lists
function message:report() end

---The invitation in a calendar part (RFC 5545, RFC 5546): its first event, task,
---journal entry or free/busy time.
---@return table|nil # nil without an invitation; else `component` ("event", "task", "journal", "busy"), `method` (such as "REQUEST"), `uid`, `start`, `["end"]`, `stamp`, `recurrence` (each `{ iso =, tzid =, all_day = }` or nil), `organiser` and `attendees` (`{ name =, address =, role =, status =, rsvp = }`), `summary`, `description`, `location`, `status`, `sequence`, `rule`, `duration`. `iso` ends in "Z" for UTC; without it, the time is local to the zone `tzid`
function message:invitation() end

---The fields of a mailing list (RFC 2369, RFC 2919, RFC 8058).
---@return table|nil # nil if there are none; else `id`, `name`, and lists of URLs: `unsubscribe`, `subscribe`, `post` (false if posting is not allowed), `help`, `owner`, `archive`, each if the field is there; `one_click`: boolean, may `unsubscribe` be done by one request?
function message:list() end

---The hops of a message by its Received fields (RFC 5321 4.4).
---@return { from?: any, from_comment?: any, ip?: any, by?: any, via?: any, protocol?: any, id?: any, recipient?: any, date?: any, raw?: any }[] # the last hop first: `{ from =, from_comment =, ip =, by =, via =, protocol =, id =, recipient =, date =, raw = }`, each if it is there; `date` is a table as `m.date`
function message:received() end

---The new text of a reply: the text, or readable text of the HTML, without the
---quoted message, the line that introduces it, and the signature. It is a guess:
---mail does not mark these.
---@return string|nil # UTF-8 with CRLF line ends, maybe ""; nil if there is no text
function message:reply_text() end

---@class pop3.message.dkim.opts
---@field resolve fun(name: string): any `function(name)` gets a name such as "s1._domainkey.mail.example" and returns its TXT record (a string, or a list of its strings), or nil if that record does not exist, or nil and an error if the DNS failed
---@field time? number seconds since 1970, default now

---Verify the DKIM signatures of a message (RFC 6376, RFC 8463).
---@param opts pop3.message.dkim.opts
---@return { result?: any, reason?: any, domain?: any, selector?: any, identity?: any, algorithm?: any, length?: any, testing?: any }[] # one table for each signature, in their order, at most 20: `{ result =, reason =, domain =, selector =, identity =, algorithm =, length =, testing = }`; `result` is "pass", "fail", "temperror" or "permerror" (RFC 8601 2.7.1); `length` is the number of octets of the body that are signed, if not all are (then text may have been added to the message); `testing` is true if the domain only tests
function message:dkim(opts) end

---The message in a normal form, as a plain table, to compare it with the reading of
---other parsers. Keys: `subject from to date message_id references in_reply_to
---body_text body_html signed parts`; each part has `path type charset filename
---safe_filename disposition cid size sha256`, and `text` if it is text.
---@return table
function message:structure() end

end

do
---An address.
---@class pop3.message.address
---@field name string "" if there is no name
---@field address string
---@field group? string the name of the group that the address is a member of
local address = {}

end

do
---A date.
---@class pop3.message.date
---@field epoch integer seconds since 1970
---@field offset integer minutes east of UTC
---@field iso string such as "2026-11-23T08:00:00+01:00"
local date = {}

end

do
---Something in a message that breaks the rules.
---@class pop3.message.defect
---@field code "line"|"mbox"|"type"|"boundary"|"unclosed"|"encoding"|"charset"|"limit" "line" (a header line without a name), "mbox", "type", "boundary", "unclosed" (a multipart without its closing delimiter), "encoding", "charset" or "limit"
---@field offset integer in octets
---@field text string
local defect = {}

end

do
---A programmable POP3 server for tests.
---@class pop3.server
---@field on pop3.server.handlers the script's handlers and hooks
---@field default pop3.server.defaults the default handlers
---@field host string the address that it listens on
---@field port integer the port; reading it makes the server listen
---@field cafile? string with `tls = "auto"`, the file of the CA certificate that clients must trust
local server = {}

---Add a fault.
---@param f pop3.server.fault a field that is unknown, or that can never apply, raises an error
---@return pop3.server
function server:fault(f) end

---The faults of the server.
---@return table[] # of `id`, the number of the fault; `fault`, as it was given; `seen`, how often its fields selected something, `nth` and `times` apart; `used`, how often it applied
function server:list_faults() end

---Remove a fault, or all faults.
---@param id? integer see `list_faults`; all faults if it is left out
---@return integer # how many were removed
function server:clear_faults(id) end

---Behave like another known server from now on. Handlers and options of the
---script take precedence over the preset, as in `pop3.server.new`.
---@param preset? string|table see `pop3.server.presets`; none if it is left out
---@return pop3.server
function server:preset(preset) end

---Make a certificate for a client, signed by the CA of `tls = "auto"`.
---@param user string the name in it; EXTERNAL logs this user in
---@return string # path of the certificate
---@return string # path of its key; both files are removed with the server
function server:client_certificate(user) end

---Serve in a child process. It ends when this process ends, or when the run is
---closed. The child does not inherit sockets and pipes that this process has
---open, apart from the standard ones: a handler that needs one opens it itself.
---@return pop3.run|nil # or nil, message, "io"
---@return string|nil # message
---@return string|nil # code
function server:fork() end

---A connection in memory, for the option `transport` of `pop3.connect`. Its
---clock is the server's, which stands still: `advance` moves it, and where both
---sides only wait, it jumps to the next timer.
---@return pop3.interface.transport
function server:loopback() end

---Add a user, change one, or remove one. A session that the user has goes on.
---@param name string
---@param fields? pop3.server.user_fields of the user; fields that are left out are not changed; nil removes the user
---@return pop3.server
function server:user(name, fields) end

---Seconds on the server's clock, as it was read last.
---@return number
function server:now() end

---Move the clock forward. Delays of faults, handlers that sleep and the autologout
---happen at their time.
---@param seconds number
function server:advance(seconds) end

---Listen, unless the server listens already.
---@return integer|nil # the port; or nil, message, "io"
---@return string|nil # message
---@return string|nil # code
function server:listen() end

---End a session now, without an update.
---@param id integer its number
---@param how? "fin"|"rst"|"half" "fin", "rst", or "half": only the server's side is closed
---@return boolean|nil # true; or nil, message, "state" when no such session is open
---@return string|nil # message
---@return string|nil # code
function server:drop(id, how) end

---Serve once: wait for an event, and handle it.
---@param seconds? number to wait at most
---@return integer|nil # how many descriptors were ready; or nil, message, "io"
---@return string|nil # message
---@return string|nil # code
function server:step(seconds) end

---Serve until a handler or a hook calls `stop`.
---@return boolean|nil # true; or nil, message, "io" when the server cannot listen
---@return string|nil # message
---@return string|nil # code
function server:run() end

---Stop serving: `run` returns, and sessions end without an update. A handler
---may call it: its reply is sent before.
function server:stop() end

---The transcript: commands and status lines in order, secrets as "***",
---without bodies. `tostring` makes text of it.
---@return { session?: any, time?: any, from?: any, line?: any }[] # entries `{ session =, time =, from =, line = }`; `from` is "C" for the client and "S" for the server, `time` is in seconds of the server's clock
function server:transcript() end

---How many commands with a verb came.
---@param verb string in upper or lower case
---@return integer
function server:count(verb) end

---The sessions that are open.
---@return table[] # of `id`, `user`, `state`, `secure` and `peer`, in the order of `id`
function server:list_sessions() end

---Check the commands of all sessions, in their order, against a list. Raises
---an error with the difference and the nearest line, also when a handler
---failed.
---
---The list has lines; Lua patterns after "~"; `{ any_order = { line, ... } }`;
---`{ line, times = n }`, or `at_least` and `at_most`; `{ anything = true }`. These
---fields may be given with or without a list: `never = line or list`, `count = {
---RETR = 2, ["~^TOP"] = { least, most } }`, `session = n` for the commands of
---one session.
---@param list table
---@return boolean # true
function server:verify(list) end

---Serve until a number of commands with a verb has come, counted from the
---start. In memory, where only time can bring a command, the clock jumps.
---@param verb string
---@param seconds number to wait at most
---@param count? integer
---@return boolean|nil # true, or nil, message, "timeout"
---@return string|nil # message
---@return string|nil # code
function server:wait_for(verb, seconds, count) end

---The messages in a user's maildrop now, whether or not a session has it.
---@param user string
---@return string[]|nil # messages as octets; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function server:mailbox(user) end

---Deliver a message. It has the last number at the next login. With the option
---`new_users`, a user who does not exist is added.
---@param user string
---@param octets string of the message
---@return boolean|nil # true, or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function server:deliver(user, octets) end

---The maildrops of all users, sorted by name.
---@return table[] # of `user`; `messages`, their number now, or `error` when the store fails; and `session`, the number of the session that has the maildrop
function server:list_maildrops() end

---A page of the list of messages of a maildrop.
---@param user string
---@param from? integer the number of the first one
---@param most? integer how many, at most 1,000
---@return { name?: any, address?: any, group?: any }[]|nil # of `number`, `size` in octets, `uid`, `subject`, `from` (a list of `{ name =, address =, group = }`) and `date` (ISO 8601); or nil, message, code
---@return string|integer|nil # how many messages the maildrop has
---@return pop3.code|nil # code
function server:list_messages(user, from, most) end

---A message of a maildrop, as `pop3.message` reads it.
---@param user string
---@param n integer its number
---@param limit? integer octets of `text` to return at the most
---@return table|nil # `number`, `size`, `uid`; `subject`, `date` (ISO 8601), `message_id`, and `from`, `to`, `cc`, `bcc`, `reply_to`, `sender` (lists of `{ name =, address =, group = }`); `headers`, a list of `{ name =, value = }`, decoded; `text`, which is made from the HTML if there is no other, `text_size`, `text_part` and `html_part` (the paths of the parts); `parts`, a list of `path`, `type`, `charset`, `size`, `filename`, `safe_filename`, `disposition`, `cid`, `encoding` and `attachment` (true); and `defects`. Or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function server:read_message(user, n, limit) end

---One part of a message.
---@param user string
---@param n integer the number of the message
---@param path? string of the part, such as "1.2"; the whole message if it is left out
---@param form? string "octets": the message unchanged, or the part without its transfer encoding. "text": as UTF-8. "html": as UTF-8, with the pictures of the message as data URLs
---@return string|nil # the octets; or nil, message, code
---@return string|string|nil # the type, such as "image/png"
---@return pop3.code|string|nil # a safe name for a file
function server:read_part(user, n, path, form) end

---Save the present mail, users and faults: `reset` restores them. A child process
---and `pop3 serve` do this when they start; otherwise it is done when the first
---session begins.
function server:snapshot() end

---End all sessions and go back to the start: the mail, the users, the preset,
---the faults, the transcript, the counts, the numbers of sessions and the
---clock. The hook `on.reset(server)` restores the variables of a script. A store
---of the script is restored if it has the method `snapshot`, see `store`; a
---Maildir is not changed.
---@return pop3.server
function server:reset() end

end

do
---A user of a server.
---@class pop3.server.user_fields
---@field password? string
---@field mail? string[]|pop3.interface.store a list of messages, or a store
---@field uidl? string[] unique-ids beside a list of messages
---@field token? string what OAUTHBEARER and XOAUTH2 must send
---@field scram? table stored verifiers in place of a password: mechanism → `{ salt =, iterations =, stored_key =, server_key = }` (RFC 5802)
local user_fields = {}

end

do
---Plays a transcript back as a server: `pop3.server.replay(path)`.
---@class pop3.server.lib
---@field presets pop3.server.presets the known servers, by name; a call lists the names
local server = {}

---@class pop3.server.new.opts
---@field users? table<string, pop3.server.user_fields> name → user
---@field authenticate? fun(session: pop3.server.session, mech: any, user: any, check: any): any `function(session, mech, user, check)`, which decides about logins in place of the passwords. It returns true, or a user's table, to accept the login; `nil, text, code` to refuse it; or a reply of the session. `check(secret)` tells whether the client proved that it knows that secret, and is true for any secret where the proof is a certificate or a ticket. The user to act as, if the client named one, is `session.authzid`
---@field host? string the address to listen on (default: "127.0.0.1")
---@field port? integer the port; 0 takes a free one (default: 0)
---@field tls? string|table TLS, by STLS unless `implicit` is true. "auto" makes a CA and a certificate for localhost in memory. "expired", "not-yet-valid", "wrong-host", "untrusted", "self-signed" and "weak-key" make certificates that clients must refuse. A table has `cert` and `key` (files, or PEM), or `auto` (true or one of these names) and `names`; `client_cert` ("optional" or "required") and `cafile` (the CA of client certificates); `min_version` and `max_version` ("TLSv1" to "TLSv1.3"); `handshake` ("stall", "cut" or "alert")
---@field implicit? boolean TLS from the first octet, in place of STLS (default: false)
---@field require_tls? boolean refuse logins without TLS (default: false)
---@field capa? { authorization?: any, transaction?: any }|boolean `{ authorization = lines, transaction = lines }`, the lines of CAPA in each state; false for a server without CAPA
---@field mechs? string[] the SASL mechanisms that are offered: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512 and their -PLUS forms (under TLS), OAUTHBEARER, XOAUTH2, EXTERNAL (with a client certificate), GSSAPI (with `keytab`), ANONYMOUS. None is offered by default
---@field keytab? string the file with the Kerberos keys of the service "pop", for GSSAPI (RFC 4752); without it, the default one of the system (KRB5_KTNAME, or /etc/krb5.keytab). A client whose principal is "ann@REALM" opens the maildrop of the user "ann@REALM", or else that of "ann" if REALM is also the realm of the server. `authenticate` gets the whole principal as the user. No security layer is offered
---@field new_users? string the password of the users that `deliver` adds; without it, a delivery to a user who does not exist fails
---@field greeting? string the text after "+OK" in the greeting
---@field apop? boolean take APOP. The greeting then has a stamp: the one in `greeting`, or one that is added to it (default: false)
---@field autologout? number seconds without a command after which the session ends (default: 600)
---@field login_delay? number seconds between two logins of a user (LOGIN-DELAY, RFC 2449) (default: 0)
---@field expire? string|integer the argument of the capability EXPIRE (default: "NEVER")
---@field failure_delay? number seconds before a failed login is answered (default: 0)
---@field limits? { line?: any, output?: any, transcript?: any, logins?: any } `{ line =, output =, transcript =, logins = }`: octets of a command (8,192; a longer one gets one -ERR); octets of replies that are encoded before the client reads (262,144; the session waits for its reader); octets of the transcript (64 MiB; the oldest lines are dropped, and `verify` says so); failed logins (10; then -ERR, and the connection ends)
---@field seed? string|integer APOP stamps and SASL nonces are made from it, the same each time
---@field on? pop3.server.handlers handlers and hooks
---@field faults? pop3.server.fault[] faults, see `pop3.server:fault`
---@field preset? string|table behave like a known server, see `pop3.server.presets`. The other options, and `on`, take precedence over the preset
---@field clock? function returns seconds; the server uses it in place of its own clock

---Make a server.
---
---It does not listen yet: `pop3.server:fork`, `pop3.server:step`,
---`pop3.server:run` and the field `port` start that.
---@param opts pop3.server.new.opts
---@return pop3.server|nil
---@return string|nil # message
---@return string|nil # code
function server.new(opts) end

---@class pop3.server.replay.opts
---@field loose? boolean a command gets the reply that the transcript has for it in the state of the session, in any order, repeatedly, whatever the number of the connection; unique-ids and dates may differ; the client may log in by another mechanism than the recorded one, except SCRAM, and with any name (default: false)
---@field tls? string|table as in `pop3.server.new`, and so are the other options; by default "auto" when TLS was recorded
---@field implicit? boolean by default as recorded
---@field host? string  (default: "127.0.0.1")
---@field port? integer  (default: 0)
---@field on? pop3.server.handlers
---@field faults? pop3.server.fault[]
---@field autologout? number  (default: 600)
---@field clock? function

---Make a server from a transcript, a text file with `C:` and `S:` lines, or a
---test case of curl: `pop3.server.replay(path, opts)`.
---@param path string
---@param opts? pop3.server.replay.opts
---@return pop3.server|nil # whose field `expected` is the list for `verify`; or nil, message, code: "io" when the file cannot be read, "proto" when its format is invalid
---@return string|nil # message
---@return pop3.code|nil # code
function server.replay(path, opts) end

end

do
---A server in a child process: `server:fork` returns it.
---@class pop3.run
---@field host string the address that it listens on
---@field port integer
---@field pid integer of the child process
---@field cafile? string as of the server
local run = {}

---The transcript so far, see `pop3.server:transcript`.
---@return table[] # entries
function run:transcript() end

---Check the commands that came, see `pop3.server:verify`. An error of a
---handler and a child that does not answer raise an error as well.
---@param list table
---@return boolean # true
function run:verify(list) end

---How many commands with a verb came.
---@param verb string in upper or lower case
---@return integer
function run:count(verb) end

---Wait until a number of commands with a verb has come, counted from the
---start.
---@param verb string
---@param seconds number to wait at most
---@param count? integer
---@return boolean|nil # true, or nil, message, "timeout"
---@return string|nil # message
---@return string|nil # code
function run:wait_for(verb, seconds, count) end

---The messages in a user's maildrop now.
---@param user string
---@return string[]|nil # messages as octets; or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function run:mailbox(user) end

---Deliver a message. It has the last number at the next login.
---@param user string
---@param octets string of the message
---@return boolean|nil # true, or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function run:deliver(user, octets) end

---The maildrops of all users, see `pop3.server:list_maildrops`.
---@return table[]
function run:list_maildrops() end

---Some messages of a maildrop, see `pop3.server:list_messages`.
---@param user string
---@param from? integer
---@param most? integer
---@return table[]
---@return integer # how many messages the maildrop has
function run:list_messages(user, from, most) end

---A message as `pop3.message` reads it, see `pop3.server:read_message`.
---@param user string
---@param n integer its number
---@param limit? integer octets of text
---@return table|nil # or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function run:read_message(user, n, limit) end

---One part of a message, see `pop3.server:read_part`.
---@param user string
---@param n integer the number of the message
---@param path? string
---@param form? string
---@return string|nil # octets; or nil, message, code
---@return string|string|nil # the type
---@return pop3.code|string|nil # a safe name for a file
function run:read_part(user, n, path, form) end

---Move the server's clock, as `pop3.server:advance` does.
---@param seconds number
---@return boolean # true
function run:advance(seconds) end

---Add a fault without functions.
---@param f pop3.server.fault
---@return boolean # true
function run:fault(f) end

---The faults of the server, see `pop3.server:list_faults`. A function in one
---is the text "a function".
---@return table[]
function run:list_faults() end

---Remove a fault, or all faults.
---@param id? integer see `list_faults`
---@return boolean|nil # true; or nil, message, "state" when there is no such fault
---@return string|nil # message
---@return string|nil # code
function run:clear_faults(id) end

---Add a user, change one, or remove one, see `pop3.server:user`.
---@param name string
---@param fields? pop3.server.user_fields
---@return boolean|nil # true; or nil, message, "state" when there is no user to remove
---@return string|nil # message
---@return string|nil # code
function run:user(name, fields) end

---Behave like another known server, see `pop3.server:preset`.
---@param name? string of the preset
---@return boolean # true
function run:preset(name) end

---Run Lua in the server's process, to set handlers. The chunk finds `server`,
---`on` and `default`.
---@param lua string
---@return boolean # true; an error in the chunk raises an error
function run:handlers(lua) end

---The sessions that are open, see `pop3.server:list_sessions`.
---@return table[]
function run:list_sessions() end

---End a session now, see `pop3.server:drop`.
---@param id integer
---@param how? string
---@return boolean|nil # true; or nil, message, "state" when no such session is open
---@return string|nil # message
---@return string|nil # code
function run:drop(id, how) end

---Seconds on the server's clock.
---@return number
function run:now() end

---Make a certificate for a client, see `pop3.server:client_certificate`.
---@param user string
---@return string # path of the certificate
---@return string # path of its key
function run:client_certificate(user) end

---Save the present mail, users and faults, see `pop3.server:snapshot`.
---@return boolean # true
function run:snapshot() end

---Go back to the state in which the server was forked, see
---`pop3.server:reset`.
---@return boolean # true
function run:reset() end

---Stop the server. The child is killed when it does not end within `grace`
---seconds (a field, 10), for example when a handler never returns. The second call does
---nothing, and so does a call in another process than the one that forked it.
---@return integer # the exit status of the child, nil when that is not known
function run:stop() end

end

do
---Handlers and hooks: the commands of the test server, and how a script
---overrides them.
---@class pop3.server.handlers
---@field USER? fun(session: pop3.server.session, name: string): pop3.server.session.reply USER: the name of the user (RFC 1939 section 7).
---@field PASS? fun(session: pop3.server.session, secret: string): pop3.server.session.reply PASS: the password, after USER (RFC 1939 section 7).
---@field APOP? fun(session: pop3.server.session, user: string, digest: string): pop3.server.session.reply APOP: a login by the MD5 digest of the greeting's stamp and the password (RFC 1939 section 7), with the option `apop`.
---@field AUTH? fun(session: pop3.server.session, mechanism?: string, initial?: string): pop3.server.session.reply AUTH: a login by SASL (RFC 5034).
---@field STLS? fun(session: pop3.server.session): pop3.server.session.reply STLS: start TLS (RFC 2595).
---@field CAPA? fun(session: pop3.server.session): pop3.server.session.reply CAPA: the capabilities (RFC 2449), or those of the option `capa`.
---@field UTF8? fun(session: pop3.server.session): pop3.server.session.reply UTF8: mail and user names in UTF-8 (RFC 6856).
---@field LANG? fun(session: pop3.server.session, tag?: string): pop3.server.session.reply LANG: the list of languages, or choose one (RFC 6856).
---@field STAT? fun(session: pop3.server.session): pop3.server.session.reply STAT: how many messages there are, and their octets (RFC 1939 section 5).
---@field LIST? fun(session: pop3.server.session, n?: integer): pop3.server.session.reply LIST: the size of one message, or of all (RFC 1939 section 5).
---@field UIDL? fun(session: pop3.server.session, n?: integer): pop3.server.session.reply UIDL: the unique-id of one message, or of all (RFC 1939 section 7).
---@field RETR? fun(session: pop3.server.session, n: integer): pop3.server.session.reply RETR: a message (RFC 1939 section 5).
---@field TOP? fun(session: pop3.server.session, n: integer, lines: integer): pop3.server.session.reply TOP: the header of a message and the first lines of its body (RFC 1939 section 7).
---@field DELE? fun(session: pop3.server.session, n: integer): pop3.server.session.reply DELE: mark a message as deleted (RFC 1939 section 5).
---@field RSET? fun(session: pop3.server.session): pop3.server.session.reply RSET: unmark all messages (RFC 1939 section 5).
---@field NOOP? fun(session: pop3.server.session): pop3.server.session.reply NOOP: nothing (RFC 1939 section 5).
---@field update? fun(session: pop3.server.session, numbers?: integer[]):  The hook `on.update`: QUIT after a login.
---@field QUIT? fun(session: pop3.server.session): pop3.server.session.reply QUIT: after a login, run the hook `update`; then end the session (RFC 1939 section 6).
---@field connect? fun(session: pop3.server.session) The hook `on.connect`: a client has connected.
---@field disconnect? fun(session: pop3.server.session) The hook `on.disconnect`: the session has ended.
---@field unknown? fun(session: pop3.server.session, rest: string) The hook `on.unknown`: a command that has no handler.
---@field reset? fun(server: pop3.server) The hook `on.reset`: `server:reset` was called.
---@field [string] fun(session: pop3.server.session, ...: any): pop3.server.session.reply?
local handlers = {}

end

do
---The default handlers.
---@class pop3.server.defaults
---@field USER fun(session: pop3.server.session, name: string): pop3.server.session.reply USER: the name of the user (RFC 1939 section 7).
---@field PASS fun(session: pop3.server.session, secret: string): pop3.server.session.reply PASS: the password, after USER (RFC 1939 section 7).
---@field APOP fun(session: pop3.server.session, user: string, digest: string): pop3.server.session.reply APOP: a login by the MD5 digest of the greeting's stamp and the password (RFC 1939 section 7), with the option `apop`.
---@field AUTH fun(session: pop3.server.session, mechanism?: string, initial?: string): pop3.server.session.reply AUTH: a login by SASL (RFC 5034).
---@field STLS fun(session: pop3.server.session): pop3.server.session.reply STLS: start TLS (RFC 2595).
---@field CAPA fun(session: pop3.server.session): pop3.server.session.reply CAPA: the capabilities (RFC 2449), or those of the option `capa`.
---@field UTF8 fun(session: pop3.server.session): pop3.server.session.reply UTF8: mail and user names in UTF-8 (RFC 6856).
---@field LANG fun(session: pop3.server.session, tag?: string): pop3.server.session.reply LANG: the list of languages, or choose one (RFC 6856).
---@field STAT fun(session: pop3.server.session): pop3.server.session.reply STAT: how many messages there are, and their octets (RFC 1939 section 5).
---@field LIST fun(session: pop3.server.session, n?: integer): pop3.server.session.reply LIST: the size of one message, or of all (RFC 1939 section 5).
---@field UIDL fun(session: pop3.server.session, n?: integer): pop3.server.session.reply UIDL: the unique-id of one message, or of all (RFC 1939 section 7).
---@field RETR fun(session: pop3.server.session, n: integer): pop3.server.session.reply RETR: a message (RFC 1939 section 5).
---@field TOP fun(session: pop3.server.session, n: integer, lines: integer): pop3.server.session.reply TOP: the header of a message and the first lines of its body (RFC 1939 section 7).
---@field DELE fun(session: pop3.server.session, n: integer): pop3.server.session.reply DELE: mark a message as deleted (RFC 1939 section 5).
---@field RSET fun(session: pop3.server.session): pop3.server.session.reply RSET: unmark all messages (RFC 1939 section 5).
---@field NOOP fun(session: pop3.server.session): pop3.server.session.reply NOOP: nothing (RFC 1939 section 5).
---@field update fun(session: pop3.server.session, numbers?: integer[]):  The hook `on.update`: QUIT after a login.
---@field QUIT fun(session: pop3.server.session): pop3.server.session.reply QUIT: after a login, run the hook `update`; then end the session (RFC 1939 section 6).
---@field connect fun(session: pop3.server.session) The hook `on.connect`: a client has connected.
---@field disconnect fun(session: pop3.server.session) The hook `on.disconnect`: the session has ended.
---@field unknown fun(session: pop3.server.session, rest: string) The hook `on.unknown`: a command that has no handler.
---@field reset fun(server: pop3.server) The hook `on.reset`: `server:reset` was called.
local defaults = {}

end

do
---A session of the test server, as handlers and hooks see it.
---@class pop3.server.session
---@field id integer the number of the session, from 1
---@field user? string nil before the login
---@field state "greeting"|"authorization"|"transaction"|"update"|"closed" "greeting", "authorization", "transaction", "update" or "closed"
---@field secure boolean whether TLS is active
---@field peer string the client's address
---@field maildrop? pop3.interface.maildrop the mail of the user, see `pop3.store`
---@field deleted table<integer, boolean> message number → true for what is marked
---@field verb? string the command that is being answered
---@field data table for the script
---@field server pop3.server
---@field tls? table with TLS
---@field tls_error? string in `on.disconnect`: why the handshake failed
local session = {}

---A reply +OK.
---@param text? string of the status line; control characters become spaces
---@return pop3.server.session.reply
function session:ok(text) end

---A reply -ERR.
---@param text? string of the status line
---@param code? string response code without brackets, such as "IN-USE" (RFC 2449 section 8, RFC 3206)
---@return pop3.server.session.reply
function session:err(text, code) end

---A reply +OK with a body. Dots are stuffed, line ends become CRLF, and the
---terminator is added (RFC 1939 section 3).
---@param text? string of the status line
---@param body? string|string[]|function octets, a list of lines, or an ltn12 source
---@return pop3.server.session.reply
function session:multi(text, body) end

---Octets in place of a reply, sent unchanged. This is the only reply that may
---break the protocol.
---@param octets string
---@return pop3.server.session.reply
function session:raw(octets) end

---No reply: the connection ends.
---@param how? "fin"|"rst"|"half" "fin" closes it, "rst" resets it, "half" closes the server's side only
---@return pop3.server.session.reply
function session:hangup(how) end

---Send a challenge of a SASL exchange and wait for the response (RFC 5034
---section 4). For handlers of AUTH.
---@param octets string sent as base64
---@return string # the response, decoded; or nil and "cancelled" (the client sent "*"), "not base64" or "too long"; and the line as it came
function session:challenge(octets) end

---Sleep on the server's clock. Other sessions are served meanwhile.
---`coroutine.yield(seconds)` does the same. The shortest sleep is a
---millisecond, so that a handler may wait in a loop.
---@param seconds? number
function session:sleep(seconds) end

---Give effects to the reply of this handler, like those of a fault.
---@param effects pop3.server.fault a fault's fields that say where it applies raise an error
function session:fault(effects) end

end

do
---A reply, which an override of a handler may change.
---@class pop3.server.session.reply
---@field status "+OK"|"-ERR" "+OK" or "-ERR"
---@field text? string of the status line
---@field code? string response code without brackets
---@field body? string|string[]|function octets, a list of lines, or an ltn12 source
local reply = {}

end

do
---Faults: failures of a session, described as data.
---@class pop3.server.fault
---@field verb? string string. The command, in upper or lower case.
---@field hook? "connect"|"tls"|"update" "connect", "tls" or "update". In place of a verb: "connect" is the greeting, "tls" the start of TLS, "update" a QUIT in the transaction state.
---@field args? string string. A Lua pattern that the arguments match; one space separates them.
---@field session? integer integer, 1 or more. The number of the session, counted from 1.
---@field user? string string. The user who is logged in, or whom USER, PASS or APOP names.
---@field state? "greeting"|"authorization"|"transaction" "greeting", "authorization" or "transaction". The state of the session.
---@field nth? integer integer, 1 or more. Only the n-th time that all other fields select.
---@field times? integer integer, 0 or more. At most this many times.
---@field when? fun(session: pop3.server.session, verb: any, ...: any): any function. `function(session, verb, ...)` with the arguments of the command; true selects it.
---@field reply? string string. At: reply. Octets in place of the reply. A CRLF is added unless they end with one. The handler is not called.
---@field unstuffed? true true. At: reply. Lines that begin with a dot are sent without the second dot.
---@field wrong_size? integer integer of octets. At: reply. Added to the sizes that STAT, LIST and RETR announce.
---@field uids? "duplicate"|"missing"|"empty" "duplicate", "missing" or "empty". At: reply. What UIDL lists: "duplicate", the first unique-id for all messages; "missing", no line for every second message; "empty", numbers without unique-ids.
---@field no_text? true true. At: reply. The status line is the status alone.
---@field no_terminator? true true. At: reply. The line with the dot after the body is missing.
---@field bare_lf? true true. At: reply. Lines end with LF alone.
---@field bare_cr? true true. At: reply. Lines end with CR alone.
---@field garbage? { seed?: integer, bytes?: integer } table: `seed`: integer (1); `bytes`: integer of octets, 0 or more (64). At: reply. Pseudorandom octets in place of the reply, the same ones for a seed.
---@field append? string string. At: reply. Octets after the reply.
---@field cut? { bytes?: integer, lines?: integer, how?: "fin"|"rst"|"half" } table: `bytes`: integer of octets, 0 or more; `lines`: integer of lines, 0 or more; `how`: "fin", "rst" or "half". At: reply, handshake. The connection ends after `bytes` octets of the reply, or after `lines` of its body, whichever comes first. It ends by "fin", by "rst", or by "half": only the server's side is closed, and commands are still executed. In a handshake, `bytes` counts the octets of TLS.
---@field swap? true true. At: reply. The reply is sent after the reply to the next command. QUIT and STLS do not wait.
---@field delay? number number of seconds, 0 or more. At: reply, handshake. The reply, or the handshake, is sent after this time.
---@field stall? true true. At: reply, handshake. Nothing is sent any more; the connection stays open.
---@field drip? { bytes?: integer, every?: number } table: `bytes`: integer of octets, 1 or more (1); `every`: number of seconds, more than 0 (1). At: reply. The reply is sent `bytes` octets at a time, at intervals of `every`.
---@field slice? integer integer of octets, 1 or more. At: reply. The reply is sent in writes of at most this size; with `drip`, at the rate of `drip`.
---@field refuse? true true. At: connection. The connection is reset before TLS and the greeting.
---@field alert? true true. At: handshake. The handshake fails with an alert.
---@field certificate? "expired"|"not-yet-valid"|"self-signed"|"untrusted"|"weak-key"|"wrong-host" "expired", "not-yet-valid", "self-signed", "untrusted", "weak-key" or "wrong-host". At: handshake. The handshake shows a certificate that clients must refuse.
local fault = {}

end

do
---Stores: the mail of a test server.
---@class pop3.store.lib
local store = {}

---Messages in memory.
---@param mail string[] the messages
---@param uidl? string[] their unique-ids, otherwise they are generated. Two messages may have the same unique-id
---@return pop3.interface.store
function store.memory(mail, uidl) end

---Messages in files, such as `.eml` files. A file is read when its message is
---fetched. A deletion removes the message from the store, not the file.
---@param paths string[]
---@param uidl? string[] their unique-ids; otherwise made from the names of the files
---@return pop3.interface.store
function store.files(paths, uidl) end

---@class pop3.store.maildir.opts
---@field create? boolean make the Maildir if it does not exist (default: false)

---Messages in a Maildir that other programs may deliver into. `new/` and
---`cur/` are read, and nothing is moved; a message is removed by the update of
---a session. The unique-id is the name of the file without its flags: it stays
---the same if another program moves the file or changes the flags. The order is
---the order of delivery, by the time that the names begin with.
---@param path string
---@param opts? pop3.store.maildir.opts
---@return pop3.interface.store|nil
---@return string|nil # message
---@return "io"|nil # "io"
function store.maildir(path, opts) end

---@class pop3.store.mbox.opts
---@field create? boolean make the file if it does not exist (default: false)
---@field lock_timeout? number seconds to wait for other programs (default: 5)

---Messages in an mbox that other programs may use. The file is locked, by
---fcntl(2) and by `PATH.lock`, while a session logs in and while its update
---removes messages. Lines that mboxrd quotes are given without the quoting. The
---unique-id is a digest of the message that stays the same when a mail reader
---adds fields such as Status. A login while another program has the lock fails
---with `IN-USE`.
---@param path string
---@param opts? pop3.store.mbox.opts
---@return pop3.interface.store|nil
---@return string|nil # message
---@return "io"|nil # "io"
function store.mbox(path, opts) end

end

do
---A store: the mail of one or more users.
---@class pop3.interface.store
local store = {}

---Open the maildrop of a user, for one session.
---@param user string
---@return pop3.interface.maildrop|nil
---@return string|nil # message
---@return string|nil # response code
function store:open(user) end

---Add a message, which the next session sees. Optional: `server:deliver` needs it.
---@param user string
---@param octets string
---@return boolean|nil # true, or nil, message, code
---@return string|nil # message
---@return pop3.code|nil # code
function store:deliver(user, octets) end

---Remember the messages of now. Optional: `server:reset` needs it.
---@return function # puts the store back to that state
function store:snapshot() end

end

do
---A maildrop: the messages of a user in one session.
---@class pop3.interface.maildrop
local maildrop = {}

---How many messages there are.
---@return integer
function maildrop:count() end

---The size of a message in octets, in canonical form.
---@param n integer
---@return integer
function maildrop:size(n) end

---The unique-id of a message.
---@param n integer
---@return string
function maildrop:uid(n) end

---The octets of a message.
---@param n integer
---@return string
function maildrop:octets(n) end

---An ltn12 source of the octets, in canonical form. Optional: a message of 1 MiB or more
---is then never held in memory as a whole.
---@param n integer
---@return function
function maildrop:source(n) end

---The sum of all sizes. Optional: STAT then does not ask for each.
---@return integer
function maildrop:total() end

---Remove messages: the update of a session (RFC 1939 section 6).
---@param numbers integer[]
---@return boolean # true, or nothing; nil and a message if not all were removed
function maildrop:remove(numbers) end

---The session has ended.
function maildrop:close() end

end

do
---A byte stream that a program supplies, for the option `transport` of `pop3.connect`: any
---object that has these methods.
---@class pop3.interface.transport
local transport = {}

---Send octets.
---@param octets string
---@return integer|nil # how many were sent: 1 or more
---@return "timeout"|"closed"|nil # "timeout" or "closed"
function transport:send(octets) end

---Receive octets, as soon as there are any.
---@param max integer
---@return string|nil # 1 to `max` octets
---@return "timeout"|"closed"|nil # "timeout" or "closed"
function transport:receive(max) end

---Whether octets can be received at once. Optional: the client calls it before it
---sends a command, to notice an unsolicited reply. Without it, an object
---with `settimeout` is asked to receive within 0 seconds.
---@return boolean
function transport:pending() end

---Close the connection.
function transport:close() end

---Say how long the next operation may take. Optional: it is called before each `send`
---and `receive`.
---@param seconds? number nil for no limit
function transport:settimeout(seconds) end

---End this side of the connection; the peer can still send. Optional.
function transport:shutdown() end

end

---The main module: connect to a server, and find the other modules.
---@class pop3
---@field loop pop3.loop.lib
---@field message pop3.message.lib
---@field server pop3.server.lib
---@field state pop3.state.lib
---@field store pop3.store.lib
---@field core table the part in C
---@field _VERSION string such as "lpop3 1.0.0"
local pop3 = {}

---@class pop3.connect.opts
---@field host string a DNS name or an IP address
---@field port? integer 995 with `tls = "implicit"`, otherwise 110
---@field tls? "implicit"|"stls"|"stls?"|"none" "implicit": TLS from the first octet (RFC 8314); "stls": TLS by STLS, required (RFC 2595); "stls?": TLS by STLS if the server offers it, which an attacker can prevent; "none" (the default with `transport`) (default: "implicit")
---@field verify? boolean|(fun(certificate: any, problem: any): any) verify the chain and the host name of the server's certificate (RFC 9525); or `function(certificate, problem)`, which returns true to accept it: a table (`subject`, `issuer`, `names`, `not_before`, `not_after`, `pin`, `fingerprint`), and the problem with it, nil if it is valid (default: true)
---@field cafile? string a file with CA certificates in PEM, in place of the system's
---@field capath? string a directory of them
---@field crlfile? string a file with certificate revocation lists in PEM; the issuer of the server's certificate must have one in it
---@field servername? string the name that the certificate must have, if it is not the host; also the one in the name of the service of GSSAPI
---@field pin? string|table base64 of the SHA-256 of the server's public key, or a list of them. A pin is checked on top of the chain; with `verify = false` the pin alone decides
---@field fingerprint? string|table the SHA-256 of the whole certificate in hexadecimal, with or without colons, or a list of them; as `pin`
---@field cert? string a file with the client's certificate, for EXTERNAL
---@field key? string the file of its key
---@field min_version? "TLSv1"|"TLSv1.1"|"TLSv1.2"|"TLSv1.3" "TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3"; the first two are insecure, for old servers (default: "TLSv1.2")
---@field ciphers? string the names of ciphers as OpenSSL has them, with colons between them
---@field security_level? integer OpenSSL's, 0 to 5: which keys and ciphers are strong enough (default: 2)
---@field resume? pop3.session a session with the same server, whose TLS session shortens the handshake
---@field user? string log in as this user, see `pop3.session:login`; it may be left out with `mechs = { "GSSAPI" }`, which logs in without it
---@field password? string
---@field token? string|function an OAuth bearer token, or a function that returns one
---@field mechs? string[] the mechanisms that may be used, in order of preference: SASL names, "USER" for USER and PASS, "APOP". APOP, ANONYMOUS and GSSAPI (a ticket of Kerberos) are used only if they are named here
---@field insecure? boolean a password may cross a connection without TLS to a host that is not loopback (default: false)
---@field pipeline? boolean false: one command at a time, for servers that announce PIPELINING and do not support it (default: true)
---@field ignore? string[] capabilities to ignore: names, or a name and an argument, such as "SASL CRAM-MD5"
---@field retry? { attempts?: any, wait?: any } `{ attempts = 3, wait = 5 }`: connect again when the login is refused with [IN-USE], [LOGIN-DELAY] or [SYS/TEMP]; `wait` is the number of seconds between two attempts
---@field timeout? number|{ connect?: number, io?: number, total?: number } seconds without any progress; or `{ connect =, io =, total = }` in seconds, where `total` bounds a whole operation (default: 60)
---@field limits? { line?: any, listing?: any, message?: any, drain?: any } `{ line =, listing =, message =, drain = }`: octets of a status or listing line (8,192); entries of a listing (4,194,304); octets of one message (no limit); octets that are read and dropped to stay in step (16 MiB). A limit is inclusive. After a line or a drain that is too long the session is closed; after a listing or a message it can be used
---@field family? "ipv4"|"ipv6" "ipv4" or "ipv6": only addresses of this family are tried. Without it, the addresses of both families are tried in turn, a new one every 250 ms, and the first connection wins (RFC 8305)
---@field local_address? string the IP address to connect from
---@field proxy? string `"socks5://[user:password@]host[:1080]"` (RFC 1928, 1929) or `"http://[user:password@]host[:8080]"` (CONNECT); the proxy resolves the name of the host
---@field log? fun(direction: string, line: string): any `function(direction, line)`: "C" or "S", and a line with secrets masked as `***`
---@field progress? fun(command: string, octets: any): any `function(command, octets)`: called when octets come, with the command that waits for its reply and the count of octets since it began to wait. It must not use the session, except for `cancel`
---@field wait? pop3.loop.hook the hook of an event loop, see `pop3.loop`
---@field resolve? fun(host: string): any `function(host)` → a list of `{ family = "inet" or "inet6", addr = }`, or nil, message. By default getaddrinfo(3); with `wait` in another process, so that the loop is not blocked
---@field transport? integer|userdata|pop3.interface.transport a connection in place of `host`: a descriptor, a LuaSocket object, or an object of the interface `transport`

---Connect to a server and, if a user is given, log in.
---
---The connection has TLS and the server's certificate is verified, unless the
---options say otherwise. TLS fails closed: if the server refuses STLS, does not
---offer it, or sends octets after its +OK, the call fails with code "tls".
---@param where string|pop3.connect.opts a URL (RFC 2384), or the table `opts` itself. `pops:` is TLS from the first octet (port 995), `pop:` is STLS (port 110). A URL may name the user, and the mechanism: `pop://mrose;AUTH=PLAIN@mail.example`
---@param opts? pop3.connect.opts options beside a URL
---@return pop3.session|nil
---@return string|nil # message
---@return pop3.code|nil # code "connect", "timeout", "closed", "tls", "auth", "err", "proto", "limit" or "io"
---@return pop3.reply|nil # reply
function pop3.connect(where, opts) end

---@class pop3.maildir.opts
---@field create? boolean make the Maildir if it does not exist; its parent must exist (default: true)
---@field mode? integer the permissions of a message (384 is 0600) (default: 384)
---@field eol? "crlf"|"lf" "crlf": the octets as they came; "lf": with LF line ends (default: "crlf")
---@field fields? table header fields to add: `received = true`, `delivered_to = address`, `return_path = address`. None is added by default

---A Maildir that `pop3.sync` delivers into, see `pop3.maildir`.
---@param path string
---@param opts? pop3.maildir.opts
---@return pop3.maildir
function pop3.maildir(path, opts) end

---@class pop3.mbox.opts
---@field create? boolean make the file if it does not exist (default: true)
---@field mode? integer the permissions of a new file (384 is 0600) (default: 384)
---@field lock_timeout? number seconds to wait for the locks of other programs (default: 30)
---@field spool? string a directory for messages over 64 KiB that are not complete yet; default TMPDIR or /var/tmp
---@field fields? table as for `maildir`

---An mbox file that `pop3.sync` delivers into, see `pop3.mbox`.
---@param path string
---@param opts? pop3.mbox.opts
---@return pop3.mbox
function pop3.mbox(path, opts) end

---@class pop3.lmtp.opts
---@field host? string the server, with `port`; or `path`
---@field port? integer
---@field path? string the server's Unix socket
---@field to string[] the addresses of the recipients
---@field from? string the address of the sender (default: "")
---@field timeout? number seconds without progress; the reply to a message may take twice as long (default: 300)
---@field spool? string as for `mbox`
---@field fields? table as for `maildir`

---An LMTP server that `pop3.sync` delivers to, see `pop3.lmtp`.
---@param opts pop3.lmtp.opts
---@return pop3.lmtp
function pop3.lmtp(opts) end

---@class pop3.pipe.opts
---@field timeout? number seconds for one message; then the command, and what it has started, are ended (default: 300)
---@field eol? "lf"|"crlf" "lf" or "crlf": the line ends; most programs expect "lf" (default: "lf")
---@field spool? string as for `mbox`
---@field fields? table as for `maildir`

---A command of the shell that `pop3.sync` delivers to, see `pop3.pipe`. The
---message is on its standard input. Its environment has `LPOP3_ID` (the same at
---each attempt), `LPOP3_UID` (the unique-id) and `LPOP3_AGAIN` ("1" if an
---earlier attempt may have succeeded, otherwise "").
---@param command string
---@param opts? pop3.pipe.opts
---@return pop3.pipe
function pop3.pipe(command, opts) end

---@class pop3.fleet.opts
---@field store string|table the URL of the database, or the options of `pop3.sql.open`. `timeout` is at most that of `lease`; workers may have different ones
---@field into? any the delivery for accounts without a delivery: a description such as `{ maildir = "/srv/mail/{name}" }`, a function, or a delivery, as for `pop3.sync`
---@field jobs? integer sessions at the same time (default: 100)
---@field per_host? integer sessions with one host at the same time, over all workers
---@field lease? number seconds after which another worker may take over the accounts of a worker that does not answer (default: 300)
---@field poll? number seconds between two searches for accounts that are due, at the most (default: 5)
---@field grace? number seconds for sessions under way after SIGTERM (default: 30)
---@field secret? string|(fun(account: any, again: any): any) the secret for accounts without `secret`: a string as there, or `function(account, again)` → `{ password = }` or `{ token = }`; or nil, message, temporary
---@field key_file? string the file with the keys of sealed secrets, see `pop3 fleet add --seal`; default: the environment variable POP3_FLEET_KEY_FILE
---@field defaults? table keys of accounts that do not have them, such as `keep`
---@field worker? string the unique name of the worker
---@field log? fun(record: any): any `function(record)`, see `pop3.fleet:run`
---@field events? boolean log each message as well (default: false)
---@field signals? boolean end after SIGTERM, SIGINT or SIGHUP (default: true)
---@field until_idle? boolean end when nothing is due (default: false)
---@field tasks? function[] functions that run as tasks of the worker's loop, which is their argument, and are cancelled at its end
---@field hook? function for specs, see `pop3.fleet.points`

---Many accounts and many workers on PostgreSQL, see `pop3.fleet`.
---@param opts pop3.fleet.opts
---@return pop3.fleet
function pop3.fleet(opts) end

---@class pop3.inbox.opts
---@field url? string for consumers: of the database, see `pop3.sql`. A delivery uses the connection of the state
---@field driver? "libpq"|"dbi" "libpq" (the default for PostgreSQL) or "dbi"
---@field wait? pop3.loop.hook for consumers: the hook of an event loop
---@field timeout? number for consumers: seconds for a statement (default: 30)
---@field spool? string as for `mbox`

---A table of a database. `pop3.sync` delivers into it, in one transaction with its
---state; consumers take messages from it, see `pop3.inbox`.
---@param opts? pop3.inbox.opts
---@return pop3.inbox
function pop3.inbox(opts) end

---@class pop3.sync.opts
---@field into (fun(octets: any, handle: any): any)|pop3.maildir|pop3.mbox|pop3.lmtp|pop3.pipe|table the delivery: the result of `pop3.maildir`, `pop3.mbox`, `pop3.lmtp`, `pop3.pipe` or `pop3.inbox`, `function(octets, handle)`, or another object, see `pop3.sync.delivery`
---@field state string|table the path of the state file, or an object, see `pop3.sync.state`
---@field account? string the name that the state is kept under; default `user@host:port`. Give the old name when the server gets a new one
---@field keep? boolean|number|(fun(handle: any, first_seen: any): any) true: nothing is deleted; false: messages are deleted once they are delivered; a number of days since a message was first seen; or `function(handle, first_seen)` → true to keep (default: true)
---@field filter? fun(message: pop3.message, handle: any): any `function(message, handle)`, with the parsed header, → "fetch", "skip" (seen, never asked again), "later", "delete"
---@field max_size? integer octets; larger messages are skipped in this run
---@field partial? integer the header and this number of lines of larger messages are delivered; the whole message follows when `max_size` allows it
---@field max_messages? integer of one run; at least one message is fetched
---@field max_octets? integer of one run; at least one message is fetched
---@field order? "oldest"|"newest" "oldest" or "newest", by message number (default: "oldest")
---@field seed? boolean|{ newest?: any, since?: any } true: all new messages count as seen, without being fetched; `{ newest = n }`: all but the newest n; `{ since = time }`: those whose Date is before it, in seconds since 1970
---@field attempts? integer a message that failed in this number of runs is set aside: it stays on the server and is not tried again (default: 5)
---@field set_aside? string a directory for the octets of such messages
---@field retry? boolean true: such messages are tried again
---@field purge_after? integer QUIT and a new session after this number of deletions
---@field reconnect? fun(): any `function()` → a session, for a session that `pop3.connect` did not make with a host, a user and a password
---@field rekey? "match"|"fetch"|"stop" "match", "fetch" or "stop": when the server has new unique-ids for old mail, "match" finds it by size and header (default: "match")
---@field forget? number days without a sighting in whole listings after which a message is forgotten (default: 30)
---@field dedupe? "content" "content": without UIDL and TOP, every message is fetched in every run and recognised by its content
---@field dry_run? boolean nothing is written, fetched or deleted; the result has the counts of the run that would follow
---@field progress? fun(done: any, total: any, handle: any): any `function(done, total, handle)` after each message
---@field log? fun(event: any): any `function(event)`, a table with `what` ("delivered", "deleted", "skipped", "failed", "aside", "settled", "problem"), `number`, `uid`, `id`, `octets`, `text`, `code`
---@field now? fun(): any `function()` → seconds since 1970

---Fetch new mail. The session must be logged in; it ends with QUIT.
---@param session pop3.session
---@param opts pop3.sync.opts
---@return pop3.sync.result|nil # or nil, message, code, reply, result when the session could not go on: what was done until then is recorded, and in the result
---@return string|nil # message
---@return pop3.code|nil # code
---@return pop3.reply|nil # reply
---@return pop3.sync.result|nil # result
function pop3.sync(session, opts) end

---@class pop3.record.opts
---@field upstream table the server to record. `host` (required), `port`; `tls`: "implicit" (default), "stls" or "none"; `verify`, `cafile`, `capath`, `servername`, `pin`, `cert`, `key`, `min_version`, as in `pop3.connect`; `timeout` (60): seconds without an octet of a reply
---@field file string the path of the transcript. An existing file is replaced when the recorder starts to listen
---@field host? string as in `pop3.server.new`, and so are these: (default: "127.0.0.1")
---@field port? integer  (default: 0)
---@field tls? string|table  (default: "auto")
---@field implicit? boolean  (default: false)
---@field faults? pop3.server.fault[]
---@field on? pop3.server.handlers

---Make a recorder. Calling the module does this: `pop3.record(opts)`.
---@param opts pop3.record.opts
---@return pop3.server|nil # or nil, message, code: "io" when the file cannot be written, "tls" when the TLS options of `upstream` do not work
---@return string|nil # message
---@return pop3.code|nil # code
function pop3.record(opts) end

---@class pop3.check.opts
---@field host? string name or address; required unless `transport` is given
---@field port? integer 995 with implicit TLS, else 110
---@field tls? "implicit"|"stls"|"none" "implicit", "stls" or "none". By default it is implicit on port 995 and none on others. Without TLS, STLS is checked too
---@field cafile? string the CAs that sign the server's certificate, in place of the system's
---@field verify? boolean false accepts any certificate (default: true)
---@field user? string without it, checks that need a login are skipped
---@field password? string
---@field insecure? boolean true allows a login without TLS to another host (default: false)
---@field delete? boolean true runs the checks of deletions, which delete message 1 (default: false)
---@field timeout? number seconds to wait for a reply (default: 10)
---@field transport? fun(): any returns a new connection, in place of TCP: a byte stream as in `pop3.connect`. `function() return server:loopback() end` checks a server in this process, on its virtual clock
---@field only? string[] the names of the checks to run; all by default
---@field progress? fun(number: any, total: any, name: string): any `function(number, total, name)`, called when a check begins, whenever it sends or receives, and each second while it waits

---Check a server. Calling the module does this: `require "pop3.check"(opts)`.
---@param opts pop3.check.opts
---@return table|nil # the result: `host`, `port`, `tls`; `checks`, a list of `{ name =, rfc =, section =, result = "pass" | "fail" | "warn" | "skip", reason =, evidence = }`, where `evidence` is a list of the lines sent and received, with secrets masked; the integers `passed`, `failed`, `warned`, `skipped`; `refused`, the number of logins with a wrong password. Or nil, message, code ("connect", "timeout", "closed", "tls", "limit") when the first connection fails
---@return string|nil # message
---@return pop3.code|nil # code
function pop3.check(opts) end

return pop3
