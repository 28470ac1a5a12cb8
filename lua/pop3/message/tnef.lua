--- TNEF (MS-OXTNEF), the `winmail.dat` of Outlook: its body and attachments, read
-- only. Numbers that the octets name are checked against what is there; nothing
-- is copied before it is asked for.
-- @module pop3.message.tnef
-- @local

local core = require "pop3.core"

local SIGNATURE = 0x223E9F78
local MANY = 10000             -- attributes, properties, attachments
local RTF = 16 * 1024 * 1024   -- octets of an RTF body, decompressed

-- Attributes (MS-OXTNEF 2.1.3.2) by their id.
local SUBJECT, BODY, CODEPAGE, PROPS = 0x8004, 0x800C, 0x9007, 0x9003
local BEGINS, DATA, TITLE, ATTACHMENT = 0x9002, 0x800F, 0x8010, 0x9005

-- Properties (MS-OXPROPS).
local names = {
  [0x0037] = "subject", [0x1000] = "text", [0x1013] = "html", [0x1009] = "rtf",
  [0x3FDE] = "codepage", [0x3701] = "data", [0x3704] = "short_name",
  [0x3707] = "filename", [0x370E] = "type", [0x3712] = "cid",
  [0x3001] = "display_name",
}

-- Octets of a value of fixed size, by its type.
local fixed = { [2] = 4, [3] = 4, [4] = 4, [5] = 8, [6] = 8, [7] = 8, [10] = 4,
                [11] = 4, [20] = 8, [64] = 8, [72] = 16 }
local variable = { [13] = true, [30] = true, [31] = true, [258] = true }

-- ------------------------------------------------------------------ reading

-- A failure travels as an error object from wherever it is noticed.
local function broken(what)
  error({ why = "tnef: " .. what }, 0)
end

-- Unpack at `at`; an error when that is beyond the end.
local function take(format, octets, at)
  if at + format:packsize() - 1 > #octets then broken "it ends too soon" end
  return format:unpack(octets, at)
end

local function slice(octets, at, n)
  if n > #octets - at + 1 then broken "a length beyond the end" end
  return octets:sub(at, at + n - 1), at + n
end

-- Text in a charset as UTF-8, up to its NUL.
local function decode(octets, charset)
  local text = core.message.text(core.message.parse(
    "Content-Type: text/plain; charset=" .. charset .. "\r\n\r\n" .. octets))
  return text and text:match "^[^\0]*"
end

-- A value of type `kind`, as octets and the charset they are in, if any.
local function value_of(kind, octets, codepage)
  if kind == 31 then return decode(octets, "utf-16le") end
  if kind == 30 then return decode(octets, codepage) end
  if kind == 13 then return octets:sub(17) end  -- behind an interface's id
  return octets
end

-- Past a named property's name.
local function skip_name(octets, at)
  local kind, n
  kind, at = take("<I4", octets, at + 16)
  n, at = take("<I4", octets, at)
  if kind == 0 then return at end
  return at + (n + 3) // 4 * 4
end

-- Properties into `to`: those that are known, by name.
local function properties(octets, codepage, to)
  local count, at = take("<I4", octets, 1)
  if count > MANY then broken "too many properties" end
  for _ = 1, count do
    local kind, id, values
    kind, id, at = take("<I2I2", octets, at)
    if id >= 0x8000 then at = skip_name(octets, at) end
    local base, size = kind & 0xEFFF, fixed[kind & 0xEFFF]
    values = 1
    if kind & 0x1000 ~= 0 or variable[base] then
      values, at = take("<I4", octets, at)
      if values > MANY then broken "too many values" end
    end
    if not size and not variable[base] then broken "a type that is not known" end
    for i = 1, values do
      local n, name = size, i == 1 and names[id]
      local value
      if not n then n, at = take("<I4", octets, at) end
      value, at = slice(octets, at, n)
      if not size then at = at + -n % 4 end
      if size then  -- the one number that is of use
        if name == "codepage" then to.codepage = ("<i4"):unpack(value) end
      elseif name == "html" and base == 258 then
        to.html_octets = value
      elseif name and name ~= "codepage" then
        to[name] = value_of(base, value, codepage)
      end
    end
  end
end

-- -------------------------------------------------------------- compressed RTF

