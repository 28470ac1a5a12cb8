-- TNEF, the winmail.dat of Outlook.

local message = require "pop3.message"
local tnef = require "spec.support.tnef"

local function utf16(s)
  return (s:gsub(".", "%0\0")) .. "\0\0"
end

-- RTF as MS-OXRTFCP's example has it (3.1): compressed, and what it is.
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

  it("is nothing else", function()
    assert.is_nil(message.parse("A: b\r\n\r\nx"):tnef())
    assert.is_nil(message.parse("Content-Type: text/plain; name=x.dat\n\n"):tnef())
  end)

  it("that is broken is an error, or less of it, and no crash", function()
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

  it("promises nothing that has to be kept", function()
    for _, rtf in ipairs {
      ("<I4I4I4I4"):pack(12, 0xFFFFFFFF, 0x75465A4C, 0),
      ("<I4I4I4I4"):pack(12, 100, 0x414C454D, 0),
      ("<I4I4I4I4"):pack(12, 100, 1, 0),
    } do
      local t, _, code = tnef.message(tnef.make { properties = {
        { 258, 0x1009, rtf } } }):tnef()
      assert.is_nil(t)
      assert.equal("proto", code)
    end
    local t, _, code = tnef.message(tnef.make {}
      .. ("<I1I4I4"):pack(1, 0x69003, 4) .. ("<I4I2"):pack(0xFFFFFFFF, 0)):tnef()
    assert.is_nil(t)
    assert.equal("proto", code)
  end)
end)
