--- The handlers of a recorder: they forward the greeting and each command of a
-- session to the upstream server, and write both to the transcript.
-- @module pop3.record.relay
-- @local

local core = require "pop3.core"
local mask = require "pop3.record.mask"
local new_secrets = require "pop3.record.secrets"
local new_upstream = require "pop3.record.upstream"

local relay = {}

local verbs = core.verbs

local function is_login(verb)
  return verbs[verb] ~= nil and verbs[verb].secret ~= nil
end

-- Does a body follow +OK?
local function has_body(verb, rest)
  local body = verbs[verb] and verbs[verb].body
  return body == "always" or body == "bare" and rest == ""
end

-- The upstream connection has ended, or failed for the reason `why`.
local function lost(session, writer, why, how)
  writer:event(session.id, "hangup " .. (how or "fin"))
  if why then
    session.server:handler_error(session, "upstream: " .. why)
  end
end

-- --------------------------------------------------------------------- replies

-- A line of CAPA without the mechanisms that bind to the TLS channel (-PLUS),
-- since there are two channels here. A client that could bind says so in the
-- mechanism without -PLUS, and a server with -PLUS must refuse that (RFC 5802
-- section 6): so that one stays only where no other mechanism is left.
local function without_binding(line)
  local bound, others, rest = {}, "", ""
  for name in line:upper():gmatch "(%S+)%-PLUS%f[%s\0]" do bound[name] = true end
  if not next(bound) then return nil end
  for gap, name in line:gmatch "%f[%s](%s+)(%S+)" do
    if not name:upper():find "%-PLUS$" then
      rest = rest .. gap .. name
      if not bound[name:upper()] then others = others .. gap .. name end
    end
  end
  return line:match "^%S+" .. (others ~= "" and others or rest)
end

-- The reply to CAPA as the recorder itself has to announce TLS.
local function adjust_capa(session, octets)
  if octets:sub(1, 3) ~= "+OK" then return octets end
  local up, offered = session.data.upstream, octets:upper():find "\nSTLS\r?\n"
  octets = octets:gsub("%f[^\n][Ss][Aa][Ss][Ll][ \t][^\r\n]*", without_binding)
  if session.secure or not session.server.certificates then
    return (octets:gsub("\n[Ss][Tt][Ll][Ss]\r?\n", "\n"))
  elseif up.secure and not offered then
    return (octets:gsub("\n%.\r?\n$", "\nSTLS\r%0"))
  end
  return octets
end

-- The reply for the client, from the octets that have not been sent to it yet;
-- `why` and `code` say what happened to the upstream connection.
local function answer(session, writer, octets, why, code)
  local up = session.data.upstream
  writer:reply(session.id, mask.reply(session, octets, is_login(session.verb)))
  local reply = session:raw(octets)
  reply.status = session.data.inside and "+OK" or octets:match "^%S*"
  session.data.inside = nil
  if why then
    reply.close = up.over == "rst" and "rst" or "fin"
    lost(session, writer, code ~= "closed" and why or nil, reply.close)
  end
  return reply
end

-- Forward octets that the server sent between replies.
local function pass_on(session, writer, octets)
  if octets == "" then return end
  writer:reply(session.id, mask.reply(session, octets))
  session.engine:raw(octets)
end

-- Between commands: forward what the server sends, and how it ends the
-- connection.
local function watch(session, writer)
  local up = session.data.upstream
  up:idle(function(octets, how)
    pass_on(session, writer, octets)
    if how then
      writer:event(session.id, "hangup " .. how)
      session:hang(how)
    elseif not session.ended then
      session:advance()
      session.server:watch(session)
    end
  end)
end

-- ------------------------------------------------------------- SASL and TLS

-- Forward the challenges and responses of AUTH, up to the last reply.
local function exchange(session, writer, octets, started)
  local up, why, code = session.data.upstream, nil, nil
  local mech = session.data.mech
  while not why and octets:find "^%+[ \r\n]" do
    octets = octets .. up:spare()
    writer:reply(session.id, mask.challenge(session, octets))
    local _, problem, line = session:challenge { octets }
    if not line then line = problem == "cancelled" and "*" or "" end
    session.data.secrets:add(line, mech == "LOGIN" and not started and "name")
    started = true
    writer:command(session.id, line == "*" and line or "***")
    local ok, err = up:send(line)
    if not ok then return "", err, "closed" end
    octets, why, code = up:reply(false)
  end
  return octets, why, code
end

-- STLS: started with the server as well, unless that connection has TLS.
local function begin_tls(session, writer)
  local up = session.data.upstream
  local octets = "+OK begin TLS\r\n"
  if not session.server.certificates or session.secure then
    octets = "-ERR no TLS here\r\n"
  elseif not up.secure then
    local why, code
    octets, why, code = up:stls()
    if why then return answer(session, writer, octets, why, code) end
  end
  local reply = answer(session, writer, octets)
  if octets:sub(1, 3) == "+OK" then
    writer:event(session.id, "tls")
    reply.starttls = true
  end
  return reply
