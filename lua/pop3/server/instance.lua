--- A programmable POP3 server for tests. Command handlers are overridden in Lua,
-- faults are data, and every session leaves a transcript.
--
-- One script runs in three ways:
--
-- - in a child process: `pop3.server:fork`, for any client, also one that blocks;
-- - in memory: `pop3.server:loopback`, without a socket and with a virtual clock;
-- - in this process: `pop3.server:step`, `pop3.server:run`, `pop3.server:stop`.
--
-- It is not for the internet: it has no protection against many clients.
-- @classmod pop3.server
-- @alias methods
-- @usage
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } } },
-- }
-- function server.on.RETR(session, n)
--   if n == 2 then return session:err("gone", "SYS/TEMP") end
--   return server.default.RETR(session, n)
-- end
-- local run <close> = server:fork()
-- print(run.port)

local auth = require "pop3.server.auth"
local check = require "pop3.util.argument"
local clock = require "pop3.server.clock"
local core = require "pop3.core"
local handlers = require "pop3.server.handlers"
local new_session = require "pop3.server.session"
local options = require "pop3.server.options"
local reset = require "pop3.server.reset"
local serving = require "pop3.server.listener"
local store = require "pop3.store"
local timers = require "pop3.server.timers"
local witness = require "pop3.server.inspect"

local Server = { __name = "pop3.server" }
local methods = {}
for _, part in ipairs { clock, serving, reset, witness } do
  for name, method in pairs(part) do methods[name] = method end
end

