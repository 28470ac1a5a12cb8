-- Our server with clients that we did not write: every octet arrives, and a message
-- that they delete is removed.

local corpus = require "spec.interop.corpus"
local helper = require "spec.helper"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local readers = require "spec.interop.readers"

-- Canonical mail: CRLF, a final CRLF; a bare CR does not change.
local function mail(without)
  local t = {}
  for i, octets in ipairs(helper.some(corpus.varied(1725, 210, without), 20)) do
    t[i] = corpus.crlf(octets)
  end
  for _, octets in ipairs(helper.some(corpus.samples(), 5)) do
    t[#t + 1] = octets
  end
  t[#t + 1] = corpus.crlf(corpus.large(4 << 20))
  return t
end

local function check(reader, remove)
  local pop3 = require "pop3"
  local carried = require "spec.interop.carried"
  local sent = mail(reader.without)
  local server = pop3.server.new {
    users = { [peers.USER] = { password = peers.PASSWORD, mail = sent } },
  }
  local run <close> = server:fork()
  local got = proc.in_tmpdir(function(dir)
    reader.run({ port = run.port, user = peers.USER,
      password = peers.PASSWORD }, #sent, dir, remove)
    return readers.fetched(dir)
  end)

  local wanted = {}
  for i, octets in ipairs(sent) do wanted[i] = reader.form(octets) end
  table.sort(wanted)
  assert.equal(#wanted, #got)
  for i, octets in ipairs(wanted) do carried.same(i, octets, got[i]) end
  assert.equal(remove and 0 or #sent, #run:mailbox(peers.USER))
end

for _, name in ipairs { "curl", "poplib", "mpop", "fetchmail" } do
  local reader = readers[name]
  describe("our server read by " .. name, function()
    if not proc.have(reader.program) then
      return peers.skip("no " .. reader.program)
    end

    for _, remove in ipairs(helper.some({ false, true }, 1)) do
      it(remove and "brings every octet, and deletes" or "brings every octet",
         function() check(reader, remove) end)
    end
  end)
end
