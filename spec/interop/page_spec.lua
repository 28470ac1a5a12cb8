-- The page of `pop3 serve` in Chromium: page.mjs has the tests, and runs them all
-- in one browser.

local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

local PROGRAM = "node spec/interop/page.mjs"

-- The tests: a browser that is missing leaves them pending.
local missing = not proc.have "node" and "no node"
                or not proc.have "chromium" and "no chromium (spec/deps.sh browser)"
                or nil

describe("the page of pop3 serve", function()
  if missing then
    it("is shown by Chromium", function() peers.skip(missing) end)
    return
  end

  local names = {}
  local list <close> = assert(io.popen(PROGRAM .. " --names"))
  for name in list:lines() do names[#names + 1] = name end

  local results = {}
  setup(function()
    local pipe <close> = assert(io.popen(PROGRAM .. " 2>/dev/null"))
    local last
    for line in pipe:lines() do
      local word, name = line:match "^(n?o?t? ?ok) (.*)$"
      if word then
        last = { ok = word == "ok", text = "" }
        results[name] = last
      elseif last then
        last.text = last.text .. line .. "\n"
      end
    end
  end)

  for _, name in ipairs(names) do
    it(name, function()
      assert.truthy(results[name], "the program has ended before this test")
      assert.is_true(results[name].ok, results[name].text)
    end)
  end

  it("has tests", function()
    assert.is_true(#names > 20)
  end)
end)
