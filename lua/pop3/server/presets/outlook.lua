--- Outlook.com, Office 365, Exchange Online.
-- @module pop3.server.presets.outlook
-- @local

local core = require "pop3.core"
local toolkit = require "pop3.server.presets.toolkit"

local LOG = "GitHub: kisli/vmime issue 267, protocol log"

local GUIDE = "Microsoft: Authenticate an IMAP, POP or SMTP connection using "
              .. "OAuth, POP Protocol Exchange"

-- The name of the machine in UTF-16, as base64.
local host = core.sasl.encode(("LPOP3.PROD.OUTLOOK.COM"):gsub(".", "%0\0"))

local REFUSED = "Command is not valid in this state."

local on = toolkit.on {
  capa = false,
  login = {
    ok = "User successfully logged on.",
    failed = "Logon failure: unknown user name or bad password.",
  },
  words = {
    USER = { ok = false, err = REFUSED },
    LIST = false, UIDL = false, RETR = false, TOP = false, DELE = false,
  },
}

local logs_in = on.AUTH
function on.AUTH(session, mechanism, initial)
  if mechanism and mechanism:upper() == "XOAUTH2" and initial then
    local reply = session:err "Protocol error. Connection is closed. 10"
    reply.close = "fin"
    return reply
  end
  local reply = logs_in(session, mechanism, initial)
  if reply.status == "-ERR" and mechanism
     and mechanism:upper() == "XOAUTH2" then
    reply.text = "Authentication failure: unknown user name or bad password."
  end
  return reply
end

return {
  title = "Outlook.com, Office 365, Exchange Online",
  options = {
    greeting = ("The Microsoft Exchange POP3 service is ready. [%s]")
               :format(host),
    mechs = { "PLAIN", "XOAUTH2" },
    capa = {
      authorization = { "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER" },
      transaction = { "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER" },
    },
  },
  on = on,
  quirks = {
    { what = "The greeting ends with a word in brackets, which is not a "
             .. "response code but base64 of the machine's name in UTF-16.",
      source = LOG },
    { what = "The reply to CAPA is +OK without a text and four lines, without "
             .. "PIPELINING and RESP-CODES.", source = LOG },
    { what = "AUTH XOAUTH2 with the token on the same line is a protocol error "
             .. "that ends the connection; the token goes on the next line.",
      source = "GitHub: getmail6/getmail6 issue 256; " .. GUIDE },
    { what = "The reply to a refused token says \"Authentication failure\".",
      source = GUIDE },
    { what = "The reply to a refused password says \"Logon failure\", without "
             .. "a response code.",
      source = "GitHub: mattnenterprise/rust-pop3 issue 17" },
    { what = "Before TLS, CAPA lists no way to log in.",
      source = "GitHub: IndySockets/Indy issue 192, comment of 2022-08-23" },
    { what = "USER before TLS is \"not valid in this state\".",
      source = "https://www.whileifblog.com/2012/07/15/testing-a-pop3-server-"
               .. "via-telnet-or-openssl/" },
    { what = "The reply to a login has a text of this server.",
      source = "GitHub: jstedfast/MailKit UnitTests/Net/Pop3/Resources/"
               .. "exchange/auth.txt" },
  },
}
