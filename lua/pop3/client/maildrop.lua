--- Methods of a client session that ask about the maildrop or change it.
-- @submodule pop3.session
-- @alias methods

local LONGEST = require "pop3.client.authorization".LONGEST
local argument = require "pop3.util.argument"
local commands = require "pop3.client.command"
local handle = require "pop3.client.handle"

local ask, command, event, fail, fetch, operation, refused =
  commands.ask, commands.command, commands.event, commands.fail,
  commands.fetch, commands.operation, commands.refused

local methods = {}

--- How much mail there is (STAT, RFC 1939 section 5).
-- @treturn integer messages that are not marked as deleted; or nil, message, code,
-- reply
-- @treturn ?integer their octets; nil when the server's number is not valid
-- @usage
-- local count, octets = assert(s:stat())
-- print(count, octets)
function methods:stat()
  local ok, text, count, octets = command(self, "STAT", "STAT")
  if not ok then return nil, text, count, octets end
  if not count then
    return fail(self, "STAT", "the reply has no count of messages", "proto")
  end
  return count, octets
end

-- The value of one message in a reply to LIST n or UIDL n. Some servers answer
-- UIDL n without the number.
local function value_of(s, verb, n)
  local label = verb .. " " .. n
  local ok, text, number, value = command(s, label, label)
  if not ok then return nil, text, number, value end
  if number ~= n and (number or not value or value == tostring(n)) then
    return fail(s, label, number and "the reply is about another message"
                or "the reply has no message number", "proto")
  elseif not value then
    return fail(s, label, "the reply has no value", "proto")
  end
  return value
end

-- A whole listing: a table, the count of its entries, and its defects.
local function listing(s, verb)
  local ok, message, code = ask(s, verb, verb)
  if not ok then return nil, message, code end
  local what, values, b, c = event(s, verb)
  if not what then return nil, values, b end
  if what == "reply" then return refused(s, verb, b, c) end
  if not values then return fail(s, verb, b, c) end
  return values, b, c
end

--- The sizes of all messages, or of one (LIST, RFC 1939 section 5).
-- @tparam[opt] integer n a message number
-- @treturn table|integer a table message number → octets; with `n` the octets; or
-- nil, message, code, reply
-- @treturn ?integer without `n`, the count of messages
-- @treturn ?table without `n`, the defects: nil, or a list of `{ number =, line =,
-- text = }` for lines without a message number or without a size. The other lines are
-- valid. The call fails with code "proto" only if more than 100 lines, and more than
-- half of them, are bad
-- @usage
-- for n, octets in pairs(assert(s:list())) do print(n, octets) end
-- print(s:list(1))
function methods:list(n)
  if n == nil then return listing(self, "LIST") end
  return value_of(self, "LIST", argument.number(n, 1))
end

--- The unique-ids of all messages, or of one (UIDL, RFC 1939 section 7).
-- @tparam[opt] integer n a message number
-- @treturn table|string a table message number → unique-id; with `n` the unique-id;
-- or nil, message, code, reply
-- @treturn ?integer without `n`, the count of messages
-- @treturn ?table without `n`, the defects, as for `list`
-- @usage
-- for n, uid in pairs(assert(s:uidl())) do print(n, uid) end
-- print(s:uidl(1))
function methods:uidl(n)
  if n == nil then return listing(self, "UIDL") end
  return value_of(self, "UIDL", argument.number(n, 1))
end

-- The numbers of all messages, as a set, where LIST had bad lines: those of UIDL,
-- and those of bad lines, are messages, too.
local function all_numbers(sizes, uids, defects)
  local there = {}
  for n in pairs(sizes) do there[n] = true end
  for n in pairs(uids or {}) do there[n] = true end
  for _, defect in ipairs(defects) do
    if defect.number then there[defect.number] = true end
  end
  return there
end

