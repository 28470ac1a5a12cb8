--- Courier.
-- @module pop3.server.presets.courier
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SEEN = "seen on Debian 12, courier-pop 1.0.16"
local SERVER = "GitHub: svarshavchik/courier-libs imap/pop3dserver.c"
local LOGIN = "GitHub: svarshavchik/courier-libs imap/pop3login.c"

local MISSING = "Invalid message number."
local CAPA = { "TOP", "USER", "LOGIN-DELAY 10", "PIPELINING", "UIDL",
               "UTF8 USER", "IMPLEMENTATION Courier Mail Server" }

local on = toolkit.on {
  capa = "Here's what I can do:",
  login = {
    ok = "logged in.",
    failed = function(session)
      return session.verb == "AUTH" and "Authentication failed."
             or "Login failed."
    end,
    shared = true,
    dress = function(_, drop)
      return toolkit.view(drop, { uid = toolkit.uids "UID%d-1790000000" })
    end,
  },
  words = {
    USER = "Password required.",
    LIST = { ok = "POP3 clients that break here, they violate STD53.",
             err = MISSING },
    UIDL = { ok = false, err = MISSING },
    RETR = { err = MISSING, ok = function(_, reply)
      return reply.text .. " follow."
    end },
    TOP = { ok = "headers follow.", err = MISSING },
    DELE = { ok = "Deleted.", err = MISSING },
    STLS = { ok = "Begin SSL/TLS negotiation now.",
             err = "TLS support not available." },
    NOOP = "Yup.", RSET = "Resurrected.", UTF8 = "UTF8 enabled",
    QUIT = function(session)
      return session.user and "Bye-bye." or "Better luck next time."
    end,
  },
  unknown = "Invalid command.",
  lacks = { "APOP", "LANG" },
}

return {
  title = "Courier",
  options = {
    greeting = "Hello there.",
    capa = { authorization = CAPA, transaction = CAPA },
    autologout = 300,
    failure_delay = 5,
  },
  on = on,
  quirks = {
    { what = "The greeting does not say that this is POP3.", source = SEEN },
    { what = "CAPA is the same before and after the login.", source = SEEN },
    { what = "CAPA says UTF8 USER, and UTF8 is known, but not LANG.",
      source = SEEN },
    { what = "CAPA has LOGIN-DELAY 10, which is not enforced.",
      source = "GitHub: svarshavchik/courier-libs imap/pop3dcapa.c, "
               .. "pop3dserver.c" },
    { what = "A failed login gets its reply after 5 seconds, without a "
             .. "response code.", source = LOGIN .. ", main" },
    { what = "The autologout comes after 5 minutes, not after 10.",
      source = SERVER .. ", loop" },
    { what = "The reply to LIST has a remark about clients.", source = SEEN },
    { what = "Unique-ids are UID, a number, a dash and the validity.",
      source = SEEN },
    { what = "There is no lock: two sessions may have the same maildrop.",
      source = SERVER .. ", main" },
    { what = "The reply to QUIT before the login differs from that after it.",
      source = SEEN },
    { what = "The reply to a wrong message number never says what is wrong.",
      source = SERVER .. ", getmsgnum" },
  },
}
