--- A recorder: a server that asks another one, and writes down what was said.
--
--    local recorder = pop3.record{
--      upstream = { host = "mail.example", tls = "implicit" }, file = "session.txt",
--    }
--    local run <close> = recorder:fork()      -- or step, run, stop
--    client_under_test("127.0.0.1", run.port)
--
-- What is written is what `pop3.server.replay` reads, secrets as "***", also where
-- the server says them again, be it in base64 or in hexadecimal; mail, and lists of
-- it, are written as they are. TLS ends on both sides: the client's, by STLS or with
-- `implicit = true`, has a certificate made on the spot (`cafile`); the server's is
-- checked as `pop3.connect` does. A client that asks for STLS where the upstream link
-- begins in clear has both begin it. Mechanisms that bind to the TLS channel cannot
-- work through two of these, so they are not offered. Where SCRAM is all that is
-- left, let the client come without TLS: one that has TLS says that it could have
-- bound, and a server that can bind, too, must refuse that (RFC 5802 section 6).
--
-- The recorder is a `pop3.server`: faults can be put into a session with a real
-- server, handlers come before what it does (`server.default` has that), and
-- transcripts can be looked at as it runs. Commands are handed on one at a time, what
-- the server says is passed on as it is. A transcript that cannot be written is
-- removed; its sessions end then, and `verify` says why. So does a session with a
-- reply of more than 256 MiB.
-- @module pop3.record

local check = require "pop3.util.argument"
local core = require "pop3.core"
local match = require "pop3.record.match"
local new_notes = require "pop3.record.writer"
local new_secrets = require "pop3.record.secrets"
local new_upstream = require "pop3.record.upstream"
local plain = require "pop3.server.raw"
local secure = require "pop3.client.tls"

local known = { upstream = "table", file = "string", host = "string",
                port = "integer", tls = "any", implicit = "boolean",
                faults = "table", on = "table" }

local of_upstream = {
  host = "string", port = "integer", verify = "boolean", cafile = "string",
  tls = { implicit = true, stls = true, none = true }, capath = "string",
  servername = "string", pin = "string table", cert = "string", key = "string",
  min_version = "string", timeout = "number",
}

local verbs, logins = core.verbs, match.logins

-- Does a body follow a +OK?
local function has_body(verb, rest)
  local body = verbs[verb] and verbs[verb].body
  return body == "always" or body == "bare" and rest == ""
end

-- ------------------------------------------------------------------- secrets

-- A command as it may be written; the secret in it is looked for from here on.
-- What is no command behind AUTH is what a client goes on with that did not look
-- at the answer.
local function masked(session, line)
  local data, secrets = session.data, session.data.secrets
  local verb = line:match "^%A*(%a*)":upper()
  if verbs[session.verb] then data.in_auth = verb == "AUTH"
  elseif data.in_auth then
    secrets:add(line)
    return "***"
  end
  local row, shown, secret = verbs[verb], nil, nil
  local at = row and row.secret
  if at == 1 then shown, secret = line:match "^(%A*%a+%A)(.+)$"
  elseif at == 2 then
    shown, secret = line:match "^(%A*%a+%A%s*%S+%s+)(.+)$"
  end
  if secret and secret ~= "=" then
    secrets:add(secret, at == 1 and "password")
    return shown .. "***"
  end
  local numbers = not (row and row.login) and line:find "^%a+[%s%d]*$"
  return numbers and line or secrets:hush(line)
end

-- Replies that have mail in them, or the numbers and names of it: that is
-- written as it is, or it would not be the same mail.
local function has_mail(verb)
  local row = verbs[verb]
  return row ~= nil and (row.mail or row.listing)
end

local function hushed(session, octets, login)
  local secrets = session.data.secrets
  if octets == "" or session.data.inside then return octets end  -- a message
  local stop = has_mail(session.verb) and octets:find("\n", 1, true) or #octets
  return secrets:hush(octets:sub(1, stop), login) .. octets:sub(stop + 1)
end

-- ------------------------------------------------------------------ handlers

-- A link that the other side, or trouble, has ended.
local function lost(session, notes, why, how)
  notes:event(session.id, "hangup " .. (how or "fin"))
  if why then
    session.server:handler_error(session, "upstream: " .. why)
  end
end

-- A list of mechanisms without those that bind to the TLS channel, since there are
-- two of these here. A client that could have bound says so in the same mechanism
-- without, which such a server then refuses (RFC 5802 section 6): that is only left
-- where there is no other.
local function unbound(line)
  local bound, others, rest = {}, "", ""
  for name in line:upper():gmatch "(%S+)%-PLUS%f[%s\0]" do bound[name] = true end
  if not next(bound) then return nil end
  for gap, name in line:gmatch "(%s+)(%S+)" do
    if not name:upper():find "%-PLUS$" then
      rest = rest .. gap .. name
      if not bound[name:upper()] then others = others .. gap .. name end
    end
  end
  return line:match "^%S+" .. (others ~= "" and others or rest)
