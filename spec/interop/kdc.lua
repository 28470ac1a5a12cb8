-- A private Kerberos: one realm with its own database, settings, keytabs and ticket
-- caches in a temporary directory, and a KDC on a free port of loopback. The
-- machine's own set-up is neither read nor changed.

local core = require "pop3.core"
local helper = require "spec.helper"
local proc = require "spec.interop.proc"
local socket = require "socket"

local M = {}

local REALM = "LPOP3.TEST"

-- Debian keeps them in /usr/sbin, which is not on everybody's PATH.
local PATH = "PATH=$PATH:/usr/sbin:/sbin "

function M.missing()
  for _, program in ipairs { "krb5kdc", "kdb5_util", "kadmin.local", "kinit" } do
    if not proc.run(PATH .. "command -v " .. program) then return "no " .. program end
  end
  if not core.sasl.features.gssapi then return "no Kerberos in this build" end
end

local SETTINGS = [[
[libdefaults]
  default_realm = $REALM
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  $REALM = {
    kdc = 127.0.0.1:$PORT
  }
[domain_realm]
  localhost = $REALM
  mail.example = $REALM
]]

local KDC = [[
[kdcdefaults]
  kdc_listen = ""
  kdc_tcp_listen = 127.0.0.1:$PORT
[realms]
  $REALM = {
    database_name = $DIR/principals
    key_stash_file = $DIR/stash
    acl_file = $DIR/acl
    max_life = 10h
  }
[logging]
  kdc = FILE:$DIR/kdc.log
  admin_server = FILE:$DIR/kdc.log
]]

local Realm = {}
Realm.__index = Realm

--- Start a realm. `users` is name → password, `services` a list of principals.
function M.start(users, services)
  local dir, port = proc.tmpdir(), proc.free_port()
  local self = setmetatable({ dir = dir }, Realm)
  local values = { DIR = dir, PORT = port, REALM = REALM }
  proc.write(dir .. "/krb5.conf", (SETTINGS:gsub("%$(%u+)", values)))
  proc.write(dir .. "/kdc.conf", (KDC:gsub("%$(%u+)", values)))
  self.env = ("env %sKRB5_CONFIG=%s/krb5.conf KRB5_KDC_PROFILE=%s/kdc.conf "
              .. "KRB5RCACHENAME=none: "):format(PATH, dir, dir)
  self:check("kdb5_util create -s -P master")
  local lines = {}
  for name, password in pairs(users) do
    lines[#lines + 1] = ("addprinc -pw %s %s"):format(password, name)
  end
  for _, name in ipairs(services) do
    lines[#lines + 1] = "addprinc -randkey " .. name
    lines[#lines + 1] = ("ktadd -k %s %s"):format(self:keytab(name), name)
  end
  proc.write(dir .. "/commands", table.concat(lines, "\n") .. "\n")
  proc.check(self.env .. "kadmin.local <" .. dir .. "/commands")
  proc.check("chmod 644 " .. dir .. "/*.keytab")  -- servers drop their privileges
  self.process = proc.start(self.env .. "krb5kdc -n", dir .. "/log")
  assert(helper.await(function()
    local s = socket.connect("127.0.0.1", port)
    if s then s:close() end
    return s
  end), "the KDC does not listen: " .. self.process:log())
  return self
end

--- Run a command with the settings of the realm; its output.
function Realm:check(command, cache)
  return proc.check(("%sKRB5CCNAME=FILE:%s/%s %s"):format(self.env, self.dir,
                                                        cache or "none", command))
end

--- The file with the keys of a service.
function Realm:keytab(name)
  return ("%s/%s.keytab"):format(self.dir, name:gsub("/", "-"))
end

--- Get a ticket for a user, into a cache of that name.
function Realm:ticket(cache, user, password)
  proc.write(self.dir .. "/password", password .. "\n")
  self:check(("kinit %s <%s/password"):format(user, self.dir), cache)
end

--- Make the tickets of a cache look expired: its times are those of yesterday.
function Realm:expire(cache)
  local path = self.dir .. "/" .. cache
  local octets, now, count, at = proc.read(path), os.time(), 0, 1
  while at + 11 <= #octets do
    local auth, start, stop = (">I4I4I4"):unpack(octets, at)
    if math.abs(auth - now) < 3600 and math.abs(start - now) < 3600
       and stop - start > 3600 and stop - start < 86400 then
      octets = octets:sub(1, at - 1)
        .. (">I4I4I4"):pack(auth - 86400, start - 86400, stop - 86400)
        .. octets:sub(at + 12)
      count = count + 1
    end
    at = at + 1
  end
  assert(count > 0, "no times in " .. path)
  proc.write(path, octets)
end

--- Run a program in Lua with the tickets of a cache; its output.
function Realm:run(cache, program)
  local path = self.dir .. "/program.lua"
  proc.write(path, program)
  return self:check("lua5.4 " .. path, cache)
end

function Realm:stop()
  if self.process then self.process:stop() end
  proc.rmdir(self.dir)
end

return M
