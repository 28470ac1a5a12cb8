--- Methods of a client session before the maildrop: capabilities, TLS, login.
-- @submodule pop3.session
-- @alias methods

local argument = require "pop3.util.argument"
local commands = require "pop3.client.command"
local core = require "pop3.core"
local login = require "pop3.client.login"
local secure = require "pop3.client.tls"

local fail, fetch, operation = commands.fail, commands.fetch, commands.operation
local mechanisms = core.sasl.mechanisms

local authorization = {}
local methods = {}

-- The longest command, in octets (POP3_COMMAND_MAX of session.h).
authorization.LONGEST = 65536

local LONGEST = authorization.LONGEST

-- Seconds that a server may take for CAPA before a login.
local CAPA_TIMEOUT = 10

-- The longest user name: APOP sends it with a digest of 32 octets.
authorization.LONGEST_USER = LONGEST - #"APOP  " - 32

-- ------------------------------------------------------------- capabilities

-- The capabilities in the reply to CAPA, without those that the set `ignore` holds.
local function parse_capa(body, ignore)
  local capa = {}
  for line in body:gmatch "([^\r\n]+)" do
    local name, rest = line:match "^(%S+)(.*)$"
    name = name and name:upper()
    if name and not ignore[name] then
      local words = {}
      for word in rest:gmatch "%S+" do
        if not ignore[name .. " " .. word:upper()] then
          words[#words + 1] = word
        end
      end
      capa[name] = words
    end
  end
  return capa
end

--- The capabilities of the server (RFC 2449). The client sends CAPA once in each
-- state, and again after TLS was started.
-- @treturn table a capability in upper case → the list of its arguments; or nil,
-- message, code, reply: "err" when the server does not know CAPA
-- @usage local capa = assert(s:capa())
-- print(capa.SASL and table.concat(capa.SASL, " "))
function methods:capa()
  local state = self:state()
  local link = self.link
  local capas = link.capas or {}
  local known = capas[state]
  if self.no_capa then known = { false, self.no_capa } end
  if known == nil then
    local body, message, code, reply = fetch(self, "CAPA", "CAPA")
    if not body and code ~= "err" then return nil, message, code end
    if body and (body:find "^%+OK%s" or body:find "^%-ERR%s") then
      return commands.kill(self, "CAPA", "the list begins with a status line: an extra "
                           .. "reply came before it", "proto")
    end
    known = body and parse_capa(body, self.opts.ignore or {}) or { false, message, reply }
    capas[state], link.capas = known, capas
  end
  if known[1] == false then return nil, known[2], "err", known[3] end
  local capa = {}  -- a copy: a caller may change it
  for name, words in pairs(known) do capa[name] = words end
  return capa
end

-- CAPA before a login. Some servers hang at CAPA or close the connection, and accept a
-- login without it; so the client connects again and sends no CAPA. Results as of
-- `capa`. Code "err" in an open session means that the login can go on without
-- capabilities.
function methods:capa_or_redial()
  if self.dead then return self:capa() end
  local link = self.link
  local idle = link.idle
  link.idle = math.min(idle, CAPA_TIMEOUT)
  local capa, message, code, reply = self:capa()
  link.idle = idle
  if capa or code == "err" or not self.redial then
    return capa, message, code, reply
  end
  local ok, trouble, why, words = self:redial_without_capa(message)
  if not ok then return nil, message .. "; then " .. trouble, why, words end
  return nil, message, "err"
end

-- Connect again, and do not ask for CAPA. True, or nil, message, code, reply.
function methods:redial_without_capa(why)
  self.no_capa = why
  return self:redial()
end

-- Has the server refused CAPA on this connection?
function methods:has_refused_capa()
  local known = self.link.capas and self.link.capas.authorization
  return not self.no_capa and known and known[1] == false
end

--- Whether the server has a capability.
-- @tparam string name in upper or lower case
-- @treturn boolean false also when the server does not know CAPA; or nil, message,
-- code
-- @usage
-- if s:supports "PIPELINING" then print "many at once" end
function methods:supports(name)
  argument.text(name, "the capability", 1)
  local capa, message, code = self:capa()
  if capa then return capa[name:upper()] ~= nil end
  if code == "err" then return false end
  return nil, message, code
end

-- ---------------------------------------------------------------------- TLS

--- Whether the connection is encrypted by TLS.
-- @treturn boolean
-- @usage
-- if not s:is_secure() then print "no TLS" end
function methods:is_secure()
  return self.secure
end

--- The TLS of the connection.
-- @treturn ?table `version` such as "TLSv1.3", `cipher`, `reused` (a session was
-- resumed), and `peer`, the certificate of the server: `subject`, `issuer`,
-- `common_name`, `names`, `not_before`, `not_after`, `pin`, `fingerprint`, and
-- `chain`, a list of the other certificates that it sent; nil without TLS
-- @usage
-- local info = s:tls_info()
-- if info then print(info.version, info.peer.subject, info.peer.not_after) end
function methods:tls_info()
  if not self.secure or self.dead then return nil end
  return self.link.port:info()
end

-- Whether a password may be sent in cleartext.
function methods:may_send_cleartext()
  return self.secure or self.link.io.loopback or self.opts.insecure or false
end

-- Why a command of the state AUTHORIZATION cannot be sent: nil, or the failure.
local function not_now(s, label)
  if s.dead then
    return fail(s, label, "the session has ended", "closed")
  elseif s:state() ~= "authorization" then
    return fail(s, label, "command not valid in this state", "state")
  end
  return true
end

--- Start TLS on this connection (RFC 2595), before the login. Octets after the +OK
-- of the server end the session, since an attacker may have injected them. The
-- capabilities from before TLS are forgotten.
-- @treturn boolean true; or nil, message, code, reply: "tls" also when the server
-- refuses
-- @usage
-- local s = assert(pop3.connect{ host = "mail.example", tls = "none" })
-- assert(s:stls())
-- assert(s:login("mrose", "secret"))
-- assert(s:quit())
function methods:stls()
  local ok, message, code = not_now(self, "STLS")
  if not ok then return nil, message, code end
  if self.secure then
    return fail(self, "STLS", "TLS is active already", "state")
  end
  local _ <close> = operation(self)
  return secure.stls(self, "STLS")
end

-- -------------------------------------------------------------------- login

-- Whether all of these mechanisms take the same kind of proof.
-- @tparam ?table mechs
-- @tparam string proof of a row of `pop3.core.sasl.mechanisms`
-- @treturn boolean
function authorization.only(mechs, proof)
  if not mechs or #mechs == 0 then return false end
  for i = 1, #mechs do
    local row = mechanisms[mechs[i]:upper()]
    if not (row and row.proof == proof) then return false end
  end
  return true
end

local login_types = { mechs = "table", token = "string function" }

-- The token: a string, or what a function returns; or nil, message.
local function token_of(token)
  if type(token) ~= "function" then return token end
  local made, why = token()
  if made == nil then return nil, tostring(why or "there is no token") end
  return made
end

-- Log in with a name and a secret that were checked.
-- @tparam table s the session
-- @tparam table who `user`; `secret`, a password, or a token if `mechs` takes only
-- tokens; `token`, or a function that returns one
-- @tparam ?table mechs as for `login`
-- @tparam integer level see `pop3.util.argument`, for a token that cannot be sent
-- @treturn boolean true; or nil, message, code, reply
-- @treturn string the mechanism
function authorization.enter(s, who, mechs, level)
  local user, secret, token = who.user, who.secret, who.token
  if secret == "" or secret and user == "" then
    return fail(s, "login", "an empty user or secret", "auth")
  end
  if token == nil and authorization.only(mechs, "token") then token = secret end
  if token ~= nil then
    local why
    token, why = token_of(token)
    if s.dead then return commands.unusable(s, "login") end  -- closed meanwhile
    if why then return fail(s, "login", "no token: " .. why, "auth") end
    argument.text(token, "the token", level, LONGEST // 2)
  end
  local as = { user = user, secret = secret, token = token }
  local _ <close> = operation(s)
  local ok, how, code, reply = login.run(s, as, mechs)
  s.user = as.user
  if ok then return true, how end
  return nil, how, code, reply
end

--- Log in (RFC 1939 section 7, RFC 5034).
--
-- The client tries the mechanisms that the server offers, the strongest first:
-- EXTERNAL with a client certificate; OAUTHBEARER and XOAUTH2 with a token; SCRAM
-- with SHA-512, SHA-256 and SHA-1, bound to the TLS channel (-PLUS) where the server
-- can; CRAM-MD5; then PLAIN, LOGIN and USER, but only over TLS, to a loopback host,
-- or with `insecure`. It uses APOP, ANONYMOUS and GSSAPI only if `mechs` names them.
-- A mechanism that cannot carry the name or the password (SCRAM, if SASLprep of RFC
-- 4013 refuses the password) is left out.
--
-- After a refused challenge-response, the client makes one attempt in cleartext, if the
-- connection may carry it, and no further attempt: servers that store hashed passwords
-- may offer CRAM-MD5 and refuse it, and a wrong password must not cause many failed
-- logins. With `mechs`, it tries every mechanism of the list. The next attempt is on a
-- new connection if the server closed this one. When a check of the client fails, such
-- as the signature of a SCRAM server, the login fails at once.
--
-- The client asks for CAPA before it logs in, and notices there a line too many that a
-- server has sent after its greeting. It sends no CAPA if `mechs` names only USER and
-- APOP. If such a server sends the second line late, that line is taken for the reply to
-- USER, the reply to USER for the one to PASS, and a refused login returns true; the next
-- command fails with code "proto". A reply that has arrived when the login ends is
-- noticed; to wait for more would cost each login a round trip.
--
-- A SCRAM server may ask for 4,096 (over TLS: 1) to 5,000,000 iterations; otherwise
-- the login fails with code "auth" before any is done. A message of a mechanism may
-- have 64 KiB; a longer one has code "limit".
--
-- GSSAPI (RFC 4752) shows a ticket of Kerberos V5, which kinit(1) gets: the one in the
-- credential cache that KRB5CCNAME names, for the service "pop" at `servername`, or
-- at `host`. No password is needed. `user` is the maildrop to open; without it, that
-- of the ticket's principal. The Kerberos library may ask name servers and the KDC
-- for the ticket of the service, and **blocks the process and its event loop** until
-- they have answered; it does so once for each service, then the ticket is in the
-- cache. GSSAPI has no security layer and no channel binding here: TLS protects the
-- connection. `pop3.core.sasl.features.gssapi` says whether the build has it.
-- @tparam ?string user not needed with GSSAPI
-- @tparam ?string secret the password; or the token, if `mechs` names only
-- OAUTHBEARER and XOAUTH2
-- @tparam[opt] table opts
-- @tparam[opt] {string,...} opts.mechs the mechanisms that may be used, in order of
-- preference
-- @tparam[opt] string|function opts.token an OAuth bearer token, or a function that
-- returns one
-- @treturn boolean true; or nil, message, code, reply: "auth" when the login was
-- refused or no mechanism can be used
-- @treturn string the mechanism
-- @usage
-- local s = assert(pop3.connect{ host = "mail.example" })
-- print(s:login("mrose", "secret"))       -- true, SCRAM-SHA-256
-- assert(s:quit())
function methods:login(user, secret, opts)
  opts = opts or {}
  argument.options(opts, login_types, "login", 1)
  if opts.mechs then argument.names(opts.mechs, "login: mechs", 1) end
  local mechs, token = opts.mechs or self.opts.mechs, opts.token or self.opts.token
  if user ~= nil or not authorization.only(mechs, "ticket") then
    argument.text(user, "the user", 1, authorization.LONGEST_USER)
  end
  if secret ~= nil or not (token or mechs or self.opts.cert) then
    argument.text(secret, "the secret", 1, LONGEST - #"PASS ")
  end
  local ok, message, code = not_now(self, "login")
  if not ok then return nil, message, code end
  local who = { user = user, secret = secret, token = token }
  local entered, how, why, reply = authorization.enter(self, who, mechs, 2)
  if entered then return true, how end
  return nil, how, why, reply
end

authorization.methods = methods

return authorization