-- Two lists as one; either may be nil.
local function both(a, b)
  if not (a and b) then return a or b end
  return table.move(b, 1, #b, #a + 1, a)
end

--- All messages, as an iterator over handles, see `pop3.handle`. A handle has the
-- fields `number`, `size` (octets) and `uid` (nil when the server has no UIDL), and the
-- methods `retr([sink])`, `save(path)`, `top(lines[, sink])`, `message()`, `headers()`
-- and `dele()`. A message whose size or unique-id is missing in the listings of the
-- server has a handle, too; its `size` or `uid` is nil.
-- @tparam[opt] table opts
-- @tparam[opt="oldest"] string opts.order "oldest" (as numbered) or "newest"
-- @tparam[opt] {[string]=boolean,...} opts.uids a set, unique-id → true, of messages
-- to leave out
-- @treturn function iterator of handles; or nil, message, code, reply when the listing fails
-- @treturn ?table the defects of both listings, as for `list`
-- @usage for m in assert(s:messages{ order = "newest" }) do print(m.size) end
function methods:messages(opts)
  opts = opts or {}
  argument.options(opts, { order = { oldest = true, newest = true },
                           uids = "table" }, "messages", 1)
  argument.set(opts.uids or {}, "messages: uids", 1)
  local _ <close> = operation(self)
  local sizes, message, code, reply = listing(self, "LIST")
  if not sizes then return nil, message, code, reply end
  local defects = code
  local uids
  uids, message, code = listing(self, "UIDL")
  if not uids and code ~= "err" then return nil, message, code end
  local there = defects and all_numbers(sizes, uids, defects) or sizes
  if uids then defects = both(defects, code) end
  uids = uids or {}
  local skip, numbers = opts.uids or {}, {}
  for n in pairs(there) do
    local uid = uids[n]
    if uid == nil or not skip[uid] then numbers[#numbers + 1] = n end
  end
  local newest = opts.order == "newest"
  table.sort(numbers, function(a, b)
    if newest then return a > b end
    return a < b
  end)
  local i = 0
  return function()
    i = i + 1
    local n = numbers[i]
    if not n then return nil end
    return handle(self, n, sizes[n], uids[n])
  end, defects
end

-- A command whose reply is +OK or -ERR and nothing more.
local function simple(s, line)
  local ok, message, code, reply = command(s, line, line)
  if not ok then return nil, message, code, reply end
  return true
end

--- Mark a message as deleted (DELE). The server deletes it when `quit` succeeds.
-- @tparam integer n a message number
-- @treturn boolean true; or nil, message, code, reply
-- @usage
-- assert(s:dele(1))
-- assert(s:quit())                        -- now it is deleted
function methods:dele(n)
  return simple(self, "DELE " .. argument.number(n, 1))
end

--- Unmark all messages (RSET).
-- @treturn boolean true; or nil, message, code, reply
-- @usage
-- assert(s:dele(1))
-- assert(s:rset())                        -- message 1 stays
function methods:rset()
  return simple(self, "RSET")
end

--- Do nothing (NOOP). It restarts the timer of the server.
-- @treturn boolean true; or nil, message, code, reply
-- @usage
-- assert(s:noop())
function methods:noop()
  return simple(self, "NOOP")
end

--- Ask for UTF-8 in messages and user names (UTF8, RFC 6856 section 2), before the
-- login.
-- @treturn boolean true; or nil, message, code, reply
-- @usage
-- local s = assert(pop3.connect{ host = "mail.example" })
-- assert(s:utf8())
-- assert(s:login("ann", "secret"))
-- assert(s:quit())
function methods:utf8()
  return simple(self, "UTF8")
end

--- List the languages of the server's texts, or choose one (LANG, RFC 6856 section
-- 3).
-- @tparam[opt] string tag a language tag, such as "de"
-- @treturn {{tag=string,description=string},...}|boolean the list; with `tag` true;
-- or nil, message, code, reply
-- @usage
-- for _, language in ipairs(assert(s:lang())) do
--   print(language.tag, language.description)
-- end
function methods:lang(tag)
  if tag ~= nil then
    argument.text(tag, "the tag", 1, LONGEST - #"LANG ")
    if not tag:find "%S" then argument.misuse(1, "the tag is empty") end
    return simple(self, "LANG " .. tag)
  end
  local body, message, code, reply = fetch(self, "LANG", "LANG")
  if not body then return nil, message, code, reply end
  local list = {}
  for line in body:gmatch "([^\r\n]+)" do
    local name, text = line:match "^(%S+)%s*(.*)$"
    if name then list[#list + 1] = { tag = name, description = text } end
  end
  return list
end

return methods
