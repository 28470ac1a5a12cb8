--- PGP/MIME (RFC 3156): recognised, and its octets handed out; checking them is
-- OpenPGP's affair.
-- @module pop3.message.pgp
-- @local

-- What a signature covers, with CRLF line ends (RFC 3156 section 5).
local function covered(part)
  return (part:raw():gsub("\r?\n", "\r\n"))
end

--- @tparam table part
-- @treturn ?table `signed` or `encrypted`, with `octets`, what was signed or is
-- encrypted, and `signature`; nil when it is no PGP/MIME
return function(part)
  local first = part:_child()
  local second = first and first:_next()
  if not second then return nil end
  if part.type == "multipart/signed"
     and second.type == "application/pgp-signature" then
    return { signed = true, encrypted = false, octets = covered(first),
             signature = second:body() }
  elseif part.type == "multipart/encrypted"
         and first.type == "application/pgp-encrypted" then
    return { signed = false, encrypted = true, octets = second:body() }
  end
end
