--- The Received fields of a message (RFC 5321 4.4): the servers that it passed.
-- @engine pop3.message.received
-- @local

local comment = require "pop3.message.comment"
local core = require "pop3.core"

local clauses = { from = "from", by = "by", via = "via", with = "protocol",
                  id = "id", ["for"] = "recipient" }

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
      at = comment.skip(text, at) or #text + 2
      return "comment", text:sub(from + 1, at - 2)
    elseif c == ";" then
      at = at + 1
      return ";", at
    end
    repeat                                  -- a quoted string is part of a word
      local _, last = text:find("^[^ \t\r\n();\"]+", at)
      if not last and text:byte(at) == 34 then
        last = text:find('"', at + 1, true) or at
      end
      if last then at = last + 1 end
    until not last
    if at == from then at = at + 1 end
    return "word", text:sub(from, at - 1)
  end
end

local function is_ip(text)
  return text:find "^%d+%.%d+%.%d+%.%d+$" ~= nil
         or text:find "^[%x:.]+$" ~= nil and text:find ":.*:" ~= nil
end

-- An address in brackets, "[192.0.2.1]" or "[IPv6:2001:db8::1]"; or alone, also
-- after a user, as in "ann@192.0.2.1".
local function ip_in(text)
  local from = text:find("[", 1, true)
  local to = from and text:find("]", from, true)
  local ip = to and text:sub(from + 1, to - 1) or text:match "^[^@]*@(.*)$" or text
  if ip:sub(1, 5):lower() == "ipv6:" then ip = ip:sub(6) end
  return is_ip(ip) and ip or nil
end

local WORDS = 4      -- words of a protocol, as in "Microsoft SMTP Server"

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
  local protocol                        -- its words so far, while it may go on
  for kind, text in tokens(hop.raw) do
    local clause = kind == "word" and clauses[text:lower()]
    if kind == ";" then
      places[#places + 1] = text
    elseif kind == "comment" then
      if name == "from" then
        hop.from_comment = hop.from_comment or text
        hop.ip = hop.ip or ip_in(text)
      end
    elseif clause and not hop[clause] then
      name = clause
    elseif name and not hop[name] then
      if name == "recipient" and text:sub(-1) == "," then text = text:sub(1, -2) end
      if name == "recipient" or name == "id" then
        text = text:match "^<(.*)>$" or text
      end
      hop[name] = text
      if name == "from" then hop.ip = ip_in(text) end
      protocol = name == "protocol" and { text } or nil
    elseif protocol and not clause and #protocol < WORDS then
      protocol[#protocol + 1] = text
      hop.protocol = table.concat(protocol, " ")
    end
    if kind ~= "word" or clause then protocol = nil end
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
