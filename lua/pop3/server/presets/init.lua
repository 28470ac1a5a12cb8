--- Servers in the field: what each is known to do, as data.
--
--    local server = pop3.server.new{ preset = "gmail", users = users }
--    for _, quirk in ipairs(pop3.server.presets.gmail.quirks) do
--      print(quirk.what, quirk.source)
--    end
--
-- A preset has `title`; `options`, some of those of `pop3.server.new`; `on`,
-- handlers that show what options cannot; and `quirks`, a list of
-- `{ what =, source = }`. `pairs` goes over all of them, `presets()` returns
-- their names.
--
-- Unique-ids that a script gives stay as they are; those that are made up have
-- the form of the server's own. STLS and the SASL mechanisms in the reply to
-- CAPA are those that the server has got: by `tls` and `mechs`.
-- @module pop3.presets

local names = {
  "aapt", "aol", "citadel", "courier", "cyrus", "dbmail", "domino",
  "dovecot", "exchange", "ftgate", "gmail", "gmx", "hmailserver",
  "maillennium", "o2", "openmail", "outlook", "popa3d", "qmail", "qpopper",
  "twisted", "usanet", "uw", "yahoo", "zimbra",
}

local known = {}
for _, name in ipairs(names) do known[name] = true end

local meta = {}

-- Each is a file of its own, read when it is first asked for.
function meta.__index(presets, name)
  if not known[name] then return nil end
  local preset = require("pop3.server.presets." .. name)
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
