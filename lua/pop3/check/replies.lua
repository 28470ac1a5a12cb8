--- What holds for every reply: looked at in the end, over all that were seen.
-- RFC 1939 section 3.
-- @module pop3.check.replies
-- @local

local checks = {}

local function check(name, section, run)
  checks[#checks + 1] = { name = name, rfc = 1939, section = section,
                          run = run }
end

-- All replies must be so.
local function each(name, holds, what)
  check(name, "3", function(t)
    for _, reply in ipairs(t.seen) do
      t:must(holds(reply), "the reply to %s %s: %s", reply.verb, what,
             reply.line)
    end
  end)
end

each("reply-length", function(reply) return #reply.line <= 512 end,
     "has more than 512 octets")
each("reply-line-end", function(reply)
  return reply.line:find "^[^\r\n]*\r\n$" ~= nil
end, "does not end with one CRLF")
each("reply-status-in-upper-case", function(reply)
  return reply.ok ~= nil or not reply.line:upper():find "^[+-][OE][KR]"
end, "has its status in lower case")
each("reply-status", function(reply)
  return reply.ok ~= nil
end, "has no status")

check("reply-text-is-ASCII", "3", function(t)
  for _, reply in ipairs(t.seen) do
    t:should(not reply.line:gsub("\r\n$", ""):find "[%c\127-\255]",
             "the reply to %s is not printable ASCII: %s", reply.verb,
             reply.line)
  end
end)

return checks
