local message = require "pop3.message"
local tempdir = require "spec.support.tempdir"

local function lines(...) return table.concat({ ... }, "\r\n") end

local mixed = lines(
  "From: Ann <ann@example.org>", "Subject: =?utf-8?Q?caf=C3=A9?=",
  "Date: Mon, 23 Nov 2026 08:00:00 +0100", "Message-ID: <m@x>",
  "Content-Type: multipart/mixed; boundary=m", "", "preamble",
  "--m", "Content-Type: multipart/alternative; boundary=a", "",
  "--a", "", "plain", "--a", "Content-Type: text/html; charset=utf-8", "",
  "<p>caf\xC3\xA9", "--a--",
  "--m", "Content-Type: image/png; name=\"../../p\u{202E}ic.png\"",
  "Content-ID: <pic@x>", "Content-Disposition: attachment",
  "Content-Transfer-Encoding: base64", "", "aGVsbG8=",
  "--m", "Content-Type: message/rfc822", "",
  "Subject: inner", "Content-Type: multipart/mixed; boundary=i", "",
  "--i", "", "one", "--i", "Content-Type: text/plain; name=x", "", "two",
  "--i--", "--m--", "epilogue", "")

describe("a message", function()
  local m = message.parse(mixed)

  it("has the fields of the interface", function()
    assert.are.equal("café", m.subject)
    assert.are.equal("m@x", m.message_id)
    assert.are.same({ { name = "Ann", address = "ann@example.org" } }, m.from)
    assert.are.same({}, m.to)
    assert.are.same({ epoch = 1795417200, offset = 60,
                      iso = "2026-11-23T08:00:00+01:00" }, m.date)
    assert.are.same({}, m.defects)
    assert.is_nil(m.nothing)
  end)

  it("walks over its parts", function()
    local out = {}
    for path, part in m:walk() do
      assert.are.equal(path, part.path)
      out[#out + 1] = path .. " " .. part.type
    end
    assert.are.same({
      " multipart/mixed", "1 multipart/alternative", "1.1 text/plain",
      "1.2 text/html", "2 image/png", "3 message/rfc822",
      "3.TEXT multipart/mixed", "3.1 text/plain", "3.2 text/plain",
    }, out)
  end)

  it("finds parts by path and by content-id", function()
    assert.are.equal(m, m:part(""))
    assert.are.equal("two", m:part("3.2"):body())
    assert.is_nil(m:part("4"))
    assert.is_nil(m:part("1."))
    assert.are.equal("2", m:by_cid("pic@x").path)
    assert.are.equal("2", m:by_cid("<pic@x>").path)
    assert.are.equal("2", m:by_cid("cid:pic%40x").path)
    assert.is_nil(m:by_cid("pic"))
  end)

  it("shows its body", function()
    assert.are.equal("plain", m:text())
    assert.are.equal("<p>café", m:html())
    assert.are.equal("1.1", m:text_part().path)
    assert.are.equal("1.2", m:html_part().path)
  end)

  it("lists its attachments", function()
    local list = m:attachments()
    assert.are.equal(2, #list)
    assert.are.equal("2", list[1].path)
    assert.are.equal("3", list[2].path)
  end)

  it("describes a part", function()
    local p = m:part("2")
    assert.are.equal("image/png", p.type)
    assert.are.equal("base64", p.encoding)
    assert.are.equal("7bit", m:part("1.1").encoding)
    assert.are.equal("attachment", p.disposition)
    assert.are.equal("pic@x", p.cid)
    assert.are.equal(5, p.size)
    assert.are.equal("../../p\u{202E}ic.png", p.filename)
    assert.are.equal("pic.png", p.safe_filename)
    assert.are.equal("hello", p:body())
    assert.is_nil(p.charset)
  end)

  it("gives octets as sent, and where they are", function()
    local p = m:part("2")
    local head, body, last = p:offsets()
    assert.are.equal(p:raw(), mixed:sub(head + 1, last))
    assert.are.equal("aGVsbG8=", mixed:sub(body + 1, last))
    assert.are.equal(mixed, m:raw())
    assert.are.equal("--m\r\n", mixed:sub(head - 4, head))
    assert.are.equal(0, (m:offsets()))
  end)

  it("gives bodies to sinks", function()
    local out = {}
    assert.are.equal(5, m:part("2"):body(function(chunk)
      out[#out + 1] = chunk or "end"
      return 1
    end))
    assert.are.same({ "hello", "end" }, out)
    local ok, err, code = m:part("2"):body(function() return nil, "full" end)
    assert.is_nil(ok)
    assert.are.equal("full", err)
    assert.are.equal("io", code)
    local big = message.parse("Content-Transfer-Encoding: base64\r\n\r\n" ..
                              ("QUJD"):rep(100000))
    local n = 0
    assert.are.equal(300000, big:body(function(chunk)
      n = n + #(chunk or "")
      return 1
    end))
    assert.are.equal(300000, n)
  end)

  it("opens an embedded message", function()
    local inner = assert(m:part("3"):message())
    assert.are.equal("inner", inner.subject)
    assert.are.equal("two", inner:part("2"):body())
    assert.are.equal("one", inner:text())
    local none, err, code = m:part("2"):message()
    assert.is_nil(none)
    assert.is_string(err)
    assert.are.equal("state", code)
  end)

  it("opens one that is encoded", function()
    local encode = require "pop3.core".encode.base64
    local inner = lines("Subject: deep", "Content-Type: multipart/mixed; " ..
                        "boundary=z", "", "--z", "", "one", "--z--", "")
    local e = message.parse(lines("Content-Type: multipart/mixed; boundary=b",
      "", "--b", "Content-Type: message/rfc822",
      "Content-Transfer-Encoding: base64", "", encode(inner), "--b--", ""))
    assert.are.equal("one", e:part("1.1"):body())
    assert.are.equal("deep", e:part("1"):message().subject)
    assert.are.equal(#inner, e:part("1").size)
    local paths = {}
    for path in e:walk() do paths[#paths + 1] = path end
    assert.are.same({ "", "1", "1.TEXT", "1.1" }, paths)
  end)

  it("is its own root part", function()
    local s = message.parse("Content-Type: text/plain\r\n\r\nhi")
    assert.are.equal("1", s.path)
    assert.are.equal(s, s:part("1"))
    assert.are.equal("hi", s:body())
    assert.are.equal("hi", s:text())
    assert.is_nil(s:html())
    assert.are.equal(2, s.size)
  end)
end)

describe("the text of a part", function()
  it("is that of the part, also for the root", function()
    local m = message.parse "Content-Type: text/html\r\n\r\n<p>hi"
    assert.is_nil(m:text())
    assert.are.equal("<p>hi", m:html())
    assert.are.equal("<p>hi", m:part "1":text())
    assert.are.equal("hi\r\n", m:part "1":text { from_html = true })
    for path, part in m:walk() do
      assert.are.equal("1 <p>hi", path .. " " .. part:text())
    end
    assert.are.equal("<p>hi", m:html_part():text())
  end)

  it("is nil for a multipart, and exists for each type of text", function()
    local m = message.parse(lines("Content-Type: multipart/mixed; boundary=b", "",
      "--b", "", "one", "--b", "Content-Type: text/csv; charset=iso-8859-1", "",
      "\xE9;1", "--b--"))
    assert.are.equal("one", m:text())
    assert.is_nil(m:part "":text())
    assert.are.equal("é;1", m:part "2":text())
  end)
end)

describe("the body", function()
  local function shown(...)
    local m = message.parse(lines(...))
    local list = {}
    for i, part in ipairs(m:attachments()) do list[i] = part.path end
    local t, h = m:text_part(), m:html_part()
    return (t and t.path or "-") .. " " .. (h and h.path or "-") .. " "
           .. table.concat(list, " ")
  end

  local function mixed_of(kind, ...)
    local all = { "Content-Type: multipart/" .. kind .. "; boundary=b", "" }
    for _, part in ipairs { ... } do
      all[#all + 1] = "--b"
      all[#all + 1] = part
    end
    all[#all + 1] = "--b--"
    return shown(table.unpack(all))
  end

  local plain, html = "\r\ntext", "Content-Type: text/html\r\n\r\n<p>html"
  local named = "Content-Disposition: inline; filename=x.txt\r\n\r\ntext"

  it("has no file name, if there is one without", function()
    assert.are.equal("2 - 1", mixed_of("mixed", named, plain))
    assert.are.equal("1 - ", mixed_of("mixed", named))
    assert.are.equal("1 - 2", mixed_of("mixed", named, named))
  end)

  it("is not a text of white space, where there is HTML", function()
    assert.are.equal("- 2 ", mixed_of("alternative", "\r\n \t\r\n", html))
    assert.are.equal("1 - 2", mixed_of("mixed", "\r\n ", "Content-Type: a/b\r\n\r\nx"))
    assert.are.equal("3 2 1", mixed_of("mixed", "\r\n \xC2\xA0", html, plain))
  end)

  it("is HTML that comes before a footer, where that is asked for", function()
    local function readable(...)
      return message.parse(lines(...)):text { from_html = true }
    end
    local head = "Content-Type: multipart/mixed; boundary=b"
    assert.are.equal("html\r\n", readable(head, "", "--b", html, "--b", plain, "--b--"))
    assert.are.equal("text", readable(head, "", "--b", plain, "--b", html, "--b--"))
    assert.are.equal("text", readable("Content-Type: multipart/alternative; boundary=b",
                                      "", "--b", html, "--b", plain, "--b--"))
  end)

  it("and the attachments are the whole message", function()
    assert.are.equal("1 2 ", mixed_of("alternative", plain, html))
    assert.are.equal("1 3 2", mixed_of("alternative", plain,
      "Content-Type: text/calendar\r\n\r\nx", html))
    assert.are.equal("1 - 2 3", mixed_of("mixed", plain, plain, plain))
    assert.are.equal("1 2 3", mixed_of("mixed", plain, html, html))
    assert.are.equal("1 - 2", mixed_of("mixed", plain,
      "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\nA: b\r\n\r\nx"))
    local picture = "Content-Type: image/png\r\nContent-ID: <p@x>\r\n\r\nx"
    local located = "Content-Type: image/png\r\nContent-Location: p.png\r\n\r\nx"
    local shows = "Content-Type: text/html\r\n\r\n<img src='cid:p%40x'><img src=p.png>"
    assert.are.equal("- 1 ", mixed_of("related", shows, picture, located))
    assert.are.equal("- 1 ", mixed_of("mixed", shows, picture))
    assert.are.equal("- 1 2 3", mixed_of("related", html, picture, located))
    assert.are.equal("1 - 2", mixed_of("related", plain, picture))
    -- an alternative of which nothing is shown: its last text says it all
    local other = "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n"
      .. plain .. "\r\n--c\r\n" .. html .. "\r\n--c--"
    assert.are.equal("1.1 1.2 2.2", mixed_of("mixed", other, (other:gsub("%-c", "-d")
      :gsub("=c", "=d"))))
  end)

  local function chosen(...)
    local m = message.parse(lines(...))
    local t, h = m:text_part(), m:html_part()
    return t and t.path, h and h.path
  end

  it("is not an attachment", function()
    local t, h = chosen("Content-Type: multipart/mixed; boundary=b", "",
      "--b", "Content-Disposition: attachment", "", "a", "--b", "", "b",
      "--b", "Content-Type: text/html", "", "c", "--b--")
    assert.are.equal("2", t)
    assert.are.equal("3", h)
  end)

  it("is the last alternative that is understood", function()
    assert.are.equal("2", (chosen("Content-Type: multipart/alternative; " ..
      "boundary=b", "", "--b", "", "a", "--b", "", "b", "--b",
      "Content-Type: text/calendar", "", "c", "--b--")))
  end)

  it("is the root of multipart/related", function()
    local head = "Content-Type: multipart/related; boundary=b"
    local rest = lines("", "--b", "Content-Type: text/html",
      "Content-ID: <a>", "", "a", "--b", "Content-Type: text/html",
      "Content-ID: <c>", "", "c", "--b--")
    assert.are.equal("1", select(2, chosen(head, rest)))
    assert.are.equal("2", select(2, chosen(head .. "; start=\"<c>\"", rest)))
  end)

  it("is not that of an embedded message", function()
    assert.is_nil((chosen("Content-Type: message/rfc822", "", "", "x")))
  end)
end)

describe("format=flowed", function()
  local function flowed(text, params)
    return message.parse("Content-Type: text/plain; format=flowed" ..
                         (params or "") .. "\r\n\r\n" .. text)
                  :text{ flowed = true }
  end

  local cases = {
    { "a \r\nb\r\n", "a b\r\n" }, { "a\r\nb\r\n", "a\r\nb\r\n" },
    { " a\r\n >b\r\n", "a\r\n>b\r\n" }, { "> a \r\n> b\r\n", "> a b\r\n" },
    { ">a \r\n>>b\r\n", "> a \r\n>> b\r\n" }, { "a \r\n", "a \r\n" },
    { "-- \r\nx\r\n", "-- \r\nx\r\n" }, { "a \r\n-- \r\n", "a \r\n-- \r\n" },
    { ">\r\n", ">\r\n" }, { "a \nb", "a b" }, { "", "" },
  }
  for _, case in ipairs(cases) do
    it(("%q"):format(case[1]), function()
      assert.are.equal(case[2], flowed(case[1]))
    end)
  end

  it("with delsp joins without the space", function()
    assert.are.equal("ab\r\n", flowed("a \r\nb\r\n", "; delsp=yes"))
  end)

  it("does not change without the option, or when not declared", function()
    local m = message.parse("Content-Type: text/plain; format=flowed" ..
                            "\r\n\r\na \r\nb")
    assert.are.equal("a \r\nb", m:text())
    assert.are.equal("a \r\nb", message.parse("\r\na \r\nb")
                                       :text{ flowed = true })
  end)
end)

describe("saving", function()
  local dir

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)

  after_each(function() os.execute("rm -rf " .. dir) end)

  local function slurp(path)
    local f <close> = assert(io.open(path, "rb"))
    return f:read("a")
  end

  local function files()
    local out = {}
    for name in io.popen("ls -A " .. dir):lines() do out[#out + 1] = name end
    return out
  end

  local function named(name)
    return message.parse("Content-Disposition: attachment; filename*=utf-8''" ..
      name:gsub("[^%w]", function(c)
        return ("%%%02X"):format(c:byte())
      end) .. "\r\nContent-Type: text/plain\r\n\r\nhello")
  end

  it("puts a part into a file of that name", function()
    local path = dir .. "/out"
    assert.are.equal(path, named("x"):save(path))
    assert.are.equal("hello", slurp(path))
    assert.are.equal(path, message.parse("\r\nnew"):save(path))
    assert.are.equal("new", slurp(path))
    assert.are.same({ "out" }, files())
  end)

  it("picks a free name in a directory", function()
    local m = named("x.txt")
    assert.are.equal(dir .. "/x.txt", m:save(dir))
    assert.are.equal(dir .. "/x-1.txt", m:save(dir .. "/"))
    assert.are.equal(dir .. "/x-2.txt", m:save(dir))
    assert.are.equal(dir .. "/part-1.txt", message.parse("\r\n"):save(dir))
    assert.are.equal(4, #files())
  end)

  it("never leaves the directory", function()
    for _, name in ipairs{ "../x", "/etc/x", "..\\x", "..", ".", "", "../",
                           "a/../../x", "\0/../x", "\u{202E}..", " .. " } do
      local path = assert(named(name):save(dir))
      assert.are.equal(dir, path:match("^(.*)/[^/]*$"))
    end
    assert.are.equal(11, #files())
  end)

  it("gives no name that is harmful", function()
    for name, want in pairs {
      [".profile"] = "profile", ["..."] = "part-1.txt", ["-rf"] = "rf",
      ["--x"] = "x", [".-. x"] = "x", ["a."] = "a", ["a . ."] = "a", ["a "] = "a",
      [" a"] = "a", ["a\u{200B}b"] = "ab", ["a\u{2028}b\u{2029}"] = "ab",
      ["\u{FEFF}a\u{2060}"] = "a", ["a\u{202E}gpj.exe"] = "agpj.exe",
      ["con"] = "_con", ["CON.txt"] = "_CON.txt", ["Lpt1"] = "_Lpt1",
      ["com¹.x.y"] = "_com¹.x.y", ["nul .txt"] = "_nul .txt", ["aux:x"] = "aux:x",
      ["console"] = "console", ["com10"] = "com10", ["a\0b\27[1m"] = "ab[1m",
      ["a/../b"] = "b", ["c:\\d\\e"] = "e", ["/"] = "part-1.txt",
      ["\u{A0}a\u{3000}"] = "a", ["\u{AD}-x"] = "x", ["é.txt"] = "é.txt",
    } do
      assert.are.equal(want, named(name).safe_filename, name)
    end
  end)

  it("cuts a name that is too long, in whole characters", function()
    local m = named(("é"):rep(300) .. ".txt")
    local path = assert(m:save(dir))
    local name = path:match("[^/]*$")
    assert.is_true(#name <= 255 and #name > 240)
    assert.is_truthy(utf8.len(name))
    assert.is_truthy(name:find("%.txt$"))
    assert.is_truthy((assert(m:save(dir)):find("%-1%.txt$")))
  end)

  it("leaves no file when it fails", function()
    local path, err, code = named("x"):save(dir .. "/none/x")
    assert.is_nil(path)
    assert.is_truthy(err:find("none", 1, true))
    assert.are.equal("io", code)
    os.execute("mkdir " .. dir .. "/d " .. dir .. "/d/x")
    assert.is_nil((named("x"):save(dir .. "/d/x/..\0")))
    assert.are.same({ "d" }, files())
  end)
end)

describe("opening", function()
  it("maps a file, and unmaps it", function()
    local m = assert(message.open("spec/messages/mp-related.eml"))
    assert.are.equal("mp-related", m.subject)
    local part = m:part("2")
    m:close()
    m:close()
    assert.has_error(function() return m.date end)
    assert.has_error(function() part:body() end)
    assert.are.equal("pop3.message (closed)", tostring(m))
  end)

  -- MiB of files that this process has looked into; nil where nobody tells.
  local function looked_into()
    local f <close> = io.open "/proc/self/status"
    local kib = f and f:read "a":match "RssFile:%s*(%d+)"
    return kib and tonumber(kib) / 1024
  end

  it("reads no further than needed", function()
    local dir <close> = tempdir()
    dir:write("huge", "Subject: s\r\nContent-Type: multipart/mixed; " ..
      "boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n--b\r\n" ..
      "Content-Type: image/png\r\n\r\n")
    local f = assert(io.open(dir.path .. "/huge", "r+b"))
    f:seek("set", (1 << 30) - 1)             -- the rest is a hole
    f:write "x"
    f:close()
    local m <close> = assert(message.open(dir.path .. "/huge"))
    local before = looked_into()
    assert.are.equal("s", m.subject)
    assert.are.equal("first", m:text())
    for path, part in m:walk() do
      if part.type == "image/png" then
        assert.are.equal("2", path)
        break
      end
    end
    if before then assert.is_true(looked_into() - before < 64) end
  end)

  it("closes the parts that were found in it", function()
    local m = assert(message.open("spec/messages/mp-rfc822-unclosed.eml"))
    local inner = m:part("1"):message()
    assert.are.equal("1", inner:part("1").path)
    m:close()
    assert.has_error(function() return inner.subject end)
  end)

  it("fails with the path", function()
    for _, path in ipairs{ "spec/messages/none", "spec" } do
      local m, err, code = message.open(path)
      assert.is_nil(m)
      assert.is_truthy(err:find(path, 1, true))
      assert.are.equal("io", code)
    end
  end)

  it("takes an empty file", function()
    local path = os.tmpname()
    local m = assert(message.open(path))
    assert.is_nil(m.subject)
    assert.are.equal("", m:body())
    os.remove(path)
  end)
end)

describe("misuse", function()
  local m = message.parse("A: b\r\n\r\nx")
  local calls = {
    function() message.parse() end,
    function() message.parse("", 1) end,
    function() message.parse("", { deepth = 1 }) end,
    function() message.parse("", { depth = 0 }) end,
    function() message.parse("", { parts = "x" }) end,
    function() message.open(1) end,
    function() message.parse_date(nil) end,
    function() message.decode_words({}) end,
    function() m:header() end,
    function() m:fields(1) end,
    function() m:addresses({}) end,
    function() m:part(1) end,
    function() m:by_cid() end,
    function() m:body(1) end,
    function() m:text(1) end,
    function() m:text{ flow = true } end,
    function() m:save() end,
    function() message.stream{ on_dat = print } end,
    function() message.stream{ on_data = 1 } end,
    function() message.stream() end,
  }
  for i, call in ipairs(calls) do
    it("is raised at the caller's line, " .. i, function()
      local ok, err = pcall(call)
      assert.is_false(ok)
      local line = debug.getinfo(call, "S").linedefined
      assert.are.equal("message_spec.lua:" .. line,
                       tostring(err):match("[^/]*:%d+"))
    end)
  end
end)
