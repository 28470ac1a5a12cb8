-- Real mail: each spec/messages/wild/NAME.eml stands for a kind of mail seen in public
-- bug reports. The rules are numbered as in the comments of lua/pop3/message and
-- csrc/mail; this spec has the expected result of each message.

local message = require "pop3.message"

local function open(name)
  return assert(message.open("spec/messages/wild/" .. name .. ".eml"))
end

-- "name <address>, ..."
local function list(addresses)
  local out = {}
  for i, a in ipairs(addresses) do
    out[i] = ("%s <%s>"):format(a.name, a.address)
  end
  return table.concat(out, ", ")
end

-- Attachments as their file names, or types without one.
local function attachments(m)
  local out = {}
  for i, part in ipairs(m:attachments()) do
    out[i] = part.filename or part.type
  end
  return table.concat(out, ", ")
end

local function from(m) return list(m.from) end
local function text(m) return (m:text() or "nil"):gsub("%s+$", "") end
local function html(m) return m:html() or "nil" end
local function readable(m) return m:text { from_html = true } end
local function iso(m) return m.date and m.date.iso end
local function names(m)
  local out = {}
  for name in m:fields() do out[#out + 1] = name end
  return table.concat(out, " ")
end

-- name of the mail, what is asked, what it must be (a string: all of it; a
-- table: it holds this string)
local cases = {
  { "addr-bracket-blanks", from, "[Big Boss CEO] <a@a.example>" },
  { "addr-bracket-unclosed", from, "Foo [x <a@a.example>" },
  { "addr-name-begins-with-addr", from,
    "ceo@corp.example via Help Desk <evil@x.example>" },
  { "addr-q-raw-angle", from, "Müller <Firma> <a@a.example>" },
  { "addr-q-raw-colon", from, "Müller: Firma <a@a.example>" },
  { "addr-q-raw-comma", from, "Doe, Jörg <j@a.example>" },
  { "addr-quoted-blanks", from, "  Ada  L  <ada@a.example>" },
  { "addr-word-alone", from, "John Döe <>" },
  { "addr-word-alone", function(m) return list(m.to) end,
    "eve@evil.example <>,  <bob@b.example>" },
  { "arf-basic", text, "abuse" },
  { "arf-basic", attachments, "message/feedback-report, text/rfc822-headers" },
  { "att-apple-alt-mixed", text, "plain" },
  { "att-apple-alt-mixed", attachments, "1 X.pdf, text/html" },
  { "att-apple-blob-images", attachments, "one.jpeg, two.jpeg" },
  { "att-apple-inline-pdf", attachments, "inv_1.pdf, inv_2.pdf" },
  { "att-apple-inline-pdf", text, "see" },
  { "att-calendar-alternative", attachments, "text/calendar" },
  { "att-calendar", attachments, "text/calendar" },
  { "att-inline-ext-name", attachments, "Capture d’e\u{301}cran.png" },
  { "att-inline-message", attachments, "message/rfc822" },
  { "att-inline-named-text", attachments, "test.txt" },
  { "att-inline-named-text", text, "body" },
  { "att-mms-related-only", text, "hello" },
  { "att-mms-related-only", attachments, "0.smil, 1.jpg" },
  { "att-mms-related", attachments, "IMG_0001.jpeg" },
  { "att-mms-related", text, "look" },
  { "att-second-text", attachments, "p.png, text/plain, text/enriched" },
  { "att-text-other-noname", attachments,
    "text/calendar, text/x-vcard, text/csv" },
  { "b64-list-footer", text, "grüße aus X!" },
  { "base64-junk-behind-padding", function(m) return m:text() end,
    "hello there\nhi!bye!" },
  { "body-alt-empty-plain", readable, { "Some html text" } },
  { "bom-first", from, " <a@a.example>" },
  { "bom-first", function(m) return m.subject end, "t" },
  { "charset-spellings", function(m) return m.subject end, "ö中文ą" },
  { "charset-spellings", text, "日本語" },
  { "cid-encoded-word", function(m)
    return m:by_cid("795d06e8bc68@phpmailer.0").filename
  end, "i.png" },
  { "cid-encoded-word", attachments, "" },
  { "cs-2022jp-is-utf8", text, { "ほげ" } },
  { "cs-cp-dash", text, { "Привет" } },
  { "cs-cp437", text, { "Grüße" } },
  { "cs-cp850", text, { "Grüße" } },
  { "cs-cp850", function(m) return m.subject end, "Grüße" },
  { "cs-cp936", text, "你好" },
  { "cs-cp936", function(m) return m.subject end, "你好" },
  { "cs-quoted-single", text, { "ąćę" } },
  { "cs-usascii-html", html, { "Información — niño" } },
  { "cs-utf8-one-bad", text, { "Grüße aus Köln und Přerov" } },
  { "cs-utf8-one-bad", function(m) return m.subject end,
    { "Grüße aus Köln und Přerov" } },
  { "cs-utf8mb4", text, { "grüße" } },
  { "cs-utf8mb4", function(m) return m.subject end, "grüße" },
  { "ct-charset-missing-semicolon", text, { "ąćę" } },
  { "ct-charset-missing-semicolon", function(m)
    return m:part("1").params.format
  end, "flowed" },
  { "ct-quoted", html, { "ä" } },
  { "cte-8-bit", text, { "ä" } },
  { "cte-8bit-quote", text, { "ä" } },
  { "cte-near-misses", function(m) return m:text() end, "hello\n" },
  { "date-ampm", iso, { "22:00:00" } },
  { "date-asctime-tz", iso, "2007-07-24T18:55:07+02:00" },
  { "date-asctime", iso, { "2007-07-24T18:55:07" } },
  { "date-date1", iso, "2007-03-24T21:23:03-04:00" },
  { "date-gmt-offset", iso, "2025-03-04T10:00:00+02:00" },
  { "date-iso", iso, { "2020-05-07T05:00:55" } },
  { "disp-unknown", attachments, "notes.txt" },
  { "disp-unknown", text, "nil" },
  { "disposition-quoted", function(m) return m.disposition end, "inline" },
  { "ew-utf16-two-marks", function(m) return m.subject end, "Grüße aus Ulm" },
  { "hdr-dup-cte", text, { "hello" } },
  { "hdr-no-gap-multipart", names, "From To Date Subject Content-Type" },
  { "hdr-no-gap-multipart", text, "body" },
  { "hdr-no-gap-multipart", html, { "body" } },
  { "hdr-raw-2022jp", function(m) return m.subject end, "お知らせ" },
  { "header-raw-multioctet", function(m) return m.subject end, "안녕" },
  { "html-comment-abrupt", readable, "one two three four\r\n" },
  { "html-comment-bang", readable, { "all the text" } },
  { "html-head-late-text", readable, { "all the text" } },
  { "html-head-selfclosed", readable, { "all the text" } },
  { "html-href-legacy-entity", readable,
    { "<http://x.example/?a=1&copy=2&reg=3&para=4&sect=5&z=6×>" } },
  { "html-meta-charset", html, { "你好世界" } },
  { "ids-comments", function(m) return m.message_id end, "1337@a.example" },
  { "ids-encoded-words", function(m)
    return table.concat(m.references, " ")
  end, "one.1@a.example two@a.example" },
  { "inj-ew-crlf-subject", function(m) return m.subject end,
    "hi  Bcc: evil@x.example" },
  { "inj-ew-crlf-subject", function(m)
    return m.from[1].name:find "[\r\n]" and "line ends" or "none"
  end, "none" },
  { "mp-declared-never-seen", text, "all the text\r\nof the mail" },
  { "mp-declared-never-seen", function(m) return m.type end, "text/plain" },
  { "mp-declared-never-seen", function(m) return m.defects[1].code end,
    "boundary" },
  { "param-comment", text, { "ą" } },
  { "param-comment", function(m) return m.charset end, "iso-8859-2" },
  { "param-comment", function(m) return m.filename end, "list.txt" },
  { "param-no-semicolon-boundary", function(m)
    return m:part("1").type .. " " .. m:part("2").type
  end, { "/" } },
  { "param-sections-from-one", function(m) return m.filename end, "été.pdf" },
  { "pgp-multi-nogap", function(m) return m:part("1.TEXT") or
    m:part("1.1") and select(2, m:walk()()):_child():raw() end,
    "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nhi\r\n--i--" },
  { "raw-octets-in-type", function(m)
    local p = m:part("1")
    return p.type .. " " .. p.disposition
  end, "text/plain attachment" },
  { "raw-octets-in-type", function(m) return m:part("2").type end,
    "application/octet-stream" },
  { "text-root-other", function(m)
    return #m:attachments() .. " " .. m:attachments()[1]:text()
  end, { "1 SUMMARY:café" } },
  { "text-root-other", function(m) return m:part("1"):text() end,
    { "SUMMARY:café" } },
  { "type-not-a-token", function(m) return m.type end, "text/html" },
  { "type-not-a-token", html, { "<p>hello" } },
}

for _, page in ipairs { { 20866, "Привет" }, { 28592, "zażółć" },
                        { 932, "見積書" }, { 936, "测试" } } do
  local name = "tnef-cp" .. page[1]
  local function tnef(m)
    for _, part in m:walk() do
      local t = part:tnef()
      if t then return t end
    end
  end
  cases[#cases + 1] = { name, function(m)
    return tnef(m).attachments[1].filename
  end, page[2] .. ".doc" }
  cases[#cases + 1] = { name, function(m) return tnef(m).subject end, page[2] }
end

describe("mail as it is written", function()
  local seen = {}
  for _, case in ipairs(cases) do
    local name, ask, want = case[1], case[2], case[3]
    seen[name] = true
    it(name .. ": " .. (type(want) == "table" and want[1] or want), function()
      local m <close> = open(name)
      local got = ask(m)
      if type(want) == "string" then
        assert.are.equal(want, got)
      else
        assert.is_truthy(tostring(got):find(want[1], 1, true), got)
      end
    end)
  end

  it("tnef-embedded: the attached message is what the attachment holds",
     function()
    local m <close> = open "tnef-embedded"
    local found
    for _, part in m:walk() do found = found or part:tnef() end
    local attachment = found.attachments[1]
    assert.are.equal(1, #found.attachments)
    assert.are.equal(87, attachment.size)
    assert.is_table(attachment.tnef)
  end)

  it("tnef-embedded-message: an attached message can be opened", function()
    local m <close> = open "tnef-embedded-message"
    local found
    for _, part in m:walk() do found = found or part:tnef() end
    local inner = found.attachments[1].tnef
    assert.is_table(inner)
    assert.is_string(inner.subject or inner.text)
  end)

  it("every message of the folder has an expected result", function()
    seen["tnef-embedded"], seen["tnef-embedded-message"] = true, true
    for path in io.popen("ls spec/messages/wild/*.eml"):lines() do
      local name = path:match "([^/]*)%.eml$"
      assert.is_true(seen[name] or false, name)
    end
  end)
end)
