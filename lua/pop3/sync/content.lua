--- Messages that only their content can tell apart (`pop3.sync`): they have
-- neither a unique-id nor a header by TOP, or a unique-id that others have too.
-- @module pop3.sync.content
-- @local

local record = require "pop3.sync.record"

-- Give a message without a unique-id the key of its content. Returns true when a
-- settled message has it.
local function set_key(run, m, whole)
  local uid, nth = record.stand_in("content", whole), 1
  while run.claimed[record.key(uid, nth)] do nth = nth + 1 end
  m.key = record.key(uid, nth)
  run.claimed[m.key] = true
  local line = run.seen[m.key]
  if not line then return false end
  m.record = record.unpack(line)
  return record.settled[m.record.status] or false
end

-- The contents that are delivered under a unique-id: digest → key of a record, or
-- message of this session.
local function contents_of(run, uid)
  local known = run.same[uid]
  if known then return known end
  known = {}
  for key, line in pairs(run.seen) do
    local r = record.split(key) == uid and record.unpack(line)
    if r and r.status == "delivered" and r.digest then known[r.digest] = key end
  end
  run.same[uid] = known
  return known
end

--- Identify a message by its octets.
-- @tparam table run see `pop3.sync.run`
-- @tparam table m the message; it gets a `key`
-- @tparam ?string header digest of its header
-- @tparam string whole digest of its octets
-- @treturn boolean true when it is known: nothing is to be delivered; "pending"
-- when the delivery of one with equal octets is under way; or nil, message, code
-- when the state cannot be written
return function(run, m, header, whole)
  if not m.key then return set_key(run, m, whole) end
  local uid, nth = record.split(m.key)
  local known, digest = contents_of(run, uid), (header or "-") .. "." .. whole
  local found = known[digest]
  local is_record = type(found) == "string"
  if found and not is_record and found.delivery then return "pending" end
  if not found or not is_record and not found.done then
    known[digest] = m
    return false
  elseif is_record and not run.claimed[found] then
    -- DELE was sent for it, and the server still has it
    run.claimed[found] = true
    m.key, m.record = found, record.unpack(run.seen[found])
    return true
  end
  local ok, message, code = run.state:done { {
    uid = uid, nth = nth, status = "delivered", size = m.size,
    first = m.first or run.now, digest = digest,
    absent = run:is_unwanted(m) and run.now or nil,
  } }
  if not ok then return nil, message, code end
  return true
end
