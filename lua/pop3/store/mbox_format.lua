--- The format of an mbox: From_ lines, the quoting of mboxrd, and the places where
-- messages begin and end.
--
-- An entry is a From_ line, the message with LF line ends and with one more ">"
-- before each line of ">"s and "From ", and an empty line. `pop3.mbox` and the
-- test server's store (`pop3.store.mbox`) use this module; it opens and locks
-- nothing, see `pop3.store.mbox_lock`.
--
-- Octets are read by a function `read(offset, count)`, which returns a string
-- that is shorter only at the end, or nil, message.
-- @module pop3.store.mbox_format
-- @local

local core = require "pop3.core"

local format = {}

local CHUNK = 65536       -- octets of one read
local HEADER = 1048576    -- octets of a header, at the most

local days = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
                 "Oct", "Nov", "Dec" }

--- The date in a From_ line, in UTC (RFC 4155).
-- @tparam integer time seconds since 1970
-- @treturn string
function format.date(time)
  local t = os.date("!*t", time)
  return ("%s %s %2d %02d:%02d:%02d %04d"):format(days[t.wday], months[t.month],
    t.day, t.hour, t.min, t.sec, t.year)
end

--- The From_ line of an entry.
-- @tparam ?string sender an address; MAILER-DAEMON if nil, or if a From_ line
-- cannot contain it
-- @tparam integer time seconds since 1970
-- @treturn string with its LF
function format.from_line(sender, time)
  if not sender or not sender:find "^[!-~]+$" then sender = "MAILER-DAEMON" end
  return ("From %s %s\n"):format(sender, format.date(time))
end

-- Is a line a From_ line? Its date must have a time of day, so that text that
-- a program did not quote is not taken for one.
local function is_from_line(line)
  return line:find "^From .*%d%d?:%d%d" ~= nil
end

--- The message of an entry: without the quoting of mboxrd.
-- @tparam string text with LF line ends
-- @treturn string
function format.unquote(text)
  return (("\n" .. text):gsub("\n>(>*From )", "\n%1"):sub(2))
end

--- An entry with a message.
-- @tparam string octets of the message, with any line ends
-- @tparam ?string sender see `from_line`
-- @tparam integer time seconds since 1970
-- @treturn string
function format.entry(octets, sender, time)
  local text = ("\n" .. octets:gsub("\r\n", "\n")):gsub("\n(>*From )", "\n>%1")
  if not text:find "\n$" then text = text .. "\n" end
  return format.from_line(sender, time) .. text:sub(2) .. "\n"
end

