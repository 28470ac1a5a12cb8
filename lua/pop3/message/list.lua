--- The fields of a mailing list (RFC 2369, RFC 2919, RFC 8058).
-- @engine pop3.message.list
-- @local

local comment = require "pop3.message.comment"

local fields = { unsubscribe = "list-unsubscribe", subscribe = "list-subscribe",
                 post = "list-post", help = "list-help", owner = "list-owner",
                 archive = "list-archive" }

-- Schemes of URLs that are read without angle brackets too.
local schemes = { ["http"] = true, ["https"] = true, ["mailto"] = true, ["ftp"] = true,
                  ["news"] = true }

-- The URLs in angle brackets, white space removed. Comments (2) are skipped.
local function urls(value)
  local list, at, closed = {}, 1, true
  while true do
    at = value:find("[^ \t\r\n,]", at)
    if not at then return list end
    local c, url = value:byte(at), nil
    local next_at = closed and c == 40 and comment.skip(value, at)     -- "("
    if c == 40 and not next_at then closed = false end
    if c == 60 then                                         -- "<"
      local to = value:find(">", at, true)
      if not to then return list end
      url = value:sub(at + 1, to - 1):gsub("[ \t\r\n]", "")
      next_at = to + 1
    elseif not next_at then
      local _, last = value:find("^[^ \t\r\n,<(]+", at)
      next_at = (last or at) + 1
      url = value:sub(at, next_at - 1)
      local scheme = url:match "^(%a+):."
      if not scheme or not schemes[scheme:lower()] then url = nil end
    end
    if url and url ~= "" then list[#list + 1] = url end
    at = next_at
  end
end

-- A phrase without blanks and quotes around it.
local function phrase(text)
  local first, last = 1, #text
  while first <= last and text:find('^[ "]', first) do first = first + 1 end
  while last >= first and text:find('^[ "]', last) do last = last - 1 end
  return text:sub(first, last)
end

-- The identifier and the name in a List-Id field: it has the form of an address with a
-- name; a name with a comma in it is read up to the "<".
local function id_of(m)
  local boxes = m:addresses "list-id"
  if #boxes == 1 and boxes[1].address ~= "" then
    return boxes[1].address, boxes[1].name
  end
  local value = m:header "list-id"
  local from = value:find("<", 1, true)
  local to = from and value:find(">", from, true)
  return to and value:sub(from + 1, to - 1) or value,
         phrase(to and value:sub(1, from - 1) or "")
end

--- @tparam message m
-- @treturn table|nil see the method `m:list` of `pop3.message`
return function(m)
  local list = {}
  if m:header "list-id" then list.id, list.name = id_of(m) end
  for key, field in pairs(fields) do
    local value = m:header(field)
    if value then
      list[key] = urls(value)
      if key == "post" and value:find "^[Nn][Oo]%f[^%w]" then list.post = false end
    end
  end
  if next(list) == nil then return nil end
  local post = m:header "list-unsubscribe-post"
  list.one_click = post ~= nil
    and post:lower():find("list-unsubscribe=one-click", 1, true) ~= nil
  return list
end
