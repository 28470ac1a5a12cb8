-- pop3.sync against a server that misbehaves once, at each verb in each way, and
-- against the presets that lie: after one more undisturbed run every message is
-- delivered once, and a further run changes nothing.

local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local pop3 = require "pop3"

local COUNT = 5

local effects = {
  { delay = 5 }, { stall = true }, { drip = { bytes = 3, every = 1 } },
  { slice = 1 }, { cut = { bytes = 0 } }, { cut = { bytes = 7 } },
  { cut = { bytes = 60, how = "rst" } }, { cut = { lines = 1 } },
  { reply = "-ERR no" }, { reply = "-ERR [SYS/TEMP] later" },
  { reply = "-ERR [IN-USE] later" }, { reply = "+OK" }, { reply = "rubbish" },
  { reply = "" },
  { append = "+OK once more\r\n" }, { append = "junk\r\n" },
  { no_terminator = true }, { bare_lf = true }, { wrong_size = 7 },
  { garbage = { seed = 7, bytes = 300 } },
}

local verbs = { "CAPA", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "QUIT" }

-- The messages by their subjects: how often each was delivered.
local function delivered(place)
  local counts = {}
  for _, octets in ipairs(place.inbox.list) do
    local subject = octets:match "Subject: ([^\r\n]*)" or "?"
    counts[subject] = (counts[subject] or 0) + 1
  end
  return counts
end

local function expected()
  local counts = {}
  for i = 1, COUNT do counts["message " .. i] = 1 end
  return counts
end

local function sync(place, opts)
  local s = pop3.connect { transport = place.server:loopback(), user = "mrose",
                           password = "secret", timeout = 60 }
  if not s then return nil end
  local all = { state = place.state, into = place.inbox }
  for name, value in pairs(opts) do all[name] = value end
  return pop3.sync(s, all)
end

local function settles(place, opts, label)
  for _, handle in ipairs(place.inbox.handles) do
    assert.is_false(handle.again or false, label)
  end
  assert(sync(place, opts), label)
  assert.same(expected(), delivered(place), label)
  local before, fetched = place:octets_of_state(), place:count "RETR"
  assert(sync(place, opts), label)
  assert.same(expected(), delivered(place), label)
  assert.equal(before, place:octets_of_state(), label)
  assert.equal(fetched, place:count "RETR", label)
end

describe("sync: a server that misbehaves once", function()
  local cases = {}
  for _, verb in ipairs(verbs) do
    for _, effect in ipairs(effects) do
      for _, keep in ipairs { true, false } do
        for _, nth in ipairs { 1, 3 } do
          cases[#cases + 1] = { verb, effect, keep, nth }
        end
      end
    end
  end

  it("loses nothing and delivers nothing twice", function()
    for _, case in ipairs(helper.some(cases, 60)) do
      local verb, effect, keep, nth = table.unpack(case)
      local place <close> = fetching.place(COUNT)
      local f = { verb = verb, nth = nth, times = 1 }
      for name, value in pairs(effect) do f[name] = value end
      place.server:fault(f)
      local name, value = next(effect)
      local label = ("%s %d, %s = %s, keep = %s"):format(verb, nth, name,
        type(value) == "table" and (next(value)) or tostring(value),
        tostring(keep))
      sync(place, { keep = keep })
      place.server:clear_faults()  -- the others are undisturbed
      settles(place, { keep = keep }, label)
      if keep then
        assert.equal(COUNT, #place.server:mailbox "mrose", label)
      end
    end
  end)
end)

describe("sync: a reply that is an empty line", function()
  it("does not give messages the octets of others", function()
    for _, nth in ipairs { 1, 3, 10 } do
      local mail, seen = {}, {}
      for i = 1, 10 do mail[i] = ("Subject: x\r\n\r\n%03d\r\n"):format(i) end
      local place <close> = fetching.place(mail)
      place.server:fault { verb = "RETR", nth = nth, times = 1, reply = "" }
      for _ = 1, 3 do sync(place, { keep = false }) end
      for _, octets in ipairs(place.inbox.list) do
        seen[octets] = (seen[octets] or 0) + 1
      end
      for _, octets in ipairs(mail) do assert.equal(1, seen[octets]) end
      assert.equal(10, #place.inbox.list)
      assert.same({}, place.server:mailbox "mrose")
    end
  end)
end)

describe("sync: presets", function()
  local names = { "citadel", "courier", "cyrus", "dovecot", "exchange", "gmail",
                  "outlook", "popa3d", "qmail", "qpopper", "uw" }

  for _, name in ipairs(names) do
    it("fetches from " .. name .. " and repeats nothing", function()
      for _, keep in ipairs { true, false } do
        local place <close> = fetching.place(COUNT, { preset = name })
        settles(place, { keep = keep }, name)
      end
    end)
  end
end)
