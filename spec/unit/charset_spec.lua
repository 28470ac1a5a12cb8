local message = require "pop3.message"

local function text(charset, octets)
  local head = charset and "; charset=\"" .. charset .. "\"" or ""
  return message.parse("Content-Type: text/plain" .. head .. "\r\n\r\n" ..
                       octets):text()
end

local bad = "\u{FFFD}"

describe("a charset", function()
  local cases = {
    -- names by the table of the Web
    { "iso-8859-1", "\x93\x80\x81", "“€\u{81}" },
    { "us-ascii", "\xE9", "é" }, { "LATIN1", "\xE9", "é" },
    { "iso-8859-9", "\xFD", "ı" }, { "iso-8859-15", "\xA4", "€" },
    { "koi8-r", "\xC6\xCF", "фо" }, { "koi8-u", "\xA4", "є" },
    { "windows-1251", "\xCF\x98", "П\u{98}" },
    { "windows-1253", "\xAA", bad }, { "windows-1258", "a\xEC", "a\u{301}" },
    { "tis-620", "\xA1", "ก" }, { "ibm866", "\x8F", "П" },
    { "macintosh", "\x8E", "é" }, { "x-user-defined", "a\xFF", "a\u{F7FF}" },
    { "iso-8859-8-i", "\xE0", "א" },
    -- several octets
    { "gb2312", "\xE9\x46\x80\x95\x32\x82\x36", "镕€𠀀" },
    { "gbk", "\xFF\x41", bad .. "A" }, { "gbk", "\x81", bad },
    { "shift_jis", "\x87\x40\x8A\x20", "①" .. bad .. " " },
    { "shift_jis", "\xB1\x5C", "ｱ\\" }, { "shift_jis", "\xA0a", bad .. "a" },
    { "euc-jp", "\xC6\xFC\xAD\xA1\x8E\xB1", "日①ｱ" },
    { "euc-jp", "\xC6a", bad .. "a" },
    { "euc-kr", "\xB0\xA1\xFF", "가" .. bad },
    -- shifts
    { "iso-2022-jp", "a\x1B$BF|\x1B(Bb", "a日b" },
    { "iso-2022-jp", "\x1B(I1\x1B(J\\~\x1B(B\\", "ｱ¥‾\\" },
    { "iso-2022-jp", "\x1B$BF|-!", "日①" },
    { "iso-2022-jp", "\x1B$BF", bad }, { "iso-2022-jp", "\x1BXa", bad .. "Xa" },
    { "hz-gb-2312", "a~{VP~}~~b", "a中~b" },
    { "iso-2022-kr", "\x1B$)C\x0E0!\x0Fa", "가a" },
    { "utf-7", "+Jjo-! +- A+ImIDkQ.", "☺! + A≢Α." },
    { "utf-7", "+2D3eCg-", "😊" }, { "utf-7", "+2D0-x", bad .. "x" },
    { "utf-7", "a\xE9", "a" .. bad },
    -- UTF-16, and marks
    { "utf-16", "a\0b\0", "ab" }, { "utf-16", "\xFE\xFF\0a", "a" },
    { "utf-16le", "\xFF\xFEa\0", "a" }, { "utf-16be", "\0a", "a" },
    { "utf-16be", "\xD8\x3D\xDE\x00", "😀" },
    { "utf-16le", "\x3D\xD8a\0", bad .. "a" },
    { "utf-16le", "a\0b", "a" .. bad },
    { "utf-16le", "\x00\xDC", bad },
    { "utf-8", "\xEF\xBB\xBFa", "a" }, { nil, "\xEF\xBB\xBFé", "é" },
    -- bad UTF-8: one for each maximal subpart
    { "utf-8", "\xC0\xAF", bad .. bad }, { "utf-8", "\xE2\x82", bad },
    { "utf-8", "\xE2\x82a", bad .. "a" },
    { "utf-8", "\xF0\x80\x80\x80", bad:rep(4) },
    { "utf-8", "\xED\xA0\x80", bad:rep(3) },
    { "utf-8", "\xF4\x90\x80\x80", bad:rep(4) },
    { "utf-8", "\xF0\x9F\x98", bad },
    { "utf-8", "\xE1\xA0\xC0a", bad .. bad .. "a" },
    { "utf-8", "\x80\xFF", bad .. bad },
    { "utf-8", "a\xF1\x80\x80\xE1\x80\xC2b\x80c\x80\xBFd",   -- Unicode 3-8
      "a" .. bad:rep(3) .. "b" .. bad .. "c" .. bad:rep(2) .. "d" },
    -- none, or unknown
    { nil, "é", "é" }, { nil, "\xE9\x93", "é“" },
    { "x-none", "é", "é" }, { "x-none", "\xE9", "é" }, { "", "\xE9", "é" },
    { " UTF-8 ", "é", "é" },
  }
  for _, case in ipairs(cases) do
    if case[3] then
      it(("%s %q"):format(case[1], case[2]), function()
        assert.are.equal(case[3], text(case[1], case[2]))
      end)
    end
  end

  it("gives UTF-8 for any octets", function()
    local seed = 5
    for _, charset in ipairs{ "utf-8", "gb18030", "big5", "shift_jis",
                              "euc-jp", "euc-kr", "iso-2022-jp", "hz-gb-2312",
                              "iso-2022-kr", "iso-2022-cn", "utf-16", "utf-7",
                              "windows-1255", "x-no" } do
      for n = 1, 60 do
        local t = {}
        for i = 1, n do
          seed = (seed * 1103515245 + 12345) % (1 << 31)
          t[i] = string.char(seed >> 16 & 0xFF)
        end
        local s = text(charset, table.concat(t))
        assert.is_truthy(utf8.len(s), charset)
      end
    end
  end)

  it("is not decomposed or composed", function()
    assert.are.equal("e\u{301}é", text("utf-8", "e\u{301}é"))
  end)
end)

it("text keeps the line ends of the message", function()
  assert.are.equal("a\r\nb\n", text("utf-8", "a\r\nb\n"))
end)
