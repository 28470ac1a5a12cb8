--- The Received fields of a message (RFC 5321 4.4): the way that it took.
-- @engine pop3.message.received
-- @local

local core = require "pop3.core"

local clauses = { from = "from", by = "by", via = "via", with = "protocol",
                  id = "id", ["for"] = "recipient" }

-- One past the comment at 'at'.
local function skip_comment(text, at)
  local depth = 0
  while true do
    local found = text:find("[()\\]", at)
    if not found then return #text + 1 end
    local c = text:byte(found)
    at = found + 1
    if c == 92 then at = at + 1
    elseif c == 40 then depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then return at end
    end
  end
end

-- Words, comments and ";" in order: kind ("word", "comment", ";") and its text, for
-- ";" the place after it.
local function tokens(text)
  local at = 1
  return function()
    at = text:find("[^ \t\r\n]", at)
    if not at then return nil end
    local from = at
    local c = text:sub(at, at)
    if c == "(" then
      at = skip_comment(text, at)
      return "comment", text:sub(from + 1, at - 2)
    elseif c == ";" then
      at = at + 1
      return ";", at
    end
    local _, last = text:find("^[^ \t\r\n();]+", at)
    at = (last or from) + 1
    return "word", text:sub(from, at - 1)
  end
end

-- An address in brackets, "[192.0.2.1]" or "[IPv6:2001:db8::1]".
local function ip_in(text)
  local from = text:find("[", 1, true)
  local to = from and text:find("]", from, true)
  if not to then return nil end
  local ip = text:sub(from + 1, to - 1)
  if ip:sub(1, 5):lower() == "ipv6:" then ip = ip:sub(6) end
  return ip:find "^[%x.:]+$" and ip or nil
end

local LONGEST = 200  -- octets of a date, with comments
local LAST = 3       -- semicolons after which a date is looked for

-- The date after the last of the places where there is one.
local function date_after(text, places)
  for i = #places, math.max(#places - LAST + 1, 1), -1 do
    local from = places[i]
    local date = core.message.date(text:sub(from, from + LONGEST - 1))
    if date then return date end
  end
end

local function hop_of(raw)
  local hop, name, places = { raw = core.decode.words(raw) }, nil, {}
  for kind, text in tokens(hop.raw) do
    if kind == ";" then
      places[#places + 1] = text
    elseif kind == "comment" then
      if name == "from" then
        hop.from_comment = hop.from_comment or text
        hop.ip = hop.ip or ip_in(text)
      end
    elseif clauses[text:lower()] and not hop[clauses[text:lower()]] then
      name = clauses[text:lower()]
    elseif name and not hop[name] then
      if name == "recipient" or name == "id" then
        text = text:match "^<(.*)>$" or text
      end
      hop[name] = text
      if name == "from" then hop.ip = ip_in(text) end
    end
  end
  hop.date = date_after(hop.raw, places)
  return hop
end

--- @tparam message m
-- @treturn {table,...} the last hop first, as in the message
return function(m)
  local list = {}
  for _, raw in m:fields "received" do list[#list + 1] = hop_of(raw) end
  return list
end
