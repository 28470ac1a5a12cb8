-- Our reader beside Python's email (policy default) and GMime: 10,000 messages made
-- from a seed, of which some are odd (a sample: 80 in a row of the first hundreds of
-- each kind). Where a peer reads otherwise, the difference must be in the list below.

local compose = require "spec.support.compose"
local helper = require "spec.helper"
local json = require "spec.json"
local message = require "pop3.message"
local proc = require "spec.interop.proc"

local SETS = { sane = { seed = 2026, count = 5500 },
               odd = { seed = 11, count = 4500 } }
local SAMPLE = 80

-- ------------------------------------------------------------ differences

-- Who differs, for which odd mail (or any, where 'match' finds the cause in the
-- octets), in which fields ("*", all), why, and by what we are right.
local BODY = "charset size sha256 text type parts filename cid disposition "
local HEAD = "subject from to cc date message_id references in_reply_to "

local function headers(mail)
  return mail:match "^(.-)\r?\n\r?\n" or mail
end

-- Adjacent base64 words of one charset, the first with padding.
local function padded_words(mail)
  for a, at in mail:gmatch "=%?([%w-]+)%?[bB]%?[^?%s]-=%?=%s+()" do
    local b = mail:match("^=%?([%w-]+)%?[bB]%?", at)
    if b and a:lower() == b:lower() then return true end
  end
  return false
end

