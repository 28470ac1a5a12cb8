-- TLS: the cost of one message of 256 MiB for clients, of logins with a full
-- handshake for servers, and of an idle session. TLS 1.3, one EC key (P-256) for
-- all; clients that can verify the certificate do so.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local helper = require "spec.helper"
local idle = require "spec.bench.idle"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local BIG = h.size(268435456, 33554432)
local SESSIONS, AT_ONCE = h.size(3000, 300), 20
local IDLE = h.size(1000, 100)
local USERS = 100
local CLIENT_SESSIONS = h.size(500, 50)

peers.PASSWORD = h.PASSWORD

local function clients(dir, server)
  local paths, port, rows = h.certificate(dir), server.tlsport, {}
  local function row(label, cmd, extra)
    local r = { label = label, cmd = cmd, octets = BIG }
    for k, v in pairs(extra or {}) do r[k] = v end
    return h.measure(rows, r)
  end
  io.stderr:write "tls, clients\n"
  row("raw TLS reader (floor)", proc.words { h.bin .. "floor", "tls", BIG,
    paths.cert, paths.key }, { check = false, seconds = tonumber })
  row("C client", h.loadclient(port, "big", "-S", "-d", 1, "retr"), {
    check = function(output)
      local r = h.load_result(output)
      local most = BIG + BIG // (78 * 40) + 3
      return r.messages == 1 and r.octets >= BIG and r.octets <= most and BIG
             or r.octets
    end,
  })
  local curl = proc.words { "curl", "-q", "-s", "--cacert", paths.ca, "--user",
    "big:" .. h.PASSWORD, ("pop3s://127.0.0.1:%d/1"):format(port) }
  row("curl", curl .. " -o /dev/null",
      { check = false, verify = curl .. " | wc -c" })
  local box = dir .. "/mpop"
  proc.write(dir .. "/mpoprc", ([[
account a
host 127.0.0.1
port %d
auth user
user big
password %s
tls on
tls_starttls off
tls_trust_file %s
timeout 60
received_header off
delivery maildir %s
uidls_file %s/uidls
keep on
]]):format(port, h.PASSWORD, paths.ca, box, box))
  proc.check("chmod 600 " .. dir .. "/mpoprc")
  row("mpop", ("mpop -q -C %s/mpoprc a"):format(dir), {
    before = ("rm -rf %s && mkdir -p %s/cur %s/new %s/tmp"):format(box, box,
      box, box),
    check = function()
      local lines, lf = proc.check(("find %s/new -type f -exec cat {} +"
        .. " | wc -l -c"):format(box)):match "(%d+)%s+(%d+)"
      return tonumber(lines) + tonumber(lf)
    end,
  })
  proc.rmdir(box)
  row("poplib", proc.words { "python3", "spec/bench/poplib_all.py", port, "big",
    h.PASSWORD, paths.ca })
  row("ours, to a sink", ("env POP_TLS=1 POP_CA=%s %s"):format(paths.ca,
    h.our_client(port, "big", "sink")))
  h.print(("TLS client: one message of %d MiB"):format(BIG >> 20),
    h.rates(rows, "MB/s", BIG / 1e6), goals.tls_big)
end

local function per_second(output)
  local r = h.load_result(output)
  return r.sessions / r.seconds
end

-- Logins over new connections; 'port' speaks TLS from the start.
local function logins(rows, label, port)
  return h.measure(rows, {
    label = label, octets = 0,
    cmd = h.loadclient(port, "c%d", "-S", "-M", USERS, "-c", AT_ONCE, "-n",
      SESSIONS, "sess"),
    check = function(output)
      return h.load_result(output).errors == 0 and 0 or -1
    end,
    seconds = function(output) return h.load_result(output).seconds end,
    per_second = per_second,
  })
end

-- Handshakes alone, one at a time, as OpenSSL counts them.
local function s_time(rows, port)
  local seconds = h.size(2, 1)
  return h.measure(rows, {
    label = "openssl s_time, no login", octets = 0,
    cmd = proc.words { "openssl", "s_time", "-connect", "127.0.0.1:" .. port,
      "-new", "-time", seconds },
    check = function(output)
      return output:find "connections in" and 0 or -1
    end,
    per_second = function(output)
      local n, real = output:match "(%d+) connections in (%d+) real seconds"
      return tonumber(n) / tonumber(real)
    end,
  })
end

-- Sessions of clients, one after another: processor time, since the server takes the
-- larger part of the time that passes.
local function client_sessions(dir, port)
  local ca, rows = h.certificate(dir).ca, { unit = "sessions/CPU s" }
  io.stderr:write "tls, sessions of clients\n"
  local row = h.measure(rows, {
    label = "C client", octets = 0,
    cmd = h.loadclient(port, "c%d", "-A", ca, "-n", CLIENT_SESSIONS, "sess"),
    check = function(output)
      return h.load_result(output).errors == 0 and 0 or -1
    end,
  })
  row.rate = not row.failed and CLIENT_SESSIONS / row.cpu
  row = h.measure(rows, {
    label = "ours", octets = 0, check = false, seconds = tonumber,
    cmd = ("env POP_CA=%s "):format(ca) .. proc.words { "env", "POP_PORT=" .. port,
      "POP_USER=c1", "POP_PW=" .. h.PASSWORD, h.lua, "spec/bench/logins.lua",
      CLIENT_SESSIONS },
  })
  row.rate = not row.failed and CLIENT_SESSIONS / row.wall
  h.print("TLS client: full handshake, log in, STAT, QUIT", rows, goals.tls_client)
end

local function our_tls_server(dir)
  local paths = h.certificate(dir)
  local port = proc.free_port()
  local process = proc.start(proc.words { "env", "OUR_SERVER_PORT=" .. port,
    "OUR_SERVER_CERT=" .. paths.cert, "OUR_SERVER_KEY=" .. paths.key, h.lua,
    "spec/bench/server.lua", "c=10x2048" }, dir .. "/ours.log")
  assert(helper.await(function()
    return proc.run(("openssl s_client -connect 127.0.0.1:%d </dev/null"):format(
      port))
  end), process:log())
  return process, port
end

return function(dir)
  local blaster <close> = h.blaster(dir, { "big=1x" .. BIG, "c=10x2048" })
  clients(dir, blaster)
  client_sessions(dir, blaster.tlsport)
  io.stderr:write "tls, servers\n"
  local rows, idlers = {}, {}
  rows.unit = "sessions/s"
  local ours <close>, port = our_tls_server(dir)
  s_time(rows, blaster.tlsport)
  logins(rows, "C server (blaster)", blaster.tlsport)
  logins(rows, "ours", port)
  idle.measure(idlers, { pid = ours.pid, port = port }, "ours", IDLE, dir, "-S")
  idle.measure(idlers, { pid = blaster.process and blaster.process.pid
    or blaster.pid, port = blaster.tlsport }, "C server (blaster)", IDLE, dir,
    "-S")
  if not peers.no_dovecot() then
    local boxes = {}
    for i = 0, USERS - 1 do boxes["c" .. i] = { "A: b\r\n\r\n" } end
    local dovecot <close> = peers.dovecot(boxes)
    logins(rows, "Dovecot", dovecot.tlsport)
  end
  for _, row in ipairs(rows) do row.rss = nil end
  h.print(("TLS server: full handshake, log in, STAT, QUIT; %d at once"):format(
    AT_ONCE), rows, goals.tls_logins)
  idle.print("TLS server: memory per idle session", idlers, goals.tls_idle)
end
