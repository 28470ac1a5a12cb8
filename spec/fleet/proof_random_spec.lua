-- Several workers in separate processes, against a server without locks of maildrops.
-- They are killed, stopped past their leases and continued, and lose leases while they
-- run, at any place of the run. Nothing is lost or doubled, and no DELE is sent for a
-- message without a record.

local helper = require "spec.helper"
local naive_worker = require "spec.support.naive_worker"
local postgres = require "spec.support.postgres"
local proof = require "spec.support.proof"
local report = require "spec.crash.report"

postgres.describe("a fleet whose workers die and freeze", function(server)
  local kinds = {}
  for _, kind in ipairs(require "spec.support.proof_deliveries".names) do
    for _, keep in ipairs { false, true } do
      kinds[#kinds + 1] = { kind, keep }
    end
  end

  for _, each in ipairs(kinds) do
    local kind, keep = each[1], each[2]
    it(("keeps the guarantees, into a %s, keep = %s"):format(kind, keep), function()
      local site <close> = proof.site(server(), { kind = kind, keep = keep })
      for _ = 1, 3 do site:start() end
      site:disturb(helper.all and 250 or 25, proof.usual)
      assert.same({}, site:finish())
      local found = site:judge()
      report("%s, keep = %s: %d disturbances, %d messages, %d DELE, %d lost, %d "
        .. "doubled, %d repeats", kind, keep, site.disturbances, found.messages,
        found.deletes, #found.lost, #found.doubled, found.repeats)
      assert.equal("", proof.wrong(found))
      assert.is_true(found.repeats <= site.disturbances * 2)
    end)
  end

  -- What goes wrong with a naive worker, for each order of its steps.
  local faults = { usual = "doubled", ["record first"] = "lost",
                   ["DELE first"] = "unrecorded" }
  for order, fault in pairs(faults) do
    it(("finds messages %s by a naive worker"):format(fault), function()
      local site <close> = proof.site(server(), { kind = "maildir", keep = false,
                                                  work = naive_worker(order) })
      local killed = site:start { freeze = "recorded" }
      local frozen = site:start { freeze = "record" }
      for _, worker in ipairs { killed, frozen } do
        assert.is_true(site:await(worker))
        site:expire(worker)
      end
      site:kill(killed)
      for _ = 1, 3 do site:start() end
      site:disturb(helper.all and 120 or 40, proof.usual)
      assert.same({}, site:finish())
      local found = site:judge()
      report("a naive worker, %s: %d disturbances, %d messages, %d DELE (%d without a "
        .. "record), %d lost, %d doubled", order, site.disturbances, found.messages,
        found.deletes, #found.unrecorded, #found.lost, #found.doubled)
      assert.is_true(#found[fault] > 0, fault)
    end)
  end
end)
