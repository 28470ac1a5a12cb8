local message = require "pop3.message"

-- A list as text: "group|name|address", one a line.
local function read(value)
  local out = {}
  for _, a in ipairs(message.parse_addresses(value)) do
    local group = a.group and a.group .. "|" or ""
    out[#out + 1] = group .. a.name .. "|" .. a.address
  end
  return table.concat(out, "\n")
end

local cases = {
  -- RFC 5322 3.4
  { "a@example.org", "|a@example.org" },
  { "Ann <a@example.org>", "Ann|a@example.org" },
  { '"Ann A. Uthor" <a@example.org>', "Ann A. Uthor|a@example.org" },
  { "<a@example.org>", "|a@example.org" },
  { "a@x.example, B <b@x.example>", "|a@x.example\nB|b@x.example" },
  { "a@[192.0.2.1]", "|a@[192.0.2.1]" },
  { "a@[ 192.0.2.1 ]", "|a@[192.0.2.1]" },
  { "", "" },
  { " , ,", "" },
  -- groups
  { "G: a@x.example, B <b@x.example>;, c@x.example",
    "G||a@x.example\nG|B|b@x.example\n|c@x.example" },
  { "undisclosed-recipients:;", "" },
  { "G:; c@x.example", "|c@x.example" },
  { "A: a@x.example; B: b@x.example;", "A||a@x.example\nB||b@x.example" },
  { "G: a@x.example", "G||a@x.example" },
  { "=?utf-8?Q?Gr=C3=BCn?=: a@x.example;", "Grün||a@x.example" },
  -- quoting
  { '"john doe"@x.example', '|"john doe"@x.example' },
  { '"john"@x.example', "|john@x.example" },
  { '"a\\"b"@x.example', '|"a\\"b"@x.example' },
  { '"a@b"@x.example', '|"a@b"@x.example' },
  { '"".a@x.example', '|".a"@x.example' },
  { '"Doe, John" <j@x.example>', "Doe, John|j@x.example" },
  { '"a \\"q\\" b" <j@x.example>', 'a "q" b|j@x.example' },
  -- comments
  { "a@x.example (Ann)", "Ann|a@x.example" },
  { "a@x.example (Ann (A.) U)", "Ann (A.) U|a@x.example" },
  { "(c) a@x.example", "|a@x.example" },
  { "a(c)@(d)x.example(E)", "E|a@x.example" },
  { "Ann (c) Uthor <a@x.example> (d)", "Ann Uthor|a@x.example" },
  { "a@x.example (=?utf-8?Q?=C3=84nn?=)", "Änn|a@x.example" },
  -- obsolete: white space, routes, dots in phrases
  { "a . b @ x . example", "|a.b@x.example" },
  { "<@r.example,@s.example:a@x.example>", "|a@x.example" },
  { "J. Doe <j@x.example>", "J. Doe|j@x.example" },
  { "Ann\r\n <a@x.example>,\r\n b@x.example",
    "Ann|a@x.example\n|b@x.example" },
  -- encoded-words
  { "=?utf-8?Q?Doe=2C_J=C3=B6?= <j@x.example>", "Doe, Jö|j@x.example" },
  { "=?utf-8?Q?J=C3=B6?=\r\n =?utf-8?Q?rg?= X <j@x.example>",
    "Jörg X|j@x.example" },
  -- broken, and read nonetheless
  { "a@x.example; b@x.example", "|a@x.example\n|b@x.example" },
  { "joe@home.example <joe@x.example>", "joe@home.example|joe@x.example" },
  { "Joe <a@x.example, b@x.example", "Joe|a@x.example\n|b@x.example" },
  { "<<a@x.example>>", "|a@x.example" },
  { "a@x.example b@x.example", "|a@x.example\n|b@x.example" },
  { "A <a@x.example> B <b@x.example>", "A|a@x.example" },
  { "John Doe j@x.example", "John Doe|j@x.example" },
  { "root", "|root" },
  { "John Doe", "John Doe|" },
  { "Al \"Bud <a@x.example>", "Al Bud|a@x.example" },
  { "Al (Bud <a@x.example>", "Al Bud|a@x.example" },
  { "Al) <a@x.example>", "Al|a@x.example" },
  { "<mailto:a@x.example>", "|a@x.example" },
  { "< a b @ x.example >", "|ab@x.example" },
  { "\xE4 <a@x.example>", "ä|a@x.example" },
  { "<>", "" },
  -- an angle address makes one mailbox; what stands before it is its name
  { "ceo@b.example via List <x@evil.example>",
    "ceo@b.example via List|x@evil.example" },
  { "a@b.example, c@d.example via L <x@e.example>",
    "|a@b.example\nc@d.example via L|x@e.example" },
  { "\"a@b.example\" <x@e.example>", "a@b.example|x@e.example" },
  { "a@b.example (c) <x@e.example>", "a@b.example|x@e.example" },
  { "Al <Bud> <x@e.example>", "Al <Bud>|x@e.example" },
  { "<x@e.example> a@b.example", "|x@e.example" },
  { "<x@e.example> a@b.example, c@d.example", "|x@e.example\n|c@d.example" },
  -- specials that were left raw in encoded-words
  { "=?utf-8?Q?A=C3=A4,_B?= <a@x.example>", "Aä, B|a@x.example" },
  { "=?utf-8?Q?A:_B;_C?= <a@x.example>", "A: B; C|a@x.example" },
  { "=?utf-8?Q?A_(B)_\"C\"?= <a@x.example>", 'A (B) "C"|a@x.example' },
  { "=?utf-8?Q?b@c.example?= <a@x.example>", "b@c.example|a@x.example" },
  { "=?utf-8?Q?A_<b@c.example>?= <a@x.example>",
    "A <b@c.example>|a@x.example" },
  { "X=?utf-8?Q?=C3=A4,?= <a@x.example>", "Xä,|a@x.example" },
  { "G: =?utf-8?Q?A;?= <a@x.example>;", "G|A;|a@x.example" },
  { "=?utf-8?Q?A, <a@x.example>", "|=?utf-8?Q?A\n|a@x.example" },
  -- a lone encoded-word is a name (RFC 2047 5)
  { "=?utf-8?Q?a=40b.example?=", "a@b.example|" },
  { "=?utf-8?Q?a?= (c), d@x.example", "a|\n|d@x.example" },
  { "=?utf-8?Q?a?=\r\n =?utf-8?Q?_b?=", "a b|" },
  -- brackets
  { "[a b] <a@x.example>", "[a b]|a@x.example" },
  { "x [y] z <a@x.example>", "x [y] z|a@x.example" },
  { "x [y <a@x.example>, b@x.example", "x [y|a@x.example\n|b@x.example" },
  { "x] <a@x.example>", "x]|a@x.example" },
  { "a@[IPv6:2001:db8::1]", "|a@[IPv6:2001:db8::1]" },
  { "a@[192.0.2.1, b@x.example", "|a@[192.0.2.1\n|b@x.example" },
  -- blanks in quotes
  { '" a  b " <a@x.example>', " a  b |a@x.example" },
  { '"a " b <a@x.example>', "a  b|a@x.example" },
  { '"  " <a@x.example>', "|a@x.example" },
  -- no line ends and no NULs
  { "=?utf-8?Q?a=0D=0Ab=00c?= <a@x.example>", "a  b c|a@x.example" },
  { '"a\rb\0c"@x.example', "|abc@x.example" },
}

describe("addresses", function()
  for _, case in ipairs(cases) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], read(case[1]))
    end)
  end

  it("an empty group gives nothing, a group without a name has one", function()
    local list = message.parse_addresses(":a@x.example;")
    assert.are.equal("", list[1].group)
  end)

  it("stops at the limit and says so", function()
    local many = "To: " .. ("a@b, "):rep(50) .. "\r\n\r\n"
    local m = message.parse(many, { addresses = 10 })
    assert.are.equal(10, #m.to)
    assert.are.equal("limit", m.defects[1].code)
    m = message.parse(many, { addresses = 50 })
    assert.are.equal(50, #m.to)
    assert.are.equal(0, #m.defects)
  end)

  it("is misused at the caller's line", function()
    assert.has_error(function() message.parse_addresses({}) end)
  end)
end)
