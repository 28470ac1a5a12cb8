--- Reads the file of unique-ids of getmail (~/.getmail/oldmail-HOST-PORT-USER):
-- a line "UID NUL TIME" for each message, where TIME is in seconds since 1970. The
-- file belongs to one account, which only the file name identifies.
--
-- getmail writes "-" for each "/" in a unique-id. So a unique-id with "-" is imported
-- twice: as written, and with each "-" as "/", which base64 uses.
-- @module pop3.command.fetch.import.getmail
-- @local

--- Read it.
-- @tparam string text
-- @treturn {table,...} one list without `host` and `user`: `uids`, a list of
-- `{ uid =, time = }`; or nil, message
return function(text)
  local uids, number = {}, 0
  if text:find "[^\n]$" then text = text .. "\n" end
  for line in text:gmatch "([^\n]*)\n" do
    number = number + 1
    local uid, time = line:match "^(.+)%z(%d+)$"
    if not uid then
      return nil, ("line %d is not an entry of getmail"):format(number)
    end
    time = math.tointeger(tonumber(time))
    uids[#uids + 1] = { uid = uid, time = time }
    if uid:find("-", 1, true) then
      uids[#uids + 1] = { uid = uid:gsub("-", "/"), time = time,
                          variant = true }
    end
  end
  return { { uids = uids } }
end
