-- Proxies that we did not write, between our client and our server.

local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local MAIL = { "Subject: one\r\n\r\nhello\r\n" }

-- A proxy on a free port for as long as `use(url)` takes.
local STARTS = {}

function STARTS.microsocks(port, _, login)
  local words = { "microsocks", "-i", "127.0.0.1", "-p", port }
  if login then
    for _, word in ipairs { "-u", "joe", "-P", "hush you" } do
      words[#words + 1] = word
    end
  end
  return proc.words(words), "socks5"
end

function STARTS.tinyproxy(port, dir, login)
  proc.write(dir .. "/conf", ([[
Port %d
Listen 127.0.0.1
Timeout 600
MaxClients 10
%s
]]):format(port, login and 'BasicAuth joe hushyou' or ""))
  return proc.words { "tinyproxy", "-d", "-c", dir .. "/conf" }, "http"
end

local function listening(port)
  local socket = require "socket"
  local s = socket.tcp()
  s:settimeout(helper.PATIENCE)
  local ok = s:connect("127.0.0.1", port)
  s:close()
  return ok
end

for _, name in ipairs { "microsocks", "tinyproxy" } do
  describe("our client through " .. name, function()
    if not proc.have(name) then return peers.skip("no " .. name) end
    local pop3 = require "pop3"

    local function through(login, use)
      proc.in_tmpdir(function(dir)
        local port = proc.free_port()
        local cmd, scheme = STARTS[name](port, dir, login)
        local process <close> = proc.start(cmd, dir .. "/log")
        assert(helper.await(function() return listening(port) end),
               process:log())
        use(scheme .. "://%s127.0.0.1:" .. port)
      end)
    end

    local function fetch(run, url, host, more)
      local opts = { host = host, port = run.port, cafile = run.cafile,
        tls = "implicit", proxy = url, timeout = helper.PATIENCE,
        user = peers.USER, password = peers.PASSWORD }
      for key, value in pairs(more or {}) do opts[key] = value end
      local s, message, code = pop3.connect(opts)
      if not s then return nil, message, code end
      local octets = assert(s:retr(1))
      assert.is_true(s:quit())
      return octets
    end

    local function server()
      return pop3.server.new { tls = "auto", implicit = true,
        users = { [peers.USER] = { password = peers.PASSWORD, mail = MAIL } } }
    end

    it("fetches, by name and by address", function()
      local run <close> = server():fork()
      through(false, function(url)
        for _, host in ipairs { "localhost", "127.0.0.1" } do
          assert.equal(MAIL[1], fetch(run, url:format "", host))
        end
      end)
    end)

    it("logs in to it", function()
      local run <close> = server():fork()
      local password = name == "microsocks" and "hush%20you" or "hushyou"
      through(true, function(url)
        assert.equal(MAIL[1], fetch(run, url:format("joe:" .. password .. "@"),
                                    "localhost"))
        for _, login in ipairs { "", "joe:wrong@" } do
          local octets, message, code = fetch(run, url:format(login),
                                              "localhost")
          assert.is_nil(octets)
          assert.equal("connect", code, message)
          assert.is_nil(message:find "wrong")
        end
      end)
    end)

    it("sends no password in clear through the proxy", function()
      local plain = pop3.server.new { users = {
        [peers.USER] = { password = peers.PASSWORD, mail = MAIL } } }
      local run <close> = plain:fork()
      through(false, function(url)
        local octets, message, code = fetch(run, url:format "", "localhost",
                                            { tls = "none" })
        assert.is_nil(octets)
        assert.equal("auth", code, message)
        assert.equal(0, run:count "PASS")
      end)
    end)

    it("reports a proxy that cannot reach the host", function()
      through(false, function(url)
        local s, message, code = pop3.connect { host = "127.0.0.1",
          port = proc.free_port(), proxy = url:format "", tls = "none",
          timeout = helper.PATIENCE }
        assert.is_nil(s)
        assert.equal("connect", code, message)
      end)
    end)
  end)
end
