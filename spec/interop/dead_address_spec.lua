-- A host with two addresses, of which the first swallows packets, in a network
-- namespace: an interface with a neighbour that does not exist. The client must
-- connect to the second address before the time-out of the first one.

local proc = require "spec.interop.proc"
local peers = require "spec.interop.peers"

-- The interface: packets to 2001:db8::9 and 192.0.2.9 go to a MAC
-- address that no machine has. The names are in a hosts file of this namespace.
local SETUP = [[
set -e
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
ip link add dead0 type veth peer name dead1
ip link set dead0 up
ip link set dead1 up
ip -6 addr add 2001:db8::1/64 dev dead0 nodad
ip addr add 192.0.2.1/24 dev dead0
ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev dead0 nud permanent
ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev dead0 nud permanent
mount --bind "$1/hosts" /etc/hosts
shift
exec "$@"
]]

local HOSTS = [[
127.0.0.1 localhost
2001:db8::9 both.example
127.0.0.1 both.example
192.0.2.9 dead4.example
2001:db8::9 dead6.example
]]

-- Runs in the namespace, since making one takes long. It prints for each case its
-- name, and the code of a failure or the address that it is connected to.
local CLIENT = [=[
local pop3 = require "pop3"
local core = require "pop3.core"
local run <close> = pop3.server.new { users = {
  mrose = { password = "secret", mail = { "A: b\r\n" } } } }:fork()
local function resolve(...)
  local list = { ... }
  return function() return list end
end
local dead4, dead6 = { family = "inet", addr = "192.0.2.9" },
                     { family = "inet6", addr = "2001:db8::9" }
local live = { family = "inet", addr = "127.0.0.1" }
local cases = {
  dead4 = { host = "dead4.example", timeout = 1 },
  dead6 = { host = "dead6.example", timeout = 1 },
  resolver = { host = "both.example" },
  hook = { host = "both.example", wait = function(...) return core.poll(...) end },
  ["resolve, IPv6 first"] = { host = "x.example", resolve = resolve(dead6, live) },
  ["resolve, IPv4 first"] = { host = "x.example", resolve = resolve(dead4, live) },
  ["resolve, two dead"] = { host = "x.example",
                            resolve = resolve(dead6, dead4, live) },
  family = { host = "both.example", family = "ipv4" },
  ["family, dead"] = { host = "both.example", family = "ipv6", timeout = 1 },
}
local function try(opts)
  opts.port, opts.tls, opts.user, opts.password = run.port, "none", "mrose", "secret"
  opts.timeout = opts.timeout or 3000
  local s <close>, message, code = pop3.connect(opts)
  if not s then return code .. " " .. message end
  assert(s:stat() == 1)
  local _, host = s.link.io.fd:peer()
  assert(s:quit())
  return host
end
for name, opts in pairs(cases) do
  io.write(name, ": ", try(opts), "\n")
  io.flush()
end
]=]

-- The command that makes a namespace, or nil.
local function namespace()
  for _, words in ipairs { "unshare -n -m", "unshare -r -n -m" } do
    if proc.run(words .. " sh -c 'PATH=$PATH:/usr/sbin ip link add dead0 type veth peer"
                .. " name dead1 && mount --bind /etc/hosts /etc/hosts'") then
      return words
    end
  end
end

describe("a name with a dead address", function()
  if not proc.run "PATH=$PATH:/usr/sbin ip -V" then
    return peers.skip "no iproute2"
  end
  local unshare = namespace()
  if not unshare then
    return peers.skip "no permission for a network namespace"
  end

  local out
  lazy_setup(function()
    proc.in_tmpdir(function(dir)
      proc.write(dir .. "/setup", SETUP)
      proc.write(dir .. "/hosts", HOSTS)
      proc.write(dir .. "/client.lua", CLIENT)
      local _, text = proc.run(unshare .. " " .. proc.words { "sh", dir .. "/setup", dir,
        "timeout", "300", "lua5.4", dir .. "/client.lua" })
      out = "\n" .. text
    end)
  end)

  for _, case in ipairs { "dead4", "dead6", "family, dead" } do
    it("is not reached by that address alone: " .. case, function()
      assert.truthy(out:find("\n" .. case .. ": timeout ", 1, true), out)
    end)
  end

  -- The program is ended after 300 seconds; its time-out is 3000.
  for _, case in ipairs { "resolver", "hook", "resolve, IPv6 first",
                          "resolve, IPv4 first", "resolve, two dead", "family" } do
    it("is reached by the other one: " .. case, function()
      assert.truthy(out:find("\n" .. case .. ": 127.0.0.1\n", 1, true), out)
    end)
  end
end)
