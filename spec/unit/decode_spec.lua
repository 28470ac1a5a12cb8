local core = require "pop3.core"
local message = require "pop3.message"

local function body(encoding, text)
  return message.parse("Content-Transfer-Encoding: " .. encoding ..
                       "\r\n\r\n" .. text):body()
end

describe("base64", function()
  local cases = {
    { "", "" }, { "aGk=", "hi" }, { "aGk", "hi" }, { "aGVs\r\nbG8=", "hello" },
    { "a!G*k\0=", "hi" }, { "aGk=aGk=", "hihi" }, { "aGVsbG8", "hello" },
    { "a", "" }, { "aG", "h" }, { "a=", "" }, { "=aGk", "hi" },
    { "====", "" }, { "aG=k", "h" }, { "-_aGk=", "hi" },
    { "AAEC/w==", "\0\1\2\xFF" },
  }
  for _, case in ipairs(cases) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], core.decode.base64(case[1]))
      assert.are.equal(case[2], body("base64", case[1]))
    end)
  end

  it("encodes in lines of 76", function()
    assert.are.equal("", core.encode.base64(""))
    assert.are.equal("aA==", core.encode.base64("h"))
    assert.are.equal(("YWFh"):rep(19), core.encode.base64(("a"):rep(57)))
    assert.are.equal(("YWFh"):rep(19) .. "\r\nYQ==",
                     core.encode.base64(("a"):rep(58)))
  end)
end)

describe("quoted-printable", function()
  local cases = {
    { "a=3Db", "a=b" }, { "=e2=82=AC", "€" }, { "a=\r\nb", "ab" },
    { "a= \t\r\nb", "ab" }, { "a=\nb", "ab" }, { "a  \r\nb", "a\r\nb" },
    { "a \t\nb", "a\nb" }, { "a b", "a b" }, { "a  ", "a" }, { "a=", "a" },
    { "a= ", "a" }, { "=ZZ", "=ZZ" }, { "=4", "=4" }, { "=4\r\n", "=4\r\n" },
    { "=4=41", "=4A" }, { "==41", "=A" }, { "= x", "= x" }, { "a\rb", "a\rb" },
    { "a \rb", "a \rb" }, { "=\rb", "=\rb" }, { "end=20\r\n", "end \r\n" },
    { " \r\n\t\r\n", "\r\n\r\n" }, { "a\r\r\nb", "a\r\r\nb" },
    { "a=\r\n=\r\nb", "ab" }, { "=\r\n", "" }, { "a =41", "a A" },
  }
  for _, case in ipairs(cases) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], core.decode.qp(case[1]))
      assert.are.equal(case[2], body("Quoted-Printable", case[1]))
    end)
  end

  it("encodes", function()
    assert.are.equal("a=3Db=E2=82=AC", core.encode.qp("a=b€"))
    assert.are.equal("a=20\r\nb=09\n", core.encode.qp("a \r\nb\t\n"))
    assert.are.equal("a b=20", core.encode.qp("a b "))
    assert.are.equal(("a"):rep(76), core.encode.qp(("a"):rep(76)))
    assert.are.equal(("a"):rep(75) .. "=\r\naa",
                     core.encode.qp(("a"):rep(77)))
  end)
end)

it("decoding reverses encoding", function()
  local seed = 3
  for n = 0, 300 do
    local t = {}
    for i = 1, n do
      seed = (seed * 1103515245 + 12345) % (1 << 31)
      local c = seed >> 16 & 0xFF
      t[i] = string.char(c < 64 and ({ 10, 13, 32, 9, 61 })[c % 5 + 1] or c)
    end
    local octets = table.concat(t)
    local b, q = core.encode.base64(octets), core.encode.qp(octets)
    assert.are.equal(octets, core.decode.base64(b))
    assert.are.equal(octets, core.decode.qp(q))
    for line in (b .. "\r\n" .. q):gmatch("[^\n]+") do
      assert.is_true(#line:gsub("\r", "") <= 76)
    end
  end
end)

describe("other codes", function()
  it("uuencode", function()
    local uu = "pre\r\nbegin 644 x\r\n%:&5L;&\\\r\n`\r\nend\r\npost\r\n"
    assert.are.equal("hello", body("x-uuencode", uu))
    assert.are.equal("hello", body("uuencode", uu:gsub("\r", "")))
    assert.are.equal("hello", body("x-uue", (uu:gsub("end.*", ""))))
    assert.are.equal("", body("x-uuencode", "no data\r\n"))
  end)

  it("yenc", function()
    local data = "=ybegin line=128 size=5 name=x\r\n" ..
                 "\x92\x8f\x96\x96\x99\r\n=yend size=5\r\nrest"
    assert.are.equal("hello", body("x-yenc", "text\r\n" .. data))
    assert.are.equal("\0\xD6=", body("x-yenc", "=ybegin\n*=@g\n=yend"))
    assert.are.equal("\xD6a", body("x-yenc",
                     "=ybegin\r\n=ypart begin=1\r\n=@\r\n\x8B\r\n"))
  end)

  it("are matched in any case, with remarks", function()
    assert.are.equal("hi", body(" BASE64 ", "aGk="))
    assert.are.equal("hi", body("base64 (c)", "aGk="))
    assert.are.equal("aGk=", body("7bit", "aGk="))
    assert.are.equal("aGk=", body("", "aGk="))
  end)

  it("unknown make application/octet-stream of a part", function()
    local m = message.parse("Content-Type: text/html; charset=utf-8\r\n" ..
                            "Content-Transfer-Encoding: x-mystery\r\n\r\nx")
    assert.are.equal("application/octet-stream", m.type)
    assert.is_nil(m.charset)
    assert.are.equal("x", m:body())
    assert.are.equal("encoding", m.defects[1].code)
  end)
end)
