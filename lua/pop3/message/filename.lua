--- Safe names for files, made from the names that mail gives.
-- @engine pop3.message.filename
-- @local

local filename = {}

-- Ranges of code points that a name must not hold: controls, and characters that
-- are not seen but change how the others look or where a line ends.
local hidden = {
  { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x34F, 0x34F },
  { 0x61C, 0x61C }, { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F },
  { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F },
  { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF },
  { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0x1D173, 0x1D17A },
  { 0xE0000, 0xE0FFF },
}

local blank = {}
for _, c in ipairs { 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
                     0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A,
                     0x202F, 0x205F, 0x3000 } do
  blank[utf8.char(c)] = true
end

local function is_hidden(c)
  for _, range in ipairs(hidden) do
    if c < range[1] then return false end
    if c <= range[2] then return true end
  end
  return false
end

-- Device names of Windows, with any extension.
local devices = { con = true, prn = true, aux = true, nul = true,
                  ["conin$"] = true, ["conout$"] = true, ["clock$"] = true }
for _, digit in ipairs { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹",
                         "²", "³" } do
  devices["com" .. digit], devices["lpt" .. digit] = true, true
end

--- The last component of a name that is safe as a name of a file: without
-- directories, control, bidi, zero-width and line-separator characters, without
-- dots, dashes and blanks at the front, without dots and blanks at the end, and
-- not a device name of Windows.
-- @tparam string name valid UTF-8
-- @treturn string maybe ""
function filename.safe(name)
  local chars, n = {}, 0
  for _, c in utf8.codes(name, true) do
    if c == 0x2F or c == 0x5C then
      n = 0                               -- a directory ends
    elseif not is_hidden(c) then
      local char = utf8.char(c)
      if n > 0 or not (blank[char] or char == "." or char == "-") then
        n = n + 1
        chars[n] = char
      end
    end
  end
  while n > 0 and (blank[chars[n]] or chars[n] == ".") do n = n - 1 end
  local safe = table.concat(chars, "", 1, n)
  local dot = safe:find(".", 1, true)
  local stem = dot and safe:sub(1, dot - 1) or safe
  local last = #stem
  while stem:byte(last) == 32 do last = last - 1 end
  if last < 9 and devices[stem:sub(1, last):lower()] then safe = "_" .. safe end
  return safe
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
function filename.default(part)
  local path = part.path ~= "" and part.path or "0"
  return "part-" .. path .. "." .. (extensions[part.type] or "bin")
end

return filename
