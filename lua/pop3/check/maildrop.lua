--- The capabilities, listings and some messages of the server. Each is requested
-- once in a run and kept in the probe, which is the first argument.
-- @module pop3.check.maildrop
-- @local

local maildrop = {}

local MOST = 1 << 20  -- octets; larger messages are not fetched
local FETCHED = 5     -- messages to fetch

--- The capabilities before the login.
-- @tparam pop3.check.probe t
-- @treturn table tag in upper case → its arguments as one string; empty for a
-- server without CAPA
function maildrop.announced(t)
  return t:once("announced", function()
    local reply = t:ask(t:connect(), "CAPA")
    return maildrop.capabilities(reply)
  end)
end

--- The capabilities in a reply to CAPA.
-- @tparam table reply
-- @treturn table as in `announced`
function maildrop.capabilities(reply)
  local tags = {}
  for _, line in ipairs(reply.body or {}) do
    local tag, rest = line:gsub("\r?\n$", ""):match "^(%S+) ?(.*)$"
    if tag then tags[tag:upper()] = rest end
  end
  return tags
end

-- A number as an integer; the check fails when it is too large for one.
local function number(t, digits, line)
  local n = digits and math.tointeger(tonumber(digits))
  t:must(n, "a number is missing or too large: %s", line)
  return n
end

--- The result of STAT on a connection.
-- @treturn integer messages
-- @treturn integer octets
function maildrop.stat_of(t, link)
  local reply = t:granted(link, "STAT")
  local count, octets = reply.shown:match "^%+OK (%d+) (%d+)"
  return number(t, count, reply.shown), number(t, octets, reply.shown)
end

--- The result of STAT in the shared session.
-- @treturn integer messages
-- @treturn integer octets
function maildrop.stat(t)
  return t:once("stat", function()
    return maildrop.stat_of(t, t:session())
  end, true)
end

--- The result of LIST in the shared session.
-- @treturn {table,...} `{ number =, size = }`
function maildrop.sizes(t)
  return t:once("sizes", function()
    local list = {}
    for i, line in ipairs(t:granted(t:session(), "LIST").body) do
      local n, size = line:match "^(%d+) (%d+)"
      list[i] = { number = number(t, n, line), size = number(t, size, line) }
    end
    return list
  end, true)
end

--- The reply to UIDL in the shared session. Where it is refused, the check is
-- skipped.
-- @treturn table
function maildrop.uidl(t)
  return t:once("uidl", function()
    local reply = t:ask(t:session(), "UIDL")
    if not reply.ok then t:skip("UIDL is not offered: %s", reply.shown) end
    return reply
  end, true)
end

--- The entries of a reply to UIDL.
-- @treturn {table,...} `{ number =, uid = }`
function maildrop.uids_of(t, reply)
  local list = {}
  for i, line in ipairs(reply.body) do
    local n, uid = line:match "^(%d+) (%S+)"
    list[i] = { number = number(t, n, line), uid = uid }
  end
  return list
end

--- The result of UIDL in the shared session.
-- @treturn {table,...} `{ number =, uid = }`
function maildrop.uids(t)
  return maildrop.uids_of(t, maildrop.uidl(t))
end

--- The first entries of a list. If it is empty, the check is skipped.
-- @tparam pop3.check.probe t
-- @tparam table list
-- @tparam integer most
-- @treturn table
function maildrop.some(t, list, most)
  if not list[1] then t:skip "the maildrop is empty" end
  return { table.unpack(list, 1, most) }
end

--- The first message. Without one, the check is skipped.
-- @treturn table `{ number =, size = }`
function maildrop.first(t)
  return maildrop.some(t, maildrop.sizes(t), 1)[1]
end

--- The body of a reply with the stuffed dots removed.
-- @tparam table reply
-- @treturn string
function maildrop.unstuffed(reply)
  local lines = {}
  for i, line in ipairs(reply.body) do
    lines[i] = line:sub(1, 1) == "." and line:sub(2) or line
  end
  return table.concat(lines)
end

--- Is a message refused because UTF8 was not sent? RFC 6856 section 5 allows
-- it.
-- @tparam table reply
-- @treturn boolean
function maildrop.needs_utf8(reply)
  return reply.ok == false and reply.level == "UTF8"
end

--- Up to five messages of at most 1 MiB, fetched in the shared session.
-- @treturn {table,...} `{ number =, size =, reply =, octets = }`
function maildrop.fetched(t)
  return t:once("fetched", function()
    local list = {}
    maildrop.first(t)
    local unfit = 0
    for _, entry in ipairs(maildrop.sizes(t)) do
      if #list == FETCHED or unfit == FETCHED then break end
      if entry.size <= MOST then
        local reply = t:ask(t:session(), "RETR " .. entry.number)
        if maildrop.needs_utf8(reply) then
          unfit = unfit + 1
        else
          t:must(reply.ok, "RETR %d is refused: %s", entry.number, reply.shown)
          list[#list + 1] = { number = entry.number, size = entry.size,
                              reply = reply,
                              octets = maildrop.unstuffed(reply) }
        end
      end
    end
    if not list[1] then
      t:skip("no message of at most %d octets can be fetched", MOST)
    end
    return list
  end)
end

--- Skip the check if the server does not have an optional command.
-- @tparam pop3.check.probe t
-- @tparam string verb
function maildrop.needs(t, verb)
  if verb == "UIDL" then maildrop.uidl(t)
  elseif verb == "TOP" then
    t:once("top", function()
      local first = maildrop.first(t)
      local reply = t:ask(t:session(), ("TOP %d 0"):format(first.number))
      if not reply.ok then t:skip("TOP is not offered: %s", reply.shown) end
    end)
  end
end

return maildrop