-- What the dictionary begins with (MS-OXRTFCP 2.1.2.1).
local START = [[{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}]]
  .. [[{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif]]
  .. [[SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0]]
  .. "\r\n" .. [[\par \pard\plain\f0\fs20\b\i\u\tab\tx]]

--- Decompress RTF (MS-OXRTFCP).
local function decompress(octets)
  local _, raw, magic = take("<I4I4I4", octets, 1)
  if raw > RTF then broken "an RTF body that is too long" end
  if magic == 0x414C454D then return (slice(octets, 17, raw)) end
  if magic ~= 0x75465A4C then broken "a compression that is not known" end
  local dict, write = { START:byte(1, -1) }, #START
  local out, done, n, at = {}, {}, 0, 17
  local function put(octet)
    n = n + 1
    out[#out + 1] = string.char(octet)
    if #out == 4096 then
      done[#done + 1] = table.concat(out)
      out = {}
    end
    dict[write % 4096 + 1] = octet
    write = write + 1
  end
  local function all()
    return (table.concat(done) .. table.concat(out)):sub(1, raw)
  end
  while at <= #octets and n < raw do
    local flags = octets:byte(at)
    at = at + 1
    for bit = 0, 7 do
      if flags >> bit & 1 == 0 then
        local octet = octets:byte(at)
        if not octet then return all() end
        put(octet)
        at = at + 1
      else
        if at + 1 > #octets then return all() end
        local token = (">I2"):unpack(octets, at)
        at = at + 2
        local from, length = token >> 4, (token & 15) + 2
        if from == write % 4096 then return all() end
        for i = 0, length - 1 do put(dict[(from + i) % 4096 + 1] or 0) end
      end
      if n >= raw then break end
    end
  end
  return all()
end

-- ------------------------------------------------------------------ the whole

-- What an attachment turned out to be.
local function attachment(found)
  local safe = require "pop3.message.filename".safe
  local name = found.filename or found.title or found.short_name
               or found.display_name
  local octets = found.octets or found.data or ""
  return {
    filename = name, safe_filename = safe(name or ""), size = #octets,
    type = found.type or "application/octet-stream", cid = found.cid,
    body = function() return octets end,
  }
end

local function read(octets)
  if take("<I4", octets, 1) ~= SIGNATURE then broken "it has no signature" end
  local all, list, current = {}, {}, nil
  local codepage, at, count = "windows-1252", 7, 0
  while at + 8 <= #octets do
    local level, id, n = ("<I1I4I4"):unpack(octets, at)
    local data
    data, at = slice(octets, at + 9, n)
    at = at + 2  -- a checksum
    id, count = id & 0xFFFF, count + 1
    if count > MANY then broken "too many attributes" end
    if level == 2 then
      if id == BEGINS or not current then
        current = {}
        list[#list + 1] = current
      end
      if id == DATA then current.octets = data
      elseif id == TITLE then current.title = decode(data, codepage)
      elseif id == ATTACHMENT then properties(data, codepage, current) end
    elseif id == CODEPAGE and n >= 4 then
      codepage = "windows-" .. ("<I4"):unpack(data)
    elseif id == SUBJECT then all.subject = decode(data, codepage)
    elseif id == BODY then all.text = decode(data, codepage)
    elseif id == PROPS then properties(data, codepage, all) end
  end
  local html = all.html
  if not html and all.html_octets then
    html = decode(all.html_octets, all.codepage == 65001 and "utf-8"
                  or all.codepage and "windows-" .. all.codepage or codepage)
  end
  for i, found in ipairs(list) do list[i] = attachment(found) end
  return {
    subject = all.subject, text = all.text, html = html,
    rtf = all.rtf and decompress(all.rtf), attachments = list,
  }
end

--- @tparam table part
-- @treturn ?table nil, message, code when it is no TNEF or broken
return function(part)
  local name = part.filename and part.filename:lower()
  if part.type ~= "application/ms-tnef"
     and part.type ~= "application/vnd.ms-tnef" and name ~= "winmail.dat" then
    return nil
  end
  local ok, result = pcall(read, part:body())
  if ok then return result end
  if type(result) ~= "table" or not result.why then error(result, 0) end
  return nil, result.why, "proto"
end
