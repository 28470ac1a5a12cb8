--- Checks that apply to every reply: RFC 1939 section 3. They run last, over
-- all replies recorded in the run.
-- @module pop3.check.rules.replies
-- @local

local new_list = require "pop3.check.list"

local checks, check = new_list(1939)

-- `holds` must be true of all replies.
local function each(name, holds, what)
  check(name, "3", function(t)
    for _, reply in ipairs(t.seen) do
      t:must(holds(reply), "the reply to %s %s: %s", reply.verb, what,
             reply.line)
    end
  end, { looks = true })
end

each("reply-length", function(reply) return #reply.line <= 512 end,
     "has more than 512 octets")
each("reply-line-end", function(reply)
  return reply.line:find "^[^\r\n]*\r\n$" ~= nil
end, "does not end with one CRLF")
each("reply-status-in-upper-case", function(reply)
  return reply.ok ~= nil or not reply.line:upper():find "^[+-][OE][KR]"
end, "has a status in lower case")
each("reply-status", function(reply)
  return reply.ok ~= nil
end, "has no status")

each("reply-terminator", function(reply)
  return not reply.terminator or reply.terminator == ".\r\n"
end, "has a terminator without CR")

-- After LANG and UTF8 the text is UTF-8 (RFC 6856 sections 2 and 3).
check("reply-text-is-ASCII", "3", function(t)
  for _, reply in ipairs(t.seen) do
    local text = reply.line:gsub("\r\n$", "")
    t:should(not text:find(reply.utf8 and "[%c\127]" or "[%c\127-\255]")
             and utf8.len(text), "the reply to %s is not printable %s: %s",
             reply.verb, reply.utf8 and "UTF-8" or "ASCII", reply.line)
  end
end, { looks = true })

return checks
