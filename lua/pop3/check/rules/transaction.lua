--- Checks of the TRANSACTION state: RFC 1939 sections 3 to 7.
-- @module pop3.check.rules.transaction
-- @local

local maildrop = require "pop3.check.maildrop"
local new_list = require "pop3.check.list"

local checks, check = new_list(1939)

check("keyword-case-in-transaction", "3", function(t)
  t:granted(t:session(), "sTaT")
end)

check("unknown-command-in-transaction", "3", function(t)
  t:refused(t:session(), "XCHECK")
end)

-- ---------------------------------------------------------------------- STAT

check("STAT-format", "5", function(t)
  local reply = t:granted(t:session(), "STAT")
  t:must(reply.line:find "^%+OK %d+ %d+[ \r]",
         "the reply to STAT is not '+OK', count, octets: %s", reply.shown)
end)

check("STAT-nothing-more", "5", function(t)
  local reply = t:granted(t:session(), "STAT")
  t:should(reply.shown:find "^%+OK %d+ %d+$",
           "the reply to STAT has additional text: %s", reply.shown)
end)

-- ---------------------------------------------------------------------- LIST

check("LIST-format", "5", function(t)
  for _, line in ipairs(t:granted(t:session(), "LIST").body) do
    t:must(line:find "^%d+ %d+[ \r]", "a line of LIST is not number, size: %s",
           line)
  end
end)

check("LIST-nothing-more", "5", function(t)
  for _, line in ipairs(t:granted(t:session(), "LIST").body) do
    t:should(line:find "^%d+ %d+\r\n$", "a line of LIST has additional text: %s",
             line)
  end
end)

check("LIST-numbers", "4", function(t)
  for i, entry in ipairs(maildrop.sizes(t)) do
    t:must(entry.number == i, "message %d of LIST has the number %d", i,
           entry.number)
  end
end)

