-- Messages in memory, a store of `pop3.store`. Maildrops are parallel arrays,
-- one for each property of a message; `pop3.store.files` has the same.

local argument = require "pop3.util.argument"
local core = require "pop3.core"

local Memory = { __name = "pop3.store.memory" }
Memory.__index = Memory

-- A maildrop. The arrays of the store are only changed at their end, and
-- `remove` makes new ones, so that an open maildrop does not change.
local Drop = { __name = "pop3.maildrop", canonical = true }
Drop.__index = Drop

-- Does a value occur twice in a list? A script may give the same unique-id to
-- two messages: keys then tell the messages apart.
local function has_twice(list)
  local seen = {}
  for _, value in pairs(list) do
    if seen[value] then return true end
    seen[value] = true
  end
  return false
end

local NONE = {}

-- Make the store, see `pop3.store`.
local function new(mail, uidl)
  if type(mail) ~= "table" then
    argument.misuse(1, "store.memory: mail must be a list of strings")
  end
  local self = setmetatable({ list = {}, uids = {}, serial = 0, given = NONE,
                              keys = uidl and has_twice(uidl) and {} or nil },
                            Memory)
  if uidl then self.given = {} end
  for _, uid in pairs(uidl or NONE) do self.given[uid] = true end
  for i = 1, #mail do
    if type(mail[i]) ~= "string" then
      argument.misuse(1, "store.memory: message %d is a %s, not a string", i,
                      type(mail[i]))
    end
    self:add(mail[i], uidl and uidl[i])
  end
  return self
end

-- Add a message. A unique-id that is made here is never used again, and differs
-- from those that the script gave.
function Memory:add(octets, uid)
  local i = #self.list + 1
  repeat
    self.serial = self.serial + 1
  until uid or not self.given["lpop3." .. self.serial]
  self.list[i] = core.canonical(octets)
  if self.keys then self.keys[i] = self.serial end
  self.uids[i] = uid or "lpop3." .. self.serial
end

function Memory:deliver(_, octets)
  self:add(octets)
  return true
end

local function copy(list)
  return list and table.move(list, 1, #list, 1, {})
end

function Memory:snapshot()
  local list, uids = copy(self.list), copy(self.uids)
  local keys, serial = copy(self.keys), self.serial
  return function()
    self.list, self.uids = copy(list), copy(uids)
    self.keys, self.serial = copy(keys), serial
  end
end

function Memory:open()
  return setmetatable({ store = self, list = self.list, uids = self.uids,
                        keys = self.keys, n = #self.list }, Drop)
end

function Drop:count()
  return self.n
end

function Drop:size(n)
  return #self.list[n]
end

function Drop:uid(n)
  return self.uids[n]
end

function Drop:octets(n)
  return self.list[n]
end

-- Remove messages from the arrays of the store. The numbers are those of the
-- maildrop; other sessions may have removed messages since.
local function without(drop, numbers, name)
  local store_of, gone, kept, uids = drop.store, {}, {}, {}
  local keys = store_of.keys and {}
  local mine = drop.keys or drop.uids
  for _, n in ipairs(numbers) do gone[mine[n]] = true end
  for i, key in ipairs(store_of.keys or store_of.uids) do
    if not gone[key] then
      local j = #kept + 1
      uids[j], kept[j] = store_of.uids[i], store_of[name][i]
      if keys then keys[j] = key end
    end
  end
  store_of[name], store_of.uids, store_of.keys = kept, uids, keys
  return true
end

function Drop:remove(numbers)
  return without(self, numbers, "list")
end

function Drop:close()
  self.list, self.uids, self.keys, self.n = NONE, NONE, nil, 0
end

return { new = new, Drop = Drop, NONE = NONE, has_twice = has_twice,
         without = without }
