local message = require "pop3.message"

local function reply(text, head)
  local m = message.parse("Content-Type: text/plain; charset=utf-8" .. (head or "")
                          .. "\r\n\r\n" .. text:gsub("\n", "\r\n"))
  return (m:reply_text():gsub("\r\n", "\n"))
end

local cases = {
  ["no quotation"] = { "Hello\n\nAnn\n", "Hello\n\nAnn\n" },
  ["a quotation below"] = {
    "Yes.\n\nOn Mon, 2 Jan 2024, Bob <b@x.example> wrote:\n> Coming?\n> Bob\n", "Yes.\n" },
  ["an attribution of two lines"] = {
    "Yes.\n\nAm 2.1.2024 um 10:00 schrieb Bob\n<b@x.example>:\n\n> Kommst du?\n", "Yes.\n" },
  ["a quotation above"] = {
    "Bob a écrit :\n> Viens-tu ?\n\nOui.\n", "Oui.\n" },
  ["answers between"] = {
    "> one?\n\nyes\n\n> two?\n\nno\n", "yes\n\nno\n" },
  ["a signature"] = { "Hi\n-- \nAnn\nmail.example\n", "Hi\n" },
  ["Outlook"] = {
    "Fine.\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\n\nWell?\n",
    "Fine.\n" },
  ["Outlook without a line"] = {
    "Gut.\n\nVon: Bob <b@x.example>\nGesendet: Montag, 2. Januar 2024\nAn: Ann\n"
    .. "Betreff: Na?\n\nNa?\n", "Gut.\n" },
  ["a line of underscores"] = {
    "Ok\n________________________________\nFrom: Bob\nSent: x\n\ntext\n", "Ok\n" },
  ["a forwarded message"] = {
    "FYI\n\n---------- Forwarded message ---------\nFrom: Bob\n\ntext\n", "FYI\n" },
  -- these stay
  ["a sentence with a colon"] = { "From: here we see\nthe sea\n",
                                  "From: here we see\nthe sea\n" },
  ["a list"] = { "Bring:\n- bread\n- wine\n", "Bring:\n- bread\n- wine\n" },
  ["a rule of dashes"] = { "one\n-----\ntwo\n", "one\n-----\ntwo\n" },
  ["a line that ends with wrote"] = { "He wrote:\n\nnothing\n",
                                      "He wrote:\n\nnothing\n" },
  ["nothing new"] = { "> only\n> quoted\n", "" },
  ["nothing"] = { "", "" },
}

describe("the new text of a reply", function()
  for name, case in pairs(cases) do
    it(name, function() assert.equal(case[2], reply(case[1])) end)
  end

  it("is made of HTML where there is no text", function()
    local m = message.parse("Content-Type: text/html\r\n\r\n<p>Yes.</p><div>On Monday, "
      .. "Bob wrote:<blockquote>Coming?</blockquote></div>")
    assert.equal("Yes.\r\n", m:reply_text())
    assert.is_nil(message.parse("Content-Type: image/png\r\n\r\nx"):reply_text())
  end)

  it("has the lines of format=flowed joined", function()
    assert.equal("a b\n", reply("a \nb\n", "; format=flowed"))
  end)
end)
