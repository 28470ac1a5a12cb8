-- Time grows with the length of a message, not with its square, whatever a stranger
-- writes into it: runs of each special octet, in each field and in bodies of each kind,
-- are read by every function. A call that takes a while is tried with half the input:
-- it must take about half the time.

local core = require "pop3.core"
local message = require "pop3.message"
local sample = require "spec.support.sample"
local tempdir = require "spec.support.tempdir"

local N = 1 << 17                 -- octets of a run; a header may have 2^20
local SLOW = 0.3                  -- seconds of processor time worth a second look
local BROKEN = 30                 -- more than this is not linear anywhere

local runs = { " ", "\t", ".", "-", "<", ">", "(", ")", '"', "\\", "=", "?", "=?", ";",
               ",", ":", "@", "[", "]", "/", "%", "'", "*", "&", "\r", "\0", "\xE9",
               "é", "\u{200B}", "\27", "a", "1", "_", "\r\n ", "=?utf-8?q?", "a=", "&#",
               "<a ", "cid:", "\27$B" }

local head = { "Subject: a%s", "Subject: =?utf-8?q?%sb?= c", "From: a%s <b@c>",
  "From: %s", "To: a@b%s", "Date: %s 2 Jan 2024 10:00:00 +0000", "Message-ID: <a%s@b>",
  "References: %s<a@b>", "Content-ID: %s", "Content-Transfer-Encoding: %s",
  "Content-Type: text/plain; name=\"a%sb.txt\"", "Content-Type: a/b; x=a%sb",
  "Content-Type: text/plain; charset=%s", "Content-Type: text/html%s; charset=utf-8",
  "Content-Type: multipart/related; boundary=b; start=\"%s\"",
  "Content-Type: multipart/mixed; boundary=\"%s\"",
  "Content-Disposition: attachment; filename=\"a%sb\"",
  "Content-Disposition: attachment; filename=a%sb",
  "Content-Disposition: attachment; filename*=utf-8''a%sb",
  "Content-Disposition: %s; filename=x", "List-Id: %s", "List-Unsubscribe: %s",
  "Received: from a%s by b; %s", "DKIM-Signature: v=1; a=rsa-sha256; d=a; s=b; h=from; "
  .. "bh=x; b=%s", "DKIM-Signature: %s", "Content-Location: %s", "%s: x", "%s" }

local kinds = { "text/plain; format=flowed", "text/html", "text/calendar",
  "message/delivery-status", "application/ms-tnef", "multipart/mixed; boundary=b",
  "message/rfc822", "application/pkcs7-mime", "text/plain; charset=utf-7",
  "text/plain; charset=iso-2022-jp", "text/plain; charset=us-ascii",
  "text/plain\r\nContent-Transfer-Encoding: base64",
  "text/plain\r\nContent-Transfer-Encoding: quoted-printable",
  "text/plain\r\nContent-Transfer-Encoding: x-uuencode" }

-- Everything that can be asked.
local calls = {
  fields = function(m)
    for _ in m:fields() do end
    return m.subject, m.from, m.to, m.date, m.message_id, m.references, m.defects
  end,
  part = function(m)
    return m.type, m.charset, m.params, m.disposition, m.filename, m.encoding, m.cid,
           m.size
  end,
  safe_filename = function(m) return m.safe_filename end,
  save = function(m, dir) assert(m:save(dir)) end,
  text = function(m) return m:text { flowed = true }, m:text { from_html = true } end,
  html = function(m) return m:html(), m:html { inline = true } end,
  own_text = function(m) return m:part "1" and m:part "1":text { flowed = true } end,
  attachments = function(m) return m:attachments() end,
  structure = function(m) return m:structure() end,
  kinds = function(m) return m:smime(), m:pgp(), (m:tnef()) end,
  report = function(m) return m:report() end,
  invitation = function(m) return m:invitation() end,
  list = function(m) return m:list() end,
  received = function(m) return m:received() end,
  reply_text = function(m) return m:reply_text() end,
  dkim = function(m) return m:dkim { resolve = function() return nil end } end,
}

local function time_of(make, call, n, dir)
  local octets = make(n)
  local before = os.clock()
  local m <close> = message.parse(octets)
  call(m, dir)
  return os.clock() - before
end

local function is_linear(name, make, call, dir)
  local whole = time_of(make, call, N, dir)
  assert.is_true(whole < BROKEN, name)
  for _ = 1, 3 do
    if whole < SLOW then return end
    local half = time_of(make, call, N // 2, dir)
    if whole < 3 * half then return end
    whole = time_of(make, call, N, dir)      -- the machine may have been busy
  end
  error(("%s: %.2f s, and more than three times that of half the input")
        :format(name, whole), 0)
end

describe("time grows with the message", function()
  local function each(describe_case, make)
    local dir <close> = tempdir()
    for _, run in ipairs(runs) do
      for name, call in pairs(calls) do
        if sample.one_in(60) then
          is_linear(("%s of %q in %s"):format(name, run, describe_case), function(n)
            return make(run:rep(n // #run))
          end, call, dir.path)
        end
      end
    end
  end

  for _, field in ipairs(head) do
    it("with " .. field, function()
      each(field, function(run)
        return field:gsub("%%s", function() return run end) .. "\r\n\r\nx\r\n"
      end)
    end)
  end

  for _, kind in ipairs(kinds) do
    it("with a body of " .. kind, function()
      each(kind, function(run)
        return "Content-Type: " .. kind .. "\r\n\r\n" .. run .. "\r\n"
      end)
    end)
  end

  it("with functions that need no message", function()
    for _, run in ipairs(runs) do
      for name, f in pairs {
        words = message.decode_words, addresses = message.parse_addresses,
        date = message.parse_date, urls = core.decode.urls, meta = core.decode.meta,
        base64 = core.decode.base64, qp = core.decode.qp,
        name = function(s)
          return utf8.len(s) and require "pop3.message.filename".safe(s)
        end,
        rtf = require "pop3.message.rtf".content,
      } do
        if sample.one_in(5) then
          is_linear(name .. " of " .. run, function(n) return run:rep(n // #run) end,
                    function(m) f(m:raw()) end)
        end
      end
    end
  end)
end)
