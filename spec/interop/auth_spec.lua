-- Logging in, by every mechanism that we and a peer both have: our client to
-- Dovecot, mpop and curl to our server. A wrong password is refused.

local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

-- Mechanisms that are still to be built: their examples wait, in plain sight.
local LATER = { ["SCRAM-SHA-256"] = true, ["SCRAM-SHA-1"] = true,
  ["CRAM-MD5"] = true, PLAIN = true, LOGIN = true }

local MECHANISMS = { "USER", "APOP", "PLAIN", "LOGIN", "CRAM-MD5",
  "SCRAM-SHA-1", "SCRAM-SHA-256" }

local MAIL = { "Subject: one\r\n\r\nhello\r\n" }

-- One example per mechanism but those in the set 'without'.
local function each(without, run)
  for _, mechanism in ipairs(MECHANISMS) do
    if LATER[mechanism] and not without[mechanism] then
      pending(mechanism .. ": not built yet")
    elseif not without[mechanism] then
      it("logs in with " .. mechanism, function() run(mechanism) end)
    end
  end
end

describe("our client logging in to Dovecot", function()
  local missing = peers.no_dovecot()
  if missing then return peers.skip(missing) end

  local pop3 = require "pop3"
  local dovecot
  lazy_setup(function()
    dovecot = peers.dovecot { [peers.USER] = MAIL }
  end)
  lazy_teardown(function()
    if dovecot then dovecot:stop() end
  end)

  each({}, function(mechanism)
    local function connect()
      return assert(pop3.connect { host = "127.0.0.1", port = dovecot.port,
        tls = "none", mechs = { mechanism }, timeout = 20 })
    end
    local s <close> = connect()
    local ok, used = assert(s:login(peers.USER, peers.PASSWORD))
    assert.is_true(ok)
    assert.equal(mechanism, used)
    assert.equal(1, (s:stat()))
    assert.is_true(s:quit())

    local refused <close> = connect()
    local no, _, code, reply = refused:login(peers.USER, "wrong")
    assert.is_nil(no)
    assert.equal("auth", code)
    assert.equal("AUTH", reply.code)
  end)
end)

-- Each fetches message 1 to its standard output.
local CLIENTS = {}

function CLIENTS.mpop(dir, port, password, mechanism)
  proc.write(dir .. "/.conf", ([[
account a
host 127.0.0.1
port %d
auth %s
user %s
password %s
tls off
timeout 20
received_header off
keep on
only_new off
delivery mda "cat"
uidls_file %s/uidls
]]):format(port, mechanism:lower(), peers.USER, password, dir))
  return proc.run(("chmod 600 %s/.conf; mpop -q -C %s/.conf a"):format(dir,
    dir))
end

function CLIENTS.curl(_, port, password, mechanism)
  local name = mechanism == "APOP" and "+APOP" or mechanism
  return proc.run(proc.words { "curl", "-q", "-sS", "--noproxy", "*",
    "--max-time", 20, "--user", peers.USER .. ":" .. password,
    "--login-options", "AUTH=" .. name,
    ("pop3://127.0.0.1:%d/1"):format(port) })
end

-- Debian's curl has no SCRAM and no name for USER and PASS.
local CANNOT = {
  curl = { USER = true, ["SCRAM-SHA-1"] = true, ["SCRAM-SHA-256"] = true },
  mpop = {},
}

for _, name in ipairs { "curl", "mpop" } do
  describe(name .. " logging in to our server", function()
    if not proc.have(name) then return peers.skip("no " .. name) end

    each(CANNOT[name], function(mechanism)
      local pop3 = require "pop3"
      local server = pop3.server.new { apop = true,
        users = { [peers.USER] = { password = peers.PASSWORD, mail = MAIL } } }
      local run <close> = server:fork()
      local function fetch(password)
        return proc.in_tmpdir(function(dir)
          return CLIENTS[name](dir, run.port, password, mechanism)
        end)
      end
      local ok, output = fetch(peers.PASSWORD)
      assert(ok, output)
      local bad = fetch "wrong"
      assert.truthy(output:find("hello", 1, true), output)
      assert.is_nil(bad)
      local log = tostring(run:transcript())
      assert.is_nil(log:find(peers.PASSWORD, 1, true))
    end)
  end)
end