local differences = {
  { "python", fields = "filename disposition", rfc = "RFC 2231 section 4",
    why = "fails on percent-encoded octets of a stateful charset",
    match = function(mail) return mail:find "[Ii][Ss][Oo]%-2022%-[Jj][Pp]''" end },
  { "gmime", fields = "subject message_subject", rfc = "RFC 2047 section 2",
    why = "decodes base64 of two words as one, and stops at padding between",
    match = padded_words },
  { "python", odd = "line without a colon", fields = HEAD .. BODY,
    rfc = "RFC 5322 section 2.1",
    why = "ends the header there; an empty line does" },
  { "python", odd = "blanks around a name", fields = HEAD .. BODY,
    rfc = "RFC 5322 section 4.5", why = "white space before the colon is "
      .. "obsolete, not the end of the header" },
  { "python", odd = "blank before a colon", fields = HEAD .. BODY,
    rfc = "RFC 5322 section 4.5", why = "as above" },
  { "python", odd = "blanks after a soft line break",
    fields = "size sha256 text", rfc = "RFC 2045 section 6.7 (3)",
    why = "keeps what transport added; blanks at line ends must be dropped" },
  { "gmime", odd = "blanks after a soft line break",
    fields = "size sha256 text", rfc = "RFC 2045 section 6.7 (3)",
    why = "as above" },
  { "python", odd = "comment as a name", fields = "from",
    rfc = "RFC 5322 section 3.4", why = "drops the comment; a comment behind "
      .. "a bare address is the older form of a name" },
  { "python", odd = "encoding in capitals", fields = "size sha256 text",
    rfc = "RFC 2045 section 6.1, RFC 5322 section 3.2.2",
    why = "a comment is allowed in a structured field" },
  { "python", odd = "no angle brackets", fields = "from",
    rfc = "RFC 5322 section 3.4", why = "quotes the words as a local part; no "
      .. "sender has blanks in it" },
  { "gmime", odd = "no angle brackets", fields = "from",
    rfc = "RFC 5322 section 3.4", why = "gives no address, though one is there" },
  { "python", odd = "no boundary", fields = "type text",
    rfc = "RFC 2046 section 5.1.1", why = "keeps a multipart without parts; "
      .. "without the parameter it is none, and RFC 2045 section 5.2 says what "
      .. "then" },
  { "gmime", odd = "no boundary", fields = "parts",
    rfc = "RFC 2046 section 5.1.1", why = "as above" },
  { "python", odd = "no last delimiter", fields = "size sha256 text",
    rfc = "RFC 2046 section 5.1.1", why = "drops the last line break, which no "
      .. "delimiter follows" },
  { "python", odd = "question mark in an encoded-word", fields = "subject",
    rfc = "RFC 2047 section 2", why = "leaves the word; it ends at \"?=\", and "
      .. "all programs that show mail read it" },
  { "python", odd = "raw octets in a subject", fields = "subject",
    rfc = "RFC 6532 section 3", why = "gives U+FFFD for what is no UTF-8" },
  { "gmime", odd = "raw octets in a subject", fields = "subject",
    rfc = "RFC 6532 section 3", why = "guesses word by word; the guess is for a "
      .. "field as a whole", match = function(mail)
        return headers(mail):find "[\xC0-\xFF][\x80-\xBF]"
      end },
  { "python", odd = "semicolon between addresses", fields = "to",
    rfc = "RFC 5322 section 3.4", why = "ends the list; outside of a group "
      .. "people mean a comma" },
  { "gmime", odd = "semicolon between addresses", fields = "to",
    rfc = "RFC 5322 section 3.4", why = "as above" },
  { "gmime", odd = "unquoted comma", fields = "from",
    rfc = "RFC 5322 section 3.4", why = "joins what a comma separates" },
  { "python", odd = "unknown charset", fields = "text",
    rfc = "RFC 2045 section 5.2", why = "fails; text that is UTF-8 or "
      .. "windows-1252 can be shown" },
  { "gmime", odd = "unknown charset", fields = "text",
    rfc = "RFC 2045 section 5.2", why = "gives U+FFFD; it can be shown" },
  { "python", odd = "unknown charset of an encoded-word", fields = "subject",
    rfc = "RFC 2047 section 6.2", why = "decodes it as something else; it is "
      .. "left as written" },
  { "gmime", odd = "unknown charset of an encoded-word", fields = "subject",
    rfc = "RFC 2047 section 6.2", why = "as above" },
  { "python", odd = "8-bit in quoted-printable", fields = "text",
    rfc = "RFC 2045 section 6.7", why = "fails where the charset has no such "
      .. "octets; us-ascii is read as windows-1252, as the Web does" },
  { "gmime", odd = "8-bit in quoted-printable", fields = "text",
    rfc = "RFC 2045 section 6.7", why = "guesses; as above" },
  { "python", odd = "unknown encoding", fields = "type charset text",
    rfc = "RFC 2045 section 6.4",
    why = "keeps the type; it must be application/octet-stream" },
  { "gmime", odd = "unknown encoding", fields = "type charset text",
    rfc = "RFC 2045 section 6.4", why = "as above" },
  { "gmime", odd = "broken type", fields = "type charset text",
    rfc = "RFC 2045 section 5.2", why = "makes it application/octet-stream; "
      .. "it is text/plain" },
  { "gmime", odd = "two dates", fields = "date", rfc = "RFC 5322 section 3.6",
    why = "takes the last; one is allowed, and the first is as good as any" },
  { "gmime", odd = "two subjects", fields = "subject",
    rfc = "RFC 5322 section 3.6", why = "as above" },
  { "python", odd = "cut off", fields = HEAD .. BODY,
    rfc = "RFC 5322 section 2.1", why = "takes a cut header line for the body; "
      .. "makes a part of a multipart that has none; keeps what no word ends" },
  { "gmime", odd = "cut off", fields = "error " .. HEAD .. BODY,
    rfc = "RFC 5322 section 2.1", why = "reads no message without a whole "
      .. "field; keeps a quote that is not closed; drops half an escape" },
}

for _, d in ipairs(differences) do
  d.set, d.seen = {}, 0
  for field in d.fields:gmatch "%S+" do d.set[field] = true end
end

-- Is this difference of 'peer' in the list?
local function explained(peer, odd, field, mail)
  for _, d in ipairs(differences) do
    if d[1] == peer and d.set[field] and (not d.odd or d.odd == odd)
       and (not d.match or d.match(mail)) then
      d.seen = d.seen + 1
      return true
    end
  end
  return false
end

-- -------------------------------------------------------------- comparing

local function plain(v)
  if v == json.null then return nil end
  return v
end

