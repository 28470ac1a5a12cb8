--- Servers made with Twisted's twisted.mail.
-- @module pop3.server.presets.twisted
-- @local

local on = {}

function on.UIDL(session, n)
  local reply = session.server.default.UIDL(session, n)
  if n and reply.status == "+OK" then
    reply.text = reply.text:gsub("^%d+ ", "")
  end
  return reply
end

return {
  title = "twisted.mail",
  options = {},
  on = on,
  quirks = {
    { what = "UIDL with a number is answered by the unique-id alone.",
      source = "GitHub: twisted/twisted issue 9104" },
  },
}
