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

-- The number that stands there; the check fails when no maildrop has so many.
local function number(t, digits, line)
  local n = digits and math.tointeger(tonumber(digits))
  t:must(n, "the numbers cannot be read: %s", line)
  return n
end

--- What STAT says in a session: count and octets.
function listing.stat_of(t, wire)
  local reply = t:granted(wire, "STAT")
  local count, octets = reply.shown:match "^%+OK (%d+) (%d+)"
  return number(t, count, reply.shown), number(t, octets, reply.shown)
end

--- The same in the session that checks share.
function listing.stat(t)
  return t:once("stat", function()
    return listing.stat_of(t, t:session())
  end, true)
end

--- What LIST says: a list of `{ number =, size = }`.
function listing.sizes(t)
  return t:once("sizes", function()
    local list = {}
    for i, line in ipairs(t:granted(t:session(), "LIST").body) do
      local n, size = line:match "^(%d+) (%d+)"
      list[i] = { number = number(t, n, line), size = number(t, size, line) }
    end
    return list
  end, true)
end

--- The reply to UIDL; the check is skipped where there is none.
function listing.uidl(t)
  return t:once("uidl", function()
    local reply = t:ask(t:session(), "UIDL")
    if not reply.ok then t:skip("UIDL is not offered: %s", reply.shown) end
    return reply
  end, true)
end

--- What a reply to UIDL says: a list of `{ number =, uid = }`.
function listing.uids_of(t, reply)
  local list = {}
  for i, line in ipairs(reply.body) do
    local n, uid = line:match "^(%d+) (%S+)"
    list[i] = { number = number(t, n, line), uid = uid }
  end
  return list
end

--- The same in the session that checks share.
function listing.uids(t)
  return listing.uids_of(t, listing.uidl(t))
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

--- Is a message refused because UTF8 was not said? RFC 6856 section 5 allows it.
function listing.needs_utf8(reply)
  return reply.ok == false and reply.level == "UTF8"
end

--- Some messages that are not too big, fetched: a list of `{ number =, size =,
-- reply =, octets = }`.
function listing.fetched(t)
  return t:once("fetched", function()
    local list = {}
    listing.first(t)
    local unfit = 0
    for _, entry in ipairs(listing.sizes(t)) do
      if #list == FETCHED or unfit == FETCHED then break end
      if entry.size <= MOST then
        local reply = t:ask(t:session(), "RETR " .. entry.number)
        if listing.needs_utf8(reply) then
          unfit = unfit + 1
        else
          t:must(reply.ok, "RETR %d is refused: %s", entry.number, reply.shown)
          list[#list + 1] = { number = entry.number, size = entry.size,
                              reply = reply,
                              octets = listing.unstuffed(reply) }
        end
      end
    end
    if not list[1] then
      t:skip("no message below %d octets can be had", MOST)
    end
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
