-- The maildrop that a principal of Kerberos opens, and who decides it.
-- spec/interop/gssapi_spec.lua tests real tickets: here the GSSAPI machine is replaced.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"

-- A machine of GSSAPI that is convinced of one principal at once.
local function machine(principal, realm, authzid)
  return setmetatable({
    step = function() return "proof", principal, authzid end,
    realm = function() return realm end,
    secret = function() return nil end,
    check = function() return true end,
    accept = function() return nil end,
    reject = function() return nil end,
  }, { __close = function() end })
end

-- The reply to AUTH GSSAPI, and the user of the session.
local function login(opts, principal, realm, authzid)
  local original = core.sasl.server
  finally(function() core.sasl.server = original end)
  core.sasl.server = function(o)
    assert(o.mech == "GSSAPI")
    return machine(principal, realm, authzid)
  end
  opts.mechs = { "GSSAPI" }
  opts.users = opts.users or { mrose = { mail = { "A: b\r\n" } }, ann = {} }
  local user
  opts.on = { STAT = function(session)
    user = session.user
    return session:ok "0 0"
  end }
  local s = assert(pop3.server.new(opts))
  local link = s:loopback()
  assert(link:receive(1000):find "^%+OK")
  link:send "AUTH GSSAPI eA==\r\nSTAT\r\n"
  local reply = link:receive(1000)
  core.sasl.server = original
  assert.equal(user and "+OK" or "-ERR", reply:match "^%S+")
  return user
end

describe("the principal of a ticket", function()
  it("opens the maildrop of its name in the server's realm", function()
    assert.equal("mrose", login({}, "mrose@HERE", "HERE"))
    assert.equal("mrose", login({}, "mrose@HERE", "HERE", "mrose"))
    assert.equal("mrose", login({}, "mrose@HERE", "HERE", "mrose@HERE"))
  end)

  it("of another realm opens only that of the whole principal", function()
    assert.is_nil(login({}, "mrose@THERE", "HERE"))
    assert.is_nil(login({}, "mrose@HERE.ORG", "HERE"))
    assert.is_nil(login({}, "mrose@HERE@THERE", "HERE"))
    local users = { mrose = {}, ["mrose@THERE"] = {} }
    assert.equal("mrose@THERE", login({ users = users }, "mrose@THERE", "HERE"))
    assert.equal("mrose", login({ users = users }, "mrose@HERE", "HERE"))
    users["mrose@HERE"] = {}
    assert.equal("mrose@HERE", login({ users = users }, "mrose@HERE", "HERE"))
  end)

  it("with an instance is another user", function()
    assert.is_nil(login({}, "mrose/admin@HERE", "HERE"))
    assert.is_nil(login({}, "nobody@HERE", "HERE"))
  end)

  it("cannot act for another user", function()
    assert.is_nil(login({}, "mrose@HERE", "HERE", "ann"))
    assert.is_nil(login({}, "mrose@HERE", "HERE", "ann@HERE"))
    assert.is_nil(login({}, "mrose@HERE", "HERE", "mrose@THERE"))
  end)

  it("is an argument of authenticate", function()
    local seen
    local opts = { authenticate = function(session, mech, user, check)
      seen = { mech, user, session.authzid, check "anything" }
      return user == "mrose@HERE"
    end }
    assert.equal("mrose", login(opts, "mrose@HERE", "HERE", "ann"))
    assert.same({ "GSSAPI", "mrose@HERE", "ann", true }, seen)
    assert.is_nil(login(opts, "mrose@THERE", "HERE"))
    assert.equal("mrose@THERE", seen[2])
  end)
end)

describe("the option keytab", function()
  it("must be a file with keys", function()
    local message = helper.fails(core.sasl.features.gssapi and "io" or "auth",
                                 pop3.server.new { keytab = "/nonexistent/keytab" })
    assert.is_truthy(message:find("^server: keytab: "), message)
    if core.sasl.features.gssapi then
      helper.fails("io", pop3.server.new { keytab = "Makefile" })
      helper.fails("io", pop3.server.new { keytab = "a\0b" })
      helper.fails("io", pop3.server.new { keytab = ("x"):rep(5000) })
    end
    helper.misuse("keytab", function() pop3.server.new { keytab = 1 } end)
  end)
end)

describe("a client of GSSAPI", function()
  local function connect(opts)
    local s = assert(pop3.server.new { mechs = { "PLAIN" } })
    opts.transport, opts.tls = s:loopback(), "none"
    return pop3.connect(opts)
  end

  it("needs no user", function()
    local message = helper.fails("auth", connect { mechs = { "gssapi" } })
    assert.is_truthy(message:find("GSSAPI: not offered", 1, true), message)
    helper.fails("auth", connect { mechs = { "GSSAPI" }, user = "" })
    local c <close> = assert(connect {})
    helper.fails("auth", c:login(nil, nil, { mechs = { "GSSAPI" } }))
    helper.misuse("the user", function() c:login(nil, nil, { mechs = { "PLAIN" } }) end)
    helper.misuse("the user", function()
      c:login(nil, nil, { mechs = { "GSSAPI", "PLAIN" } })
    end)
  end)

  it("needs the name of a host", function()
    local s = assert(pop3.server.new { mechs = { "GSSAPI" } })
    local message = helper.fails("auth", pop3.connect { transport = s:loopback(),
      tls = "none", mechs = { "GSSAPI" } })
    assert.is_truthy(message:find("the name of the host is needed", 1, true)
                     or message:find("no Kerberos library", 1, true), message)
    assert.equal(0, s:count "AUTH")
  end)

  it("is never one by default", function()
    local s = assert(pop3.server.new { mechs = { "GSSAPI" },
                                       users = { mrose = { password = "secret" } } })
    local c <close> = assert(pop3.connect { transport = s:loopback(), tls = "none" })
    local ok, mech = c:login("mrose", "secret")
    assert.equal(true, ok)
    assert.equal("USER", mech)
    assert.equal(0, s:count "AUTH")
  end)
end)
