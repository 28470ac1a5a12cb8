--- Reads the cache of fdm (`cache` of a pop3 account): a line "LENGTH UID" for each
-- message, where LENGTH is the length of the unique-id. The file belongs to one
-- account.
-- @module pop3.command.fetch.import.fdm
-- @local

--- Read it.
-- @tparam string text
-- @treturn {table,...} one list without `host` and `user`: `uids`, a list of
-- `{ uid = }`; or nil, message
return function(text)
  local uids, at, number = {}, 1, 0
  while at <= #text do
    number = number + 1
    local digits, start = text:match("^(%d+) ()", at)
    local length = math.tointeger(tonumber(digits))
    local stop = length and start + length
    if not stop or stop > #text or text:sub(stop, stop) ~= "\n"
       or length == 0 then
      return nil, ("entry %d is not an entry of fdm"):format(number)
    end
    uids[#uids + 1] = { uid = text:sub(start, stop - 1) }
    at = stop + 1
  end
  return { { uids = uids } }
end
