--- popa3d.
-- @module pop3.server.presets.popa3d
-- @local

local core = require "pop3.core"
local toolkit = require "pop3.server.presets.toolkit"

local SEEN = "seen on Debian 12, popa3d 1.0.3"

-- A digest of the header fields that usually tell messages apart.
local function digest(octets)
  local fields = {}
  for line in octets:gmatch "([^\r\n]*)\r?\n" do
    if line == "" then break end
    local name = line:lower():match "^([^:%s]+):"
    if name == "message-id" or name == "received" then
      fields[#fields + 1] = line
    end
  end
  return core.md5(table.concat(fields, "\n")):sub(1, 16)
end

local function dress(_, drop)
  return toolkit.view(drop, { uid = function(uid, n)
    if not uid:find "^lpop3%.%d+$" then return uid end
    local octets = drop:octets(n)
    return octets and digest(octets) or uid
  end })
end

local NONE = { ok = false, err = function() return false end }

local on = toolkit.on {
  login = {
    ok = false, closes = true, dress = dress,
    failed = "Authentication failed (bad password?)",
  },
  words = { USER = NONE, LIST = NONE, UIDL = NONE, RETR = NONE, TOP = NONE,
            DELE = NONE, NOOP = NONE, RSET = NONE, QUIT = NONE },
  unknown = false,
  lacks = { "CAPA", "AUTH", "APOP", "UTF8", "LANG", "STLS" },
  on = { LAST = toolkit.last },
}
on.RETR, on.DELE = toolkit.reaching(on.RETR), toolkit.reaching(on.DELE)

return {
  title = "popa3d",
  options = { greeting = "", capa = false },
  on = on,
  quirks = {
    { what = "The greeting has no text.", source = SEEN },
    { what = "Replies are +OK or -ERR without a text.", source = SEEN },
    { what = "CAPA is not known.", source = SEEN },
    { what = "The reply to a wrong password is the only one with a text; it "
             .. "ends the connection.", source = SEEN },
    { what = "LAST is known.", source = SEEN },
    { what = "A unique-id is a digest of some header fields: all messages "
             .. "without Message-ID and Received have the same one.",
      source = SEEN },
  },
}
