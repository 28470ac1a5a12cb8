-- Several workers while the database is stopped hard and started again, while
-- statements and answers to them (COMMIT among them) are lost, and with clocks
-- that are hours wrong; then all of it at once, while workers die and freeze.

local helper = require "spec.helper"
local losing = require "spec.support.pg_losing"
local postgres = require "spec.support.postgres"
local proof = require "spec.support.proof"
local report = require "spec.crash.report"

local HOURS = { 7, -9, 0, 2000 }

-- In order of their effect on the workers.
local cases = {
  { "the database is stopped hard", { "crash", "mail", "mail" }, 1 },
  { "statements and answers are lost", { "mail" }, 1, lose = true },
  { "workers' clocks are hours off", proof.usual, 3, hours = HOURS },
  { "all of it happens", { "crash", "kill", "kill_stopped", "freeze", "continue",
                           "expire", "mail" }, 2, lose = true, hours = HOURS },
}

postgres.describe("a fleet", function(server)
  local kinds = { "maildir", "table", "function", "mbox" }

  for _, case in ipairs(cases) do
    local what, actions, weight = case[1], case[2], case[3]
    it("keeps the guarantees while " .. what, function()
      for _, kind in ipairs(helper.some(kinds, 2)) do
        local keep = helper.random(2) == 1
        local site <close> = proof.site(server(), { kind = kind, keep = keep,
                                                    hours = case.hours })
        local proxy <close> = case.lose and losing(server(), site.url, 40) or nil
        for _ = 1, 3 do site:start { url = proxy and proxy.url } end
        site:disturb((helper.all and 40 or 5) * weight, actions)
        assert.same({}, site:finish())
        local found = site:judge()
        local client, answers = 0, 0
        if proxy then client, answers = proxy:lost() end
        report("%s, %s, keep = %s: %d disturbances, %d crashes of the database, %d "
          .. "statements and %d answers lost, %d messages, %d DELE, %d lost, %d "
          .. "doubled, %d repeats", what, kind, keep, site.disturbances,
          site.counts.crash or 0, client, answers, found.messages, found.deletes,
          #found.lost, #found.doubled, found.repeats)
        assert.equal("", proof.wrong(found))
      end
    end)
  end
end)
