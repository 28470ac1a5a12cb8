--- What is in the maildrop that is checked: found out once, for many checks.
-- @module pop3.check.listing
-- @local

local listing = {}

local MOST = 1 << 20  -- octets of a message that is fetched
local FETCHED = 5     -- messages that are fetched

--- The capabilities, by tag in upper case: the line's words behind it; none at
-- all from a server without CAPA.
-- @tparam pop3.check.probe t
-- @treturn table
function listing.announced(t)
  return t:once("announced", function()
    local reply = t:ask(t:connect(), "CAPA")
    return listing.capabilities(reply)
  end)
end

--- The same from a reply.
function listing.capabilities(reply)
  local tags = {}
  for _, line in ipairs(reply.body or {}) do
    local tag, rest = line:gsub("\r?\n$", ""):match "^(%S+) ?(.*)$"
    if tag then tags[tag:upper()] = rest end
  end
  return tags
end

--- What STAT says: count and octets.
function listing.stat(t)
  return t:once("stat", function()
    local reply = t:granted(t:session(), "STAT")
    local count, octets = reply.shown:match "^%+OK (%d+) (%d+)"
    t:must(count, "STAT's reply cannot be read: %s", reply.shown)
    return math.tointeger(count), math.tointeger(octets)
  end)
end

--- What LIST says: a list of `{ number =, size = }`.
function listing.sizes(t)
  return t:once("sizes", function()
    local list = {}
    for i, line in ipairs(t:granted(t:session(), "LIST").body) do
      local number, size = line:match "^(%d+) (%d+)"
      t:must(number, "a line of LIST cannot be read: %s", line)
      list[i] = { number = math.tointeger(number),
                  size = math.tointeger(size) }
    end
    return list
  end)
end

--- The reply to UIDL; the check is skipped where there is none.
function listing.uidl(t)
  return t:once("uidl", function()
    local reply = t:ask(t:session(), "UIDL")
    if not reply.ok then t:skip("UIDL is not offered: %s", reply.shown) end
    return reply
  end)
end

--- What UIDL says: a list of `{ number =, uid = }`.
function listing.uids(t)
  local list = {}
  for i, line in ipairs(listing.uidl(t).body) do
    local number, uid = line:match "^(%d+) (%S+)"
    t:must(number, "a line of UIDL cannot be read: %s", line)
    list[i] = { number = math.tointeger(number), uid = uid }
  end
  return list
end

--- The first messages of a list; the check is skipped where there are none.
function listing.some(t, list, most)
  if not list[1] then t:skip "the maildrop is empty" end
  return { table.unpack(list, 1, most) }
end

--- The first message, `{ number =, size = }`.
function listing.first(t)
  return listing.some(t, listing.sizes(t), 1)[1]
end

--- The body of a reply as it was before its dots were stuffed.
function listing.unstuffed(reply)
  local lines = {}
  for i, line in ipairs(reply.body) do
    lines[i] = line:sub(1, 1) == "." and line:sub(2) or line
  end
  return table.concat(lines)
end

--- Some messages that are not too big, fetched: a list of `{ number =, size =,
-- reply =, octets = }`.
function listing.fetched(t)
  return t:once("fetched", function()
    local list = {}
    listing.first(t)
    for _, entry in ipairs(listing.sizes(t)) do
      if entry.size <= MOST and #list < FETCHED then
        local reply = t:granted(t:session(), "RETR " .. entry.number)
        list[#list + 1] = { number = entry.number, size = entry.size,
                            reply = reply,
                            octets = listing.unstuffed(reply) }
      end
    end
    if not list[1] then t:skip("no message is below %d octets", MOST) end
    return list
  end)
end

--- The check is skipped where an optional command is not offered.
function listing.needs(t, verb)
  if verb == "UIDL" then listing.uidl(t)
  elseif verb == "TOP" then
    t:once("top", function()
      local first = listing.first(t)
      local reply = t:ask(t:session(), ("TOP %d 0"):format(first.number))
      if not reply.ok then t:skip("TOP is not offered: %s", reply.shown) end
    end)
  end
end

return listing
