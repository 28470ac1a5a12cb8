-- The digest by which pop3.sync recognises a message.

local core = require "pop3.core"
local helper = require "spec.helper"

local HEADER = "From: a@example\r\nSubject: one\r\n\ttwo \r\nX-Longer-Than-The-"
               .. "Others: c\r\nNo colon in this line\r\n\r\n"

describe("fingerprint", function()
  local want = core.header_digest(HEADER)

  it("does not depend on line ends, on the body, on fields of servers", function()
    for _, other in ipairs {
      HEADER .. "body\r\n\r\nA: b\r\n",
      (HEADER:gsub("\r\n", "\n")),
      (HEADER:gsub("\r\n", " \t\r\n", 1)),
      (HEADER:gsub("From", "Status: RO\r\nFrom")),
      (HEADER:gsub("From", "X-UIDL: a\r\n b\r\n\tc\r\nFrom")),
      (HEADER:gsub("Subject", "X-Status : a\r\nSubject")),
      (HEADER:gsub("\r\n\r\n", "\r\nstatus: O\r\nLines: 3\r\n\r\n")),
    } do
      assert.equal(want, core.header_digest(other))
    end
  end)

  it("depends on everything else", function()
    for _, other in ipairs {
      (HEADER:gsub("one", "on")), (HEADER:gsub("two", "tw o")),
      (HEADER:gsub("From", "X-Uid-L: a\r\nFrom")),
      (HEADER:gsub("From", "Statuses: a\r\nFrom")),
      (HEADER:gsub("No colon", "no colon")), HEADER:sub(3),
      (HEADER:gsub("\tt", "t")),
    } do
      assert.not_equal(want, core.header_digest(other))
    end
  end)

  it("is the same however the octets come", function()
    local octets = HEADER:gsub("From", "X-UIDL: a\r\n b\r\nFrom") .. "b: c\r\n"
    local function digest(pieces)
      local file <close> = core.spool "/tmp"
      file:hash(true)
      for _, piece in ipairs(pieces) do assert(file:write(piece)) end
      return (file:digests())
    end
    for cut in helper.sweep(0, #octets, 40) do
      assert.equal(want, digest { octets:sub(1, cut), octets:sub(cut + 1) })
    end
    local all = {}
    for i = 1, #octets do all[i] = octets:sub(i, i) end
    assert.equal(want, digest(all))
  end)

  it("reads a header of any size", function()
    local long = "A: " .. ("b"):rep(100000) .. "\r\n"
    assert.equal(core.header_digest(long:rep(3) .. "\r\n"),
                 core.header_digest(long:rep(3) .. "Status: x\r\n\r\nc"))
    assert.not_equal(core.header_digest(long:rep(3)),
                     core.header_digest(long:rep(2)))
  end)
end)
