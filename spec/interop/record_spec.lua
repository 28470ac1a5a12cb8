-- Clients that we did not write read Dovecot by way of the recorder, and then
-- what was recorded: they cannot tell which is which.

local corpus = require "spec.interop.corpus"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

local COUNT = 40

for _, name in ipairs { "curl", "poplib", "mpop", "fetchmail" } do
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