-- The port is there as soon as it is asked for, and the file of the CA. Methods
-- are fields of each server, so that this is not run for every call.
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
-- It does not listen yet: `pop3.server:fork`, `pop3.server:step`, `pop3.server:run`
-- and the field `port` start that.
--
-- Its fields are `on` (the script's handlers), `default` (the default handlers, see
-- `pop3.server.handlers`), `host`, `port` (the port that it listens on) and `cafile` (with
-- `tls = "auto"`, the file of the CA certificate that clients must trust).
-- @tparam table opts
-- @tparam[opt] table opts.users name → user. A user is a table with `password`; `mail`
-- (a list of messages as strings, or a `store`); `uidl` (a list of unique-ids beside
-- a list of messages); `token` (what OAUTHBEARER and XOAUTH2 must send); `scram` in
-- place of a password (stored verifiers: mechanism → `{ salt =, iterations =,
-- stored_key =, server_key = }`, RFC 5802)
-- @tparam[opt] function opts.authenticate `function(session, mech, user, check)`,
-- which decides about logins in place of the passwords. `check(secret)` tells whether
-- the client proved that it knows that secret. It returns true, or a user's table, to
-- let the client in; `nil, text, code` to refuse; or a reply of the session
-- @tparam[opt="127.0.0.1"] string opts.host the address to listen on
-- @tparam[opt=0] integer opts.port the port; 0 takes a free one
-- @tparam[opt] string|table opts.tls TLS, by STLS unless `implicit` is true. "auto"
-- makes a CA and a certificate for localhost in memory. "expired", "not-yet-valid",
-- "wrong-host", "untrusted", "self-signed" and "weak-key" make certificates that
-- clients must refuse. A table has `cert` and `key` (files, or PEM), or `auto` (true
-- or one of these names) and `names`; `client_cert` ("optional" or "required") and
-- `cafile` (the CA of client certificates); `min_version` and `max_version` ("TLSv1"
-- to "TLSv1.3"); `handshake` ("stall", "cut" or "alert")
-- @tparam[opt=false] boolean opts.implicit TLS from the first octet, in place of STLS
-- @tparam[opt=false] boolean opts.require_tls refuse logins without TLS
-- @tparam[opt] table|boolean opts.capa `{ authorization = lines, transaction =
-- lines }`, the lines of CAPA in each state; false for a server without CAPA
-- @tparam[opt] {string,...} opts.mechs the SASL mechanisms that are offered: PLAIN,
-- LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512 and their -PLUS forms
-- (under TLS), OAUTHBEARER, XOAUTH2, EXTERNAL (with a client certificate), ANONYMOUS.
-- None is offered by default
-- @tparam[opt] string opts.greeting the text after "+OK" in the greeting
-- @tparam[opt=false] boolean opts.apop take APOP. The greeting then has a stamp: the
-- one in `greeting`, or one that is added to it
-- @tparam[opt=600] number opts.autologout seconds without a command after which the
-- session ends
-- @tparam[opt=0] number opts.login_delay seconds between two logins of a user
-- (LOGIN-DELAY, RFC 2449)
-- @tparam[opt="NEVER"] string|integer opts.expire the argument of the capability
-- EXPIRE
-- @tparam[opt=0] number opts.failure_delay seconds before a failed login is answered
-- @tparam[opt] table opts.limits `{ line =, output =, transcript =, logins = }`: octets
-- of a command (8,192; a longer one gets one -ERR); octets of replies that are encoded
-- before the client reads (262,144; the session waits for its reader); octets of the
-- transcript (64 MiB; the oldest lines are dropped, and `verify` says so); failed
-- logins (10; then -ERR, and the connection ends)
-- @tparam[opt] string|integer opts.seed APOP stamps and SASL nonces are made from it,
-- the same each time
-- @tparam[opt] table opts.on handlers and hooks, see `pop3.server.handlers`
-- @tparam[opt] {table,...} opts.faults faults, see `pop3.server:fault`
-- @tparam[opt] string|table opts.preset behave like a known server, see `pop3.server.presets`.
-- The other options, and `on`, come before what the preset says
-- @tparam[opt] function opts.clock returns seconds; the server uses it in place of its
-- own clock
-- @treturn[1] pop3.server
-- @treturn[2] nil if a file of `tls` cannot be used
-- @treturn[2] string message
-- @treturn[2] string code
-- @function new
-- @static
-- @usage
-- local server = pop3.server.new{
--   users = { mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } } },
-- }
local function new(opts)
  local settings, err, code = options.read(opts or {}, 1)
  if not settings then return nil, err, code end
  local limits = settings.limits
  local self = setmetatable({
    default = {},         -- handlers
    parting = {},         -- links to be reset once all is sent
    attended = {},        -- descriptor → function, of what is no session
    deaf = false,         -- out of descriptors: not listening
    stepping = false,
    stopping = false,     -- at the end of this step
    offset = 0,           -- of the clock
    started = false,      -- when the clock began to run by itself
    start = false,        -- what puts mail and faults back, see pop3.reset
    sessions = {},        -- id → session
    by_fd = {},           -- descriptor → session
    last_id = 0,
    drawn = 0,            -- random values that came from the seed
    locks = {},           -- user → session
    stores = {},          -- user → { mail =, store = }
    kept = {},            -- what a preset remembers, such as what was fetched
    entries = {},         -- user → what `authenticate` gave for it
    logins = {},          -- user → time
    counts = {},          -- new verbs
    new_verbs = 0,        -- how many of them
    errors = {},          -- of handlers
    idle_workers = {},
    pid = core.getpid(),
    journal = core.journal(limits.transcript),
    heap = timers.heap(),
  }, Server)
  for name, value in pairs(settings) do self[name] = value end
  for name, method in pairs(methods) do self[name] = method end
  -- its own: a script may take one out
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

--- Add a fault, see `pop3.server.fault`.
-- @tparam table f
-- @treturn pop3.server
function methods:fault(f)
  options.add_fault(self, f, 1)
  return self
end

-- -------------------------------------------------------- what handlers need

-- May this user have its maildrop? Takes the lock.
function methods:admit(session, user)
  if self.locks[user] then
    return nil, "the maildrop is in use by another session", "IN-USE"
  end
  local last = self.logins[user]
  if last and self.time - last < self.login_delay then
    return nil, "too soon after the last login", "LOGIN-DELAY"
  end
  if self.login_delay > 0 then self.logins[user] = self.time end
  self.locks[user] = session
  session.lock = user
  return true
end

function methods:release(session)
  local user = session.lock
  if user and self.locks[user] == session then self.locks[user] = nil end
  session.lock = nil
end

-- The store of a user, made from a list of messages when it is first needed.
function methods:store_of(user, entry)
  if entry then self.entries[user] = entry end
  entry = entry or self.entries[user] or self.users[user]
  if not entry then return nil, "no such user" end
  local mail = entry.mail
  if mail and type(mail.open) == "function" then return mail end
  local made = self.stores[user]
  if not made or made.mail ~= mail then
    local ok, result = pcall(store.memory, mail or {}, entry.uidl)
    if not ok then return nil, result, "SYS/PERM" end
    made = { mail = mail, store = result }
    self.stores[user] = made
  end
  return made.store
