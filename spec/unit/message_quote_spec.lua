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
  ["a patch"] = { "--- a/file\n+++ b/file\n", "--- a/file\n+++ b/file\n" },
  ["a face"] = { ">_< no\n", ">_< no\n" },
  ["a list of one item"] = { "- forwarded message: lost\n- x\n",
                             "- forwarded message: lost\n- x\n" },
  ["a table"] = { "| a | b |\n", "| a | b |\n" },
  ["a time and a colon"] = { "At 10:00:\n\nthanks\n", "At 10:00:\n\nthanks\n" },
  ["a route"] = { "De: Paris\nA: Lyon\n\ntrain\n", "De: Paris\nA: Lyon\n\ntrain\n" },
  ["a PGP key"] = { "-----BEGIN PGP KEY-----\nx\n-----END PGP KEY-----\n",
                    "-----BEGIN PGP KEY-----\nx\n-----END PGP KEY-----\n" },
  ["nothing new"] = { "> only\n> quoted\n", "" },
  ["nothing"] = { "", "" },
}

-- What programs write below the new text, in several languages.
local below = {
  gmail_fr_nnbsp =
    "Le lun. 23 nov. 2026 à 09:12, Ann Lee <ann@x.example> a écrit\u{202F}:\n\n"
    .. "> Hi\n",
  gmail_es =
    "El lun, 23 nov 2026 a las 9:12, Ann Lee (<ann@x.example>) escribió:\n\n"
    .. "> Hi\n",
  gmail_pt =
    "Em seg., 23 de nov. de 2026 às 09:12, Ann Lee <ann@x.example>\nescreveu"
    .. ":\n\n> Hi\n",
  gmail_ru =
    "пн, 23 нояб. 2026 г. в 09:12, Ann Lee <ann@x.example>:\n\n> Hi\n",
  gmail_ja =
    "2026年11月23日(月) 9:12 Ann Lee <ann@x.example>:\n\n> Hi\n",
  gmail_zh =
    "Ann Lee <ann@x.example> 于2026年11月23日周一 09:12写道：\n\n> Hi\n",
  gmail_ko =
    "2026년 11월 23일 (월) 오전 9:12, Ann Lee <ann@x.example>님이 작성:\n\n> Hi\n",
  apple_en =
    "> On 23 Nov 2026, at 09:12, Ann Lee <ann@x.example> wrote:\n>\n> Hi\n",
  apple_fwd =
    "Begin forwarded message:\n\n> From: Ann <a@x.example>\n> Subject: x\n>\n"
    .. "> Hi\n",
  apple_fwd_de =
    "Anfang der weitergeleiteten Nachricht:\n\n> Von: Ann <a@x.example>\n>\n"
    .. "> Hi\n",
  apple_fwd2 =
    "Begin forwarded message:\n\nFrom: Ann <a@x.example>\nSubject: x\nDate: "
    .. "1 Jan\nTo: b@x\n\nHi\n",
  tb_fwd =
    "-------- Forwarded Message --------\nSubject: \tx\nDate: \tMon\nFrom: "
    .. "\tAnn\n\nHi\n",
  tb_fwd_fr =
    "-------- Message transféré --------\nSujet : \tx\nDate : \tMon\nDe : \t"
    .. "Ann\n\nHi\n",
  outlook_fr_nbsp =
    "De\u{A0}: Ann Lee <ann@x.example>\nEnvoyé\u{A0}: lundi 23 novembre 2026"
    .. " 09:12\nÀ\u{A0}: Bob\nObjet\u{A0}: RE: x\n\nHi\n",
  outlook_es =
    "De: Ann Lee <ann@x.example>\nEnviado: lunes, 23 de noviembre de 2026 9:"
    .. "12\nPara: Bob\nAsunto: RE: x\n\nHi\n",
  outlook_ru =
    "От: Ann Lee <ann@x.example>\nОтправлено: 23 ноября 2026 г. 9:12\nКому: "
    .. "Bob\nТема: RE: x\n\nHi\n",
  outlook_ja =
    "差出人: Ann Lee <ann@x.example>\n送信日時: 2026年11月23日 9:12\n宛先: Bob\n件名: RE: "
    .. "x\n\nHi\n",
  outlook_zh =
    "发件人: Ann Lee <ann@x.example>\n发送时间: 2026年11月23日 9:12\n收件人: Bob\n主题: RE:"
    .. " x\n\nHi\n",
  outlook_sv =
    "Från: Ann Lee <ann@x.example>\nSkickat: den 23 november 2026 09:12\nTil"
    .. "l: Bob\nÄmne: SV: x\n\nHi\n",
  outlook_star =
    "*From:* Ann Lee <ann@x.example>\n*Sent:* Monday, November 23, 2026 9:12"
    .. " AM\n*To:* Bob\n*Subject:* RE: x\n\nHi\n",
  outlook_orig_fr2 =
    "-----Message d’origine-----\nDe : Ann\n\nHi\n",
  outlook_orig_ja =
    "-----元のメッセージ-----\nFrom: Ann\n\nHi\n",
  outlook_orig_de_caps =
    "-----URSPRÜNGLICHE NACHRICHT-----\nVon: Ann\n\nHi\n",
  yahoo =
    "On Monday, November 23, 2026 at 09:12:13 AM UTC, Ann Lee <ann@x.example"
    .. "> wrote: \n\nHi\n",
  yahoo_indent =
    "  On Monday, November 23, 2026 at 09:12:13 AM UTC, Ann Lee <ann@x.examp"
    .. "le> wrote:  \n \n Hi\n",
  proton =
    "------- Original Message -------\nOn Monday, November 23rd, 2026 at 9:1"
    .. "2 AM, Ann <a@x> wrote:\n\n> Hi\n",
  mutt =
    "On Mon, Nov 23, 2026 at 09:12:13AM +0100, Ann Lee wrote:\n> Hi\n> > old"
    .. "er\n",
  emacs =
    "Ann Lee <ann@x.example> writes:\n\n> Hi\n",
  initials =
    "Ann Lee <ann@x.example> writes:\n\nAL> Hi\nAL> more\n",
  bar =
    "On Mon, Ann wrote:\n| Hi\n| more\n",
  zoho = "---- On Mon, 23 Nov 2026 09:12:13 +0100 Ann <a@x.example> wrote ----\n\nHi\n",
}

describe("the new text of a reply", function()
  for name, case in pairs(cases) do
    it(name, function() assert.equal(case[2], reply(case[1])) end)
  end

  for name, text in pairs(below) do
    it("above " .. name, function()
      assert.equal("Yes.\n", reply("Yes.\n\n" .. text))
    end)
  end

  it("is made of HTML where there is no text", function()
    local m = message.parse("Content-Type: text/html\r\n\r\n<p>Yes.</p><div>On Monday, "
      .. "Bob wrote:<blockquote>Coming?</blockquote></div>")
    assert.equal("Yes.\r\n", m:reply_text())
    m = message.parse("Content-Type: text/html\r\n\r\n<div>Yes.</div><hr><div><b>From:"
      .. "</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> Bob</div><div>Hi</div>")
    assert.equal("Yes.\r\n", m:reply_text())
    assert.is_nil(message.parse("Content-Type: image/png\r\n\r\nx"):reply_text())
  end)

  it("has the lines of format=flowed joined", function()
    assert.equal("a b\n", reply("a \nb\n", "; format=flowed"))
  end)
end)
