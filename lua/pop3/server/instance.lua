--- A programmable POP3 server for tests. Command handlers are overridden in
-- Lua, faults are data, and every session leaves a transcript.
--
-- One script runs in three ways:
--
-- - in a child process: `pop3.server:fork`, for any client, also one that
--   blocks;
-- - in memory: `pop3.server:loopback`, without a socket and with a virtual
--   clock;
-- - in this process: `pop3.server:step`, `pop3.server:run`, `pop3.server:stop`.
--
-- It is not for the internet: it has no protection against many clients.
-- @classmod pop3.server
-- @alias methods
-- @usage
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } }
--   },
-- }
-- function server.on.RETR(session, n)
--   if n == 2 then return session:err("gone", "SYS/TEMP") end
--   return server.default.RETR(session, n)
-- end
-- local run <close> = server:fork()
-- print(run.port)

--- Fields of a server.
-- @table pop3.server.fields
-- @tfield pop3.server.handlers on the script's handlers and hooks
-- @tfield pop3.server.defaults default the default handlers
-- @tfield string host the address that it listens on
-- @tfield integer port the port; reading it makes the server listen
-- @tfield ?string cafile with `tls = "auto"`, the file of the CA certificate that
-- clients must trust

--- A user of a server.
-- @table pop3.server.user_fields
-- @tfield ?string password
-- @tfield ?{string,...}|store mail a list of messages, or a store
-- @tfield ?{string,...} uidl unique-ids beside a list of messages
-- @tfield ?string token what OAUTHBEARER and XOAUTH2 must send
-- @tfield ?table scram stored verifiers in place of a password: mechanism → `{ salt =,
-- iterations =, stored_key =, server_key = }` (RFC 5802)

local argument = require "pop3.util.argument"
local clock = require "pop3.server.clock"
local core = require "pop3.core"
local handlers = require "pop3.server.handlers"
local inspect = require "pop3.server.inspect"
local listener = require "pop3.server.listener"
local mail = require "pop3.server.mail"
local new_session = require "pop3.server.session"
local options = require "pop3.server.options"
local snapshot = require "pop3.server.snapshot"
local timers = require "pop3.server.timers"
local users = require "pop3.server.users"

local Server = { __name = "pop3.server" }
local methods = {}
for _, part in ipairs { users, clock, listener, snapshot, inspect, mail } do
  for name, method in pairs(part) do methods[name] = method end
end

-- `port` listens when it is read first; `cafile` writes the file then. Methods
-- are fields of each server, so that this is not called for them.
function Server:__index(name)
  if name == "cafile" then
    return self.certificates and self.certificates:cafile() or nil
  end
  if name ~= "port" then return nil end
  local port, err = self:listen()
  if not port then error(err, 2) end
  return port
end

