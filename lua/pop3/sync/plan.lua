--- Which messages of a listing are known? (`pop3.sync`)
--
-- The identity of a message is its unique-id, its occurrence among equal
-- unique-ids, and its size. A unique-id alone is not enough: servers give one
-- id to several messages, give old ids to new messages, omit ids, or give new
-- ids to old messages. Where id and size do not decide, the fingerprint of the
-- header does (TOP n 0).
--
--     the listing says                   then
--     id and size are recorded           known
--     id is recorded with another size   equal fingerprint: known; else new
--     one id several times               each record is used once; the rest is new
--     no id                              fingerprint in place of the id
--     a new id, and a record without an  equal fingerprint: known
--     id has the same size
--     many recorded ids, none of them    `rekey`: equal size and fingerprint:
--     listed, most sizes equal           known
--
-- Each record stands for one message, so two messages are never taken for one.
-- A maildrop of 100,000 known messages costs one table entry for each of them;
-- only the messages that need an action become tables.
-- @module pop3.sync.plan
-- @local

local record = require "pop3.sync.record"

local none = {}

local REKEY_AT_LEAST = 20  -- recorded ids: fewer can vanish by chance

-- ---------------------------------------------------------------- the records

-- Messages that share a header stay in their order.
local function is_before(a, b)
  local _, m = record.split(a)
  local _, n = record.split(b)
  return m < n
end

-- Indexes of the unused records: size → keys, unique-id → occurrences after the
-- first. They are made once, when the first message is not known.
local function index(self)
  if self.by_size then return end
  local by_size, nths, has_stand_ins = {}, {}, false
  for key, line in pairs(self.seen) do
    local uid, nth = record.split(key)
    if nth > 1 then
      nths[uid] = nths[uid] or {}
      table.insert(nths[uid], nth)
      has_stand_ins = has_stand_ins or record.stands_in(uid) ~= nil
    end
    if not self.claimed[key] then
      local _, size = record.peek(line)
      by_size[size] = by_size[size] or {}
      table.insert(by_size[size], key)
    end
  end
  for _, list in pairs(nths) do table.sort(list) end
  if has_stand_ins then
    for _, list in pairs(by_size) do table.sort(list, is_before) end
  end
  self.by_size, self.nths = by_size, nths
end

