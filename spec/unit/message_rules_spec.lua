-- How mail is read, rule by rule, with the section of the RFC; "tolerance" is a form that
-- the RFCs do not allow but mail has, "choice" a form that they leave open.

local message = require "pop3.message"

local function field(name)
  return function(value) return message.parse(name .. ":" .. value .. "\r\n\r\n") end
end

local function subject(value) return field "Subject"(value).subject end

-- Addresses as "name <address> group, ..."
local function addresses(value)
  local out = {}
  for i, a in ipairs(message.parse_addresses(value)) do
    out[i] = ("%s <%s>%s"):format(a.name, a.address,
                                  a.group and " " .. a.group or "")
  end
  return table.concat(out, ", ")
end

local function iso(value)
  local d = message.parse_date(value)
  return d and d.iso
end

local function references(value)
  return table.concat(field "References"(value).references, " ")
end

-- What one part is.
local function part(head, key)
  return message.parse(head .. "\r\n\r\n")[key]
end

local function body(encoding, text)
  return message.parse("Content-Transfer-Encoding: " .. encoding .. "\r\n\r\n"
                       .. text):body()
end

local function text(charset, octets)
  return message.parse("Content-Type: text/plain; charset=" .. charset
                       .. "\r\n\r\n" .. octets):text()
end

