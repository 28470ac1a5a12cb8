--- A recorder: a server that asks another one, and writes down what was said.
--
--    local recorder = pop3.record{
--      upstream = { host = "mail.example", tls = "implicit" }, file = "session.txt",
--    }
--    local run <close> = recorder:fork()      -- or step, run, stop
--    client_under_test("127.0.0.1", run.port)
--
-- What is written is what `pop3.server.replay` reads, secrets as "***". TLS ends on
-- both sides: the client's, by STLS or with `implicit = true`, has a certificate
-- made on the spot (`cafile`); the server's is checked as `pop3.connect` does. A
-- client that asks for STLS where the upstream link begins in clear has both
-- begin it. The recorder is a `pop3.server`: faults can be put into a session with
-- a real server, and transcripts looked at as it runs. Commands are handed on one
-- at a time.
-- @module pop3.record

local check = require "pop3.argument"
local new_notes = require "pop3.record.notes"
local new_upstream = require "pop3.record.upstream"
local plain = require "pop3.plain"

local known = { upstream = "table", file = "string", host = "string",
                port = "integer", tls = "any", implicit = "boolean",
                faults = "table", on = "table" }

local of_upstream = {
  host = "string", port = "integer", verify = "boolean", cafile = "string",
  tls = { implicit = true, stls = true, none = true }, capath = "string",
  servername = "string", pin = "string table", cert = "string", key = "string",
  min_version = "string", timeout = "number",
}

-- Replies that have a body if they are +OK; without an argument, for some.
local multi = { CAPA = true, RETR = true, TOP = true }
local listing = { LIST = true, UIDL = true, LANG = true, AUTH = true }

local function has_body(verb, rest)
  return multi[verb] or listing[verb] and rest == ""
end

-- ------------------------------------------------------------------- secrets

local verbs = {}
for verb in ("APOP AUTH CAPA DELE LANG LIST NOOP PASS QUIT RETR RSET STAT STLS "
             .. "TOP UIDL USER UTF8"):gmatch "%S+" do
  verbs[verb] = true
end

-- A command as it may be written, and the secret in it. What is no command behind
-- AUTH is what a client goes on with that did not look at the answer.
local function masked(session, line)
  local data = session.data
  local verb, gap, rest = line:match "^(%a*)(%s*)(.*)$"
  verb = verb:upper()
  if verbs[session.verb] then data.in_auth = verb == "AUTH"
  elseif data.in_auth then return "***", line end
  if gap == "" or rest == "" then return line end
  if verb == "PASS" then return "PASS ***", rest
  elseif verb == "APOP" or verb == "AUTH" then
    local name, secret = rest:match "^(%S+)%s+(.+)$"
    if name and secret ~= "=" then
      return ("%s %s ***"):format(verb, name), secret
    end
  end
  return line
end

local function literal(text) return (text:gsub("%W", "%%%0")) end

local LEAST = 4  -- octets of a secret that is looked for in replies

-- A reply to a login, without the secret should the server say it again.
local function hush(octets, secret)
  if not secret or #secret < LEAST then return octets end
  return (octets:gsub(literal(secret), "***"))
end

-- ------------------------------------------------------------------ handlers

-- A link that the other side, or trouble, has ended.
local function lost(session, notes, why, how)
  notes:event(session.id, "hangup " .. (how or "fin"))
  if why then
    session.server:handler_error(session, "upstream: " .. why)
  end
end

-- What the recorder says of STLS where it ends TLS by itself.
local function adjust_capa(session, octets)
  local up = session.data.upstream
  if not session.server.credentials or octets:sub(1, 3) ~= "+OK" then
    return octets
  end
  if session.secure then
    return (octets:gsub("\n[Ss][Tt][Ll][Ss]\r?\n", "\n"))
  elseif up.secure and not octets:upper():find "\nSTLS\r?\n" then
    return (octets:gsub("\n%.\r?\n$", "\nSTLS\r%0"))
  end
  return octets
end

-- The reply to go to the client, with what came of the link to the server.
local function answer(session, notes, octets, why, code, secret)
  local up = session.data.upstream
  if octets ~= "" then notes:reply(session.id, hush(octets, secret)) end
  local reply = session:raw(octets)
  if why then
    reply.close = up.over == "rst" and "rst" or "fin"
    lost(session, notes, code ~= "closed" and why or nil, reply.close)
  end
  return reply
end

local function watch(session, notes)
  local up = session.data.upstream
  up:idle(function(how)
    notes:event(session.id, "hangup " .. how)
    session:hang(how)
  end)
end