end

-- -------------------------------------------------------------------- handlers

-- Octets that are held for a client that reads more slowly than the server
-- sends.
local AHEAD = 1024 * 1024
local PAUSE = 0.005  -- seconds between two checks of the held octets

-- For a message: a function that writes and sends a part of the body before the
-- rest has come; nil if a fault applies, since that needs the whole reply.
local function leaving(session, writer, above)
  local row = verbs[session.verb]
  if not (row and row.mail) or session.effect or above[session.verb] then
    return nil
  end
  return function(octets)
    local engine = session.engine
    writer:reply(session.id, mask.reply(session, octets), true)
    session.data.inside = true
    engine:raw(octets)
    while session.fd and engine:pending() > AHEAD do session:sleep(PAUSE) end
  end
end

--- The hook `connect`: connect to the server and forward its greeting.
-- @tparam session session
-- @tparam writer writer see `pop3.record.writer`
-- @tparam table opts the option `upstream`
-- @treturn reply
function relay.greet(session, writer, opts)
  session.patient = true  -- replies are awaited after the client has ended
  session.data.secrets = new_secrets()
  if session.secure then writer:event(session.id, "tls") end
  local up, err = new_upstream(session, opts)
  if not up then
    lost(session, writer, err)
    return session:hangup()
  end
  session.data.upstream = up
  local octets, why, code = up:reply(false)
  if not why and opts.tls == "stls" and octets:sub(1, 3) == "+OK" then
    local said, problem = up:stls()
    if problem or said:sub(1, 3) ~= "+OK" then
      lost(session, writer, "STLS: " .. (problem or said:gsub("%c+$", "")))
      return session:hangup()
    end
  end
  return answer(session, writer, octets .. up:spare(), why, code)
end

--- The handler of all commands: forward one. If a hook of the script has sent
-- the greeting, the upstream connection is made here.
-- @tparam session session
-- @tparam writer writer
-- @tparam table opts the option `upstream`
-- @tparam string rest the arguments of the command
-- @tparam table above the handlers of the script, by verb
-- @treturn reply
function relay.forward(session, writer, opts, rest, above)
  if not session.data.upstream then
    local greeting = relay.greet(session, writer, opts)
    if greeting.close or greeting.hangup then return greeting end
  end
  local verb, up = session.verb, session.data.upstream
  local line = mask.command(session, session.line)
  up:rest()
  pass_on(session, writer, up:unasked())
  writer:command(session.id, line)
  if verb == "STLS" and rest == "" then return begin_tls(session, writer) end
  local ok, err, code = up:send(session.line)
  if not ok then return answer(session, writer, "", err, code) end
  local octets, why
  octets, why, code = up:reply(has_body(verb, rest),
                               leaving(session, writer, above))
  if verb == "AUTH" and not why then
    session.data.mech = rest:upper():match "^%S*"
    octets, why, code = exchange(session, writer, octets, rest:find "%s")
  end
  if verb == "CAPA" then octets = adjust_capa(session, octets) end
  if is_login(verb) and octets:sub(1, 3) == "+OK" then
    session:enter "transaction"
  end
  local reply = answer(session, writer, octets .. up:spare(), why, code)
  if verb == "QUIT" and not why and octets:sub(1, 3) == "+OK" then
    writer:event(session.id, "hangup fin")
    reply.close = "fin"
  end
  return reply
end

--- Call one of these handlers. If the transcript cannot be written, the session
-- ends.
-- @tparam session session
-- @tparam writer writer
-- @tparam function fn `relay.greet` or `relay.forward`
-- @param ... its further arguments
-- @treturn reply
function relay.recorded(session, writer, fn, ...)
  if not writer.broken then
    local reply = fn(session, writer, ...)
    if not writer.broken then
      if not reply.close and not reply.hangup and not session.ended then
        watch(session, writer)
      end
      return reply
    end
  end
  session.server:handler_error(session, "record: " .. writer.broken)
  return session:hangup()
end

--- The hook `disconnect`: write the part of an incomplete reply that came, and
-- close the upstream connection.
-- @tparam session session
-- @tparam writer writer
function relay.finish(session, writer)
  local data = session.data
  local part = data.upstream and data.upstream:partial() or ""
  if data.awaiting then session.server:attend(data.awaiting, "", nil) end
  writer:reply(session.id, mask.reply(session, part, is_login(session.verb)))
  writer:mention(session.id)
  if data.upstream then data.upstream:close() end
end

return relay
