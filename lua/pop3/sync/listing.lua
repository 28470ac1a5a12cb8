--- The listing of a maildrop for `pop3.sync`: STAT, LIST and UIDL of one session
-- (RFC 1939 sections 5 and 7), and whether they agree.
--
-- A server that is restarted or overloaded may show an empty or a shortened
-- listing. Messages that it leaves out must not be forgotten, and must not be
-- taken for new mail when they are back. So a listing that disagrees with itself
-- is a temporary failure.
-- @module pop3.sync.listing
-- @local

local sorted_keys = require "pop3.util.sorted_keys"

local function fail(text)
  return nil, "the listing of the maildrop disagrees: " .. text, "proto"
end

--- Ask for the listing.
-- @tparam pop3.session s
-- @treturn table `numbers`: the message numbers in order; `sizes`: number →
-- octets; `uids`: number → unique-id, false when the server has no UIDL. Or nil,
-- message, code, reply; code "proto" when STAT, LIST and UIDL disagree
return function(s)
  local count, message, code, reply = s:stat()
  if not count then return nil, message, code, reply end
  local sizes
  sizes, message, code, reply = s:list()
  if not sizes then
    -- some servers refuse to list nothing
    local is_empty = count == 0 and code == "err" and not (reply and reply.code)
    if not is_empty then return nil, message, code, reply end
    sizes = {}
  end
  local numbers = sorted_keys(sizes)
  if #numbers ~= count then
    return fail(("STAT says %d messages, LIST shows %d"):format(count, #numbers))
  end
  if count == 0 then return { numbers = {}, sizes = {}, uids = {} } end
  local uids
  uids, message, code, reply = s:uidl()
  if not uids then
    if code ~= "err" or reply and reply.code then
      return nil, message, code, reply
    end
    return { numbers = numbers, sizes = sizes, uids = false }
  end
  if next(uids) == nil then
    return fail(("STAT says %d messages, UIDL shows none of them"):format(count))
  end
  for number in pairs(uids) do
    if not sizes[number] then
      return fail(("UIDL shows message %d, LIST does not"):format(number))
    end
  end
  return { numbers = numbers, sizes = sizes, uids = uids }
end
