-- Our client against popa3d: mbox, no CAPA, no pipelining.

local corpus = require "spec.interop.corpus"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

describe("our client reading popa3d", function()
  local missing = peers.no_popa3d()
  if missing then return peers.skip(missing) end

  local carried = require "spec.interop.carried"
  local popa3d
  -- a "From " line in a body ends the message in an mbox
  local sent = corpus.varied(937, 200, { from_lines = true })
  sent[#sent + 1] = corpus.large(2 << 20)

  lazy_setup(function()
    popa3d = peers.popa3d { [peers.USER] = sent }
  end)
  lazy_teardown(function()
    if popa3d then popa3d:stop() end
  end)

  local function peer() return popa3d end

  carried.examples(peer, sent, {})
  carried.deletions(peer, #sent, function()
    local _, n = proc.read(popa3d.mail .. "/" .. peers.USER)
      :gsub("From a@example.org Mon Nov 16 08:00:00 2026\n", "")
    return n
  end)
end)
