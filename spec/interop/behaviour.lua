-- What mail programs do when a server misbehaves: each is told to fetch the one
-- message there is and to delete it, and what it made of that is put in words.

local pop3 = require "pop3"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local M = {}

local MAIL = "Subject: one\r\n\r\n" .. ("a line of text\r\n"):rep(12) .. ".end\r\n"

M.USER, M.PASSWORD = "mrose", "geheim"

local PATIENCE = 2  -- seconds that a client waits for an answer

local LIFE = 8      -- seconds after which it hangs

-- Run a shell command; did it end well?
local function try(dir, command)
  proc.write(dir .. "/.run", command .. "\n")
  local ok, out = proc.run(("timeout -k 1 %d sh %s/.run; s=$?; echo; echo $s; "
    .. "exit $s"):format(LIFE, dir))
  if out:find "\n124\n" or out:find "\n137\n" then return "hangs" end
  return ok or false
end

-- ------------------------------------------------------------------- clients

-- Each fetches and deletes: function(run, dir, tls) → did it say that all was
-- well? Files of `dir` are what it brought.
local clients = {}
M.clients = clients
M.order = { "lpop3", "curl", "poplib", "mpop", "fetchmail" }
M.programs = { curl = "curl", poplib = "python3", mpop = "mpop",
               fetchmail = "fetchmail" }

function clients.lpop3(run, dir, tls)
  local s = pop3.connect { host = tls ~= "none" and "localhost" or "127.0.0.1",
    port = run.port, tls = tls, cafile = run.cafile, user = M.USER,
    password = M.PASSWORD, timeout = PATIENCE }
  if not s then return false end
  local ok = s:save(1, dir .. "/m1")
  ok = ok and s:dele(1)
  return s:quit() and ok or false
end