end

-- What the recorder says of TLS where it ends it by itself.
local function adjust_capa(session, octets)
  if octets:sub(1, 3) ~= "+OK" then return octets end
  local up, offered = session.data.upstream, octets:upper():find "\nSTLS\r?\n"
  octets = octets:gsub("%f[^\n][Ss][Aa][Ss][Ll][ \t][^\r\n]*", unbound)
  if session.secure or not session.server.certificates then
    return (octets:gsub("\n[Ss][Tt][Ll][Ss]\r?\n", "\n"))
  elseif up.secure and not offered then
    return (octets:gsub("\n%.\r?\n$", "\nSTLS\r%0"))
  end
  return octets
end

-- The reply to go to the client, or what has not left of it, with what came of
-- the link to the server.
local function answer(session, notes, octets, why, code)
  local up = session.data.upstream
  notes:reply(session.id, hushed(session, octets, logins[session.verb]))
  local reply = session:raw(octets)
  reply.status = session.data.inside and "+OK" or octets:match "^%S*"
  session.data.inside = nil
  if why then
    reply.close = up.over == "rst" and "rst" or "fin"
    lost(session, notes, code ~= "closed" and why or nil, reply.close)
  end
  return reply
end

-- Hand over what the server says without being asked, or behind a reply.
local function pass_on(session, notes, octets)
  if octets == "" then return end
  notes:reply(session.id, hushed(session, octets))
  session.engine:raw(octets)
end

local function watch(session, notes)
  local up = session.data.upstream
  up:idle(function(octets, how)
    pass_on(session, notes, octets)
    if how then
      notes:event(session.id, "hangup " .. how)
      session:hang(how)
    elseif not session.ended then
      session:advance()
      session.server:watch(session)
    end
  end)
end

-- A challenge as it may be written. The one that ends SCRAM proves that the server
-- has the password, and whoever tries passwords could use it.
local function shown(session, octets)
  local text = octets:match "^%+ ([^\r\n]*)"
  local inner = text and core.sasl.decode(text)
  if inner and inner:find "^v=" then
    return (octets:gsub("^%+ [^\r\n]*", "+ ***"))
  end
  return hushed(session, octets, true)
end

-- The rounds of a SASL exchange, until its last reply.
local function exchange(session, notes, octets, started)
  local up, why, code = session.data.upstream, nil, nil
  local mech = session.data.mech
  while not why and octets:find "^%+[ \r\n]" do
    octets = octets .. up:spare()
    notes:reply(session.id, shown(session, octets))
    local _, problem, line = session:challenge { octets }
    if not line then line = problem == "cancelled" and "*" or "" end
    session.data.secrets:add(line, mech == "LOGIN" and not started and "name")
    started = true
    notes:command(session.id, line == "*" and line or "***")
    local ok, err = up:send(line)
    if not ok then return "", err, "closed" end
    octets, why, code = up:reply(false)
  end
  return octets, why, code
end

-- STLS: with the server too, unless that link has TLS already.
local function begin_tls(session, notes)
  local up = session.data.upstream
  local octets = "+OK begin TLS\r\n"
  if not session.server.certificates or session.secure then
    octets = "-ERR no TLS here\r\n"
  elseif not up.secure then
    local why, code
    octets, why, code = up:stls()
    if why then return answer(session, notes, octets, why, code) end
  end
  local reply = answer(session, notes, octets)
  if octets:sub(1, 3) == "+OK" then
    notes:event(session.id, "tls")
    reply.starttls = true
  end
  return reply
end

-- Bodies that may be long: what has come of one is written and can leave before the
-- rest has, unless something is to go wrong with it. For a client that reads more
-- slowly than the server sends, no more than so much is held.
local AHEAD = 1024 * 1024
local PAUSE = 0.005  -- seconds

local function leaving(session, notes, above)
  local row = verbs[session.verb]
  if not (row and row.mail) or session.effect or above[session.verb] then
    return nil
  end
  return function(octets)
    local engine = session.engine
    notes:reply(session.id, hushed(session, octets), true)
    session.data.inside = true
    engine:raw(octets)
    while session.fd and engine:pending() > AHEAD do session:sleep(PAUSE) end
  end
end

-- The greeting: connect first.
local function greet(session, notes, opts)
  session.patient = true  -- replies count though the client has said its last
  session.data.secrets = new_secrets()
  if session.secure then notes:event(session.id, "tls") end
  local up, err = new_upstream(session, opts)
  if not up then
    lost(session, notes, err)
    return session:hangup()
  end
  session.data.upstream = up
  local octets, why, code = up:reply(false)
  if not why and opts.tls == "stls" and octets:sub(1, 3) == "+OK" then
    local said, problem = up:stls()
    if problem or said:sub(1, 3) ~= "+OK" then
      lost(session, notes, "STLS: " .. (problem or said:gsub("%c+$", "")))
      return session:hangup()
    end
  end
  return answer(session, notes, octets .. up:spare(), why, code)
