local message = require "pop3.message"

local function hop(value)
  return message.parse("Received: " .. value .. "\r\n\r\n"):received()[1]
end

describe("a Received field", function()
  it("has who, where, how and when", function()
    local h = hop("from mail.example (mx.mail.example [192.0.2.1])\r\n\tby in.example "
      .. "(Postfix) with ESMTPS id 4T3 (TLS1.3)\r\n\tfor <ann@in.example>; "
      .. "Mon, 23 Nov 2026 08:00:00 +0100 (CET)")
    assert.same({ "mail.example", "mx.mail.example [192.0.2.1]", "192.0.2.1",
                  "in.example", "ESMTPS", "4T3", "ann@in.example",
                  "2026-11-23T08:00:00+01:00" },
                { h.from, h.from_comment, h.ip, h.by, h.protocol, h.id, h.recipient,
                  h.date.iso })
  end)

  it("may have other forms", function()
    local h = hop("from [IPv6:2001:db8::1] (helo (nested) x) by y via TCP; x")
    assert.same({ "2001:db8::1", "y", "TCP" }, { h.ip, h.by, h.via })
    assert.equal("helo (nested) x", h.from_comment)
    assert.is_nil(h.date)
    assert.same({ raw = "" }, hop "")
    h = hop "by 10.0.0.1 with SMTP id <x>; Mon, 23 Nov 2026 08:00:00 -0800 (PST)"
    assert.same({ "10.0.0.1", "x" }, { h.by, h.id })
    h = hop "(qmail 1 invoked by uid 2); 23 Nov 2026 08:00:00 -0000"
    assert.equal("2026-11-23T08:00:00-00:00", h.date.iso)
    h = hop "from a (open by b; x"
    assert.same({ "a" }, { h.from })
  end)

  it("is one of a list, the last hop first", function()
    local m = message.parse "Received: by a; x\r\nReceived: by b; x\r\n\r\n"
    assert.same({ "a", "b" }, { m:received()[1].by, m:received()[2].by })
    assert.same({}, message.parse "A: b\r\n\r\n":received())
  end)
end)
