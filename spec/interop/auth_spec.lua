-- Logging in by every mechanism that we and a peer have, over a link without TLS,
-- STLS and implicit TLS: our client to Dovecot, and curl, mpop and poplib to our
-- server. A wrong secret is refused, and so is a certificate of an unknown CA.

local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local MAIL = { "Subject: one\r\n\r\nhello\r\n" }
local TOKEN = "tok.en-of_mrose"

local token = { OAUTHBEARER = true, XOAUTH2 = true }

-- The kinds of link to try a mechanism on (a sample: one of them).
local function links(mechanism)
  local list = { "none", "stls", "implicit" }
  if mechanism == "EXTERNAL" then table.remove(list, 1) end
  return helper.some(list, 1)
end

describe("our client and Dovecot with hashed passwords", function()
  local missing = peers.no_dovecot()
  if missing then return peers.skip(missing) end

  local pop3 = require "pop3"
  local dovecot
  lazy_setup(function()
    dovecot = peers.dovecot({ [peers.USER] = MAIL }, nil, true)
  end)
  lazy_teardown(function()
    if dovecot then dovecot:stop() end
  end)

  local function connect(tls, password)
    local s = assert(pop3.connect {
      host = "127.0.0.1", tls = tls, timeout = helper.PATIENCE,
      port = tls == "implicit" and dovecot.tlsport or dovecot.port,
      cafile = dovecot.cafile })
    local ok, how, code, reply = s:login(peers.USER, password)
    if ok then assert.equal(1, (s:stat())) end
    s:close()
    return ok, how, code, reply
  end

  for _, tls in ipairs { "none", "stls", "implicit" } do
    it("log in though CRAM-MD5 is offered and refused: " .. tls, function()
      assert.same({ true, "PLAIN" }, { connect(tls, peers.PASSWORD) })
      local ok, message, code, reply = connect(tls, "wrong")
      assert.is_nil(ok)
      assert.equal("auth", code, message)
      assert.equal("AUTH", reply.code)
    end)
  end

  it("keep a password from an open connection to a foreign host", function()
    local socket = assert(require "socket".connect("127.0.0.1", dovecot.port))
    -- not a loopback, as far as the client can see
    local stream = setmetatable({ loopback = false }, { __index = {
      settimeout = function(_, seconds) socket:settimeout(seconds) end,
      send = function(_, octets) return socket:send(octets) end,
      receive = function() return socket:receive(1) end,
      close = function() socket:close() end } })
    local s = assert(pop3.connect { transport = stream, insecure = true,
                                    timeout = helper.PATIENCE })
    local ok, _, code = s:login(peers.USER, peers.PASSWORD)
    assert.is_nil(ok)
    assert.equal("auth", code)
    s:close()
  end)
end)

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

  local function connect(tls, mechanism, more)
    local opts = { host = "127.0.0.1", tls = tls, timeout = helper.PATIENCE,
      port = tls == "implicit" and dovecot.tlsport or dovecot.port,
      cafile = dovecot.cafile, mechs = mechanism and { mechanism } }
    if mechanism == "EXTERNAL" then
      opts.cert, opts.key = dovecot.cert, dovecot.key
    end
    for name, value in pairs(more or {}) do opts[name] = value end
    return pop3.connect(opts)
  end

  local function login(s, mechanism, good)
    if mechanism == "EXTERNAL" then return s:login(peers.USER) end
    if not token[mechanism] then
      return s:login(peers.USER, good and peers.PASSWORD or "wrong")
    end
    return s:login(peers.USER, nil, {
      token = good and peers.token or peers.bad_token })
  end

  for _, mechanism in ipairs { "USER", "APOP", "PLAIN", "LOGIN", "CRAM-MD5",
                               "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER",
                               "XOAUTH2", "EXTERNAL" } do
    for _, tls in ipairs(links(mechanism)) do
      it(("with %s, TLS %s"):format(mechanism, tls), function()
        local s <close> = assert(connect(tls, mechanism))
        assert.equal(tls ~= "none", s:is_secure())
        local ok, used = assert(login(s, mechanism, true))
        assert.is_true(ok)
        assert.equal(mechanism, used)
        assert.equal(1, (s:stat()))
        assert.equal(MAIL[1], s:retr(1))
        assert.is_true(s:quit())
      end)
    end
  end

  for _, mechanism in ipairs { "USER", "APOP", "PLAIN", "CRAM-MD5",
                               "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2" } do
    it("is refused with a wrong secret by " .. mechanism, function()
      local s <close> = assert(connect("stls", mechanism))
      local no, message, code, reply = login(s, mechanism, false)
      assert.is_nil(no)
      assert.equal("auth", code, message)
      assert.equal("AUTH", reply.code)
    end)
  end

  it("takes the strongest by default", function()
    for _, tls in ipairs { "none", "stls", "implicit" } do
      local s <close> = assert(connect(tls, nil))
      assert.same({ true, "SCRAM-SHA-256" },
                  { s:login(peers.USER, peers.PASSWORD) })
    end
  end)

  it("refuses a certificate of a CA that it does not know", function()
    local other = pop3.server.new { tls = "auto" }
    for _, tls in ipairs { "stls", "implicit" } do
      local s, message, code = connect(tls, nil, { cafile = other.cafile,
        user = peers.USER, password = peers.PASSWORD })
      assert.is_nil(s)
      assert.equal("tls", code, message)
    end
  end)
