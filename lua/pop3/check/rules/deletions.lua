--- RFC 1939, deletions: DELE, RSET and the UPDATE state. Only where the caller
-- wants that; in the end message 1 is gone.
-- @module pop3.check.deletions
-- @local

local listing = require "pop3.check.maildrop"
local transaction = require "pop3.check.rules.transaction"

local checks = {}

-- A session of its own where message 1 is marked; what STAT said before, and
-- with 'verb' the lines of that.
local function marked(t, verb)
  listing.first(t)
  local wire = t:login()
  local count, octets = listing.stat_of(t, wire)
  local lines = verb and t:granted(wire, verb).body
  local reply = t:ask(wire, "DELE 1")
  t:must(reply.ok, "DELE 1 is refused: %s", reply.shown)
  return wire, count, octets, lines
end

-- A link on which message 1 was marked is lost: how many messages there were,
-- and how many there are. It comes before all that marks one: with a server that
-- deletes then, no more mail is put at risk.
local function lost(t)
  return t:once("lost", function()
    local wire, count = marked(t)
    wire:leave()
    wire = t:login()
    local left = listing.stat_of(t, wire)
    wire:leave()
    return count, left
  end)
end

local function check(name, section, run, alone)
  checks[#checks + 1] = { name = name, rfc = 1939, section = section,
    run = function(t)
      if not t.opts.delete then t:skip "deletions were not asked for" end
      if not alone and listing.sizes(t)[1] then
        local count, left = lost(t)
        if left < count then t:skip "a lost link deletes what was marked" end
      end
      return run(t)
    end }
end

check("lost-link-deletes-nothing", "6", function(t)
  local count, left = lost(t)
  t:must(left >= count, "a message is gone, though QUIT was not said")
end, true)

check("DELE-before-login", "3", function(t)
  t:refused(t:connect(), "DELE 1")
end, true)

for _, case in ipairs(transaction.numbers) do
  check("DELE-" .. case[1], "5", function(t)
    local wire = t:login()
    t:refused(wire, "DELE " .. case[2](t, wire))
  end)
end

check("DELE-without-argument", "3", function(t)
  t:refused(t:login(), "DELE")
end)

check("DELE-with-more", "3", function(t)
  listing.first(t)
  t:refused(t:login(), "DELE 1 2")
end)

check("DELE", "5", function(t)
  marked(t)
end)

for _, line in ipairs { "DELE 1", "LIST 1", "RETR 1", "UIDL 1", "TOP 1 0" } do
  local verb = line:match "%u+"
  check(verb .. "-of-a-deleted-message", "5", function(t)
    listing.first(t)
    listing.needs(t, verb)
    t:refused(marked(t), line)
  end)
end

check("STAT-without-the-deleted", "5", function(t)
  local size = listing.first(t).size
  local wire, count, octets = marked(t)
  local n, sum = listing.stat_of(t, wire)
  t:must(n == count - 1, "STAT says %d messages of %d, one being deleted", n,
         count)
  t:should(sum == octets - size, "STAT says %d octets, %d before one of %d was "
           .. "deleted", sum, octets, size)
end)

for _, verb in ipairs { "LIST", "UIDL" } do
  local section = verb == "LIST" and "5" or "7"
  check(verb .. "-without-the-deleted", section, function(t)
    listing.first(t)
    listing.needs(t, verb)
    local wire, _, _, before = marked(t, verb)
    local reply = t:granted(wire, verb)
    t:must(#reply.body == #before - 1, "%s has %d messages of %d, one being "
           .. "deleted", verb, #reply.body, #before)
    for i, line in ipairs(reply.body) do
      t:must(line == before[i + 1], "%s has another line behind DELE 1: %s",
             verb, line)
    end
  end)
end

check("RSET-restores", "5", function(t)
  local wire, count = marked(t)
  t:granted(wire, "RSET")
  t:must(listing.stat_of(t, wire) == count, "RSET does not restore the message")
  t:granted(wire, "LIST 1")
end)

check("RSET-then-QUIT-deletes-nothing", "6", function(t)
  local wire, count = marked(t)
  t:granted(wire, "RSET")
  t:must(listing.stat_of(t, wire) == count, "RSET does not restore the message")
  t:granted(wire, "QUIT")
  wire:rest()
  -- mail may have come in between, here and below
  t:must(listing.stat_of(t, t:login()) >= count, "QUIT deletes a message that "
         .. "was restored")
end)

-- Message 1 is deleted: what STAT, and UIDL or else LIST, said before that and
-- behind it.
local function deleted(t)
  return t:once("deleted", function()
    local was = { size = listing.first(t).size,
                  uidl = t:ask(t:session(), "UIDL").ok }
    local verb = was.uidl and "UIDL" or "LIST"
    local wire
    wire, was.count, was.octets, was.before = marked(t, verb)
    t:granted(wire, "QUIT")
    wire:rest()
    wire = t:login()
    was.n, was.sum = listing.stat_of(t, wire)
    was.after = t:granted(wire, verb).body
    return was
  end)
end

check("QUIT-deletes", "6", function(t)
  local was = deleted(t)
  -- another message may have come in its place
  t:must(was.n < was.count or was.after[1] ~= was.before[1]
         or was.after[was.count] ~= was.before[was.count],
         "%d messages are there behind QUIT, of %d with one deleted", was.n,
         was.count)
  t:should(was.n >= was.count or was.sum == was.octets - was.size, "STAT says "
           .. "%d octets, %d before one of %d was deleted", was.sum, was.octets,
           was.size)
end)

check("QUIT-deletes-the-right-one", "6", function(t)
  local was = deleted(t)
  t:must(was.n >= was.count - 1, "%d messages are there behind QUIT, of %d with "
         .. "one deleted", was.n, was.count)
  if not was.uidl then return end
  local before, after = listing.uids_of(t, { body = was.before }), {}
  for _, entry in ipairs(listing.uids_of(t, { body = was.after })) do
    after[entry.uid] = true
  end
  for i = 2, #before do
    if before[i].uid == before[1].uid then
      t:skip("message %d has the unique-id of message 1", i)
    end
  end
  t:must(not after[before[1].uid], "message 1 is still there")
  for i = 2, #before do
    t:must(after[before[i].uid], "message %d is gone", i)
  end
end)

return checks
