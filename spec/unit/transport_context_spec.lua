-- TLS contexts that connections share: when two are the same, and when they are not.

local context = require "pop3.transport.context"
local core = require "pop3.core"
local tempdir = require "spec.support.tempdir"

local CA, CA_KEY = core.certificate { subject = "a CA", is_ca = true }
local OTHER, OTHER_KEY = core.certificate { subject = "another CA", is_ca = true }

-- A certificate and its key by a CA.
local function certificate(name, ca, key)
  return core.certificate { subject = name, names = { "a.example" },
                            ca = { cert = ca or CA, key = key or CA_KEY } }
end

-- Move octets between two engines until none are left; the last event of each, and its
-- message.
local function shake(client, server)
  local last = { client = {}, server = {} }
  repeat
    local moved = false
    for name, two in pairs { client = { client, server },
                             server = { server, client } } do
      local what, a = two[1]:next()
      if what or a then last[name] = { what or "error", a } end
      local octets = two[1]:out()
      if octets then
        two[1]:sent(#octets)
        two[2]:feed(octets)
        moved = true
      end
      moved = moved or what == "handshake"
    end
  until not moved
  return last.client, last.server
end

describe("the contexts of clients", function()
  local dir, cafile, time, base, later

  before_each(function()
    dir = tempdir()
    cafile = dir.path .. "/ca.pem"
    dir:write("ca.pem", CA)
    time, later = os.time, 10
    -- a minute in which the files of the test are not new any more
    base = time() // 60 * 60 + 120
    os.time = function() return base + later end  -- luacheck: ignore
  end)

  after_each(function()
    os.time = time  -- luacheck: ignore
    getmetatable(dir).__close(dir)
  end)

  it("are the same for the same options", function()
    local opts = { cafile = cafile, verify = true }
    assert.equal(context(opts), context { verify = true, cafile = cafile })
    assert.equal(context { verify = true }, context { verify = true })
  end)

  it("are others where any option is another", function()
    local cert, key = certificate "one"
    local cert2, key2 = certificate "two"
    dir:write("cert", cert .. key)
    dir:write("key", key)
    dir:write("ca2", CA)
    local pin, pin2 = ("A"):rep(43) .. "=", ("B"):rep(42) .. "A="
    local print, print2 = ("a"):rep(64), ("b"):rep(64)
    local file = dir.path .. "/"
    local kinds = {
      {}, { verify = true }, { verify = "ask" }, { verify = false },
      { verify = true, cafile = cafile }, { verify = true, cafile = file .. "ca2" },
      { verify = true, capath = dir.path },
      { verify = true, cafile = cafile, capath = dir.path },
      { pin = pin }, { pin = pin2 }, { pin = { pin, pin2 } }, { pin = { pin2, pin } },
      { fingerprint = print }, { fingerprint = { print, print2 } },
      { cert = cert, key = key }, { cert = cert2, key = key2 },
      { cert = file .. "cert" }, { cert = file .. "cert", key = file .. "key" },
      { min_version = "TLSv1.2" }, { min_version = "TLSv1.3" },
      { ciphers = "TLS_AES_128_GCM_SHA256" },
      { security_level = 1 }, { security_level = 3 },
    }
    local seen = {}
    for i, opts in ipairs(kinds) do
      local made = assert(context(opts))
      assert.equal(made, context(opts), "not shared: " .. i)
      assert.is_nil(seen[made], ("%d is %s"):format(i, seen[made]))
      seen[made] = i
    end
  end)

  it("are others after a file is written, replaced, or made by another name", function()
    local opts = { cafile = cafile }
    local first = context(opts)
    dir:write("ca.pem", CA .. OTHER)
    local second = context(opts)
    assert.not_equal(first, second)
    dir:write("new", CA .. OTHER)
    assert(os.rename(dir.path .. "/new", cafile))
    local third = context(opts)
    assert.not_equal(second, third)
    assert.equal(third, context(opts))
    opts = { capath = dir.path }
    first = context(opts)
    dir:write("0123abcd.0", CA)
    assert.not_equal(first, context(opts))
    assert(os.remove(dir.path .. "/0123abcd.0"))
    second = context(opts)
    assert.equal(second, context(opts))
  end)

  it("are others for each version of each file", function()
    local cert, key = certificate "one"
    for option, octets in pairs { cert = cert .. key, cafile = CA } do
      local path = dir.path .. "/" .. option
      dir:write(option, octets)
      local opts = { verify = true, [option] = path }
      local first = context(opts)
      assert.equal(first, context(opts))
      dir:write(option, octets .. "\n")
      assert.not_equal(first, context(opts))
    end
  end)

  it("are not shared while a file is new: it may change within one tick", function()
    later = time() - base
    local opts = { cafile = cafile }
    assert.not_equal(context(opts), context(opts))
  end)

  it("are others after a minute, for certificates that are overwritten", function()
    local opts = { cafile = cafile }
    local first = context(opts)
    later = later + 40
    assert.equal(first, context(opts))
    later = later + 30
    assert.not_equal(first, context(opts))
  end)

  it("are made again after a failure", function()
    local path = dir.path .. "/absent"
    local made, message, code = context { cafile = path }
    assert.same({ nil, "tls" }, { made, code })
    assert.matches(path, message, 1, true)
    dir:write("absent", CA)
    assert.is_truthy(context { cafile = path })
    assert.error(function() context { pin = "wrong" } end)
    assert.error(function() context { ciphers = 1 } end)
  end)

  it("are kept in a bounded number, and not those with a private key", function()
    local alive = setmetatable({}, { __mode = "k" })
    for i = 1, 30 do
      alive[context { cafile = cafile, fingerprint = ("%064x"):format(i) }] = true
    end
    local cert, key = certificate "one"
    local used = context { cert = cert, key = key }
    alive[context { cert = cert, key = key, security_level = 1 }] = "key"
    alive[used] = "used"
    collectgarbage()
    collectgarbage()
    local count, kinds = 0, {}
    for _, kind in pairs(alive) do
      count = count + 1
      kinds[kind] = true
    end
    assert.is_nil(kinds.key)
    assert.equal(used, context { cert = cert, key = key })
    assert.is_true(count <= 9, count)
  end)

  it("show each client's certificate, and trust the present contents of the file", function()
    local cert, key = certificate "server"
    local function server()
      return assert(core.tls { server = true, cert = cert, key = key, cafile = cafile,
                               client_cert = "required" })
    end
    for _, name in ipairs { "ann", "bob", "ann" } do
      local own, own_key = core.certificate { subject = name, client = true,
        ca = { cert = CA, key = CA_KEY } }
      local client = assert(core.tls { name = "a.example",
        context = context { cafile = cafile, cert = own, key = own_key } })
      local other = server()
      assert.equal("handshake", shake(client, other)[1])
      assert.matches(name, other:info().peer.subject, 1, true)
    end
    local plain = function()
      local client = assert(core.tls { name = "a.example",
                                       context = context { cafile = cafile } })
      local other = assert(core.tls { server = true, cert = cert, key = key })
      return shake(client, other)[1]
    end
    assert.equal("handshake", plain())
    assert.equal("handshake", plain())
    dir:write("new", OTHER)
    assert(os.rename(dir.path .. "/new", cafile))
    assert.equal("error", plain())
    cert, key = certificate("server", OTHER, OTHER_KEY)
    assert.equal("handshake", plain())
  end)
end)
