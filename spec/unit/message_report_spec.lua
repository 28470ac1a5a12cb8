local message = require "pop3.message"

local function report(kind, octets, rest)
  return message.parse("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n"
    .. "what people read\r\n--b\r\nContent-Type: " .. kind .. "\r\n\r\n" .. octets
    .. "\r\n" .. (rest or "") .. "--b--\r\n"):report()
end

local header = "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Lunch?\r\n"
local whole = "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Lunch?\r\n\r\nhi\r\n"

describe("a report", function()
  it("of a delivery has the message and its recipients", function()
    local r = report("message/delivery-status",
      "Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 23 Nov 2026 08:00:00 +0100"
      .. "\r\n\r\nFinal-Recipient: RFC822;ann@mail.example\r\nAction: failed\r\n"
      .. "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n such user\r\n\r\n\r\n"
      .. "Final-Recipient: rfc822; bob@mail.example\r\nAction: delayed\r\n"
      .. "Original-Recipient: rfc822;bobby@mail.example\r\n", header)
    assert.equal("delivery", r.kind)
    assert.equal("mx.example", r.reporting_mta)
    assert.equal("2026-11-23T08:00:00+01:00", r.arrival_date.iso)
    assert.equal(2, #r.recipients)
    local ann, bob = r.recipients[1], r.recipients[2]
    assert.same({ "ann@mail.example", "failed", "5.1.1", "smtp; 550 no such user" },
      { ann.final_recipient, ann.action, ann.status, ann.diagnostic_code })
    assert.same({ "bob@mail.example", "delayed", "bobby@mail.example" },
      { bob.final_recipient, bob.action, bob.original_recipient })
    assert.equal("Lunch?", r.original.subject)
  end)

  it("of a disposition has the action", function()
    local r = report("message/disposition-notification",
      "Reporting-UA: pc.example; Mail 1\r\nFinal-Recipient: rfc822;ann@mail.example\r\n"
      .. "Original-Message-ID: <1@mail.example>\r\nDisposition: manual-action/"
      .. "MDN-sent-manually; displayed/error,warning\r\n", whole)
    assert.equal("disposition", r.kind)
    assert.equal("ann@mail.example", r.final_recipient)
    assert.equal("<1@mail.example>", r.original_message_id)
    assert.same({ action = "manual-action", sending = "mdn-sent-manually",
                  type = "displayed", modifiers = { "error", "warning" } },
                r.disposition)
    assert.equal("hi", r.original:text())
  end)

  it("of feedback has its lists", function()
    local r = report("message/feedback-report",
      "Feedback-Type: abuse\r\nVersion: 1\r\nSource-IP: 192.0.2.1\r\n"
      .. "Original-Rcpt-To: <a@x.example>\r\nOriginal-Rcpt-To: <b@x.example>\r\n"
      .. "Reported-Domain: x.example\r\n", whole)
    assert.equal("feedback", r.kind)
    assert.same({ "abuse", "192.0.2.1" }, { r.feedback_type, r.source_ip })
    assert.same({ "<a@x.example>", "<b@x.example>" }, r.original_rcpt_to)
    assert.same({ "x.example" }, r.reported_domain)
  end)

  it("of a delivery has its words without comments, and addresses alone", function()
    local r = report("message/delivery-status",
      "Reporting-MTA: dns; mx.example (a (nested) comment)\r\n\r\n"
      .. "Final-Recipient: LOCAL; \"a (b\"@x.example (Ann)\r\nAction: Failed (x)\r\n"
      .. "Status: 5.1.1 (bad mailbox)\r\nDiagnostic-Code: smtp; 550 (no)\r\n\r\n"
      .. "Final-Recipient: rfc822; <bob@x.example>\r\nAction: delayed (open\r\n")
    assert.equal("mx.example", r.reporting_mta)
    assert.same({
      { final_recipient = '"a (b"@x.example', action = "failed", status = "5.1.1",
        diagnostic_code = "smtp; 550 (no)" },
      { final_recipient = "bob@x.example", action = "delayed" },
    }, r.recipients)
  end)

  it("of a delivery may have one block only", function()
    for before, mta in pairs { [""] = false, ["Reporting-MTA: dns; mx\r\n"] = "mx" } do
      local r = report("message/delivery-status", before
        .. "Final-Recipient: rfc822; a@x\r\nAction: failed\r\nStatus: 5.0.0\r\n")
      assert.same({ kind = "delivery", reporting_mta = mta or nil, recipients = {
        { final_recipient = "a@x", action = "failed", status = "5.0.0" } } }, r)
    end
  end)

  it("of another kind is read over empty lines", function()
    local r = report("message/feedback-report",
      "Feedback-Type: auth-failure\r\n\r\n\r\nDelivery-Result: delivered\r\n")
    assert.equal("delivered", r.delivery_result)
  end)

  it("of a disposition may have a short one, or lack it", function()
    local function of(value)
      return report("message/disposition-notification", value .. "\r\n").disposition
    end
    assert.same({ type = "displayed", modifiers = {} }, of "Disposition: displayed")
    assert.same({ action = "a", sending = "b", type = "deleted", modifiers = { "x" } },
                of "Disposition: a / b (c; d) ; deleted/x")
    assert.is_nil(of "Final-Recipient: rfc822; a@x")
  end)

  it("has the header of its message, for every declared type", function()
    for _, kind in ipairs { "text/rfc822-headers", "message/rfc822-headers",
                            "message/global-headers" } do
      local r = report("message/delivery-status", "Reporting-MTA: dns; x\r\n",
        "--b\r\nContent-Type: " .. kind .. "\r\n\r\nSubject: Lunch?\r\n")
      assert.equal("Lunch?", r.original.subject)
    end
  end)

  it("may be broken, or alone", function()
    assert.same({ kind = "delivery", recipients = {} },
                report("message/delivery-status", ""))
    assert.same({ kind = "delivery", recipients = {}, reporting_mta = "" },
                report("message/delivery-status", "Reporting-MTA: dns;"))
    assert.equal("disposition", report("message/disposition-notification", "x").kind)
    assert.equal("feedback", message.parse(
      "Content-Type: message/feedback-report\r\n\r\nVersion: 1\r\n"):report().kind)
    assert.is_nil(message.parse("A: b\r\n\r\nx"):report())
  end)

  it("is read out of real mail", function()
    local m <close> = assert(message.open "examples/mail/bounce.eml")
    local r = m:report()
    assert.equal("delivery", r.kind)
    assert.equal("5.1.1", r.recipients[1].status)
    assert.is_string(r.original.subject)
  end)
end)
