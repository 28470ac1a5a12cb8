-- TNEF, the winmail.dat of Outlook.

local core = require "pop3.core"
local message = require "pop3.message"
local tnef = require "spec.support.tnef"

local function utf16(s)
  return (s:gsub(".", "%0\0")) .. "\0\0"
end

-- RTF as MS-OXRTFCP's example has it (3.1): compressed, and the result.
local LZFU = "\45\0\0\0\43\0\0\0LZFu\241\197\199\167\3\0\10\0rcpg125B2"
  .. "\10\243 hel\9\0 bw\5\176ld}\10\128\15\160"
local RTF = "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"

local function read(opts)
  return assert(tnef.message(tnef.make(opts)):tnef())
end

describe("TNEF", function()
  it("has a subject, a text and attachments", function()
    local t = read { subject = "Gr\252\223e", text = "hi\r\nthere",
      attachments = { { title = "a.txt", octets = "one" },
                      { title = "..\\b\1.txt", octets = "" } } }
    assert.equal("Grüße", t.subject)
    assert.equal("hi\r\nthere", t.text)
    assert.is_nil(t.html)
    assert.equal(2, #t.attachments)
    local a, b = t.attachments[1], t.attachments[2]
    assert.equal("a.txt", a.filename)
    assert.equal(3, a.size)
    assert.equal("one", a.body())
    assert.equal("b.txt", b.safe_filename)
    assert.equal("", b.body())
  end)

  it("has them as properties too", function()
    local t = read { properties = {
        { 3, 0x3FDE, 65001 }, { 31, 0x0037, utf16 "Title" },
        { 258, 0x1013, "<p>é</p>" }, { 30, 0x1000, "plain\0" },
        { 258, 0x1009, LZFU }, { 11, 0x8001, 1, ("<I4I4"):pack(0, 7) },
        { 31, 0x8002, utf16 "x", ("<I4s4"):pack(1, utf16 "ab") .. "\0\0" },
      }, attachments = { { title = "SHORT~1.TXT", properties = {
        { 31, 0x3707, utf16 "a long name.txt" }, { 30, 0x370E, "text/plain\0" },
        { 30, 0x3712, "cid@x\0" }, { 258, 0x3701, "data" } } } } }
    assert.equal("Title", t.subject)
    assert.equal("<p>é</p>", t.html)
    assert.equal("plain", t.text)
    assert.equal(RTF, t.rtf)
    local a = t.attachments[1]
    assert.same({ "a long name.txt", "text/plain", "cid@x", "data" },
                { a.filename, a.type, a.cid, a.body() })
  end)

  it("has its strings in the code page that it names", function()
    for page, case in pairs {
      [932] = { "\x8C\xA9", "見" }, [936] = { "\xB2\xE2", "测" },
      [949] = { "\xB0\xA1", "가" }, [950] = { "\xA4\xA4", "中" },
      [1251] = { "\xCF", "П" }, [20866] = { "\xF0", "П" },
      [28592] = { "\xB1", "ą" }, [28605] = { "\xA4", "€" },
      [50220] = { "\27$BF|\27(B", "日" }, [65001] = { "é", "é" },
      [437] = { "\x81", "ü" },
      [708] = { "\xC7", "ا" }, [10001] = { "\x8C\xA9", "見" }, [1] = { "\xE9", "é" },
    } do
      local t = read { codepage = page, subject = case[1], text = case[1],
        properties = { { 30, 0x1000, case[1] .. "\0" },
                       { 258, 0x1013, "\xCF" }, { 3, 0x3FDE, 1251 } },
        attachments = { { title = case[1] .. ".x", octets = "" } } }
      assert.same({ case[2], case[2], case[2] .. ".x", "П" },
                  { t.subject, t.text, t.attachments[1].filename, t.html }, page)
    end
  end)

  it("opens a message that is attached", function()
    local inner = tnef.make { subject = "inner", text = "text",
                              attachments = { { title = "deep", octets = "d" } } }
    local function attached(octets, method)
      return { attachments = { { title = "m", octets = "a stand-in", properties = {
        { 3, 0x3705, method }, { 13, 0x3701, ("I"):rep(16) .. octets } } } } }
    end
    local a = read(attached(inner, 5)).attachments[1]
    assert.equal(inner, a.body())
    assert.same({ "inner", "text", "deep", "d" },
                { a.tnef.subject, a.tnef.text, a.tnef.attachments[1].filename,
                  a.tnef.attachments[1].body() })
    assert.equal("application/ms-tnef", a.type)
    -- other methods, and octets that are not TNEF
    a = read(attached(inner, 1)).attachments[1]
    assert.equal("a stand-in", a.body())
    assert.is_nil(a.tnef)
    a = read(attached("no TNEF", 5)).attachments[1]
    assert.same({ "no TNEF" }, { a.body() })
    assert.is_nil(a.tnef)
    -- one in the other, to a depth that is bounded
    local octets, levels = inner, 0
    for _ = 1, 20 do octets = tnef.make(attached(octets, 5)) end
    local t = tnef.message(octets):tnef()
    while t do
      t, levels = t.attachments[1] and t.attachments[1].tnef, levels + 1
    end
    assert.equal(10, levels)
  end)

  it("names its code page in the properties if there is no other", function()
    local t = read { codepage = 0, properties = { { 3, 0x3FFD, 1251 },
                                                  { 30, 0x1000, "\xCF\0" } } }
    assert.equal("П", t.text)
    assert.equal("é", read { codepage = 0, subject = "\xE9" }.subject)
  end)

  it("has HTML without a code page, which is read like other HTML", function()
    for octets, want in pairs {
      ["<p>\xC3\xA9\0"] = "<p>é", ["<p>\xE9"] = "<p>é",
      ["<meta charset=koi8-r>\xC1"] = "<meta charset=koi8-r>а",
    } do
      assert.equal(want, read { properties = { { 258, 0x1013, octets } } }.html)
    end
    assert.equal("П", read { codepage = 1251, properties = { { 258, 0x1013, "\xCF" } } }
                      .html)
  end)

  it("may have properties of unknown types, and empty names", function()
    local t = read { subject = "s", properties = { { 30, 0x1000, "t\0" },
      { 0xFF, 0x1234, "x" } }, attachments = { { title = "", octets = "1",
        properties = { { 31, 0x3001, utf16 "shown.txt" }, { 1, 0x1234, 0 } } } } }
    assert.same({ "s", "t", "shown.txt" },
                { t.subject, t.text, t.attachments[1].filename })
  end)

  it("may have junk after it", function()
    for _, junk in ipairs { "\0", ("\0"):rep(100), "\r\n--b\r\n", "junk, no level", "\1",
                            "\2\3\4\5\6\7\8\9\10\11\12", "\2" .. ("x"):rep(50),
                            "\1" .. ("\255"):rep(30), ("\1"):rep(40), ("\2"):rep(40) } do
      local t = assert(tnef.message(tnef.make { subject = "s" } .. junk):tnef())
      assert.equal("s", t.subject)
    end
  end)

  local function rtf(octets)
    return read { properties = { { 258, 0x1009, octets } } }
  end

  it("has RTF that is not compressed", function()
    local plain = "{\\rtf1\\ansi hello\\par}"
    assert.equal(plain, rtf(plain).rtf)
    assert.equal(plain, rtf(("<I4I4I4I4"):pack(#plain + 12, #plain, 0x414C454D, 0)
                            .. plain).rtf)
    assert.equal("hello\r\n", rtf(plain).text)
  end)

  it("has the HTML that its RTF was made from", function()
    local t = rtf([[{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0]]
      .. [[{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset238 X;}}{\colortbl;\red1;}]]
      .. [[{\*\generator X;}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 ]]
      .. [[a \'cf\f1 \'b9{\*\htmltag84 &amp;}\htmlrtf & \htmlrtf0 \{b\}\u8364?\u-10179?]]
      .. [[\u-8704?{\*\htmltag72 </p>}\htmlrtf }\htmlrtf0 {\*\mhtmltag64 <q>}]] .. "\r\n"
      .. [[{\*\htmltag0 \par }}]])
    assert.equal("<p>a Пą&amp;{b}€😀</p>\r\n", t.html)
    assert.is_nil(t.text)
  end)

  it("has the text of other RTF", function()
    local t = rtf([[{\rtf1\ansi\pard one\par two\tab{\b x}{\pict 00ff}\line\uc2\u233??e}]])
    assert.equal("one\r\ntwo\tx\r\née", t.text)
    t = rtf(LZFU)
    assert.equal("hello world", t.text)
  end)

  it("reads RTF as programs write it", function()
    -- musl's iconv lacks this charset
    local mac = core.decode.text("\x8E", "macintosh") == "é" and "é" or nil
    for octets, want in pairs {
      [ [[{\rtf1{\fonttbl{\f0 A\~B;}}x\~y\_z\-}]] ] = "x\u{A0}y\u{2011}z",
      [ [[{\rtf1\ansicpg1252\deff0{\fonttbl{\f0\fcharset204 A;}}\'cf\'f0}]] ] = "Пр",
      [ [[{\rtf1\deff0{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f1\'cf\plain\'e9}]] ]
        = "Пé",
      [ [[{\rtf1\mac \'8e}]] ] = mac, [ [[{\rtf1\pc \'82}]] ] = "é",
      [ [[{\rtf1\pca \'82}]] ] = "é", [ [[{\rtf1\ansicpg932 \'83A\'95\'5c}]] ] = "ア表",
      [ [[{\rtf1\ansicpg932 \'95\\}]] ] = "表", [ [[{\rtf1\uc0 \u233x\u8364 y}]] ] = "éx€y",
      [ [[{\rtf1 {\field{\*\fldinst HYPERLINK "x"}{\fldrslt text}} end}]] ] = "text end",
      ["{\\rtf1 a{\\*\\x\\bin3 }}}}b}"] = "ab", ["{\\rtf1 a{\\pict\\bin5 }{}\\}}b}"] = "ab",
      ["{\\rtf1 a\\bin99999 b}"] = "a", ["{\\rtf1 a\\bin-9 b}"] = "ab",
      [ [[{\rtf1{\upr{abc}{\*\ud{\u233?bc}}}d}]] ] = "ébcd",
      [ [[{\rtf1{\info{\title x}}{\header h}{\*\listtable{\list}}t}]] ] = "t",
    } do
      assert.equal(want, rtf(octets).text, octets)
    end
    assert.equal("<p>a", rtf([[{\rtf1\fromhtml1 \htmlrtf \~x\htmlrtf0 {\*\htmltag64 <p>}a}]])
                         .html)
  end)

  it("takes RTF of any shape, in linear time", function()
    for _, piece in ipairs { "{", "}", "\\", "\\'", "\\u1", "\\u-10179", "{\\*", "\\f1",
                             "\\htmlrtf", "{\\*\\htmltag ", "a", "\\a1", ("x"):rep(40),
                             "\\" .. ("x"):rep(40), "\\'zz", "\\ansicpg77 \\'ff" } do
      assert.is_table(rtf("{\\rtf1" .. piece:rep(20000)))
    end
  end)

  it("is found only in its types", function()
    assert.is_nil(message.parse("A: b\r\n\r\nx"):tnef())
    assert.is_nil(message.parse("Content-Type: text/plain; name=x.dat\n\n"):tnef())
  end)

  it("that is broken is an error, or is read in part, without a crash", function()
    local whole = tnef.make { subject = "s", text = "t", properties = {
      { 31, 0x0037, utf16 "Title" }, { 258, 0x1009, LZFU } },
      attachments = { { title = "a", octets = "one", properties = {
        { 31, 0x3707, utf16 "long" } } } } }
    for n = 0, #whole - 1 do
      local t, why, code = tnef.message(whole:sub(1, n)):tnef()
      if not t then
        assert.truthy(why:find "^tnef: ")
        assert.equal("proto", code)
      end
    end
    for n = 1, #whole do
      for _, octet in ipairs { "\0", "\255", "\127" } do
        local t, _, code = tnef.message(whole:sub(1, n - 1) .. octet
                                        .. whole:sub(n + 1)):tnef()
        assert.is_true(t ~= nil or code == "proto")
      end
    end
  end)

  it("allocates no memory for a promised size", function()
    for _, octets in ipairs {
      ("<I4I4I4I4"):pack(12, 0xFFFFFFFF, 0x75465A4C, 0),
      ("<I4I4I4I4"):pack(12, 100, 0x414C454D, 0),
      ("<I4I4I4I4"):pack(12, 100, 1, 0),
    } do
      local t, _, code = tnef.message(tnef.make { properties = {
        { 258, 0x1009, octets } } }):tnef()
      assert.is_nil(t)
      assert.equal("proto", code)
    end
    local t, _, code = tnef.message(tnef.make {}
      .. ("<I1I4I4"):pack(1, 0x69003, 4) .. ("<I4I2"):pack(0xFFFFFFFF, 0)):tnef()
    assert.is_nil(t)
    assert.equal("proto", code)
  end)
end)
