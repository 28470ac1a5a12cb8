--- Records the changes of a listing since the last run (`pop3.sync`): messages
-- that are missing, came back, are forgotten, or have another unique-id.
--
-- A message is forgotten only after whole listings have not shown it for days; a
-- deletion alone does not suffice, since a server that replies +OK to QUIT may have
-- deleted nothing. The time of an absence is written once, not in every run: a run
-- without changes writes nothing.
-- @module pop3.sync.sighting
-- @local

local record = require "pop3.sync.record"

local DAY = 86400

-- Does the listing show every message that the server has? Only then is a
-- message that it does not show gone.
local function is_whole(list, todo)
  for _, m in ipairs(todo) do
    if not m.key or not m.uid and list.uids then return false end
  end
  return #list.numbers > 0
end

local function absent_since(line)
  local _, _, _, absent = record.peek(line)
  return math.tointeger(tonumber(absent))
end

local Entries = {}
Entries.__index = Entries

-- The entry of a key with other values; false stands for none.
function Entries:change(key, line, changes)
  local r = record.unpack(line)
  r.uid, r.nth = record.split(key)
  for name, value in pairs(changes) do r[name] = value or nil end
  self[#self + 1] = r
end

function Entries:forget(key)
  local uid, nth = record.split(key)
  self[#self + 1] = { uid = uid, nth = nth, status = "forgotten" }
end

-- A message has another unique-id now.
local function move(entries, m)
  local r = m.record
  if record.settled[r.status] then
    r.uid, r.nth = record.split(m.key)
    r.size, r.absent, r.digest = m.size, nil, r.digest or m.digest
    entries[#entries + 1] = r
  end
  entries:forget(m.adopted)
end

--- Record it.
-- @tparam table run see `pop3.sync.run`
-- @tparam table list the listing
-- @tparam table p the plan
-- @tparam {message,...} deleted in this session, as QUIT confirmed
-- @treturn boolean true, or nil, message, code
return function(run, list, p, deleted)
  local entries, seen, now = setmetatable({}, Entries), run.seen, run.now
  local gone, moved = {}, {}
  for _, m in ipairs(p.todo) do
    if m.adopted then
      move(entries, m)
      moved[m.adopted] = true
    end
  end
  for _, m in ipairs(deleted) do
    local line = m.key and seen[m.key]
    if line then
      gone[m.key] = true
      local since = absent_since(line)
      if not since or now - since > DAY then
        entries:change(m.key, line, { absent = now })
      end
    end
  end
  for _, key in ipairs(p.returned) do
    local line = not gone[key] and not moved[key] and seen[key]
    if line and now - absent_since(line) > DAY then
      entries:change(key, line, { absent = false })
    end
  end
  if is_whole(list, p.todo) then
    for key, line in pairs(seen) do
      if not (run.claimed[key] or run.fresh[key]) then
        local since = absent_since(line)
        if not since then
          entries:change(key, line, { absent = now })
        elseif now - since > run.options.forget then
          entries:forget(key)
        end
      end
    end
  end
  return run.state:done(entries)
end
