local core = require "pop3.core"
local helper = require "spec.helper"
local message = require "pop3.message"
local decode = message.decode_words

local cases = {
  { "plain text", "plain text" },
  { "=?utf-8?Q?caf=C3=A9?=", "café" },
  { "=?UTF-8?b?Y2Fmw6k=?=", "café" },
  { "=?iso-8859-1?Q?a?= b", "a b" },                      -- RFC 2047 8
  { "=?iso-8859-1?Q?a?= =?iso-8859-1?Q?b?=", "ab" },
  { "=?iso-8859-1?Q?a?=\r\n   =?iso-8859-1?Q?b?=", "ab" },
  { "=?iso-8859-1?Q?a_b?=", "a b" },
  { "=?iso-8859-1?Q?a?= =?iso-8859-2?Q?_b?=", "a b" },
  { "x =?utf-8?Q?a?= y =?utf-8?Q?b?= z", "x a y b z" },
  -- glued, with raw spaces
  { "x=?utf-8?Q?a?=y", "xay" },
  { "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab" },
  { "(=?utf-8?Q?a?=)", "(a)" },
  { "=?utf-8?Q?hello big world?=", "hello big world" },
  { "=?utf-8?B?aGVs bG8=?=", "hello" },
  -- octets of one charset are joined, of different ones not
  { "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é" },
  { "=?utf-8?Q?=C3?= =?UTF-8?B?qQ==?=", "é" },
  { "=?utf-8?Q?=C3?= x =?utf-8?Q?=A9?=", "\u{FFFD} x \u{FFFD}" },
  { "=?utf-8?Q?=C3?= =?koi8-r?Q?a?=", "\u{FFFD}a" },
  { "=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=",
    "日本" },
  { "=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本" },
  -- as written
  { "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
  { "=?x-unknown?Q?abc?=", "=?x-unknown?Q?abc?=" },
  { "=?utf-8?Q?open", "=?utf-8?Q?open" },
  { "=?utf-8?Q?open =?utf-8?Q?ok?=", "=?utf-8?Q?open ok" },
  { "=?utf-8?Q?a?= =?x-none?Q?b?= =?utf-8?Q?c?=", "a =?x-none?Q?b?= c" },
  { "=?utf-8?Q", "=?utf-8?Q" },
  { "=??Q?a?=", "=??Q?a?=" },
  { "a =? b ?= c", "a =? b ?= c" },
  -- broken inside
  { "=?utf-8?Q??=", "" },
  { "=?utf-8?Q?a=ZZb=4?=", "a=ZZb=4" },
  { "=?utf-8?Q?=?=", "=" },
  { "=?utf-8?B?aGk?=", "hi" },
  { "=?utf-8?Q?what??=", "what?" },
  { "=?us-ascii*en?Q?a?=", "a" },
  -- raw octets
  { "caf\xC3\xA9", "café" },
  { "caf\xE9", "café" },
  { "\xE9 =?utf-8?Q?=C3=A9?=", "é é" },
  -- folding
  { "a\r\n b", "a b" },
  { " a ", "a" },
}

describe("encoded-words", function()
  for _, case in ipairs(cases) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], decode(case[1]))
    end)
  end

  it("are found in linear time, for any octets", function()
    for _, piece in ipairs{ "=?", "=?a?Q?", "=?utf-8?Q?a?= ", "=?utf-8?Q?a",
                            "?=", "=?x?X?a?=", "=", "?" } do
      assert.is_string(decode(piece:rep(100000)))
    end
  end)
end)

-- Decoded text holds no line ends and no NULs.
local function safe(text)
  return (text:gsub("[\r\n\0]", " "))
end

