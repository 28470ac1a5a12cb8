local message = require "pop3.message"

local function part(content_type, disposition)
  local head = "Content-Type: " .. content_type .. "\r\n"
  if disposition then
    head = head .. "Content-Disposition: " .. disposition .. "\r\n"
  end
  return message.parse(head .. "\r\nx")
end

local function filename(rest)
  return part("application/x-y", "attachment; " .. rest).filename
end

describe("a type", function()
  local types = {
    ["text/html"] = "text/html", ["TEXT/HTML; a=b"] = "text/html",
    [" text / html "] = "text/html", ["text/html (c)"] = "text/html",
    ["(c) text/(d)html;x"] = "text/html", [""] = "text/plain",
    ["text"] = "text/plain", ["text/"] = "text/plain",
    ["/html"] = "text/plain", ["a/b/c"] = "text/plain",
    [";charset=utf-8"] = "text/plain", ["text/html;;;"] = "text/html",
    ["text/html charset=utf-8"] = "text/html",
    ["image/png; name=\"a;b\""] = "image/png",
    -- junk and quotes around it
    ["text/html, charset=utf-8"] = "text/html", ["text/html>"] = "text/html",
    ['"text/html"; charset=utf-8'] = "text/html",
    ['"text/html; charset=utf-8"'] = "text/html",
    ["'text/html'; charset=utf-8"] = "text/html",
    ["<text/html>"] = "text/html", ["text/html: charset=utf-8"] = "text/html",
    -- not a token
    ["text/h\xE9ml"] = "text/plain", ["text/a@b"] = "text/plain",
    ["te(x"] = "text/plain", ["multipart/m\xE9xed; boundary=x"] = "text/plain",
    ["multipart/mixed"] = "text/plain",
    ["multipart/mixed; boundary=\"\""] = "text/plain",
  }
  for value, want in pairs(types) do
    it(("%q"):format(value), function()
      assert.are.equal(want, part(value).type)
    end)
  end
end)

describe("a charset", function()
  local charsets = {
    ["text/plain; charset=UTF-8"] = "utf-8",
    ["text/plain; CharSet=\"utf-8\""] = "utf-8",
    ["text/plain; charset=us-ascii (Plain text)"] = "us-ascii",
    ["text/plain; x=1; charset = iso-8859-15 ; y=2"] = "iso-8859-15",
    ["text/plain;\r\n\tcharset\r\n =\r\n \"utf-8\""] = "utf-8",
    ["text/plain; charset=a; charset=b"] = "a",
    ["text/plain; charset*=us-ascii'en'utf-8"] = "utf-8",
    ["text/plain; charset=\"utf-8"] = "utf-8",
    ["text/html charset=utf-8"] = "utf-8",
    ["text/plain; x=\"1\" charset=utf-8"] = "utf-8",
    -- a missing semicolon, comments, quotes
    ["text/plain; charset=utf-8 format=flowed"] = "utf-8",
    ["text/plain; charset=utf-8\tformat=flowed"] = "utf-8",
    ["text/plain; charset=utf-8 or so"] = "utf-8",
    ["text/plain; charset=(c)utf-8"] = "utf-8",
    ["text/plain; charset=(c (d))utf-8(e); x=y"] = "utf-8",
    ["text/plain; charset=(c)\"utf-8\"(e)"] = "utf-8",
    ["text/plain, charset=utf-8"] = "utf-8",
    ['"text/plain; charset=utf-8"'] = "utf-8",
    ["text/plain; charset*1=utf-; charset*2=8"] = "utf-8",
  }
  for value, want in pairs(charsets) do
    it(("%q"):format(value), function()
      assert.are.equal(want, part(value).charset)
    end)
  end

  it("is nil where the header names no charset, or the part is not text", function()
    assert.is_nil(part("text/plain").charset)
    assert.is_nil(part("text/plain; charset=\"\"").charset)
    assert.is_nil(part("image/png; charset=utf-8").charset)
  end)
end)