end

-- The lines of CAPA, nil if the server does not know it.
function methods:capabilities(session)
  if self.capa == false then return nil end
  if type(self.capa) == "table" then return self.capa[session.state] or {} end
  local lines = { "TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
                  "EXPIRE " .. self.expire }
  if session.secure or not self.require_tls then
    table.insert(lines, 2, "USER")
    local offered = auth.offered(session)
    if offered[1] then
      lines[#lines + 1] = "SASL " .. table.concat(offered, " ")
    end
  end
  if self.certificates and not session.secure
     and session.state == "authorization" then
    lines[#lines + 1] = "STLS"
  end
  if self.login_delay > 0 then
    lines[#lines + 1] = ("LOGIN-DELAY %d"):format(math.ceil(self.login_delay))
  end
  lines[#lines + 1] = "UTF8"
  lines[#lines + 1] = "LANG"
  lines[#lines + 1] = "IMPLEMENTATION lpop3"
  return lines
end

-- Random octets in hexadecimal, from the seed if there is one.
function methods:random(n)
  if not self.seed then return core.random(n) end
  self.drawn = self.drawn + 1
  return core.sha256(("lpop3 %s %d"):format(self.seed, self.drawn)):sub(1, 2 * n)
end

-- A nonce for SASL; nil leaves it to the mechanism.
function methods:nonce()
  return self.seed and self:random(16) or nil
end

--- Make a certificate for a client, signed by the CA of `tls = "auto"`.
-- @tparam string user the name in it, which EXTERNAL logs in
-- @treturn string path of the certificate
-- @treturn string path of its key; both are gone when the server is
function methods:client_certificate(user)
  check.text(user, "client_certificate: the user", 1)
  if not (self.certificates and self.certificates:cafile()) then
    check.misuse(1, "client_certificate: the server has no CA of its own")
  end
  return self.certificates:client_certificate(user)
end

-- The text of the greeting, with an APOP stamp unless the script has put one
-- there, or what looks like one and is none.
function methods:greeting_of(session)
  local text = self.greeting or "lpop3 ready"
  if self.apop and not text:find "[<>]" then
    text = ("%s <%d.%s@%s>"):format(text, session.id, self:random(8),
                                    "lpop3.invalid")
  end
  if self.apop then session.stamp = text:match "<[^<>%s]+@[^<>%s]+>" end
  return text
end

function methods:engine_options(id)
  local opts = self.engine_opts
  opts.id = id
  return opts
end

local MANY = 1000  -- errors, and verbs that POP3 does not have, that are kept

-- What a handler did wrong, and where; a secret may be in its message.
function methods:handler_error(session, message, trace)
  if #self.errors >= MANY then return end
  if session.state ~= "closed" then message = session.engine:mask(message) end
  if trace then message = message .. "\n" .. trace end
  self.errors[#self.errors + 1] = ("session %d: %s"):format(session.id, message)
end

-- Verbs come from the client: only so many of them, and no long ones.
function methods:count_new(verb)
  local count = self.counts[verb]
  if not count then
    if #verb > 64 or self.new_verbs >= MANY then return end
    self.new_verbs = self.new_verbs + 1
  end
  self.counts[verb] = (count or 0) + 1
end

-- ------------------------------------------------------------------- sessions

-- A new session over a descriptor, or in memory.
function methods:begin(fd)
  if not self.start then self:mark() end
  local id = self.last_id + 1
  self.last_id = id
  local session = new_session(self, id, fd)
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

--- Serve in a child process, which ends when this one does, or when what is
-- returned is closed. Sockets and pipes that this process has open, but for
-- standard input and output, are not the child's: handlers that need some open
-- them there.
-- @treturn pop3.run or nil, message, "io"
function methods:fork()
  local run, err, code = require "pop3.server.fork".fork(self)
  return run, err, code
end

--- A connection in memory, for `transport` of `pop3.connect`. Time stands
-- still on it but for `advance`; where both sides only wait, the clock jumps
-- to what is due next.
-- @treturn transport
function methods:loopback()
  return require "pop3.server.loopback"(self)
end

Server.__close = methods.stop

function Server:__tostring()
  return ("pop3.server (%s:%s)"):format(self.host, rawget(self, "port")
                                                   or "not listening")
end

return { new = new }
