--- The main module: connect to a server, and find the other modules.
--
-- `require "pop3"` loads little; each other module is loaded when it is first
-- used.
--
-- **Results.** Success returns a value that is neither nil nor false. When
-- the network, a server or a file fails, a function returns `nil, message,
-- code, reply`:
--
-- - **message**: one line for a person: the operation, the peer, and what
--   happened.
-- - **code**: one of the strings below.
-- - **reply**: only if the server answered -ERR: `{ text =, code = }`. The text
--   is without the response code; the code is that response code (RFC 2449,
--   3206) in upper case, such as "IN-USE", or nil.
--
-- A mistake in the program (a wrong type, an unknown option, CR or LF in an
-- argument, a closed object) raises an error at the line of the call.
--
-- | code | meaning |
-- |---|---|
-- | "connect" | no connection: no such host, refused, no route |
-- | "timeout" | the time has passed; the session is closed |
-- | "closed" | the peer closed the connection, or the session has ended |
-- | "tls" | TLS failed: a bad certificate, no STLS, an old version |
-- | "auth" | the login was refused, or no mechanism can be used |
-- | "err" | the reply is -ERR; of a login: `IN-USE`, `LOGIN-DELAY`, `SYS/TEMP` |
-- | "proto" | the reply is not POP3 |
-- | "limit" | a limit is exceeded |
-- | "state" | the command is not allowed in this state; nothing was sent |
-- | "charset" | a text has a charset that cannot be decoded |
-- | "io" | a file, a sink or a descriptor failed |
--
-- No message, log or reply holds a password, a token, a SASL payload or an APOP
-- digest, not even where the server repeats it.
-- @module pop3
-- @usage
-- local pop3 = require "pop3"
-- local server = pop3.server.new{ users = { mrose = { password = "secret" } } }
-- local s <close> = assert(pop3.connect{ transport = server:loopback(),
--                                        user = "mrose", password = "secret" })
-- assert(s:stat() == 0)
-- assert(s:quit())

--- The version of this library, such as "lpop3 1.0.0".
-- @field _VERSION

local pop3 = {}

-- Fields that are made when they are first used.
local parts = {
  _VERSION = function() return "lpop3 " .. require "pop3.core".version end,
  check = function() return require "pop3.check" end,
  connect = function() return require "pop3.client.connect" end,
  loop = function() return require "pop3.loop" end,
  fleet = function() return require "pop3.fleet" end,
  inbox = function() return require "pop3.sync.inbox" end,
  lmtp = function() return require "pop3.sync.lmtp" end,
  maildir = function() return require "pop3.sync.maildir" end,
  mbox = function() return require "pop3.sync.mbox" end,
  message = function() return require "pop3.message" end,
  pipe = function() return require "pop3.sync.pipe" end,
  record = function() return require "pop3.record" end,
  server = function() return require "pop3.server" end,
  state = function() return require "pop3.sync.state" end,
  store = function() return require "pop3.store" end,
  sync = function() return require "pop3.sync" end,
  core = function() return require "pop3.core" end,
}

