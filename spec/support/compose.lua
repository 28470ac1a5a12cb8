-- Makes mail from a seed, the same on every machine: well-formed mail as programs
-- send it ("sane"), the same in plain English ("plain"), and mail with defects
-- ("odd").

local M = {}

-- ------------------------------------------------------------------ words

-- Phrases, with the charsets that can write them.
local tongues = {
  { charsets = { "us-ascii", "utf-8", "iso-8859-1" },
    "Meeting on Monday", "invoice 4711", "the quick brown fox", "see below",
    "report (final)", "list of things: one, two", "50% off", "a/b testing",
    "what? now!", "it's here", "C:\\new folder", "x = y + 1", "end." },
  { charsets = { "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252" },
    "Grüße aus Köln", "café crème", "año nuevo", "señor Núñez", "Übermaß",
    "ça va très bien", "smørrebrød", "Århus", "naïveté", "Þór" },
  { charsets = { "utf-8", "koi8-r", "windows-1251", "iso-8859-5" },
    "Привет, мир", "отчёт за год", "Здравствуйте", "Москва", "список дел" },
  { charsets = { "utf-8", "iso-8859-2", "windows-1250" },
    "Zażółć gęślą jaźń", "příliš žluťoučký", "Łódź", "árvíztűrő" },
  { charsets = { "utf-8", "iso-8859-7" }, "Καλημέρα κόσμε", "αναφορά" },
  { charsets = { "utf-8", "shift_jis", "iso-2022-jp", "euc-jp" },
    "こんにちは世界", "会議のお知らせ", "日本語テスト", "請求書" },
  { charsets = { "utf-8", "euc-kr" }, "안녕하세요", "보고서", "회의 안내" },
  { charsets = { "utf-8", "gb2312", "gb18030" }, "你好世界", "会议通知",
    "中文测试" },
  { charsets = { "utf-8", "big5" }, "繁體中文", "會議通知" },
}

local names = { "Ann", "Bob", "Carla Q. Smith", "de Vries", "X", "Mail Robot" }
local hosts = { "example.org", "example.com", "mail.example.net", "a-b.example" }

