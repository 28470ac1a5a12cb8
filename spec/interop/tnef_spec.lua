-- The program tnef reads what spec/support/tnef.lua writes.

local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"
local tnef = require "spec.support.tnef"

describe("TNEF", function()
  if not proc.have "tnef" then return peers.skip "no tnef" end

  it("is read alike by tnef and by us", function()
    local octets = tnef.make { subject = "s", text = "hello", attachments = {
      { title = "one.txt", octets = "first\n" },
      { title = "two.bin", octets = ("\0\1\2\255"):rep(1000) } } }
    proc.in_tmpdir(function(dir)
      proc.write(dir .. "/winmail.dat", octets)
      proc.check(("tnef -C %s --save-body=body %s/winmail.dat"):format(dir, dir))
      local t = assert(tnef.message(octets):tnef())
      for _, a in ipairs(t.attachments) do
        assert.equal(proc.read(dir .. "/" .. a.filename), a.body())
      end
      assert.equal(2, #t.attachments)
      assert.truthy(proc.read(dir .. "/body.txt"):find("hello", 1, true))
      assert.equal("hello", t.text)
    end)
  end)
end)
