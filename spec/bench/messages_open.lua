-- messages_open.lua FILE [subject]: opens a message in a file, reads its subject
-- and, without "subject", decodes its parts to a sink. Prints octets, MiB of memory
-- beside the file at the peak, seconds to the subject, to the first octets and for all.

local core = require "pop3.core"
local message = require "pop3.message"

-- Anonymous memory of this process (without a file), in KiB.
local function anonymous()
  local f <close> = assert(io.open "/proc/self/status")
  return tonumber(f:read "a":match "RssAnon:%s*(%d+)")
end

local before = anonymous()
local peak, octets, chunks, first = before, 0, 0, nil
local start = core.now()
local m <close> = assert(message.open(arg[1]))
assert(m.subject == "big")
local subject = core.now() - start
for _, part in m:walk() do
  if arg[2] then break end
  if part:_kind() == "leaf" then
    part:body(function(chunk)
      first = first or core.now() - start
      octets = octets + #(chunk or "")
      chunks = chunks + 1
      if chunks % 64 == 0 then peak = math.max(peak, anonymous()) end
      return true
    end)
  end
end
print(("%d %.2f %.6f %.6f %.6f"):format(octets, (peak - before) / 1024, subject,
  first or 0, core.now() - start))
