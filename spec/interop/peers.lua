-- Servers that we did not write, each a private copy on a free loopback port
-- with its files in a temporary directory. The machine's own set-up is neither
-- read nor changed. spec/deps.sh installs them.

local busted = require "busted"
local core = require "pop3.core"
local proc = require "spec.interop.proc"

local M = {}

M.USER, M.PASSWORD = "mrose", "tanstaaf"

-- Mark the spec as pending, and print the missing program.
function M.skip(what)
  io.stderr:write("interop: SKIPPED, ", what,
    " (spec/deps.sh test installs it)\n")
  busted.pending(what)
end

local Server = {}
Server.__index = Server

function Server:stop()
  self.process:stop()
  if self.dir then proc.rmdir(self.dir) end
  self.dir = nil
end

Server.__close = Server.stop

local function server(process, dir)
  return setmetatable({ process = process, dir = dir, port = process.port },
    Server)
end

-- The directory of a process that could not be started is removed.
function M.serve(cmd, port, dir)
  local ok, process = pcall(proc.serve, cmd, port, dir .. "/log")
  if not ok then
    proc.rmdir(dir)
    error(process, 0)
  end
  return server(process, dir)
end

-- Dovecot --------------------------------------------------------------------

-- Debian keeps it in /usr/sbin, which is not on everybody's PATH.
local function dovecot_program()
  return proc.have "/usr/sbin/dovecot" and "/usr/sbin/dovecot"
end

function M.no_dovecot()
  if not dovecot_program() then return "no Dovecot" end
  if not proc.exists "/usr/lib/dovecot/pop3" then return "no dovecot-pop3d" end
end

local DOVECOT = [[
base_dir = $dir/run
state_dir = $dir/state
log_path = /dev/stderr
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <$dir/cert.pem
ssl_key = <$dir/key.pem
ssl_ca = <$dir/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop $mechanisms
mail_location = maildir:$dir/mail/%n
auth_failure_delay = 0
mail_max_userip_connections = 0
first_valid_uid = 1
mail_fsync = never
pop3_no_flag_updates = yes
$kerberos
$unprivileged
default_client_limit = $sessions
default_process_limit = $sessions
service pop3-login {
  service_count = 0
  process_limit = 1
  inet_listener pop3 {
    port = $port
  }
  inet_listener pop3s {
    port = $tlsport
    ssl = yes
  }
}
service anvil {
  client_limit = 24100
  # else every refused login makes the next ones from this address wait
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  client_limit = 24100
}
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = $dir/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}
$passwords
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/home/%n allow_all_users=yes
}
]]

-- How Dovecot knows passwords: one for all, or a file of hashes.
local STATIC = [[
passdb {
  driver = static
  args = password=$password
}]]

local HASHED = [[
passdb {
  driver = passwd-file
  args = $dir/passwd
}]]

-- GSSAPI, with any key of the keytab.
local KERBEROS = [[
auth_krb5_keytab = $keytab
auth_gssapi_hostname = "$ALL"
import_environment = TZ KRB5_CONFIG=$settings KRB5RCACHENAME=none:]]

-- Dovecot checks tokens itself, with the key of their issuer.
local OAUTH2 = [[
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$dir/keys/
username_attribute = sub
username_format = %n
]]

local OAUTH_KEY = "a key that is at least thirty-two octets"

-- A JSON web token (RFC 7519) for a user, signed by HMAC with SHA-256.
local function json_web_token(user, key)
  local function part(octets)
    return (core.sasl.encode(octets):gsub("[+/=]", { ["+"] = "-", ["/"] = "_",
                                                   ["="] = "" }))
  end
  local now = os.time()
  local text = part '{"alg":"HS256","typ":"JWT"}' .. "."
    .. part(('{"sub":"%s","azp":"spec","iat":%d,"nbf":%d,"exp":%d}'):format(
            user, now - 60, now - 60, now + 600))
  local mac = proc.check(("printf %%s %s | openssl dgst -sha256 -hmac %s -binary"
    .. " | base64 -w0"):format(proc.quote(text), proc.quote(key)))
  return text .. "." .. mac:gsub("[+/=%s]", { ["+"] = "-", ["/"] = "_",
    ["="] = "", ["\n"] = "" })
end

