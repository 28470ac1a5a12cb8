--- Checks of RETR and TOP: RFC 1939 sections 3, 5, 7 and 11.
-- @module pop3.check.rules.messages
-- @local

local maildrop = require "pop3.check.maildrop"
local new_list = require "pop3.check.list"

local checks, check = new_list(1939)

-- ---------------------------------------------------------------------- RETR

check("RETR", "5", function(t)
  maildrop.fetched(t)
end)

check("RETR-size-as-LIST", "11", function(t)
  for _, m in ipairs(maildrop.fetched(t)) do
    t:must(#m.octets == m.size, "message %d has %d octets, in LIST it has %d",
           m.number, #m.octets, m.size)
  end
end)

check("RETR-line-ends", "11", function(t)
  for _, m in ipairs(maildrop.fetched(t)) do
    for i, line in ipairs(m.reply.body) do
      t:must(line:sub(-2) == "\r\n", "line %d of message %d ends without CR",
             i, m.number)
    end
  end
end)

check("RETR-no-bare-CR", "11", function(t)
  for _, m in ipairs(maildrop.fetched(t)) do
    for i, line in ipairs(m.reply.body) do
      local cr = line:find("\r", 1, true)
      t:should(not cr or cr >= #line - 1,
               "line %d of message %d contains a CR", i, m.number)
    end
  end
end)

check("RETR-terminator", "3", function(t)
  for _, m in ipairs(maildrop.fetched(t)) do
    t:must(m.reply.terminator == ".\r\n",
           "the terminator of message %d ends without CR", m.number)
  end
end)

check("RETR-dots-stuffed", "3", function(t)
  local dots = 0
  for _, m in ipairs(maildrop.fetched(t)) do
    for i, line in ipairs(m.reply.body) do
      if line:sub(1, 1) == "." then
        dots = dots + 1
        t:must(line:sub(2, 2) == ".", "the dot at the start of line %d of "
               .. "message %d is not stuffed", i, m.number)
      end
    end
  end
  if dots == 0 then t:skip "no fetched line begins with a dot" end
end)

check("RETR-again", "5", function(t)
  for _, m in ipairs(maildrop.fetched(t)) do
    local again = t:granted(t:session(), "RETR " .. m.number)
    t:must(maildrop.unstuffed(again) == m.octets,
           "message %d differs when it is fetched again", m.number)
  end
end)

check("RETR-keeps-messages", "5", function(t)
  local first = maildrop.fetched(t)[1]
  local link = t:session()
  local count = maildrop.stat_of(t, link)
  t:granted(link, "RETR " .. first.number)
  local n = maildrop.stat_of(t, link)
  t:must(n == count, "STAT counts %d messages before RETR and %d after it",
         count, n)
end)

-- ----------------------------------------------------------------------- TOP

-- The header, the blank line and the first 'lines' lines of the body; whether
-- there is a blank line.
local function top(octets, lines)
  local at, left = 1, nil
  while at <= #octets do
    local lf = octets:find("\n", at, true) or #octets
    local blank = octets:find("^\r?\n", at)
    if left then
      if left == 0 then break end
      left = left - 1
    elseif blank then
      left = lines
    end
    at = lf + 1
  end
  return octets:sub(1, at - 1), left ~= nil
end

local function is_top(t, m, lines)
  local reply = t:granted(t:session(), ("TOP %d %d"):format(m.number, lines))
  local want, blank = top(m.octets, lines)
  local have = maildrop.unstuffed(reply)
  -- the server may add the blank line to a message without a body
  if have ~= want and (blank or have ~= want .. "\r\n") then
    t:fail("TOP %d %d has %d octets; the message has %d up to there", m.number,
           lines, #have, #want)
  end
end

for _, lines in ipairs { 0, 1, 999999999 } do
  check("TOP-" .. (lines > 1 and "all" or lines), "7", function(t)
    maildrop.needs(t, "TOP")
    for _, m in ipairs(maildrop.fetched(t)) do is_top(t, m, lines) end
  end)
end

for _, case in ipairs { { "negative-lines", "-1" },
                         { "lines-no-number", "abc" } } do
  check("TOP-" .. case[1], "7", function(t)
    maildrop.needs(t, "TOP")
    t:refused(t:session(), ("TOP %d %s"):format(maildrop.first(t).number,
                                               case[2]))
  end)
end

return checks
