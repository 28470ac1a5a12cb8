-- An invalid pattern is found before a subject is matched with it.

local pattern = require "pop3.verify.pattern"

local PIECES = { "a", "b", "%", "[", "]", "^", "$", "(", ")", "*", "-", "+", "?",
                 ".", "%b", "%f", "1", "0", "x", "()", "%1" }
local SUBJECT = { "a", "b", "%", "[", "]", "1", "0", "x", "(", ")", "^", "$" }

-- At most `most` random elements of a list, joined.
local function some(list, most, random)
  local out = {}
  for i = 1, random(most + 1) - 1 do out[i] = list[random(#list)] end
  return table.concat(out)
end

describe("a pattern", function()
  it("may be a text with nothing special in it", function()
    for _, text in ipairs { "", "a)", "]" } do
      assert.is_true(pattern(text))
      assert.is_true((pcall(string.find, "a)]", text)))
    end
  end)

  it("that is invalid has Lua's error", function()
    for text, subject in pairs {
      ["a%"] = "a", ["[a"] = "a", ["[^]"] = "a", ["a%b("] = "a", ["a%f"] = "a",
      ["a.)"] = "ab", ["(a"] = "a", ["%1"] = "a", ["(a%1)"] = "aa", ["(a)%2"] = "a",
      ["%0"] = "a", [("()"):rep(33)] = "a", [("(a)"):rep(33)] = ("a"):rep(33),
      ["a[%]"] = "aa", ["a[]"] = "a",
    } do
      local ok, err = pcall(string.find, subject, text)
      assert.is_false(ok, text)
      assert.same({ nil, err }, { pattern(text) }, text)
    end
  end)

  it("that is one leads no subject to an error", function()
    local state = 1
    local function random(n)
      state = (state * 1103515245 + 12345) % 2147483648
      return state // 65536 % n + 1
    end
    for _ = 1, 5000 do
      local text = some(PIECES, 6, random)
      if pattern(text) then
        for _ = 1, 5 do
          local ok, err = pcall(string.find, some(SUBJECT, 6, random), text)
          assert.is_true(ok, ("%q: %s"):format(text, err))
        end
      end
    end
  end)
end)
