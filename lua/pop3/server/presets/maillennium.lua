--- The Maillennium proxy, of Comcast and others.
-- @module pop3.server.presets.maillennium
-- @local

local SOURCE = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, I8"

local MOST = 64 * 1024

local on = {}

function on.TOP(session, n, lines)
  local reply = session.server.default.TOP(session, n, lines)
  if type(reply.body) == "string" then reply.body = reply.body:sub(1, MOST) end
  return reply
end

return {
  title = "Maillennium POP3/PROXY",
  options = { greeting = "Maillennium POP3/PROXY server" },
  on = on,
  quirks = {
    { what = "The greeting names the software.", source = SOURCE },
    { what = "TOP is cut after 64 KiB, however many lines are asked for.",
      source = SOURCE },
  },
}
