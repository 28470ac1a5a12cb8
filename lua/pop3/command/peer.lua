--- The server that a command is to talk to: HOST:PORT and what goes with it.
-- @module pop3.command.peer
-- @local

local peer = {}

-- "host", "host:port", "[::1]:port": a table; or nil, message.
local function address(text)
  local host, port = text:match "^%[([%x:.]+)%]:?(%d*)$"
  if not host then host, port = text:match "^([^%[%]:/@%s]+):?(%d*)$" end
  local n = port ~= "" and math.tointeger(tonumber(port)) or nil
  if not host or port ~= "" and not (n and n >= 1 and n <= 65535) then
    return nil, ("'%s' is no HOST:PORT"):format(text)
  end
  return { host = host, port = n }
end

--- Define the argument `server` and the options that go with it.
-- @tparam table c a command of argparse
function peer.define(c)
  c:argument("server", "The server."):argname "HOST:PORT":convert(address)
  c:option("--tls", "implicit, stls or none; by default implicit on port 995, "
    .. "and none on others."):argname "HOW"
   :choices { "implicit", "stls", "none" }
  c:option("--cafile", "The CA that signed the server's certificate, in place "
    .. "of the system's."):argname "FILE"
end

--- What they say, as options of `pop3.connect`.
-- @tparam table args
-- @treturn table `host`, `port`, `tls`, `cafile`
function peer.options(args)
  local at = args.server
  local port = at.port or args.tls == "implicit" and 995 or 110
  return { host = at.host, port = port, cafile = args.cafile,
           tls = args.tls or (port == 995 and "implicit" or "none") }
end

return peer
