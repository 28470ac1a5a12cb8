-- pop3.sync: which messages are fetched, recorded and deleted.

local fetching = require "spec.support.fetching"
local helper = require "spec.helper"
local inbox = require "spec.support.inbox"
local pop3 = require "pop3"

local function numbers(result)
  return { result.new, result.skipped, result.deleted, result.failed,
           result.aside, result.again, result.pending }
end

local function run(place, opts, new, skipped, deleted, failed, aside, again,
                   pending)
  local result = place:run(opts)
  assert.same({ new or 0, skipped or 0, deleted or 0, failed or 0, aside or 0,
                again or 0, pending or 0 }, numbers(result))
  return result
end

describe("sync", function()
  it("fetches new messages, octet for octet, each once", function()
    local mail = fetching.mail(70)
    local place <close> = fetching.place(mail)
    local result = run(place, nil, 70)
    assert.same(mail, place.inbox.list)
    assert.equal("confirmed", result.quit)
    assert.equal(#table.concat(mail), result.octets)
    assert.equal(0, place:count "DELE")
    local before = place:octets_of_state()
    run(place)
    assert.equal(70, place:count "RETR")
    assert.equal(before, place:octets_of_state())
    place.server:deliver("mrose", "A: new\r\n\r\n")
    run(place, nil, 1)
    assert.equal("A: new\r\n\r\n", place.inbox.list[71])
  end)

  it("deletes once a delivery is recorded", function()
    local place <close> = fetching.place(40)
    run(place, { keep = false }, 40, 0, 40)
    assert.same({}, place.server:mailbox "mrose")
    run(place, { keep = false })
  end)

  it("keeps mail for days since it was seen first", function()
    local place <close> = fetching.place(3)
    local time = 1800000000
    local function at(days)
      return { keep = 7, now = function() return time + days * 86400 end }
    end
    run(place, at(0), 3)
    place.server:deliver("mrose", "A: new\r\n\r\n")
    run(place, at(6.9), 1)
    run(place, at(7), 0, 0, 3)
    assert.same({ "A: new\r\n\r\n" }, place.server:mailbox "mrose")
    run(place, at(14), 0, 0, 1)
  end)

  it("asks a function which messages are kept", function()
    local place <close> = fetching.place(4)
    run(place, { keep = function(handle, first_seen)
      assert.is_number(first_seen)
      return handle.number ~= 2
    end }, 4, 0, 1)
    assert.equal(3, #place.server:mailbox "mrose")
  end)

  it("takes a function as a delivery", function()
    local place <close> = fetching.place(3)
    local got = {}
    local mail = fetching.mail(3)
    run(place, { into = function(octets, handle)
      got[handle.number] = octets
      assert.is_false(handle.again or false)
      return true
    end }, 3)
    assert.same(mail, got)
  end)

  it("asks a filter, and never again about skipped messages", function()
    local place <close> = fetching.place(4)
    local asked = {}
    local decisions = { "fetch", "skip", "later", "delete" }
    local opts = { filter = function(message, handle)
      asked[#asked + 1] = message.subject
      return decisions[handle.number]
    end }
    run(place, opts, 1, 1, 1)
    assert.equal(4, #asked)
    assert.equal(3, #place.server:mailbox "mrose")
    asked = {}
    decisions = { "fetch", "fetch", "fetch", "fetch" }
    run(place, opts, 1)
    assert.same({ "message 3" }, asked)
  end)

  it("leaves messages that are too large, or takes their beginning", function()
    local place <close> = fetching.place({ "A: b\r\n\r\nshort\r\n",
      "A: b\r\n\r\n1\r\n2\r\n3\r\n" .. ("x"):rep(2000) .. "\r\n" })
    run(place, { max_size = 1000 }, 1, 1)
    run(place, { max_size = 1000, partial = 2, keep = false }, 1, 0, 1)
    assert.equal("A: b\r\n\r\n1\r\n2\r\n", place.inbox.list[2])
    run(place, { max_size = 1000, partial = 2 }, 0, 1)
    run(place, { max_size = 10000, keep = false }, 1, 0, 1)
    assert.equal(2019, #place.inbox.list[3])
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("stops at limits of the run", function()
    local place <close> = fetching.place(10)
    run(place, { max_messages = 3 }, 3, 0, 0, 0, 0, 0, 7)
    run(place, { max_messages = 2, order = "newest" }, 2, 0, 0, 0, 0, 0, 5)
    assert.truthy(place.inbox.list[4]:find "message 10")
    run(place, { max_octets = 1 }, 1, 0, 0, 0, 0, 0, 4)
    run(place, { max_octets = 100000 }, 4)
    assert.equal(10, place:count "RETR")
  end)

  it("seeds", function()
    local place <close> = fetching.place(5)
    run(place, { seed = { newest = 2 } }, 2, 3)
    local other <close> = fetching.place(5)
    run(other, { seed = true }, 0, 5)
    assert.equal(0, other:count "RETR")
    run(other)
    local dated <close> = fetching.place {
      "Date: Mon, 23 Nov 2026 08:00:00 +0000\r\n\r\na\r\n",
      "Date: Wed, 25 Nov 2026 08:00:00 +0000\r\n\r\nb\r\n",
      "Subject: none\r\n\r\nc\r\n" }
    run(dated, { seed = { since = 1795507200 } }, 2, 1)
  end)

  it("changes nothing in a dry run", function()
    local place <close> = fetching.place(5)
    run(place, { dry_run = true }, 5)
    assert.is_nil(io.open(place.state))
    assert.equal(0, place:count "RETR")
    run(place, nil, 5)
    run(place, { dry_run = true, keep = false }, 0, 0, 5)
    assert.equal(0, place:count "DELE")
    assert.equal(5, #place.inbox.list)
  end)

  it("reports its progress and its events", function()
    local place <close> = fetching.place(3)
    local progress, events = {}, {}
    run(place, {
      progress = function(done, total, handle)
        progress[#progress + 1] = { done, total, handle.number }
      end,
      log = function(event)
        events[#events + 1] = event.what .. " " .. event.number
      end,
      keep = false,
    }, 3, 0, 3)
    assert.same({ { 1, 3, 1 }, { 2, 3, 2 }, { 3, 3, 3 } }, progress)
    assert.same({ "delivered 1", "delivered 2", "delivered 3", "deleted 1",
                  "deleted 2", "deleted 3" }, events)
  end)

  it("checks its arguments", function()
    local place <close> = fetching.place(1)
    local s = place:connect()
    helper.misuse("option 'state' is missing", function()
      pop3.sync(s, { into = print })
    end)
    helper.misuse("option 'into' is missing", function()
      pop3.sync(s, { state = place.state })
    end)
    helper.misuse("unknown option 'stat'", function()
      pop3.sync(s, { stat = place.state })
    end)
    helper.misuse("'into' must be a function, or a delivery", function()
      pop3.sync(s, { state = place.state, into = {} })
    end)
    helper.misuse("'state' has no method 'open'", function()
      pop3.sync(s, { state = {}, into = print })
    end)
    helper.misuse("'seed' must have one of", function()
      pop3.sync(s, { state = place.state, seed = {} })
    end)
    helper.misuse("session must be one of pop3.connect", function()
      pop3.sync(nil, {})
    end)
  end)
end)

describe("sync: failures", function()
  it("tries a message again, then sets it aside, and others go on", function()
    local place <close> = fetching.place(3)
    place.inbox = inbox { commit = function(handle)
      if handle.number == 2 then return nil, "not today" end
      return true
    end }
    local opts = { attempts = 3, set_aside = place.dir.path .. "/aside" }
    local result = run(place, opts, 2, 0, 0, 1, 0, 0, 1)
    assert.same({ number = 2, uid = result.problems[1].uid, code = "err",
                  text = "not today" }, result.problems[1])
    run(place, opts, 0, 0, 0, 1, 0, 0, 1)
    run(place, opts, 0, 0, 0, 0, 1, 0, 1)
    local name = pop3.core.readdir(opts.set_aside)[1]
    local file <close> = io.open(opts.set_aside .. "/" .. name, "rb")
    assert.equal(fetching.mail(3)[2], file:read "a")
    run(place, opts)
    place.inbox = inbox()
    run(place, { retry = true }, 1)
    run(place)
  end)

  it("sets aside at once a message that is rejected", function()
    local place <close> = fetching.place(2)
    local into = function(_, handle)
      if handle.number == 1 then return nil, "550 no", "reject" end
      return true
    end
    run(place, { into = into, keep = false }, 1, 0, 1, 0, 1, 0, 1)
    assert.equal(1, #place.server:mailbox "mrose")
  end)

  it("takes an error of a delivery for a failure", function()
    local place <close> = fetching.place(2)
    local result = run(place, { into = function(_, handle)
      if handle.number == 1 then error "broken" end
      return true
    end }, 1, 0, 0, 1, 0, 0, 1)
    assert.equal("broken", result.problems[1].text)
  end)

  it("stops when the place is out of order, and counts nothing", function()
    local place <close> = fetching.place(100)
    local left = 40
    place.inbox = inbox { commit = function()
      left = left - 1
      if left < 0 then return nil, "disk full", "io" end
      return true
    end }
    local result, message, code, _, partial = place:sync { keep = false }
    assert.is_nil(result)
    assert.equal("disk full", message)
    assert.equal("io", code)
    assert.equal(0, partial.failed)
    assert.equal("confirmed", partial.quit)
    assert.equal(40, partial.new)
    place.inbox.opts = {}
    run(place, nil, 60)
  end)

  it("survives a RETR that is refused", function()
    local place <close> = fetching.place(3)
    place.server:fault { verb = "RETR", nth = 2, times = 1,
                         reply = "-ERR [SYS/TEMP] later" }
    local result = run(place, nil, 2, 0, 0, 1, 0, 0, 1)
    assert.equal(300, result.retry_after)
    run(place, nil, 1)
  end)

  it("records messages that came before the connection was lost", function()
    local place <close> = fetching.place(20)
    place.server:fault { verb = "RETR", nth = 11, times = 1,
                         cut = { bytes = 30 } }
    local result, _, code, _, partial = place:sync()
    assert.is_nil(result)
    assert.equal("closed", code)
    assert.is_true(partial.temporary)
    assert.equal(10, partial.new)
    run(place, nil, 10)
    assert.equal(20, #place.inbox.list)
  end)
end)
