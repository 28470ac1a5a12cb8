--- What the transcript of a recorder may contain: commands, replies and
-- challenges of a session with the secrets masked as "***".
-- @module pop3.record.mask
-- @local

local core = require "pop3.core"

local mask = {}

local verbs = core.verbs

--- Mask a command. The secret in it is masked in the rest of the session, too.
--
-- A line after AUTH that is not a known command is treated as a SASL response:
-- a client that does not wait for the reply may have sent it.
-- @tparam session session `data.secrets` is from `pop3.record.secrets`
-- @tparam string line
-- @treturn string
function mask.command(session, line)
  local data, secrets = session.data, session.data.secrets
  local verb = line:match "^%A*(%a*)":upper()
  if verbs[session.verb] then data.in_auth = verb == "AUTH"
  elseif data.in_auth then
    secrets:add(line)
    return "***"
  end
  local first = verbs[verb] and verbs[verb].secret
  local shown, secret
  if first == 1 then shown, secret = line:match "^(%A*%a+%A)(.+)$"
  elseif first == 2 then
    shown, secret = line:match "^(%A*%a+%A%s*%S+%s+)(.+)$"
  end
  if secret and secret ~= "=" then
    secrets:add(secret, first == 1 and "password")
    return shown .. "***"
  end
  local numbers = verb ~= "USER" and line:find "^%a+[%s%d]*$"
  return numbers and line or secrets:hush(line)
end

--- Mask octets of a reply. Only the status line is masked in replies with mail
-- or a listing: a changed message would not be the same mail.
-- @tparam session session
-- @tparam string octets
-- @tparam[opt] boolean login the reply answers a login
-- @treturn string
function mask.reply(session, octets, login)
  local secrets = session.data.secrets
  if octets == "" or session.data.inside then return octets end  -- a message
  local row = verbs[session.verb]
  local mail = row and (row.mail or row.listing)
  local stop = mail and octets:find("\n", 1, true) or #octets
  return secrets:hush(octets:sub(1, stop), login) .. octets:sub(stop + 1)
end

--- Mask a challenge. The last one of SCRAM proves that the server has the
-- password (RFC 5802 section 3), and somebody who tries passwords could use it.
-- @tparam session session
-- @tparam string octets
-- @treturn string
function mask.challenge(session, octets)
  local text = octets:match "^%+ ([^\r\n]*)"
  local inner = text and core.sasl.decode(text)
  if inner and inner:find "^v=" then
    return (octets:gsub("^%+ [^\r\n]*", "+ ***"))
  end
  return mask.reply(session, octets, true)
end

return mask