-- Do two values agree? Lists are of strings or of addresses.
local function same(a, b)
  a, b = plain(a), plain(b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if #a ~= #b or b.error then return false end
  for i, x in ipairs(a) do
    local y = b[i]
    if type(x) ~= "table" then
      if x ~= y then return false end
    elseif x.name ~= y.name or x.address ~= y.address
           or x.group ~= plain(y.group) then
      return false
    end
  end
  return true
end

local FIELDS = { "subject", "from", "to", "cc", "date", "message_id",
                 "references", "in_reply_to" }
local PART = { "path", "type", "filename", "disposition", "cid" }
local LEAF = { "charset", "size", "sha256", "text" }

-- Names of the fields in which they differ, with both values.
local function compare(ours, theirs, tell)
  if theirs.error then return tell("error", "", theirs.error) end
  for _, field in ipairs(FIELDS) do
    if not same(ours[field], theirs[field]) then
      tell(field, ours[field], theirs[field])
    end
  end
  if #ours.parts ~= #theirs.parts then
    return tell("parts", #ours.parts, #theirs.parts)
  end
  for i, p in ipairs(ours.parts) do
    local q = theirs.parts[i]
    local embedded = p.type:find "^message/"
    for _, list in ipairs { PART, embedded and { "message_subject" } or LEAF } do
      for _, field in ipairs(list) do
        if not same(p[field], q[field]) then tell(field, p[field], q[field]) end
      end
    end
  end
end

local function show(v)
  v = plain(v)
  if type(v) ~= "table" then return ("%q"):format(v) end
  if v.error then return "fails: " .. tostring(v.error) end
  local t = {}
  for i, x in ipairs(v) do
    t[i] = type(x) == "table" and ("%q <%s>"):format(x.name, x.address) or x
  end
  return "[" .. table.concat(t, ", ") .. "]"
end

-- ------------------------------------------------------------------- sets

-- Write the messages of a set; the list of them, with their odd features.
local function write_set(path, kind)
  local make, count = compose.new(SETS[kind].seed, kind), SETS[kind].count
  if not helper.all then
    for _ = 1, helper.random(0, 400) do make() end
    count = SAMPLE
  end
  local out, mails = {}, {}
  for i = 1, count do
    local mail, odd = make()
    out[i] = #mail .. "\n" .. mail
    mails[i] = { mail, odd }
  end
  proc.write(path, table.concat(out))
  return mails
end

-- Read them all by all peers at once; paths of the peers' results.
local function read_sets(dir)
  local words = {}
  for kind in pairs(SETS) do
    words[#words + 1] = ("python3 spec/interop/reading.py %s/%s >%s/python.%s")
                        :format(dir, kind, dir, kind)
    words[#words + 1] = (".build/reading_gmime %s/%s >%s/gmime.%s")
                        :format(dir, kind, dir, kind)
  end
  for i, command in ipairs(words) do
    words[i] = command .. " & p" .. i .. "=$!"
  end
  for i = 1, #words do words[#words + 1] = "wait $p" .. i .. " || exit 1" end
  proc.check(table.concat(words, "\n"))
end

describe("reading mail", function()
  local dir, mails = nil, {}

  setup(function()
    dir = proc.tmpdir()
    for kind in pairs(SETS) do mails[kind] = write_set(dir .. "/" .. kind, kind) end
    read_sets(dir)
  end)

  teardown(function() proc.rmdir(dir) end)

  for _, kind in ipairs { "sane", "odd" } do
    it(("agrees with Python and GMime on %s mail"):format(kind), function()
      local theirs = {}
      for _, peer in ipairs { "python", "gmime" } do
        theirs[peer] = io.lines(dir .. "/" .. peer .. "." .. kind)
      end
      for i, mail in ipairs(mails[kind]) do
        local octets, odd = mail[1], mail[2]
        local m <close> = message.parse(octets)
        local ours = m:structure()
        ours.cc = m.cc
        for peer, lines in pairs(theirs) do
          compare(ours, json.read(lines()), function(field, a, b)
            if not explained(peer, odd, field, octets) then
              error(("%s message %d (%s), %s: ours %s, %s %s\n%s"):format(kind,
                i, odd or "not odd", field, show(a), peer, show(b), octets))
            end
          end)
        end
      end
      assert.are.equal(helper.all and SETS[kind].count or SAMPLE, #mails[kind])
      for _, lines in pairs(theirs) do assert.is_nil(lines()) end
    end)
  end

  -- A sample does not show every difference.
  if not helper.all then return end
  it("differs in all that is written down, and in nothing else", function()
    for _, d in ipairs(differences) do
      assert.is_true(d.seen > 0, ("%s does not differ: %s, %s"):format(d[1],
        d.odd or "any mail", d.why))
    end
  end)
end)
