-- A build without libidn and Kerberos passes the specs of both, and names the missing
-- library.

local folder

local function run(command)
  local pipe = assert(io.popen(("LUA_CPATH='%s/?.so;;' %s 2>&1"):format(folder,
                                                                       command)))
  local text = pipe:read "a"
  return pipe:close(), text
end

describe("a build without libidn and Kerberos", function()
  lazy_setup(function()
    local make <close> = assert(io.popen "make -s bare")
    folder = make:read "l"
  end)

  it("says so", function()
    local _, text = run [[lua5.4 -e 'local f = require "pop3.core".sasl.features
      print(f.saslprep, f.gssapi)']]
    assert.equal("subset\tfalse\n", text)
  end)

  for _, name in ipairs { "saslprep", "login", "server_gssapi", "facts" } do
    it("passes the spec " .. name, function()
      local ok, text = run("busted --lua=lua5.4 --pattern=_spec -o plainTerminal "
                           .. "spec/unit/" .. name .. "_spec.lua")
      assert.is_true(ok, text)
      assert.is_truthy(text:find "%d+ successes / 0 failures / 0 errors", text)
    end)
  end

  it("fails by GSSAPI with the reason, and goes on", function()
    local _, text = run [[lua5.4 -e 'local pop3 = require "pop3"
      local s = pop3.server.new { mechs = { "GSSAPI", "PLAIN" },
        users = { ann = { password = "x" } } }
      local run <close> = s:fork()
      local function try(...)
        print(pop3.connect { host = "127.0.0.1", port = run.port, tls = "none",
                             user = "ann", password = "x", mechs = { ... } })
      end
      try "GSSAPI"
      try("GSSAPI", "PLAIN")
      print(pop3.server.new { keytab = "/x" })']]
    assert.is_truthy(text:find("login: 127.0.0.1:%d+: GSSAPI: this build has "
                               .. "no Kerberos library\tauth\t", 1), text)
    assert.is_truthy(text:find "pop3.session", text)
    assert.is_truthy(text:find("nil\tserver: keytab: this build has no Kerberos "
                               .. "library\tauth\n", 1, true), text)
  end)
end)
