--- AUTH on the server's side: which mechanisms are offered, and the exchange of
-- challenges and responses (RFC 5034). The mechanisms are in `pop3.core.sasl`.
-- @module pop3.server.sasl
-- @local

local auth = require "pop3.server.auth"
local core = require "pop3.core"

local mechanisms = core.sasl.mechanisms

local ITERATIONS = 4096  -- of SCRAM, for a user who does not exist (RFC 7677)

local sasl = {}

local function has(list, name)
  for _, other in ipairs(list) do
    if other == name then return true end
  end
  return false
end

-- The name and the certificate that the client showed under TLS, if any.
local function peer_of(session)
  return session.tls and session.tls:info().peer
end

--- The mechanisms that are offered to a session now: those of the option
-- `mechs`, without those that need TLS or a client certificate where there is
-- none.
-- @tparam pop3.server.session session
-- @treturn {string,...}
function sasl.offered(session)
  local list = {}
  for _, name in ipairs(session.server.mechs) do
    local row = mechanisms[name]
    if (session.secure or not row.binding)
       and (not row.certificate or peer_of(session)) then
      list[#list + 1] = name
    end
  end
  return list
end

-- A salt for a user who does not exist, the same one each time.
local function salt_of(user)
  local hash = core.sha256("lpop3 salt of " .. user):sub(1, 32)
  return (hash:gsub("%x%x", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- The channel bindings of the connection (RFC 5929, RFC 9266).
local function bindings(session)
  local tls, all = session.tls, {}
  if not session.secure then return nil end
  for _, kind in ipairs { "tls-exporter", "tls-server-end-point",
                          "tls-unique" } do
    all[kind] = tls:binding(kind)
  end
  return all
end

-- Start an exchange. Returns the engine of the mechanism and its first event;
-- or nil and why the initial response is malformed.
local function begin(session, mech, initial, offered)
  local server, row = session.server, mechanisms[mech]
  local octets
  if initial == "=" then octets = ""
  elseif initial then
    octets = core.sasl.decode(initial)
    if not octets then return nil, "the response is not base64" end
  end
  local engine = core.sasl.server {
    mech = mech, host = "lpop3.invalid", binding = bindings(session),
    plus = row.binding or row.plus ~= nil and has(offered, row.plus),
    nonce = server:nonce(), keytab = row.ticket and server.keytab or nil,
  }
  return engine, engine:step(octets)
end

-- The user whose maildrop a principal of Kerberos opens: one with the name of the
-- whole principal, or else one with its name without the realm, if the realm is
-- also that of the server.
local function user_of(server, principal, realm)
  local name, of = principal:match "^(.+)@([^@]*)$"
  if name and of == realm and not server.users[principal] then return name end
  return principal
end

-- The name that the server has for a user. Two names are one when SASLprep makes
-- them equal (RFC 4616 section 2, RFC 5802 section 5.1).
local function known_as(server, name)
  if server.users[name] then return name end
  local prepared, found = core.sasl.prepare(name) or name, nil
  for other in pairs(server.users) do
    if other:find "[\128-\255]" and core.sasl.prepare(other, "stored") == prepared
       and not (found and found < other) then
      found = other
    end
  end
  return found or server.users[prepared] and prepared or name
end

-- May a user act for another one? Only if a script has decided about it. `given` is
-- the name that the client gave, or its principal.
local function may_act(session, user, authzid, given)
  return not authzid or authzid == user or authzid == given
         or session.server.authenticate ~= nil
end

-- The exchange has given a proof: check it. Returns the reply.
local function judge(session, mech, engine, user, authzid)
  session.authzid = authzid
  local shown, row = engine:secret(), mechanisms[mech]
  if shown and shown ~= "" then session.engine:secret(shown) end
  local proof = {
    shown = shown,
    check = function(secret) return engine:check(secret) end,
    verify = row.salted and function(v) return engine:check_verifier(v) end
             or nil,
  }
  if row.certificate and user == "" then
    local peer = peer_of(session)
    user = peer and (peer.common_name or peer.emails and peer.emails[1]) or ""
  end
  local server, given = session.server, user
  if row.ticket then user = user_of(server, given, engine:realm())
  elseif row.proof == "password" then user = known_as(server, given) end
  local ok, text, code, reply =
    auth.proved(session, mech, user, proof, row.ticket and given or nil)
  if ok and not row.anonymous and not may_act(session, user, authzid, given) then
    ok, text = false, nil
  end
  if not ok then
    local reject = engine:reject()
    if reject then session:challenge(reject) end
    return auth.failed(session, text, code, reply)
  end
  if row.salted then  -- the server's proof comes first (RFC 5802 section 3)
    local octets = session:challenge(engine:accept())
    if not octets or engine:step(octets) ~= "done" then
      return auth.failed(session)
    end
  end
  return auth.enter(session, user, type(ok) == "table" and ok or nil)
end

-- The reply to an exchange that failed before its proof. For Kerberos it gives the
-- reason.
local function broken(session, row, message, code)
  if row.ticket and code == "auth" then
    return auth.failed(session, message, "AUTH")
  end
  return auth.failed(session, code == "proto" and "malformed response" or nil)
end

-- The reply to a response that cannot be used, see `session:challenge`.
local refusals = {
  cancelled = "authentication cancelled",
  ["too long"] = "line too long",
  ["not base64"] = "the response is not base64",
}

--- The handler of AUTH.
-- @tparam pop3.server.session session
-- @tparam ?string mech nil asks for the list of mechanisms
-- @tparam ?string initial the initial response as sent: base64, or "="
-- @treturn table the reply
function sasl.AUTH(session, mech, initial)
  local barred = auth.barred(session)
  if barred then return barred end
  local offered = sasl.offered(session)
  if not offered[1] then return session:err("no SASL mechanism is offered") end
  if not mech then return session:multi("mechanisms", offered) end
  mech = mech:upper()
  if not has(offered, mech) then
    return session:err("this mechanism is not offered")
  end
  local engine <close>, what, a, b = begin(session, mech, initial, offered)
  if not engine then return auth.failed(session, what) end
  while what == "challenge" or what == "salt" do
    if what == "salt" then
      local server = session.server
      local v = auth.verifier(server.users[known_as(server, a)], mech)
      a = engine:salt(v and v.salt or salt_of(a),
                      v and v.iterations or ITERATIONS)
    end
    local octets, why = session:challenge(a)
    if not octets then return auth.failed(session, refusals[why]) end
    what, a, b = engine:step(octets)
  end
  if what == "proof" then return judge(session, mech, engine, a, b) end
  return broken(session, mechanisms[mech], a, b)
end

return sasl