-- The keys that are recorded for a unique-id, by occurrence.
local function keys_of(self, uid)
  index(self)
  local keys = {}
  if self.seen[uid] then keys[1] = uid end
  for _, nth in ipairs(self.nths[uid] or {}) do
    keys[#keys + 1] = record.key(uid, nth)
  end
  return keys
end

local function digits(size)
  return size and ("%d"):format(size) or "-"
end

local function is_same_size(line, size)
  local recorded = line:match "^%l+ (%S+)"
  return recorded == "-" or recorded == digits(size)
end

local function fingerprint_of(line)
  local r = record.unpack(line)
  return r and r.digest and r.digest:match "^%x+"
end

-- Is a record one of several of its unique-id, and was DELE sent for its message?
-- Which of them the server has deleted cannot be told by unique-id and size, so
-- such a record is found by the content only (`pop3.sync.content`).
local function is_gone_twin(self, uid, key)
  local line = self.seen[key]
  local status, _, _, absent = record.peek(line)
  if absent == "-" or status ~= "delivered" then return false end
  return uid and self.twice[uid] or record.has_content(line)
end

-- Message 'number' is the one of the record 'key'. It becomes a table when there
-- is something to do.
local function claim(self, number, key)
  self.claimed[key] = true
  local line = self.seen[key]
  if key ~= self.uids[number] then self.keys[number] = key end
  local status, _, _, absent = record.peek(line)
  if absent ~= "-" then self.returned[#self.returned + 1] = key end
  if self.settled[status] then return end
  self.todo[#self.todo + 1] = {
    number = number, size = self.sizes[number], uid = self.uids[number],
    key = key, record = record.unpack(line),
  }
end

-- ------------------------------------------------------- by unique-id and size

-- Claim the records whose id and size are listed. Returns the numbers of the
-- other messages.
local function claim_exact(self)
  local seen, claimed, uids, sizes = self.seen, self.claimed, self.uids, self.sizes
  local open, listed, twice, nth_of = {}, {}, {}, {}
  for _, number in ipairs(self.numbers) do
    local uid = uids[number]
    if uid then
      listed[uid] = (listed[uid] or 0) + 1
      if listed[uid] > 1 then twice[uid], nth_of[number] = true, listed[uid] end
    end
  end
  self.listed, self.twice = listed, twice
  for _, number in ipairs(self.numbers) do
    -- messages that share a unique-id stay in their order
    local uid = uids[number]
    local key = uid and record.key(uid, nth_of[number] or 1)
    local line = key and seen[key]
    if line and not claimed[key] and is_same_size(line, sizes[number])
       and not is_gone_twin(self, uid, key) then
      claim(self, number, key)
    else
      open[#open + 1] = number
    end
  end
  if next(seen) == nil then return open end
  local rest = {}
  for _, number in ipairs(open) do
    local found
    for _, key in ipairs(uids[number] and keys_of(self, uids[number]) or {}) do
      if not found and not claimed[key]
         and is_same_size(seen[key], sizes[number])
         and not is_gone_twin(self, uids[number], key) then
        found = key
      end
    end
    if found then
      claim(self, number, found)
    else
      rest[#rest + 1] = number
    end
  end
  return rest
end

-- --------------------------------------------------------------- by fingerprint

-- Does the server seem to have given new ids to old messages?
local function has_new_ids(self)
  local known, by_size = 0, {}
  for key, line in pairs(self.seen) do
    local uid = record.split(key)
    if self.listed[uid] then return false end
    local _, size, _, absent = record.peek(line)
    if not record.stands_in(uid) and absent == "-" then
      known = known + 1
      by_size[size] = (by_size[size] or 0) + 1
    end
  end
  if known < REKEY_AT_LEAST then return false end
  local equal = 0
  for number in pairs(self.uids) do
    local size = digits(self.sizes[number])
    if (by_size[size] or 0) > 0 then
      by_size[size] = by_size[size] - 1
      equal = equal + 1
    end
  end
  return 2 * equal > math.min(known, #self.numbers)
end

-- Records that may be about a message, if the fingerprints are equal.
local function candidates(self, m)
  local found = {}
  local function add(key)
    if self.claimed[key] or not fingerprint_of(self.seen[key]) then return end
    if is_gone_twin(self, m.uid, key) then
      m.twin = true
    else
      found[#found + 1] = key
    end
  end
  for _, key in ipairs(m.uid and keys_of(self, m.uid) or {}) do add(key) end
  for _, key in ipairs(self.by_size[digits(m.size)] or {}) do
    local uid = record.split(key)
    if uid ~= m.uid and (not m.uid or self.rekeyed or record.stands_in(uid)) then
      add(key)
    end
  end
  return found
end

-- The record of a message with another unique-id is from now on under this one.
local function adopt(self, m, key)
  self.claimed[key] = true
  m.adopted, m.record = key, record.unpack(self.seen[key])
end

local function claim_by_fingerprint(self, open)
  local asked, is_empty = {}, next(self.seen) == nil
  for _, m in ipairs(open) do
    if not is_empty then
      index(self)
      m.candidates = candidates(self, m)
    end
    if not m.uid or m.candidates and m.candidates[1] then
      asked[#asked + 1] = m
    end
  end
  if #asked == 0 then return open end
  local ok, message, code, reply = self.fingerprints(asked)
  if not ok then return nil, message, code, reply end
  local rest = {}
  for _, m in ipairs(open) do
    local found
    for _, key in ipairs(m.digest and m.candidates or none) do
      if not found and not self.claimed[key]
         and fingerprint_of(self.seen[key]) == m.digest then
        found = key
      end
    end
    if found and m.uid and record.split(found) ~= m.uid then
      adopt(self, m, found)
      self.todo[#self.todo + 1] = m
    elseif found then
      claim(self, m.number, found)
    else
      rest[#rest + 1] = m
    end
  end
  return rest
end

-- --------------------------------------------------------------------- the rest

-- A key that no message has had.
local function new_key(self, uid)
  local last = self.given[uid] or 0
  for _, key in ipairs(next(self.seen) ~= nil and keys_of(self, uid) or none) do
    local _, nth = record.split(key)
    last = math.max(last, nth)
  end
  self.given[uid] = last + 1
  return record.key(uid, last + 1)
end

-- Sort messages by their numbers; mostly they are sorted.
local function by_number(messages)
  for i = 2, #messages do
    if messages[i].number < messages[i - 1].number then
      table.sort(messages, function(a, b) return a.number < b.number end)
      return
    end
  end
end

--- Find the record of each message.
-- @tparam table listing see `pop3.sync.listing`
-- @tparam table seen key → packed record
-- @tparam table opts `rekey`: "match", "fetch" or "stop"; `settled`: the statuses
-- of messages for which there is nothing to do; `fingerprints`:
-- `function(messages)` that sets `digest` of each where the server can tell it,
-- and returns true or nil, message, code, reply
-- @treturn table the plan, with
--
-- - `todo`: the messages that are new, not settled or have another unique-id now,
--   in order of their numbers, each with `number`, `size`, `uid`, `key` (nil when
--   only the content can identify it), `record` (nil when it is new), `adopted`
--   (the key that the record has until now), `twin` (another message has or
--   can have its unique-id), `digest`
-- - `claimed`: key → true for the records that were found again
-- - `returned`: the keys of those that are recorded as absent
-- - `keys`: number → key where that is not the unique-id
-- - `new_key(uid)`: a key that no message has had
--
-- Or nil, message, code, reply
return function(listing, seen, opts)
  local self = {
    numbers = listing.numbers, sizes = listing.sizes, uids = listing.uids or {},
    seen = seen, settled = opts.settled, fingerprints = opts.fingerprints,
    claimed = {}, keys = {}, given = {}, todo = {}, returned = {},
  }
  local numbers = claim_exact(self)
  if #numbers > 0 and next(self.claimed) == nil and has_new_ids(self) then
    if opts.rekey == "stop" then
      return nil, "the server has new unique-ids for all known messages", "state"
    end
    self.rekeyed = opts.rekey ~= "fetch"
  end
  local open = {}
  for i, number in ipairs(numbers) do
    local uid = self.uids[number]
    open[i] = { number = number, size = self.sizes[number], uid = uid }
  end
  local rest, message, code, reply = claim_by_fingerprint(self, open)
  if not rest then return nil, message, code, reply end
  for _, m in ipairs(rest) do self.todo[#self.todo + 1] = m end
  if self.todo[1] then index(self) end
  for _, m in ipairs(self.todo) do
    m.candidates = nil
    -- a header is not a unique-id: other messages can have it
    m.twin = m.twin or not m.uid or self.twice[m.uid]
             or self.nths[m.uid] ~= nil
    local uid = m.uid or m.digest and record.stand_in("header", m.digest)
    if uid and not m.key then
      m.key = new_key(self, uid)
      if m.key ~= m.uid then self.keys[m.number] = m.key end
    end
  end
  by_number(self.todo)
  return { todo = self.todo, claimed = self.claimed, keys = self.keys,
           returned = self.returned,
           new_key = function(uid) return new_key(self, uid) end }
end