describe("text for a field", function()
  local encode = core.encode.words

  for _, text in ipairs{ "", "a", "plain text", "a  b\tc", "what? 1 = 1_0!",
                         "a = ? b ?= c", "(a) <b@c> \"d\", e;", "~",
                         ("long "):rep(100) .. "x" } do
    it("stays: " .. ("%q"):format(text:sub(1, 30)), function()
      assert.are.equal(text, encode(text))
    end)
  end

  for _, case in ipairs{
    { "café", "=?UTF-8?B?Y2Fmw6k=?=" },             -- 8 octets, in Q 9
    { "café au lait", "=?UTF-8?Q?caf=C3=A9_au_lait?=" },
    { "Grüße", "=?UTF-8?B?R3LDvMOfZQ==?=" },
    { "abé", "=?UTF-8?Q?ab=C3=A9?=" },              -- 8 and 8
    -- characters that a phrase cannot hold are escaped
    { "é!*+-/ abcdefg.", "=?UTF-8?Q?=C3=A9!*+-/_abcdefg=2E?=" },
    { ("a"):rep(42) .. "é =?_,(", "=?UTF-8?Q?" .. ("a"):rep(42)
      .. "=C3=A9_=3D=3F=5F=2C?= =?UTF-8?Q?=28?=" },
    -- characters that a reader would misread
    { " a", "=?UTF-8?Q?_a?=" }, { "a\t", "=?UTF-8?Q?a=09?=" },
    { " ", "=?UTF-8?Q?_?=" },
    { "=?utf-8?Q?a?=", "=?UTF-8?B?PT91dGYtOD9RP2E/PQ==?=" },
    { "is it abc=?", "=?UTF-8?Q?is_it_abc=3D=3F?=" },
    { "abcdefgh\r\nX: y", "=?UTF-8?Q?abcdefgh=0D=0AX=3A_y?=" },
    { "abcdef\0", "=?UTF-8?Q?abcdef=00?=" },
    { "abc\127", "=?UTF-8?Q?abc=7F?=" },
    -- 75 octets, and one more
    { ("a"):rep(57) .. "é", "=?UTF-8?Q?" .. ("a"):rep(57) .. "=C3=A9?=" },
    { ("a"):rep(58) .. "é",
      "=?UTF-8?Q?" .. ("a"):rep(58) .. "?= =?UTF-8?Q?=C3=A9?=" },
    { ("ééé"):rep(7) .. "éa",
      "=?UTF-8?B?" .. ("w6nDqcOp"):rep(7) .. "w6lh?=" },
    { ("ééé"):rep(7) .. "éé",                       -- 45 octets are odd
      "=?UTF-8?B?" .. ("w6nDqcOp"):rep(7) .. "w6k=?= =?UTF-8?B?w6k=?=" },
  } do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], encode(case[1]))
      assert.are.equal(safe(case[1]), decode(case[2]))
    end)
  end

  it("that is no UTF-8 is misuse", function()
    for _, text in ipairs{ "caf\xE9", "\x80", "a\xC3", "\xED\xA0\x80",
                           "\xF4\x90\x80\x80", "\xC0\x80" } do
      local ok, why = pcall(function() return (encode(text)) end)
      assert.is_false(ok)
      assert.match("word_spec%.lua:%d+: bad argument #1 .*%(not UTF%-8%)$", why)
    end
  end)

  -- Texts of 'n' characters, from letters only to none.
  local seed = 7
  local function chance(n)
    seed = (seed * 1103515245 + 12345) % (1 << 31)
    return (seed >> 8) % n
  end

  local function some_text(n)
    local t, letters = {}, chance(10)
    for i = 1, n do
      local c
      if chance(9) < letters then c = 97 + chance(26)
      else
        c = chance(({ [0] = 0x80, 0x100, 0x800, 0x10000, 0x110000 })[chance(5)])
        if c >= 0xD800 and c < 0xE000 or c == 0xFEFF or c == 0xFFFD then
          c = 61
        end
      end
      t[i] = utf8.char(c)
    end
    return table.concat(t)
  end

  it("is read again, folded or not, from words of 75 octets", function()
    for n in helper.sweep(0, 600, 100) do
      local text = some_text(n)
      local field = encode(text)
      assert.are.equal(safe(text), decode(field))
      assert.not_match("[^\t -~]", field)
      if field ~= text then
        local code = field:match "^=%?UTF%-8%?([BQ])%?"
        assert.are.equal(safe(text), decode((field:gsub(" ", "\r\n "))))
        for word in (field .. " "):gmatch "(.-) " do
          assert.is_true(#word <= 75)
          assert.match("^=%?UTF%-8%?" .. code .. "%?[^?]+%?=$", word)
          assert.is_nil(decode(word):find("\u{FFFD}", 1, true))   -- cut
        end
      end
    end
  end)

  it("takes linear time", function()
    for _, piece in ipairs{ "é", "a", "=?", " ", "\u{10FFFF}" } do
      local text = "é" .. piece:rep(200000) .. "é"
      assert.are.equal(text, decode(encode(text)))
    end
  end)
end)
