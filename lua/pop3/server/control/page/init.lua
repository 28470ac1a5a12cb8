--- The page of the control: its files, which are beside this one, and the fields
-- of HTTP that go with them.
-- @module pop3.server.control.page
-- @local

local page = {}

-- require tells where this file is. In the executable of "make standalone",
-- where there are no files, the others are modules.
local NAME, PATH = ...

local TYPES = { html = "text/html; charset=utf-8",
                css = "text/css; charset=utf-8",
                js = "text/javascript; charset=utf-8" }

local FILES = { "index.html", "style.css", "main.js", "api.js", "dom.js",
                "dialogue.js", "mail.js", "message.js", "faults.js",
                "verify.js" }

-- Path of HTTP → name of the file.
local names = { ["/"] = "index.html" }
for _, name in ipairs(FILES) do
  if name ~= "index.html" then names["/page/" .. name] = name end
end

-- The page runs only its own scripts, and no text becomes markup or a script (Trusted
-- Types). It sends requests only to its own server.
local POLICY = table.concat({
  "default-src 'none'", "script-src 'self'", "style-src 'self'",
  "connect-src 'self'", "img-src data:", "frame-src 'self'",
  "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'",
}, "; ")

--- Is there a file of the page at a path?
-- @tparam string path of HTTP
-- @treturn boolean
function page.has(path)
  return names[path] ~= nil
end

--- The fields of the response with a file.
-- @tparam string path of HTTP
-- @treturn table
function page.fields_of(path)
  return { ["Content-Type"] = TYPES[names[path]:match "%w+$"],
           ["Content-Security-Policy"] = POLICY,
           -- "no-referrer" would make the Origin of the form for the frame null
           ["Referrer-Policy"] = "same-origin",
           ["Cross-Origin-Opener-Policy"] = "same-origin",
           ["Cross-Origin-Resource-Policy"] = "same-origin",
           ["X-Frame-Options"] = "DENY" }
end

--- The octets of a file.
-- @tparam string path of HTTP
-- @treturn string
function page.read(path)
  local name = names[path]
  local embedded = package.preload[NAME .. "/" .. name]
  if embedded then return embedded() end
  local file <close> = assert(io.open(PATH:gsub("init%.lua$", name), "rb"))
  return assert(file:read "a")
end

return page
