--- getaddrinfo(3) by LuaSocket. It blocks.
-- @module pop3.transport.getaddrinfo
-- @local

local socket = require "socket"

-- The addresses of "localhost" where the system does not resolve it, as in an empty
-- root: RFC 6761 section 6.3.
local LOCALHOST = { { family = "inet", addr = "127.0.0.1" },
                    { family = "inet6", addr = "::1" } }

--- Resolve a name.
-- @tparam string host a name or an address
-- @treturn {{family=string,addr=string},...} `family` is "inet" or "inet6"; or nil,
-- message
return function(host)
  local found, err = socket.dns.getaddrinfo(host)
  if not found and host:lower() == "localhost" then return LOCALHOST end
  return found, err
end
