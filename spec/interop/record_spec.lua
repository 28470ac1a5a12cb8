-- Clients that we did not write fetch mail from Dovecot through the recorder, and
-- then from the recording: the result is the same.

local corpus = require "spec.interop.corpus"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local COUNT = helper.all and 40 or 14

for _, name in ipairs(helper.some({ "curl", "poplib", "mpop", "fetchmail" },
                                  2)) do
  local reader = readers[name]
  describe("a session of " .. name .. " with Dovecot, recorded", function()
    local missing = peers.no_dovecot()
    if missing then return peers.skip(missing) end
    if not proc.have(reader.program) then
      return peers.skip("no " .. reader.program)
    end
    local pop3 = require "pop3"

    local function fetch(run, dir)
      reader.run({ port = run.port, user = peers.USER,
                   password = peers.PASSWORD }, COUNT, dir, false)
      return readers.fetched(dir)
    end

    it("brings the same when it is played back", function()
      local dovecot <close> = setmetatable({
        peer = peers.dovecot {
          [peers.USER] = corpus.varied(23, COUNT, reader.without) } },
        { __close = function(d) d.peer:stop() end })
      proc.in_tmpdir(function(dir)
        local path = dir .. "/t.txt"
        local first, again
        do
          local run <close> = assert(pop3.record { file = path,
            upstream = { host = "127.0.0.1", port = dovecot.peer.port,
                         tls = "none" } }):fork()
          first = proc.in_tmpdir(function(box) return fetch(run, box) end)
        end
        assert.equal(COUNT, #first)
        assert.is_nil(proc.read(path):find(peers.PASSWORD, 1, true))
        local server = assert(pop3.server.replay(path))
        do
          local run <close> = server:fork()
          again = proc.in_tmpdir(function(box) return fetch(run, box) end)
          assert.is_true(run:verify(server.expected))
        end
        assert.same(first, again)
      end)
    end)
  end)
end

-- Each way to log in, each way to TLS, on both sides.
describe("a session of ours with Dovecot, recorded", function()
  local missing = peers.no_dovecot()
  if missing then return peers.skip(missing) end
  local core = require "pop3.core"
  local pop3 = require "pop3"
  local MAIL = "Subject: a\r\n\r\nC: x\r\nS: y\r\n! hangup\r\n~ z\r\n# session 9\r\n"
    .. "\r\n.dot\r\n..\r\n \r\n\255\0\r\n"

  local function visit(port, cafile, tls, mech)
    local token = mech:find "OAUTH" and peers.token() or nil
    local c = assert(pop3.connect { host = "localhost", port = port, tls = tls,
      cafile = cafile, user = peers.USER, token = token, mechs = { mech },
      password = not token and peers.PASSWORD or nil })
    local octets = c:retr(1)
    assert.is_true(c:quit())
    return octets, token
  end

  it("replays the same, for every login and link", function()
    local dovecot <close> = setmetatable({
      peer = peers.dovecot { [peers.USER] = { MAIL } } },
      { __close = function(d) d.peer:stop() end })
    local peer = dovecot.peer
    proc.in_tmpdir(function(dir)
      local path, twice = dir .. "/t.txt", dir .. "/twice.txt"
      for _, link in ipairs { { "none", "none" }, { "stls", "none" },
                              { "stls", "stls" }, { "none", "stls" },
                              { "implicit", "stls" }, { "stls", "implicit" },
                              { "implicit", "implicit" } } do
        for _, mech in ipairs(helper.some({ "USER", "APOP", "PLAIN", "LOGIN",
            "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2" }, 1)) do
          local what = table.concat(link, ", ") .. ", " .. mech
          local function recorder(to, upstream)
            upstream.host = "localhost"
            return assert(pop3.record { file = to, upstream = upstream,
              implicit = link[2] == "implicit" or nil }):fork()
          end
          local token, octets
          do
            local run <close> = recorder(path, { tls = link[1],
              cafile = peer.cafile,
              port = link[1] == "implicit" and peer.tlsport or peer.port })
            octets, token = visit(run.port, run.cafile, link[2], mech)
          end
          assert.equal(MAIL, octets, what)
          local text = proc.read(path)
          for _, secret in ipairs { peers.PASSWORD, token } do
            assert.is_nil(text:find(secret, 1, true), what)
            assert.is_nil(text:find(core.encode.base64(secret), 1, true), what)
          end
          -- the server's part of SCRAM answers a nonce, and is not played back
          if not mech:find "SCRAM" then
            local server = assert(pop3.server.replay(path))
            local run <close> = server:fork()
            do
              local again <close> = recorder(twice, { port = run.port,
                cafile = run.cafile,
                tls = link[2] == "implicit" and "implicit" or "none" })
              assert.equal(MAIL, (visit(again.port, again.cafile, link[2], mech)))
            end
            assert.is_true(run:verify(server.expected))
            assert.equal(text, proc.read(twice), what)
          end
        end
      end
    end)
  end)
end)
