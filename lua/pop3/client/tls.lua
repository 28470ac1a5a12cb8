--- TLS of a client session: what it needs from the options, its start with the
-- first octet, and its start by STLS.
-- @module pop3.client.tls
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local commands = require "pop3.client.command"
local tls_options = require "pop3.transport.tls"

local decide = tls_options.decide

local secure = {}

--- What a session needs for TLS: a trust (see `pop3.transport.tls`), and the
-- ticket of the session `resume` if that had the same trust.
-- @tparam table opts the options of `pop3.connect`
-- @tparam integer level see `pop3.util.argument`
-- @treturn table, or nil, message, code
function secure.options(opts, level)
  local made, err, code = tls_options.trust(opts, "connect", level + 1)
  if not made then return nil, err, code end
  local old = opts.resume
  if old ~= nil and (type(old) ~= "table" or not rawget(old, "opts")) then
    argument.misuse(level + 1, "connect: option 'resume' must be a session")
  end
  if old and old.tls and old.tls.identity == made.identity then
    local port = not old.dead and old.link.port
    made.ticket = port and port ~= old.link.engine and port:ticket()
                  or old.tls.ticket
  end
  return made
end

--- Put TLS around the engine of the session and wait for the end of the handshake.
-- @tparam table s
-- @tparam string label
-- @treturn boolean true, or nil, message, code
function secure.start(s, label)
  local link, opts = s.link, s.tls
  local tls = core.tls { context = opts.context, name = opts.name,
                         session = opts.ticket }
  tls:wrap(link.engine)
  link.port = tls
  local what, message, code = commands.event(s, label, nil, tls)
  if what == "certificate" then
    do
      local _ <close> = commands.busy(s, "verify")
      decide(opts, tls, message, code)
    end
    what, message, code = commands.event(s, label, nil, tls)
  end
  if what ~= "handshake" then
    if what then
      return commands.kill(s, label, "the server closed the connection in the "
                           .. "TLS handshake", "tls")
    end
    return nil, message, code
  end
  s.secure = true
  return true
end

--- Ask for TLS by STLS (RFC 2595 section 4).
-- @tparam table s
-- @tparam string label
-- @treturn boolean true, or nil, message, code, reply
function secure.stls(s, label)
  if not s.tls then
    local made, err, code = secure.options(s.opts, 2)
    if not made then return commands.fail(s, label, err, code) end
    s.tls = made
  end
  if s.tls.verify and not s.tls.name then
    argument.misuse(2, "stls: connect needs a servername to verify")
  end
  local ok, message, code, reply = commands.command(s, label, "STLS")
  if not ok then
    return nil, message, code == "err" and "tls" or code, reply
  end
  s.link.capas = nil
  -- in the engine or in the socket: a server sends nothing before the ClientHello
  local link = s.link
  local _, early = link.io:send(link.port, 0, true)
  if early == "input" or s.engine:unread() > 0 then
    return commands.kill(s, label, "octets followed the +OK of STLS; they may "
                         .. "be injected", "tls")
  end
  return secure.start(s, label)
end

--- Start TLS by STLS if the server offers it. If it does not, or refuses, go on without
-- TLS. A certificate that is not valid is an error.
-- @tparam table s
-- @tparam string label
-- @treturn boolean true, or nil, message, code, reply
function secure.try_stls(s, label)
  local capa, message, code, reply = s:capa_or_redial()
  if not capa and (code ~= "err" or s.dead) then
    return nil, message, code, reply
  end
  if not (capa and capa.STLS) or s.secure then return true end
  local ok
  ok, message, code, reply = secure.stls(s, label)
  if ok or reply and not s.dead then return true end
  commands.drop(s)
  return nil, message, code, reply
end

--- Start TLS by STLS where TLS is required: without it the session ends.
-- @tparam table s
-- @tparam string label
-- @treturn boolean true, or nil, message, code, reply
function secure.require_stls(s, label)
  local capa, message, code, reply = s:capa_or_redial()
  if not capa and (code ~= "err" or s.dead) then
    return nil, message, code, reply
  end
  if s.secure then return true end  -- on a new connection without CAPA
  if not capa and not s.no_capa then
    commands.drop(s)
    message = "TLS is required, and the server refused CAPA, which would say "
              .. "whether it has STLS"
    message = select(2, commands.fail(s, label, message, "tls"))
    return nil, message, "tls", reply
  elseif capa and not capa.STLS then
    return commands.kill(s, label, "TLS is required, and the server does not "
                         .. "offer STLS", "tls")
  end
  local ok
  ok, message, code, reply = secure.stls(s, label)
  if not ok then
    commands.drop(s)
    return nil, message, code, reply
  end
  return true
end

return secure
