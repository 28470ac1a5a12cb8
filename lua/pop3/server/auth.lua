--- Logging in, on the server's side: who proves to be whom, by PASS, APOP or
-- SASL (RFC 5034), and what comes of it.
--
-- All that fails says the same, and takes as long for a user that is not
-- there; after `limits.logins` failures the link ends.
-- @module pop3.auth
-- @local

local core = require "pop3.core"

local sasl = core.sasl

local FAILED = "authentication failed"
local ITERATIONS = 4096  -- RFC 7677 section 4

local auth = {}

-- ----------------------------------------------------------------- who is who

-- The stored verifier of a user for a SCRAM mechanism, nil if there is none.
local function verifier(entry, mech)
  local row = sasl.mechanisms[mech]
  return entry and entry.scram and entry.scram[row and row.base or mech]
end

-- A salt that says nothing about whether there is such a user.
local function salt_of(user)
  return (core.sha256("lpop3 salt of " .. user):sub(1, 32)
          :gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Does a password that was shown fit a stored verifier?
local function fits(secret, entry)
  for _, row in ipairs(sasl.mechanisms) do
    local v = row.salted and verifier(entry, row.name)
    if v then
      local stored = sasl.verifier(row.hash, secret, v.salt, v.iterations)
      return stored ~= nil and core.equal(stored, v.stored_key)
    end
  end
  return false
end

-- Is a name one of those that the client's certificate is for?
local function certified(session, user)
  local peer = session.tls and session.tls:info().peer
  if not peer then return false end
  local found = peer.common_name == user
  for _, list in ipairs { peer.emails or {}, peer.names or {} } do
    for _, name in ipairs(list) do found = found or name == user end
  end
  return found
end

-- What a script's `authenticate` has decided. A reply is no user's table: one +OK
-- lets in, any other is the answer.
local function decided(ok, text, code)
  if type(ok) ~= "table" then return ok, text, code end
  if ok.status == "+OK" then return true end
  if ok.status or ok.raw or ok.hangup then return nil, nil, nil, ok end
  return ok
end

-- Did the client prove that it is the user? true or a user's table, or nil,
-- text, code, and the reply if the script has one. 'proof' has `check(secret)`,
-- and may have `shown`, a password in clear, and `verify(verifier)`.
local function authenticated(session, mech, user, proof)
  local server = session.server
  if server.authenticate then
    return decided(server.authenticate(session, mech, user, function(secret)
      -- nil: what a script has for whom it does not know
      return secret ~= nil and proof.check(secret)
    end))
  end
  local entry = server.users[user]
  local row = sasl.mechanisms[mech]
  if row and row.certificate then
    return entry ~= nil and certified(session, user)
  elseif row and row.anonymous then
    return entry ~= nil
  end
  local v = proof.verify and verifier(entry, mech)
  if v then return proof.verify(v) end
  local secret = entry and (row and row.token and entry.token
                            or not (row and row.token) and entry.password)
  if not secret and entry and entry.scram and proof.shown then
    return fits(proof.shown, entry)
  end
  local ok = proof.check(secret or core.random(16))
  return secret ~= nil and ok
end

-- Open a user's maildrop: it and its count, or nil, text, code.
local function open(server, user, entry)
  local store, text, code = server:store_of(user, entry)
  if not store then return nil, text, code end
  local drop
  drop, text, code = store:open(user)
  if not drop then return nil, text, code end
  return drop, drop:count()
end

-- What comes after the proof: the delay between logins, the lock, the mail.
local function enter(session, user, entry)
  local server = session.server
  local ok, text, code = server:admit(session, user)
  if not ok then return session:err(text, code) end
  -- whom `authenticate` let in without being told of its mail has none
  if not server.users[user] then entry = entry or server.entries[user] or {} end
  local drop, count
  ok, drop, count, code = pcall(open, server, user, entry)
  if not (ok and drop) then server:release(session) end
  if not ok then error(drop, 0) end  -- it is the script's, and keeps no lock
  if not drop then
    return session:err(count or "the maildrop cannot be opened",
                       code or "SYS/TEMP")
  end
  session:log_in(user, drop)
  return session:ok(("maildrop ready, %d messages"):format(count))
end

-- A failure: it is counted, and the answer may be kept back for a while.
local function failed(session, text, code, reply)
  local server = session.server
  session.failures = (session.failures or 0) + 1
  if server.failure_delay > 0 then session:sleep(server.failure_delay) end
  reply = reply or session:err(text or FAILED,
                               text and code or not text and "AUTH" or nil)
  if session.failures >= (server.limits.logins or 10) then
    reply.close = "fin"
  end
  return reply
end

--- Log a user in that has shown its proof.
-- @tparam session session
-- @tparam string mech
-- @tparam string user
-- @tparam table proof see above
-- @treturn table the reply
function auth.login(session, mech, user, proof)
  local ok, text, code, reply = authenticated(session, mech, user, proof)
  if not ok then return failed(session, text, code, reply) end
  return enter(session, user, type(ok) == "table" and ok or nil)
end

--- The reply when there has to be TLS first, nil when there has not.
function auth.barred(session)
  if session.server.require_tls and not session.secure then
    return session:err("TLS is required: STLS comes first")
  end
end

-- ---------------------------------------------------------------------- SASL

--- The mechanisms that are offered to a session now.
-- @treturn {string,...}
function auth.offered(session)
  local list = {}
  for _, name in ipairs(session.server.mechs) do
    local row = sasl.mechanisms[name]
    if (session.secure or not row.binding)
       and (not row.certificate
            or session.tls and session.tls:info().peer ~= nil) then
      list[#list + 1] = name
    end
  end
  return list
end

local function has(list, name)
  for _, other in ipairs(list) do
    if other == name then return true end
  end
  return false
end

-- What the link can be bound to.
local function bindings(session)
  local tls, all = session.tls, {}
  if not session.secure then return nil end
  for _, kind in ipairs { "tls-exporter", "tls-server-end-point",
                          "tls-unique" } do
    all[kind] = tls:binding(kind)
  end
  return all
end

-- The machine, and what it says to the initial response.
local function begin(session, mech, initial, offered)
  local server, row = session.server, sasl.mechanisms[mech]
  local octets
  if initial == "=" then octets = ""
  elseif initial then
    octets = sasl.decode(initial)
    if not octets then return nil, "the response is not base64" end
  end
  local machine = sasl.server {
    mech = mech, host = "lpop3.invalid", binding = bindings(session),
    plus = row.binding or row.plus ~= nil and has(offered, row.plus),
    nonce = server:nonce(),
  }
  return machine, machine:step(octets)
end

-- The proof is there: the reply.
local function judge(session, mech, machine, user, authzid)
  session.authzid = authzid
  local shown = machine:secret()
  if shown and shown ~= "" then session.engine:secret(shown) end
  local row = sasl.mechanisms[mech]
  local proof = {
    shown = shown,
    check = function(secret) return machine:check(secret) end,
    verify = row.salted and function(v) return machine:check_verifier(v) end
             or nil,
  }
  if row.certificate and user == "" then
    local peer = session.tls and session.tls:info().peer
    user = peer and (peer.common_name or peer.emails and peer.emails[1]) or ""
  end
  local ok, text, code, reply = authenticated(session, mech, user, proof)
  if ok and authzid and authzid ~= user and not row.anonymous
     and not session.server.authenticate then
    ok, text = false, nil  -- nobody may act for another here
  end
  if not ok then
    local reject = machine:reject()
    if reject then session:challenge(reject) end
    return failed(session, text, code, reply)
  end
  if row.salted then  -- our own proof goes first
    local octets = session:challenge(machine:accept())
    if not octets or machine:step(octets) ~= "done" then
      return failed(session)
    end
  end
  return enter(session, user, type(ok) == "table" and ok or nil)
end

local refusals = {
  cancelled = "authentication cancelled",
  ["too long"] = "line too long",
  ["not base64"] = "the response is not base64",
}

--- The handler of AUTH.
-- @tparam session session
-- @tparam ?string mech nil: which are there?
-- @tparam ?string initial the initial response, as on the wire
-- @treturn table the reply
function auth.AUTH(session, mech, initial)
  local barred = auth.barred(session)
  if barred then return barred end
  local offered = auth.offered(session)
  if not offered[1] then return session:err("no SASL mechanism is offered") end
  if not mech then return session:multi("mechanisms", offered) end
  mech = mech:upper()
  if not has(offered, mech) then
    return session:err("this mechanism is not offered")
  end
  local machine <close>, what, a, b = begin(session, mech, initial, offered)
  if not machine then return failed(session, what) end
  while what == "challenge" or what == "salt" do
    if what == "salt" then
      local v = verifier(session.server.users[a], mech)
      a = machine:salt(v and v.salt or salt_of(a), v and v.iterations
                                                   or ITERATIONS)
    end
    local octets, why = session:challenge(a)
    if not octets then return failed(session, refusals[why]) end
    what, a, b = machine:step(octets)
  end
  if what == "proof" then return judge(session, mech, machine, a, b) end
  return failed(session, b == "proto" and "malformed response" or nil)
end

return auth
