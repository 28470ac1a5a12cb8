--- The command-line arguments that name a server, shared by `pop3 check` and
-- `pop3 record`.
-- @module pop3.command.peer
-- @local

local addresses = require "pop3.util.address"
local options = require "pop3.command.options"

local peer = {}

-- Convert "host", "host:port" or "[::1]:port" to a table; or nil, message.
local function address(text)
  local host, port = addresses.split(text)
  if not host then return nil, ("'%s' is not HOST:PORT"):format(text) end
  return { host = host, port = port }
end

--- Define the argument `server` and the options --tls and --cafile.
-- @tparam table c a command of argparse
-- @treturn table the argument
function peer.define(c)
  local server = c:argument("server", "The server."):argname "HOST:PORT"
   :convert(address)
  options.tls(c, "implicit on port 995, none on other ports")
  options.cafile(c)
  return server
end

--- These arguments as options of `pop3.connect`.
-- @tparam table args the result of argparse
-- @treturn table `host`, `port`, `tls`, `cafile`
function peer.options(args)
  local at = args.server
  local tls = args.tls or addresses.default_tls(at.port)
  return { host = at.host, port = at.port or addresses.default_port(tls),
           cafile = args.cafile, tls = tls }
end

return peer