--- Make a server.
--
-- It does not listen yet: `pop3.server:fork`, `pop3.server:step`,
-- `pop3.server:run` and the field `port` start that.
--
-- @tparam table opts
-- @tparam[opt] {[string]=pop3.server.user_fields,...} opts.users name → user
-- @tparam[opt] function opts.authenticate `function(session, mech, user,
-- check)`, which decides about logins in place of the passwords. It returns true, or a
-- user's table, to accept the login; `nil, text, code` to refuse it; or a reply of the
-- session. `check(secret)` tells whether the client proved that it knows that secret,
-- and is true for any secret where the proof is a certificate or a ticket. The user to
-- act as, if the client named one, is `session.authzid`
-- @tparam[opt="127.0.0.1"] string opts.host the address to listen on
-- @tparam[opt=0] integer opts.port the port; 0 takes a free one
-- @tparam[opt] string|table opts.tls TLS, by STLS unless `implicit` is true.
-- "auto" makes a CA and a certificate for localhost in memory. "expired",
-- "not-yet-valid", "wrong-host", "untrusted", "self-signed" and "weak-key" make
-- certificates that clients must refuse. A table has `cert` and `key` (files,
-- or PEM), or `auto` (true or one of these names) and `names`; `client_cert`
-- ("optional" or "required") and `cafile` (the CA of client certificates);
-- `min_version` and `max_version` ("TLSv1" to "TLSv1.3"); `handshake` ("stall",
-- "cut" or "alert")
-- @tparam[opt=false] boolean opts.implicit TLS from the first octet, in place
-- of STLS
-- @tparam[opt=false] boolean opts.require_tls refuse logins without TLS
-- @tparam[opt] table|boolean opts.capa `{ authorization = lines, transaction =
-- lines }`, the lines of CAPA in each state; false for a server without CAPA
-- @tparam[opt] {string,...} opts.mechs the SASL mechanisms that are offered:
-- PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512 and their
-- -PLUS forms (under TLS), OAUTHBEARER, XOAUTH2, EXTERNAL (with a client
-- certificate), GSSAPI (with `keytab`), ANONYMOUS. None is offered by default
-- @tparam[opt] string opts.keytab the file with the Kerberos keys of the service
-- "pop", for GSSAPI (RFC 4752); without it, the default one of the system
-- (KRB5_KTNAME, or /etc/krb5.keytab). A client whose principal is "ann@REALM" opens
-- the maildrop of the user "ann@REALM", or else that of "ann" if REALM is also the
-- realm of the server. `authenticate` gets the whole principal as the user. No
-- security layer is offered
-- @tparam[opt] string opts.new_users the password of the users that `deliver`
-- adds; without it, a delivery to a user who does not exist fails
-- @tparam[opt] string opts.greeting the text after "+OK" in the greeting
-- @tparam[opt=false] boolean opts.apop take APOP. The greeting then has a
-- stamp: the one in `greeting`, or one that is added to it
-- @tparam[opt=600] number opts.autologout seconds without a command after which
-- the session ends
-- @tparam[opt=0] number opts.login_delay seconds between two logins of a user
-- (LOGIN-DELAY, RFC 2449)
-- @tparam[opt="NEVER"] string|integer opts.expire the argument of the
-- capability EXPIRE
-- @tparam[opt=0] number opts.failure_delay seconds before a failed login is
-- answered
-- @tparam[opt] table opts.limits `{ line =, output =, transcript =, logins =
-- }`: octets of a command (8,192; a longer one gets one -ERR); octets of
-- replies that are encoded before the client reads (262,144; the session waits
-- for its reader); octets of the transcript (64 MiB; the oldest lines are
-- dropped, and `verify` says so); failed logins (10; then -ERR, and the
-- connection ends)
-- @tparam[opt] string|integer opts.seed APOP stamps and SASL nonces are made
-- from it, the same each time
-- @tparam[opt] pop3.server.handlers opts.on handlers and hooks
-- @tparam[opt] {pop3.server.fault,...} opts.faults faults, see `pop3.server:fault`
-- @tparam[opt] string|table opts.preset behave like a known server, see
-- `pop3.server.presets`. The other options, and `on`, take precedence over the
-- preset
-- @tparam[opt] function opts.clock returns seconds; the server uses it in place
-- of its own clock
-- @treturn[1] pop3.server
-- @treturn[2] nil if a file of `tls`, or the keytab, cannot be used
-- @treturn[2] string message
-- @treturn[2] string code
-- @function new
-- @static
-- @usage
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } }
--   },
-- }
local function new(opts)
  local settings, err, code = options.read(opts or {}, 1)
  if not settings then return nil, err, code end
  local limits = settings.limits
  local self = setmetatable({
    default = {},         -- handlers
    parting = {},         -- connections that are reset once all octets are sent
    attended = {},        -- descriptor → function, other than sessions
    deaf = false,         -- not listening, for want of descriptors
    stepping = false,
    stopping = false,     -- stop at the end of this step
    offset = 0,           -- of the clock
    started = false,      -- the time when the clock began to run by itself
    restore = false,      -- puts mail and faults back, see `snapshot`
    sessions = {},        -- id → session
    by_fd = {},           -- descriptor → session
    last_id = 0,
    drawn = 0,            -- random values that came from the seed
    locks = {},           -- user → session
    stores = {},          -- user → { mail =, store = }
    kept = {},            -- what a preset remembers, such as what was fetched
    changed_users = {},   -- user → { before = }, since the snapshot
    entries = {},         -- user → what `authenticate` returned
    logins = {},          -- user → time of the last login
    counts = {},          -- verb → count, of verbs that POP3 does not have
    new_verbs = 0,        -- how many such verbs
    errors = {},          -- of handlers
    misses = {},          -- requests to verify that failed
    resets = 0,           -- calls of `reset`
    changes = 0,          -- requests that may have changed something
    idle_workers = {},    -- coroutines for handlers
    pid = core.getpid(),
    journal = core.journal(limits.transcript),
    heap = timers.heap(),
  }, Server)
  for name, value in pairs(settings) do self[name] = value end
  for name, method in pairs(methods) do self[name] = method end
  -- a copy: a script may remove a handler
  for name, handler in pairs(handlers) do self.default[name] = handler end
  self.step_guard = setmetatable({}, { __close = function()
    self.stepping = false
  end })
  self.engine_opts = { line = limits.line, output = limits.output,
                       journal = self.journal }
  self.idle = timers.queue(self.autologout)
  self:tick()
  return self
end

--- Add a fault.
-- @tparam pop3.server.fault f a field that is unknown, or that can
-- never apply, raises an error
-- @treturn pop3.server
-- @usage server:fault{ verb = "UIDL", times = 1, cut = { lines = 1 } }
function methods:fault(f)
  options.add_fault(self, f, 1)
  return self
end

