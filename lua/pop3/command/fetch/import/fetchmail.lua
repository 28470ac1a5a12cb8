--- Reads the file of unique-ids of fetchmail (~/.fetchids): a line "USER@HOST UID" for
-- each message. USER may contain "@".
-- @module pop3.command.fetch.import.fetchmail
-- @local

--- Read it.
-- @tparam string text
-- @treturn {table,...} lists: `host`, `user`, `uids`, a list of `{ uid = }`; or
-- nil, message
return function(text)
  local lists, number = {}, 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    if line ~= "" then
      local user, host, uid = line:match "^(%S+)@([^@%s]+) (.+)$"
      if not user then
        return nil, ("line %d is not an entry of fetchmail"):format(number)
      end
      local name = user .. "@" .. host
      local list = lists[name]
      if not list then
        list = { host = host, user = user, uids = {} }
        lists[name], lists[#lists + 1] = list, list
      end
      list.uids[#list.uids + 1] = { uid = uid }
    end
  end
  return lists
end
