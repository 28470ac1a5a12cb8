-- Claim, heartbeat, release (lua/pop3/fleet/lease.lua) against PostgreSQL.

local abandoned = require "pop3.sql.abandoned"
local helper = require "spec.helper"
local lease = require "pop3.fleet.lease"
local postgres = require "spec.support.postgres"
local schema = require "pop3.sql.schema"
local sql = require "pop3.sql"

-- Seconds: a transaction of a spec does not end because the machine is slow.
local LONG = 2 * helper.PATIENCE

postgres.describe("the leases of a fleet", function(server)
  local db, url

  before_each(function()
    url = server():database()
    db = assert(sql.open { url = url })
    assert(schema.init(db))
  end)
  after_each(function() db:close() end)

  local function query(text, ...) return assert(db:query(text, ...)) end

  -- Accounts a1, a2 and so on; the first has been due longest. `hosts`: how many.
  local function add(count, hosts)
    query([[insert into pop3_account (name, host, port, username, due)
      select 'a' || i, 'h' || (i % $2::int), 110, 'u', now() - interval '1 hour'
             + i * interval '1 millisecond'
      from generate_series(1, $1::int) i]], count, hosts or 1)
  end

  -- What a worker claims, as names, the rows, and the seconds until the next one.
  local function claim(worker, count, opts)
    local all = { worker = worker, count = count, seconds = 300 }
    for name, value in pairs(opts or {}) do all[name] = value end
    local rows, seconds = lease.claimed(assert((opts and opts.db or db):batch(
      lease.claim(all))))
    local names = {}
    for i, row in ipairs(rows) do names[i] = row.name end
    return names, rows, seconds
  end

  local function row(name)
    return query([[select *, extract(epoch from due - now())::float8 as due_in
      from pop3_account where name = $1]], name)[1]
  end

  it("are taken for the accounts that wait longest, in one statement", function()
    add(5)
    query "update pop3_account set options = '{\"keep\":7}', secret_ref = 'env:X'"
    local names, rows = claim("w1", 2)
    assert.same({ "a1", "a2" }, names)
    local r = rows[1]
    assert.equal(1, r.fence)
    assert.equal("h0", r.host)
    assert.equal(110, r.port)
    assert.equal("u", r.username)
    assert.equal('{"keep":7}', r.options)
    assert.equal("env:X", r.secret_ref)
    assert.equal(300, r.every)
    assert.equal(0, r.failures)
    assert.is_false(r.taken_over)
    assert.is_true(r.late > 3000 and r.late < 4000)
    assert.is_true(math.abs(r.at - os.time()) < 86400)
    local now = row "a1"
    assert.equal("w1", now.worker)
    assert.is_true(tonumber(now.due_in) > 250 and tonumber(now.due_in) <= 300)
    assert.same({ "a3", "a4", "a5" }, (claim("w2", 10)))
    assert.same({}, (claim("w3", 10)))
  end)

  it("are not taken for parked accounts, nor for those without a host", function()
    add(3)
    query "update pop3_account set parked = 'refused' where name = 'a1'"
    query "update pop3_account set host = null where name = 'a2'"
    assert.same({ "a3" }, (claim("w", 10)))
  end)

  it("are taken over when they are over, with a greater fence", function()
    add(1)
    claim("w1", 1)
    query "update pop3_account set due = now() - interval '1 second'"
    local _, rows = claim("w2", 1)
    assert.equal(2, rows[1].fence)
    assert.is_true(rows[1].taken_over)
  end)

  it("skip accounts that another transaction has locked", function()
    add(3)
    local other <close> = assert(sql.open { url = url, timeout = LONG })
    assert(other:transaction(function()
      assert(other:query "select 1 from pop3_account where name = 'a1' for update")
      assert.same({ "a2", "a3" }, (claim("w", 10)))
      return true
    end))
    assert.same({ "a1" }, (claim("w", 10)))
  end)

  it("tell when an account is due next", function()
    add(2)
    local _, _, seconds = claim("w", 1)
    assert.is_true(seconds < 0)
    _, _, seconds = claim("w", 1)
    assert.is_true(seconds > 250 and seconds <= 300)
    query "delete from pop3_account"
    _, _, seconds = claim("w", 1)
    assert.is_nil(seconds)
  end)

  it("are bounded for each host, over all workers", function()
    add(60, 3)
    local function of_hosts(rows)
      local hosts = {}
      for _, r in ipairs(rows) do hosts[r.host] = (hosts[r.host] or 0) + 1 end
      return hosts
    end
    local _, rows = claim("w1", 5, { per_host = 2 })
    assert.equal(5, #rows)
    _, rows = claim("w2", 100, { per_host = 2 })
    assert.equal(1, #rows)
    rows = query "select host from pop3_account where worker is not null"
    assert.same({ h0 = 2, h1 = 2, h2 = 2 }, of_hosts(rows))
    assert.same({}, (claim("w3", 100, { per_host = 2 })))
    -- one ends, one more begins
    query "update pop3_account set worker = null, due = now() + '1 day' where id = 1"
    local names = claim("w3", 100, { per_host = 2 })
    assert.equal(1, #names)
    -- the sessions of a dead worker count until its lease is over
    query "update pop3_account set due = now() - interval '1 s' where worker = 'w1'"
    _, rows = claim("w4", 100, { per_host = 2 })
    assert.equal(#query "select 1 from pop3_account where worker = 'w4'", #rows)
    rows = query([[select host from pop3_account where worker is not null
                   and due > now()]])
    assert.same({ h0 = 2, h1 = 2, h2 = 2 }, of_hosts(rows))
  end)

  it("leave a full host's many accounts aside, and take others", function()
    add(400, 1)
    query [[insert into pop3_account (name, host, port, username, due)
            values ('late', 'other', 110, 'u', now() - interval '1 second')]]
    assert.equal(3, #(claim("w", 10, { per_host = 3 })))
    assert.same({ "late" }, (claim("w", 10, { per_host = 3 })))
  end)

  it("are bounded too when two workers claim at the same time", function()
    add(30, 1)
    local loop <close> = require "pop3.loop.own"()
    local taken = 0
    for i = 1, 6 do
      loop:spawn(function()
        local mine <close> = assert(sql.open { url = url, wait = loop.wait })
        local names = claim("w" .. i, 10, { per_host = 4, db = mine })
        taken = taken + #names
      end)
    end
    loop:run()
    assert.equal(4, taken)
  end)

  it("are extended, all by one statement, unless they are lost", function()
    add(3)
    local _, rows = claim("w1", 3, { seconds = 10 })
    query "update pop3_account set fence = fence + 1, worker = 'w2' where name = 'a2'"
    local list = {}
    for i, r in ipairs(rows) do list[i] = { account = r.id, fence = r.fence } end
    local kept = query(table.unpack(lease.extend(list, 500)))
    local ids = {}
    for i, r in ipairs(kept) do ids[i] = r.id end
    table.sort(ids)
    assert.same({ rows[1].id, rows[3].id }, ids)
    assert.is_true(tonumber(row("a1").due_in) > 400)
    assert.is_true(tonumber(row("a2").due_in) < 20)
  end)

  local function released(values)
    local all = { account = 1, fence = 1 }
    for name, value in pairs(values) do all[name] = value end
    return #query(table.unpack(lease.release { all }))
  end

  it("are released, with the outcome of the run", function()
    add(1)
    claim("w", 1)
    assert.equal(1, released { seconds = 60.5, failures = 0, ok = true,
                               result = '{"new":1}' })
    local r = row "a1"
    assert.is_nil(r.worker)
    assert.equal(1, r.fence)
    assert.is_true(math.abs(tonumber(r.due_in) - 60.5) < 5)
    assert.is_string(r.last_ok)
    assert.is_nil(r.last_error)
    assert.equal('{"new":1}', r.result)
    -- twice, as after a lost answer, changes nothing
    assert.equal(0, released { seconds = 1, failures = 9, ok = true })
  end)

  it("are released after a failure, and parked", function()
    add(1)
    claim("w", 1)
    local text = [[a "quoted" \ {text}, NULL]]
    assert.equal(1, released { seconds = 5, failures = 1, ok = false, error = text,
                               parked = text })
    local r = row "a1"
    assert.equal(text, r.last_error)
    assert.equal(text, r.parked)
    assert.equal(1, r.failures)
    assert.is_nil(r.last_ok)
  end)

  it("are released by an interrupted worker: due at once, all else as it was",
  function()
    add(1)
    query "update pop3_account set failures = 3, last_error = 'x', result = '{}'"
    claim("w", 1)
    assert.equal(1, released { seconds = 0 })
    local r = row "a1"
    assert.equal(3, r.failures)
    assert.equal("x", r.last_error)
    assert.equal("{}", r.result)
    assert.is_true(tonumber(r.due_in) <= 0)
    assert.same({ "a1" }, (claim("w", 1)))
  end)

  it("are not released by one that lost them, and stay parked", function()
    add(1)
    claim("w1", 1)
    query "update pop3_account set due = now() - interval '1 s', parked = 'by hand'"
    query "update pop3_account set fence = 2, worker = 'w2'"
    assert.equal(0, released { seconds = 5, failures = 0, ok = true })
    assert.equal(1, released { fence = 2, seconds = 5, failures = 0, ok = true })
    assert.equal("by hand", row("a1").parked)
  end)

  it("come back when the answer to a claim was lost", function()
    add(3)
    claim("w1", 1)
    claim("w2", 1)
    local rows = query(table.unpack(lease.give_back_unknown("w1", {})))
    assert.equal(1, #rows)
    rows = query(table.unpack(lease.give_back_unknown("w2", { 2 })))
    assert.equal(0, #rows)
    assert.same({ "a3", "a1" }, (claim("w1", 5)))
  end)

  it("come back without those that another transaction has locked", function()
    add(2)
    claim("w1", 2)
    local other <close> = assert(sql.open { url = url, timeout = LONG })
    assert(other:transaction(function()
      assert(other:query "select 1 from pop3_account where name = 'a1' for update")
      local rows = query(table.unpack(lease.give_back_unknown("w1", {})))
      assert.same({ { id = 2 } }, rows)
      return true
    end))
  end)

  it("are free again when a worker froze in a transaction", function()
    add(2)
    local frozen <close> = assert(sql.open { url = url, timeout = LONG })
    local other <close> = assert(sql.open { url = url, timeout = LONG })
    assert(frozen:query "begin")
    assert(frozen:query(table.unpack(abandoned.name("fleet w1", 3600))))
    assert(frozen:query(table.unpack(lease.lock { 1 })))
    assert(other:query "begin")
    assert(other:query(table.unpack(lease.lock { 2 })))
    assert.same({}, (claim("w2", 2)))
    assert.same({}, query(table.unpack(abandoned.finish())))
    -- it says itself how long it may take
    assert(frozen:query(table.unpack(abandoned.name("fleet w1", 0))))
    helper.await(function()  -- until the database shows that it waits for its client
      local rows = query(table.unpack(abandoned.finish()))
      return rows[1] and rows[1].name == "pop3 0s fleet w1"
    end)
    -- its locks go when its process has ended
    helper.await(function() return #claim("w2", 2) > 0 end)
    assert.equal("w2", row("a1").worker)
    assert.is_nil(row("a2").worker)  -- that of somebody else stays
  end)

  -- The plan of a statement as text.
  local function plan(statement)
    local lines = {}
    local text, found = statement[1], nil
    assert(db:transaction(function()
      found = query("explain (analyze, costs off, timing off, summary off) " .. text,
                    table.unpack(statement, 2))
      return nil, "not for ever"
    end) == nil)
    for i, r in ipairs(found) do lines[i] = r["QUERY PLAN"] end
    return table.concat(lines, "\n")
  end

  it("need no scan of the table with 100,000 accounts", function()
    query([[insert into pop3_account (name, host, port, username, due)
      select 'a' || i, 'h' || (i % 300), 110, 'u',
             now() + ((i % 3600) - 60) * interval '1 second'
      from generate_series(1, 100000) i]])
    query "analyze pop3_account"
    for _, per_host in ipairs { false, 4 } do
      local list = lease.claim { worker = "w", count = 100, seconds = 300,
                                 per_host = per_host or nil }
      for i, statement in ipairs(list) do
        local text = plan(statement)
        assert.is_nil(text:find "Seq Scan", text)
        if i == #list - 1 then
          assert.match("Index Scan using pop3_account_due", text)
          assert.match("Index Scan using pop3_account_pkey", text)
        elseif i == #list then
          assert.match("using pop3_account_due", text)
        end
        -- the rows that are read: those of the claim, not those that are due
        for rows in text:gmatch "using pop3_account_%w+ on[^\n]-rows=(%d+)" do
          assert.is_true(tonumber(rows) <= 400, text)
        end
      end
    end
    local _, rows = claim("w", 100)
    local held = {}
    for i, r in ipairs(rows) do held[i] = { account = r.id, fence = r.fence } end
    for _, statement in ipairs { lease.extend(held, 300), lease.lock { 1, 5, 9 },
                                 lease.give_back_unknown("w", { 1 }) } do
      local text = plan(statement)
      assert.is_nil(text:find "Seq Scan", text)
    end
    for _, r in ipairs(held) do r.seconds = 1 end
    local text = plan(lease.release(held))
    assert.is_nil(text:find "Seq Scan", text)
  end)
end)
