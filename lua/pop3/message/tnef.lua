--- TNEF (MS-OXTNEF), the `winmail.dat` of Outlook: its body and attachments, read
-- only. Lengths and counts are checked against the octets that are there.
-- @engine pop3.message.tnef
-- @local

local core = require "pop3.core"
local filename = require "pop3.message.filename"
local rtf = require "pop3.message.rtf"

local SIGNATURE = 0x223E9F78
local MANY = 10000             -- attributes, properties, attachments
local DEPTH = 10               -- attached messages in one another

-- Attributes (MS-OXTNEF 2.1.3.2) by their id.
local SUBJECT, BODY, CODEPAGE, PROPS = 0x8004, 0x800C, 0x9007, 0x9003
local BEGINS, DATA, TITLE, ATTACHMENT = 0x9002, 0x800F, 0x8010, 0x9005

-- Properties (MS-OXPROPS).
local names = {
  [0x0037] = "subject", [0x1000] = "text", [0x1013] = "html", [0x1009] = "rtf",
  [0x3FDE] = "codepage", [0x3FFD] = "string_page", [0x3701] = "data", [0x3704] = "short_name",
  [0x3705] = "method", [0x3707] = "filename", [0x370E] = "type", [0x3712] = "cid",
  [0x3001] = "display_name",
}

local EMBEDDED = 5             -- a value of "method": a message

-- Types of properties (MS-OXCDATA 2.11.1): octets of those of fixed size.
local fixed = { [2] = 4, [3] = 4, [4] = 4, [5] = 8, [6] = 8, [7] = 8, [10] = 4,
                [11] = 4, [20] = 8, [64] = 8, [72] = 16 }
local variable = { [13] = true, [30] = true, [31] = true, [258] = true }
local OBJECT, STRING8, UNICODE, BINARY = 13, 30, 31, 258

-- ------------------------------------------------------------------ reading

-- Errors are raised as tables, and caught in the last function of the file.
local function broken(what)
  error({ why = "tnef: " .. what }, 0)
end

-- Unpack at 'at'.
local function take(format, octets, at)
  if at + format:packsize() - 1 > #octets then broken "the data ends too soon" end
  return format:unpack(octets, at)
end

local function slice(octets, at, n)
  if n > #octets - at + 1 then broken "a length is beyond the end" end
  return octets:sub(at, at + n - 1), at + n
end

-- Text of a code page as UTF-8, up to its NUL.
local function decode(octets, codepage)
  local text = core.decode.text(octets, "cp" .. codepage)
               or core.decode.text(octets, "cp1252")
  local last = text:find("\0", 1, true)
  return last and text:sub(1, last - 1) or text
end

-- Skip the name of a named property.
local function skip_name(octets, at)
  local kind, n
  kind, at = take("<I4", octets, at + 16)
  n, at = take("<I4", octets, at)
  if kind == 0 then return at end
  return at + (n + 3) // 4 * 4
end

-- The values of a property at 'at': 'set' gets the first one. Returns one past them,
-- or nil if the type is unknown, and so the length.
local function values(octets, at, kind, set)
  local base, count = kind & 0xEFFF, 1
  local size = fixed[base]
  if not size and not variable[base] then return nil end
  if kind & 0x1000 ~= 0 or variable[base] then
    count, at = take("<I4", octets, at)
    if count > MANY then broken "a property has too many values" end
  end
  for i = 1, count do
    local n, value = size
    if not n then n, at = take("<I4", octets, at) end
    value, at = slice(octets, at, n)
    if not size then at = at + -n % 4 end
    if i == 1 then set(base, value) end
  end
  return at
end

-- Known properties, by name: `{ type =, value = octets }`. What follows a property of
-- an unknown type cannot be read.
local function properties(octets, to)
  local count, at = take("<I4", octets, 1)
  if count > MANY then broken "there are too many properties" end
  for _ = 1, count do
    local kind, id
    kind, id, at = take("<I2I2", octets, at)
    if id >= 0x8000 then at = skip_name(octets, at) end
    at = values(octets, at, kind, function(base, value)
      if names[id] then to[names[id]] = { type = base, value = value } end
    end)
    if not at then return end
  end
end

