local message = require "pop3.message"

local function invitation(lines, head)
  return message.parse("Content-Type: text/calendar; charset=utf-8" .. (head or "")
    .. "\r\n\r\nBEGIN:VCALENDAR\r\n" .. table.concat(lines, "\r\n")
    .. "\r\nEND:VCALENDAR\r\n"):invitation()
end

describe("an invitation", function()
  it("has its time, its organiser and its attendees", function()
    local t = invitation { "METHOD:REQUEST", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin",
      "BEGIN:STANDARD", "DTSTART:19701025T030000", "END:STANDARD", "END:VTIMEZONE",
      "BEGIN:VEVENT", "UID:1@mail.example", "DTSTAMP:20261101T120000Z",
      "DTSTART;TZID=Europe/Berlin:20261123T080000",
      "DTEND;TZID=\"Europe/Berlin\":20261123T093000",
      "ORGANIZER;CN=\"Doe, Ann\":mailto:ann@mail.example",
      "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Bob:MAILTO:",
      " bob@mail.example", "ATTENDEE:mailto:eve@mail.example",
      "SUMMARY:Lunch\\, or\\nnot\\; Grü", "\tße", "LOCATION:Here", "SEQUENCE:2",
      "STATUS:CONFIRMED", "BEGIN:VALARM", "SUMMARY:no", "END:VALARM",
      "DESCRIPTION:later", "END:VEVENT", "BEGIN:VEVENT", "UID:2@x", "END:VEVENT" }
    assert.same({
      component = "event", method = "REQUEST", uid = "1@mail.example", sequence = 2,
      stamp = { iso = "2026-11-01T12:00:00Z", all_day = false },
      start = { iso = "2026-11-23T08:00:00", tzid = "Europe/Berlin", all_day = false },
      ["end"] = { iso = "2026-11-23T09:30:00", tzid = "Europe/Berlin",
                  all_day = false },
      organiser = { name = "Doe, Ann", address = "ann@mail.example", rsvp = false },
      attendees = {
        { name = "Bob", address = "bob@mail.example", role = "REQ-PARTICIPANT",
          status = "NEEDS-ACTION", rsvp = true },
        { name = "", address = "eve@mail.example", rsvp = false } },
      summary = "Lunch, or\nnot; Grüße", location = "Here", status = "CONFIRMED",
      description = "later",
    }, t)
  end)

  it("is read as programs write it", function()
    local t = invitation { "BEGIN:VEVENT", "SUMMARY:caf\xC3", " \xA9",
      "DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20261123T091213",
      "DTEND;TZID=\"W. Europe Standard Time\":20261123T101213 ",
      "ORGANIZER;CN=Lee\\, Ann;EMAIL=ann@x:urn:uuid:1",
      "ATTENDEE;MEMBER=\"mailto:a@x\",\"mailto:b@x\";CN=Ann ^'A^' Lee^^^nX;partstat="
      .. "accepted:mailto:a%2Bb@x",
      "ATTENDEE;CN=Bob:mailto:b%0Ac@x", "END:VEVENT" }
    assert.equal("café", t.summary)
    assert.same({ iso = "2026-11-23T09:12:13", all_day = false,
                  tzid = "(UTC+01:00) Amsterdam, Berlin" }, t.start)
    assert.equal("W. Europe Standard Time", t["end"].tzid)
    assert.same({ name = "Lee, Ann", address = "ann@x", rsvp = false }, t.organiser)
    assert.same({ { name = 'Ann "A" Lee^ X', address = "a+b@x", status = "ACCEPTED",
                    rsvp = false },
                  { name = "Bob", address = "b%0Ac@x", rsvp = false } }, t.attendees)
  end)

  it("may have its method at the end, or be a file", function()
    local text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n"
      .. "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:no\r\nEND:VEVENT\r\nMETHOD:REPLY\r\n"
      .. "END:VCALENDAR\r\n"
    for _, kind in ipairs { "text/calendar", "application/ics",
                            "application/octet-stream; name=invite.ICS" } do
      local t = message.parse("Content-Type: " .. kind .. "\r\n\r\n" .. text)
                       :invitation()
      assert.same({ component = "event", method = "REPLY", uid = "1",
                    attendees = {} }, t)
    end
  end)

  it("may be for days, a task, or in a part of any place", function()
    local t = invitation({ "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261123", "END:VEVENT" },
                         "; method=cancel")
    assert.same({ iso = "2026-11-23", all_day = true }, t.start)
    assert.equal("CANCEL", t.method)
    t = invitation { "BEGIN:VTODO", "DUE:20261123T080000", "END:VTODO" }
    assert.same({ "task", "2026-11-23T08:00:00" }, { t.component, t["end"].iso })
    for _, name in ipairs { "spec/messages/wild/att-calendar-alternative.eml",
                            "examples/mail/invitation.eml" } do
      local m <close> = assert(message.open(name))
      assert.is_true(m:invitation() ~= nil or name:find "wild" ~= nil)
    end
  end)

  it("is nil in other messages", function()
    assert.is_nil(message.parse("A: b\r\n\r\nx"):invitation())
    assert.is_nil(invitation {})
    assert.is_nil(invitation { "BEGIN:VTIMEZONE", "END:VTIMEZONE" })
    for _, line in ipairs { "DTSTART:junk", "DTSTART:2026112", "DTSTART;TZID=:x",
                            "ATTENDEE", "ATTENDEE;CN=\"x:y", ";", ":", "SEQUENCE:x" } do
      assert.is_table(invitation { "BEGIN:VEVENT", line, "END:VEVENT" })
    end
  end)
end)
