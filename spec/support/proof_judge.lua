--- The verdict of the proof of a fleet (`spec.support.proof`): messages that are lost,
-- doubled, partial, left over; DELE without a record; changes by a run that has
-- nothing to do.

local core = require "pop3.core"

local judge = {}

-- What was delivered how often, in all and without a warning, by digest.
local function delivered(self)
  local all, first = {}, {}
  local list = self.delivery.found(self)
  table.move(self.consumed, 1, #self.consumed, #list + 1, list)
  for _, each in ipairs(list) do
    local key = each.digest or core.sha256(each.octets)
    all[key] = (all[key] or 0) + 1
    if each.again ~= "true" then first[key] = (first[key] or 0) + 1 end
  end
  return all, first
end

--- What an undisturbed run more leaves, and one after that.
-- @treturn table `messages`: how many there were; lists, which must be empty: `lost`;
-- `doubled` (more than once, or, where messages are handed over, more than once
-- without a warning); `partial` (delivered, and no message); `unrecorded` (lines of
-- DELE); `failed` (accounts); `left` (on the server with keep = false, or files, or
-- parts); `changed` (by a run with nothing to do). And the number `repeats`
function judge.judge(self)
  local found = { messages = 0, lost = {}, doubled = {}, partial = {},
                  unrecorded = {}, left = {}, changed = {}, repeats = 0, deletes = 0 }
  found.failed = self:run()
  local all, first = delivered(self)
  for user, n in pairs(self.mail) do
    for i = 1, n do
      local key, name = core.sha256(self.octets(user, i)), user .. " " .. i
      local times = all[key] or 0
      found.messages = found.messages + 1
      if times == 0 then table.insert(found.lost, name) end
      if self.delivery.is_told then times = math.min(times, first[key] or 0) end
      for _ = 2, self.delivery.is_untold and 0 or times do
        table.insert(found.doubled, name)
      end
      found.repeats = found.repeats + math.max(0, (all[key] or 0) - 1)
      all[key] = nil
    end
    local left = #self.place.run_of_server:mailbox(user)
    if left ~= (self.opts.keep and n or 0) then
      table.insert(found.left, ("%d messages of %s"):format(left, user))
    end
  end
  for _ in pairs(all) do table.insert(found.partial, "not a message") end
  local file <close> = io.open(self.place.dir.path .. "/deletes")
  for line in (file and file:read "a" or ""):gmatch "%l+" do
    found.deletes = found.deletes + 1
    if line ~= "recorded" then table.insert(found.unrecorded, line) end
  end
  if self.opts.kind == "maildir" then
    table.move(self.place:leftovers(), 1, 1000, #found.left + 1, found.left)
  end
  local orphans = self.place:query [[select part_key from pop3_inbox_part p where not
    exists (select 1 from pop3_inbox i where i.part_key = p.part_key)]]
  for _, row in ipairs(orphans) do
    table.insert(found.left, "parts of " .. row.part_key)
  end
  -- one more run changes nothing
  local seen = "select * from pop3_seen order by account, uid, nth"
  local before, retr = self.place:query(seen), self.place.run_of_server:count "RETR"
  self:run()
  if self.place.run_of_server:count "RETR" ~= retr then
    table.insert(found.changed, "RETR")
  end
  local after = self.place:query(seen)
  for i = 1, math.max(#before, #after) do
    for name, value in pairs(before[i] or {}) do
      if not after[i] or after[i][name] ~= value then
        table.insert(found.changed, name .. " of " .. before[i].uid)
      end
    end
  end
  if #after > #before then table.insert(found.changed, "entries") end
  return found
end

local lists = { "lost", "doubled", "partial", "unrecorded", "failed", "left",
                "changed" }

--- What is wrong, as text; "" if nothing is.
function judge.wrong(found)
  local parts = {}
  for _, name in ipairs(lists) do
    if #found[name] > 0 then
      parts[#parts + 1] = ("%d %s (%s)"):format(#found[name], name,
        table.concat(found[name], ", ", 1, math.min(5, #found[name])))
    end
  end
  return table.concat(parts, "; ")
end

return judge