-- Certificates of a CA that is made for the run: the server's, and one of a
-- client that is USER; the OAuth key and settings.
local function credentials(dir)
  local ca, ca_key = core.certificate { subject = "spec CA", is_ca = true }
  local by = { cert = ca, key = ca_key }
  proc.write(dir .. "/ca.pem", ca)
  for name, opts in pairs {
    [""] = { subject = "localhost", ca = by,
             names = { "localhost", "127.0.0.1" } },
    ["client-"] = { subject = M.USER, ca = by, client = true },
  } do
    local cert, key = core.certificate(opts)
    proc.write(("%s/%scert.pem"):format(dir, name), cert)
    proc.write(("%s/%skey.pem"):format(dir, name), key)
  end
  proc.check(("mkdir -p %s/keys/spec/HS256"):format(dir))
  proc.write(dir .. "/keys/spec/HS256/default", core.sasl.encode(OAUTH_KEY))
  proc.write(dir .. "/oauth2.conf", (OAUTH2:gsub("%$dir", dir)))
end

-- Without root all runs as the caller, without chroot.
local UNPRIVILEGED = [[
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
service anvil {
  chroot =
}
service stats {
  chroot =
}
service pop3-login {
  chroot =
}
]]

local function fill(template, values)
  return (template:gsub("%$(%l+)", values))
end

-- A Maildir of 'octets', one file each, in the order of their names.
function M.maildir(path, octets)
  proc.check(("mkdir -p %s/cur %s/new %s/tmp"):format(proc.quote(path),
    proc.quote(path), proc.quote(path)))
  for i, o in ipairs(octets) do
    proc.write(("%s/cur/%d.M%dP1.spec:2,S"):format(path, 1790000000 + i, i), o)
  end
end

-- Dovecot with one Maildir per user name of 'mailboxes' (name -> list of
-- octets); any name gets in with PASSWORD. 'maildir' of the result is the
-- folder above them, 'port' has STLS, 'tlsport' implicit TLS, 'cafile' who to
-- trust, 'cert' and 'key' log USER in by EXTERNAL.
-- With 'hashed', Dovecot stores a hash of USER's password and nothing else: it offers
-- CRAM-MD5 and SCRAM nevertheless, and must refuse them for this user.
-- With 'kerberos' ('keytab', and 'settings', a krb5.conf) it offers GSSAPI.
function M.dovecot(mailboxes, sessions, hashed, kerberos)
  local dir = proc.tmpdir()
  local id = proc.check "id -un; id -gn; id -u; id -g"
  local user, group, uid, gid = id:match "(%S+)\n(%S+)\n(%d+)\n(%d+)"
  local values = {
    dir = dir, port = proc.free_port(), tlsport = proc.free_port(),
    password = M.PASSWORD, user = user,
    group = group, uid = uid, gid = gid, unprivileged = "",
    sessions = sessions or 1000,
    passwords = hashed and HASHED or STATIC,
    mechanisms = "scram-sha-1 scram-sha-256 external oauthbearer xoauth2"
                 .. (kerberos and " gssapi" or ""),
    kerberos = kerberos and fill(KERBEROS, kerberos) or "",
  }
  proc.check(("mkdir %s/mail %s/home %s/run"):format(dir, dir, dir))
  for name, octets in pairs(mailboxes) do
    M.maildir(dir .. "/mail/" .. name, octets)
  end
  if proc.is_root() then
    -- Dovecot never reads mail as root: it is user and group "mail"
    values.uid, values.gid = proc.check "id -u mail":match "%d+",
      proc.check "id -g mail":match "%d+"
    proc.check(("chown -R mail:mail %s/mail %s/home"):format(dir, dir))
  else
    values.unprivileged = fill(UNPRIVILEGED, values)
  end
  credentials(dir)
  if hashed then
    local hash = proc.check("openssl passwd -6 " .. proc.quote(M.PASSWORD))
                 :match "%S+"
    proc.write(dir .. "/passwd", ("%s:{SHA512-CRYPT}%s\n"):format(M.USER, hash))
  end
  proc.write(dir .. "/dovecot.conf", fill(fill(DOVECOT, values), values))
  local s = M.serve(dovecot_program() .. " -F -c " .. dir .. "/dovecot.conf",
    values.port, dir)
  s.maildir = dir .. "/mail"
  s.tlsport, s.cafile = values.tlsport, dir .. "/ca.pem"
  s.cert, s.key = dir .. "/client-cert.pem", dir .. "/client-key.pem"
  return s
