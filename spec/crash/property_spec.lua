-- Random maildrops, with faults of the server and kills; undisturbed runs follow.

local helper = require "spec.helper"
local place = require "spec.crash.place"
local report = require "spec.crash.report"
local trace = require "spec.crash.trace"

local random = helper.random

-- Unique-ids as servers have them: RFC 1939 allows 1 to 70 octets from ! to ~,
-- and some servers send others.
local function uid(i)
  local odd = { "%" .. i, "a/../b" .. i, "..", ".", "/" .. i, "-", "%2D", "a b" .. i,
                ("x"):rep(70 - #tostring(i)) .. i, "\xff" .. i, "1", i .. "" }
  return random(2) == 1 and odd[random(#odd)] or "id" .. i
end

-- A maildrop: messages and their unique-ids, some of which are the same.
local function maildrop()
  local mail, uidl = {}, {}
  for i = 1, random(8) do
    local size = ({ 0, 10, 1000, 70000 })[random(4)]
    mail[i] = ("Subject: %d\r\n\r\n%s\r\n"):format(i, ("From x\r\n.\r\n"):rep(size // 10))
    uidl[i] = i > 1 and random(4) == 1 and uidl[random(i - 1)] or uid(i)
  end
  return mail, uidl
end

-- Faults that pass: they strike in one session.
local faults = {
  function() return { verb = "RETR", nth = random(4), times = 1,
                      cut = { bytes = random(200) } } end,
  function() return { verb = "RETR", nth = random(4), times = 1,
                      reply = "-ERR [SYS/TEMP] not now" } end,
  function() return { verb = "UIDL", times = 1, cut = { lines = random(3) } } end,
  function() return { verb = "LIST", times = 1, reply = "-ERR not now" } end,
  function() return { verb = "DELE", times = 1, cut = { bytes = 3 } } end,
  function() return { verb = "QUIT", times = 1, reply = "-ERR some not removed" } end,
  function() return { hook = "update", times = 1, cut = { bytes = 0 } } end,
  function() return { verb = "STAT", times = 1, reply = "+OK 0 0" } end,
}

-- System calls at which a run is killed.
local names = { "write", "fsync", "fdatasync", "syncfs", "link", "unlink",
                "openat", "sendto", "recvfrom", "close", "rename", "ftruncate" }

local function disturb(p)
  if random(2) == 1 then assert(p.run:fault(faults[random(#faults)]())) end
  if random(3) > 1 then
    local name = names[random(#names)]
    -- the program opens and closes many files before its run begins
    local nth = random(20) + ((name == "openat" or name == "close") and 250 or 0)
    trace.inject(p:command(), { name = name, nth = nth }, "signal=SIGKILL")
  else
    p:sync()
  end
end

describe("any maildrop, after any disturbance", function()
  for _, kind in ipairs { "maildir", "mbox", "function" } do
    it("keeps the guarantees, into a " .. kind, function()
      local lost, doubled, cases, messages = 0, 0, 0, 0
      for case in helper.sweep(1, 60, 2) do
        local mail, uidl = maildrop()
        local p <close> = place.new(kind, random(2) == 1, mail, uidl)
        p:fresh()
        p.kills = 2
        local problems = {}
        disturb(p)
        p:check_interrupted(problems)
        disturb(p)
        for _ = 1, 2 do p:sync() end  -- faults that the killed runs did not meet
        p:check_recovery(problems)
        lost, doubled = lost + (p.lost or 0), doubled + (p.doubled or 0)
        cases, messages = cases + 1, messages + #mail
        assert(#problems == 0, ("case %d, %s: %s"):format(case,
          table.concat(uidl, " | "), table.concat(problems, "\n")))
      end
      report("%s, random: %d maildrops, %d messages, %d lost, %d doubled", kind,
             cases, messages, lost, doubled)
    end)
  end
end)
