--- Content-ids in the `cid:` URLs of HTML (RFC 2392).
-- @engine pop3.message.cid
-- @local

local references = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

-- The character of a reference "&name;" or "&#number;", or nil.
local function character(name)
  local number = name:match "^#(%d+)$"
  local code = number and tonumber(number)
               or tonumber(name:match "^#[xX](%x+)$" or "", 16)
  if code then return code < 0x80 and string.char(code) or nil end
  return references[name]
end

--- The content-id that a URL names.
-- @tparam string url as written in HTML
-- @treturn string|nil nil if its scheme is not cid
return function(url)
  if url:sub(1, 4):lower() ~= "cid:" then return nil end
  local id = url:sub(5):gsub("&(#?%w+);", character):gsub("%%(%x%x)", function(x)
    return string.char(tonumber(x, 16))
  end)
  id = id:gsub("[ \t\r\n]", "")              -- there is none in an id
  if id:sub(1, 1) == "<" and id:sub(-1) == ">" then id = id:sub(2, -2) end
  return id
end
