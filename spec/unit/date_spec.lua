local message = require "pop3.message"

local function iso(value)
  local d = message.parse_date(value)
  return d and d.iso
end

local good = {
  ["Mon, 23 Nov 2026 08:00:00 +0100"] = "2026-11-23T08:00:00+01:00",
  ["23 Nov 2026 08:00 +0100"] = "2026-11-23T08:00:00+01:00",
  ["Fri, 23 Nov 2026 08:00:00 -0330"] = "2026-11-23T08:00:00-03:30",
  ["1 jan 99 00:00:00 gmt"] = "1999-01-01T00:00:00+00:00",
  ["1 Jan 49 00:00 UT"] = "2049-01-01T00:00:00+00:00",
  ["1 Jan 50 00:00 UTC"] = "1950-01-01T00:00:00+00:00",
  ["1 Jan 123 00:00 GMT"] = "2023-01-01T00:00:00+00:00",
  ["Tue, 02 Jan 2024 10:00:00 EST"] = "2024-01-02T10:00:00-05:00",
  ["Tue, 02 Jan 2024 10:00:00 PDT"] = "2024-01-02T10:00:00-07:00",
  ["Tue, 02 Jan 2024 10:00:00 Z"] = "2024-01-02T10:00:00-00:00",
  ["Tue, 02 Jan 2024 10:00:00 A"] = "2024-01-02T10:00:00-00:00",
  ["Tue, 02 Jan 2024 10:00:00 CEST"] = "2024-01-02T10:00:00-00:00",
  ["Tue, 02 Jan 2024 10:00:00 -0000"] = "2024-01-02T10:00:00-00:00",
  ["Tue, 02 Jan 2024 10:00:00 +0000"] = "2024-01-02T10:00:00+00:00",
  ["Tue, 02 Jan 2024 10:00:00"] = "2024-01-02T10:00:00-00:00",
  ["Tue , 2 Jan 2024 (c) 10 : 00 : 00 +0100 (CET)"] =
    "2024-01-02T10:00:00+01:00",
  ["Tue,\r\n 2 Jan 2024\r\n 10:00:00 +0100"] = "2024-01-02T10:00:00+01:00",
  ["(a (b) \\) c) 2 Jan 2024 10:00:00 +0100"] = "2024-01-02T10:00:00+01:00",
  ["29 Feb 2024 00:00:00 +0000"] = "2024-02-29T00:00:00+00:00",
  ["29 Feb 2000 00:00:00 +0000"] = "2000-02-29T00:00:00+00:00",
  ["31 Dec 2016 23:59:60 +0000"] = "2016-12-31T23:59:60+00:00",
  ["Xyz, 2 Jan 2024 10:00:00 +0100"] = "2024-01-02T10:00:00+01:00",
  ["2 Jan 2024 10:00:00 +9959"] = "2024-01-02T10:00:00+99:59",
}

local bad = {
  "", "now", "2 Jan", "2 Jan 2024", "2 Jan 2024 10", "2 Foo 2024 10:00 GMT",
  "30 Feb 2024 00:00:00 +0000", "29 Feb 1900 00:00:00 +0000",
  "31 Apr 2024 00:00 GMT", "0 Jan 2024 00:00 GMT", "32 Jan 2024 00:00 GMT",
  "2 Jan 2024 24:00:00 +0000", "2 Jan 2024 10:60:00 +0000",
  "2 Jan 2024 10:00:61 +0000", "2 Jan 2024 10:00:00 +0160",
  "2 Jan 1899 00:00 GMT", "2 Jan 5 00:00 GMT", "2 Jan 20245 00:00 GMT",
  "2024-01-02T10:00:00Z", "Tue, 02 Jan (2024 10:00:00 +0100",
}

describe("dates", function()
  for value, want in pairs(good) do
    it(("%q"):format(value), function()
      assert.are.equal(want, iso(value))
    end)
  end

  for _, value in ipairs(bad) do
    it(("%q is none"):format(value), function()
      assert.is_nil(message.parse_date(value))
    end)
  end

  it("count seconds as the system does", function()
    assert.are.equal(0, message.parse_date("1 Jan 1970 00:00 GMT").epoch)
    assert.are.equal(0, message.parse_date("1 Jan 1970 01:00 +0100").epoch)
    local seed = 7
    for _ = 1, 500 do
      seed = (seed * 1103515245 + 12345) % (1 << 31)
      local t = seed * 2 - (1 << 30)      -- 1936 to 2070
      local text = os.date("!%d %b %Y %H:%M:%S +0000", t)
      assert.are.equal(t, message.parse_date(text).epoch, text)
    end
  end)

  it("tell the offset in minutes", function()
    local d = message.parse_date("2 Jan 2024 10:00:00 -0330")
    assert.are.equal(-210, d.offset)
    assert.are.equal(1704202200 + 1800 - 1800, d.epoch)
  end)
end)
