--- The fields of a mailing list (RFC 2369, RFC 2919, RFC 8058, RFC 5064).
-- @engine pop3.message.list
-- @local

local fields = { unsubscribe = "list-unsubscribe", subscribe = "list-subscribe",
                 post = "list-post", help = "list-help", owner = "list-owner",
                 archive = "list-archive" }

-- The URLs in angle brackets, white space removed.
local function urls(value)
  local list, at = {}, 1
  while true do
    local from = value:find("<", at, true)
    local to = from and value:find(">", from, true)
    if not to then return list end
    local url = value:sub(from + 1, to - 1):gsub("[ \t\r\n]", "")
    if url ~= "" then list[#list + 1] = url end
    at = to + 1
  end
end

-- A phrase without blanks and quotes around it.
local function phrase(text)
  local first, last = 1, #text
  while first <= last and text:find('^[ "]', first) do first = first + 1 end
  while last >= first and text:find('^[ "]', last) do last = last - 1 end
  return text:sub(first, last)
end

--- @tparam message m
-- @treturn table|nil see the method `m:list` of `pop3.message`
return function(m)
  local list = {}
  local id = m:header "list-id"
  if id then
    local from = id:find("<", 1, true)
    local to = from and id:find(">", from, true)
    list.id = to and id:sub(from + 1, to - 1) or id
    list.name = phrase(to and id:sub(1, from - 1) or "")
  end
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
