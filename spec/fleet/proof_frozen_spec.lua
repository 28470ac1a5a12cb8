-- A worker is frozen for ever, at any place of its dialogue with the database: after any
-- message of PostgreSQL's protocol, and in the middle of one. The other workers fetch
-- all other accounts at once, and those of the frozen worker after its leases end and
-- after the time that its transaction may take.

local core = require "pop3.core"
local helper = require "spec.helper"
local postgres = require "spec.support.postgres"
local proof = require "spec.support.proof"
local report = require "spec.crash.report"
local stopping = require "spec.support.pg_stopping"

postgres.describe("a worker that is frozen for ever", function(server)
  -- Wait for something; steps of workers are read meanwhile, so that no worker waits.
  local function await(site, what, done)
    local deadline = core.now() + helper.PATIENCE
    repeat
      core.poll(site.fd:getfd(), "r", 0.02)
      site:drain()
      assert(core.now() < deadline, what)
    until done()
  end

  -- The names of accounts that were never fetched, but those of a worker.
  local function left(site, worker)
    return site.place:query([[select name from pop3_account
      where last_ok is null and (worker is distinct from $1)]], worker or "")
  end

  -- Messages that the worker sent; was it frozen, and did it hold locks?
  local function try(kind, keep, most, is_half)
    local site <close> = proof.site(server(), { kind = kind, keep = keep, users = 3,
                                                mail = 5 })
    local what = ("%s, keep = %s, %s message %s"):format(kind, keep,
      is_half and "in" or "after", most)
    local proxy <close> = stopping(server(), site.url, most, is_half)
    local frozen = site:start { steady = true, url = proxy.url, timeout = 1 }
    await(site, what .. ": the first one hangs", function()
      return proxy:has_stopped() or site:has_ended(frozen)
    end)
    if frozen.status then return proxy:count(), false end
    site:signal(frozen, "STOP")
    -- its leases are not over
    local other = site:start { steady = true }
    await(site, what .. ": other accounts wait", function() return site:has_ended(other) end)
    assert.equal(0, other.status, what)
    assert.same({}, left(site, frozen.name), what)
    local locked = site.place:query [[select 1 from pg_locks l
      join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
      where l.locktype = 'transactionid' and l.granted
        and a.pid <> pg_backend_pid()]][1] ~= nil
    if kind == "mbox" then site:kill(frozen) end  -- it may have locked the file
    -- its leases are over
    local third = site:start { stays = true }
    await(site, what .. ": its accounts wait", function()
      site:expire(frozen)
      return not left(site)[1]
    end)
    site:signal(third, "TERM")
    await(site, what .. ": SIGTERM", function() return site:has_ended(third) end)
    if kind ~= "mbox" then
      proxy:go_on()
      site:signal(frozen, "CONT")
      await(site, what .. ": it does not go on", function() return site:has_ended(frozen) end)
      assert.equal(0, frozen.status, what)
    end
    local found = site:judge()
    assert.equal("", proof.wrong(found), what)
    return nil, true, locked
  end

  local some = { table = { 1, 12 } }

  for _, kind in ipairs(require "spec.support.proof_deliveries".names) do
    for _, keep in ipairs { false, true } do
      it(("holds up nobody, into a %s, keep = %s"):format(kind, keep), function()
        local few, all = table.unpack(some[kind] or { 1, 3 })
        local messages = try(kind, keep, math.maxinteger)
        local tries, frozen, locking = 0, 0, 0
        local every = math.tointeger(tonumber(os.getenv "LPOP3_EVERY" or ""))
        local points = {}
        if every then
          for n = 1, messages, every do points[#points + 1] = n end
        else
          for i = 1, helper.all and all or few do points[i] = helper.random(messages) end
        end
        for _, n in ipairs(points) do
          local _, was_frozen, was_locking = try(kind, keep, n, helper.random(2) == 1)
          tries = tries + 1
          frozen = frozen + (was_frozen and 1 or 0)
          locking = locking + (was_locking and 1 or 0)
        end
        report("%s, keep = %s: frozen %d of %d times in %d messages, %d times with locks",
               kind, keep, frozen, tries, messages, locking)
      end)
    end
  end
end)