describe("a filename", function()
  it("that is empty is replaced by a name", function()
    for _, case in ipairs { { "; name=x", "x" }, { "; name=\"\"", "" }, { "", "" } } do
      local m = message.parse("Content-Disposition: attachment; filename=\"\"\r\n"
                              .. "Content-Type: a/b" .. case[1] .. "\r\n\r\n")
      assert.equal(case[2], m.filename)
      local seen
      local sink = message.stream { on_part = function(p) seen = p.filename end }
      assert(sink(m:raw()) and sink(nil))
      assert.equal(case[2], seen)
    end
  end)

  local names = {
    { 'filename=a.txt', "a.txt" }, { 'filename="a b.txt"', "a b.txt" },
    { 'filename=a b (1).txt', "a b (1).txt" },
    { 'filename=a b.txt (c); size=3', "a b.txt" },
    { 'filename="a\\"b\\\\c"', 'a"b\\c' },
    { 'filename="a;b.txt"; x=1', "a;b.txt" },
    { 'filename="open.txt; size=3', "open.txt" },
    { 'FILENAME=a', "a" }, { 'filename=a; filename=b', "a" },
    { 'filename=""', "" },
    -- RFC 2231
    { "filename*=utf-8''na%C3%AFve", "naïve" },
    { "filename*=UTF-8'de'%e2%82%ac.txt; filename=x", "€.txt" },
    { "filename=x; filename*=utf-8''y", "y" },
    { 'filename*="utf-8\'\'q%C3%A9"', "qé" },
    { "filename*=koi8-r''%C6%CF", "фо" },
    { "filename*=''%C3%A9", "é" }, { "filename*=''%E9", "é" },
    { "filename*=x-no''%E9", "é" }, { "filename*=plain%20x", "plain x" },
    { "filename*=utf-8''a%zz%4", "a%zz%4" },
    { "filename*0=a; filename*1=b; filename*2=c", "abc" },
    { "filename*2=c; filename*1=b; filename*0=a", "abc" },
    { "filename*0*=utf-8''%C3; filename*1*=%A9", "é" },
    { "filename*0*=utf-8''a%25; filename*1=%25", "a%%25" },
    { "filename*0=a; filename*2=c", "a" },
    { "filename*1=b; filename=x", "x" }, { "filename*2=b", nil },
    -- sections that count from 1
    { "filename*1=b", "b" }, { "filename*1=a; filename*2=b", "ab" },
    { "filename*1*=utf-8''%C3%A9; filename*2=b", "éb" },
    { "filename*1=a; filename*3=b", "a" },
    { "filename*0=a; filename*0=b; filename*1=c", "ac" },
    { "filename=x; filename*0=a; filename*1=b", "ab" },
    { "filename*0=a; filename*=utf-8''b", "b" },
    { "filename*0=a; filename*1=1; filename*10=k; filename*2=2", "a12" },
    -- encoded-words
    { 'filename="=?utf-8?Q?=C3=A9.txt?="', "é.txt" },
    { 'filename==?utf-8?B?w6kudHh0?=', "é.txt" },
    { 'filename="=?utf-8?Q?a?=\r\n =?utf-8?Q?b?="', "ab" },
    { 'filename*0="=?utf-8?Q?=C3"; filename*1="=A9?="', "é" },
    { "filename*=utf-8''=?utf-8?Q?=C3=A9?=", "é" },
    { 'filename*="=?utf-8?Q?=C3=A9?="', "é" },
    { 'filename*0*="=?utf-8?Q?=C3"; filename*1*="=A9?="', "é" },
    { "filename*=utf-8''%3D%3Futf-8%3FQ%3F%C3%A9%3F%3D", "é" },
    -- no quotes: up to ";" or the next parameter
    { "filename=a b.txt; size=3", "a b.txt" },
    { "filename=a b.txt size=3", "a b.txt" },
    { "filename=a b = c.txt", "a b = c.txt" },
    { "filename=(c)a b.txt(d)", "a b.txt" },
    { 'filename="a.txt" size=3', "a.txt" },
    { "filename=a\r\n b.txt", "a b.txt" },
    -- raw octets
    { 'filename="\xC3\xA9"', "é" }, { 'filename="\xE9"', "é" },
    -- kept as they are
    { 'filename="../../etc/passwd"', "../../etc/passwd" },
  }
  for _, case in ipairs(names) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], filename(case[1]))
    end)
  end

  it("is the name of Content-Type where the disposition has no filename", function()
    assert.are.equal("n", part("a/b; name=n").filename)
    assert.are.equal("n", part("a/b; name=n", "attachment").filename)
    assert.are.equal("f", part("a/b; name=n", "attachment; filename=f")
                          .filename)
    assert.are.equal("é", part("a/b; name*=utf-8''%C3%A9").filename)
  end)
end)

describe("parameters", function()
  it("are a table with lower-case names", function()
    assert.are.same({ boundary = "b", type = "x/y", a = "ü" },
      part("multipart/related; Boundary=b; TYPE=x/y; a*=utf-8''%C3%BC").params)
  end)

  it("of a disposition alone have no disposition", function()
    local p = part("a/b", "filename=x")
    assert.is_nil(p.disposition)
    assert.are.equal("x", p.filename)
    assert.are.equal("inline", part("a/b", "INLINE").disposition)
  end)

  it("are read up to the limit", function()
    local many = {}
    for i = 1, 20 do many[i] = "; p" .. i .. "=" .. i end
    local text = "Content-Type: a/b" .. table.concat(many) .. "\r\n\r\n"
    local m = message.parse(text, { params = 5 })
    assert.are.equal("5", m.params.p5)
    assert.is_nil(m.params.p6)
    assert.are.equal("limit", m.defects[1].code)
    m = message.parse(text, { params = 20 })
    assert.are.equal("20", m.params.p20)
    assert.are.equal(0, #m.defects)
  end)

  it("join many sections in any order", function()
    local t = {}
    for i = 9999, 0, -1 do t[#t + 1] = "; filename*" .. i .. "=" .. i % 10 end
    local m = message.parse("Content-Disposition: attachment" ..
                            table.concat(t) .. "\r\n\r\n", { params = 10000 })
    assert.are.equal(("0123456789"):rep(1000), m.filename)
  end)
end)
