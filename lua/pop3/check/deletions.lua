--- RFC 1939, deletions: DELE, RSET and the UPDATE state. Only where the caller
-- wants that; in the end message 1 is gone.
-- @module pop3.check.deletions
-- @local

local listing = require "pop3.check.listing"
local transaction = require "pop3.check.transaction"

local checks = {}

local function check(name, section, run)
  checks[#checks + 1] = { name = name, rfc = 1939, section = section,
    run = function(t)
      if not t.opts.delete then t:skip "deletions were not asked for" end
      return run(t)
    end }
end

-- A session of its own where message 1 is marked.
local function marked(t)
  listing.first(t)
  local wire = t:login()
  local reply = t:ask(wire, "DELE 1")
  t:must(reply.ok, "DELE 1 is refused: %s", reply.shown)
  return wire
end

local function counted(t, wire)
  local reply = t:granted(wire, "STAT")
  local count, octets = reply.shown:match "^%+OK (%d+) (%d+)"
  t:must(count, "STAT's reply cannot be read: %s", reply.shown)
  return math.tointeger(count), math.tointeger(octets)
end

for _, case in ipairs(transaction.numbers) do
  check("DELE-" .. case[1], "5", function(t)
    local number = case[2](t)
    t:refused(t:login(), "DELE " .. number)
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
  local count, octets = listing.stat(t)
  local n, sum = counted(t, marked(t))
  local size = listing.first(t).size
  t:must(n == count - 1, "STAT says %d messages of %d, one being deleted", n,
         count)
  t:should(sum == octets - size, "STAT says %d octets, %d before one of %d was "
           .. "deleted", sum, octets, size)
end)

for _, verb in ipairs { "LIST", "UIDL" } do
  check(verb .. "-without-the-deleted", "5", function(t)
    listing.first(t)
    listing.needs(t, verb)
    local before = verb == "LIST" and listing.sizes(t) or listing.uids(t)
    local reply = t:granted(marked(t), verb)
    t:must(#reply.body == #before - 1, "%s has %d messages of %d, one being "
           .. "deleted", verb, #reply.body, #before)
    for i, line in ipairs(reply.body) do
      t:must(line:find("^" .. before[i + 1].number .. " "),
             "the numbers move behind DELE 1: %s", line)
    end
  end)
end

check("RSET-restores", "5", function(t)
  local count = listing.stat(t)
  local wire = marked(t)
  t:granted(wire, "RSET")
  t:must(counted(t, wire) == count, "RSET does not restore the message")
  t:granted(wire, "LIST 1")
end)

check("RSET-then-QUIT-deletes-nothing", "6", function(t)
  local count = listing.stat(t)
  local wire = marked(t)
  t:granted(wire, "RSET")
  t:must(counted(t, wire) == count, "RSET does not restore the message")
  t:granted(wire, "QUIT")
  wire:rest()
  t:must(counted(t, t:login()) == count, "QUIT deletes a message that was "
         .. "restored")
end)

check("lost-link-deletes-nothing", "6", function(t)
  local count = listing.stat(t)
  marked(t):leave()
  t:must(counted(t, t:login()) == count, "a message is gone, though QUIT was "
         .. "not said")
end)

check("QUIT-deletes", "6", function(t)
  local count, octets = listing.stat(t)
  local size = listing.first(t).size
  local wire = marked(t)
  t:granted(wire, "QUIT")
  wire:rest()
  local n, sum = counted(t, t:login())
  t:must(n == count - 1, "%d messages are there behind QUIT, of %d with one "
         .. "deleted", n, count)
  t:should(sum == octets - size, "STAT says %d octets, %d before one of %d was "
           .. "deleted", sum, octets, size)
end)

check("QUIT-deletes-the-right-one", "6", function(t)
  listing.first(t)
  local before = listing.uids(t)
  for i = 2, #before do
    if before[i].uid == before[1].uid then
      t:skip("message %d has the unique-id of message 1", i)
    end
  end
  local reply = t:granted(t:login(), "UIDL")
  local seen = {}
  for _, line in ipairs(reply.body) do
    seen[line:match "^%d+ (%S+)" or ""] = true
  end
  t:must(before[1] and not seen[before[1].uid], "message 1 is still there")
  for i = 2, #before do
    t:must(seen[before[i].uid], "message %d is gone", i)
  end
end)

return checks