--- The faults of the server.
-- @treturn {table,...} of `id`, the number of the fault; `fault`, as it was
-- given; `seen`, how often its fields selected something, `nth` and `times`
-- apart; `used`, how often it applied
-- @usage for _, f in ipairs(server:list_faults()) do print(f.id, f.used) end
function methods:list_faults()
  local list = {}
  for i, f in ipairs(self.faults) do
    list[i] = { id = f.id, fault = f.given, seen = f.seen, used = f.used }
  end
  return list
end

--- Remove a fault, or all faults.
-- @tparam[opt] integer id see `list_faults`; all faults if it is left out
-- @treturn integer how many were removed
-- @usage server:clear_faults()
function methods:clear_faults(id)
  local kept, before = {}, #self.faults
  for _, f in ipairs(self.faults) do
    if id and f.id ~= id then kept[#kept + 1] = f end
  end
  self.faults = kept
  return before - #kept
end

--- Behave like another known server from now on. Handlers and options of the
-- script take precedence over the preset, as in `pop3.server.new`.
-- @tparam[opt] string|table preset see `pop3.server.presets`; none if it is
-- left out
-- @treturn pop3.server
-- @usage server:preset "gmail"
function methods:preset(preset)
  options.change_preset(self, preset, 1)
  return self
end

-- n random octets in hexadecimal, from the seed if there is one.
function methods:random(n)
  if not self.seed then return core.random(n) end
  self.drawn = self.drawn + 1
  local text = ("lpop3 %s %d"):format(self.seed, self.drawn)
  return core.sha256(text):sub(1, 2 * n)
end

-- A nonce for SASL; nil leaves it to the mechanism.
function methods:nonce()
  return self.seed and self:random(16) or nil
end

--- Make a certificate for a client, signed by the CA of `tls = "auto"`.
-- @tparam string user the name in it; EXTERNAL logs this user in
-- @treturn string path of the certificate
-- @treturn string path of its key; both files are removed with the server
-- @usage
-- local server = pop3.server.new{ tls = { auto = true, client_cert = "required"
-- },
--   mechs = { "EXTERNAL" }, users = { mrose = {} } }
-- local cert, key = server:client_certificate "mrose"
function methods:client_certificate(user)
  argument.text(user, "client_certificate: the user", 1)
  if not (self.certificates and self.certificates:cafile()) then
    argument.misuse(1, "client_certificate: the server has no CA of its own")
  end
  return self.certificates:client_certificate(user)
end

-- The text of the greeting. With APOP it has a stamp (RFC 1939 section 7),
-- unless the script's text has one, or angle brackets that only look like one.
function methods:greeting_of(session)
  local text = self.greeting or "lpop3 ready"
  if self.apop and not text:find "[<>]" then
    text = ("%s <%d.%s@%s>"):format(text, session.id, self:random(8),
                                    "lpop3.invalid")
  end
  if self.apop then session.stamp = text:match "<[^<>%s]+@[^<>%s]+>" end
  return text
end

-- ------------------------------------------------------------------- sessions

-- The options of the engine of a session.
function methods:engine_options(id)
  local opts = self.engine_opts
  opts.id = id
  return opts
end

-- Begin a session over a descriptor, whose other end is `peer`; in memory without
-- one.
function methods:begin(fd, peer)
  if not self.restore then self:snapshot() end
  local id = self.last_id + 1
  self.last_id = id
  local session = new_session(self, id, fd, peer)
  self.sessions[id] = session
  self.idle:add(session)
  if fd then
    session.number, session.watched = fd:getfd(), false
    self.by_fd[session.number] = session
  end
  session:open(self.implicit)
  return session
end

-- ----------------------------------------------------- where else it can run

--- Serve in a child process. It ends when this process ends, or when the run is
-- closed. The child does not inherit sockets and pipes that this process has
-- open, apart from the standard ones: a handler that needs one opens it itself.
-- @treturn pop3.run or nil, message, "io"
-- @usage
-- local run <close> = assert(server:fork())
-- print(run.port)
function methods:fork()
  local run, err, code = require "pop3.server.fork"(self)
  return run, err, code
end

--- A connection in memory, for the option `transport` of `pop3.connect`. Its
-- clock is the server's, which stands still: `advance` moves it, and where both
-- sides only wait, it jumps to the next timer.
-- @treturn transport
-- @usage
-- local server = pop3.server.new{ users = { mrose = { password = "secret" } } }
-- local s = assert(pop3.connect{ transport = server:loopback(),
--   user = "mrose", password = "secret" })
-- server:advance(601)  -- longer than the autologout
-- print(s:stat())
function methods:loopback()
  return require "pop3.server.loopback"(self)
end

Server.__close = methods.stop

function Server:__tostring()
  return ("pop3.server (%s:%s)"):format(self.host, rawget(self, "port")
                                                   or "not listening")
end

return { new = new }
