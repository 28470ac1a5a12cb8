--- The messages that a command line names: numbers, ranges, unique-ids.
-- @module pop3.command.mailbox.selection
-- @local

local sorted_keys = require "pop3.util.sorted_keys"

local selection = {}

--- What the words mean, for the help.
selection.HELP = "A message number, a range such as 3-7 or 3-, last, or all."

-- The first and the last number of a word; `last` is the last message. Nil if it is
-- not a number or a range.
local function range(word, last)
  if word == "all" then return 1, last end
  if word == "last" then return last, last end
  local from, dash, to = word:match "^(%d+)(%-?)(%d*)$"
  from, to = math.tointeger(tonumber(from)), math.tointeger(tonumber(to))
  if not from or from < 1 then return nil end
  if dash == "" then return from, from end
  if to and to < from then return nil end
  return from, to or last
end

--- A converter for argparse.
-- @tparam string word
-- @treturn string the word; or nil, message
function selection.convert(word)
  if range(word, math.maxinteger) then return word end
  return nil, ("'%s' is not a message number, a range, last or all"):format(word)
end

--- The numbers that words mean, each once, in the order of the words.
-- @tparam {string,...} words
-- @tparam table sizes message number → octets, of LIST
-- @treturn {integer,...}; or nil, message if a word means no message
function selection.numbers(words, sizes)
  local all = sorted_keys(sizes)
  local list, seen = {}, {}
  for _, word in ipairs(words) do
    local from, to = range(word, all[#all] or 0)
    local found = word == "all"
    for _, n in ipairs(all) do
      if n >= from and n <= to then
        found = true
        if not seen[n] then list[#list + 1] = n end
        seen[n] = true
      end
    end
    if not found then
      return nil, all[1] and ("there is no message %s; the last is %d"):format(word,
                                                                       all[#all])
                  or "the mailbox is empty"
    end
  end
  return list
end

--- The numbers of unique-ids.
-- @tparam {string,...} words
-- @tparam table uids message number → unique-id, of UIDL
-- @treturn {integer,...}; or nil, the word that no message has
function selection.of_uids(words, uids)
  local numbers, list, seen = {}, {}, {}
  for n, uid in pairs(uids) do
    if not numbers[uid] or n < numbers[uid] then numbers[uid] = n end
  end
  for _, word in ipairs(words) do
    local n = numbers[word]
    if not n then return nil, word end
    if not seen[n] then list[#list + 1] = n end
    seen[n] = true
  end
  return list
end

return selection
