-- What holds for every message, however broken.

local helper = require "spec.helper"
local message = require "pop3.message"
local mutate = require "spec.support.mutate"
local told = require "spec.support.told"

-- Put a message together again from what lies at the offsets of its parts
-- (header, preamble, parts, epilogue) and between them.
local function rebuild(m, text)
  local out, at = {}, 0
  local function copy(to)
    assert.is_true(at <= to and to <= #text)
    out[#out + 1] = text:sub(at + 1, to)
    at = to
  end
  local function part(p)
    local first, body, last = p:offsets()
    assert.are.equal(p:raw(), text:sub(first + 1, last))
    copy(first)
    copy(body)
    for child in p:_parts() do part(child) end
    copy(last)
  end
  part(m)
  assert.are.equal(#text, at)
  return table.concat(out)
end

-- Every field can be asked for, and is of its type.
local function look(m)
  for path, part in m:walk() do
    assert.are.equal(path, part.path)
    assert.are.equal(part.size, #part:body())
    assert.is_string(part.type)
    assert.are.equal(not part.filename, not part.safe_filename)
    local text = part.type:find "^text/" and part:_kind() == "leaf"
                 and part:text { flowed = true }
    assert.is_truthy(not text or utf8.len(text, 1, -1, false))
  end
  for _, list in ipairs { m.from, m.to, m.references, m.in_reply_to } do
    assert.is_table(list)
  end
  assert.is_truthy(not m.subject or utf8.len(m.subject))
  local last = 0
  for _, defect in ipairs(m.defects) do
    assert.is_true(defect.offset >= last)
    last = defect.offset
  end
  assert.is_table(m:structure())
  assert.is_table(m:attachments())
end

-- 'check' gets each message of the corpus (a sample: one in four), and `count`
-- broken ones of each.
local function each(seed, count, check)
  for i, text in ipairs(mutate.corpus()) do
    local random = mutate.random(seed * 1000 + i)
    if not helper.one_in(4) then goto continue end
    check(text, random)
    for _ = 1, count do check(mutate.mutate(text, random), random) end
    ::continue::
  end
end

describe("every message", function()
  it("is all there: header, preamble, parts, epilogue", function()
    each(11, 60, function(text)
      assert.are.equal(text, rebuild(message.parse(text), text))
    end)
  end)

  it("can be asked for everything", function()
    each(12, 25, function(text) look(message.parse(text)) end)
  end)

  it("reads the same in pieces as at once", function()
    each(13, 30, function(text, random)
      local want = told.parsed(text)
      assert.are.equal(want, told.stream(text, function()
        return random(random(3) == 1 and 200 or 9)
      end))
    end)
  end)

  it("reads the same in pieces as at once within small limits", function()
    each(14, 10, function(text, random)
      local limits = { depth = random(3), parts = random(6),
                       header = random(300), fields = random(8),
                       params = random(3) }
      local want = told.parsed(text, limits)
      assert.are.equal(want, told.stream(text, function()
        return random(40)
      end, limits))
    end)
  end)
end)
