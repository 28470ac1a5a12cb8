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

  it("are found in linear time, whatever the octets", function()
    for _, piece in ipairs{ "=?", "=?a?Q?", "=?utf-8?Q?a?= ", "=?utf-8?Q?a",
                            "?=", "=?x?X?a?=", "=", "?" } do
      assert.is_string(decode(piece:rep(100000)))
    end
  end)
end)
