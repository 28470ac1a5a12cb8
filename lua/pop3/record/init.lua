--- A recorder: a server that forwards each session to a real server (the
-- upstream server) and writes a transcript, which `pop3.server.replay` plays
-- back.
--
--    local recorder = assert(pop3.record {
--      upstream = { host = "mail.example", tls = "implicit" }, file =
--      "session.txt",
--    })
--    local run <close> = recorder:fork()      -- or step, run, stop
--    client_under_test("127.0.0.1", run.port)
--
-- Secrets are written as "***", also where the server repeats them, in base64
-- or hexadecimal. Messages and listings are written unchanged.
--
-- TLS ends here on both sides. A client gets a certificate made for the run
-- (`recorder.cafile`), by STLS or with `implicit = true`; the upstream server's
-- certificate is verified as in `pop3.connect`. When a client sends STLS and
-- the upstream connection has no TLS, both start it. Mechanisms that bind to
-- the TLS channel cannot work through two channels, so they are not offered. If
-- only SCRAM is left, the client has to connect without TLS: with TLS it says
-- that it could bind, and a server that can bind must refuse that (RFC 5802
-- section 6).
--
-- A recorder is a `pop3.server`: it takes faults and handlers (`server.default` has
-- the handlers of the recorder), and has `transcript`, `count`, `verify`. It forwards
-- one command at a time. If the transcript cannot be written, its file is
-- removed, the sessions end, and `verify` gives the reason. A reply of more
-- than 256 MiB ends its session.
-- @module pop3.record

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local new_writer = require "pop3.record.writer"
local raw_server = require "pop3.server.raw"
local relay = require "pop3.record.relay"
local tls = require "pop3.transport.tls"

local known = { upstream = "table", file = "string", host = "string",
                port = "integer", tls = "any", implicit = "boolean",
                faults = "table", on = "table" }

local upstream_options = {
  host = "string", port = "integer", timeout = "number",
  tls = { implicit = true, stls = true, none = true },
}
for name, kind in pairs(tls.options) do upstream_options[name] = kind end

-- The option `upstream` with its defaults, and `trust` where TLS may be used.
local function upstream_of(given, level)
  argument.options(given, upstream_options, "record: upstream", level + 1)
  local up = {}
  for name, value in pairs(given) do up[name] = value end
  if not up.host then
    argument.misuse(level + 1, "record: upstream: the option host is required")
  end
  up.tls = up.tls or "implicit"
  up.port = up.port or address.default_port(up.tls)
  if up.tls ~= "none" or up.cafile or up.cert then
    local err, code
    up.trust, err, code = tls.trust(up, "record: upstream", level + 1)
    if not up.trust then return nil, "record: upstream: " .. err, code end
  end
  return up
end

-- Create the file only after the server listens, so that a second recorder on a
-- port in use does not empty the transcript of the first.
local function begin_on_listen(server, writer)
  local listen = server.listen
  function server:listen()
    local port, err, code = listen(self)
    if not port then return nil, err, code end
    local ok
    ok, err, code = writer:begin()
    if ok then return port end
    self:stop()
    return nil, "record: " .. err, code
  end
end

--- Make a recorder. Calling the module does this: `pop3.record(opts)`.
-- @tparam table opts
-- @tparam table opts.upstream the server to record. `host` (required), `port`; `tls`:
-- "implicit" (default), "stls" or "none"; `verify`, `cafile`, `capath`, `servername`,
-- `pin`, `cert`, `key`, `min_version`, as in `pop3.connect`; `timeout` (60): seconds
-- without an octet of a reply
-- @tparam string opts.file the path of the transcript. An existing file is replaced
-- when the recorder starts to listen
-- @tparam[opt="127.0.0.1"] string opts.host as in `pop3.server.new`, and so are these:
-- @tparam[opt=0] integer opts.port
-- @tparam[opt="auto"] string|table opts.tls
-- @tparam[opt=false] boolean opts.implicit
-- @tparam[opt] {pop3.server.fault,...} opts.faults
-- @tparam[opt] pop3.server.handlers opts.on
-- @treturn pop3.server or nil, message, code: "io" when the file cannot be
-- written, "tls" when the TLS options of `upstream` do not work
-- @raise misuse: an unknown option, a value of a wrong type, a missing option
-- @usage
-- local upstream <close> = pop3.server.new {
--   users = { mrose = { password = "secret", mail = {} } } }:fork()
-- local path = os.tmpname()
-- do
--   local run <close> = assert(pop3.record { file = path, upstream = {
--     host = "127.0.0.1", port = upstream.port, tls = "none" } }):fork()
--   local s = assert(pop3.connect { host = "127.0.0.1", port = run.port,
--     tls = "none", user = "mrose", password = "secret" })
--   s:quit()
-- end
-- local replay <close> = assert(pop3.server.replay(path)):fork()
-- os.remove(path)
-- @function record
local function record(opts)
  argument.options(opts, known, "record", 1)
  if not (opts.upstream and opts.file) then
    argument.misuse(1, "record: the options upstream and file are required")
  end
  local up, err, code = upstream_of(opts.upstream, 1)
  if not up then return nil, err, code end
  local writer, server
  server, err, code = raw_server({
    host = opts.host, port = opts.port, implicit = opts.implicit,
    tls = opts.tls == nil and "auto" or opts.tls or nil, faults = opts.faults,
    autologout = 24 * 3600,  -- that of the upstream server is shorter
    limits = { line = 65536 },
  }, {
    connect = function(session)
      return relay.recorded(session, writer, relay.greet, up)
    end,
    disconnect = function(session) relay.finish(session, writer) end,
  }, function(session, rest)
    return relay.recorded(session, writer, relay.forward, up, rest,
                          opts.on or {})
  end, opts.on)
  if not server then return nil, err, code end
  writer, err, code = new_writer(opts.file)
  if not writer then return nil, "record: " .. err, code end
  begin_on_listen(server, writer)
  return server
end

return record
