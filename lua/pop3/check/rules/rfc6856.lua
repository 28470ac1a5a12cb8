--- RFC 6856: UTF8 and LANG.
-- @module pop3.check.rfc6856
-- @local

local listing = require "pop3.check.maildrop"
local login = require "pop3.check.login"

local checks = {}

local function check(name, section, run)
  checks[#checks + 1] = { name = name, rfc = 6856, section = section,
                          run = run }
end

local function needs(t, tag)
  local rest = listing.announced(t)[tag]
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
  local sizes = listing.sizes(t)
  t:make_way()
  local wire = t:connect()
  if not t:ask(wire, "UTF8").ok then t:skip "UTF8 is refused" end
  local reply = t:answered(login.login(t, wire))
  if reply.level == "LOGIN-DELAY" then t:skip "LOGIN-DELAY" end
  t:must(reply.ok, "the login is refused behind UTF8: %s", reply.shown)
  local list = t:granted(wire, "LIST")
  -- mail may have come in between
  t:must(#list.body >= #sizes, "LIST has %d messages, behind UTF8 %d", #sizes,
         #list.body)
  -- section 2.1: what LIST says is what RETR gives, in this mode too
  if not list.body[1] then return end
  local size = math.tointeger(tonumber(list.body[1]:match "^%d+ (%d+)"))
  if not size or size > 1 << 20 then return end
  local octets = #listing.unstuffed(t:granted(wire, "RETR 1"))
  t:should(octets == size, "behind UTF8, message 1 has %d octets, LIST says "
           .. "%d", octets, size)
end)

check("UTF8-then-STLS", "2.1", function(t)
  needs(t, "UTF8")
  if t.opts.tls == "implicit" then t:skip "TLS is there from the start" end
  local wire = t:connect(true)
  local tags = listing.capabilities(t:ask(wire, "CAPA"))
  if not tags.STLS then t:skip "STLS is not announced" end
  if not t:ask(wire, "UTF8").ok then t:skip "UTF8 is refused" end
  -- both answers are allowed
  t:ask(wire, "STLS")
end)

check("header-is-ASCII-without-UTF8", "2.1", function(t)
  needs(t, "UTF8")
  for _, m in ipairs(listing.fetched(t)) do
    for i, line in ipairs(m.reply.body) do
      if line == "\r\n" then break end
      t:must(not line:find "[\128-\255]" or not utf8.len(line),
             "line %d of message %d is a header in UTF-8, which was not asked "
             .. "for", i, m.number)
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

-- A choice that is granted says which language it is.
local function chosen(t, wire, range)
  local reply = t:ask(wire, "LANG " .. range, false)
  if not reply.ok then return nil, reply end
  local tag = reply.text:match "^%S+"
  t:must(tag and tag:find(tag_format) and reply.text:find "^%S+ ",
         "LANG %s does not say which language it is: %s", range, reply.shown)
  return tag, reply
end

check("LANG-choice", "3.2", function(t)
  local reply = languages(t)
  if not (reply.ok and reply.body[1]) then t:skip "there is no list" end
  local wire = t:connect()
  for i = 1, math.min(#reply.body, 10) do
    local range = reply.body[i]:match "^[^ \r\n]*"
    local tag, answer = chosen(t, wire, range)
    t:must(tag, "LANG %s is listed and refused: %s", range, answer.shown)
    t:should(tag:lower() == range:lower(), "LANG %s gives %s", range, tag)
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
