--- Logging in: which mechanisms, in what order, and their exchanges.
--
-- The SASL mechanisms are step machines of the core (`pop3.core.sasl`), each
-- with a row that says what it needs; USER and APOP are POP3's own. What a
-- server cannot do to this: get a secret in clear over an open link, go on
-- behind a check of ours that failed, or have a weaker mechanism tried then.
-- @module pop3.login
-- @local

local core = require "pop3.core"
local commands = require "pop3.client.command"

local ask, command, event, fail, kill, refused = commands.ask,
  commands.command, commands.event, commands.fail, commands.kill,
  commands.refused
local sasl = core.sasl

-- Replies after which trying again later can help (RFC 2449, RFC 3206).
local passing = { ["IN-USE"] = true, ["LOGIN-DELAY"] = true,
                  ["SYS/TEMP"] = true }

-- The order of preference: that of the table of mechanisms, then USER. APOP and
-- ANONYMOUS are used only if `mechs` names them.
local order = {}
for _, row in ipairs(sasl.mechanisms) do
  if row.proof ~= "none" then order[#order + 1] = row.name end
end
order[#order + 1] = "USER"

local FINAL = {}  -- a fifth result: nothing weaker may be tried after this

-- ------------------------------------------------------------- POP3's own

-- The stamp of a greeting, by the letter of RFC 822's msg-id: anything looser
-- lets a false server work towards the password (CVE-2007-1558).
local function stamp(greeting)
  local found = greeting:match "<[^<>]*>"
  if found and found:find "^<[^@]+@[^@]+>$"
     and not found:find '[%c \127-\255"(),;:\\]' then
    return found
  end
end

local own = {
  -- USER and PASS (RFC 1939 section 7)
  USER = {
    cleartext = true,
    run = function(s, who)
      local ok, message, code, reply = command(s, "USER", "USER " .. who.user)
      if not ok then return nil, message, code, reply end
      return command(s, "PASS", "PASS " .. who.secret)
    end,
  },
  -- APOP (RFC 1939 section 7)
  APOP = {
    run = function(s, who)
      local digest = core.md5(stamp(s.hello) .. who.secret)
      s.engine:secret(who.secret)  -- it must not get into our errors
      return command(s, "APOP", "APOP " .. who.user .. " " .. digest)
    end,
  },
}

-- -------------------------------------------------------------------- SASL

local LINE = 253  -- octets of a command, its CRLF apart (RFC 2449 section 4)

-- What the link can be bound to: RFC 9266, and for TLS 1.2 RFC 5929.
local function binding(s)
  for _, kind in ipairs { "tls-exporter", "tls-unique",
                          "tls-server-end-point" } do
    if kind ~= "tls-exporter"
       or s.link.port:info().version == "TLSv1.3" then
      local data = s.link.port:binding(kind)
      if data then return { type = kind, data = data } end
    end
  end
end

local function machine_for(s, name, who, offered)
  local row = sasl.mechanisms[name]
  return sasl.client {
    mech = name, user = who.user, host = s.host, port = s.port,
    secret = row.token and who.token or who.secret,
    binding = row.binding and binding(s) or nil,
    bindable = s.secure and offered ~= nil and row.plus ~= nil
               and not offered[row.plus],
    -- over an open link a low count would make guessing cheap
    min_iterations = s.secure and 1 or 4096,
  }
end

-- Nothing that the mechanism knows may be shown.
local function hide(s, machine, hidden)
  for _, secret in ipairs(machine:secrets()) do
    if not hidden[secret] then
      hidden[secret] = true
      s.engine:secret(secret)
    end
  end
end

-- Our side has found something wrong: give up, which the server confirms with
-- -ERR (RFC 5034 section 4), and let nothing else be tried.
local function give_up(s, label, message, code)
  local ok, m, c = commands.answer(s, label, "*")
  if not ok then return nil, m, c, nil, FINAL end
  local what, good, text = event(s, label)
  if not what then
    if text == "closed" then
      good = select(2, fail(s, label, message, code))
      text = code
    end
    return nil, good, text, nil, FINAL
  end
  if what ~= "reply" or good then
    commands.drop(s)
  end
  local none
  none, m, c = fail(s, label, message, code)
  return none, m, c, nil, FINAL
end

-- The exchange of a mechanism: true, or nil, message, code, reply, FINAL.
local function run_sasl(s, name, who, offered)
  local label = "AUTH " .. name
  local machine <close>, message, code = machine_for(s, name, who, offered)
  if not machine then
    local none
    none, message, code = fail(s, label, message, code)
    return none, message, code, nil, FINAL
  end
  local row, hidden, line, first = sasl.mechanisms[name], {}, label, nil
  if row.initial then
    first, message, code = machine:step()
    if not first then
      local none
      none, message, code = fail(s, label, message, code)
      return none, message, code, nil, FINAL
    end
    hide(s, machine, hidden)
    first = sasl.encode(first)
    -- RFC 5034 lets the response go with the command, unless that gets too
    -- long; servers of before it want it on a line of its own
    local whole = line .. " " .. (first == "" and "=" or first)
    if offered and not row.apart and #whole <= LINE then
      line, first = whole, nil
    end
  end
  local ok
  ok, message, code = ask(s, label, line)
  if not ok then return nil, message, code end
  while true do
    local what, a, b, c = event(s, label)
    if not what then return nil, a, b end
    if what == "reply" then
      if not a then return refused(s, label, b, c) end
      if machine:done() then return true end
      local none, m, k = kill(s, label, "the server says +OK before it has "
                              .. "proven that it knows the secret", "auth")
      return none, m, k, nil, FINAL
    end
    local answer = first
    first = nil
    if not answer then
      local octets
      octets, message, code = sasl.decode(a)
      if octets then octets, message, code = machine:step(octets) end
      hide(s, machine, hidden)
      if not octets then return give_up(s, label, message, code) end
      answer = sasl.encode(octets)
    end
    ok, message, code = commands.answer(s, label, answer)
    if not ok then return nil, message, code end
  end
end

-- ---------------------------------------------------------------- the choice

-- Set of the SASL mechanisms that the server offers; nil when it does not say.
local function offered_by(capa)
  if not (capa and capa.SASL) then return nil end
  local set = {}
  for _, name in ipairs(capa.SASL) do set[name:upper()] = true end
  return set
end

-- Why a mechanism cannot be used here, if it cannot.
local function unusable(s, name, who, offered, named)
  local row = own[name] or sasl.mechanisms[name]
  if not row then return "not supported" end
  if own[name] == nil then
    if offered and not offered[name] then return "not offered" end
    if not offered and not named then return "not offered" end
  end
  if row.binding and not s.secure then return "it needs TLS" end
  if row.certificate then
    return not (s.secure and s.certificate)
           and "it needs TLS with a client certificate" or nil
  elseif row.token then
    if not who.token then return "it needs a token" end
  elseif not row.anonymous then
    if not who.secret then return "it needs a password" end
    if who.user == "" or who.secret == "" then
      return "an empty user or secret"
    end
  end
  if row.cleartext and not s:may_send_cleartext() then
    return "a cleartext " .. (row.token and "token" or "password")
           .. " would cross a link without TLS (insecure = true allows it)"
  end
  if name == "APOP" and not stamp(s.hello) then
    return "the greeting has no valid APOP stamp"
  end
end

-- Is there a name in the list that CAPA has to be asked about?
local function needs_capa(mechs)
  if not mechs then return true end
  for _, name in ipairs(mechs) do
    if not own[name] then return true end
  end
  return false
end

-- The mechanisms to try, and what the server offers; or nil, message, code.
local function candidates(s, mechs)
  if mechs then
    local upper = {}
    for i, name in ipairs(mechs) do upper[i] = name:upper() end
    mechs = upper
  end
  if not needs_capa(mechs) then return mechs end
  local capa, message, code = s:capa()
  if not capa and code ~= "err" then return nil, message, code end
  local offered = offered_by(capa)
  if mechs then return mechs, offered end
  local list = {}
  for _, name in ipairs(order) do
    if name ~= "USER" or not offered or capa.USER then
      list[#list + 1] = name
    end
  end
  return list, offered
end

-- What a refusal says about: the same password is wrong for every mechanism.
local function credential(name)
  local row = sasl.mechanisms[name]
  return row and row.proof or "password"
end

-- Has whoever reads the link the secret? Refusing better mechanisms must not
-- be a way to it.
local function shows_secret(name)
  return (own[name] or sasl.mechanisms[name]).cleartext
end

local function run(s, name, who, offered)
  local mech = own[name]
  if mech then return mech.run(s, who) end
  return run_sasl(s, name, who, offered)
end

-- One mechanism. A server may have dropped the link after the one before,
-- which failed: then on a new one.
local function attempt(s, name, who, offered, before)
  if before and s.dead and s.redial then
    local ok, message, code, reply = s:redial()
    if not ok then return nil, message, code, reply, FINAL end
  end
  local ok, message, code, reply, final = run(s, name, who, offered)
  if not ok and before and code == "closed" and s.redial
     and not s.redialled then
    s.redialled = true
    local up
    up, message, code, reply = s:redial()
    if not up then return nil, message, code, reply, FINAL end
    ok, message, code, reply, final = run(s, name, who, offered)
  end
  return ok, message, code, reply, final
end

local login = {}

--- Log in.
-- @tparam table s the session
-- @tparam table who `user`; `secret`, a password; `token`
-- @tparam ?table mechs an allow list in order of preference
-- @treturn boolean true and the mechanism, or nil, message, code, reply
function login.run(s, who, mechs)
  local list, offered, code = candidates(s, mechs)
  if not list then return nil, offered, code end
  local why = "the server offers no mechanism that can be used"
  local wrong, failure = {}, nil
  for _, name in ipairs(list) do
    local reason = unusable(s, name, who, offered, mechs ~= nil)
    if not reason and failure and shows_secret(name) and not s.secure
       and not s.link.io.loopback then
      reason = "not on an open link behind one that was refused"
    end
    if reason then
      if mechs or reason ~= "not offered" then why = name .. ": " .. reason end
    elseif not wrong[credential(name)] then
      s.redialled = false
      local ok, m, c, reply, final = attempt(s, name, who, offered,
                                             failure ~= nil)
      if ok then return true, name end
      if c == "err" and not (reply and passing[reply.code]) then c = "auth" end
      failure = table.pack(nil, m, c, reply)
      if final or c ~= "auth" or not reply or reply.code == "SYS/PERM" then
        break
      end
      if reply.code == "AUTH" then wrong[credential(name)] = true end
    end
  end
  if failure then return table.unpack(failure, 1, failure.n) end
  return fail(s, "login", why, "auth")
end

return login
