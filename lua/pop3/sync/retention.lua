--- Which messages of earlier runs are deleted now? (`pop3.sync`, option `keep`)
--
-- A DELE goes out only for a message that is recorded as delivered. Before a
-- message that this run did not fetch is deleted, its header (TOP n 0) is compared
-- with that of the delivered message: a server may have given its unique-id to
-- other mail, which must not be deleted unread.
-- @module pop3.sync.retention
-- @local

local fingerprint = require "pop3.sync.fingerprint"
local record = require "pop3.sync.record"

-- The messages that are recorded as delivered and are not to be kept, and those
-- that the filter did not want, which an earlier run could not delete.
local function expired(run, list, p)
  local found, keep = {}, run.options.keep
  for _, number in ipairs(list.numbers) do
    local uid = list.uids and list.uids[number] or nil
    local key = p.keys[number] or uid
    local line = key and p.claimed[key] and not run.purged[key]
                 and run.seen[key]
    local unwanted = line and record.is_unwanted(line)
    if unwanted or line and keep and record.peek(line) == "delivered" then
      local m = { number = number, size = list.sizes[number], key = key,
                  uid = uid, record = record.unpack(line) }
      m.handle = run:handle_of(m)
      if unwanted or run:is_unwanted(m) then found[#found + 1] = m end
    end
  end
  return found
end

--- @tparam table run see `pop3.sync.run`
-- @tparam table list the listing
-- @tparam table p the plan
-- @treturn {message,...} to be deleted; or nil, message, code, reply
-- @treturn {message,...} other mail with a known unique-id and size: to be fetched
return function(run, list, p)
  if not run.options.keep and not run.options.filter then return {}, {} end
  local old, asked = expired(run, list, p), {}
  for _, m in ipairs(old) do
    if m.record.digest and m.uid then asked[#asked + 1] = m end
  end
  if #asked > 0 then
    local ok, message, code, reply = fingerprint(run, asked)
    if not ok then return nil, message, code, reply end
  end
  local deletes, other = {}, {}
  for _, m in ipairs(old) do
    local delivered = m.record.digest and m.record.digest:match "^%x+"
    if m.digest and delivered and m.digest ~= delivered then
      p.claimed[m.key] = nil
      other[#other + 1] = { number = m.number, size = m.size, uid = m.uid,
                            digest = m.digest, key = p.new_key(m.uid) }
    else
      deletes[#deletes + 1] = m
    end
  end
  return deletes, other
end
