-- POP3 clients that are told to fetch the one message of a maildrop and to delete it,
-- each in the way that its manual describes.

local helper = require "spec.helper"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local M = {}

M.USER, M.PASSWORD = "mrose", "geheim"

-- Seconds that a client waits for a reply, and after which it is said to hang.
-- Where the server answers, a client reaches neither, on the slowest machine
-- either. Where it is silent, the client's own limit is the only clock.
M.answered = { patience = helper.PATIENCE, life = 10 * helper.PATIENCE }
M.silent = { patience = 20, life = 80 }

-- In the order of the table: name, program; `modules` must be there too.
M.list = {
  { name = "lpop3" },
  { name = "curl", program = "curl" },
  { name = "poplib", program = "python3" },
  { name = "Net::POP3", program = "perl",
    modules = "perl -MNet::POP3 -MIO::Socket::SSL -e 1" },
  { name = "mpop", program = "mpop" },
  { name = "fetchmail", program = "fetchmail" },
  { name = "getmail", program = "getmail" },
}

-- Run a shell command: true, false, or "hangs". Its processes get SIGKILL at the
-- end, since mpop ignores SIGTERM while it waits.
local function try(run, dir, command)
  proc.write(dir .. "/.run", command .. "\n")
  local ok, out = proc.run(("timeout -s KILL %d sh %s/.run; s=$?; echo; echo $s; "
    .. "exit $s"):format(run.life, dir))
  if out:find "\n137\n" then return "hangs" end
  return ok or false
end

-- Write a delivery script that puts each message into a file, through `filter`.
local function deliver(dir, filter)
  proc.write(dir .. "/.mda", ('%s >"$(mktemp -p %s mXXXXXX)"\n'):format(filter,
                                                                      dir))
end

-- Each fetches and deletes: function(run, dir, tls, sasl) → true if it reported
-- success, false, "hangs" or "cannot". It writes the messages to files of `dir`.
-- `sasl` is the mechanism to log in by, if the client can be told one.
local clients = {}
M.run = clients

function clients.lpop3(run, dir, tls)
  local s = pop3.connect { host = tls ~= "none" and "localhost" or "127.0.0.1",
    port = run.port, tls = tls, cafile = run.cafile, user = M.USER,
    password = M.PASSWORD, timeout = run.patience }
  if not s then return false end
  local ok = s:save(1, dir .. "/m1")
  ok = ok and s:dele(1)
  return s:quit() and ok or false
end

function clients.curl(run, dir, tls)
  local words = { "curl", "-q", "-sS", "--noproxy", "*", "--max-time", run.patience,
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
  return try(run, dir, ("%s -4 -o %s/m1 %s && %s -4 -I -X 'DELE 1' %s >/dev/null"):format(
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
  proc.write(dir .. "/.script", POPLIB:format(run.patience, run.patience))
  return try(run, dir, proc.words { "python3", dir .. "/.script", run.port, M.USER,
    M.PASSWORD, dir, tls, run.cafile or "" })
end

function clients.mpop(run, dir, tls, sasl)
  local box = dir .. "/.box"
  proc.check(("mkdir -p %s/cur %s/new %s/tmp"):format(box, box, box))
  local conf = readers.mpoprc({ port = run.port, user = M.USER,
                                password = M.PASSWORD }, box, false)
  conf = conf:gsub("timeout 300", "timeout " .. run.patience)
  if sasl then conf = conf:gsub("auth user", "auth " .. sasl:lower()) end
  if tls ~= "none" then
    conf = conf:gsub("tls off", ("tls on\ntls_starttls %s\ntls_trust_file %s")
                     :format(tls == "stls" and "on" or "off", run.cafile))
               :gsub("host 127.0.0.1", "host localhost")
  end
  proc.write(dir .. "/.conf", conf)
  local ok = try(run, dir, ("chmod 600 %s/.conf; mpop -q -C %s/.conf a"):format(dir, dir))
  proc.run(("mv %s/new/* %s"):format(box, dir))
  return ok
end

local PERL = [==[
use Net::POP3;
my ($port, $user, $password, $directory, $tls, $cafile) = @ARGV;
my @tls = $tls eq "none" ? () : (SSL_ca_file => $cafile);
my $m = Net::POP3->new("localhost", Port => $port, Timeout => %d,
  SSL => $tls eq "implicit" ? 1 : 0, @tls) or exit 1;
$m->starttls(@tls) or exit 1 if $tls eq "stls";
defined $m->login($user, $password) or exit 1;
my $lines = $m->get(1) or exit 1;
open my $file, ">:raw", "$directory/m1" or exit 1;
print $file @$lines;
close $file;
$m->delete(1) or exit 1;
$m->quit or exit 1;
]==]

clients["Net::POP3"] = function(run, dir, tls)
  proc.write(dir .. "/.script", PERL:format(run.patience))
  return try(run, dir, proc.words { "perl", dir .. "/.script", run.port, M.USER,
    M.PASSWORD, dir, tls, run.cafile or "" })
end

-- It knows TLS from the first octet, but not STLS, and puts a Return-Path above
-- each message.
function clients.getmail(run, dir, tls)
  if tls == "stls" then return "cannot" end
  deliver(dir, "sed 1d")
  proc.write(dir .. "/.conf", ([[
[retriever]
type = SimplePOP3%sRetriever
server = localhost
port = %d
username = %s
password = %s
timeout = %d
%s
[destination]
type = MDA_external
path = /bin/sh
arguments = ("%s/.mda",)
allow_root_commands = true
[options]
delete = true
verbose = 0
delivered_to = false
received = false
]]):format(tls == "implicit" and "SSL" or "", run.port, M.USER, M.PASSWORD,
    run.patience, run.cafile and "ca_certs = " .. run.cafile or "", dir))
  proc.check(("mkdir -p %s/.getmail"):format(dir))
  return try(run, dir, proc.words { "getmail", "-g", dir .. "/.getmail", "-r",
                               dir .. "/.conf" })
end

function clients.fetchmail(run, dir, tls, sasl)
  local how = tls == "none" and 'sslproto ""'
              or (tls == "stls" and "sslproto tls1.2+ " or "ssl ")
                 .. "sslcertck sslcertfile " .. run.cafile
  deliver(dir, "cat")
  proc.write(dir .. "/.conf", ([[
set no syslog
set invisible
set no bouncemail
set no spambounce
poll localhost protocol POP3 port %d auth %s timeout %d bad-header accept
  username "%s" password "%s" %s
  no rewrite no stripcr pass8bits no mimedecode fetchall no keep
  mda "sh %s/.mda"
]]):format(run.port, sasl and sasl:lower() or "password", run.patience, M.USER,
    M.PASSWORD, how, dir))
  return try(run, dir, ("chmod 600 %s/.conf; FETCHMAILHOME=%s fetchmail -s -f %s/.conf"
    .. " --nodetach --pidfile %s/.pid"):format(dir, dir, dir, dir))
end

return M
