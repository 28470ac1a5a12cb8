--- Checks of CAPA, the capabilities and pipelining: RFC 2449.
-- @module pop3.check.rules.capabilities
-- @local

local authorization = require "pop3.check.rules.authorization"
local new_list = require "pop3.check.list"
local maildrop = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local checks, check = new_list(2449)

-- The reply to CAPA before the login. Without CAPA, the check is skipped.
local function before_login(t)
  return t:once("capa", function()
    local reply = t:ask(t:connect(), "CAPA")
    if not reply.ok then t:skip("CAPA is not offered: %s", reply.shown) end
    return reply
  end)
end

local function after_login(t)
  before_login(t)
  return t:once("capa-after", function()
    return t:ask(t:session(), "CAPA")
  end)
end

-- The replies of both states; of the first only where no login is possible.
local function both(t)
  local list = { before_login(t) }
  if not t.barred then list[2] = after_login(t) end
  return list
end

-- The arguments of a capability. If it is not announced, the check is skipped.
local function words(t, tag, reply)
  local rest = maildrop.capabilities(reply or before_login(t))[tag]
  if not rest then t:skip("%s is not announced", tag) end
  local list = {}
  for word in rest:gmatch "%S+" do list[#list + 1] = word end
  return list
end

check("CAPA", "5", function(t)
  before_login(t)
end)

check("CAPA-format", "3", function(t)
  for _, reply in ipairs(both(t)) do
    for _, line in ipairs(reply.body or {}) do
      t:must(line:find "^[\33-\45\47-\127][\33-\45\47-\127]*[ \33-\127]*\r\n$",
             "a line of CAPA is not a capability: %s", line)
      t:should(not line:find "  " and not line:find " \r\n$",
               "a line of CAPA has superfluous spaces: %s", line)
      t:must(#line <= 512, "a line of CAPA has %d octets", #line)
    end
  end
end)

check("CAPA-once-each", "5", function(t)
  local seen = {}
  for _, line in ipairs(before_login(t).body) do
    local tag = line:match "^[^ \r\n]*":upper()
    t:should(not seen[tag], "%s is announced twice", tag)
    seen[tag] = true
  end
end)

check("CAPA-in-transaction", "5", function(t)
  local reply = after_login(t)
  t:must(reply.ok, "CAPA is refused in the TRANSACTION state: %s",
         reply.shown)
end)

check("CAPA-in-both-states", "5", function(t)
  local reply = after_login(t)
  if not reply.ok then t:skip "CAPA is refused in the TRANSACTION state" end
  local before = maildrop.capabilities(before_login(t))
  local after, gone = maildrop.capabilities(reply), {}
  for tag in pairs(before) do
    if tag ~= "STLS" and not after[tag] then gone[#gone + 1] = tag end
  end
  table.sort(gone)
  t:must(not gone[1], "announced before the login and not after it: %s",
         table.concat(gone, " "))
end)

-- Capabilities whose RFC says that the arguments are the same in both states.
local constant = { "TOP", "USER", "SASL", "RESP-CODES", "PIPELINING", "UIDL",
                   "IMPLEMENTATION", "AUTH-RESP-CODE", "UTF8", "LANG" }

local function sorted(rest)
  local list = {}
  for word in rest:gmatch "%S+" do list[#list + 1] = word end
  table.sort(list)
  return table.concat(list, " ")
end

check("CAPA-arguments-in-both-states", "5", function(t)
  local before = maildrop.capabilities(before_login(t))
  local after = maildrop.capabilities(after_login(t))
  for _, tag in ipairs(constant) do
    local one, other = before[tag], after[tag]
    t:must(not (one and other) or sorted(one) == sorted(other),
           "%s is announced with '%s' before the login, with '%s' after it",
           tag, one, other)
  end
end)

check("CAPA-with-argument", "5", function(t)
  before_login(t)
  t:refused(t:connect(), "CAPA x")
end)

check("CAPA-case", "5", function(t)
  before_login(t)
  t:granted(t:connect(), "capa")
end)

check("session-survives-CAPA", "5", function(t)
  before_login(t)
  local link = t:connect()
  t:granted(link, "CAPA")
  t:granted(link, "CAPA")
  t:granted(link, "QUIT")
end)

-- ------------------------------------------------------------- capabilities

local bare = { { "TOP", "6.1" }, { "USER", "6.2" }, { "RESP-CODES", "6.4" },
               { "PIPELINING", "6.6" }, { "UIDL", "6.8" },
               { "AUTH-RESP-CODE", "6", 3206 }, { "STLS", "4", 2595 },
               { "LANG", "3.1", 6856 } }
for _, row in ipairs(bare) do
  check(row[1] .. "-has-no-arguments", row[2], function(t)
    local list = words(t, row[1])
    t:must(not list[1], "%s is announced with the argument '%s'", row[1],
           list[1])
  end, { rfc = row[3] })
end

-- A capability is announced if and only if its command works.
for _, row in ipairs { { "TOP", "6.1" }, { "UIDL", "6.8" } } do
  local tag = row[1]
  check(tag .. "-announced-and-there", row[2], function(t)
    local announced = maildrop.capabilities(before_login(t))[tag]
    local line = tag
    if tag == "TOP" then
      line = ("TOP %d 0"):format(maildrop.first(t).number)
    end
    local reply = t:ask(t:session(), line)
    if maildrop.needs_utf8(reply) then t:skip "message 1 needs UTF8" end
    t:must(reply.ok or not announced, "%s is announced and refused: %s", tag,
           reply.shown)
    t:should(announced or not reply.ok, "%s works and is not announced", tag)
  end)
end

check("USER-announced-and-there", "6.2", function(t)
  local announced = maildrop.capabilities(before_login(t)).USER
  if t.barred then t:skip(t.barred) end
  local reply = t:ask(t:connect(), "USER " .. t.opts.user)
  -- it need not work for every user
  t:should(reply.ok or not announced, "USER is announced and refused: %s",
           reply.shown)
  t:should(announced or not reply.ok, "USER works and is not announced")
end)

-- The argument is a number or the given word; in the AUTHORIZATION state USER
-- may follow.
local function policy(tag, section, word)
  check(tag .. "-format", section, function(t)
    for state, reply in ipairs(both(t)) do
      local list = words(t, tag, reply)
      local value = list[1]
      t:must(value and (value:find "^%d+$" or value:upper() == word),
             "%s has the argument '%s'", tag, value)
      t:must(#list == 1 or #list == 2 and list[2]:upper() == "USER",
             "%s has too many arguments: %s", tag, table.concat(list, " "))
      t:should(state == 1 or not list[2], "%s has the argument USER after the "
               .. "login", tag)
    end
  end)
end
policy("LOGIN-DELAY", "6.5")
policy("EXPIRE", "6.7", "NEVER")

-- The value announced before a login must hold for all users, so it is the
-- worst of their values. The argument USER says that values differ.
local function worst(tag, section, is_worse)
  check(tag .. "-before-and-after-login", section, function(t)
    local before = words(t, tag)
    local after = words(t, tag, after_login(t))
    local function days(word)
      return word and (word:upper() == "NEVER" and math.huge or tonumber(word))
    end
    local one, other = days(before[1]), days(after[1])
    if not (one and other) then t:skip("the value of %s is invalid", tag) end
    t:must(not is_worse(other, one), "%s is %s before the login, and worse "
           .. "after it: %s", tag, before[1], after[1])
    t:should(one == other or before[2], "%s differs after the login, and it "
             .. "has no argument USER before it", tag)
  end)
end
worst("LOGIN-DELAY", "6.5", function(a, b) return a > b end)
worst("EXPIRE", "6.7", function(a, b) return a < b end)

check("LOGIN-DELAY-enforced", "6.5", function(t)
  words(t, "LOGIN-DELAY")
  t:way()
  if t.meant == nil then
    if t.delay <= 1 then t:skip "the delay is 1 second or less" end
    t:unshare()
    t:session()
  end
  t:should(t:means_delay(), "a login within the delay is accepted")
end)

check("IMPLEMENTATION-format", "6.9", function(t)
  local list = both(t)
  local said = words(t, "IMPLEMENTATION", list[#list])
  t:should(said[1], "IMPLEMENTATION has no argument")
end)

check("SASL-format", "6.3", function(t)
  local list = words(t, "SASL")
  for _, name in ipairs(list) do
    t:must(#name <= 20 and name:find "^[%u%d_-]+$",
           "SASL announces an invalid mechanism name: %s", name)
  end
  t:should(list[1], "SASL is announced without a mechanism")
end)

-- ---------------------------------------------------------------- pipelining

local function needs_pipelining(t)
  words(t, "PIPELINING")
end

check("PIPELINING-in-authorization", "6.6", function(t)
  needs_pipelining(t)
  local link = t:connect()
  link:send "XCHECK\r\nCAPA\r\nSTAT\r\nQUIT\r\n"
  t:must(t:reply(link, "XCHECK").ok == false, "XCHECK is accepted")
  t:must(t:reply(link, "CAPA").ok, "CAPA is refused in a batch")
  t:must(t:reply(link, "STAT").ok == false, "STAT is accepted")
  t:must(t:reply(link, "QUIT").ok, "QUIT is refused in a batch")
end)

check("PIPELINING-in-transaction", "6.6", function(t)
  needs_pipelining(t)
  local link = t:session()
  local alone = t:granted(link, "STAT")
  local count = maildrop.stat(t)
  link:send "NOOP\r\nSTAT\r\nXCHECK\r\nLIST\r\nSTAT\r\n"
  t:must(t:reply(link, "NOOP").ok, "NOOP is refused in a batch")
  local first = t:reply(link, "STAT")
  t:must(first.shown == alone.shown, "the reply to STAT in a batch is %s, and "
         .. "alone %s", first.shown, alone.shown)
  t:must(t:reply(link, "XCHECK").ok == false, "XCHECK is accepted")
  local list = t:reply(link, "LIST")
  t:must(list.ok and #list.body == count, "the reply to LIST in a batch is %s",
         list.shown)
  t:must(t:reply(link, "STAT").shown == first.shown, "two replies to STAT in a "
         .. "batch differ")
end)

check("PIPELINING-of-RETR", "6.6", function(t)
  needs_pipelining(t)
  local list = maildrop.fetched(t)
  local link = t:session()
  local batch = {}
  for i, m in ipairs(list) do batch[i] = ("RETR %d\r\n"):format(m.number) end
  link:send(table.concat(batch) .. "NOOP\r\n")
  for _, m in ipairs(list) do
    local reply = t:reply(link, "RETR")
    t:must(reply.ok and maildrop.unstuffed(reply) == m.octets,
           "message %d differs when it is fetched in a batch", m.number)
  end
  t:must(t:reply(link, "NOOP").ok, "NOOP is refused in a batch")
end)

check("PIPELINING-of-a-login", "6.6", function(t)
  needs_pipelining(t)
  if t:way() ~= login.user_pass then t:skip "USER is refused" end
  t:make_way()
  local link = t:connect()
  link:send(("USER %s\r\nPASS %s\r\nSTAT\r\n"):format(t.opts.user,
                                                      t.opts.password))
  t:must(t:reply(link, "USER").ok, "USER is refused in a batch")
  local reply = t:answered(t:reply(link, "PASS"))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "PASS is refused in a batch: %s", reply.shown)
  t:must(t:reply(link, "STAT").ok, "STAT is refused in a batch")
end)

check("maildrop-in-use-has-its-code", "8.1.2", function(t)
  words(t, "RESP-CODES")
  local reply = authorization.second(t)
  if reply.ok then t:skip "a second login is not refused" end
  t:should(reply.level == "IN-USE", "a second login is refused without "
           .. "[IN-USE]: %s", reply.shown)
end)

return checks
