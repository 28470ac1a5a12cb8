-- Names for files, from what mail says.

local names = {}

-- What looks like no character but changes how the others look: U+061C,
-- U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
local bidi = {
  [0x61C] = true, [0x200E] = true, [0x200F] = true, [0x202A] = true,
  [0x202B] = true, [0x202C] = true, [0x202D] = true, [0x202E] = true,
  [0x2066] = true, [0x2067] = true, [0x2068] = true, [0x2069] = true,
}

local function drop(char)
  local c = utf8.codepoint(char)
  if bidi[c] or c < 0x20 or (c >= 0x7F and c <= 0x9F) then return "" end
end

--- The last piece of a name, without directories, control or bidi
-- characters; "" when nothing is left that could name a file.
function names.safe(name)
  name = name:gsub(utf8.charpattern, drop)
  name = name:match("[^/\\]*$"):match("^%s*(.-)%s*$")
  if name == "." or name == ".." then return "" end
  return name
end

local extensions = {
  ["text/plain"] = "txt", ["text/html"] = "html", ["text/calendar"] = "ics",
  ["text/csv"] = "csv", ["text/vcard"] = "vcf", ["text/x-vcard"] = "vcf",
  ["text/xml"] = "xml", ["application/xml"] = "xml",
  ["application/json"] = "json", ["application/pdf"] = "pdf",
  ["application/zip"] = "zip", ["application/gzip"] = "gz",
  ["application/msword"] = "doc", ["application/vnd.ms-excel"] = "xls",
  ["application/pgp-signature"] = "asc", ["application/pgp-keys"] = "asc",
  ["application/pkcs7-signature"] = "p7s",
  ["application/pkcs7-mime"] = "p7m", ["image/jpeg"] = "jpg",
  ["image/png"] = "png", ["image/gif"] = "gif", ["image/webp"] = "webp",
  ["image/svg+xml"] = "svg", ["image/tiff"] = "tif", ["audio/mpeg"] = "mp3",
  ["audio/wav"] = "wav", ["audio/ogg"] = "ogg", ["video/mp4"] = "mp4",
  ["message/rfc822"] = "eml", ["message/global"] = "eml",
  ["message/delivery-status"] = "txt",
}

--- A name for a part that has none: "part-1.2.pdf".
function names.default(part)
  local path = part.path ~= "" and part.path or "0"
  return "part-" .. path .. "." .. (extensions[part.type] or "bin")
end

return names