end)

-- Each fetches message 1 to its standard output: how = { port =, mechanism =,
-- password =, token =, tls = "none" | "stls" | "implicit", cafile =, cert =,
-- key = }.
local CLIENTS = {}

function CLIENTS.mpop(dir, how)
  local conf = { "account a", "host 127.0.0.1", "port " .. how.port,
    "auth " .. how.mechanism:lower(), "user " .. peers.USER,
    "password " .. (token[how.mechanism] and how.token or how.password),
    "timeout " .. helper.PATIENCE, "received_header off", "keep on", "only_new off",
    'delivery mda "cat"', "uidls_file " .. dir .. "/uidls" }
  local function add(line) conf[#conf + 1] = line end
  add("tls " .. (how.tls == "none" and "off" or "on"))
  if how.tls ~= "none" then
    add("tls_starttls " .. (how.tls == "stls" and "on" or "off"))
    add("tls_trust_file " .. how.cafile)
  end
  if how.cert then
    add("tls_cert_file " .. how.cert)
    add("tls_key_file " .. how.key)
  end
  proc.write(dir .. "/.conf", table.concat(conf, "\n") .. "\n")
  return proc.run(("chmod 600 %s/.conf; mpop -q -C %s/.conf a"):format(dir,
    dir))
end

function CLIENTS.curl(_, how)
  local name = how.mechanism == "APOP" and "+APOP" or how.mechanism
  local words = { "curl", "-q", "-sS", "--noproxy", "*", "--max-time",
    helper.PATIENCE,
    "--login-options", "AUTH=" .. name, "--user",
    peers.USER .. ":" .. (how.mechanism == "EXTERNAL" and "" or how.password) }
  local function add(...)
    for _, word in ipairs { ... } do words[#words + 1] = word end
  end
  if token[how.mechanism] then add("--oauth2-bearer", how.token) end
  if how.tls ~= "none" then add("--cacert", how.cafile) end
  if how.tls == "stls" then add "--ssl-reqd" end
  if how.cert then add("--cert", how.cert, "--key", how.key) end
  add(("%s://127.0.0.1:%d/1"):format(how.tls == "implicit" and "pop3s"
                                     or "pop3", how.port))
  return proc.run(proc.words(words))
end

local POPLIB = [[
import poplib, ssl, sys
mechanism, port, tls, cafile, user, password = sys.argv[1:]
context = ssl.create_default_context(cafile=cafile) if tls != "none" else None
if tls == "implicit":
    s = poplib.POP3_SSL("127.0.0.1", int(port), context=context, timeout=300)
else:
    s = poplib.POP3("127.0.0.1", int(port), timeout=300)
    if tls == "stls":
        s.stls(context=context)
if mechanism == "APOP":
    s.apop(user, password)
else:
    s.user(user)
    s.pass_(password)
print(b"\n".join(s.retr(1)[1]).decode())
s.quit()
]]

function CLIENTS.poplib(_, how)
  return proc.run(proc.words { "python3", "-c", POPLIB, how.mechanism, how.port,
    how.tls, how.cafile or "", peers.USER, how.password })
end

local CAN = {
  curl = { "APOP", "PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2",
           "EXTERNAL" },
  mpop = { "USER", "APOP", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
           "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "EXTERNAL" },
  poplib = { "USER", "APOP" },
}
local PROGRAM = { curl = "curl", mpop = "mpop", poplib = "python3" }

-- mpop calls the OAuth mechanisms by these names only, and knows none that
-- shows a password on an open link but to be told so.
local function offered(mechanism)
  if mechanism == "USER" or mechanism == "APOP" then return {} end
  return { mechanism }
end

for _, name in ipairs { "curl", "mpop", "poplib" } do
  describe(name .. " logging in to our server", function()
    if not proc.have(PROGRAM[name]) then return peers.skip("no " .. name) end
    local pop3 = require "pop3"

    local function server(tls, mechanism, more)
      local opts = { apop = mechanism == "APOP", mechs = offered(mechanism),
        implicit = tls == "implicit",
        tls = tls ~= "none" and { auto = true, client_cert = "optional" }
              or nil,
        users = { [peers.USER] = { password = peers.PASSWORD, token = TOKEN,
                                   mail = MAIL } } }
      for key, value in pairs(more or {}) do opts[key] = value end
      return assert(pop3.server.new(opts))
    end

    local function fetch(run, how)
      how.port = run.port
      how.cafile = how.cafile or run.cafile
      return proc.in_tmpdir(function(dir) return CLIENTS[name](dir, how) end)
    end

    for _, mechanism in ipairs(helper.some(CAN[name], 4)) do
      for _, tls in ipairs(links(mechanism)) do
        it(("with %s, TLS %s"):format(mechanism, tls), function()
          local s = server(tls, mechanism)
          local how = { tls = tls, mechanism = mechanism, token = TOKEN,
                        password = peers.PASSWORD }
          if mechanism == "EXTERNAL" then
            how.cert, how.key = s:client_certificate(peers.USER)
          end
          local run <close> = s:fork()
          local ok, output = fetch(run, how)
          local log = tostring(run:transcript())
          assert(ok, output .. "\n" .. log)
          assert.truthy(output:find("hello", 1, true), output)
          assert.is_nil(log:find(peers.PASSWORD, 1, true))
          assert.is_nil(log:find(TOKEN, 1, true))
          if mechanism ~= "USER" and mechanism ~= "APOP" then
            assert.truthy(log:find("AUTH " .. mechanism, 1, true), log)
          end
        end)
      end
    end

    it("is refused with a wrong password", function()
      for _, mechanism in ipairs(helper.some(CAN[name], 2)) do
        if mechanism ~= "EXTERNAL" then
          local run <close> = server("none", mechanism):fork()
          local ok = fetch(run, { tls = "none", mechanism = mechanism,
                                  token = "wrong", password = "wrong" })
          assert.is_nil(ok)
          assert.equal(0, run:count "RETR")
        end
      end
    end)

    it("refuses a certificate of a CA that it does not know", function()
      local other = server("stls", "USER")
      for _, tls in ipairs { "stls", "implicit" } do
        local run <close> = server(tls, CAN[name][1]):fork()
        local ok = fetch(run, { tls = tls, mechanism = CAN[name][1],
          cafile = other.cafile, password = peers.PASSWORD })
        assert.is_nil(ok)
        assert.equal(0, run:count "PASS" + run:count "AUTH")
      end
    end)

    for _, variant in ipairs(helper.some({ "expired", "not-yet-valid",
        "wrong-host", "untrusted", "self-signed" }, 2)) do
      it("refuses a certificate that is " .. variant, function()
        local run <close> = server("implicit", CAN[name][1],
                                   { tls = variant }):fork()
        local ok, output = fetch(run, { tls = "implicit",
          mechanism = CAN[name][1], password = peers.PASSWORD })
        assert.is_nil(ok, output)
      end)
    end
  end)
end