--- Connect to a server and, if a user is given, log in.
--
-- The connection has TLS and the server's certificate is verified, unless the
-- options say otherwise. TLS fails closed: if the server refuses STLS, does not
-- offer it, or sends octets after its +OK, the call fails with code "tls".
-- @tparam string|table where a URL (RFC 2384), or the table `opts` itself.
-- `pops:` is TLS from the first octet (port 995), `pop:` is STLS (port 110). A
-- URL may name the user, and the mechanism:
-- `pop://mrose;AUTH=PLAIN@mail.example`
-- @tparam[opt] table opts options beside a URL
-- @tparam string opts.host a DNS name or an IP address
-- @tparam[opt] integer opts.port 995 with `tls = "implicit"`, otherwise 110
-- @tparam[opt="implicit"] string opts.tls "implicit": TLS from the first octet
-- (RFC 8314); "stls": TLS by STLS, required (RFC 2595); "stls?": TLS by STLS if the
-- server offers it, which an attacker can prevent; "none" (the default with
-- `transport`)
-- @tparam[opt=true] boolean|function opts.verify verify the chain and the host name
-- of the server's certificate (RFC 9525); or `function(certificate, problem)`, which
-- returns true to accept it: a table (`subject`, `issuer`, `names`, `not_before`,
-- `not_after`, `pin`, `fingerprint`), and the problem with it, nil if it is valid
-- @tparam[opt] string opts.cafile a file with CA certificates in PEM, in place
-- of the system's
-- @tparam[opt] string opts.capath a directory of them
-- @tparam[opt] string opts.crlfile a file with certificate revocation lists in PEM;
-- the issuer of the server's certificate must have one in it
-- @tparam[opt] string opts.servername the name that the certificate must have,
-- if it is not the host; also the one in the name of the service of GSSAPI
-- @tparam[opt] string|table opts.pin base64 of the SHA-256 of the server's
-- public key, or a list of them. A pin is checked on top of the chain; with
-- `verify = false` the pin alone decides
-- @tparam[opt] string|table opts.fingerprint the SHA-256 of the whole certificate in
-- hexadecimal, with or without colons, or a list of them; as `pin`
-- @tparam[opt] string opts.cert a file with the client's certificate, for
-- EXTERNAL
-- @tparam[opt] string opts.key the file of its key
-- @tparam[opt="TLSv1.2"] string opts.min_version "TLSv1", "TLSv1.1", "TLSv1.2" or
-- "TLSv1.3"; the first two are insecure, for old servers
-- @tparam[opt] string opts.ciphers the names of ciphers as OpenSSL has them, with
-- colons between them
-- @tparam[opt=2] integer opts.security_level OpenSSL's, 0 to 5: which keys and ciphers
-- are strong enough
-- @tparam[opt] pop3.session opts.resume a session with the same server, whose
-- TLS session shortens the handshake
-- @tparam[opt] string opts.user log in as this user, see `pop3.session:login`; it may
-- be left out with `mechs = { "GSSAPI" }`, which logs in without it
-- @tparam[opt] string opts.password
-- @tparam[opt] string|function opts.token an OAuth bearer token, or a function
-- that returns one
-- @tparam[opt] {string,...} opts.mechs the mechanisms that may be used, in
-- order of preference: SASL names, "USER" for USER and PASS, "APOP". APOP, ANONYMOUS
-- and GSSAPI (a ticket of Kerberos) are used only if they are named here
-- @tparam[opt=false] boolean opts.insecure a password may cross a connection
-- without TLS to a host that is not loopback
-- @tparam[opt=true] boolean opts.pipeline false: one command at a time, for servers
-- that announce PIPELINING and do not support it
-- @tparam[opt] {string,...} opts.ignore capabilities to ignore: names, or a name and an
-- argument, such as "SASL CRAM-MD5"
-- @tparam[opt] table opts.retry `{ attempts = 3, wait = 5 }`: connect again when the
-- login is refused with [IN-USE], [LOGIN-DELAY] or [SYS/TEMP]; `wait` is the number of
-- seconds between two attempts
-- @tparam[opt=60] number|table opts.timeout seconds without any progress; or
-- `{ connect =, io =, total = }` in seconds, where `total` bounds a whole
-- operation
-- @tparam[opt] table opts.limits `{ line =, listing =, message =, drain = }`:
-- octets of a status or listing line (8,192); entries of a listing (4,194,304);
-- octets of one message (no limit); octets that are read and dropped to stay in
-- step (16 MiB). A limit is inclusive. After a line or a drain that is too long
-- the session is closed; after a listing or a message it can be used
-- @tparam[opt] string opts.family "ipv4" or "ipv6": only addresses of this family are
-- tried. Without it, the addresses of both families are tried in turn, a new one every
-- 250 ms, and the first connection wins (RFC 8305)
-- @tparam[opt] string opts.local_address the IP address to connect from
-- @tparam[opt] string opts.proxy `"socks5://[user:password@]host[:1080]"` (RFC
-- 1928, 1929) or `"http://[user:password@]host[:8080]"` (CONNECT); the proxy
-- resolves the name of the host
-- @tparam[opt] function opts.log `function(direction, line)`: "C" or "S", and a
-- line with secrets masked as `***`
-- @tparam[opt] function opts.progress `function(command, octets)`: called when octets
-- come, with the command that waits for its reply and the count of octets since it
-- began to wait. It must not use the session, except for `cancel`
-- @tparam[opt] function opts.wait the hook of an event loop, see `pop3.loop`
-- @tparam[opt] function opts.resolve `function(host)` → a list of `{ family = "inet" or
-- "inet6", addr = }`, or nil, message. By default getaddrinfo(3); with `wait` in another
-- process, so that the loop is not blocked
-- @tparam[opt] integer|userdata|transport opts.transport a connection in place of `host`: a
-- descriptor, a LuaSocket object, or an object of the interface `transport`
-- @treturn[1] pop3.session
-- @treturn[2] nil
-- @treturn[2] string message
-- @treturn[2] string code "connect", "timeout", "closed", "tls", "auth", "err",
-- "proto", "limit" or "io"
-- @treturn[2] ?table reply
-- @function connect
-- @see pop3.session
-- @usage
-- local s = assert(pop3.connect{ host = "mail.example",
--                                user = "mrose", password = "secret" })
-- local t = assert(pop3.connect("pops://ann@mail.example",
--                               { password = "secret" }))

