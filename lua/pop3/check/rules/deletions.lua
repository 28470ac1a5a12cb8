--- Checks of DELE, RSET and the UPDATE state: RFC 1939 sections 5, 6 and 7.
-- They run only with the option `delete`, and they delete message 1.
-- @module pop3.check.rules.deletions
-- @local

local maildrop = require "pop3.check.maildrop"
local new_list = require "pop3.check.list"
local transaction = require "pop3.check.rules.transaction"

local checks, add = new_list(1939)

-- A new session in which message 1 is marked as deleted; count and octets of
-- STAT before that, and the lines that 'verb' listed before that.
local function marked(t, verb)
  maildrop.first(t)
  local link = t:login()
  local count, octets = maildrop.stat_of(t, link)
  local lines = verb and t:granted(link, verb).body
  local reply = t:ask(link, "DELE 1")
  t:must(reply.ok, "DELE 1 is refused: %s", reply.shown)
  return link, count, octets, lines
end

-- Drop a connection on which message 1 is marked; the number of messages before
-- and after that. This runs before all other deletions: if the server deletes
-- then, no more mail is put at risk.
local function lost(t)
  return t:once("lost", function()
    local link, count = marked(t)
    link:leave()
    link = t:login()
    local left = maildrop.stat_of(t, link)
    link:leave()
    return count, left
  end)
end

local function check(name, section, run, alone)
  add(name, section, function(t)
    if not t.opts.delete then t:skip "the option delete is not set" end
    if not alone and maildrop.sizes(t)[1] then
      local count, left = lost(t)
      if left < count then
        t:skip "the server deletes messages when a connection is lost"
      end
    end
    return run(t)
  end)
end

check("lost-link-deletes-nothing", "6", function(t)
  local count, left = lost(t)
  t:must(left >= count, "a message is deleted, though QUIT was not sent")
end, true)

check("DELE-before-login", "3", function(t)
  t:refused(t:connect(), "DELE 1")
end, true)

for _, case in ipairs(transaction.numbers) do
  check("DELE-" .. case[1], "5", function(t)
    local link = t:login()
    t:refused(link, "DELE " .. case[2](t, link))
  end)
end

check("DELE-without-argument", "3", function(t)
  t:refused(t:login(), "DELE")
end)

check("DELE-with-more", "3", function(t)
  maildrop.first(t)
  t:refused(t:login(), "DELE 1 2")
end)

check("DELE", "5", function(t)
  marked(t)
end)

for _, line in ipairs { "DELE 1", "LIST 1", "RETR 1", "UIDL 1", "TOP 1 0" } do
  local verb = line:match "%u+"
  check(verb .. "-of-a-deleted-message", "5", function(t)
    maildrop.first(t)
    maildrop.needs(t, verb)
    t:refused(marked(t), line)
  end)
end

check("STAT-without-the-deleted", "5", function(t)
  local size = maildrop.first(t).size
  local link, count, octets = marked(t)
  local n, sum = maildrop.stat_of(t, link)
  t:must(n == count - 1, "STAT counts %d messages; it counted %d before one "
         .. "was deleted", n, count)
  t:should(sum == octets - size, "STAT has %d octets; it had %d before a "
           .. "message of %d was deleted", sum, octets, size)
end)

for _, verb in ipairs { "LIST", "UIDL" } do
  local section = verb == "LIST" and "5" or "7"
  check(verb .. "-without-the-deleted", section, function(t)
    maildrop.first(t)
    maildrop.needs(t, verb)
    local link, _, _, before = marked(t, verb)
    local reply = t:granted(link, verb)
    t:must(#reply.body == #before - 1, "%s lists %d messages; it listed %d "
           .. "before one was deleted", verb, #reply.body, #before)
    for i, line in ipairs(reply.body) do
      t:must(line == before[i + 1], "a line of %s differs after DELE 1: %s",
             verb, line)
    end
  end)
end

check("RSET-restores", "5", function(t)
  local link, count = marked(t)
  t:granted(link, "RSET")
  t:must(maildrop.stat_of(t, link) == count,
         "RSET does not restore the message")
  t:granted(link, "LIST 1")
end)

check("RSET-then-QUIT-deletes-nothing", "6", function(t)
  local link, count = marked(t)
  t:granted(link, "RSET")
  t:must(maildrop.stat_of(t, link) == count,
         "RSET does not restore the message")
  t:granted(link, "QUIT")
  link:rest()
  -- new mail may have arrived in between, here and below
  t:must(maildrop.stat_of(t, t:login()) >= count, "QUIT deletes a message that "
         .. "was restored")
end)

-- Delete message 1; the results of STAT and of UIDL (LIST without UIDL) before
-- and after that.
local function deleted(t)
  return t:once("deleted", function()
    local was = { size = maildrop.first(t).size,
                  uidl = t:ask(t:session(), "UIDL").ok }
    local verb = was.uidl and "UIDL" or "LIST"
    local link
    link, was.count, was.octets, was.before = marked(t, verb)
    t:granted(link, "QUIT")
    link:rest()
    link = t:login()
    was.n, was.sum = maildrop.stat_of(t, link)
    was.after = t:granted(link, verb).body
    return was
  end)
end

check("QUIT-deletes", "6", function(t)
  local was = deleted(t)
  -- a new message may have arrived
  t:must(was.n < was.count or was.after[1] ~= was.before[1]
         or was.after[was.count] ~= was.before[was.count],
         "STAT counts %d messages after QUIT; it counted %d before one was "
         .. "deleted", was.n, was.count)
  t:should(was.n >= was.count or was.sum == was.octets - was.size, "STAT has "
           .. "%d octets; it had %d before a message of %d was deleted",
           was.sum, was.octets, was.size)
end)

check("QUIT-deletes-the-right-one", "6", function(t)
  local was = deleted(t)
  t:must(was.n >= was.count - 1, "STAT counts %d messages after QUIT; it "
         .. "counted %d before one was deleted", was.n, was.count)
  if not was.uidl then return end
  local before, after = maildrop.uids_of(t, { body = was.before }), {}
  for _, entry in ipairs(maildrop.uids_of(t, { body = was.after })) do
    after[entry.uid] = true
  end
  for i = 2, #before do
    if before[i].uid == before[1].uid then
      t:skip("message %d has the unique-id of message 1", i)
    end
  end
  t:must(not after[before[1].uid], "message 1 is not deleted")
  for i = 2, #before do
    t:must(after[before[i].uid], "message %d is deleted", i)
  end
end)

return checks
