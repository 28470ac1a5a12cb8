-- Properties of every message, also of broken ones.

local message = require "pop3.message"
local mutate = require "spec.support.mutate"
local sample = require "spec.support.sample"
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

-- Every string in a value is UTF-8.
local function is_utf8(value)
  if type(value) == "string" then
    assert.is_truthy(utf8.len(value), ("%q"):format(value))
  elseif type(value) == "table" then
    for k, v in pairs(value) do
      is_utf8(k)
      is_utf8(v)
    end
  end
end

-- Decoded text holds no line ends and no NULs (it could be written to a log, or to
-- a header).
local function is_safe(text)
  assert.is_nil(text:find "[\r\n\0]", text)
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
    for _, value in ipairs { part.type, part.disposition or "", part.encoding,
                             part.charset or "", part.filename or "",
                             part.cid or "", part.params, text or "" } do
      is_utf8(value)
    end
  end
  for _, list in ipairs { m.from, m.to, m.references, m.in_reply_to } do
    assert.is_table(list)
    is_utf8(list)
  end
  for _, list in ipairs { m.from, m.to, m.cc } do
    for _, a in ipairs(list) do
      is_safe(a.name)
      is_safe(a.address)
      is_safe(a.group or "")
    end
  end
  for _, id in ipairs(m.references) do is_safe(id) end
  is_safe(m.subject or "")
  is_safe(m.message_id or "")
  local last = 0
  for _, defect in ipairs(m.defects) do
    assert.is_true(defect.offset >= last)
    last = defect.offset
  end
  is_utf8(m:structure())
end

-- The text, the HTML and the attachments lead to every leaf and every embedded
-- message, but other forms of the body, and parts that the HTML loads.
local function reach(m)
  local reached = {}
  for _, part in ipairs(m:attachments()) do
    assert.is_nil(reached[part.path])
    reached[part.path] = true
  end
  local text, html = m:text_part(), m:html_part()
  if text then reached[text.path] = true end
  if html then reached[html.path] = true end
  local shown = html and m:html() or ""
  local function check(part, alternative)
    if part:_kind() == "multipart" then
      alternative = alternative or part.type == "multipart/alternative"
      for child in part:_parts() do check(child, alternative) end
      return
    end
    local form = alternative
      and (part.type == "text/plain" or part.type == "text/html")
    local cid, location = part.cid, part:header "content-location"
    local loaded = cid and shown:lower():find("cid:", 1, true)
                   or location and shown:find(location, 1, true)
    assert.is_true((reached[part.path] or form or loaded) and true or false,
                   part.path .. " " .. part.type)
  end
  check((select(2, m:walk()())), false)
end

-- 'check' gets each message of the corpus, and 'count' broken ones of each (with
-- LPOP3_ALL=1; else of one message out of four a tenth of them).
local function each(count, check)
  local random = mutate.random(sample.seed())
  if not sample.all then count = (count + 9) // 10 end
  for _, text in ipairs(mutate.corpus()) do
    check(text, random)
    if sample.one_in(4) then
      for _ = 1, count do check(mutate.mutate(text, random), random) end
    end
  end
end

describe("every message", function()
  it("is complete: header, preamble, parts, epilogue", function()
    each(60, function(text)
      assert.are.equal(text, rebuild(message.parse(text), text))
    end)
  end)

  it("allows every method", function()
    each(25, function(text) look(message.parse(text)) end)
  end)

  it("is covered by its text, its HTML and its attachments", function()
    each(60, function(text) reach(message.parse(text)) end)
  end)

  it("reads the same from a file", function()
    for path in io.popen("ls spec/messages/wild/*.eml"):lines() do
      local m <close> = assert(message.open(path))
      local f <close> = assert(io.open(path, "rb"))
      assert.are.same(message.parse(f:read "a"):structure(), m:structure())
    end
  end)

  it("reads the same in pieces as at once", function()
    each(30, function(text, random)
      local want = told.parsed(text)
      assert.are.equal(want, told.stream(text, function()
        return random(random(3) == 1 and 200 or 9)
      end))
    end)
  end)

  it("reads the same in pieces as at once within small limits", function()
    each(10, function(text, random)
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
