--- Qpopper.
-- @module pop3.server.presets.qpopper
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SEEN = "http://thebiltons.co.uk/pop.php"
local NEW = "http://www.eudora.com/products/unsupported/qpopper/30.html"

local on = toolkit.on {
  login = {
    ok = function(session)
      local count, octets = toolkit.totals(session)
      return ("%s has %d visible message%s (0 hidden) in %d octets."):format(
             session.user, count, count == 1 and "" or "s", octets)
    end,
    failed = function(session)
      local name = toolkit.memory(session).name
      return ('Password supplied for "%s" is incorrect.'):format(name or ""),
             "AUTH"
    end,
  },
}

-- An option may follow the name.
function on.USER(session, name)
  name = name:gsub("%-no%-mime$", "")
  toolkit.memory(session).name = name
  local reply = session.server.default.USER(session, name)
  if reply.status == "+OK" then
    reply.text = ("Password required for %s."):format(name)
  end
  return reply
end

return {
  title = "Qpopper",
  options = {
    greeting = "QPOP (version 2.53) at lpop3.invalid starting.",
  },
  on = on,
  quirks = {
    { what = "The greeting names the version and the host.",
      source = "GitHub: nmap/nmap nmap-service-probes, pop3" },
    { what = "The replies to USER and PASS repeat the user name.",
      source = SEEN },
    { what = "The reply to the login counts hidden messages as well.",
      source = SEEN },
    { what = "A wrong password has the response code AUTH, a maildrop in use "
             .. "IN-USE.", source = SEEN .. "; " .. NEW },
    { what = "\"-no-mime\" after the user name is an option, not a part of the "
             .. "name.",
      source = NEW },
  },
}
