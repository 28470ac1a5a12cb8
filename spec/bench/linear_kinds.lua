-- The kinds of mail for linear.lua, and a reader that asks a message for everything. As a
-- program, for callgrind: linear_kinds.lua NUMBER SIZE reads one message of a kind, with
-- the garbage collector stopped.

local core = require "pop3.core"
local message = require "pop3.message"

local LIMITS = { depth = 100000, parts = 1000000, header = 1 << 30,
                 fields = 10000000, params = 10000000, addresses = 10000000 }

local function b64(text) return (core.encode.base64(text):gsub("%s", "")) end

-- A function of n: a message with one header field of 'piece', n times.
local function field(name, piece, before, after)
  return function(n)
    return name .. ": " .. (before or "") .. piece:rep(n) .. (after or "")
           .. "\r\n\r\nbody\r\n"
  end
end

local function body(head, piece)
  return function(n) return head .. "\r\n\r\n" .. piece:rep(n) end
end

local function sections(n)
  local t = {}
  for i = n - 1, 0, -1 do t[#t + 1] = (";\r\n name*%d=ab"):format(i) end
  return "Content-Type: text/plain" .. table.concat(t) .. "\r\n\r\nx\r\n"
end

local function boundaries(n)
  local t = {}
  for i = 1, n do
    t[i] = ("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n")
           :format(i, i)
  end
  return table.concat(t) .. "\r\nx\r\n"
end

local MB5 = 5000000
local mixed = "Content-Type: multipart/mixed; boundary=b"

-- { name, what makes it, its size }
local kinds = {
  { "flat parts", body(mixed, "--b\r\n\r\nx\r\n"), 50000 },
  { "flat multiparts", body(mixed, "--b\r\n" .. mixed .. "c\r\n\r\n"), 20000 },
  { "nested multiparts", boundaries, 10000, nowalk = true },
  { "nested multiparts, one boundary", body(mixed, "--b\r\n" .. mixed
    .. "\r\n\r\n"), 10000, nowalk = true },
  { "nested messages", function(n)
      return ("Content-Type: message/rfc822\r\n\r\n"):rep(n) .. "\r\nx\r\n"
    end, 10000, nowalk = true },
  { "folds", field("Subject", "\r\n a"), MB5 // 8 },
  { "subject, plain", field("Subject", "a b "), MB5 // 8 },
  { "fields", function(n) return ("X: y\r\n"):rep(n) .. "\r\n" end, MB5 // 12 },
  { "no fields", function(n) return ("junk\r\n"):rep(n) .. "\r\n" end,
    MB5 // 12 },
  { "references", field("References", "<a@b>\r\n "), MB5 // 16 },
  { "references, open quotes", field("References", '"'), MB5 // 2 },
  { "references, open comments", field("References", "("), MB5 // 2 },
  { "references, open angles", field("References", "<"), MB5 // 2 },
  { "addresses", field("To", "a <b@c>, "), MB5 // 18 },
  { "addresses, groups", field("To", "g: a@b;, "), MB5 // 18 },
  { "addresses, open groups", field("To", "g:"), MB5 // 4 },
  { "addresses, comments", field("To", "(c) a@b, "), MB5 // 18 },
  { "addresses, open comments", field("To", "("), MB5 // 2 },
  { "addresses, quotes", field("To", '"'), MB5 // 2 },
  { "addresses, angles", field("To", "<"), MB5 // 2 },
  { "addresses, words", field("To", "a "), MB5 // 4 },
  { "addresses, dots", field("To", "a.", nil, "@b"), MB5 // 4 },
  { "addresses, ats", field("To", "@"), MB5 // 2 },
  { "addresses, backslashes", field("To", "\\"), MB5 // 2 },
  { "nested comments", function(n)
      return "To: " .. ("("):rep(n) .. (")"):rep(n) .. " a@b\r\n\r\n"
    end, MB5 // 4 },
  { "encoded-words Q", field("Subject", "=?utf-8?q?=C3=A9?= "), MB5 // 40 },
  { "encoded-words B", field("Subject", "=?utf-8?b?w6k=?= "), MB5 // 36 },
  { "encoded-words, charsets", field("Subject",
    "=?koi8-r?q?=C3?= =?big5?b?pEA=?= "), MB5 // 64 },
  { "encoded-words, begun", field("Subject", "=?utf-8?q?a"), MB5 // 22 },
  { "encoded-words, =?", field("Subject", "=?"), MB5 // 4 },
  { "encoded-words, one", field("Subject", "=41", "=?utf-8?q?", "?="),
    MB5 // 6 },
  { "date", field("Date", "(c) "), MB5 // 8 },
  { "message-id", field("Message-ID", "<a "), MB5 // 6 },
  { "parameters", field("Content-Type", "; a=b", "text/plain"), MB5 // 10 },
  { "parameters, quotes", field("Content-Type", '; a="', "text/plain"),
    MB5 // 10 },
  { "parameters, comments", field("Content-Type", "; a=b (", "text/plain"),
    MB5 // 14 },
  { "parameters, one", field("Content-Type", "b", "text/plain; a="),
    MB5 // 2 },
  { "parameters, stars", field("Content-Type", ";a*=utf-8''%C3%A9",
    "text/plain"), MB5 // 34 },
  { "continuations in reverse", sections, 50000 },
  { "disposition", field("Content-Disposition", ";filename=a", "inline"),
    MB5 // 22 },
  { "base64", body("Content-Transfer-Encoding: base64", b64(("x"):rep(57))
    .. "\r\n"), MB5 // 40 },
  { "base64, padding", body("Content-Transfer-Encoding: base64", "=A"),
    MB5 // 4 },
  { "quoted-printable", body("Content-Transfer-Encoding: quoted-printable",
    "=C3=A9"), MB5 // 12 },
  { "quoted-printable, blanks",
    body("Content-Transfer-Encoding: quoted-printable", " "), MB5 // 2 },
  { "quoted-printable, soft",
    body("Content-Transfer-Encoding: quoted-printable", "a=\r\n"), MB5 // 8 },
  { "quoted-printable, CR",
    body("Content-Transfer-Encoding: quoted-printable", "a\r"), MB5 // 4 },
  { "uuencode", body("Content-Transfer-Encoding: x-uuencode",
    "begin 644 a\r\n#86)C\r\n"), MB5 // 42 },
  { "yenc", body("Content-Transfer-Encoding: x-yenc",
    "=ybegin line=1 size=1 name=a\r\n=}\r\n"), MB5 // 70 },
  { "dashes", body(mixed, "-"), MB5 // 2 },
  { "dashes at line starts", body(mixed, "--\r\n"), MB5 // 8 },
  { "dashes and blanks", body(mixed, "\r\n--b x"), MB5 // 14 },
  { "utf-8, bad", body("Content-Type: text/plain; charset=utf-8", "\xC3a"),
    MB5 // 4 },
  { "utf-7", body("Content-Type: text/plain; charset=utf-7", "+AOk-"),
    MB5 // 10 },
  { "iso-2022-jp", body("Content-Type: text/plain; charset=iso-2022-jp",
    "\27$B!\"\27(B"), MB5 // 16 },
  { "gb18030, bad", body("Content-Type: text/plain; charset=gb18030",
    "\x81\xFF"), MB5 // 4 },
  { "html, tags", body("Content-Type: text/html", "<b>x"), MB5 // 8 },
  { "html, open tags", body("Content-Type: text/html", "<"), MB5 // 2 },
  { "html, comments", body("Content-Type: text/html", "<!--"), MB5 // 8 },
  { "html, lists", body("Content-Type: text/html", "<ul><li>x"), MB5 // 18 },
  { "html, tables", body("Content-Type: text/html", "<table><tr><td>x"),
    MB5 // 32 },
  { "html, entities", body("Content-Type: text/html", "&amp;&x"), MB5 // 14 },
  { "html, scripts", body("Content-Type: text/html", "<script>x"),
    MB5 // 18 },
  { "flowed", body("Content-Type: text/plain; format=flowed", "> a \r\n"),
    MB5 // 12 },
}

local asked = 0

local function ask(part, ...)
  for i = 1, select("#", ...) do
    asked = asked + #tostring(part[select(i, ...)])
  end
end

-- All that can be asked of a message.
local function read(text, nowalk)
  local m <close> = message.parse(text, LIMITS)
  ask(m, "subject", "from", "to", "cc", "date", "message_id", "references",
      "in_reply_to", "params", "filename", "type", "defects")
  local fields = m:fields()
  while fields() do end
  if nowalk then
    local part = m
    while part do
      ask(part, "type", "size")
      part = part:_child()
    end
  else
    for _, part in m:walk() do
      ask(part, "type", "filename", "cid")
      if part:_kind() == "leaf" then
        part:body()
        if part.type:find "^text/" then
          part:text { flowed = true, from_html = true }
        end
      end
    end
  end
  m:text { from_html = true }
  m:attachments()
end

if arg and arg[0]:find "linear_kinds%.lua$" then
  collectgarbage "stop"
  local kind = kinds[tonumber(arg[1])]
  read(kind[2](tonumber(arg[2])), kind.nowalk)
end

return { kinds = kinds, read = read }