-- The rounds of a SASL exchange, until its last reply.
local function exchange(session, notes, octets, secret)
  local up, why, code = session.data.upstream, nil, nil
  while octets:find "^%+[ \r\n]" do
    notes:reply(session.id, octets)
    local _, problem, line = session:challenge { octets:match "^%+ ?([^\r\n]*)" }
    if not line then line = problem == "cancelled" and "*" or "" end
    notes:command(session.id, line == "*" and line or "***")
    secret = line
    local ok, err = up:send(line)
    if not ok then return "", secret, err, "closed" end
    octets, why, code = up:reply(false)
  end
  return octets, secret, why, code
end

-- STLS: with the server too, unless that link has TLS already.
local function begin_tls(session, notes)
  local up = session.data.upstream
  local octets = "+OK begin TLS\r\n"
  if not session.server.credentials or session.secure then
    octets = "-ERR no TLS here\r\n"
  elseif not up.secure then
    local why, code
    up:send "STLS"
    octets, why, code = up:reply(false)
    if why then return answer(session, notes, octets, why, code) end
  end
  if octets:sub(1, 3) == "+OK" and not up.secure then
    local ok, err = up:start_tls()
    if not ok then return answer(session, notes, "", err, "tls") end
  end
  local reply = answer(session, notes, octets)
  if octets:sub(1, 3) == "+OK" then
    notes:event(session.id, "tls")
    reply.starttls = true
  end
  return reply
end

local logins = { PASS = true, APOP = true, AUTH = true }

-- Hand a command on.
local function forward(session, notes, rest)
  local verb, up = session.verb, session.data.upstream
  local whole = rest == "" and verb or verb .. " " .. rest
  local line, secret = masked(session, whole)
  notes:command(session.id, line)
  up:rest()
  if verb == "STLS" then return begin_tls(session, notes) end
  local ok, err, code = up:send(whole)
  if not ok then return answer(session, notes, "", err, code) end
  local octets, why
  octets, why, code = up:reply(has_body(verb, rest))
  if verb == "AUTH" and not why then
    octets, secret, why, code = exchange(session, notes, octets, secret)
  elseif verb == "CAPA" then
    octets = adjust_capa(session, octets)
  end
  if logins[verb] and octets:sub(1, 3) == "+OK" then
    session:enter "transaction"
  end
  local reply = answer(session, notes, octets, why, code, secret)
  if verb == "QUIT" and not why then
    notes:event(session.id, "hangup fin")
    reply.close = "fin"
  end
  return reply
end

-- The greeting: connect first.
local function greet(session, notes, opts)
  if session.secure then notes:event(session.id, "tls") end
  local up, err = new_upstream(session, opts)
  if not up then
    lost(session, notes, err)
    return session:hangup()
  end
  session.data.upstream = up
  local octets, why, code = up:reply(false)
  if not why and opts.tls == "stls" and octets:sub(1, 3) == "+OK" then
    up:send "STLS"
    local said = up:reply(false)
    local ok, problem = said:sub(1, 3) == "+OK", said
    if ok then ok, problem = up:start_tls() end
    if not ok then
      lost(session, notes, "STLS: " .. problem)
      return session:hangup()
    end
  end
  return answer(session, notes, octets, why, code)
end

-- ---------------------------------------------------------------- the recorder

--- Make a recorder.
-- @tparam table opts
--
-- - `upstream`: the server: `host`, `port`, `tls` ("implicit", "stls" or "none"),
--   `verify`, `cafile`, `capath`, `servername`, `pin`, `cert`, `key`,
--   `min_version`, as in `pop3.connect`; `timeout` (60 seconds for an answer)
-- - `file`: where the transcript goes; written anew
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
  local notes
  local server, err, code = plain({
    host = opts.host, port = opts.port, implicit = opts.implicit,
    tls = opts.tls == nil and "auto" or opts.tls or nil, faults = opts.faults,
    autologout = 24 * 3600,  -- the other server's is what counts
    limits = { line = 65536 },
  }, {
    connect = function(session)
      local reply = greet(session, notes, up)
      if reply.raw and not reply.close then watch(session, notes) end
      return reply
    end,
    disconnect = function(session)
      local data = session.data
      if data.awaiting then session.server:attend(data.awaiting, "", nil) end
      if data.upstream then data.upstream:close() end
    end,
  }, function(session, rest)
    local reply = forward(session, notes, rest)
    if not reply.close and not session.ended then watch(session, notes) end
    return reply
  end, opts.on)
  if not server then return nil, err, code end
  notes, err, code = new_notes(opts.file)
  if not notes then return nil, "record: " .. err, code end
  return server
end

return record
