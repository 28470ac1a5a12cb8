-- TLS beside OpenSSL's own tools: a directory of CAs, and s_client.

local peers = require "spec.interop.peers"
local pop3 = require "pop3"
local proc = require "spec.interop.proc"

local USERS = { [peers.USER] = { password = peers.PASSWORD,
                                 mail = { "A: b\r\n\r\nhi\r\n" } } }

describe("TLS", function()
  if not proc.have "openssl" then return peers.skip "no openssl" end

  it("takes its CAs from a directory too", function()
    local server = pop3.server.new { tls = "auto", users = USERS }
    local run <close> = server:fork()
    proc.in_tmpdir(function(dir)
      local function connect()
        return pop3.connect { host = "localhost", port = run.port, tls = "stls",
          capath = dir, user = peers.USER, password = peers.PASSWORD }
      end
      local s, message, code = connect()
      assert.is_nil(s)
      assert.equal("tls", code, message)
      proc.check(("cp %s %s/ca.pem && openssl rehash %s"):format(run.cafile,
        dir, dir))
      local t <close> = assert(connect())
      assert.is_true(t:is_secure())
      assert.is_true(t:quit())
    end)
  end)

  for _, version in ipairs { "tls1_2", "tls1_3" } do
    for _, way in ipairs { "stls", "implicit" } do
      it("is spoken with openssl s_client: " .. version .. ", " .. way,
         function()
        local server = pop3.server.new { tls = "auto", users = USERS,
                                         implicit = way == "implicit" }
        local run <close> = server:fork()
        local output = proc.check(("printf 'CAPA\\r\\nQUIT\\r\\n' | openssl "
          .. "s_client -quiet -ign_eof -verify_return_error -verify_hostname "
          .. "localhost -CAfile %s -%s %s -connect 127.0.0.1:%d"):format(
          run.cafile, version, way == "stls" and "-starttls pop3" or "",
          run.port))
        assert.truthy(output:find("IMPLEMENTATION lpop3", 1, true), output)
        assert.truthy(output:find("+OK goodbye", 1, true), output)
        assert.equal(1, run:count "QUIT")
      end)
    end
  end
end)