end

-- Hand a command on. Where the script has greeted by itself, the link to the server
-- begins here.
local function forward(session, notes, opts, rest, above)
  if not session.data.upstream then
    local greeting = greet(session, notes, opts)
    if greeting.close or greeting.hangup then return greeting end
  end
  local verb, up = session.verb, session.data.upstream
  local line = masked(session, session.line)
  up:rest()
  pass_on(session, notes, up:unasked())
  notes:command(session.id, line)
  if verb == "STLS" and rest == "" then return begin_tls(session, notes) end
  local ok, err, code = up:send(session.line)
  if not ok then return answer(session, notes, "", err, code) end
  local octets, why
  octets, why, code = up:reply(has_body(verb, rest),
                               leaving(session, notes, above))
  if verb == "AUTH" and not why then
    session.data.mech = rest:upper():match "^%S*"
    octets, why, code = exchange(session, notes, octets, rest:find "%s")
  end
  if verb == "CAPA" then octets = adjust_capa(session, octets) end
  if logins[verb] and octets:sub(1, 3) == "+OK" then
    session:enter "transaction"
  end
  local reply = answer(session, notes, octets .. up:spare(), why, code)
  if verb == "QUIT" and not why and octets:sub(1, 3) == "+OK" then
    notes:event(session.id, "hangup fin")
    reply.close = "fin"
  end
  return reply
end

-- Do it, unless what came of it could not be written: then the session ends.
local function recorded(session, notes, fn, ...)
  if not notes.broken then
    local reply = fn(session, notes, ...)
    if not notes.broken then
      if not reply.close and not reply.hangup and not session.ended then
        watch(session, notes)
      end
      return reply
    end
  end
  session.server:handler_error(session, "record: " .. notes.broken)
  return session:hangup()
end

-- ---------------------------------------------------------------- the recorder

--- Make a recorder.
-- @tparam table opts
--
-- - `upstream`: the server: `host`, `port`, `tls` ("implicit", "stls" or "none"),
--   `verify`, `cafile`, `capath`, `servername`, `pin`, `cert`, `key`,
--   `min_version`, as in `pop3.connect`; `timeout` (60 seconds for an answer)
-- - `file`: where the transcript goes; written anew once the recorder listens
-- - `host`, `port`, `tls` ("auto"), `implicit`, `faults`, `on`: as in
--   `pop3.server.new`
-- @treturn pop3.server or nil, message, code ("io" when the file cannot be written)
-- @function record
local function record(opts)
  check.options(opts, known, "record", 1)
  if not (opts.upstream and opts.file) then
    check.misuse(1, "record: an upstream and a file are needed")
  end
  check.options(opts.upstream, of_upstream, "record: upstream", 1)
  local up = {}
  for name, value in pairs(opts.upstream) do up[name] = value end
  if not up.host then check.misuse(1, "record: upstream needs a host") end
  up.tls = up.tls or "implicit"
  up.port = up.port or up.tls == "implicit" and 995 or 110
  if up.tls ~= "none" or up.cafile or up.cert then
    local made, why, what = secure.options(up, 1)
    if not made then return nil, "record: upstream: " .. why, what end
    up.trust = made
  end
  local notes
  local server, err, code = plain({
    host = opts.host, port = opts.port, implicit = opts.implicit,
    tls = opts.tls == nil and "auto" or opts.tls or nil, faults = opts.faults,
    autologout = 24 * 3600,  -- the other server's is what counts
    limits = { line = 65536 },
  }, {
    connect = function(session) return recorded(session, notes, greet, up) end,
    disconnect = function(session)
      local data = session.data
      local part = data.upstream and data.upstream:partial() or ""
      if data.awaiting then session.server:attend(data.awaiting, "", nil) end
      notes:reply(session.id, hushed(session, part, logins[session.verb]))
      notes:mention(session.id)
      if data.upstream then data.upstream:close() end
    end,
  }, function(session, rest)
    return recorded(session, notes, forward, up, rest, opts.on or {})
  end, opts.on)
  if not server then return nil, err, code end
  notes, err, code = new_notes(opts.file)
  if not notes then return nil, "record: " .. err, code end
  local listen = server.listen
  function server:listen()
    local port, why, what = listen(self)
    if not port then return nil, why, what end
    local ok
    ok, why, what = notes:begin()
    if ok then return port end
    self:stop()
    return nil, "record: " .. why, what
  end
  return server
end

return record
