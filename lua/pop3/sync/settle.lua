--- Settles the deliveries that a dead run had begun (`pop3.sync`).
--
-- The intent of each is in the state; the delivery checks whether the message is in
-- its place. With a function, a program or a server this cannot be checked: such a
-- message is delivered once more, with `handle.again = true`.
-- @module pop3.sync.settle
-- @local

local delivery = require "pop3.sync.delivery"
local record = require "pop3.sync.record"

local begun = { intent = true, called = true }

--- @tparam table run see `pop3.sync.run`
-- @treturn boolean true, or nil, message, code
return function(run)
  local into = run.into
  if not into or run.calls then return true end
  local done, trouble, code = {}, nil, nil
  for key, line in pairs(run.seen) do
    local status = record.peek(line)
    if begun[status] and not trouble then
      local r = record.unpack(line)
      local uid, nth = record.split(key)
      local intent = {
        name = r.name, uid = uid, nth = nth, size = r.size,
        called = status == "called" and (r.note or "") or nil,
        id = run:id_of(uid, nth),
      }
      local what, message, how = delivery.try(into, "settle", intent)
      if what == "delivered" then
        r.status = r.flag == "top" and "partial" or "delivered"
        r.name, r.note, r.flag, r.uid, r.nth = nil, nil, nil, uid, nth
        done[#done + 1] = r
        run:report("settled", { uid = uid, handle = intent })
      elseif what ~= "absent" then
        trouble = tostring(message or "the delivery cannot settle an intent")
        code = how or "io"
      end
    end
  end
  if trouble then return nil, trouble, code end
  return run.state:done(done)
end
