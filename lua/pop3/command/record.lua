--- `pop3 record`: what a client and a real server say to each other, as a
-- transcript. See `pop3.record`.
-- @module pop3.command.record
-- @local

local command = require "pop3.command.program"
local core = require "pop3.core"
local files = require "pop3.util.atomic_file"
local peer = require "pop3.command.peer"

local record = {}

function record.define(c)
  c:summary "Write down what a client and a server say."
  c:description("Listens on loopback, stands between a client and the server, "
    .. "and writes what they say to a file, secrets masked, until it gets "
    .. "SIGTERM, SIGINT or SIGHUP.")
  peer.define(c)
  c:argument("file", "The transcript."):argname "FILE"
  c:option("--port", "Where to listen; 0 takes a free one (0)."):argname "PORT"
   :convert(command.integer(0, 65535)):default "0"
  c:option("--port-file", "Write the port there once it listens."):argname "FILE"
  c:flag("--implicit", "Clients begin TLS with the first octet; otherwise STLS "
    .. "starts it.")
end

local GLANCE = 1  -- seconds: a signal ends a step, but may come just before one

local function serve(proxy, signals)
  repeat
    local n, err = proxy:step(GLANCE)
    if not n then return command.TROUBLE, err end
  until signals:next()
  return command.OK
end

function record.run(args)
  if args.port_file then files.remove(args.port_file) end
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
    ok, problem = files.write(args.port_file, proxy.port .. "\n")
  end
  if ok then
    ok, problem = command.say(("ready host=127.0.0.1 port=%d cafile=%s\n")
                              :format(proxy.port, proxy.cafile))
  end
  if ok then status, problem = serve(proxy, signals) end
  proxy:stop()
  if args.port_file then files.remove(args.port_file) end
  if not problem and proxy.errors[1] then
    return command.TROUBLE, proxy.errors[1]
  end
  return status, problem
end

return record
