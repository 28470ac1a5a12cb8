-- pop3.sync: which messages are the same, whatever the server does to their
-- unique-ids, sizes and listings.

local fetching = require "spec.support.fetching"

local function new(place, opts)
  local result = place:run(opts)
  assert.equal(0, result.failed, (result.problems[1] or {}).text)
  return result.new
end

-- A server with other behaviour takes the place of the one there was.
local function replaced(place, mail, opts)
  place:replace(mail, opts)
  return place
end

local function uids(count, format)
  local list = {}
  for i = 1, count do list[i] = (format or "id-%d"):format(i) end
  return list
end

describe("sync: identity", function()
  it("fetches all where all have one unique-id, and nothing twice", function()
    local mail = fetching.mail(20)
    local same = {}
    for i = 1, 20 do same[i] = "same" end
    local place <close> = fetching.place(mail, { uidl = same })
    assert.equal(20, new(place))
    assert.same(mail, place.inbox.list)
    assert.equal(0, new(place))
    assert.equal(20, place:count "RETR")
    -- the first ones were deleted by another client, two came
    local fewer = table.move(mail, 6, 20, 1, {})
    fewer[#fewer + 1] = fetching.mail(1, 50)[1]
    fewer[#fewer + 1] = fetching.mail(1, 51)[1]
    replaced(place, fewer, { uidl = table.move(same, 1, 17, 1, {}) })
    assert.equal(2, new(place))
    assert.equal(0, new(place))
  end)

  it("takes equal octets with one unique-id for one message", function()
    local mail = fetching.mail(2)
    local place <close> = fetching.place({ mail[1], mail[2], mail[1], mail[1] },
                                         { uidl = { "a", "b", "a", "a" } })
    assert.equal(2, new(place))
    assert.equal(0, new(place))
    assert.equal(4, place:count "RETR")
    place:run { keep = false }
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("fetches all where the UIDL lines of some are missing", function()
    local mail = fetching.mail(20)
    local ids = uids(20)
    local place <close> = fetching.place(mail, { uidl = ids })
    local half = true
    function place.server.on.UIDL(session, n)
      local reply = place.server.default.UIDL(session, n)
      if n or not half then return reply end
      local lines = {}
      for i = 1, 20, 2 do lines[#lines + 1] = i .. " " .. ids[i] end
      reply.body = lines
      return reply
    end
    assert.equal(20, new(place))
    assert.equal(0, new(place))
    half = false
    assert.equal(0, new(place))
    half = true
    assert.equal(0, new(place))
    assert.equal(20, place:count "RETR")
  end)

  it("recognises mail whose unique-id is missing this time", function()
    local place <close> = fetching.place(10)
    assert.equal(10, new(place))
    place.server.on.UIDL = function(session, n)
      local reply = place.server.default.UIDL(session, n)
      if not n then reply.body = { "1 " .. session.maildrop:uid(1) } end
      return reply
    end
    assert.equal(0, new(place))
    assert.equal(10, place:count "RETR")
  end)

  it("works without UIDL, by the header", function()
    local place <close> = fetching.place(10)
    place.server.on.UIDL = function(session) return session:err "unknown" end
    assert.equal(10, new(place))
    assert.equal(0, new(place))
    assert.equal(10, place:count "RETR")
    place:run { keep = false }
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("keeps messages apart that have one header and one size", function()
    local mail = {}
    for i = 1, 6 do mail[i] = "Subject: same\r\n\r\n" .. i .. "\r\n" end
    local place <close> = fetching.place(mail)
    place.server.on.UIDL = function(session) return session:err "unknown" end
    assert.equal(6, new(place))
    assert.equal(0, new(place))
  end)

  it("refuses to keep mail without UIDL and TOP, or goes by content", function()
    local place <close> = fetching.place(3)
    local function no(session) return session:err "unknown" end
    place.server.on.UIDL, place.server.on.TOP = no, no
    local _, message, code = place:sync()
    assert.equal("state", code)
    assert.truthy(message:find("neither UIDL nor TOP", 1, true))
    assert.equal(3, new(place, { dedupe = "content" }))
    assert.equal(0, new(place, { dedupe = "content" }))
    assert.equal(6, place:count "RETR")
    assert.equal(0, new(place, { keep = false }))
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("fetches other mail under known unique-ids, and deletes none unread",
     function()
    for _, keep in ipairs { true, false } do
      local place <close> = fetching.place(20, { uidl = uids(20) })
      assert.equal(20, new(place))
      local other = fetching.mail(20, 100)
      replaced(place, other, { uidl = uids(20) })
      assert.equal(20, new(place, { keep = keep }))
      assert.same(other, table.move(place.inbox.list, 21, 40, 1, {}))
      assert.equal(0, new(place, { keep = keep }))
      assert.equal(keep and 20 or 0, #place.server:mailbox "mrose")
    end
  end)

  it("does not delete other mail of the same id and size unread", function()
    local mail, other = {}, {}
    for i = 1, 5 do
      mail[i] = ("Subject: first %d\r\n\r\nbody\r\n"):format(i)
      other[i] = ("Subject: other %d\r\n\r\nbody\r\n"):format(i)
    end
    local place <close> = fetching.place(mail, { uidl = uids(5) })
    assert.equal(5, new(place))
    replaced(place, other, { uidl = uids(5) })
    assert.equal(5, new(place, { keep = false }))
    assert.same(other, table.move(place.inbox.list, 6, 10, 1, {}))
    assert.same({}, place.server:mailbox "mrose")
  end)

  it("takes mail whose size wanders for the same", function()
    local place <close> = fetching.place(10)
    assert.equal(10, new(place))
    place.server:fault { verb = "LIST", wrong_size = 7 }
    assert.equal(0, new(place))
    assert.equal(10, place:count "TOP")
    assert.equal(10, place:count "RETR")
  end)

  it("recognises old mail under new unique-ids", function()
    local mail = fetching.mail(30)
    local function place_with_new_ids()
      local place = fetching.place(mail, { uidl = uids(30) })
      assert.equal(30, new(place))
      local more = table.move(mail, 1, 30, 1, {})
      more[31] = fetching.mail(1, 99)[1]
      return replaced(place, more, { uidl = uids(31, "new-%d") })
    end
    do
      local place <close> = place_with_new_ids()
      assert.equal(1, new(place))
      assert.equal(1, place:count "RETR")
      assert.equal(0, new(place))
      assert.equal(31, place:count "TOP" + 1)
    end
    do
      local place <close> = place_with_new_ids()
      local _, _, code = place:sync { rekey = "stop" }
      assert.equal("state", code)
      assert.equal(0, place:count "RETR")
      assert.equal(31, new(place, { rekey = "fetch" }))
    end
  end)

  it("fetches other mail that merely has the sizes of the old", function()
    local place <close> = fetching.place(30, { uidl = uids(30) })
    assert.equal(30, new(place))
    local other = fetching.mail(30)
    for i, octets in ipairs(other) do
      other[i] = octets:gsub("message", "missive")
    end
    replaced(place, other, { uidl = uids(30, "new-%d") })
    assert.equal(30, new(place))
  end)

  it("takes a listing that disagrees for a temporary failure", function()
    local place <close> = fetching.place(20)
    assert.equal(20, new(place))
    local before = place:octets_of_state()
    local function disagrees(verb, handler)
      place.server.on[verb] = handler
      local result, _, code, _, partial = place:sync { keep = false, forget = 0 }
      assert.is_nil(result)
      assert.equal("proto", code)
      assert.is_true(partial.temporary)
      assert.equal(0, partial.deleted)
      assert.equal(before, place:octets_of_state())
      place.server.on[verb] = nil
    end
    disagrees("STAT", function(s) return s:ok "21 1000" end)
    disagrees("STAT", function(s) return s:ok "0 0" end)
    disagrees("LIST", function(s) return s:multi("", {}) end)
    disagrees("UIDL", function(s) return s:multi("", {}) end)
    disagrees("UIDL", function(s)
      local reply = place.server.default.UIDL(s)
      reply.body = { "1 a", "77 b" }
      return reply
    end)
    assert.equal(0, new(place))
  end)

  it("forgets nothing because of a maildrop that looks empty", function()
    local mail = fetching.mail(20)
    local place <close> = fetching.place(mail, { uidl = uids(20) })
    assert.equal(20, new(place))
    replaced(place, {}, {})
    assert.equal(0, new(place, { forget = 0 }))
    replaced(place, mail, { uidl = uids(20) })
    assert.equal(0, new(place))
  end)

  it("forgets messages that whole listings have not shown for days", function()
    local mail = fetching.mail(3)
    local place <close> = fetching.place(mail, { uidl = uids(3) })
    local time = 1800000000
    local function days(n)
      return { forget = 30, now = function() return time + n * 86400 end }
    end
    assert.equal(3, new(place, days(0)))
    replaced(place, { mail[3] }, { uidl = { "id-3" } })
    assert.equal(0, new(place, days(1)))
    local before = place:octets_of_state()
    assert.equal(0, new(place, days(30)))
    assert.equal(before, place:octets_of_state())
    assert.equal(0, new(place, days(32)))
    assert.truthy(place:octets_of_state():find "forgotten id%-1 1")
    replaced(place, mail, { uidl = uids(3) })
    assert.equal(2, new(place, days(33)))
  end)

  it("keeps odd unique-ids apart", function()
    local odd = { "..", "/", "a b", "%", "%41", "A", "\xff\xfe", "-", "a\tb",
                  ("x"):rep(70), "~`!@#$^&*()" }
    local mail = fetching.mail(#odd)
    local place <close> = fetching.place(mail, { uidl = odd })
    assert.equal(#odd, new(place))
    assert.equal(0, new(place))
    local ids = {}
    for id in pairs(place.inbox.mail) do
      assert.truthy(id:find "^%x+$")
      ids[#ids + 1] = id
    end
    assert.equal(#odd, #ids)
  end)

  it("gives a message the same id at every attempt", function()
    local place <close> = fetching.place(2)
    local ids = {}
    local function into(_, handle)
      ids[#ids + 1] = handle.id
      return nil, "later"
    end
    place:run { into = into }
    place:run { into = into }
    assert.same({ ids[1], ids[2] }, { ids[3], ids[4] })
    assert.not_equal(ids[1], ids[2])
  end)
end)