-- The number that a property of fixed size holds, or nil.
local function number(property)
  if not property or not fixed[property.type] then return nil end
  return ("<i" .. math.min(#property.value, 8)):unpack(property.value)
end

-- The text of a property, or nil.
local function text(property, codepage)
  if not property then return nil end
  if property.type == UNICODE then return decode(property.value, 1200) end
  if property.type == STRING8 or property.type == BINARY then
    return decode(property.value, codepage)
  end
end

-- The octets of a property; of an object those after its interface id.
local function octets_of(property)
  if not property then return nil end
  if property.type == OBJECT then return property.value:sub(17) end
  return not fixed[property.type] and property.value or nil
end

-- ------------------------------------------------------------------ the whole

local read

-- The message in an attachment, as a table, or nil.
local function embedded(octets, depth)
  if depth >= DEPTH or #octets < 4 or ("<I4"):unpack(octets) ~= SIGNATURE then
    return nil
  end
  local ok, result = pcall(read, octets, depth + 1)
  if ok then return result end
  if type(result) ~= "table" or not result.why then error(result, 0) end
  return nil
end

-- The first of the texts that is not empty, or nil.
local function first_of(list)
  for i = 1, list.n do
    if list[i] and list[i] ~= "" then return list[i] end
  end
end

local function attachment(found, codepage, depth)
  local name = first_of(table.pack(text(found.filename, codepage),
    found.title and decode(found.title, codepage), text(found.short_name, codepage),
    text(found.display_name, codepage)))
  local inner = number(found.method) == EMBEDDED and octets_of(found.data)
  local octets = inner or found.octets or octets_of(found.data) or ""
  local kind = text(found.type, codepage)
  return {
    filename = name, safe_filename = filename.safe(name or ""), size = #octets,
    type = inner and "application/ms-tnef" or kind or "application/octet-stream",
    cid = text(found.cid, codepage), tnef = inner and embedded(inner, depth) or nil,
    body = function() return octets end,
  }
end

-- May an attribute begin with this? After the last one there may be anything.
local function is_attribute(level, id)
  return (level == 1 or level == 2) and id >> 16 <= 8 and id & 0xFFFF >= 0x8000
         and id & 0xFFFF < 0xA000
end

-- The attributes, undecoded: those of the message and of each attachment.
local function attributes(octets)
  if take("<I4", octets, 1) ~= SIGNATURE then broken "there is no signature" end
  local all, list, current = {}, {}, nil
  local at, count = 7, 0
  while at + 8 <= #octets do
    local level, id, n = ("<I1I4I4"):unpack(octets, at)
    if not is_attribute(level, id) then break end
    local data
    data, at = slice(octets, at + 9, n)
    at = at + 2  -- a checksum
    id, count = id & 0xFFFF, count + 1
    if count > MANY then broken "there are too many attributes" end
    if level == 2 then
      if id == BEGINS or not current then
        current = {}
        list[#list + 1] = current
      end
      if id == DATA then current.octets = data
      elseif id == TITLE then current.title = data
      elseif id == ATTACHMENT then properties(data, current) end
    elseif id == CODEPAGE and n >= 4 then
      all.page = ("<I4"):unpack(data)
    elseif id == SUBJECT then all.title = data
    elseif id == BODY then all.body = data
    elseif id == PROPS then properties(data, all) end
  end
  return all, list
end

-- The RTF of a message, and the HTML and the text made from it.
local function rich(all)
  local raw = octets_of(all.rtf)
  if not raw then return nil end
  local whole, err = rtf.decompress(raw)
  if not whole then broken(err) end
  local content, is_html = rtf.content(whole)
  return whole, is_html and content or nil, not is_html and content or nil
end

-- HTML in octets: in the code page that the message names for it, or as HTML in mail
-- is read that declares no charset.
local function html_of(all, codepage)
  local octets, page = all.html.value, number(all.codepage)
  if page then return decode(octets, page) end
  local charset = "cp" .. codepage
  local m <close> = core.message.parse("Content-Type: text/html\r\n\r\n" .. octets,
    { charset = core.message.charset(charset) and charset or nil })
  return decode(m:html(), 65001)
end

function read(octets, depth)
  local all, list = attributes(octets)
  local codepage = all.page ~= 0 and all.page or number(all.string_page) or 1252
  local whole, rich_html, rich_text = rich(all)
  local html
  if all.html and all.html.type == BINARY then
    html = html_of(all, codepage)
  else
    html = text(all.html, codepage)
  end
  for i, found in ipairs(list) do list[i] = attachment(found, codepage, depth) end
  return {
    subject = text(all.subject, codepage)
              or all.title and decode(all.title, codepage),
    text = text(all.text, codepage) or all.body and decode(all.body, codepage)
           or not html and not rich_html and rich_text or nil,
    html = html or rich_html, rtf = whole, attachments = list,
  }
end

--- @tparam part part
-- @treturn table|nil see the method `m:tnef` of `pop3.message`; nil if it is not TNEF
-- @treturn string the error
-- @treturn string "proto"
return function(part)
  local name = part.filename and part.filename:lower()
  if part.type ~= "application/ms-tnef"
     and part.type ~= "application/vnd.ms-tnef" and name ~= "winmail.dat" then
    return nil
  end
  local ok, result = pcall(read, part:body(), 1)
  if ok then return result end
  if type(result) ~= "table" or not result.why then error(result, 0) end
  return nil, result.why, "proto"
end
