-- POP3 clients that we did not write. Each reader has
--   program                     the program that must be installed
--   without                     kinds of corpus.varied it cannot carry, and why
--   form(octets)                a message as this client leaves it
--   run(server, count, dir, remove)
-- where run() fetches all 'count' messages into separate files in 'dir',
-- then deletes them when 'remove' is set. 'server' has port, user, password.

local proc = require "spec.interop.proc"

local M = {}

local function same(octets) return octets end

-- Mail in LF form, as a Unix delivery agent gets it.
local function lf(octets) return (octets:gsub("\r\n", "\n")) end

M.curl = { program = "curl", form = same }

-- curl keeps the line ends of the wire. Each DELE is a separate transfer,
-- with no body (head), in the one session of that curl.
function M.curl.run(s, count, dir, remove)
  local login = ('user = "%s:%s"\n'):format(s.user, s.password)
  local root = ("pop3://127.0.0.1:%d/"):format(s.port)
  local conf = { ('%surl = "%s[1-%d]"\noutput = "%s/m#1"\n'):format(login,
    root, count, dir) }
  for n = 1, remove and count or 0 do
    conf[#conf + 1] = ('%surl = "%s"\nrequest = "DELE %d"\nhead\n'
      .. 'output = "/dev/null"\n'):format(login, root, n)
  end
  proc.write(dir .. "/.conf", table.concat(conf, "next\n"))
  proc.check(proc.words { "curl", "-q", "-sS", "--noproxy", "*", "--max-time",
    3600, "-K", dir .. "/.conf" })
end

M.poplib = { program = "python3", form = same }

-- poplib answers lines without their ends; a line of more than 2048 octets
-- is an error unless told otherwise, as for the line ends a test must be.
local POPLIB = [==[
import poplib, sys
port, user, password, directory, remove = sys.argv[1:]
poplib._MAXLINE = 1 << 24
m = poplib.POP3("127.0.0.1", int(port), timeout=300)
m.user(user)
m.pass_(password)
sizes = [int(x.split()[1]) for x in m.list()[1]]
for n in range(1, len(sizes) + 1):
    with open("%s/m%d" % (directory, n), "wb") as f:
        f.write(b"".join(line + b"\r\n" for line in m.retr(n)[1]))
    if remove == "true":
        m.dele(n)
m.quit()
]==]

function M.poplib.run(s, _, dir, remove)
  proc.write(dir .. "/.script", POPLIB)
  proc.check(proc.words { "python3", dir .. "/.script", s.port, s.user,
    s.password, dir, remove and "true" or "false" })
end

M.mpop = { program = "mpop", form = lf }

-- mpop's settings for one account 'a', which it reads from a private file.
function M.mpoprc(s, box, keep)
  return ([[
account a
host 127.0.0.1
port %d
auth user
user %s
password %s
tls off
timeout 300
received_header off
delivery maildir %s
uidls_file %s/uidls
keep %s
]]):format(s.port, s.user, s.password, box, box, keep and "on" or "off")
end

function M.mpop.run(s, _, dir, remove)
  local box = dir .. "/.box"
  proc.check(("mkdir -p %s/cur %s/new %s/tmp"):format(box, box, box))
  proc.write(dir .. "/.conf", M.mpoprc(s, box, not remove))
  proc.check(("chmod 600 %s/.conf; mpop -q -C %s/.conf a; mv %s/new/* %s"
    ):format(dir, dir, box, dir))
end

M.fetchmail = { program = "fetchmail", form = same,
  without = { long_line = true } }

-- What fetchmail changes of itself, and what stops it:
--   it adds a Received field                 invisible
--   it qualifies addresses in the header     no rewrite
--   it drops every CR, bare ones too         no stripcr
--   it decodes quoted-printable              no mimedecode (its default)
--   it refuses mail with a broken header     bad-header accept
-- Lines of more than 8 KiB come out with three stray octets at each 8 KiB
-- (NUL, one octet, LF), and nothing stops that, so it gets none.
function M.fetchmail.run(s, _, dir, remove)
  proc.write(dir .. "/.mda", ('cat >"$(mktemp -p %s mXXXXXX)"\n'):format(dir))
  proc.write(dir .. "/.conf", ([[
set no syslog
set invisible
set no bouncemail
set no spambounce
poll 127.0.0.1 protocol POP3 port %d auth password timeout 300 bad-header accept
  username "%s" password "%s" sslproto ""
  no rewrite no stripcr pass8bits no mimedecode fetchall %s
  mda "sh %s/.mda"
]]):format(s.port, s.user, s.password,
    remove and "no keep" or "keep", dir))
  proc.check(("chmod 600 %s/.conf; FETCHMAILHOME=%s fetchmail -s -f %s/.conf"
    .. " --nodetach --pidfile %s/.pid"):format(dir, dir, dir, dir))
end

-- What a reader left in 'dir', sorted, since only some tell the order.
function M.fetched(dir)
  local t = {}
  for _, name in ipairs(proc.ls(dir)) do
    if name:sub(1, 1) ~= "." then t[#t + 1] = proc.read(dir .. "/" .. name) end
  end
  table.sort(t)
  return t
end

return M
