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
    -- spellings that can mean one thing only
    { "utf_8", "é", "é" }, { "utf8mb4", "é", "é" }, { "'utf-8'", "é", "é" },
    { "<utf-8>", "é", "é" }, { "charset=utf-8", "é", "é" }, { "UTF 8", "é", "é" },
    { "iso8859_2", "\xB1", "ą" }, { "ISO_8859-2:1987", "\xB1", "ą" },
    { "8859-2", "\xB1", "ą" }, { "x-iso-8859-2", "\xB1", "ą" },
    { "isolatin2", "\xB1", "ą" }, { "latin-2", "\xB1", "ą" },
    { "1251", "\xCF", "П" }, { "ansi-1251", "\xCF", "П" },
    { "eucJP-win", "\xC6\xFC", "日" }, { "ujis", "\xC6\xFC", "日" },
    { "SJIS-win", "\x93\xFA", "日" }, { "cn-gb", "\xC4\xE3", "你" },
    { "950", "\xA7A", "你" }, { "x-mac-ce", "\x88", "ą" },
    { "koi8-r//TRANSLIT", "\xF0", "П" }, { "utf-8bom", "é\xFF", "é\u{FFFD}" },
    { "x-unicode-utf-8", "é\xFF", "é\u{FFFD}" }, { "99", "\xE9", "é" },
    { "cp-1251", "\xCF", "П" }, { "windows1251", "\xCF", "П" },
    { "win-1251", "\xCF", "П" }, { "windows-cp1250", "\xB9", "ą" },
    { "ms936", "\xC4\xE3", "你" }, { "windows-936", "\xC4\xE3", "你" },
    { "euc-cn", "\xC4\xE3", "你" }, { "ms949", "\xB0\xA1", "가" },
    { "uhc", "\xB0\xA1", "가" }, { "windows-932", "\x8A\xBF", "漢" },
    { "eucjp", "\xC6\xFC", "日" }, { "iso2022jp", "\27$BF|\27(B", "日" },
    { "tis620", "\xA1", "ก" }, { "cp874", "\xA1", "ก" }, { "koi8r", "\xC6", "ф" },
    { "cp65001", "é", "é" }, { "iso646-us", "a", "a" },
    -- that the Web does not have
    { "cp437", "\x81", "ü" }, { "ibm850", "\x81\xE1", "üß" },
    { "CP852", "\xA5", "ą" }, { "cp858", "\xD5", "€" }, { "ibm037", "\xC1", "A" },
    { "viscii", "\xD5", "ạ" }, { "euc-tw", "\xC4\xE3", "中" },
    { "utf-32", "\0\0\0a", "a" }, { "utf-32", "\xFF\xFE\0\0a\0\0\0", "a" },
    { "utf-32", "a\0\0\0", "a" }, { "utf-32be", "\0\1\xF6\0", "😀" },
    { "utf-32le", "\0\xD8\0\0a", bad .. bad },
    -- a charset of seven bits, octets above 127
    { "us-ascii", "Größe", "Größe" }, { "us-ascii", "\xD6l", "Öl" },
    { "iso-2022-jp", "ほげ", "ほげ" }, { "iso-2022-kr", "\xE9", "é" },
    { "iso-2022-jp", "\27$BF|\27(B\xE9", "日" .. bad },
    { "us-ascii", "\27$BF|\27(B", "日" }, { nil, "\27$BF|\27(B", "日" },
    -- nearly UTF-8: more valid sequences than broken ones
    { nil, "Grüße aus Köln\xC3", "Grüße aus Köln" .. bad },
    { nil, "ü\xE9", "Ã¼é" }, { nil, "üü\xE9", "üü" .. bad },
    { "x-none", "üü\xE9", "üü" .. bad }, { "unknown-8bit", "üü\xE9", "üü" .. bad },
    { "utf-8", "\xE9\xE9\xE9", bad:rep(3) },
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

describe("an unknown charset", function()
  local function codes(head)
    local out = {}
    for i, d in ipairs(message.parse(head .. "\r\n\r\nx").defects) do
      out[i] = d.code
    end
    return table.concat(out, " ")
  end

  it("is a defect", function()
    assert.are.equal("charset", codes "Content-Type: text/plain; charset=x-none")
    assert.are.equal("", codes "Content-Type: text/plain; charset=cp-1251")
    assert.are.equal("", codes "Content-Type: text/plain; charset=\"\"")
    assert.are.equal("", codes "Content-Type: image/png; charset=x-none")
  end)

  it("leaves encoded-words as they are, but for unknown-8bit", function()
    local words = message.decode_words
    assert.are.equal("=?x-none?Q?=E9?=", words "=?x-none?Q?=E9?=")
    assert.are.equal("é", words "=?unknown-8bit?Q?=E9?=")
    assert.are.equal("é", words "=?unknown-8bit?Q?=C3=A9?=")
    assert.are.equal("Größe", words "=?us-ascii?Q?Gr=C3=B6=C3=9Fe?=")
  end)
end)

describe("raw octets in a header", function()
  local function subject(octets, charset, opts)
    return message.parse("Subject: " .. octets .. "\r\nContent-Type: text/plain"
      .. (charset and "; charset=" .. charset or "") .. "\r\n\r\n", opts).subject
  end

  it("are in the charset of the text, if that has several octets", function()
    assert.are.equal("안녕", subject("\xBE\xC8\xB3\xE7", "euc-kr"))
    assert.are.equal("你好", subject("\xC4\xE3\xBA\xC3", "gb2312"))
    assert.are.equal("日本", subject("\x93\xFA\x96\x7B", "shift_jis"))
    assert.are.equal("¾È³ç", subject("\xBE\xC8\xB3\xE7", "koi8-r"))
    assert.are.equal("¾È³ç", subject "\xBE\xC8\xB3\xE7")
    -- which they must be: this is not Korean
    assert.are.equal("café", subject("caf\xE9", "euc-kr"))
  end)

  it("are UTF-8 if they are that or nearly so", function()
    assert.are.equal("Grüße", subject("Grüße", "euc-kr"))
    assert.are.equal("Grüße" .. bad, subject("Grüße\xC3", "euc-kr"))
  end)

  it("are in the charset of the option, if there is no other", function()
    local opts = { charset = "koi8-r" }
    assert.are.equal("фо", subject("\xC6\xCF", nil, opts))
    assert.are.equal("가", subject("\xB0\xA1", "euc-kr", opts))
    assert.are.equal("é", subject("é", nil, opts))
    assert.has_error(function() message.parse("", { charset = "x-none" }) end)
  end)

  it("are found in addresses and names, too", function()
    local m = message.parse("From: \xBE\xC8 <a@b>\r\nContent-Type: text/plain; "
      .. "charset=euc-kr; name=\"\xBE\xC8.txt\"\r\n\r\n")
    assert.are.equal("안", m.from[1].name)
    assert.are.equal("안.txt", m.filename)
  end)

  it("may be ISO-2022-JP", function()
    assert.are.equal("日 a", subject "\27$BF|\27(B a")
    assert.are.equal("\27 a", subject "\27 a")
  end)
end)

it("text keeps the line ends of the message", function()
  assert.are.equal("a\r\nb\n", text("utf-8", "a\r\nb\n"))
end)
