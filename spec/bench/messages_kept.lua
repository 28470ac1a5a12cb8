-- messages_kept.lua FILE: parses all messages of a set (see gmime_all.c), asks each
-- for its subject, sender and parts, and keeps all of them open. Prints the messages,
-- MiB of anonymous memory of the process (memory without a file), and seconds.

local message = require "pop3.message"

local mails = {}
do
  local f <close> = assert(io.open(arg[1], "rb"))
  local length = f:read "l"
  while length do
    mails[#mails + 1] = f:read(math.tointeger(tonumber(length)))
    length = f:read "l"
  end
end
local open, asked = {}, 0
local start = os.clock()
for i, mail in ipairs(mails) do
  local m = message.parse(mail)
  asked = asked + #(m.subject or "") + #m.from
  for _, part in m:walk() do asked = asked + #part.type end
  open[i] = m
end
local seconds = os.clock() - start
collectgarbage()
local f <close> = assert(io.open "/proc/self/status")
local kib = tonumber(f:read "a":match "RssAnon:%s*(%d+)")
assert(#open == #mails and asked > 0)
print(("%d %.2f %.6f"):format(#open, kib / 1024, seconds))
