-- Our client against Dovecot. Its Maildir files have LF line ends; on the wire
-- each becomes CRLF, one is added at the end where there is none (LIST does
-- not count that one), and NUL, bare CR and 8-bit octets stay.

local corpus = require "spec.interop.corpus"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

describe("our client reading Dovecot", function()
  local missing = peers.no_dovecot()
  if missing then return peers.skip(missing) end

  local carried = require "spec.interop.carried"
  local dovecot
  local sent = corpus.varied(1939, 500)
  for _, octets in ipairs(corpus.samples()) do
    sent[#sent + 1] = octets:gsub("\r\n", "\n")
  end
  sent[#sent + 1] = "\n"                             -- no header, no body
  sent[#sent + 1] = "x"                              -- one octet
  sent[#sent + 1] = "Subject: no body and no line end"
  sent[#sent + 1] = "Subject: header only\n"
  sent[#sent + 1] = corpus.large(5 << 20)

  lazy_setup(function()
    dovecot = peers.dovecot { [peers.USER] = sent }
  end)
  lazy_teardown(function()
    if dovecot then dovecot:stop() end
  end)

  local function peer() return dovecot end

  carried.examples(peer, sent, { short_list = true })
  carried.deletions(peer, #sent, function()
    return #proc.ls(dovecot.maildir .. "/" .. peers.USER .. "/cur")
  end)
end)