function clients.curl(run, dir, tls)
  local words = { "curl", "-q", "-sS", "--noproxy", "*", "--max-time", PATIENCE + 1,
                  "-u", M.USER .. ":" .. M.PASSWORD }
  local scheme = "pop3"
  if tls == "stls" then words[#words + 1] = "--ssl-reqd"
  elseif tls == "implicit" then scheme = "pop3s" end
  if run.cafile then
    words[#words + 1] = "--cacert"
    words[#words + 1] = run.cafile
  end
  local base = proc.words(words)
  local url = ("%s://localhost:%d/1"):format(scheme, run.port)
  return try(dir, ("%s -4 -o %s/m1 %s && %s -4 -I -X 'DELE 1' %s >/dev/null"):format(
    base, dir, url, base, url:gsub("/1$", "/")))
end

local POPLIB = [==[
import poplib, ssl, sys
port, user, password, directory, tls, cafile = sys.argv[1:]
context = ssl.create_default_context(cafile=cafile) if tls != "none" else None
if tls == "implicit":
    m = poplib.POP3_SSL("localhost", int(port), timeout=%d, context=context)
else:
    m = poplib.POP3("127.0.0.1", int(port), timeout=%d)
    if tls == "stls":
        m.host = "localhost"
        m.stls(context=context)
m.user(user)
m.pass_(password)
lines = m.retr(1)[1]
with open(directory + "/m1", "wb") as f:
    f.write(b"".join(line + b"\r\n" for line in lines))
m.dele(1)
m.quit()
]==]

function clients.poplib(run, dir, tls)
  proc.write(dir .. "/.script", POPLIB:format(PATIENCE, PATIENCE))
  return try(dir, proc.words { "python3", dir .. "/.script", run.port, M.USER,
    M.PASSWORD, dir, tls, run.cafile or "" })
end

function clients.mpop(run, dir, tls)
  local box = dir .. "/.box"
  proc.check(("mkdir -p %s/cur %s/new %s/tmp"):format(box, box, box))
  local conf = readers.mpoprc({ port = run.port, user = M.USER,
                                password = M.PASSWORD }, box, false)
  conf = conf:gsub("timeout 60", "timeout " .. PATIENCE)
  if tls ~= "none" then
    conf = conf:gsub("tls off", ("tls on\ntls_starttls %s\ntls_trust_file %s")
                     :format(tls == "stls" and "on" or "off", run.cafile))
               :gsub("host 127.0.0.1", "host localhost")
  end
  proc.write(dir .. "/.conf", conf)
  local ok = try(dir, ("chmod 600 %s/.conf; mpop -q -C %s/.conf a"):format(dir, dir))
  proc.run(("mv %s/new/* %s"):format(box, dir))
  return ok
end

function clients.fetchmail(run, dir, tls)
  local how = tls == "none" and 'sslproto ""'
              or (tls == "stls" and "sslproto tls1.2+ " or "ssl ")
                 .. "sslcertck sslcertfile " .. run.cafile
  proc.write(dir .. "/.mda", ('cat >"$(mktemp -p %s mXXXXXX)"\n'):format(dir))
  proc.write(dir .. "/.conf", ([[
set no syslog
set invisible
set no bouncemail
set no spambounce
poll localhost protocol POP3 port %d auth password timeout %d bad-header accept
  username "%s" password "%s" %s
  no rewrite no stripcr pass8bits no mimedecode fetchall no keep
  mda "sh %s/.mda"
]]):format(run.port, PATIENCE, M.USER, M.PASSWORD, how, dir))
  return try(dir, ("chmod 600 %s/.conf; FETCHMAILHOME=%s fetchmail -s -f %s/.conf"
    .. " --nodetach --pidfile %s/.pid"):format(dir, dir, dir, dir))
end

-- --------------------------------------------------------------------- scenes

-- { name, options of the server, tls of the client }; `quiet`: no password may be
-- sent
M.scenes = {
  { "all is well", {} },
  { "greeting is `-ERR`", quiet = true, { faults = { { hook = "connect",
      reply = "-ERR not now" } } } },
  { "greeting of SMTP", quiet = true, { faults = { { hook = "connect",
      reply = "220 mail.example ESMTP" } } } },
  { "greeting of 1 MB", quiet = true, { faults = { { hook = "connect",
      reply = "+OK " .. ("x"):rep(1000000) } } } },
  { "message cut by FIN", { faults = { { verb = "RETR",
      cut = { lines = 9 } } } } },
  { "message cut by RST", { faults = { { verb = "RETR",
      cut = { lines = 9, how = "rst" } } } } },
  { "message without its last line, then silence", { faults = {
      { verb = "RETR", no_terminator = true } } } },
  { "message at 5 ms an octet", { faults = { { verb = "RETR",
      drip = { bytes = 1, every = 0.005 } } } } },
  { "message announced 100 octets too long", { faults = {
      { verb = "LIST", wrong_size = 100 }, { verb = "RETR", wrong_size = 100 } } } },
  { "message with bare LF", { faults = { { verb = "RETR", bare_lf = true } } } },
  { "message with stuffing not done", { faults = {
      { verb = "RETR", unstuffed = true } } } },
  { "garbage for a message", { faults = { { verb = "RETR",
      garbage = { seed = 3, bytes = 2000 } } } } },
  { "`RETR` never answered", { faults = { { verb = "RETR", stall = true } } } },
  { "`RETR` refused", { faults = { { verb = "RETR",
      reply = "-ERR [SYS/TEMP] not now" } } } },
  { "`DELE` refused", { faults = { { verb = "DELE", reply = "-ERR no" } } } },
  { "`QUIT` says that the deletion failed", { on = { update = function(session)
      return session:err "disk full" end } } },
  { "`QUIT` cut", { faults = { { verb = "QUIT", cut = { bytes = 2 } } } } },
  { "no `UIDL`", { faults = { { verb = "UIDL", reply = "-ERR what" } } } },
  { "`STAT` is not numbers", { faults = { { verb = "STAT",
      reply = "+OK many many" } } } },
  { "login refused", { faults = { { verb = "PASS", reply = "-ERR no" },
      { verb = "AUTH", reply = "-ERR no" } } } },
  { "STLS", { tls = "auto" }, "stls" },
  { "STLS wanted, not offered", quiet = true, { faults = { { verb = "STLS",
      reply = "-ERR no" } } }, "stls" },
  { "octets injected behind STLS's `+OK`", quiet = true, { tls = "auto", faults = {
      { verb = "STLS", append = "+OK injected\r\n" } } }, "stls" },
  { "certificate of another host", quiet = true, { tls = "wrong-host" }, "stls" },
  { "expired certificate", quiet = true, { tls = "expired", implicit = true }, "implicit" },
}

-- What there is of the message.
local function state(got)
  if not got then return "nothing" end
  if got == MAIL then return "whole" end
  local lf = MAIL:gsub("\r\n", "\n")
  if got == lf then return "whole, LF" end
  got = got:gsub("\r\n", "\n")
  return lf:sub(1, #got) == got and "**short**" or "**changed**"
end

-- What came of it, in words.
local function outcome(ok, got, left)
  local words = { state(got[1]) }
  if left == 0 then
    words[2] = words[1]:find "^whole" and "deleted" or "**deleted**"
  elseif got[1] then words[2] = "kept" end
  words[#words + 1] = ok == "hangs" and "**hangs**" or ok and "no error" or "error"
  return table.concat(words, ", ")
end

--- Run one client against one scene.
-- @treturn string what came of it
-- @treturn boolean was the password sent?
function M.run(name, scene)
  local opts = { users = { [M.USER] = { password = M.PASSWORD,
                                        mail = { MAIL } } } }
  for key, value in pairs(scene[2]) do opts[key] = value end
  local run <close> = assert(pop3.server.new(opts)):fork()
  return proc.in_tmpdir(function(dir)
    local shown = { port = run.port, cafile = run.cafile }
    if scene[3] and not shown.cafile then  -- a CA to check with nonetheless
      shown.cafile = "/etc/ssl/certs/ca-certificates.crt"
    end
    local ok = clients[name](shown, dir, scene[3] or "none")
    local got = readers.fetched(dir)
    -- a secret that went where it had no business
    return outcome(ok, got, #run:mailbox(M.USER)),
           run:count "PASS" + run:count "AUTH" > 0
  end)
end

return M
