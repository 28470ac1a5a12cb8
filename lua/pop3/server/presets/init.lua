--- Presets: known POP3 servers and their quirks. The option `preset` of
-- `pop3.server.new` takes a name or such a table.
--
-- Some of the quirks:
--
-- - `gmail`: fetched messages are not listed again; DELE does not delete;
--   `recent:`; 250 messages at a time
-- - `outlook`: Office 365: AUTH XOAUTH2 in two lines, or the connection ends
-- - `exchange`: 2003: sizes that are not those of the messages; AUTH NTLM is
--   answered by +OK
-- - `dovecot`, `cyrus`, `courier`, `zimbra`, `citadel`, `dbmail`, `uw`:
--   replies, unique-ids and limits of each; QUIT that hides a failed update
--   (`cyrus`, `citadel`); no lock (`courier`); an added header field in each
--   message (`uw`)
-- - `popa3d`: +OK and -ERR without a text, no CAPA; equal messages have one
--   unique-id
-- - `qmail`: sizes without CR, one more empty line at the end, STAT that counts
--   deleted messages
-- - `hmailserver`: TOP without dot-stuffing; LIST of deleted messages; `+ERR`
-- - `maillennium`, `openmail`, `ftgate`, `usanet`: TOP cut at 64 KiB, at a
--   line, at ten; +OK twice
-- - `aol`, `yahoo`, `aapt`, `o2`, `gmx`, `qpopper`, `twisted`, `domino`: no
--   UIDL in CAPA; LAST that claims that all was read; no CAPA; replies without
--   a text; names in replies; UIDL without the number; an invalid stamp
--
-- A preset has `title`; `options`, some of those of `pop3.server.new`; `on`,
-- handlers that show what options cannot; and `quirks`, a list of
-- `{ what =, source = }`. `pairs(presets)` goes over all of them, `presets()` returns
-- their names.
--
-- Options and handlers of the script take precedence over the preset. Unique-ids
-- that a script gives are not changed; others are made in the form of the real
-- server. STLS and the SASL mechanisms in the reply to CAPA follow
-- the options `tls` and `mechs`.
-- @module pop3.server.presets
-- @usage
-- local server = pop3.server.new{ preset = "gmail" }
-- for _, quirk in ipairs(pop3.server.presets.gmail.quirks) do
--   print(quirk.what, quirk.source)
-- end

local historic = require "pop3.server.presets.historic"

-- The presets with a separate file.
local names = {
  "citadel", "courier", "cyrus", "dbmail", "dovecot", "exchange", "gmail",
  "gmx", "hmailserver", "outlook", "popa3d", "qmail", "qpopper", "uw", "zimbra",
}

local known = {}
for _, name in ipairs(names) do known[name] = true end
for name in pairs(historic) do
  known[name] = true
  names[#names + 1] = name
end
table.sort(names)

local meta = {}

-- A file is read when its preset is used first.
function meta.__index(presets, name)
  if not known[name] then return nil end
  local preset = historic[name] or require("pop3.server.presets." .. name)
  rawset(presets, name, preset)
  return preset
end

function meta.__pairs(presets)
  local i = 0
  return function()
    i = i + 1
    return names[i], names[i] and presets[names[i]]
  end
end

function meta.__call()
  return table.move(names, 1, #names, 1, {})
end

return setmetatable({}, meta)