--- The message reader, see `pop3.message`.
-- @field message

--- The test server, see `pop3.server`: `new`, `presets`, `replay`.
-- @field server

--- The stores of mail for a test server, see `pop3.store`.
-- @field store

--- Fetch new mail, durably: `pop3.sync(session, opts)`, see `pop3.sync`.
-- @field sync

--- The state of `pop3.sync` between runs: `state.file(path)`, see
-- `pop3.sync.state`; `state.sql{ url = … }`, see `pop3.state.sql`.
-- @field state

--- A Maildir that `pop3.sync` delivers into, see `pop3.maildir`.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=true] boolean opts.create make the Maildir if it does not exist; its
-- parent must exist
-- @tparam[opt=384] integer opts.mode the permissions of a message (384 is 0600)
-- @tparam[opt="crlf"] string opts.eol "crlf": the octets as they came; "lf":
-- with LF line ends
-- @tparam[opt] table opts.fields header fields to add: `received = true`,
-- `delivered_to = address`, `return_path = address`. None is added by default
-- @treturn pop3.maildir
-- @function maildir
-- @usage
-- local box = pop3.maildir(os.tmpname() .. ".d")
-- assert(box:deliver "Subject: hello\r\n\r\nbody\r\n")

--- An mbox file that `pop3.sync` delivers into, see `pop3.mbox`.
-- @tparam string path
-- @tparam[opt] table opts
-- @tparam[opt=true] boolean opts.create make the file if it does not exist
-- @tparam[opt=384] integer opts.mode the permissions of a new file (384 is
-- 0600)
-- @tparam[opt=30] number opts.lock_timeout seconds to wait for the locks of
-- other programs
-- @tparam[opt] string opts.spool a directory for messages over 64 KiB that are
-- not complete yet; default TMPDIR or /var/tmp
-- @tparam[opt] table opts.fields as for `maildir`
-- @treturn pop3.mbox
-- @function mbox
-- @usage
-- local box = pop3.mbox(os.tmpname())
-- assert(box:deliver "Subject: hello\r\n\r\nbody\r\n")

--- An LMTP server that `pop3.sync` delivers to, see `pop3.lmtp`.
-- @tparam table opts
-- @tparam[opt] string opts.host the server, with `port`; or `path`
-- @tparam[opt] integer opts.port
-- @tparam[opt] string opts.path the server's Unix socket
-- @tparam {string,...} opts.to the addresses of the recipients
-- @tparam[opt=""] string opts.from the address of the sender
-- @tparam[opt=300] number opts.timeout seconds without progress; the reply to a
-- message may take twice as long
-- @tparam[opt] string opts.spool as for `mbox`
-- @tparam[opt] table opts.fields as for `maildir`
-- @treturn pop3.lmtp
-- @function lmtp
-- @usage
-- local into = pop3.lmtp{ path = "/run/dovecot/lmtp", to = { "me@b.example" } }

