-- As gmime_all.c, by us: messages_all.lua parse|decode FILE

local core = require "pop3.core"
local message = require "pop3.message"

local decoding = arg[1] == "decode"
local f <close> = assert(io.open(arg[2], "rb"))
local set = f:read "a"
local at, messages, octets = 1, 0, 0
local start = core.now()
while at <= #set do
  local length, from = set:match("^(%d+)\n()", at)
  local m <close> = message.parse(set:sub(from, from + length - 1))
  at, messages = math.tointeger(from + length), messages + 1
  octets = octets + #(m.subject or "") + #m.from
  for _, part in m:walk() do
    if decoding and part.type:sub(1, 10) ~= "multipart/" then
      local body = part.type:sub(1, 5) == "text/" and part:text() or part:body()
      octets = octets + #body
    end
  end
end
print(messages, octets, ("%.6f"):format(core.now() - start))