check("LIST-count-as-STAT", "5", function(t)
  local count = maildrop.stat(t)
  t:must(#maildrop.sizes(t) == count, "STAT counts %d messages, LIST has %d",
         count, #maildrop.sizes(t))
end)

check("LIST-octets-as-STAT", "5", function(t)
  local _, octets = maildrop.stat(t)
  local sum = 0
  for _, entry in ipairs(maildrop.sizes(t)) do sum = sum + entry.size end
  if sum == octets then return end
  local text = ("STAT has %d octets, the sizes of LIST sum to %d"):format(
    octets, sum)
  -- RFC 6856 section 2.1 allows inexact octets in STAT
  if maildrop.announced(t).UTF8 then t:warn(text) end
  t:fail(text)
end)

local SOME = 20  -- messages to list one at a time

check("LIST-one-as-LIST", "5", function(t)
  for i, entry in ipairs(maildrop.some(t, maildrop.sizes(t), SOME)) do
    local reply = t:granted(t:session(), "LIST " .. entry.number)
    local n, size = reply.shown:match "^%+OK (%d+) (%d+)"
    t:must(n and math.tointeger(n) == entry.number,
           "the reply to LIST %d is %s", i, reply.shown)
    t:must(math.tointeger(size) == entry.size, "the size is %s in LIST %d, and "
           .. "%d in LIST", size, i, entry.size)
  end
end)

-- ---------------------------------------------------------------------- UIDL

check("UIDL-format", "7", function(t)
  for _, line in ipairs(maildrop.uidl(t).body) do
    local uid = line:match "^%d+ ([^ \r\n]*)\r\n$"
    t:must(uid, "a line of UIDL is not number, unique-id: %s", line)
    t:must(#uid >= 1 and #uid <= 70, "a unique-id has %d octets, not 1 to 70",
           #uid)
    t:must(not uid:find "[^\33-\126]", "a unique-id has octets outside 0x21 to "
           .. "0x7E: %s", uid)
  end
end)

check("UIDL-numbers-as-LIST", "7", function(t)
  local sizes, uids = maildrop.sizes(t), maildrop.uids(t)
  t:must(#sizes == #uids, "UIDL has %d messages, LIST %d", #uids, #sizes)
  for i, entry in ipairs(uids) do
    t:must(entry.number == sizes[i].number, "message %d of UIDL has the "
           .. "number %d", i, entry.number)
  end
end)

check("UIDL-unique", "7", function(t)
  local sizes, seen = maildrop.sizes(t), {}
  local twice
  for i, entry in ipairs(maildrop.uids(t)) do
    local before = seen[entry.uid]
    if before and sizes[i] and sizes[before]
       and sizes[i].size ~= sizes[before].size then
      t:fail("messages %d and %d have the same unique-id: %s", before, i,
             entry.uid)
    end
    twice = twice or before and entry
    seen[entry.uid] = before or i
  end
  -- section 7 allows equal unique-ids for copies of one message
  t:should(not twice, "two messages have the same unique-id: %s",
           twice and twice.uid)
end)

check("UIDL-one-as-UIDL", "7", function(t)
  for i, entry in ipairs(maildrop.some(t, maildrop.uids(t), SOME)) do
    local reply = t:granted(t:session(), "UIDL " .. entry.number)
    t:must(reply.shown == ("+OK %d %s"):format(entry.number, entry.uid),
           "the reply to UIDL %d is '%s', in UIDL it is %s", i, reply.shown,
           entry.uid)
  end
end)

check("UIDL-persistent", "7", function(t)
  local before = maildrop.uids(t)
  local link = t:login()
  local reply = t:granted(link, "UIDL")
  for i, entry in ipairs(before) do
    local now = reply.body[i] and reply.body[i]:match "^%d+ (%S+)"
    t:must(now == entry.uid, "the unique-id of message %d is %s, and %s in the "
           .. "next session", i, entry.uid, now)
  end
end)

-- ---------------------------------------------------------- NOOP, RSET, QUIT

check("NOOP", "5", function(t)
  t:granted(t:session(), "NOOP")
end)

check("RSET", "5", function(t)
  t:granted(t:session(), "RSET")
end)

check("QUIT-in-transaction", "6", function(t)
  local link = t:login()
  t:granted(link, "QUIT")
  local lines, how = link:rest()
  t:must(not lines[1], "octets follow the reply to QUIT: %s", lines[1])
  t:must(how == "closed", "the connection stays open after QUIT")
end)

-- ---------------------------------------------------------- invalid arguments

local function after_last(t, link)
  return tostring(maildrop.stat_of(t, link) + 1)
end

local function constant(text)
  return function() return text end
end

local numbers = {
  { "zero", constant "0" }, { "past-the-last", after_last },
  { "huge", constant "99999999999999999999" },
  { "negative", constant "-1" }, { "no-number", constant "abc" },
}

-- DELE is in rules/deletions.
for _, verb in ipairs { "LIST", "UIDL", "RETR", "TOP" } do
  for _, case in ipairs(numbers) do
    check(("%s-%s"):format(verb, case[1]), verb == "RETR" and "5"
          or verb == "LIST" and "5" or "7", function(t)
      maildrop.needs(t, verb)
      local link = t:session()
      t:refused(link, ("%s %s%s"):format(verb, case[2](t, link),
                                         verb == "TOP" and " 0" or ""))
    end)
  end
end
checks.numbers = numbers

for _, line in ipairs { "RETR", "TOP", "TOP 1" } do
  check(line:gsub(" ", "-") .. "-without-argument", "3", function(t)
    maildrop.needs(t, line:match "%u+")
    t:refused(t:session(), line)
  end)
end

for _, line in ipairs { "STAT 1", "NOOP 1", "RSET 1", "LIST 1 2", "UIDL 1 2",
                        "RETR 1 2", "TOP 1 0 0" } do
  local verb = line:match "%u+"
  check(verb .. "-with-more", "3", function(t)
    maildrop.needs(t, verb)
    if line:find " 1 " then maildrop.first(t) end
    t:refused(t:session(), line)
  end)
end

return checks