--- A command of the shell that `pop3.sync` delivers to, see `pop3.pipe`. The
-- message is on its standard input. Its environment has `LPOP3_ID` (the same at
-- each attempt), `LPOP3_UID` (the unique-id) and `LPOP3_AGAIN` ("1" if an
-- earlier attempt may have succeeded, otherwise "").
-- @tparam string command
-- @tparam[opt] table opts
-- @tparam[opt=300] number opts.timeout seconds for one message; then the
-- command, and what it has started, are ended
-- @tparam[opt="lf"] string opts.eol "lf" or "crlf": the line ends; most programs
-- expect "lf"
-- @tparam[opt] string opts.spool as for `mbox`
-- @tparam[opt] table opts.fields as for `maildir`
-- @treturn pop3.pipe
-- @function pipe
-- @usage
-- local into = pop3.pipe "exec /usr/bin/procmail -d mrose"

--- Many accounts and many workers on PostgreSQL, see `pop3.fleet`.
-- @tparam table opts
-- @tparam string|table opts.store the URL of the database, or the options of
-- `pop3.sql.open`. `timeout` is at most that of `lease`; workers may have different ones
-- @param[opt] opts.into the delivery for accounts without a delivery: a description
-- such as `{ maildir = "/srv/mail/{name}" }`, a function, or a delivery, as for
-- `pop3.sync`
-- @tparam[opt=100] integer opts.jobs sessions at the same time
-- @tparam[opt] integer opts.per_host sessions with one host at the same time, over all
-- workers
-- @tparam[opt=300] number opts.lease seconds after which another worker may take over
-- the accounts of a worker that does not answer
-- @tparam[opt=5] number opts.poll seconds between two searches for accounts that are
-- due, at the most
-- @tparam[opt=30] number opts.grace seconds for sessions under way after SIGTERM
-- @tparam[opt] string|function opts.secret the secret for accounts without `secret`: a
-- string as there, or `function(account, again)` → `{ password = }` or `{ token = }`;
-- or nil, message, temporary
-- @tparam[opt] string opts.key_file the file with the keys of sealed secrets, see
-- `pop3 fleet add --seal`; default: the environment variable POP3_FLEET_KEY_FILE
-- @tparam[opt] table opts.defaults keys of accounts that do not have them, such as
-- `keep`
-- @tparam[opt] string opts.worker the unique name of the worker
-- @tparam[opt] function opts.log `function(record)`, see `pop3.fleet:run`
-- @tparam[opt=false] boolean opts.events log each message as well
-- @tparam[opt=true] boolean opts.signals end after SIGTERM, SIGINT or SIGHUP
-- @tparam[opt=false] boolean opts.until_idle end when nothing is due
-- @tparam[opt] {function,...} opts.tasks functions that run as tasks of the worker's
-- loop, which is their argument, and are cancelled at its end
-- @tparam[opt] function opts.hook for specs, see `pop3.fleet.points`
-- @treturn pop3.fleet
-- @function fleet

--- A table of a database. `pop3.sync` delivers into it, in one transaction with its
-- state; consumers take messages from it, see `pop3.inbox`.
-- @tparam[opt] table opts
-- @tparam[opt] string opts.url for consumers: of the database, see `pop3.sql`. A
-- delivery uses the connection of the state
-- @tparam[opt] string opts.driver "libpq" (the default for PostgreSQL) or "dbi"
-- @tparam[opt] function opts.wait for consumers: the hook of an event loop
-- @tparam[opt=30] number opts.timeout for consumers: seconds for a statement
-- @tparam[opt] string opts.spool as for `mbox`
-- @treturn pop3.inbox
-- @function inbox
-- @usage
-- local into = pop3.inbox{}                        -- for pop3.sync
-- local inbox = pop3.inbox{ url = "postgresql://mail.example/mail" }

--- Hooks for event loops, see `pop3.loop`.
-- @field loop

--- The recorder, see `pop3.record`.
-- @field record

--- The conformance checker, see `pop3.check`.
-- @field check

--- The part in C, see `pop3.core`.
-- @field core

return setmetatable(pop3, {
  __name = "pop3",
  __index = function(self, name)
    local load_part = parts[name]
    if not load_part then return nil end
    local part = load_part()
    rawset(self, name, part)
    return part
  end,
})
