--- A function as a delivery of `pop3.sync`: it is called with each message as one
-- string. After a crash it is not known whether it did its work, so the call is
-- repeated, with `handle.again = true`.
-- @module pop3.sync.call
-- @local

local Call = { calls = true, __name = "pop3.sync.call" }
Call.__index = Call

local Message = {}
Message.__index = Message

function Call:begin(handle)
  return setmetatable({ fn = self.fn, handle = handle, chunks = {} }, Message)
end

-- A delivery for one run of one account of a fleet: the function gets the name of
-- the account as `handle.account`.
-- @tparam table owner `name` of the account
-- @treturn delivery
function Call:lease(owner)
  return setmetatable({ fn = function(octets, handle)
    handle.account = owner.name
    return self.fn(octets, handle)
  end }, Call)
end

function Message:write(chunk)
  self.chunks[#self.chunks + 1] = chunk
  return true
end

function Message:commit()
  local octets = table.concat(self.chunks)
  self.chunks = nil
  return self.fn(octets, self.handle)
end

function Message:abort()
  self.chunks = nil
end

--- @tparam function fn `function(octets, handle)` → true; or nil, reason: try it
-- again in a later run; or nil, reason, `"reject"`: set the message aside
-- @treturn delivery
return function(fn)
  return setmetatable({ fn = fn }, Call)
end
