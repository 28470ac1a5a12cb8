-- Starts Courier, for the interop specs; peers.lua starts the other servers.

local core = require "pop3.core"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local M = {}

local COURIER = ".build/peers/courier-pop/usr/lib/courier/courier"

function M.missing()
  if not proc.exists(COURIER .. "/courierpop3d") then
    return "no courier-pop in .build/peers"
  end
  for _, program in ipairs { "/usr/sbin/couriertcpd", "/usr/bin/couriertls",
                             "/usr/lib/courier/courier-authlib/authdaemond",
                             "openssl", "unshare" } do
    if not proc.have(program) then return "no " .. program .. " for Courier" end
  end
  if not proc.is_root() then return "Courier needs root" end
  if not proc.run "unshare -m true" then
    return "Courier needs a mount namespace, which is not allowed here"
  end
end

-- Courier only knows system accounts, by PAM and its own daemon, whose socket
-- is at a place that is built in: all of it runs in a separate mount namespace.
local COURIER_NAMESPACE = [[
mount --make-rprivate / &&
mount --bind "$1/passwd" /etc/passwd &&
mount --bind "$1/shadow" /etc/shadow &&
mount --bind "$1/group" /etc/group &&
mkdir -p /run/courier && mount -t tmpfs none /run/courier &&
mkdir /run/courier/authdaemon &&
{ /usr/lib/courier/courier-authlib/authdaemond & } &&
while [ ! -S /run/courier/authdaemon/socket ]; do
  kill -0 $! && sleep 0.02 || exit 1
done &&
exec env MAILDIRPATH=Maildir POP3AUTH="PLAIN LOGIN" \
  POP3AUTH_ORIG="PLAIN LOGIN" POP3AUTH_TLS="PLAIN LOGIN" POP3_STARTTLS=YES \
  COURIERTLS=/usr/bin/couriertls TLS_CERTFILE="$1/pem" TLS_VERIFYPEER=NONE \
  POP3_TLS_REQUIRED=0 \
  couriertcpd -address=127.0.0.1 -maxprocs=1000 -maxperip=1000 \
  -nodnslookup -noidentlookup "$2" "$3/courierpop3login" "$3/courierpop3d" \
  Maildir
]]

-- Courier with one Maildir per name of 'mailboxes' (name -> list of octets).
-- 'port' has STLS, 'cafile' is who to trust; the Maildir of a user is 'mail',
-- its name, "/Maildir".
function M.start(mailboxes)
  local dir, users = proc.tmpdir(), {}
  for name, octets in pairs(mailboxes) do
    users[#users + 1] = name
    peers.maildir(("%s/mail/%s/Maildir"):format(dir, name), octets)
  end
  table.sort(users)
  peers.accounts(dir, users, dir .. "/mail/")
  proc.check(("grep ^courier: /etc/passwd >>%s/passwd && "
    .. "grep ^courier: /etc/group >>%s/group"):format(dir, dir))
  local ca, ca_key = core.certificate { subject = "spec CA", is_ca = true }
  local cert, key = core.certificate { subject = "localhost",
    ca = { cert = ca, key = ca_key }, names = { "localhost", "127.0.0.1" } }
  proc.write(dir .. "/ca.pem", ca)
  proc.write(dir .. "/pem", cert .. key)
  local port = proc.free_port()
  local programs = proc.check("readlink -f " .. COURIER):match "[^\n]+"
  local s = peers.serve(proc.words { "unshare", "-m", "sh", "-c", COURIER_NAMESPACE,
    "sh", dir, port, programs }, port, dir)
  s.mail, s.cafile = dir .. "/mail", dir .. "/ca.pem"
  return s
end

return M
