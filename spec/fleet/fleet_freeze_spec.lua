-- A worker is frozen between every two steps of the delivery of a message, for longer
-- than its lease; another worker takes over the account; the first one is continued.
-- Nothing is lost, nothing is doubled, and no DELE is sent without a record.

local fleets = require "spec.support.fleet"
local helper = require "spec.helper"
local pop3 = require "pop3"
local postgres = require "spec.support.postgres"
local sql = require "pop3.sql"

-- In the order of a run.
local points = { "claimed", "connected", "opened", "taken", "reserve", "intend",
                 "intended", "begin", "commit", "committed", "sync", "synced",
                 "record", "recorded", "DELE", "quit", "ended", "release" }

-- A hook: when DELE has been sent, the record of its message is there. The message
-- is the one that its number says, since no other client deletes meanwhile and numbers
-- stay in a session.
local function checks_records(place)
  local sent = {}
  return function(point, row)
    if point == "claimed" then sent[row.id] = 0 end
    if point ~= "DELE" then return end
    sent[row.id] = sent[row.id] + 1
    local db <close> = assert(sql.open { url = place.url })
    local rows = assert(db:query("select count(*) as n from pop3_seen where account = $1 "
      .. "and state = 'delivered'", row.id))
    if rows[1].n < sent[row.id] then error "DELE without a record" end
  end
end

-- Maildirs without the option of a fleet.
local function unfenced(place)
  local into = { begin = function() end }
  function into.lease(_, owner)
    return pop3.maildir(place.mail .. "/" .. owner.name)
  end
  return into
end

postgres.describe("a worker that is frozen past its lease", function(server)
  local function try(point, keep, preset, after)
    local place <close> = fleets.place(server():database(), {
      users = 1, mail = 3, server = { preset = preset },
      accounts = { keep = keep },
    })
    if after == "unfenced" then place.opts.fleet = { into = unfenced(place) } end
    local worker = place:fork { freeze = point, hook = checks_records(place) }
    local was_frozen = worker:await()
    assert.equal(not (keep and point == "DELE"), was_frozen, point)
    if was_frozen then
      place:expire()
      place:run { hook = checks_records(place) }
      place:read_mail()
      if after == "kill" then
        worker:kill()
      else
        worker:go_on()
        assert.equal(0, worker:wait(), point)
      end
    end
    -- one more undisturbed run, and one that changes nothing
    place:make_due()
    local runs = place:run()
    assert.equal("ok", runs.u1.kind, point .. ": " .. tostring(runs.u1.text))
    local lost, doubled = place:judge()
    assert.same({}, lost, point)
    assert.same({}, doubled, point)
    assert.same({}, place:leftovers(), point)
    local retrieved = place.run_of_server:count "RETR"
    place:make_due()
    runs = place:run()
    assert.equal(0, runs.u1.counts.new)
    assert.equal(retrieved, place.run_of_server:count "RETR")
    assert.equal(keep and 3 or 0, #place.run_of_server:mailbox "u1")
  end

  for _, preset in ipairs { "courier", "rfc" } do
    it("keeps the guarantees, with the server " .. preset, function()
      for _, point in ipairs(helper.some(points, 6)) do
        try(point, false, preset == "courier" and preset or nil)
      end
    end)
  end

  it("keeps the guarantees when mail stays on the server", function()
    for _, point in ipairs(helper.some(points, 3)) do
      try(point, true, "courier")
    end
  end)

  it("would double messages without a directory for each lease", function()
    local ok, failure = pcall(try, "begin", false, "courier", "unfenced")
    assert.is_false(ok)
    assert.match("u1 1", tostring(failure))
  end)

  it("keeps the guarantees when it is killed in place of that", function()
    for _, point in ipairs(helper.some(points, 4)) do
      try(point, false, "courier", "kill")
    end
  end)
end)
