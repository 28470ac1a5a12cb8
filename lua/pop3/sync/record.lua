--- The record of one message in the state of `pop3.sync`, as one line of text. A
-- state with 100,000 messages holds them as strings, which need a fifth of the
-- memory of tables.
--
-- `pop3.sync`, its states, and `pop3 fetch --import` use it.
-- @module pop3.sync.record

local record = {}

--- Fields of a record, in the order of the line.
--
-- - `status`: `"intent"` (a delivery is about to begin), `"called"` (a function,
--   a pipe or an LMTP server may have got it), `"delivered"`, `"partial"` (only
--   its beginning is delivered), `"skipped"` (not wanted), `"failed"` (to be
--   tried again), `"aside"` (given up until `retry`)
-- - `size`: octets, as LIST said; nil when they are not known
-- - `first`: when it was seen first, in seconds since 1970
-- - `absent`: when it was deleted, or missing from a listing for the first time;
--   nil while the server has it
-- - `tries`: runs in which it failed
-- - `name`: its name in the delivery, see `pop3.sync.delivery`
-- - `digest`: `pop3.core.fingerprint` of its header
-- - `note`: the reason of the last failure; with `"called"` the mark of the
--   delivery, see `pop3.sync.delivery`
-- - `flag`: `"unwanted"` (skipped, and to be deleted: the filter said so),
--   `"top"` (the delivery under way is one of the beginning only), `"begun"` (the
--   beginning is delivered; the delivery under way, or the one that failed, is
--   one of the whole)
record.fields = { "status", "size", "first", "absent", "tries", "name",
                  "digest", "note", "flag" }

--- Statuses of messages that are not fetched again.
record.settled = { delivered = true, skipped = true, aside = true }

--- The same with the option `retry`.
record.settled_at_retry = { delivered = true, skipped = true }

-- --------------------------------------------------------------------- words

local function escaped(c)
  return ("%%%02X"):format(c:byte())
end

--- A string as one word of a line: octets outside 0x21 to 0x7E and "%" become
-- "%XX"; the empty string becomes "%".
-- @tparam string s
-- @treturn string
function record.escape(s)
  if not s:find "[^\x21-\x24\x26-\x7E]" then return s ~= "" and s or "%" end
  return (s:gsub("[^\x21-\x24\x26-\x7E]", escaped))
end

--- The string that `escape` made a word of.
-- @tparam string word
-- @treturn string
function record.unescape(word)
  if word == "%" then return "" end
  return (word:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- ---------------------------------------------------------------------- keys

--- The key of a message in `seen()`.
-- @tparam string uid its unique-id, or a stand-in (see `stand_in`)
-- @tparam integer nth 1 for the first message of that unique-id, and so on
-- @treturn string
function record.key(uid, nth)
  if nth == 1 then return uid end
  return uid .. "\0" .. nth
end

--- Unique-id and occurrence of a key.
-- @tparam string key
-- @treturn string uid
-- @treturn integer nth
function record.split(key)
  if not key:find("\0", 1, true) then return key, 1 end
  local uid, nth = key:match "^(.*)%z(%d+)$"
  if uid then return uid, math.tointeger(tonumber(nth)) end
  return key, 1
end

--- The stand-in for the unique-id of a message without one: a digest. It begins with
-- NUL, which no unique-id contains (RFC 1939 section 7: 0x21 to 0x7E).
-- @tparam string kind "header" or "content"
-- @tparam string digest in hexadecimal
-- @treturn string
function record.stand_in(kind, digest)
  return "\0" .. kind .. ":" .. digest
end

--- Is a unique-id a stand-in?
-- @tparam string uid
-- @treturn ?string its kind
function record.stands_in(uid)
  return uid:match "^%z(%l+):"
end

-- --------------------------------------------------------------------- lines

local function word(value)
  if value == "-" then return "%2D" end
  return record.escape(value)
end

--- A record as a line.
-- @tparam table r
-- @treturn string
function record.pack(r)
  local line = ("%s %s %d %s %d %s %s %s"):format(
    r.status, r.size or "-", r.first, r.absent or "-", r.tries or 0,
    r.name and word(r.name) or "-", r.digest or "-",
    r.note and word(r.note) or "-")
  return r.flag and line .. " " .. r.flag or line
end

local function value(text)
  if text == "-" then return nil end
  return record.unescape(text)
end

local PATTERN = "^(%l+) (%S+) (%d+) (%S+) (%d+) (%S+) (%S+) (%S+) ?(%l*)$"

--- A line as a record.
-- @tparam string line
-- @treturn table nil when the line has another form
function record.unpack(line)
  local status, size, first, absent, tries, name, digest, note, flag =
    line:match(PATTERN)
  if not status then return nil end
  return {
    status = status,
    size = math.tointeger(tonumber(size)),
    first = math.tointeger(tonumber(first)),
    absent = math.tointeger(tonumber(absent)),
    tries = math.tointeger(tonumber(tries)),
    name = value(name),
    digest = digest ~= "-" and digest or nil,
    note = value(note),
    flag = flag ~= "" and flag or nil,
  }
end

--- The words of a line, undecoded.
-- @tparam string line
-- @treturn string for each field; "-" for nil, and "" for no flag
function record.words(line)
  return line:match(PATTERN)
end

--- Status and size of a line, which is all that most messages need.
-- @tparam string line
-- @treturn string status
-- @treturn ?string size in digits, "-" when it is not known
-- @treturn ?string time when it was seen first, in digits
-- @treturn ?string since when it is absent, in digits, "-" when it is not
function record.peek(line)
  return line:match "^(%l+) (%S+) (%d+) (%S+)"
end

--- Has the record of a line the digest of all octets, next to that of the header?
-- Messages that share a unique-id have it.
-- @tparam string line
-- @treturn boolean
function record.has_content(line)
  return line:match "^%l+ %S+ %d+ %S+ %d+ %S+ [%x-]+%.%x+" ~= nil
end

--- Is it the line of a message that the filter said to delete?
-- @tparam string line
-- @treturn boolean
function record.is_unwanted(line)
  return line:sub(1, 8) == "skipped " and line:sub(-9) == " unwanted"
end

return record
