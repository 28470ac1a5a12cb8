-- The worked cases of spec/messages: each NAME.eml reads as NAME.json says.

local json = require "spec.json"
local message = require "pop3.message"

local function slurp(path)
  local f = assert(io.open(path, "rb"))
  local s = f:read("a")
  f:close()
  return s
end

local cases = {}
for path in io.popen("ls spec/messages/*.eml"):lines() do
  cases[#cases + 1] = path:match("([^/]*)%.eml$")
end

-- What differs, as "where: got, want" lines. A key that the expected table
-- does not have is not compared.
local function diff(got, want, where, out)
  if want == json.null then want = nil end
  if type(want) ~= "table" or type(got) ~= "table" then
    if got ~= want then
      out[#out + 1] = ("%s: got %q, want %q"):format(where, tostring(got),
                                                     tostring(want))
    end
    return
  end
  for key, value in pairs(want) do
    diff(got[key], value, where .. "." .. key, out)
  end
  if #got > #want then
    out[#out + 1] = ("%s: got %d items, want %d"):format(where, #got, #want)
  end
end

describe("worked case", function()
  for _, name in ipairs(cases) do
    it(name, function()
      local path = "spec/messages/" .. name
      local want = json.read(slurp(path .. ".json"))
      want.why, want.basis = nil, nil
      local out = {}
      diff(message.parse(slurp(path .. ".eml")):structure(), want, "m", out)
      assert.are.equal("", table.concat(out, "\n"))
      local m <close> = assert(message.open(path .. ".eml"))
      diff(m:structure(), want, "m", out)
      assert.are.equal("", table.concat(out, "\n"))
    end)
  end

  it("there are some", function()
    assert.is_true(#cases >= 52)
  end)
end)
