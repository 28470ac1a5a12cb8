local message = require "pop3.message"
local told = require "spec.support.told"

local stream, parsed = told.stream, told.parsed

local function slurp(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read("a")
end

describe("a stream", function()
  for path in io.popen("ls spec/messages/*.eml"):lines() do
    local name = path:match("([^/]*)%.eml$")
    it("reports " .. name .. " as the parser does, at every cut",
       function()
      local text = slurp(path)
      local want = parsed(text)
      for _, step in ipairs{ 1, 2, 3, 7, 64, #text } do
        assert.are.equal(want, stream(text, step))
      end
    end)
  end

  it("reads an encoded embedded message", function()
    local core = require "pop3.core"
    local function wrapped(inner)
      return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" ..
        "Content-Type: message/rfc822\r\n" ..
        "Content-Transfer-Encoding: base64\r\n\r\n" ..
        core.encode.base64(inner) .. "\r\n--b\r\n\r\nlast\r\n--b--\r\n"
    end
    local text = wrapped("Subject: inner\r\n\r\nhello\r\n")
    for _, mail in ipairs { text, wrapped(text), wrapped(wrapped(text)) } do
      for _, limits in ipairs { {}, { depth = 4 }, { depth = 2 } } do
        local want = parsed(mail, limits)
        for _, step in ipairs { 1, 13, #mail } do
          assert.are.equal(want, stream(mail, step, limits))
        end
      end
    end
    assert.is_truthy(parsed(text):find('header 1.1 Subject "inner"', 1, true))
  end)

  it("has the same limits", function()
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

  it("passes on the errors of handlers and sources", function()
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
