--- PGP/MIME (RFC 3156): its octets, for a program that implements OpenPGP.
-- @engine pop3.message.pgp
-- @local

local core = require "pop3.core"

-- The octets that a signature covers, with CRLF line ends (RFC 3156 section 5).
local function covered(part)
  return (part:raw():gsub("\r?\n", "\r\n"))
end

-- Is there nothing to read in a text? HTML may hold tags and no-break spaces.
local function is_blank(part)
  if part.type == "text/plain" then return core.message.blank(part) end
  if part.type ~= "text/html" then return false end
  local text = core.decode.html(core.message.text(part)):gsub("\u{A0}", "")
  return not text:find "[^ \t\r\n]"
end

-- The encrypted part of a message that Exchange has rewritten: multipart/mixed of an
-- empty text, application/pgp-encrypted and application/octet-stream.
local function mangled(part)
  if part.type ~= "multipart/mixed" then return nil end
  local version, encrypted
  for child in part:_parts() do
    if child.type == "application/pgp-encrypted" and not version then
      version = child
    elseif version and not encrypted
           and child.type == "application/octet-stream" then
      encrypted = child
    elseif not is_blank(child) then
      return nil
    end
  end
  return encrypted
end

--- @tparam part part
-- @treturn table|nil see the method `m:pgp` of `pop3.message`; nil if the part is not
-- PGP/MIME
return function(part)
  local first = part:_child()
  local second = first and first:_next()
  if not second then return nil end
  if part.type == "multipart/signed"
     and second.type == "application/pgp-signature" then
    return { signed = true, encrypted = false, octets = covered(first),
             signature = second:body() }
  end
  local encrypted = mangled(part)
  if part.type == "multipart/encrypted"
     and first.type == "application/pgp-encrypted" then
    encrypted = second
  end
  if encrypted then
    return { signed = false, encrypted = true, octets = encrypted:body() }
  end
end