end

-- A token that Dovecot accepts for USER, and one with a wrong signature.
function M.token() return json_web_token(M.USER, OAUTH_KEY) end
function M.bad_token() return json_web_token(M.USER, "another key of somebody") end

-- popa3d ---------------------------------------------------------------------

local POPA3D = ".build/peers/popa3d/usr/sbin/popa3d"

function M.no_popa3d()
  if not proc.exists(POPA3D) then return "no popa3d in .build/peers" end
  for _, program in ipairs { "socat", "openssl", "unshare" } do
    if not proc.have(program) then return "no " .. program .. " for popa3d" end
  end
  if not proc.is_root() then return "popa3d needs root" end
  if not proc.run "unshare -m true" then
    return "popa3d needs a mount namespace, which is not allowed here"
  end
end

-- The user names that the servers and the machine must know, and those of the
-- spec, who own what is at dir/mail. 'homes' is what stands before a name.
function M.accounts(dir, users, homes)
  local owners = {}
  local hash = proc.check("openssl passwd -1 " .. proc.quote(M.PASSWORD))
    :match "%S+"
  local passwd = "root:x:0:0:root:/:/bin/sh\n"
    .. "popa3d:x:64001:64001::/nonexistent:/bin/false\n"
  local shadow = "root:*:19000:0:99999:7:::\npopa3d:*:19000:0:99999:7:::\n"
  local group = "root:x:0:\nmail:x:8:\nnogroup:x:65534:\npopa3d:x:64001:\n"
  for i, name in ipairs(users) do
    passwd = passwd .. ("%s:x:%d:8::%s:/bin/sh\n"):format(name, 64100 + i,
      homes and homes .. name or "/nonexistent")
    shadow = shadow .. ("%s:%s:19000:0:99999:7:::\n"):format(name, hash)
    owners[i] = ("chown -R %d:8 %s/mail/%s\n"):format(64100 + i, dir, name)
  end
  proc.check(table.concat(owners))
  proc.write(dir .. "/passwd", passwd)
  proc.write(dir .. "/shadow", shadow)
  proc.write(dir .. "/group", group)
end

-- popa3d only knows system accounts and /var/mail, so it runs in a mount
-- namespace that has its own; its own daemon mode has port 110 built in, so
-- socat listens for it.
local NAMESPACE = [[
mount --make-rprivate / &&
mount --bind "$1/passwd" /etc/passwd &&
mount --bind "$1/shadow" /etc/shadow &&
mount --bind "$1/group" /etc/group &&
mount --bind "$1/mail" /var/mail &&
mkdir -p "$1/empty" && { [ -d /var/lib/popa3d ] || mount -t tmpfs none /var/lib; } &&
mkdir -p /var/lib/popa3d &&
exec socat "TCP-LISTEN:$2,bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=1024" \
  "EXEC:$3,nofork"
]]

-- An mbox of 'octets' as a careful delivery agent writes it.
local function mbox(octets)
  local t = {}
  for i, o in ipairs(octets) do
    t[i] = "From a@example.org Mon Nov 16 08:00:00 2026\n" .. o
      .. (o:sub(-1) == "\n" and "\n" or "\n\n")
  end
  return table.concat(t)
end

-- popa3d with one mbox per name of 'mailboxes' (name -> list of octets).
-- 'mail' of the result is the folder they are in.
function M.popa3d(mailboxes)
  local dir, users = proc.tmpdir(), {}
  proc.check(("mkdir %s/mail && chmod 1777 %s/mail"):format(dir, dir))
  for name, octets in pairs(mailboxes) do
    users[#users + 1] = name
    proc.write(dir .. "/mail/" .. name, mbox(octets))
  end
  proc.check(("chmod 660 %s/mail/*"):format(dir))
  table.sort(users)
  M.accounts(dir, users)
  local port = proc.free_port()
  local program = proc.check("readlink -f " .. POPA3D):match "[^\n]+"
  local s = M.serve(proc.words { "unshare", "-m", "sh", "-c", NAMESPACE, "sh",
    dir, port, program }, port, dir)
  s.mail = dir .. "/mail"
  return s
end

return M
