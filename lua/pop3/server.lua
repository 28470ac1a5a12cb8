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

local auth = require "pop3.auth"
local check = require "pop3.argument"
local clock = require "pop3.server.clock"
local core = require "pop3.core"
local default = require "pop3.handlers"
local fault = require "pop3.fault"
local new_session = require "pop3.session"
local reset = require "pop3.reset"
local store = require "pop3.store"
local timers = require "pop3.timers"
local witness = require "pop3.witness"

local Server = { __name = "pop3.server" }
local methods = {}
for _, part in ipairs { clock, reset, witness } do
  for name, method in pairs(part) do methods[name] = method end
end

-- Methods that run once a read, without the look-up.
local engine_rest = core.types["pop3.server.engine"].rest
local fd_recv = core.types["pop3.fd"].recv

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

-- ---------------------------------------------------------------- the options

local known = {
  users = "table", authenticate = "function", host = "string",
  port = "integer", tls = "any", implicit = "boolean",
  require_tls = "boolean", capa = "table boolean", mechs = "table",
  greeting = "string", apop = "boolean", autologout = "number",
  limits = "table", on = "table", faults = "table", clock = "function",
  expire = "string integer", login_delay = "number",
  failure_delay = "number", seed = "string integer",
  preset = "string table",
}

-- What has to be a list, and is one.
local function check_list(list, what, level)
  for key in pairs(list) do
    if not (math.type(key) == "integer" and key >= 1 and key <= #list) then
      check.misuse(level + 1, "server: %s must be a list, without '%s'", what,
                   tostring(key))
    end
  end
end

local user_fields = { password = "string", mail = "table userdata",
                      uidl = "table", token = "string", scram = "table" }

-- The users: what is wrong with one would come out at its login, far from here.
local function check_users(users, level)
  for name, user in pairs(users) do
    if type(name) ~= "string" then
      check.misuse(level + 1, "server: users must be a table by name")
    end
    local what = ("server: user '%s'"):format(name)
    check.options(user, user_fields, what, level + 1)
    local mail = user.mail
    if mail ~= nil and type(mail.open) ~= "function" then
      if type(mail) ~= "table" then
        check.misuse(level + 1, "%s: mail has no function open", what)
      end
      check_list(mail, "mail", level + 1)
      for i, octets in ipairs(mail) do
        if type(octets) ~= "string" then
          check.misuse(level + 1, "%s: message %d is a %s, not a string", what, i,
                       type(octets))
        end
      end
    end
  end
end

-- Handlers, and the options that are tables.
local function check_tables(opts, level)
  check_users(opts.users or {}, level + 1)
  for name, handler in pairs(opts.on or {}) do
    check.callable(handler, ("server: on.%s"):format(name), level + 1)
  end
  check_list(opts.mechs or {}, "mechs", level + 1)
  check_list(opts.faults or {}, "faults", level + 1)
  if type(opts.capa) == "table" then
    check.options(opts.capa, { authorization = "table", transaction = "table" },
                  "server: capa", level + 1)
  end
  local port = opts.port or 0
  if port < 0 or port > 65535 then
    check.misuse(level + 1, "server: no such port: %d", port)
  end
end

-- The names of `mechs`; "APOP" and "USER" are none of SASL's.
local function mechanisms(list, level)
  local names, apop = {}, false
  for _, name in ipairs(list) do
    if type(name) ~= "string" then
      check.misuse(level + 1, "server: mechs must be a list of names")
    end
    name = name:upper()
    if name == "APOP" then apop = true
    elseif core.sasl.mechanisms[name] then names[#names + 1] = name
    elseif name ~= "USER" then
      check.misuse(level + 1, "server: no such mechanism: %s", name)
    end
  end
  return names, apop
end

local preset_fields = { title = "string", options = "table", on = "table",
                        quirks = "table" }

-- A copy that shares nothing with a preset, which is for all servers.
local function own(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for k, v in pairs(value) do made[k] = own(v) end
  return made
end

-- The options of a preset beneath those of the script, likewise the handlers.
local function with_preset(opts, level)
  local preset = opts.preset
  if preset == nil then return opts end
  if type(preset) == "string" then
    local presets = require "pop3.presets"
    preset = presets[preset]
    if not preset then
      check.misuse(level + 1, "server: no such preset: %s (known: %s)",
                   opts.preset, table.concat(presets(), ", "))
    end
  end
  check.options(preset, preset_fields, "server: preset", level + 1)
  local merged, on = own(preset.options or {}), own(preset.on or {})
  if opts.capa ~= nil then on.CAPA = nil end
  if opts.greeting ~= nil or opts.apop then on.connect = nil end
  if opts.apop and not merged.apop then merged.greeting = nil end  -- no stamp
  for name, value in pairs(opts) do
    if name ~= "preset" then merged[name] = value end
  end
  check.options(merged, known, "server", level + 1)
  local above = {}
  for name, handler in pairs(opts.on or {}) do above[name] = handler end
  merged.on = setmetatable(above, { __index = on })
  return merged
end

-- A fault more.
local function add_fault(self, f, level)
  local made = fault.new(f, level + 1)
  if made.hook == "tls" and not self.credentials then
    check.misuse(level + 1, "fault: the hook tls needs the server's option tls")
  end
  self.faults[#self.faults + 1] = made
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
--   user's table lets it in, nil, text, code does not
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
-- - `greeting`: the text after "+OK"; `apop = true`: it has a stamp, and APOP
--   is taken (many clients then prefer it)
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
local function new(opts)
  opts = opts or {}
  check.options(opts, known, "server", 1)
  check_tables(opts, 1)
  opts = with_preset(opts, 1)
  local limits = opts.limits or {}
  check.options(limits, { line = "integer", output = "integer",
                          transcript = "integer", logins = "integer" },
                "server: limits", 1)
  local mechs, apop = mechanisms(opts.mechs or {}, 1)
  local credentials
  if opts.tls ~= nil and opts.tls ~= false then
    if type(opts.tls) ~= "string" and type(opts.tls) ~= "table" then
      check.misuse(1, "server: option 'tls' must be a string or a table")
    end
    local err, code
    credentials, err, code = require "pop3.credentials".new(opts.tls, 1)
    if not credentials then return nil, "server: " .. err, code end
  elseif opts.implicit or opts.require_tls then
    check.misuse(1, "server: option '%s' needs tls", opts.implicit
                 and "implicit" or "require_tls")
  end
  if opts.autologout and (opts.autologout <= 0
     or opts.autologout ~= opts.autologout) then
    check.misuse(1, "server: autologout must be positive")
  end
  for name, n in pairs(limits) do
    if check.count(n, "limit " .. name, 1) < 1 then
      check.misuse(1, "server: limit %s must be positive", name)
    end
  end
  local self = setmetatable({
    users = opts.users or {},
    authenticate = opts.authenticate,
    host = opts.host or "127.0.0.1",
    wanted_port = opts.port or 0,
    capa = opts.capa,
    greeting = opts.greeting,
    apop = opts.apop or apop,
    credentials = credentials or false,
    implicit = opts.implicit or false,
    require_tls = opts.require_tls or false,
    mechs = mechs,
    failure_delay = opts.failure_delay or 0,
    seed = opts.seed,
    drawn = 0,            -- random values that came from the seed
    autologout = opts.autologout or 600,
    login_delay = opts.login_delay or 0,
    expire = opts.expire or "NEVER",
    limits = limits,
    on = opts.on or {},
    default = default,
    faults = {},
    clock = opts.clock or false,
    parting = {},         -- descriptors to be reset once all is sent
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
  for name, method in pairs(methods) do self[name] = method end
  self.step_guard = setmetatable({}, { __close = function()
    self.stepping = false
  end })
  self.engine_opts = { line = limits.line, output = limits.output,
                       journal = self.journal }
  self.idle = timers.queue(self.autologout)
  for _, f in ipairs(opts.faults or {}) do
    add_fault(self, f, 1)
  end
  self:tick()
  return self
end

--- Add a fault, see `pop3.fault`.
-- @tparam table f
-- @treturn pop3.server
function methods:fault(f)
  add_fault(self, f, 1)
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

-- The text of the greeting, with an APOP stamp unless it is the script's own.
function methods:greeting_of(session)
  local text = self.greeting
  if not text then
    text = "lpop3 ready"
    if self.apop then
      text = ("%s <%d.%s@%s>"):format(text, session.id, self:random(8),
                                      "lpop3.invalid")
    end
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
  if self.implicit then
    session:start_tls()
    session:advance()
  else session:greet() end
  return session
end

-- Out of descriptors, the listener was left alone; there may be one again.
local function hear(self)
  if not self.deaf then return end
  self.deaf = false
  self.poller:watch(self.listening, "r", false)
end

-- A link ends, by FIN or RST. A reset takes away what the kernel has not sent yet,
-- so it waits until there is no such thing.
function methods:part(fd, how)
  if how ~= "rst" then
    fd:drain()
    fd:close()
  elseif fd:unsent() == 0 then
    fd:close(true)
  else
    self.parting[#self.parting + 1] = fd
  end
end

local PARTING = 0.005  -- seconds between two looks at those

local function look_at_parting(self)
  for i = #self.parting, 1, -1 do
    local fd = self.parting[i]
    if fd:unsent() == 0 then
      fd:close(true)
      table.remove(self.parting, i)
    end
  end
end

function methods:forget(session)
  self.sessions[session.id] = nil
  self.idle:remove(session)
  if session.fd then
    if session.watched then
      self.poller:watch(session.number, "", true)
      session.watched = false
    end
    if self.by_fd[session.number] == session then
      self.by_fd[session.number] = nil
    end
    hear(self)
  end
end

-- Wait for what the session waits for: room to write, octets to read, or
-- nothing but time.
local function watch(self, session)
  if session.ended or not session.fd then return end
  local want
  if session.blocked then want = "w"
  elseif session.eof then want = false
  elseif session.rare then want = "h"  -- nothing is read, but the end is seen
  else
    want = "r"
    engine_rest(session.engine)
    if session.tls then session.tls:rest() end
  end
  if want == session.watched then return end
  self.poller:watch(session.number, want or "", session.watched)
  session.watched = want
end
methods.watch = watch

-- A descriptor is ready.
local function ready(self, session)
  if session.blocked then
    session:advance()
  elseif session.watched == "h" then
    local n, err
    repeat n, err = fd_recv(session.fd, session.port) until not n
    if err == "closed" then session:gone() end
  else
    local fd = session.fd
    repeat
      local n, more = fd_recv(fd, session.port)
      if n then
        session:advance()
      elseif more == "closed" then
        session.eof = true
        session:advance()
      end
    until not more or not n or session.blocked or not session:listening()
  end
  watch(self, session)
end

-- ------------------------------------------------------------ in this process

--- Listen, if it does not yet.
-- @treturn integer the port, or nil, message, "io"
function methods:listen()
  if self.listener then return self.port end
  local socket = require "socket"
  local sock, err = socket.bind(self.host, self.wanted_port, 4096)
  if not sock then
    return nil, ("listen: %s:%d: %s"):format(self.host, self.wanted_port, err),
           "io"
  end
  local _, number = sock:getsockname()
  self.port = math.tointeger(tonumber(number))
  self.listener = assert(core.fd(sock:getfd()))
  sock:setfd(-1)
  self.started = self.started or core.now()
  core.maxfiles()
  return self.port
end

-- The poller, made in the process that uses it.
local function open_poller(self)
  if self.poller then return true end
  local port, err, code = self:listen()
  if not port then return nil, err, code end
  self.poller, err, code = core.poller()
  if not self.poller then return nil, err, code end
  self.ready_list = {}
  self.listening = self.listener:getfd()
  assert(self.poller:watch(self.listening, "r", false))
  return true
end

-- Take connections, a bounded number at a time. Without descriptors to spare
-- the listener is left alone until a session has ended, or a second later.
local function accept(self)
  for _ = 1, 64 do
    local fd, err = self.listener:accept()
    if not fd then
      if err ~= "timeout" then
        self.poller:watch(self.listening, "", true)
        self.deaf = self.time
      end
      return
    end
    self:watch(self:begin(fd))
  end
end

-- Wait for something to do, for so many seconds or, with nil, for ever; do it.
local function turn(self, seconds)
  if self.stepping then
    check.misuse(2, "step: not from a handler, which runs in a step")
  end
  local ok, err, code = open_poller(self)
  if not ok then return nil, err, code end
  self.stepping = true
  local _ <close> = self.step_guard
  if self.deaf and self.time - self.deaf >= 1 then hear(self) end
  local due = self:next_due()
  local wait = seconds
  if due then
    -- a look at the clock is only worth it when something is near
    local left = due - self.time
    if left < 60 or self.clock then left = math.max(due - self:tick(), 0) end
    if left == 0 then self:fire() end  -- it was due before what comes now
    if not wait or left < wait then wait = left end
  end
  if self.deaf then wait = math.min(wait or 1, 1) end
  if self.parting[1] then wait = math.min(wait or PARTING, PARTING) end
  local list, by_fd = self.ready_list, self.by_fd
  local n = assert(self.poller:wait(list, wait))
  local now = self:tick()
  for i = 1, n do
    local number = list[i]
    local session = by_fd[number]
    if session then ready(self, session)
    elseif number == self.listening then accept(self)
    elseif self.attended[number] then
      self.attended[number]()
    end
  end
  if due and due <= now or (self.heap.at[1] or now + 1) <= now then
    self:fire()
  end
  if self.parting[1] then look_at_parting(self) end
  if self.stopping then
    self.stepping = false
    self:stop()
  end
  return n
end

methods.turn = turn

-- Wait for one more descriptor, beside those of sessions; `act` is called when
-- it can be read, or written ("w"). Modes "" end that.
function methods:attend(number, modes, act)
  if modes == "" and not self.poller then return true end  -- it has stopped
  local ok, err, code = open_poller(self)
  if not ok then return nil, err, code end
  local before = self.attended[number] ~= nil
  if before or modes ~= "" then
    assert(self.poller:watch(number, modes, before))
  end
  self.attended[number] = modes ~= "" and act or nil
  return true
end

--- Serve for a while: wait until there is something to do, do it.
-- @tparam[opt=0] number seconds to wait at the most
-- @treturn integer how many descriptors were ready, or nil, message, "io"
function methods:step(seconds)
  if seconds ~= nil and type(seconds) ~= "number" then
    check.misuse(1, "step: the seconds must be a number, not a %s", type(seconds))
  end
  local n, err, code = turn(self, seconds or 0)
  return n, err, code
end

--- Serve until `stop` is called, by a handler or a hook.
-- @treturn boolean true, or nil, message, "io" when it cannot listen
function methods:run()
  self.running = true
  while self.running do
    local n, err, code = turn(self, nil)
    if not n then return nil, err, code end
  end
  return true
end

--- Stop serving: `run` returns, sessions end, nothing is deleted. A handler's
-- reply leaves before that.
function methods:stop()
  self.running = false
  self.stopping = self.stepping
  if self.stopping then return end
  local open = {}
  for _, session in pairs(self.sessions) do open[#open + 1] = session end
  table.sort(open, function(a, b) return a.id < b.id end)
  for _, session in ipairs(open) do
    -- in memory, what is written is with the client, as it is in a socket
    if not session.fd then session.last = session:take_out(math.maxinteger) end
    session:finish "fin"
  end
  for _, fd in ipairs(self.parting) do fd:close(true) end
  self.parting = {}
  if self.poller then self.poller:close() end
  if self.listener then self.listener:close() end
  self.poller, self.listener, self.port, self.deaf = nil, nil, nil, false
  self.attended = {}
end

--- Serve in a child process, which ends when this one does, or when what is
-- returned is closed. Sockets and pipes that this process has open, but for
-- standard input and output, are not the child's: handlers that need some open
-- them there.
-- @treturn pop3.run or nil, message, "io"
function methods:fork()
  local run, err, code = require "pop3.child".fork(self)
  return run, err, code
end

--- A connection in memory, for `transport` of `pop3.connect`. Time stands
-- still on it but for `advance`; where both sides only wait, the clock jumps
-- to what is due next.
-- @treturn transport
function methods:loopback()
  return require "pop3.loopback"(self)
end

Server.__close = methods.stop

function Server:__tostring()
  return ("pop3.server (%s:%s)"):format(self.host, rawget(self, "port")
                                                   or "not listening")
end

-- What is loaded when it is first asked for: name → module.
local parts = { presets = "pop3.presets", replay = "pop3.replay" }

return setmetatable({ new = new }, { __index = function(self, name)
  local module = parts[name]
  if not module then return nil end
  local part = require(module)
  rawset(self, name, part)
  return part
end })
