-- `pop3 show`, and how it makes text from the network harmless.

local terminal = require "pop3.command.terminal"

describe("harmless text", function()
  local harmless = terminal.harmless

  it("does not change when it is harmless already", function()
    local text = "a ~é田\u{1F600}\u{FFFD}\u{A0}"
    assert.equal(text, harmless(text))
    assert.equal("", harmless "")
    assert.equal("a\n\tb\n", harmless("a\r\n\tb\n", true))
  end)

  it("has visible symbols for control characters", function()
    for c = 0, 31 do
      assert.equal(utf8.char(0x2400 + c), harmless(string.char(c)))
    end
    assert.equal("\u{2421}\u{241B}[2J", harmless "\127\27[2J")
    assert.equal("\u{240D}\u{240A}", harmless "\r\n")
    assert.equal("\n\u{241B}", harmless("\r\n\27", true))
    assert.equal("\u{240D}x", harmless("\rx", true))
  end)

  it("has no C1 controls and nothing that turns the direction", function()
    for _, c in ipairs { 0x80, 0x9B, 0x9F, 0x61C, 0x200E, 0x200F, 0x2028, 0x202A,
                         0x202E, 0x2066, 0x2069 } do
      assert.equal("a\u{FFFD}b", harmless("a" .. utf8.char(c) .. "b", true))
    end
  end)

  it("is UTF-8 for any octets", function()
    for _, octets in ipairs { "\x80", "\xff", "\xc3", "\xe7\x94", "\xc0\x80",
                              "\xed\xa0\x80", "\xf8\x88\x80\x80\x80" } do
      local text = harmless("a" .. octets .. "\27é")
      assert.is_truthy(utf8.len(text))
      assert.equal("a" .. ("\u{FFFD}"):rep(#octets) .. "\u{241B}é", text)
    end
  end)
end)

if os.getenv "LPOP3_SANITIZED" then return end

local command = require "spec.support.command"
local dkjson = require "dkjson"
local helper = require "spec.helper"

local MAIL = table.concat({
  "From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>", "To: a@example.org",
  "Date: Mon, 23 Nov 2026 08:00:00 +0100",
  "Subject: =?utf-8?b?" .. "G1syShtdMDt0aXRsZQc=" .. "?=",
  "X-Long: one\r\n\ttwo", "MIME-Version: 1.0",
  "Content-Type: multipart/mixed; boundary=b", "", "--b",
  "Content-Type: multipart/alternative; boundary=c", "", "--c",
  "Content-Type: text/plain", "", "hello \27[31m", "--c",
  "Content-Type: text/html", "", "<p>hello</p>", "--c--", "--b",
  "Content-Type: application/octet-stream",
  "Content-Disposition: attachment; filename=\"../x\27.bin\"",
  "Content-Transfer-Encoding: base64", "", "AP8b", "--b--", "",
}, "\r\n")

describe("a text of the command line itself", function()
  it("is written, or the exit status says that it is not", function()
    for _, words in ipairs { { "--help" }, { "--version" }, { "list", "--help" },
                             { "fleet", "add", "--help" } } do
      local status, out, err = command.run(words, "exec >/dev/full; ")
      assert.equal(3, status)
      assert.equal("", out)
      assert.equal("pop3: standard output: No space left on device\n", err)
      status, out, err = command.run(words)
      assert.same({ 0, "" }, { status, err })
      assert.matches("%S\n$", out)
    end
  end)
end)

describe("pop3 show", function()
  local dir, path

  setup(function()
    dir = helper.directory()
    path = dir:write("mail.eml", MAIL)
  end)

  teardown(function() getmetatable(dir).__close(dir) end)

  local function show(...)
    local status, out, err = command.run { "show", path, ... }
    assert.same({ 0, "" }, { status, err })
    return out
  end

  it("prints a summary of a message", function()
    assert.equal(table.concat({
      "From:    René <rene@example.org>", "To:      a@example.org",
      "Date:    2026-11-23T08:00:00+01:00",
      "Subject: \u{241B}[2J\u{241B}]0;title\u{2407}", "",
      "2        application/octet-stream           3  attachment  ../x\u{241B}.bin",
      "", "hello \u{241B}[31m", "" }, "\n"), show())
  end)

  it("shows its fields, its parts, its bodies", function()
    local text = show "--headers"
    assert.match("^From: René <rene@example.org>\n", text)
    assert.match("\nX%-Long: one two\n", text)
    assert.is_nil(text:find("\27", 1, true))
    assert.match("^%-        multipart/mixed +%d+\n1        multipart/alternative "
      .. "+%d+\n  1.1    text/plain +11\n", show "--structure")
    assert.equal("hello \u{241B}[31m\n", show "--text")
    assert.equal("<p>hello</p>\n", show "--html")
  end)

  it("gives the octets of a part to a pipe", function()
    assert.equal("\0\xff\27", show("--part", "2"))
    assert.equal("hello \27[31m", show("--part", "1.1"))
  end)

  it("saves attachments, and no name escapes", function()
    local into <close> = helper.directory()
    assert.equal(into.path .. "/x.bin\n", show("--save", into.path))
    assert.same({ "x.bin" }, into:names())
    assert.equal("\0\xff\27", into:read "x.bin")
  end)

  it("prints JSON", function()
    local function read(...)
      return (assert(dkjson.decode(show("--json", ...), 1, nil, nil)))
    end
    local all = read()
    assert.equal("\27[2J\27]0;title\7", all.subject)
    assert.equal("hello \27[31m", all.text)
    assert.same({ { path = "2", type = "application/octet-stream", size = 3,
                    filename = "../x\27.bin" } }, all.attachments)
    assert.same({ base64 = "AP8b" }, read("--part", "2").body)
    assert.same({ html = "<p>hello</p>" }, read "--html")
    assert.equal("1.1", read "--structure".body_text)
    assert.equal("René <rene@example.org>", read "--headers".headers[1].value)
  end)

  it("reads a pipe and a device", function()
    local status, out, err = command.run({ "show", "/dev/fd/0", "--text" },
                                         "printf 'a: b\\n\\nhi\\n' | ")
    assert.same({ 0, "hi\n", "" }, { status, out, err })
    assert.same({ 0, "\n", "" }, { command.run { "show", "/dev/null" } })
  end)

  it("reads standard input", function()
    local status, out = command.run({ "show", "-", "--text" },
                                    "cat " .. path .. " | ")
    assert.same({ 0, "hello \u{241B}[31m\n" }, { status, out })
  end)

  it("shows several, each with its name", function()
    local plain = dir:write("plain.eml", "a: b\r\n\r\nhi\r\n")
    local status, out, err = command.run({ "show", plain, "-", path, "--text" },
                                         "printf 'a: b\\n\\nho\\n' | ")
    assert.same({ 0, "" }, { status, err })
    assert.equal(("==> %s <==\nhi\n\n==> standard input <==\nho\n\n==> %s <==\n"
                  .. "hello \u{241B}[31m\n"):format(plain, path), out)
    status, out = command.run { "show", plain, path, "--json", "--text" }
    assert.equal(0, status)
    local first, at = dkjson.decode(out)
    assert.same({ file = plain, text = "hi\r\n" }, first)
    assert.same({ file = path, text = "hello \27[31m" }, (dkjson.decode(out, at)))
    status, out = command.run { "show", path, path, "--part", "2" }
    assert.same({ 0, "\0\xff\27\0\xff\27" }, { status, out })
  end)

  it("reads standard input once", function()
    for _, files in ipairs { { "-", "-" }, { "-", path, "-" } } do
      local status, out, err = command.run({ "show", table.unpack(files) },
                                           "printf 'Subject: x\\n\\n' | ")
      assert.same({ 2, "", "pop3: show: give - (standard input) only once\n" },
                  { status, out, err })
    end
  end)

  it("goes on after a message that it cannot show", function()
    local plain = dir:write("plain.eml", "a: b\r\n\r\nhi\r\n")
    local none = dir.path .. "/none"
    local status, out, err = command.run { "show", none, plain, path, "--html" }
    assert.equal(3, status)
    assert.match("<p>hello</p>\n$", out)
    assert.equal(("pop3: show: %s: No such file or directory\npop3: show: %s: the "
      .. "message has no html\n"):format(none, plain), err)
    assert.equal(1, (command.run { "show", plain, path, "--html" }))
  end)

  it("ends silently when its output is closed", function()
    for _, words in ipairs { "--headers", "", "--json", "--part 2" } do
      local pipe <close> = assert(io.popen(([[exec bash -c '
        exec 5> >(exit); wait $!
        %s show %s %s >&5; echo $?' 2>&1]]):format(command.program,
                                                   (path .. " "):rep(9), words)))
      assert.equal("141\n", pipe:read "a", words)
    end
  end)

  it("reports mistakes", function()
    local plain = dir:write("plain.eml", "a: b\r\n\r\nhi\r\n")
    for text, case in pairs {
      ["the message has no html"] = { 1, plain, "--html" },
      ["the message has no part 7"] = { 1, plain, "--part", "7" },
      ["No such file"] = { 3, dir.path .. "/none" },
      ["none"] = { 3, path, "--save", dir.path .. "/none/x" },
      ["can not be used together"] = { 2, plain, "--html", "--text" },
    } do
      local status, out, err = command.run { "show",
                                             table.unpack(case, 2) }
      assert.same({ case[1], "" }, { status, out }, err)
      assert.match("^pop3: [^\n]+\n$", err)
      assert.is_truthy(err:find(text, 1, true), err)
    end
    assert.equal(3, (command.run({ "show", plain }, "exec >/dev/full; ")))
  end)
end)
