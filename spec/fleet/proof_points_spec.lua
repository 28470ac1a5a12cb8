-- One worker is frozen at one step of a run, past its lease; the next one at the same
-- or another step; a third one runs to the end; another program takes the delivered mail,
-- or not; then the first two are continued, or are killed.

local helper = require "spec.helper"
local postgres = require "spec.support.postgres"
local proof = require "spec.support.proof"
local report = require "spec.crash.report"

-- In the order of a run.
local points = { "claimed", "connected", "opened", "taken", "reserve", "intend",
                 "intended", "begin", "commit", "committed", "sync", "synced",
                 "record", "recorded", "DELE", "quit", "ended", "release" }

postgres.describe("two workers that freeze in one account", function(server)
  local function try(kind, keep, first, second)
    local site <close> = proof.site(server(), { kind = kind, keep = keep, users = 1,
                                                mail = 3 })
    local what = ("%s, %s and %s"):format(kind, first, second)
    local frozen = {}
    for _, point in ipairs { first, second } do
      local worker = site:start { freeze = point }
      if site:await(worker) then
        site:expire(worker)
        table.insert(frozen, helper.random(#frozen + 1), worker)
      else
        assert.equal(0, site:wait(worker), what)
      end
    end
    site:run()
    if helper.random(2) == 1 then site:consume() end
    for _, worker in ipairs(frozen) do
      if helper.random(3) == 1 then
        site:kill(worker)
      else
        assert.equal(0, site:go_on(worker), what)
      end
    end
    local found = site:judge()
    assert.equal("", proof.wrong(found), what)
    assert.is_true(found.repeats <= #frozen, what)
    return #frozen, found
  end

  for _, kind in ipairs(require "spec.support.proof_deliveries".names) do
    it("keep the guarantees, into a " .. kind, function()
      local tries, frozen, repeats = 0, 0, 0
      for _, first in ipairs(helper.some(points, 3)) do
        for _ = 1, helper.all and 3 or 1 do
          local second = points[helper.random(#points)]
          for _, keep in ipairs(helper.some({ false, true }, 1)) do
            local n, found = try(kind, keep, first, second)
            tries, frozen = tries + 1, frozen + n
            repeats = repeats + found.repeats
          end
        end
      end
      report("%s: %d pairs of points, frozen %d times, 0 lost, 0 doubled, %d repeats",
             kind, tries, frozen, repeats)
    end)
  end
end)