-- 'list' in another charset, by the iconv program; ISO-2022 starts again in
-- ASCII on each line.
local function convert(list, charset)
  local path = os.tmpname()
  local f = assert(io.open(path, "wb"))
  f:write(table.concat(list, "\n"), "\n")
  f:close()
  local p = assert(io.popen(("iconv -f UTF-8 -t %s %s"):format(charset, path)))
  local out = {}
  for line in p:read("a"):gmatch "(.-)\n" do out[#out + 1] = line end
  p:close()
  os.remove(path)
  assert(#out == #list, charset)
  return out
end

local samples            -- { { charset, { { utf8, octets }, … } }, … } by tongue

local function get_samples()
  if samples then return samples end
  samples = {}
  for i, tongue in ipairs(tongues) do
    samples[i] = {}
    for _, charset in ipairs(tongue.charsets) do
      local list = convert(tongue, charset)
      for k, octets in ipairs(list) do list[k] = { tongue[k], octets } end
      list.charset = charset
      table.insert(samples[i], list)
    end
  end
  return samples
end

-- ------------------------------------------------------------ randomness

local R = {}
R.__index = R

local function randomness(seed)
  return setmetatable({ x = seed }, R)
end

-- A number from 1 to n.
function R:n(n)
  self.x = self.x * 6364136223846793005 + 1442695040888963407
  return (self.x >> 33) % n + 1
end

function R:pick(list) return list[self:n(#list)] end
function R:one_in(n) return self:n(n) == 1 end

-- Phrases of one tongue in one charset: a list of { utf8, octets }, .charset.
function R:tongue()
  local all = get_samples()
  if self.plain then return all[1][self:one_in(4) and 2 or 1] end
  return self:pick(self:one_in(2) and all[1] or self:pick(all))
end

-- --------------------------------------------------------------- headers

local function q_word(octets)
  return (octets:gsub("[^%w!*+/-]", function(c)
    return c == " " and "_" or ("=%02X"):format(c:byte())
  end))
end

local function b64(octets)
  return (require "pop3.core".encode.base64(octets):gsub("\r\n", ""))
end

local function encoded_word(r, octets, charset)
  if r:one_in(4) then charset = charset:upper() end
  if r:one_in(2) then
    return ("=?%s?%s?%s?="):format(charset, r:one_in(3) and "q" or "Q",
                                   q_word(octets))
  end
  return ("=?%s?%s?%s?="):format(charset, r:one_in(3) and "b" or "B",
                                 b64(octets))
end

-- Unstructured text: plain words, encoded-words, folded here and there.
local function text(r)
  local out = {}
  for i = 1, r:n(4) do
    local t = r:tongue()
    local phrase = r:pick(t)
    if t.charset == "us-ascii" then out[i] = phrase[2]
    elseif t.charset == "utf-8" and r:one_in(8) then out[i] = phrase[1]
    else out[i] = encoded_word(r, phrase[2], t.charset) end
  end
  return table.concat(out, r:one_in(3) and "\r\n " or " ")
end

local function local_part(r)
  return r:pick { "joe", "ann.b", "x+tag", "no-reply", "a_b", "1" } .. r:n(99)
end

local function address(r)
  local addr = local_part(r) .. "@" .. r:pick(hosts)
  local k = r:n(8)
  if k == 1 then return addr end
  if k == 2 then return "<" .. addr .. ">" end
  if k <= 4 then
    local name = r:pick(names)
    if name:find "[.]" then name = '"' .. name .. '"' end
    return name .. " <" .. addr .. ">"
  end
  if k == 5 then
    return '"' .. r:pick { "Doe, John", "A \\\"B\\\" C", "x (y)", "a; b" }
           .. '" <' .. addr .. ">"
  end
  local t = r:tongue()
  if t.charset == "us-ascii" then return "Plain Name <" .. addr .. ">" end
  return encoded_word(r, r:pick(t)[2], t.charset) .. " <" .. addr .. ">"
end

local function addresses(r)
  local out = {}
  for i = 1, r:n(r:one_in(10) and 20 or 3) do out[i] = address(r) end
  local list = table.concat(out, r:one_in(3) and ",\r\n\t" or ", ")
  if r:one_in(15) then
    return r:pick { "Team", "undisclosed-recipients", '"A, B"' } .. ":" ..
           (r:one_in(3) and "" or " " .. list) .. ";"
  end
  return list
end

local days = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }
local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
                 "Oct", "Nov", "Dec" }

local function date(r)
  local day = r:one_in(4) and "" or r:pick(days) .. ", "
  local second = r:one_in(6) and "" or (":%02d"):format(r:n(60) - 1)
  local zone = r:one_in(6) and r:pick { "GMT", "EST", "PDT", "UT" }
    or ("%s%02d%02d"):format(r:pick { "+", "-" }, r:n(12), r:pick { 0, 30, 45 })
  local comment = r:one_in(5) and " (local time)" or ""
  return ("%s%d %s %d %02d:%02d%s %s%s"):format(day, r:n(28), r:pick(months),
    1990 + r:n(45), r:n(24) - 1, r:n(60) - 1, second, zone, comment)
end

local function id(r)
  return ("<%x.%d@%s>"):format(r:n(1 << 30), r:n(99999), r:pick(hosts))
end

local function ids(r)
  local out = {}
  for i = 1, r:n(5) do out[i] = id(r) end
  return table.concat(out, r:one_in(2) and "\r\n " or " ")
end

local function received(r)
  return ("from %s (%s [192.0.2.%d])\r\n\tby mx%d.example.com (Postfix) with " ..
    "ESMTPS id %08X\r\n\tfor <%s@example.com>; %s"):format(r:pick(hosts),
    r:pick(hosts), r:n(254), r:n(9), r:n(1 << 30), local_part(r), date(r))
end

local function random_octets(r, n)
  local out = {}
  for i = 1, n // 4 + 1 do out[i] = ("<I4"):pack(r:n(1 << 31)) end
  return table.concat(out):sub(1, n)
end

local function fields(r)
  local out = {}
  local function add(name, value) out[#out + 1] = name .. ": " .. value end
  for _ = 1, r:n(4) - 1 do add("Received", received(r)) end
  if r:one_in(3) then
    add("DKIM-Signature", "v=1; a=rsa-sha256; d=example.org; s=x;\r\n\tb=" ..
        b64(random_octets(r, 128)):gsub(("."):rep(60), "%0\r\n\t "))
  end
  add("From", address(r))
  add("To", addresses(r))
  if r:one_in(3) then add("Cc", addresses(r)) end
  add("Subject", text(r))
  add("Date", date(r))
  add("Message-ID", id(r))
  if r:one_in(3) then add("In-Reply-To", id(r)) end
  if r:one_in(3) then add("References", ids(r)) end
  if r:one_in(3) then add("X-Mailer", "Example 1." .. r:n(9)) end
  add("MIME-Version", "1.0")
  return table.concat(out, "\r\n") .. "\r\n"
end

-- ---------------------------------------------------------------- bodies

local function quoted_printable(octets)
  local out, width = {}, 0
  for c in octets:gmatch "\r?\n?[^\r\n]?" do
    if c:find "^\r\n" then
      out[#out + 1], width = "\r\n", 0
      c = c:sub(3)
    end
    if c ~= "" then
      local e = c:find "[^\32-\126]" or c == "="
      local piece = e and ("=%02X"):format(c:byte()) or c
      if width + #piece > 72 then out[#out + 1], width = "=\r\n", 0 end
      out[#out + 1], width = piece, width + #piece
    end
  end
  return (table.concat(out):gsub(" \r\n", "=20\r\n"))
end

local function uuencode(octets)
  local out = { "begin 644 data\r\n" }
  for i = 1, #octets, 45 do
    local line = octets:sub(i, i + 44)
    local t = { string.char(#line + 32) }
    for k = 1, #line, 3 do
      local a, b, c = line:byte(k, k + 2)
      local v = a << 16 | (b or 0) << 8 | (c or 0)
      for shift = 18, 0, -6 do
        local x = v >> shift & 63
        t[#t + 1] = x == 0 and "`" or string.char(x + 32)
      end
    end
    out[#out + 1] = table.concat(t) .. "\r\n"
  end
  return table.concat(out) .. "`\r\nend\r\n"
end

-- Lines of phrases in one charset.
local function prose(r, t, lines)
  local out = {}
  for i = 1, lines do
    local line = {}
    for k = 1, r:n(4) do line[k] = r:pick(t)[2] end
    out[i] = table.concat(line, " ") .. "\r\n"
  end
  return table.concat(out)
end

local function parameter(r, name, value)
  if not value:find "[^%w.-]" and r:one_in(2) then
    return name .. "=" .. value
  end
  return name .. '="' .. value .. '"'
end

-- A file name: as plain as can be, or by RFC 2231, or in an encoded-word.
local function filename(r, name)
  local t = r:tongue()
  local phrase = r:pick(t)
  local k = r:n(4)
  if k == 1 or phrase[2]:find '[\\"]' then
    return parameter(r, name, "file " .. r:n(99) .. ".dat")
  end
  if k == 2 then
    return ('%s="%s"'):format(name, encoded_word(r, phrase[2], t.charset))
  end
  local coded = phrase[2]:gsub("[^%w.-]", function(c)
    return ("%%%02X"):format(c:byte())
  end)
  if k == 3 or #coded < 9 then
    return ("%s*=%s''%s"):format(name, t.charset, coded)
  end
  return ("%s*0*=%s''%s;\r\n %s*1*=%s"):format(name, t.charset,
    coded:sub(1, 6), name, coded:sub(7)), coded:sub(1, 6):find "%%.?$"
end

local function body_head(r, type, encoding, extra)
  local out = { "Content-Type: " .. type }
  if encoding ~= "7bit" or r:one_in(2) then
    out[2] = "Content-Transfer-Encoding: " .. encoding
  end
  if extra then out[#out + 1] = extra end
  return table.concat(out, "\r\n") .. "\r\n"
end

local function text_part(r, subtype, lines)
  local t = r:tongue()
  local octets = prose(r, t, lines)
  if subtype == "html" then
    octets = "<html><body><p>" .. octets:gsub("\r\n", "<br>\r\n")
             .. "</p></body></html>\r\n"
  end
  local eight = octets:find "[\128-\255\27]"
  local encoding = r:pick { "quoted-printable", "base64",
                            eight and "8bit" or "7bit" }
  if t.charset == "iso-2022-jp" and encoding == "8bit" then
    encoding = "7bit"
  end
  local charset = t.charset
  local head = body_head(r, ("text/%s; %s"):format(subtype,
    parameter(r, "charset", r:one_in(4) and charset:upper() or charset)),
    encoding)
  if encoding == "base64" then
    octets = require "pop3.core".encode.base64(octets)
  elseif encoding == "quoted-printable" then
    octets = quoted_printable(octets)
  end
  return head, octets
end

local function file_part(r, size)
  local octets = random_octets(r, size)
  local type = r:pick { "application/pdf", "application/octet-stream",
                        "image/png", "audio/mpeg", "application/zip" }
  local disposition = "Content-Disposition: " .. r:pick { "attachment",
                      "inline", "attachment" }
  if not r:one_in(4) then
    local param, cut = filename(r, "filename")
    while cut do param, cut = filename(r, "filename") end
    disposition = disposition .. ";\r\n " .. param
  end
  if r:one_in(4) then
    disposition = disposition .. "\r\nContent-ID: " .. id(r)
  end
  if r:one_in(12) then
    return body_head(r, type, "x-uuencode", disposition), uuencode(octets)
  end
  return body_head(r, type, "base64", disposition),
         require "pop3.core".encode.base64(octets)
end

local boundary_forms = {
  "b%d", "=_%d", "----=_Part_%d.4711", "%d'()+_,-./:=?x", "%d=_long_" ..
  ("x"):rep(40),
}

local entity

local function multipart(r, subtype, makers, params)
  local boundary = r:pick(boundary_forms):format(r:n(1 << 30))
  local quoted = boundary:find "[^%w.-]" and '"' .. boundary .. '"' or boundary
  local out = { r:one_in(3) and "This is a message in parts.\r\n" or "" }
  for _, make in ipairs(makers) do
    local head, body = make(r)
    out[#out + 1] = ("--%s\r\n%s\r\n%s\r\n"):format(boundary, head, body)
  end
  out[#out + 1] = ("--%s--\r\n"):format(boundary)
  if r:one_in(4) then out[#out + 1] = "And that was it.\r\n" end
  return ("Content-Type: multipart/%s;%sboundary=%s%s\r\n"):format(subtype,
    r:one_in(2) and "\r\n\t" or " ", quoted, params or ""), table.concat(out)
end

local function lines(r) return r:n(r:one_in(4) and 60 or 12) end

local function plain(r) return text_part(r, "plain", lines(r)) end
local function html(r) return text_part(r, "html", lines(r)) end
local function file(r) return file_part(r, r:n(r:one_in(4) and 4000 or 400)) end

local function alternative(r)
  return multipart(r, "alternative", { plain, html })
end

local function related(r)
  return multipart(r, "related", { html, file })
end

local function message(r, depth)
  local head, body = entity(r, depth + 2)
  return "Content-Type: message/rfc822\r\n",
         fields(r) .. head .. "\r\n" .. body
end

function entity(r, depth)
  local k = r:n(12)
  if depth > 3 or k <= 3 then return plain(r) end
  if k == 4 then return html(r) end
  if k <= 7 then return alternative(r) end
  if k == 8 then return related(r) end
  local function inner(x) return entity(x, depth + 1) end
  local function embedded(x) return message(x, depth) end
  if k == 9 then
    return multipart(r, "mixed", { inner, embedded })
  elseif k == 10 then
    return multipart(r, "signed", { inner, function()
      return "Content-Type: application/pgp-signature\r\n",
             "-----BEGIN PGP SIGNATURE-----\r\n\r\nxyz\r\n"
    end }, "; micalg=pgp-sha256;\r\n protocol=\"application/pgp-signature\"")
  end
  local makers = { inner }
  for _ = 1, r:n(3) do makers[#makers + 1] = r:one_in(5) and inner or file end
  return multipart(r, "mixed", makers)
end

-- ------------------------------------------------------------ odd features

local function replace(what, by)
  return function(_, mail) return (mail:gsub(what, by, 1)) end
end

-- Each takes a message of its name's kind, and returns it with that wrong.
local oddities = {
  { "cut off", function(r, mail) return mail:sub(1, r:n(#mail)) end },
  { "LF", function(_, mail) return (mail:gsub("\r\n", "\n")) end },
  { "no last delimiter", function(_, mail)
      return (mail:gsub("\r\n%-%-[^\r\n]+%-%-\r\n", "\r\n"))
    end },
  { "unknown charset", replace('(charset="?)[%w-]+', "%1x-nobody-knows") },
  { "impossible date",
    replace("\r\nDate: [^\r\n]*", "\r\nDate: 31 Feb 2026 25:00:00 +0000") },
  { "two dates",
    replace("\r\nDate: ", "\r\nDate: Mon, 1 Jun 98 10:00 EDT\r\nDate: ") },
  { "two subjects", replace("\r\nSubject: ", "\r\nSubject: first\r\nSubject: ") },
  { "question mark in an encoded-word",
    replace("\r\nSubject: [^\r\n]*", "\r\nSubject: =?utf-8?q?a?b?=") },
  { "unknown charset of an encoded-word", replace("\r\nSubject: [^\r\n]*",
    "\r\nSubject: =?x-nobody-knows?q?a=E9b?= c") },
  { "glued encoded-words", replace("\r\nSubject: [^\r\n]*",
    "\r\nSubject: a=?utf-8?q?b?=c =?utf-8?q?d e?= f") },
  { "split character", replace("\r\nSubject: [^\r\n]*",
    "\r\nSubject: =?utf-8?q?caf=C3?= =?utf-8?q?=A9?=") },
  { "raw octets in a subject", replace("\r\nSubject: [^\r\n]*",
    "\r\nSubject: caf\xE9 cr\xE8me") },
  { "line without a colon",
    replace("\r\nMIME%-Version", "\r\nno colon here\r\nMIME-Version") },
  { "blanks around a name", replace("\r\nMIME%-Version",
    "\r\nX-Empty:\r\nX-Space : v\r\nMIME-Version") },
  { "blank before a colon", replace("\r\nSubject: ", "\r\nSubject : ") },
  { "mbox line", function(_, mail)
      return "From joe@example.org Mon Jun  1 10:00:00 1998\r\n" .. mail
    end },
  { "comment as a name",
    replace("\r\nFrom: [^\r\n]*", "\r\nFrom: joe@example.org (Joe)") },
  { "no angle brackets",
    replace("\r\nFrom: [^\r\n]*", "\r\nFrom: Joe Doe joe@example.org") },
  { "route", replace("\r\nFrom: [^\r\n]*",
    "\r\nFrom: <@a.example,@b.example:j@c.example>") },
  { "semicolon between addresses", replace("\r\nTo: [^\r\n]*",
    "\r\nTo: a@example.org; b@example.org") },
  { "unquoted comma", replace("\r\nFrom: [^\r\n]*",
    "\r\nFrom: Doe, John <joe@example.org>") },
  { "encoded-word in quotes", replace("\r\nFrom: [^\r\n]*",
    '\r\nFrom: "=?utf-8?q?J=C3=B6?=" <joe@example.org>') },
  { "dots in a phrase", replace("\r\nFrom: [^\r\n]*",
    "\r\nFrom: J. R. Doe <joe@example.org>") },
  { "blanks in an address", replace("\r\nFrom: [^\r\n]*",
    "\r\nFrom: Joe <joe @ example . org>") },
  { "empty From", replace("\r\nFrom: [^\r\n]*", "\r\nFrom: ") },
  { "empty items", replace("\r\nTo: ", "\r\nTo: , ,\r\n ") },
  { "broken type", replace("Content%-Type: text/plain", "Content-Type: text") },
  { "case of names", replace("Content%-Type: ", "content-TYPE:") },
  { "unknown encoding", replace("base64\r\n", "x-unknown\r\n") },
  { "no boundary", replace("boundary=", "boundarie=") },
  { "blanks after a soft line break", replace("([^?])=\r\n", "%1=  \r\n") },
  { "junk in base64", replace("(base64\r\n\r\n%w%w%w%w)", "%1*!\r\n") },
  { "encoding of a multipart", replace("(Content%-Type: multipart/)",
    "Content-Transfer-Encoding: base64\r\n%1") },
  { "8-bit in quoted-printable",
    replace("(quoted%-printable\r\n\r\n)", "%1\xC3\xA9") },
  { "semicolons", replace("(charset=[^\r\n]+)", ";;%1; ;") },
  { "encoding in capitals", replace("base64\r\n", "BASE64 (really)\r\n") },
}

--- A function that returns a message at each call and, of odd ones, what is odd
-- about it.
-- @tparam integer seed
-- @tparam ?string kind "sane" (the default), "plain" or "odd"
function M.new(seed, kind)
  local r = randomness(seed)
  r.plain = kind == "plain"
  local turn = 0
  local function sane()
    local head, body = entity(r, 0)
    return fields(r) .. head .. "\r\n" .. body
  end
  if kind ~= "odd" then return sane end
  return function()
    turn = turn % #oddities + 1
    local name, change = table.unpack(oddities[turn])
    while true do
      local mail = sane()
      local odd = change(r, mail)
      if odd ~= mail then return odd, name end
    end
  end
end

return M
