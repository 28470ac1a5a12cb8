--- The HTML of a mail as the page of the control shows it, in a frame: without scripts,
-- remote contents and links.
--
-- The policy of the response forbids scripts, forms and everything that would be
-- loaded. But a browser that refuses to follow a link, or to load a frame, may
-- have connected to the other host already, and no policy forbids links that
-- connect in advance (`rel=preconnect`). So the elements that name another
-- document get names that HTML does not have.
-- @module pop3.server.control.frame
-- @local

local frame = {}

local RENAMED = {}
for name in ([[a animate animatemotion animatetransform applet area base embed
               fencedframe frame frameset iframe link meta object portal
               set]]):gmatch "%l+" do
  RENAMED[name] = true
end

-- Links still look like links.
local STYLE = "<style>x-a { color: #0645ad; text-decoration: underline }</style>"

--- HTML without links, frames and the like.
--
-- A tag begins with "<" and a letter, or "</" and a letter; its name ends at a
-- blank, "/" or ">". There is a ">" before another tag can begin.
-- @tparam string html
-- @treturn string
function frame.contents(html)
  return html:gsub("<(/?)(%a[^%s/>]*)", function(slash, name)
    if RENAMED[name:lower()] then return "<" .. slash .. "x-" .. name end
  end) .. STYLE
end

--- Fields of the header of the response.
frame.fields = {
  ["Content-Type"] = "text/html; charset=utf-8",
  ["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src data:; "
    .. "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    .. "frame-ancestors 'self'",
  ["Referrer-Policy"] = "no-referrer", ["X-DNS-Prefetch-Control"] = "off",
}

return frame
