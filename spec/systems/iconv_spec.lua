-- Runs with musl only (spec/systems/musl): its iconv has fewer charsets than that of
-- glibc, and other names for some. A text is read right, or the error says that the
-- charset is unknown; a text is never read wrong.

local message = require "pop3.message"

-- A word in a charset, and how it reads.
local rows = {
  -- here under one name, there under another
  { "iso-2022-jp", "\x1B$BF|K\\\x1B(B", "日本" }, { "euc-jp", "\xC6\xFC\xCB\xDC", "日本" },
  { "shift_jis", "\x93\xFA\x96\x7B", "日本" }, { "cp932", "\x93\xFA\x96\x7B", "日本" },
  { "windows-31j", "\x83\x65", "テ" }, { "ibm866", "\x8F\xE0", "Пр" },
  { "cp866", "\x8F\xE0", "Пр" }, { "tis-620", "\xA1\xD2", "กา" },
  { "windows-874", "\xA1\xD2", "กา" }, { "iso-8859-11", "\xA1\xD2", "กา" },
  { "gb2312", "\xD6\xD0\xCE\xC4", "中文" }, { "gbk", "\xD6\xD0\xCE\xC4", "中文" },
  { "gb18030", "\xD6\xD0\xCE\xC4", "中文" }, { "cp936", "\xD6\xD0\xCE\xC4", "中文" },
  { "hz-gb-2312", "~{VPND~}", "中文" }, { "big5", "\xA4\xA4\xA4\xE5", "中文" },
  { "big5-hkscs", "\xA4\xA4\xA4\xE5", "中文" }, { "cp950", "\xA4\xA4", "中" },
  { "euc-kr", "\xC7\xD1\xB1\xDB", "한글" }, { "ks_c_5601-1987", "\xC7\xD1", "한" },
  { "cp949", "\xC7\xD1\xB1\xDB", "한글" },
  { "koi8-r", "\xF0\xD2", "Пр" }, { "koi8-u", "\xF0\xA4", "Пє" },
  { "windows-1251", "\xCF\xF0", "Пр" }, { "windows-1250", "\xB9", "ą" },
  { "windows-1253", "\xC1", "Α" }, { "windows-1254", "\xFD", "ı" },
  { "windows-1255", "\xE0", "א" }, { "windows-1256", "\xC7", "ا" },
  { "windows-1257", "\xE0", "ą" }, { "windows-1258", "\xD5", "Ơ" },
  { "iso-8859-2", "\xB1", "ą" }, { "iso-8859-3", "\xB1", "ħ" },
  { "iso-8859-4", "\xB1", "ą" }, { "iso-8859-5", "\xB0", "А" },
  { "iso-8859-6", "\xC7", "ا" }, { "iso-8859-7", "\xC1", "Α" },
  { "iso-8859-8", "\xE0", "א" }, { "iso-8859-9", "\xFD", "ı" },
  { "iso-8859-10", "\xB1", "ą" }, { "iso-8859-13", "\xE0", "ą" },
  { "iso-8859-14", "\xA1", "Ḃ" }, { "iso-8859-15", "\xA4", "€" },
  { "iso-8859-16", "\xA4", "€" }, { "cp437", "\x81", "ü" },
  { "cp850", "\x81", "ü" }, { "cp852", "\xA5", "ą" },
  { "macintosh", "\x8A", "ä" }, { "x-mac-cyrillic", "\x80", "А" },
  { "viscii", "\xD5", "ạ" }, { "iso-2022-kr", "\x1B$)C\x0E0!\x0F", "가" },
  { "iso-2022-cn", "\x1B$)A\x0EVPND\x0F", "中文" }, { "euc-tw", "\xC4\xE3", "中" },
  { "johab", "\x88\x61", "가" }, { "ibm037", "\xC8\xC9", "HI" },
  { "utf-7", "+ZeVnLIqe-", "日本語" }, { "utf-16", "\xFE\xFFe\xE5", "日" },
  { "utf-32be", "\0\0e\xE5", "日" },
}

-- Those that musl's iconv does not have at all.
local unknown = { ["iso-2022-cn"] = true, ["iso-2022-kr"] = true, cp852 = true,
                  ["euc-tw"] = true, ibm037 = true, johab = true, macintosh = true,
                  viscii = true, ["x-mac-cyrillic"] = true }

describe("where iconv has fewer charsets", function()
  for _, row in ipairs(rows) do
    local charset, octets, want = table.unpack(row)
    it("reads " .. charset .. ", or says that it is unknown", function()
      local m = message.parse("Content-Type: text/plain; charset=" .. charset ..
        "\r\nSubject: =?" .. charset .. "?Q?" ..
        octets:gsub(".", function(c) return ("=%02X"):format(c:byte()) end) ..
        "?=\r\n\r\n" .. octets)
      local defect
      for _, d in ipairs(m.defects) do defect = defect or d.code == "charset" end
      if not defect then
        assert.are.equal(want, m:text())
        assert.are.equal(want, m.subject)
      else
        assert(unknown[charset], charset .. " should be known")
        assert.are.equal("=?", m.subject:sub(1, 2))   -- the word as it was written
      end
    end)
  end

  -- All characters of one and two octets, and the four of GB18030: at some of them
  -- iconv writes outside of its output (CVE-2025-26519), or reads a wrong one.
  it("gives UTF-8 without crash, and what is invalid is U+FFFD", function()
    local core = require "pop3.core"
    local function text(charset, octets)
      local s = assert(core.decode.text(octets, charset))
      assert(utf8.len(s), charset)
      return s
    end
    for _, charset in ipairs{ "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr" } do
      for lead = 0x80, 255 do
        local all = {}
        for trail = 0, 255 do
          all[trail + 1] = string.char(lead, trail)
          text(charset, all[trail + 1])
        end
        text(charset, table.concat(all, "\n"))
      end
    end
    local function four(k)
      return string.char(0x81 + k // 12600, 0x30 + k // 1260 % 10,
                         0x81 + k // 10 % 126, 0x30 + k % 10)
    end
    for k = 0, 39419 do text("gb18030", four(k)) end
    for c = 0x10000, 0x10FFFF, 4093 do
      assert.are.equal(utf8.char(c), text("gb18030", four(189000 + c - 0x10000)))
    end
    assert.are.equal("\u{FFFD} ", text("shift_jis", "\x8A "))
    assert.are.equal("\u{FFFD}A", text("euc-kr", "\xC7A"))
    local long = ("\x82\xA0"):rep(1000)                 -- over several looks
    assert.are.equal(("あ"):rep(1000), text("shift_jis", long))
    assert.are.equal("a" .. ("あ"):rep(1000), text("shift_jis", "a" .. long))
  end)
end)
