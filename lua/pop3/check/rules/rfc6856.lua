--- Checks of UTF8 and LANG: RFC 6856.
-- @module pop3.check.rules.rfc6856
-- @local

local new_list = require "pop3.check.list"
local maildrop = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local checks, check = new_list(6856)

local function needs(t, tag)
  local rest = maildrop.announced(t)[tag]
  if not rest then t:skip("%s is not announced", tag) end
  return rest
end

-- ---------------------------------------------------------------------- UTF8

check("UTF8-arguments", "2", function(t)
  local rest = needs(t, "UTF8")
  t:must(rest == "" or rest:upper() == "USER", "UTF8 is announced with '%s'",
         rest)
end)

check("UTF8-before-login", "2.1", function(t)
  needs(t, "UTF8")
  local reply = t:ask(t:connect(), "UTF8")
  t:should(reply.ok, "UTF8 is announced and refused: %s", reply.shown)
end)

check("UTF8-with-argument", "2.1", function(t)
  needs(t, "UTF8")
  t:refused(t:connect(), "UTF8 x")
end)

check("UTF8-after-login", "2", function(t)
  needs(t, "UTF8")
  t:refused(t:session(), "UTF8")
end)

check("UTF8-then-login", "2.1", function(t)
  needs(t, "UTF8")
  local sizes = maildrop.sizes(t)
  t:make_way()
  local link = t:connect()
  if not t:ask(link, "UTF8").ok then t:skip "UTF8 is refused" end
  local reply = t:answered(login.login(t, link))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login is refused after UTF8: %s", reply.shown)
  local list = t:granted(link, "LIST")
  -- new mail may have arrived in between
  t:must(#list.body >= #sizes, "LIST has %d messages before UTF8 and %d after "
         .. "it", #sizes, #list.body)
  -- section 2.1: the sizes of LIST are those of RETR, in this mode too
  if not list.body[1] then return end
  local size = math.tointeger(tonumber(list.body[1]:match "^%d+ (%d+)"))
  if not size or size > 1 << 20 then return end
  local octets = #maildrop.unstuffed(t:granted(link, "RETR 1"))
  t:should(octets == size, "after UTF8, message 1 has %d octets, in LIST it has "
           .. "%d", octets, size)
end)

check("UTF8-then-STLS", "2.1", function(t)
  needs(t, "UTF8")
  if t.opts.tls == "implicit" then t:skip "the server uses implicit TLS" end
  local link = t:connect(true)
  local tags = maildrop.capabilities(t:ask(link, "CAPA"))
  if not tags.STLS then t:skip "STLS is not announced" end
  if not t:ask(link, "UTF8").ok then t:skip "UTF8 is refused" end
  -- both +OK and -ERR are allowed
  t:ask(link, "STLS")
end)

check("header-is-ASCII-without-UTF8", "2.1", function(t)
  needs(t, "UTF8")
  for _, m in ipairs(maildrop.fetched(t)) do
    for i, line in ipairs(m.reply.body) do
      if line == "\r\n" then break end
      t:must(not line:find "[\128-\255]" or not utf8.len(line),
             "line %d of message %d is a header field in UTF-8, and UTF8 was not "
             .. "sent", i, m.number)
    end
  end
end)

-- ---------------------------------------------------------------------- LANG

local function languages(t)
  needs(t, "LANG")
  return t:once("languages", function()
    return t:ask(t:connect(), "LANG", "listing")
  end)
end

local tag_format = "^%a%w*[%w-]*$"

check("LANG-list", "3.2", function(t)
  local reply = languages(t)
  t:should(reply.ok, "LANG is announced, and its list is refused: %s",
           reply.shown)
  for _, line in ipairs(reply.body) do
    local tag = line:match "^([^ \r\n]+)[ \r]"
    t:must(tag and tag:find(tag_format), "a line of LANG has no language tag: "
           .. "%s", line)
    t:must(utf8.len(line), "a line of LANG is not UTF-8: %s", line)
  end
end)

-- Choose a language: its tag, which the reply must name; or nil and the reply.
local function chosen(t, link, range)
  local reply = t:ask(link, "LANG " .. range, false)
  if not reply.ok then return nil, reply end
  local tag = reply.text:match "^%S+"
  t:must(tag and tag:find(tag_format) and reply.text:find "^%S+ ",
         "the reply to LANG %s names no language: %s", range, reply.shown)
  return tag, reply
end

check("LANG-choice", "3.2", function(t)
  local reply = languages(t)
  if not (reply.ok and reply.body[1]) then t:skip "LANG lists no language" end
  local link = t:connect()
  for i = 1, math.min(#reply.body, 10) do
    local range = reply.body[i]:match "^[^ \r\n]*"
    local tag, answer = chosen(t, link, range)
    t:must(tag, "LANG %s is refused, though it is listed: %s", range,
           answer.shown)
    t:should(tag:lower() == range:lower(), "the reply to LANG %s names %s",
             range, tag)
  end
end)

check("LANG-preferred", "3.2", function(t)
  needs(t, "LANG")
  local tag, reply = chosen(t, t:connect(), "*")
  t:should(tag, "LANG * is refused: %s", reply.shown)
end)

check("LANG-unknown", "3.2", function(t)
  needs(t, "LANG")
  t:refused(t:connect(), "LANG qxx-check")
end)

check("LANG-in-transaction", "3.1", function(t)
  needs(t, "LANG")
  if not chosen(t, t:connect(), "*") then t:skip "LANG * is refused" end
  local tag, reply = chosen(t, t:session(), "*")
  t:must(tag, "LANG is refused in the TRANSACTION state: %s", reply.shown)
end)

return checks
