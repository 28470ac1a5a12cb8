local message = require "pop3.message"

local function hop(value)
  return message.parse("Received: " .. value .. "\r\n\r\n"):received()[1]
end

describe("a Received field", function()
  it("has sender, receiver, protocol and time", function()
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

  -- Fields as programs write them; "from|ip|by|protocol|id|recipient|date".
  for name, case in pairs {
    exim = { "from [192.0.2.7] (helo=x.example)\r\n\tby mx.y.example with esmtpsa  "
      .. "(TLS1.3) tls TLS_AES_256\r\n\t(Exim 4.96)\r\n\t(envelope-from <a@x>)\r\n\t"
      .. "id 1rABC-000\r\n\tfor bob@y.example;\r\n\tMon, 23 Nov 2026 09:12:13 +0100",
      "[192.0.2.7]|192.0.2.7|mx.y.example|esmtpsa|1rABC-000|bob@y.example|"
      .. "2026-11-23T09:12:13+01:00" },
    ["Exchange, IPv6"] = { "from a.outlook.com (2603:10a6:208::17)\r\n by "
      .. "b.outlook.com (2603:10a6:208:aa::18) with Microsoft SMTP\r\n Server "
      .. "(version=TLS1_2, cipher=X) id 15.20.1; Mon, 23 Nov 2026 08:12:13 +0000",
      "a.outlook.com|2603:10a6:208::17|b.outlook.com|Microsoft SMTP Server|15.20.1|"
      .. "|2026-11-23T08:12:13+00:00" },
    ["Exchange, IPv4"] = { "from a (10.0.0.1) by b (10.0.0.2) with Microsoft SMTP Server "
      .. "id 14.3; x", "a|10.0.0.1|b|Microsoft SMTP Server|14.3||" },
    qmail = { "from unknown (HELO foo) (ann@192.0.2.1)\r\n  by mx with SMTP; 23 Nov 2026 "
      .. "08:12:13 -0000", "unknown|192.0.2.1|mx|SMTP|||2026-11-23T08:12:13-00:00" },
    ["Exim, a port"] = { "from x ([2001:db8::1]:25123) by y with esmtp id 1; x",
                         "x|2001:db8::1|y|esmtp|1||" },
    webmail = { "from 192.0.2.9 by web.example (64.12.1.1) with HTTP (UI); x",
                "192.0.2.9|192.0.2.9|web.example|HTTP|||" },
    ["several recipients"] = { "from x by y for <a@b>, <c@d>; x", "x||y|||a@b|" },
    ["a quoted local part"] = { 'from x by y for <"a b"@c>; x', 'x||y|||"a b"@c|' },
    ["an open quote"] = { 'from "x by y; x', '"x||y||||' },
    ["a name like an address"] = { "from dead.beef.example (bad.cafe) by y; x",
                                   "dead.beef.example||y||||" },
  } do
    it("of " .. name, function()
      local h = hop(case[1])
      assert.equal(case[2], table.concat({ h.from or "", h.ip or "", h.by or "",
        h.protocol or "", h.id or "", h.recipient or "", h.date and h.date.iso or "" },
        "|"))
    end)
  end

  it("is one of a list, the last hop first", function()
    local m = message.parse "Received: by a; x\r\nReceived: by b; x\r\n\r\n"
    assert.same({ "a", "b" }, { m:received()[1].by, m:received()[2].by })
    assert.same({}, message.parse "A: b\r\n\r\n":received())
  end)
end)
