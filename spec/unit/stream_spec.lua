local message = require "pop3.message"

-- All that a stream tells of 'text', given in pieces of 'step'.
local function stream(text, step, limits)
  local out, data = {}, {}
  local handlers = {
    on_header = function(name, value, path, raw)
      out[#out + 1] = ("header %s %s %q %q"):format(path, name, value, raw)
    end,
    on_part = function(part)
      out[#out + 1] = ("part %s %s %s %s %d"):format(part.path, part.type,
        part.charset, part.filename, part.offset)
    end,
    on_data = function(part, octets)
      data[part] = (data[part] or "") .. octets
    end,
    on_end = function(part)
      out[#out + 1] = ("end %s %q"):format(part.path, data[part] or "")
    end,
  }
  for name, value in pairs(limits or {}) do handlers[name] = value end
  local sink = message.stream(handlers)
  for i = 1, #text, step do
    assert(sink(text:sub(i, i + step - 1)))
  end
  assert(sink(nil))
  return table.concat(out, "\n")
end

-- The same, told by the parser that sees all at once.
local function parsed(text, limits)
  local out = {}
  local m = message.parse(text, limits)
  local function tell(part)
    local path = part.path
    for name, raw in part:fields() do
      out[#out + 1] = ("header %s %s %q %q"):format(path, name,
        message.decode_words(raw), raw)
    end
    out[#out + 1] = ("part %s %s %s %s %d"):format(path, part.type,
      part.charset, part.filename, (part:offsets()))
    for child in part:_parts() do tell(child) end
    local kind = part:_kind()
    local leaf = kind == "leaf" or kind == "encoded"
    out[#out + 1] = ("end %s %q"):format(path, leaf and part:body() or "")
  end
  tell(m)
  return table.concat(out, "\n")
end

local function slurp(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read("a")
end

describe("a stream", function()
  for path in io.popen("ls spec/messages/*.eml"):lines() do
    local name = path:match("([^/]*)%.eml$")
    it("tells of " .. name .. " what the parser says, however it is cut",
       function()
      local text = slurp(path)
      local want = parsed(text)
      for _, step in ipairs{ 1, 2, 3, 7, 64, #text } do
        assert.are.equal(want, stream(text, step))
      end
    end)
  end

  it("keeps to the same limits", function()
    local text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" ..
      ("--b\r\nX: " .. ("y"):rep(100) .. "\r\nContent-Type: text/html" ..
       "\r\n\r\n<p>\r\n"):rep(9) .. "--b--\r\n"
    for _, limits in ipairs{ { parts = 5 }, { header = 80 }, { header = 105 },
                             { fields = 1 }, { depth = 1 },
                             { header = 106 } } do
      local want = parsed(text, limits)
      for _, step in ipairs{ 1, 5, 1000 } do
        assert.are.equal(want, stream(text, step, limits))
      end
    end
  end)

  it("reads a header that is too long as far as it may", function()
    local parts, ended = 0, 0
    local sink = message.stream{
      header = 1000,
      on_part = function(part)
        parts = parts + 1
        assert.are.equal("text/html", part.type)
      end,
      on_end = function() ended = ended + 1 end,
    }
    assert(sink("Content-Type: text/html\r\nX: "))
    local chunk = ("x"):rep(1 << 16)
    for _ = 1, 100 do assert(sink(chunk)) end
    assert(sink("\r\n\r\nbody") and sink(nil))
    assert.are.equal(1, parts)
    assert.are.equal(1, ended)
  end)

  it("hands on what a handler and a source say", function()
    local sink = message.stream{ on_data = function() return false end }
    assert(sink("A: b\r\n\r\n"))
    local ok, err = sink("x")
    assert.is_nil(ok)
    assert.is_string(err)
    assert.is_nil((sink("y")))
    sink = message.stream{}
    ok, err = sink(nil, "closed")
    assert.is_nil(ok)
    assert.are.equal("closed", err)
  end)

  it("takes an empty message", function()
    assert.are.equal('part 1 text/plain nil nil 0\nend 1 ""', stream("", 1))
  end)
end)
