-- As gmime_all.c, by us: messages_all.lua parse|decode FILE

local message = require "pop3.message"

local decoding = arg[1] == "decode"
local f <close> = assert(io.open(arg[2], "rb"))
local set = f:read "a"
local mails, at = {}, 1
while at <= #set do
  local length, from = set:match("^(%d+)\n()", at)
  at = math.tointeger(from + length)
  mails[#mails + 1] = set:sub(from, at - 1)
end
set = nil                           -- luacheck: ignore 311
collectgarbage()                    -- of the time before the reading
local octets = 0
local start = os.clock()
for _, mail in ipairs(mails) do
  local m <close> = message.parse(mail)
  octets = octets + #(m.subject or "") + #m.from
  for _, part in m:walk() do
    if decoding and part:_kind() == "leaf" then
      local body = part.type:sub(1, 5) == "text/" and part:text() or part:body()
      octets = octets + #body
    end
  end
end
print(#mails, octets, ("%.6f"):format(os.clock() - start))
