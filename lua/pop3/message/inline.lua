--- HTML that can be shown without its message: pictures as data URLs (RFC 2397), and
-- UTF-8 as the charset that it declares.
-- @engine pop3.message.inline
-- @local

local cid_of = require "pop3.message.cid"
local core = require "pop3.core"

-- A picture that the HTML uses many times must not make the result much larger than
-- the message: the data URLs have at most this many times its size.
local GROWTH = 8

-- Types of pictures that are sent as application/octet-stream, by their extension.
local pictures = { png = "image/png", jpg = "image/jpeg", jpeg = "image/jpeg",
                   gif = "image/gif", webp = "image/webp", svg = "image/svg+xml",
                   bmp = "image/bmp" }

-- The type of a part that is a picture, or nil.
local function picture_type(part)
  if part.type:sub(1, 6) == "image/" then return part.type end
  if part.type ~= "application/octet-stream" or not part.filename then return nil end
  return pictures[part.filename:lower():match "%.(%w+)$"]
end

-- The picture with a content-id as a data URL, or nil.
local function data_url(part, id)
  local found = part:by_cid(id)
  local kind = found and picture_type(found)
  if not kind then return nil end
  return "data:" .. kind .. ";base64," .. core.encode.base64(found:body()):gsub("\r\n", "")
end

--- @tparam part part of the message with the pictures
-- @tparam string html in UTF-8
-- @treturn string
return function(part, html)
  local urls, out, at, seen = core.decode.urls(html), {}, 1, {}
  local room = GROWTH * #core.message.root(part):raw()
  local from, to = core.decode.meta(html)
  local function put(text, first, last)
    out[#out + 1] = html:sub(at, first - 1)
    out[#out + 1] = text
    at = last + 1
  end
  for i = 1, #urls, 2 do
    local first, last = urls[i], urls[i + 1]
    if from and from < first then
      put("utf-8", from, to)
      from = nil
    end
    local id = cid_of(html:sub(first, last))
    if id then
      if seen[id] == nil then seen[id] = data_url(part, id) or false end
      local data = seen[id]
      if data and #data <= room then
        room = room - #data
        put(data, first, last)
      end
    end
  end
  if from then put("utf-8", from, to) end
  out[#out + 1] = html:sub(at)
  return table.concat(out)
end
