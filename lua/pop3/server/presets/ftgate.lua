--- FTGate 2.
-- @module pop3.server.presets.ftgate
-- @local

local on = {}

-- +OK twice: the second one is where the message begins.
function on.TOP(session, n, lines)
  local reply = session.server.default.TOP(session, n, lines)
  if type(reply.body) == "string" then
    reply.body = "+OK " .. reply.text .. "\r\n" .. reply.body
  end
  return reply
end

return {
  title = "FTGate 2",
  options = {},
  on = on,
  quirks = {
    { what = "TOP is answered by +OK twice.",
      source = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, S7" },
  },
}
