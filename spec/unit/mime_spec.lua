local message = require "pop3.message"

local function lines(...) return table.concat({ ... }, "\r\n") end

-- Its parts as "path type octets" lines.
local function read(text, limits)
  local out = {}
  for path, part in message.parse(text, limits):walk() do
    if not part.type:find("^multipart/") then
      out[#out + 1] = ("%s %s %q"):format(path, part.type, part:body())
    end
  end
  return table.concat(out, "\n")
end

local head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

local cases = {
  ["a line break before a delimiter belongs to it"] = {
    "--b\r\n\r\nx\r\n\r\n--b\r\n\r\ny\n--b--\r\n",
    '1 text/plain "x\\13\\\n"\n2 text/plain "y"' },
  ["blanks may follow a delimiter, nothing else"] = {
    "--b \t\r\n\r\nx\r\n--bx\r\n--b-\r\n --b\r\n--b-- \r\n",
    '1 text/plain "x\\13\\\n--bx\\13\\\n--b-\\13\\\n --b"' },
  ["text before and after is dropped"] = {
    "pre\r\n--b\r\n\r\nx\r\n--b--\r\npost\r\n--b\r\n\r\ny\r\n",
    '1 text/plain "x"' },
  ["the end of data ends everything"] = {
    "--b\r\n\r\nx\r\n", '1 text/plain "x\\13\\\n"' },
  ["a delimiter may be the last thing"] = {
    "--b\r\n\r\nx\r\n--b--", '1 text/plain "x"' },
  ["without a delimiter it is text"] = { "x\r\n", [[1 text/plain "x\13\
"]] },
  ["a header without a body"] = {
    "--b\r\nContent-Type: text/html\r\n--b--\r\n", '1 text/html ""' },
  ["a header that does not end"] = {
    "--b\r\nContent-Type: text/html", '1 text/html ""' },
  ["delimiters side by side"] = {
    "--b\r\n--b\r\n\r\n--b--\r\n", '1 text/plain ""\n2 text/plain ""' },
  ["an empty body"] = {
    "--b\r\n\r\n\r\n--b--\r\n", '1 text/plain ""' },
  ["an inner delimiter like an outer one"] = {
    lines("--b", "Content-Type: multipart/mixed; boundary=b", "", "--b", "",
          "x", "--b--", "--b", "", "y", "--b--", ""),
    '1.1 text/plain "x"\n2 text/plain "y"' },
  ["an outer delimiter ends all inner parts"] = {
    lines("--b", "Content-Type: multipart/mixed; boundary=c", "", "--c",
          "Content-Type: multipart/mixed; boundary=d", "", "--d", "", "x",
          "--b", "", "y", "--c", "--b--", ""),
    '1.1.1 text/plain "x"\n2 text/plain "y\\13\\\n--c"' },
  ["an outer last delimiter too"] = {
    lines("--b", "Content-Type: message/rfc822", "",
          "Content-Type: multipart/mixed; boundary=c", "", "--c", "", "x",
          "--b--", "--c", "", "z"),
    '1 message/rfc822 "Content-Type: multipart/mixed; boundary=c' ..
    '\\13\\\n\\13\\\n--c\\13\\\n\\13\\\nx"\n1.1 text/plain "x"' },
  ["a message within a message"] = {
    lines("--b", "Content-Type: message/rfc822", "",
          "Content-Type: message/rfc822", "", "", "x", "--b--"),
    '1 message/rfc822 "Content-Type: message/rfc822\\13\\\n\\13\\\n' ..
    '\\13\\\nx"\n1.1 message/rfc822 "\\13\\\nx"\n1.1.1 text/plain "x"' },
  ["a digest"] = {
    lines("--b", "Content-Type: multipart/digest; boundary=d", "", "--d",
          "", "Subject: s", "", "x", "--d", "Content-Type: text/html", "",
          "y", "--d--", "--b--"),
    '1.1 message/rfc822 "Subject: s\\13\\\n\\13\\\nx"\n' ..
    '1.1.1 text/plain "x"\n1.2 text/html "y"' },
  ["a broken type in a digest"] = {
    lines("--b", "Content-Type: multipart/digest; boundary=d", "", "--d",
          "Content-Type: junk", "", "Subject: s", "", "x", "--d",
          "Content-Type: multipart/mixed", "", "y", "--b--"),
    '1.1 message/rfc822 "Subject: s\\13\\\n\\13\\\nx"\n' ..
    '1.1.1 text/plain "x"\n1.2 text/plain "y"' },
  ["a transfer encoding on a multipart is ignored"] = {
    lines("--b", "Content-Type: multipart/mixed; boundary=c",
          "Content-Transfer-Encoding: x-foo", "", "--c", "", "x", "--c--",
          "--b--"), '1.1 text/plain "x"' },
}

describe("parts:", function()
  for name, case in pairs(cases) do
    it(name, function()
      assert.are.equal(case[2], read(head .. case[1]))
    end)
  end

  it("a boundary may be quoted, long, in sections, and end in blanks",
     function()
    local long = ("x"):rep(300)
    for param, boundary in pairs{
      ['boundary="a b:c"'] = "a b:c", ['boundary="b  "'] = "b",
      ["boundary*0=a; boundary*1=b"] = "ab", ["boundary=" .. long] = long,
      ["boundary=\"=_?=\""] = "=_?=", ["boundary=b--"] = "b--",
      ["boundary=\"--\""] = "--", ["boundary=\"a\\\"b\""] = 'a"b',
    } do
      assert.are.equal('1 text/plain "x"',
        read("Content-Type: multipart/mixed; " .. param .. "\r\n\r\n--" ..
             boundary .. "\r\n\r\nx\r\n--" .. boundary .. "--\r\n"), param)
    end
  end)

  it("in LF, as in CRLF", function()
    assert.are.equal('1 text/plain "a\\\nb"\n2 text/plain "c"',
      read(((head .. "--b\r\n\r\na\r\nb\r\n--b\r\n\r\nc\r\n--b--\r\n")
            :gsub("\r", ""))))
  end)

  it("the root is 1 where it has no parts", function()
    assert.are.equal('1 text/plain "x"', read("\r\nx"))
    assert.are.equal('1 message/rfc822 "\\13\\\nx"\n1.1 text/plain "x"',
                     read("Content-Type: message/rfc822\r\n\r\n\r\nx"))
    assert.are.equal(
      '1 message/rfc822 "' .. ("%q"):format(head):sub(2, -2)
      :gsub("\r", "\\13") .. '--b\\13\\\n\\13\\\nx"\n1.1 text/plain "x"',
      read("Content-Type: message/rfc822\r\n\r\n" .. head ..
           "--b\r\n\r\nx"))
  end)
end)

describe("limits:", function()
  local function nested(n)
    local t = {}
    for i = 1, n do
      t[#t + 1] = "Content-Type: multipart/mixed; boundary=b" .. i ..
                  "\r\n\r\n--b" .. i .. "\r\n"
    end
    return table.concat(t) .. "\r\nx\r\n"
  end

  it("what is nested too deep stays closed", function()
    local m = message.parse(nested(3), { depth = 3 })
    assert.are.equal("x\r\n", m:part("1.1.1"):body())
    assert.are.equal(3, #m.defects)            -- unclosed, all of them
    m = message.parse(nested(3), { depth = 2 })
    assert.are.equal("application/octet-stream", m:part("1.1").type)
    assert.are.equal("--b3\r\n\r\nx\r\n", m:part("1.1"):body())
    local codes = {}
    for _, d in ipairs(m.defects) do codes[d.code] = true end
    assert.is_true(codes.limit)
  end)

  it("twenty thousand levels are read", function()
    local m = message.parse(nested(20000))
    assert.are.equal(("1."):rep(99) .. "1", select(1, (function()
      local last
      for path in m:walk() do last = path end
      return last
    end)()))
    local deep = message.parse(nested(20000), { depth = 20001, parts = 30000 })
    local count, longest = 0, ""
    for path in deep:walk() do count, longest = count + 1, path end
    assert.are.equal(20001, count)
    assert.are.equal(("1."):rep(19999) .. "1", longest)
  end)

  it("too many parts are not read", function()
    local text = head .. ("--b\r\n\r\nx\r\n"):rep(20) .. "--b--\r\n"
    local m = message.parse(text, { parts = 11 })
    assert.is_truthy(m:part("10"))
    assert.is_nil(m:part("11"))
    assert.are.equal("x", m:part("10"):body())
    assert.are.equal("limit", m.defects[#m.defects].code)
    m = message.parse(text, { parts = 21 })
    assert.is_truthy(m:part("20"))
    assert.are.equal(0, #m.defects)
  end)

  it("a hundred thousand parts are read where they may be", function()
    local text = head .. ("--b\r\n\r\nx\r\n"):rep(100000) .. "--b--\r\n"
    local m = message.parse(text, { parts = 200000 })
    local count = 0
    for _ in m:walk() do count = count + 1 end
    assert.are.equal(100001, count)
    assert.are.equal("x", m:part("100000"):body())
  end)

  it("encoded messages in each other count too", function()
    local core = require "pop3.core"
    local inner = "Subject: x\r\n\r\nend"
    for _ = 1, 8 do
      inner = "Content-Type: message/rfc822\r\n" ..
              "Content-Transfer-Encoding: base64\r\n\r\n" ..
              core.encode.base64(inner)
    end
    local n = 0
    for _ in message.parse(inner, { depth = 4 }):walk() do n = n + 1 end
    assert.are.equal(4, n)
    n = 0
    for _ in message.parse(inner):walk() do n = n + 1 end
    assert.are.equal(9, n)
  end)
end)
