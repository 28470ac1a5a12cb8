--- All checks of `pop3.check`, in the order in which they run: deletions come
-- late, and checks of all replies last.
-- @module pop3.check.rules
-- @local

local groups = { "authorization", "lines", "transaction", "messages",
                 "capabilities", "stls", "sasl", "rfc6856", "deletions",
                 "rfc3206", "replies" }

local list = {}
for _, group in ipairs(groups) do
  for _, check in ipairs(require("pop3.check.rules." .. group)) do
    list[#list + 1] = check
  end
end

return list
