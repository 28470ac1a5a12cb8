--- Reads popstate.dat of Thunderbird (in the directory of the account's mail):
--
--    # POP3 State File
--    *mail.example mrose
--    k first-uid 1796067684
--    d second-uid 1796067684
--
-- A line "*HOST USER" starts a list. "k" (kept) and "d" (to be deleted) are fetched
-- messages. "b" (too big, only the header was fetched) and "f" (to be fetched) are left
-- out. Old versions write no time.
-- @module pop3.command.fetch.import.thunderbird
-- @local

local has = { k = true, d = true, b = false, f = false }

--- Read it.
-- @tparam string text
-- @treturn {table,...} lists: `host`, `user`, `uids`, a list of `{ uid =, time
-- = }`; or nil, message
return function(text)
  local lists, number = {}, 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    line = line:gsub("\r$", "")
    local host, user = line:match "^%*(%S+) (.+)$"
    if host then
      lists[#lists + 1] = { host = host, user = user, uids = {} }
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      local status, uid, time = line:match "^(%l) (%S+) ?(%d*)$"
      if not status or has[status] == nil or not lists[1] then
        return nil, ("line %d is not an entry of Thunderbird"):format(number)
      end
      local uids = lists[#lists].uids
      if has[status] then
        uids[#uids + 1] = { uid = uid, time = math.tointeger(tonumber(time)) }
      end
    end
  end
  return lists
end
