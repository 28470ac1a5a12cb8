local message = require "pop3.message"

local function fields(text, name)
  local out = {}
  for field, raw, offset in message.parse(text):fields(name) do
    out[#out + 1] = ("%s|%s|%d"):format(field, raw, offset)
  end
  return out
end

describe("a header block", function()
  it("gives its fields in order, raw, with their offsets", function()
    local text = "A: 1\r\nb :2\r\n x\r\nA:3\r\n\r\nC: 4\r\n"
    assert.are.same({ "A| 1|0", "b|2\r\n x|6", "A|3|16" }, fields(text))
    assert.are.same({ "A| 1|0", "A|3|16" }, fields(text, "a"))
    assert.are.same({}, fields(text, "C"))
  end)

  it("ends only at the first empty line", function()
    local m = message.parse("A: 1\r\njunk\r\n \r\nB: 2\r\n\r\nC: 3\r\n")
    assert.are.equal("2", m:header("b"))
    assert.is_nil(m:header("c"))
    assert.are.equal("C: 3\r\n", m:body())
  end)

  it("may be empty, or the whole input", function()
    assert.are.equal("x", message.parse("\r\nx"):body())
    assert.are.equal("x", message.parse("\nx"):body())
    assert.are.equal("", message.parse(""):body())
    local m = message.parse("Subject: a")
    assert.are.equal("a", m.subject)
    assert.are.equal("", m:body())
    assert.are.equal("a", message.parse("Subject: a\r\n").subject)
  end)

  it("skips lines without a name, and the lines folded to them", function()
    local m = message.parse(" x: 0\r\njunk\r\n y: 1\r\n: 2\r\nA: 3\r\n\r\n")
    assert.are.same({ "A| 3|25" }, fields(" x: 0\r\njunk\r\n y: 1\r\n: 2\r\n" ..
                                          "A: 3\r\n\r\n"))
    local codes = {}
    for i, d in ipairs(m.defects) do codes[i] = d.code .. d.offset end
    assert.are.same({ "line0", "line7", "line20" }, codes)
  end)

  it("may begin with an mbox line", function()
    local m = message.parse("From a Tue Jan  2 10:00:00 2024\nTo: b@c\n\n")
    assert.are.equal("b@c", m.to[1].address)
    assert.are.equal("mbox", m.defects[1].code)
    assert.are.equal(1, #fields("From a Tue Jan  2 10:00:00 2024\nTo: b\n\n"))
  end)

  it("is unfolded by dropping line breaks, and trimmed", function()
    local m = message.parse("A: \r\n one\r\n\ttwo\n  three \r\n \r\n\r\n")
    assert.are.equal("one\ttwo  three", m:header("A"))
    assert.are.equal("", message.parse("A:\r\n\r\n"):header("a"))
    assert.is_nil(message.parse("A:\r\n\r\n"):header("b"))
  end)

  it("may have a name of any length", function()
    local name = ("X-"):rep(100) .. "y"
    assert.are.equal("1", message.parse(name .. ": 1\r\n\r\n")
                                  :header(name:upper()))
  end)

  it("reads a bare CR as a blank", function()
    assert.are.equal("a B: b", message.parse("A: a\rB: b\r\n\r\n")
                                       :header("a"))
  end)

  it("counts the first field where one is expected", function()
    local m = message.parse("Subject: a\r\nSubject: b\r\nTo: a@b\r\n" ..
                            "To: c@d\r\n\r\n")
    assert.are.equal("a", m.subject)
    assert.are.equal(1, #m.to)
  end)

  it("is read up to the limits", function()
    local text = ("X: 1\r\n"):rep(10) .. "Subject: a\r\n\r\nbody"
    local m = message.parse(text, { fields = 10 })
    assert.is_nil(m.subject)
    assert.are.equal("limit", m.defects[1].code)
    assert.are.equal(10, #fields(text) - 1)
    assert.are.equal("a", message.parse(text, { fields = 11 }).subject)
    m = message.parse(text, { header = 30 })
    assert.is_nil(m.subject)
    assert.are.equal("limit", m.defects[1].code)
    assert.are.equal("body", m:body())
    m = message.parse(text, { header = 72 })
    assert.are.equal("a", m.subject)
    assert.are.equal(0, #m.defects)
  end)
end)

describe("message-ids", function()
  local function id(value)
    return message.parse("Message-ID:" .. value .. "\r\n\r\n").message_id
  end
  local function refs(value)
    return message.parse("References: " .. value .. "\r\n\r\n").references
  end

  it("are without brackets", function()
    assert.are.equal("a@b", id(" <a@b>"))
    assert.are.equal("a@b", id("\r\n <a@b>"))
    assert.are.equal("a@b", id(" a@b"))
    assert.are.equal("a@b", id(" (c <x@y>) <a@b> <c@d>"))
    assert.are.equal("a@b", id(" <a@b"))
    assert.are.equal("a@b", id(" <a\r\n @b>"))
    assert.is_nil(id(""))
    assert.is_nil(id(" <>"))
    assert.is_nil(message.parse("\r\n").message_id)
  end)

  it("are listed, outside quotes and comments", function()
    assert.are.same({ "a@b", "c@d" }, refs("<a@b>(<x@y>)\r\n <c@d>"))
    assert.are.same({ "a@b" }, refs('Yours "of <x@y>" <a@b>'))
    assert.are.same({ "a@b" }, refs('" <a@b>'))
    assert.are.same({ "a@b" }, refs("( <a@b>"))
    assert.are.same({}, refs("a@b"))
    assert.are.same({ "a@b", "c@d" }, refs("<<a@b>> <broken <c@d>"))
    assert.are.equal("a@b", id(" <<a@b>>"))
    assert.are.same({}, message.parse("\r\n").references)
    assert.are.same({}, message.parse("\r\n").in_reply_to)
  end)
end)
