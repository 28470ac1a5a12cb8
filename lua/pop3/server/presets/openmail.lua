--- HP OpenMail.
-- @module pop3.server.presets.openmail
-- @local

local toolkit = require "pop3.server.presets.toolkit"

local SOURCE = "GitHub: Distrotech/fetchmail fetchmail-FAQ.html, S3"

local on = toolkit.on {
  login = { dress = function(_, drop)
    return toolkit.view(drop, { size = function(size)
      return (size + 512) // 1024 * 1024
    end })
  end },
}

function on.TOP(session, n, lines)
  local reply = session.server.default.TOP(session, n, lines)
  if type(reply.body) == "string" then
    reply.body = reply.body:match "^[^\n]*\n?"
  end
  return reply
end

return {
  title = "HP OpenMail",
  options = { greeting = "OpenMail POP3 interface" },
  on = on,
  quirks = {
    { what = "The greeting names the software.", source = SOURCE },
    { what = "Sizes are rounded to 1024 octets.", source = SOURCE },
    { what = "TOP brings a single line, however many are asked for.",
      source = SOURCE },
  },
}
