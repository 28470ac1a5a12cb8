--- What `pop3 login` says about the certificate of a server.
-- @module pop3.command.mailbox.certificate
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"

local certificate = {}

local DAY = 86400

-- Seconds since 1970 of "2026-11-24T08:00:00Z" (days from the civil date, with years
-- that begin in March); nil if it is something else.
local function seconds_of(text)
  local y, m, d, hour, min, sec =
    text:match "^(%d+)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)Z$"
  if not y then return nil end
  y, m, d = math.tointeger(y), math.tointeger(m), math.tointeger(d)
  if m <= 2 then y, m = y - 1, m + 12 end
  local days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * (m - 3) + 2) // 5
               + d - 719469
  return days * DAY + hour * 3600 + min * 60 + math.tointeger(sec)
end

--- How many whole days a certificate is still valid; negative after its end.
-- @tparam table c a certificate, as in `pop3.session:tls_info`
-- @treturn ?integer
function certificate.days_left(c)
  local stop = seconds_of(c.not_after)
  return stop and math.tointeger((stop - core.time()) // DAY)
end

-- Does a name of a certificate, which may begin with "*.", cover a host?
local function covers(name, host)
  name, host = name:lower(), host:lower():gsub("%.$", "")
  if name == host then return true end
  local rest = name:match "^%*(%..+)$"
  return rest ~= nil and host:match "^[^.]+(%..+)$" == rest
end

local function is_for(c, host)
  local octets = address.octets(host)
  for _, name in ipairs(c.names) do
    if octets and address.octets(name) == octets
       or not octets and covers(name, host) then
      return true
    end
  end
  return false
end

--- What is wrong with a certificate that was refused, and what to do.
-- @tparam table c
-- @tparam string host the name that it must have
-- @tparam string problem why the library refused it
-- @treturn {string,...} advice, one sentence or two each
function certificate.advice(c, host, problem)
  local list, now = {}, core.time()
  local from, to = seconds_of(c.not_before), seconds_of(c.not_after)
  if to and to < now then
    list[#list + 1] = ("The certificate has expired on %s: its owner must renew it.")
                      :format(c.not_after:sub(1, 10))
  elseif from and from > now then
    list[#list + 1] = ("The certificate is valid only from %s on: is the clock of "
      .. "this machine right?"):format(c.not_before)
  end
  if not is_for(c, host) then
    list[#list + 1] = c.names[1]
      and ("The certificate is for %s, not for %s: use that name in the URL, or "
           .. "--servername if the host is really meant."):format(
           table.concat(c.names, ", "), host)
      or "The certificate has no DNS name, only a subject: its owner must make "
         .. "another one."
  end
  local problem_of_trust = problem:find("self-signed", 1, true)
    or problem:find("self signed", 1, true) or problem:find("issuer cert", 1, true)
    or problem:find("first certificate", 1, true)
  if c.subject == c.issuer then
    list[#list + 1] = "The certificate is self-signed: nobody vouches for it."
  elseif problem_of_trust then
    list[#list + 1] = ("The issuer is not trusted here: \"%s\". If the server should "
      .. "have sent an intermediate certificate, its owner must add it; otherwise "
      .. "--cafile FILE trusts that CA."):format(c.issuer or "")
  end
  list[#list + 1] = "If you know by other means that it is the right certificate, "
    .. "--fingerprint with its SHA-256 trusts it, and no other."
  return list
end

return certificate
