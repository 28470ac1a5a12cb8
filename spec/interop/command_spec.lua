-- `pop3 list`, `get` and `login` with Dovecot.

local fetch_command = require "spec.support.fetch_command"
local peers = require "spec.interop.peers"

local MAIL = { "Subject: one\n\nhello\n", "Subject: two\n\n.dot\n" }

describe("the client on the command line, with Dovecot", function()
  local missing = peers.no_dovecot()
  if missing then return peers.skip(missing) end

  local dovecot, place

  lazy_setup(function()
    dovecot = peers.dovecot { [peers.USER] = MAIL }
    place = fetch_command.place { POP3_PASSWORD = peers.PASSWORD }
  end)
  lazy_teardown(function()
    if dovecot then dovecot:stop() end
    if place then getmetatable(place).__close(place) end
  end)

  local function run(name, scheme, ...)
    local port = math.tointeger(scheme == "pops" and dovecot.tlsport or dovecot.port)
    local url = ("%s://%s@localhost:%d"):format(scheme, peers.USER, port)
    return place.main(name, url, "--cafile", dovecot.cafile, ...)
  end

  it("lists, gets, and logs in, with TLS at once and by STLS", function()
    for _, scheme in ipairs { "pops", "pop" } do
      local status, out, err = run("list", scheme, "-H")
      assert.same({ 0, "" }, { status, err })
      assert.match("^1  +%d+ .* one\n2  +%d+ .* two\n$", out)
      local uid = select(2, run("list", scheme)):match "\n2 +%d+ +(%S+)\n"
      assert.same({ 0, "Subject: two\r\n\r\n.dot\r\n", "" },
                  { run("get", scheme, "--uid", uid) })
      status, out, err = run("login", scheme)
      assert.same({ 0, "" }, { status, err })
      assert.match("\nTLS +TLSv1", out)
      assert.match("\nmailbox +2 messages, ", out)
      assert.match("%(used%)\n", out)
    end
  end)

  it("names the failure", function()
    place.env.POP3_PASSWORD = "wrong"
    local status, _, err = run("login", "pops")
    place.env.POP3_PASSWORD = peers.PASSWORD
    assert.equal(3, status)
    assert.match("%[AUTH%].*\n%- The server does not accept this user", err)
    local url = ("pop://%s@localhost:%d"):format(peers.USER, dovecot.tlsport)
    status, _, err = place.main("login", url, "--timeout", "1")
    assert.equal(3, status)
    assert.match("speaks TLS at once on this port: use pops://localhost:", err)
    url = ("pops://%s@localhost:%d"):format(peers.USER, dovecot.port)
    status, _, err = place.main("login", url)
    assert.equal(3, status)
    assert.match("has STLS: use pop://localhost:", err)
  end)
end)