--- A reader of several strings and readers, one after the other.
-- @param ... strings, or tables `{ read =, size = }`
-- @treturn function read
-- @treturn integer octets of all of them
function format.join(...)
  local parts, total = { ... }, 0
  for i, part in ipairs(parts) do
    if type(part) == "string" then
      parts[i] = { size = #part, read = function(offset, count)
        return part:sub(offset + 1, offset + count)
      end }
    end
    total = total + parts[i].size
  end
  return function(offset, count)
    local out = {}
    for _, part in ipairs(parts) do
      if count == 0 then break end
      if offset < part.size then
        local octets, message = part.read(offset, math.min(count,
                                                           part.size - offset))
        if not octets then return nil, message end
        out[#out + 1] = octets
        offset, count = 0, count - #octets
      else
        offset = offset - part.size
      end
    end
    return table.concat(out)
  end, total
end

-- ------------------------------------------------------------------ entries

local LONGEST = 1024  -- octets of a From_ line

--- Where the entries of a file are.
-- @tparam function read
-- @tparam integer size of the file
-- @tparam[opt=0] integer from where to begin, at the start of a line
-- @treturn {integer,...} offsets of their From_ lines, and `size` at the end; or
-- nil, message
function format.entries(read, size, from)
  local offsets, at = {}, from or 0
  local carry = "\n"  -- the last line, from the LF before it; as if there was one
  while at < size do
    local chunk, message = read(at, CHUNK)
    if not chunk then return nil, message end
    if chunk == "" then break end
    local text, base = carry .. chunk, at - #carry
    local found = text:find("\nFrom ", 1, true)
    while found do
      local stop = text:find("\n", found + 1, true)
      if stop and is_from_line(text:sub(found + 1, stop - 1)) then
        offsets[#offsets + 1] = base + found
      end
      found = stop and text:find("\nFrom ", stop, true)
    end
    at = at + #chunk
    local last = text:match ".*()\n" or 1
    carry = #text - last <= LONGEST and text:sub(last) or ""
  end
  offsets[#offsets + 1] = size
  return offsets
end

-- ------------------------------------------------------------------- digests

-- Fields that mail readers add, change and remove in an mbox.
local volatile = {}
for name in ([[status x-status x-keywords x-uid x-imap x-imapbase
               x-mozilla-status x-mozilla-status2 x-mozilla-keys
               content-length]]):gmatch "%S+" do
  volatile[name] = true
end

-- A header without these fields.
local function stable(header)
  local kept, keeping = {}, true
  for line in header:gmatch "[^\n]*\n?" do
    if not line:find "^[ \t]" then
      local name = line:match "^([^%s:]+)[ \t]*:"
      keeping = not (name and volatile[name:lower()])
    end
    if keeping then kept[#kept + 1] = line end
  end
  return table.concat(kept)
end

-- The header of an entry and where it ends.
local function header_of(read, from, to)
  local parts, at, joined = {}, from, ""
  while at < to and #joined < HEADER do
    local chunk, message = read(at, math.min(CHUNK, to - at))
    if not chunk then return nil, message end
    if chunk == "" then break end
    parts[#parts + 1] = chunk
    joined = table.concat(parts)
    at = at + #chunk
    local stop = joined:find("\n\n", 1, true)
    if stop then return joined:sub(1, stop + 1), from + stop + 1 end
  end
  return joined, at
end

--- A digest that identifies an entry after mail readers have changed it: without
-- the fields that they change, and without the empty lines at its end.
-- @tparam function read
-- @tparam integer from offset of its From_ line
-- @tparam integer to offset of its end
-- @treturn string 32 hexadecimal digits, or nil, message
function format.digest(read, from, to)
  local hash, held = core.hash(), 0
  local function add(octets)
    local rest = octets:match "^(.-)\n*$"
    if rest == "" then
      held = held + #octets
    else
      hash:add(("\n"):rep(held) .. rest)
      held = #octets - #rest
    end
  end
  local header, at = header_of(read, from, to)
  if not header then return nil, at end
  add(stable(header))
  while at < to do
    local chunk, message = read(at, math.min(CHUNK, to - at))
    if not chunk then return nil, message end
    if chunk == "" then break end
    add(chunk)
    at = at + #chunk
  end
  return hash:value():sub(1, 32)
end

--- The sender for a From_ line: the address in the field Return-Path.
-- @tparam function read of a message with LF line ends
-- @tparam integer size
-- @treturn ?string
function format.sender(read, size)
  local header, message = header_of(read, 0, math.min(size, CHUNK))
  if not header then return nil, message end
  header = ("\n" .. header):gsub("\n[Rr][Ee][Tt][Uu][Rr][Nn]%-[Pp]", "\nreturn-p")
  return header:match "\nreturn%-path:[ \t]*<([^<>%s]+)>"
end

-- The line ends to write at the end of a file before a From_ line, so that this
-- line follows an empty line.
function format.separator(read, size)
  if size == 0 then return "" end
  local tail, message = read(math.max(size - 2, 0), 2)
  if not tail then return nil, message end
  if tail == "\n\n" or tail == "\n" and size == 1 then return "" end
  return tail:sub(-1) == "\n" and "\n" or "\n\n"
end

return format
