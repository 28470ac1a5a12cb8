--- Reads the file of unique-ids of mpop (`uidls_file`,
-- ~/.mpop_uidls/USER_at_HOST):
--
--    # comments
--     2 mail.example mrose
--    first-uid
--    second-uid
--
-- A line that begins with a blank starts a list: number of ids, host, user.
-- @module pop3.command.fetch.import.mpop
-- @local

--- Read it.
-- @tparam string text
-- @treturn {table,...} lists: `host`, `user`, `uids`, a list of `{ uid = }`; or
-- nil, message
return function(text)
  local lists, left = {}, 0
  local number = 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local list = lists[#lists]
    if left > 0 then
      if line == "" then break end
      list.uids[#list.uids + 1] = { uid = line }
      left = left - 1
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      local count, host, user = line:match "^ (%d+) (%S+) (.+)$"
      if not count then
        return nil, ("line %d is not a list of mpop"):format(number)
      end
      lists[#lists + 1] = { host = host, user = user, uids = {} }
      left = math.tointeger(tonumber(count)) or 0
    end
  end
  if left > 0 then
    return nil, ("the last list is incomplete: %d unique-ids are missing")
                :format(left)
  end
  return lists
end
