--- Logins: checks the proof of a client, and opens the maildrop or refuses the login.
-- The handlers of PASS, APOP and AUTH use it.
--
-- Every login that fails gets the same reply, and takes as long for a user who
-- does not exist; after `limits.logins` failures the connection ends. SASL is
-- in `pop3.server.sasl`.
-- @module pop3.server.auth
-- @local

local core = require "pop3.core"

local sasl = core.sasl

local FAILED = "authentication failed"

local auth = {}

--- The stored verifier of a user for a SCRAM mechanism (RFC 5802).
-- @tparam ?table user see the option `users`
-- @tparam string mech
-- @treturn ?table
function auth.verifier(user, mech)
  local row = sasl.mechanisms[mech]
  return user and user.scram and user.scram[row and row.base or mech]
end

-- Does a password match a stored verifier?
local function fits(secret, user)
  for _, row in ipairs(sasl.mechanisms) do
    local v = row.salted and auth.verifier(user, row.name)
    if v then
      local stored = sasl.verifier(row.hash, secret, v.salt, v.iterations)
      return stored ~= nil and core.equal(stored, v.stored_key)
    end
  end
  return false
end

-- Is the client's certificate for this name?
local function certified(session, name)
  local peer = session.tls and session.tls:info().peer
  if not peer then return false end
  local found = peer.common_name == name
  for _, list in ipairs { peer.emails or {}, peer.names or {} } do
    for _, other in ipairs(list) do found = found or other == name end
  end
  return found
end

-- What a script's `authenticate` returned. A reply is not a user's table: +OK
-- lets the client in, any other reply is the answer.
local function decided(ok, text, code)
  if type(ok) ~= "table" then return ok, text, code end
  if ok.status == "+OK" then return true end
  if ok.status or ok.raw or ok.hangup then return nil, nil, nil, ok end
  return ok
end

--- Did the client prove to be a user?
-- @tparam pop3.server.session session
-- @tparam string mech
-- @tparam string name of the user
-- @tparam table proof `check(secret)` tells whether the client knows the
-- secret; it may have `shown`, a password in clear, and `verify(verifier)`
-- @tparam[opt] string principal of Kerberos, which a script gets in place of the name
-- @treturn boolean|table true or a user's table; or nil, text, code, and the
-- reply if the script gave one
function auth.proved(session, mech, name, proof, principal)
  local server = session.server
  if server.authenticate then
    return decided(server.authenticate(session, mech, principal or name,
                                       function(secret)
      -- a script returns nil for an unknown user
      return secret ~= nil and proof.check(secret)
    end))
  end
  local user, row = server.users[name], sasl.mechanisms[mech]
  if row and row.certificate then
    return user ~= nil and certified(session, name)
  elseif row and (row.anonymous or row.ticket) then
    return user ~= nil
  end
  local v = proof.verify and auth.verifier(user, mech)
  if v then return proof.verify(v) end
  local secret = user and (row and row.token and user.token
                           or not (row and row.token) and user.password)
  if not secret and user and user.scram and proof.shown then
    return fits(proof.shown, user)
  end
  local ok = proof.check(secret or core.random(16))
  return secret ~= nil and ok
end

-- Open a user's maildrop. Returns it and the count of messages, or nil, text,
-- code.
local function open(server, name, user)
  local store, text, code = server:store_of(name, user)
  if not store then return nil, text, code end
  local drop
  drop, text, code = store:open(name)
  if not drop then return nil, text, code end
  return drop, drop:count()
end

--- Let a user in: take the lock and open the maildrop.
-- @tparam pop3.server.session session
-- @tparam string name of the user
-- @tparam[opt] table user what `authenticate` returned
-- @treturn table the reply
function auth.enter(session, name, user)
  local server = session.server
  local ok, text, code = server:admit(session, name)
  if not ok then return session:err(text, code) end
  -- a user that only `authenticate` knows has an empty maildrop
  if not server.users[name] then user = user or server.entries[name] or {} end
  local drop, count
  ok, drop, count, code = pcall(open, server, name, user)
  if not (ok and drop) then server:release(session) end
  if not ok then error(drop, 0) end  -- of a script's store
  if not drop then
    return session:err(count or "the maildrop cannot be opened",
                       code or "SYS/TEMP")
  end
  session:log_in(name, drop)
  return session:ok(("maildrop ready, %d messages"):format(count))
end

--- Refuse a login: count it, and wait for the option `failure_delay`.
-- @tparam pop3.server.session session
-- @tparam[opt] string text
-- @tparam[opt] string code
-- @tparam[opt] table reply in place of these
-- @treturn table the reply
function auth.failed(session, text, code, reply)
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

--- Log a user in who has shown a proof.
-- @tparam pop3.server.session session
-- @tparam string mech
-- @tparam string name of the user
-- @tparam table proof see `auth.proved`
-- @treturn table the reply
function auth.login(session, mech, name, proof)
  local ok, text, code, reply = auth.proved(session, mech, name, proof)
  if not ok then return auth.failed(session, text, code, reply) end
  return auth.enter(session, name, type(ok) == "table" and ok or nil)
end

--- The reply to a login without TLS, where the option `require_tls` is set.
-- @tparam pop3.server.session session
-- @treturn ?table nil when the login may go on
function auth.barred(session)
  if session.server.require_tls and not session.secure then
    return session:err("TLS is required: STLS comes first")
  end
end

return auth