-- The paths and types of all parts that are no multiparts.
local function parts(mail)
  local out = {}
  for path, p in message.parse(mail):walk() do
    if not p.type:find "^multipart/" then
      out[#out + 1] = path .. " " .. p.type .. " " .. p:body()
    end
  end
  return table.concat(out, "; ")
end

local function multipart(subtype, ...)
  local out = { "Content-Type: multipart/" .. subtype ..
                "; boundary=b\r\n\r\n--b\r\n" }
  out[2] = table.concat({ ... }, "\r\n--b\r\n")
  return table.concat(out) .. "\r\n--b--\r\n"
end

local function shown(mail)
  local m = message.parse(mail)
  return (m:text() or "-") .. "|" .. (m:html() or "-")
end

local plain, html = "Content-Type: text/plain\r\n\r\nT",
                    "Content-Type: text/html\r\n\r\nH"

-- { rule, basis, input, expected result }
local cases = {
  { 1, "RFC 5322 2.2.3", subject " a\r\n b\r\n\tc ", "a b\tc" },
  { 1, "RFC 5322 2.1", message.parse("A: b\r\n \r\nSubject: s\r\n\r\n").subject,
    "s" },
  { 1, "RFC 5322 4.5", message.parse("Subject \t: s\r\n\r\n").subject, "s" },
  { 1, "tolerance", message.parse("From x y\r\nSubject: s\r\n\r\n").subject, "s" },
  { 1, "tolerance", message.parse("junk\r\nSubject: s\r\n\r\n").subject, "s" },
  { 1, "RFC 5322 3.6", message.parse("Subject: a\nSubject: b\n\n").subject, "a" },
  { 2, "RFC 2047 6.2", subject "=?utf-8?q?a?= \r\n =?utf-8?q?b?=", "ab" },
  { 2, "RFC 2047 6.2", subject "=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c" },
  { 2, "RFC 2047 4.2 (2)", subject "=?utf-8?Q?a_b=5F?=", "a b_" },
  { 2, "tolerance", subject "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é" },
  { 2, "tolerance", subject "x=?utf-8?q?y?=z", "xyz" },
  { 2, "tolerance", subject "=?utf-8?q?a b?=", "a b" },
  { 2, "RFC 2231 5", subject "=?utf-8*en?q?a?=", "a" },
  { 2, "RFC 2047 6.2", subject "=?x-no?q?a?=", "=?x-no?q?a?=" },
  { 2, "RFC 2047 2", subject "=?utf-8?b?YQ==?= =?utf-8?b?Yg==?=", "ab" },
  { 2, "RFC 6532 3", subject "é", "é" },
  { 2, "tolerance", subject "\xE9\x80", "é€" },
  { 3, "RFC 5322 3.4", addresses '"A, B" <a@b>, c@d', "A, B <a@b>,  <c@d>" },
  { 3, "RFC 5322 3.4", addresses "G: a@b, C <c@d>;, e@f",
    " <a@b> G, C <c@d> G,  <e@f>" },
  { 3, "RFC 5322 3.4", addresses "nobody:;", "" },
  { 3, "RFC 5322 4.4", addresses "<@r,@s:a@b>", " <a@b>" },
  { 3, "RFC 5322 3.4, note", addresses "a@b (A (nested) B)", "A (nested) B <a@b>" },
  { 3, "RFC 5322 3.4.1", addresses '"a b"@c, "d"@e', ' <"a b"@c>,  <d@e>' },
  { 3, "RFC 5322 3.4.1", addresses "a@[192.0.2.1]", " <a@[192.0.2.1]>" },
  { 3, "RFC 2047 5 (3)", addresses "=?utf-8?q?J=C3=B6?= <a@b>", "Jö <a@b>" },
  { 3, "tolerance", addresses '"=?utf-8?q?J=C3=B6?=" <a@b>', "Jö <a@b>" },
  { 3, "RFC 2047 5 (3)", addresses "=?utf-8?q?a=2Cb?= <a@b>", "a,b <a@b>" },
  { 3, "tolerance", addresses "a@b; c@d", " <a@b>,  <c@d>" },
  { 3, "RFC 5322 4.4", addresses ",, a@b,", " <a@b>" },
  { 4, "RFC 5322 3.3", iso "Mon, 23 Nov 2026 08:00:00 +0100",
    "2026-11-23T08:00:00+01:00" },
  { 4, "RFC 5322 4.3", iso "1 Jan 98 10:00 EST", "1998-01-01T10:00:00-05:00" },
  { 4, "RFC 5322 4.3", iso "1 Jan 49 10:00 GMT", "2049-01-01T10:00:00+00:00" },
  { 4, "RFC 5322 4.3", iso "1 Jan 101 10:00 UT", "2001-01-01T10:00:00+00:00" },
  { 4, "RFC 5322 4.3", iso "1 Jan 2026 10:00 Q", "2026-01-01T10:00:00-00:00" },
  { 4, "RFC 3339 4.3", iso "1 Jan 2026 10:00 -0000", "2026-01-01T10:00:00-00:00" },
  { 4, "RFC 5322 3.3", iso "30 Jun 2026 23:59:60 +0000",
    "2026-06-30T23:59:60+00:00" },
  { 4, "RFC 5322 3.3", iso "29 Feb 2026 10:00 +0000", nil },
  { 4, "RFC 5322 4.3", iso "Tue(x), 1 (y) Jan 2026 10 : 00 (z) +0000",
    "2026-01-01T10:00:00+00:00" },
  { 5, "RFC 5322 3.6.4", references "<a@b>\r\n <c@d>", "a@b c@d" },
  { 5, "RFC 5322 4.5.4", references 'x "<no@q>" (<no@c>) <a@b>', "a@b" },
  { 5, "tolerance", field "Message-ID"("a@b").message_id, "a@b" },
  { 6, "RFC 2045 5.2", part("Content-Type: TEXT/HTML", "type"), "text/html" },
  { 6, "RFC 2045 5.2", part("Content-Type: text", "type"), "text/plain" },
  { 6, "RFC 2046 5.1.1", part("Content-Type: multipart/mixed", "type"),
    "text/plain" },
  { 6, "RFC 2045 6.4", part("Content-Type: text/html\r\n" ..
    "Content-Transfer-Encoding: x-y", "type"), "application/octet-stream" },
  { 6, "RFC 2046 5.1.5", parts(multipart("digest", "\r\nSubject: s\r\n\r\nx")),
    "1 message/rfc822 Subject: s\r\n\r\nx; 1.1 text/plain x" },
  { 6, "RFC 2183 2", part("Content-Disposition: ATTACHMENT", "disposition"),
    "attachment" },
  { 6, "RFC 2231 3", part("Content-Disposition: a;\r\n filename*1=b;\r\n " ..
    "filename*0=a", "filename"), "ab" },
  { 6, "RFC 2231 4", part("Content-Disposition: a; filename=x; " ..
    "filename*=iso-8859-1'en'%E9", "filename"), "é" },
  { 6, "RFC 2231 4.1", part("Content-Disposition: a; filename*0*=utf-8''%C3;" ..
    " filename*1*=%A9; filename*2=%41", "filename"), "é%41" },
  { 6, "tolerance", part('Content-Type: a/b; name="=?utf-8?q?=C3=A9?="',
    "filename"), "é" },
  { 6, "choice", part("Content-Disposition: a; filename=\"../a\1b\"",
    "safe_filename"), "ab" },
  { 6, "RFC 2045 7", part("Content-ID: <a@b>", "cid"), "a@b" },
  { 6, "RFC 6532 3.7", parts("Content-Type: message/global\r\n\r\n" ..
    "Subject: é\r\n\r\nx"),
    "1 message/global Subject: é\r\n\r\nx; 1.1 text/plain x" },
  { 6, "RFC 8098 3", parts(multipart("report; report-type=x", plain,
    "Content-Type: message/disposition-notification\r\n\r\nA: b")),
    "1 text/plain T; 2 message/disposition-notification A: b" },
  { 6, "RFC 3462 1", parts(multipart("report", plain,
    "Content-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nC: d",
    "Content-Type: text/rfc822-headers\r\n\r\nE: f")),
    "1 text/plain T; 2 message/delivery-status A: b\r\n\r\nC: d; " ..
    "3 text/rfc822-headers E: f" },
  { 7, "RFC 2046 5.1.1", parts "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    .. "", "1 text/plain " },
  { 7, "tolerance", parts "Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n",
    "1 text/plain x\r\n" },
  { 7, "RFC 2046 5.1.1", parts("Content-Type: multipart/mixed; boundary=b" ..
    "\r\n\r\npre\r\n--b \t\r\n\r\nx\r\n--bc\r\n\r\n--b--\r\npost"),
    "1 text/plain x\r\n--bc\r\n" },
  { 7, "RFC 2046 5.1.2", parts(multipart("mixed",
    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx")),
    "1.1 text/plain x" },
  { 8, "RFC 2045 6.8", body("base64", "aG*k=\r\naGk="), "hihi" },
  { 8, "RFC 2045 6.7", body("quoted-printable", "a \t\r\nb=3D=\r\nc=zz="),
    "a\r\nb=c=zz" },
  { 8, "RFC 2045 6.1", body("BASE64 (c)", "aGk="), "hi" },
  { 9, "choice", text("iso-8859-1", "\x80\xE9"), "€é" },
  { 9, "choice", text("us-ascii", "\x93x\x94"), "“x”" },
  { 9, "choice", text("utf-8", "\xEF\xBB\xBFa\xE2\x82b"), "a�b" },
  { 9, "RFC 2152", text("utf-7", "+AOk-"), "é" },
  { 9, "tolerance", text("no-such", "\xE9"), "é" },
  { 9, "tolerance", text("no-such", "é"), "é" },
  { 10, "RFC 2046 5.1.4", shown(multipart("alternative", plain, html)), "T|H" },
  { 10, "RFC 2387 3.2", shown(multipart("related; start=\"<r>\"", plain,
    "Content-ID: <r>\r\n" .. html)), "-|H" },
  { 10, "RFC 2183 2.2", shown(multipart("mixed",
    "Content-Disposition: attachment\r\n" .. plain, plain .. "2")), "T2|-" },
}

describe("rule", function()
  for i, case in ipairs(cases) do
    local rule, basis, got, want = case[1], case[2], case[3], case[4]
    it(("%d of reading mail, case %d (%s)"):format(rule, i, basis), function()
      assert.are.equal(want, got)
    end)
  end
end)

describe("decoded values", function()
  it("hold no NUL, in every field", function()
    local m = message.parse("Content-Transfer-Encoding: a\0b\r\nContent-Type: text/calendar;"
      .. " a\0b=c\0d\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
      .. "ORGANIZER;CN=a\0b:mailto:a\0b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    assert.equal("a b", m.encoding)
    assert.same({ ["a b"] = "c d" }, m.params)
    m = message.parse((m:raw():gsub("^.-\r\n", "", 1)))
    assert.same({ name = "a b", address = "a b", rsvp = false },
                m:invitation().organiser)
  end)
end)
