--- Marks: where the entry of a message is in an mbox, so that a later run can tell whether
-- it is there (`pop3.sync.mbox`).
--
-- A mark is OFFSET:LENGTH:DIGEST of the entry, then SIZE:CONTEXT of the file before the
-- batch, and the context of the entry: a digest of the octets before it.
-- @module pop3.sync.mbox_mark
-- @local

local core = require "pop3.core"
local format = require "pop3.store.mbox_format"

local mbox_mark = {}

local BEFORE = 1024  -- octets before an entry that identify its place

-- A digest of the octets before an offset; or nil, message.
local function context(read, offset)
  local from = math.max(offset - BEFORE, 0)
  local octets, message = read(from, offset - from)
  if not octets then return nil, message end
  return core.sha256(octets):sub(1, 16)
end

--- The marks of a batch that begins where the file ends. Each delivery learns where it
-- is: its `start`, and the `gap` before it.
-- @tparam pop3.core.file file
-- @tparam {pop3.delivery.mbox,...} list with `read`, `size` and `digest` of the entry
-- @tparam integer size of the file
-- @treturn {string,...}; or nil, message when the file cannot be read
function mbox_mark.of(file, list, size)
  local function read(...) return file:pread(...) end
  local gap, message = format.separator(read, size)
  if not gap then return nil, message end
  local before, own
  before, message = context(read, size)
  if not before then return nil, message end
  local parts = { { read = read, size = size }, gap }  -- the file as it will be
  local marks, at = {}, size + #gap
  for i, delivery in ipairs(list) do
    own, message = context(format.join(table.unpack(parts)), at)
    if not own then return nil, message end
    delivery.gap = i == 1 and gap or ""
    delivery.start = at - #delivery.gap
    marks[i] = ("%d:%d:%s:%d:%s:%s"):format(at, delivery.size, delivery.digest,
                                            size, before, own)
    parts[#parts + 1] = delivery
    at = at + delivery.size
  end
  return marks
end

--- The parts of a mark.
-- @tparam string text
-- @treturn ?table `offset`, `length`, `digest`, `size`, `before`, `own`
function mbox_mark.parse(text)
  local offset, length, digest, size, before, own =
    text:match "^(%d+):(%d+):(%x+):(%d+):(%x+):(%x+)$"
  offset, length = math.tointeger(offset), math.tointeger(length)
  size = math.tointeger(size)
  return offset and length and size and
         { offset = offset, length = length, digest = digest, size = size,
           before = before, own = own }
end

-- Has an entry the digest of the mark? True or false, or nil, message.
local function is_entry(read, mark, from, to)
  local digest, message = format.digest(read, from, to)
  if not digest then return nil, message end
  return digest == mark.digest
end

-- Is the message at the offset of its mark? True or false, or nil, message.
local function is_at_offset(file, read, mark, size)
  local last = mark.offset + mark.length
  if size <= mark.offset then return false end
  local ok, message = is_entry(read, mark, mark.offset, math.min(size, last))
  if ok then
    -- the digest does not cover the line ends at the end of the entry
    return file:write(("\n"):rep(last - size))
  elseif ok == nil then
    return nil, message
  end
  local entries
  entries, message = format.entries(read, size, mark.offset)
  if not entries then return nil, message end
  if entries[1] ~= mark.offset then return false end
  return is_entry(read, mark, mark.offset, entries[2])
end

-- Is the message elsewhere in a file that a reader has changed? True or false, or
-- nil, message.
local function is_moved(claimed, read, mark, size, time)
  local date = format.date(time)
  local entries, message = format.entries(read, size)
  if not entries then return nil, message end
  for i = 1, #entries - 1 do
    local line, ok
    line, message = read(entries[i], 1024)
    if not line then return nil, message end
    line = line:match "^[^\n]*"
    if not claimed[entries[i]] and line:sub(-#date) == date then
      ok, message = is_entry(read, mark, entries[i], entries[i + 1])
      if ok == nil then return nil, message end
      if ok then
        claimed[entries[i]] = true
        return true
      end
    end
  end
  return false
end

-- Is the file before the message unchanged? If it ends before the message, the octets
-- from before the batch count. True or false, or nil, message.
local function is_unchanged(read, mark, size)
  local at, want = mark.offset, mark.own
  if size < at then at, want = mark.size, mark.before end
  if size < at then return false end
  local have, message = context(read, at)
  if not have then return nil, message end
  return have == want
end

--- Is the message in the file?
-- @tparam pop3.core.file file locked
-- @tparam table mark of `parse`
-- @tparam integer time of its From_ line
-- @tparam table claimed offsets of entries that were found before; the one that is found
-- is added
-- @treturn boolean; or nil, message
function mbox_mark.find(file, mark, time, claimed)
  local function read(...) return file:pread(...) end
  local size, message = file:size()
  if not size then return nil, message end
  local ok, same
  ok, message = is_at_offset(file, read, mark, size)
  if ok then claimed[mark.offset] = true end
  if ok ~= false then return ok, message end
  same, message = is_unchanged(read, mark, size)
  if same == nil then return nil, message end
  if same then return false end
  return is_moved(claimed, read, mark, size, time)
end

return mbox_mark
