local message = require "pop3.message"
local tempdir = require "spec.support.tempdir"

local function read(octets)
  local dir <close> = tempdir()
  dir:write("mbox", octets)
  local out = {}
  for m, line in assert(message.mbox(dir.path .. "/mbox")) do
    out[#out + 1] = ("%s|%s|%s"):format(line, m.subject, m:text())
  end
  return out
end

local function from(who) return "From " .. who .. " Mon Nov 23 08:00:00 2026\n" end
local date = " Mon Nov 23 08:00:00 2026"

describe("an mbox file", function()
  it("is a list of messages", function()
    assert.are.same({ "ann" .. date .. "|1|one\n", "bob" .. date .. "|2|two\n" },
      read(from "ann" .. "Subject: 1\n\none\n\n" .. from "bob"
           .. "Subject: 2\n\ntwo\n"))
  end)

  it("keeps the empty lines of a message, but the last one", function()
    assert.are.same({ "a" .. date .. "|1|\n\none\n\n", "b" .. date .. "|2|" },
      read(from "a" .. "Subject: 1\n\n\n\none\n\n\n" .. from "b"
           .. "Subject: 2\n\n"))
  end)

  it("has one level of quoting removed", function()
    assert.are.same({ "a" .. date .. "|1|From x\n>From y\n>Fromage\n> From\n" },
      read(from "a" .. "Subject: 1\n\n>From x\n>>From y\n>Fromage\n> From\n"))
  end)

  it("is not split at other lines that begin with From", function()
    assert.are.same(
      { "a" .. date .. "|1|x\nFrom b Mon Nov 23 08:00:00 2026\n\nFrom here on\n" },
      read(from "a" .. "Subject: 1\n\nx\n" .. from "b" .. "\nFrom here on\n"))
  end)

  it("is split at dates of every form", function()
    for _, when in ipairs {
      "Mon Nov 23 08:00 2026", "Mon Nov  3 08:00:00 MET 2026",
      "Mon, 23 Nov 2026 08:00:00 +0100", "Mon Nov 23 08:00:00 +0000 2026",
      "Mon Nov 23 08:00:00 2026 remote from host", "2026-11-23 08:00:00",
      "2026-11-23T08:00:00Z",
    } do
      local line = ("a@b.example %s"):format(when)
      assert.are.same({ line .. "|1|x\n", line .. "|2|y\n" },
        read(("From %s\nSubject: 1\n\nx\n\nFrom %s\nSubject: 2\n\ny\n")
             :format(line, line)))
    end
  end)

  it("is not split at sentences, nor by Content-Length", function()
    for _, text in ipairs {
      "From 10:00 on we meet\n", "From the start at 10:30, we\nsee\n",
      "From May on, at 10:30, all is new\n", "From here\n", "From 2026 on, 10:30\n",
    } do
      assert.are.same({ "a" .. date .. "|1|x\n\n" .. text },
                      read(from "a" .. "Subject: 1\n\nx\n\n" .. text))
    end
    assert.are.same({ "a" .. date .. "|1|x\n", "b" .. date .. "|2|y\n" },
      read(from "a" .. "Subject: 1\nContent-Length: 60\n\nx\n\n" .. from "b"
           .. "Subject: 2\nContent-Length: 9999\n\ny\n"))
  end)

  it("may begin with a byte order mark", function()
    assert.are.same({ "a" .. date .. "|1|x\n" },
                    read("\xEF\xBB\xBF" .. from "a" .. "Subject: 1\n\nx\n"))
  end)

  it("may have CRLF line ends", function()
    assert.are.same({ "a" .. date .. "|1|x\r\n", "b" .. date .. "|2|y\r\n" },
      read((from "a" .. "Subject: 1\n\nx\n\n" .. from "b" .. "Subject: 2\n\ny\n")
           :gsub("\n", "\r\n")))
  end)

  it("may be empty, or begin with a message", function()
    assert.are.same({}, read "")
    assert.are.same({}, read "\n\n")
    assert.are.same({ "|1|x\n" }, read "Subject: 1\n\nx\n")
  end)

  it("passes its options on", function()
    local dir <close> = tempdir()
    dir:write("mbox", from "a" .. "Subject: \xC6\n\n\xC6")
    for m in assert(message.mbox(dir.path .. "/mbox", { charset = "koi8-r" })) do
      assert.are.equal("ф ф", m.subject .. " " .. m:text())
    end
  end)

  it("fails with the path", function()
    for _, path in ipairs { "spec/messages/none", "spec" } do
      local iterator, err, code = message.mbox(path)
      assert.is_nil(iterator)
      assert.is_truthy(err:find(path, 1, true))
      assert.are.equal("io", code)
    end
  end)
end)
