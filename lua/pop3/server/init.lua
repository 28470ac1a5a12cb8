--- A programmable POP3 server, for tests: command handlers are overridden in
-- Lua, faults are data, and every session leaves a transcript.
--
--    local server = pop3.server.new{
--      users = { mrose = { password = "secret", mail = { "A: b\r\n\r\nhi\r\n" } } },
--    }
--    function server.on.RETR(session, n)
--      if n == 2 then return session:err("gone", "SYS/TEMP") end
--      return server.default.RETR(session, n)
--    end
--    local run <close> = server:fork()
--
-- It runs in a child process (`fork`), in memory (`loopback`), or step by step
-- in this process (`step`, `run`).
-- @classmod pop3.server
-- @alias methods

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
    return self.credentials and self.credentials:cafile() or nil
  end
  if name ~= "port" then return nil end
  local port, err = self:listen()
  if not port then error(err, 2) end
  return port
end

--- Make a server.
-- @tparam table opts
--
-- - `users`: name → `{ password =, mail =, uidl = }`, where `mail` is a list of
--   octets or a store (see `pop3.store`), `uidl` a list beside it; `token` is
--   what OAUTHBEARER and XOAUTH2 must bring; `scram` in place of a password has
--   stored verifiers: mechanism → `{ salt =, iterations =, stored_key =,
--   server_key = }` (RFC 5802), see `pop3.core.sasl`
-- - `authenticate(session, mech, user, check)` in place of the passwords:
--   `check(secret)` tells whether the client proved that secret; true or a
--   user's table lets it in, nil, text, code does not; a reply of `session` is the
--   answer, and one that is +OK lets in
-- - `tls`: `"auto"`, a CA and a certificate for localhost, made in memory
--   (`server.cafile` is the CA's file, for clients; `server:client_certificate`
--   makes a client's), or one that clients must refuse: `"expired"`,
--   `"not-yet-valid"`, `"wrong-host"`, `"untrusted"`, `"self-signed"`,
--   `"weak-key"`; or a table: `cert` and `key` (files, or PEM), or `auto` (true
--   or one of those) and `names`; `client_cert` ("optional" or "required") and
--   `cafile` (who signs these); `min_version`, `max_version` ("TLSv1" to
--   "TLSv1.3"); `handshake`: "stall", "cut" or "alert"
-- - `implicit = true`: TLS from the first octet; otherwise STLS starts it
-- - `require_tls = true`: no login without TLS
-- - `mechs`: SASL mechanisms that are offered, any of PLAIN, LOGIN, CRAM-MD5,
--   SCRAM-SHA-1, SCRAM-SHA-256 and their -PLUS (under TLS), OAUTHBEARER,
--   XOAUTH2, EXTERNAL (with a client's certificate), ANONYMOUS; none by default
-- - `host` ("127.0.0.1") and `port` (0: a free one)
-- - `capa`: `{ authorization = lines, transaction = lines }`, or false for a
--   server that does not know CAPA
-- - `greeting`: the text after "+OK"; `apop = true`: it has a stamp, one's own or
--   behind the text, and APOP is taken (many clients then prefer it)
-- - `autologout` (600 seconds), `login_delay` (0), `expire` ("NEVER");
--   `failure_delay`: seconds before a failed login is answered (0)
-- - `limits`: `line` (8192 octets of a command), `output` (262144 octets of
--   replies encoded ahead of the reader), `transcript` (67108864 octets kept),
--   `logins` (10 that fail, then the link ends)
-- - `seed`: stamps and nonces come from it, the same ones each time
-- - `on`: handlers; `faults`: a list, see `fault`
-- - `preset`: a server in the field to be like, by its name in `pop3.presets`,
--   or such a table; what else is given here, and `on`, come before what it says
-- - `clock`: a function that returns seconds
-- @treturn pop3.server or nil, message, code when a file of `tls` is no good
-- @function new
-- @static
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

--- Add a fault, see `pop3.fault`.
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
  if self.credentials and not session.secure
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
  if not (self.credentials and self.credentials:cafile()) then
    check.misuse(1, "client_certificate: the server has no CA of its own")
  end
  return self.credentials:client_certificate(user)
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

-- What is loaded when it is first asked for: name → module.
local parts = { presets = "pop3.server.presets", replay = "pop3.record.replay" }

return setmetatable({ new = new }, { __index = function(self, name)
  local module = parts[name]
  if not module then return nil end
  local part = require(module)
  rawset(self, name, part)
  return part
end })
