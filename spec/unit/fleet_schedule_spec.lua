-- From the outcome of a run to its next time (lua/pop3/fleet/schedule.lua).

local outcome = require "pop3.account.outcome"
local schedule = require "pop3.fleet.schedule"

local function values(o, account, context)
  account = account or { every = 300, failures = 0 }
  return schedule.release(account, o, context or {})
end

local function at(value)
  return { random = function() return value end }
end

local OK = { status = outcome.OK, result = { new = 2, octets = 9, quit = "confirmed",
                                             problems = {} } }

describe("the schedule of a fleet", function()
  it("runs an account again after its time, 10 % more or less", function()
    assert.equal(270, values(OK, nil, at(0)).seconds)
    assert.equal(300, values(OK, nil, at(0.5)).seconds)
    local v = values(OK, { every = 300, failures = 4 }, at(1))
    assert.is_true(v.seconds <= 330 and v.seconds > 329)
    assert.equal("ok", v.kind)
    assert.equal(0, v.failures)
    assert.is_true(v.ok)
    assert.match('"new":2', v.result)
  end)

  it("heeds the server's own wish", function()
    local o = { status = outcome.OK, retry_after = 900, result = { problems = {} } }
    assert.equal(900, values(o).seconds)
    o = { status = outcome.TEMPORARY, code = "err", text = "x", retry_after = 5000 }
    assert.equal(5000, values(o).seconds)
  end)

  it("backs off after failures, with jitter, up to an hour", function()
    local failed = outcome.failed("no route", "connect", true)
    local seen = {}
    for failures = 0, 5 do
      local v = values(failed, { every = 300, failures = failures }, at(1))
      assert.equal("later", v.kind)
      assert.equal(failures + 1, v.failures)
      assert.is_false(v.ok)
      seen[#seen + 1] = v.seconds
    end
    assert.same({ 600, 1200, 2400, 3600, 3600, 3600 }, seen)
    assert.equal(300, values(failed, nil, at(0)).seconds)
    -- one that is seldom due is not tried more often
    assert.equal(86400, values(failed, { every = 86400, failures = 9 }, at(1)).seconds)
    -- no overflow
    assert.equal(3600, values(failed, { every = 300, failures = 2000000000 },
                              at(1)).seconds)
  end)

  it("waits up to a day when a person must act", function()
    local failed = outcome.failed("the disk is full", "io", false)
    local v = values(failed, { every = 300, failures = 20 }, at(1))
    assert.equal("person", v.kind)
    assert.equal(86400, v.seconds)
    assert.is_nil(v.parked)
  end)

  it("parks after a refused login", function()
    local v = values(outcome.of_connect("PASS: refused", "auth"))
    assert.equal("parked", v.kind)
    assert.equal("PASS: refused", v.parked)
    assert.equal(1, v.failures)
  end)

  it("ignores a message that was set aside", function()
    local o = outcome.of_result { aside = 1, failed = 0, new = 1,
      problems = { { number = 1, text = "rejected" } } }
    local v = values(o, nil, at(0.5))
    assert.equal("ok", v.kind)
    assert.equal(300, v.seconds)
    assert.match("rejected", v.error)
  end)

  it("makes an interrupted account due at once, and counts no failure", function()
    local o = outcome.failed("interrupted", "timeout", true)
    local v = values(o, { every = 300, failures = 3 }, { interrupted = true })
    assert.equal("interrupted", v.kind)
    assert.equal(0, v.seconds)
    assert.is_nil(v.failures)
    assert.is_nil(v.ok)
    -- one that has ended well is not interrupted
    assert.equal("ok", values(OK, nil, { interrupted = true }).kind)
  end)

  it("stores only text that a database takes", function()
    local text = schedule.text("a\xFFb\0c\r\nd\xC3" .. ("x"):rep(5000))
    assert.equal("a?b c d?", text:sub(1, 8))
    assert.is_true(#text <= 1000)
    assert.is_truthy(utf8.len(text))
    assert.equal("Grüße", schedule.text "Grüße")
    assert.is_truthy(utf8.len(schedule.text(("ü"):rep(600))))
    assert.is_nil(schedule.text(nil))
  end)
end)
