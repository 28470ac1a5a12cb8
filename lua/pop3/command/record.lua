--- `pop3 record`: records the sessions of clients with a real server as a
-- transcript, see `pop3.record`.
-- @module pop3.command.record
-- @local

local command = require "pop3.command.program"
local core = require "pop3.core"
local atomic_file = require "pop3.util.atomic_file"
local peer = require "pop3.command.peer"

local record = {}

function record.define(c)
  c:summary "Record the sessions of a client with a server."
  c:description("Listens on 127.0.0.1, forwards each session to the server, "
    .. "and writes commands and replies to a file, with secrets masked, until "
    .. "it gets SIGTERM, SIGINT or SIGHUP.")
  peer.define(c)
  c:argument("file", "The transcript to write."):argname "FILE"
  c:option("--port", "The port to listen on; 0 chooses a free one.")
   :argname "PORT":convert(command.integer(0, 65535)):default "0"
  c:option("--port-file", "Write the port to this file after listening has "
    .. "started."):argname "FILE"
  c:flag("--implicit", "Clients start TLS at once; otherwise by STLS.")
end

local STEP = 1  -- seconds: a signal ends a step, but may arrive just before one

local function serve(proxy, signals)
  repeat
    local n, err = proxy:step(STEP)
    if not n then return command.TROUBLE, err end
  until signals:next()
  return command.OK
end

function record.run(args)
  if args.port_file then atomic_file.remove(args.port_file) end
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  local ok
  local proxy, problem = require "pop3.record" {
    upstream = peer.options(args), file = args.file, port = args.port,
    implicit = args.implicit or nil,
  }
  if proxy then ok, problem = proxy:listen() end
  if not ok then return command.TROUBLE, (problem:gsub("^record: ", "")) end
  local status = command.TROUBLE
  if args.port_file then
    ok, problem = atomic_file.write(args.port_file, proxy.port .. "\n")
  end
  if ok then
    ok, problem = command.say(("ready host=127.0.0.1 port=%d cafile=%s\n")
                              :format(proxy.port, proxy.cafile))
  end
  if ok then status, problem = serve(proxy, signals) end
  proxy:stop()
  if args.port_file then atomic_file.remove(args.port_file) end
  if not problem and proxy.errors[1] then
    return command.TROUBLE, proxy.errors[1]
  end
  return status, problem
end

return record
