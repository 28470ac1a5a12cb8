--- USA.NET.
-- @module pop3.server.presets.usanet
-- @local

local SOURCE = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, I3"

local LINES = 10

local on = {}

function on.TOP(session, n, lines)
  local reply = session.server.default.TOP(session, n, lines)
  if type(reply.body) == "string" then
    local octets, from = session.maildrop:octets(n), 1
    for _ = 1, LINES do
      from = (octets:find("\n", from, true) or #octets) + 1
    end
    reply.body = octets:sub(1, from - 1)
  end
  return reply
end

return {
  title = "USA.NET",
  options = {},
  on = on,
  quirks = {
    { what = "TOP brings about 10 lines, head and all, however many are asked "
             .. "for.", source = SOURCE },
  },
}
