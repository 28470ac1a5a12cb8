-- The width of a text on a terminal, tables, and wrapped lines.

local columns = require "pop3.command.columns"
local helper = require "spec.helper"
local new_table = require "pop3.command.table"
local wrap = require "pop3.command.wrap"

describe("the columns of a text", function()
  it("are those of Unicode", function()
    local program = [[
import unicodedata
for c in list(range(32, 127)) + list(range(160, 0xe4f)) + list(range(0x1100, 0x1160)) \
         + list(range(0x1e00, 0x20f1)) + list(range(0x2300, 0xa4d0)) \
         + list(range(0xac00, 0xd7a4)) + list(range(0xf900, 0xfb00)) \
         + list(range(0xfe00, 0xfe70)) + list(range(0xff00, 0xfff0)) \
         + list(range(0x1f000, 0x1fb00)) + list(range(0x20000, 0x2a6de)):
    ch = chr(c)
    kind = unicodedata.category(ch)
    if kind in ('Cn', 'Cc', 'Cf', 'Zl', 'Zp'): continue
    if 0x700 <= c < 0xe4f and not (0x900 <= c < 0x966 or 0xe00 <= c): continue
    n = 0 if kind in ('Mn', 'Me') else 2 if unicodedata.east_asian_width(ch) in 'WF' else 1
    print(c, n)
]]
    local dir <close> = helper.directory()
    local pipe <close> = assert(io.popen("python3 " .. dir:write("w.py", program)))
    local seen, wrong = 0, {}
    for line in pipe:lines() do
      local c, n = line:match "(%d+) (%d+)"
      seen = seen + 1
      if columns.of(utf8.char(tonumber(c))) ~= tonumber(n) then
        wrong[#wrong + 1] = ("%X"):format(c)
      end
    end
    assert.is_true(seen > 50000)
    assert.equal("", table.concat(wrong, " "))
  end)

  it("are cut between characters, and never more than allowed", function()
    for _, text in ipairs { "", "a", "abcdef", "田中恵", "a田b中c", "e\u{301}e\u{301}e\u{301}",
                            "\u{1F600}\u{1F600}x", "Δημήτρης" } do
      for most = 1, 12 do
        local cut, n = columns.cut(text, most)
        assert.is_truthy(utf8.len(cut))
        assert.equal(columns.of(cut), n)
        assert.is_true(n <= most)
        if columns.of(text) <= most then assert.equal(text, cut)
        else assert.match("…$", cut) end
        assert.equal(most, columns.of(columns.fit(text, most)))
        assert.equal(most, columns.of(columns.fit(text, most, true)))
      end
    end
  end)
end)

describe("a table", function()
  local function lines(width, long)
    local made = new_table({
      { title = "N", right = true, want = 3 },
      { title = "WHO", want = 10, weight = 1 },
      { title = "WHAT", want = long, weight = 3 },
    }, width)
    return { made.titles, made:line { "1", "ann", "hello" },
             made:line { "100", "a long name of somebody", ("word "):rep(40) } }
  end

  it("fits into the width, and is aligned", function()
    for width = 30, 120 do
      local all = lines(width, 200)
      for _, line in ipairs(all) do assert.is_true(columns.of(line) <= width) end
      assert.equal(columns.of(all[1]:match "^(.*)WHAT"),
                   columns.of(all[2]:match "^(.*)hello"))
      assert.equal(width, columns.of(all[3]))
    end
  end)

  it("gives the unused width of one column to the others", function()
    assert.equal("100  a lon…  word word wo…", lines(26, 200)[3])
    assert.equal("  1  ann         hello", lines(80, 5)[2])
  end)

  it("cuts nothing without a width", function()
    assert.equal("100  a long name of somebody  word word word word",
      new_table({ { title = "N", want = 3 }, { title = "W", want = 2 },
                  { title = "S", want = 1 } }):line { "100",
        "a long name of somebody", "word word word word" })
  end)
end)

describe("wrapped text", function()
  it("has lines of the width, and breaks no word", function()
    local text = "the quick brown 田中恵 fox jumps over a-word-without-any-blank"
    for width = 1, 70 do
      local list = wrap(text, width)
      assert.equal(text, table.concat(list, " "))
      for _, line in ipairs(list) do
        assert.is_true(columns.of(line) <= width or not line:find " ", line)
      end
    end
    assert.same({ text }, wrap(text))
    assert.same({ "" }, wrap("", 10))
  end)
end)
