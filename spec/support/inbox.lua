--- A delivery in memory, for the specs of `pop3.sync`: it records what happened
-- and can refuse, fail, or be interrupted like a real one.

local Inbox = {}
Inbox.__index = Inbox

local Message = {}
Message.__index = Message

--- @tparam[opt] table opts `calls`: it cannot find the messages of a dead run;
-- `commit = function(handle)`: the result of a commit; `begin`: the same
local function inbox(opts)
  return setmetatable({
    opts = opts or {}, calls = opts and opts.calls,
    log = {},     -- what was called, in order
    mail = {},    -- handle.id → octets
    list = {},    -- octets in the order of the commits
    handles = {},
  }, Inbox)
end

function Inbox:begin(handle)
  self.log[#self.log + 1] = "begin " .. handle.number
  if self.opts.begin then
    local ok, reason, how = self.opts.begin(handle)
    if not ok then return nil, reason, how end
  end
  return setmetatable({ inbox = self, handle = handle, chunks = {} }, Message)
end

function Message:write(chunk)
  self.chunks[#self.chunks + 1] = chunk
  if self.inbox.opts.write then return self.inbox.opts.write(self.handle, chunk) end
  return true
end

function Message:commit()
  local box, handle = self.inbox, self.handle
  box.log[#box.log + 1] = "commit " .. handle.number
  if box.opts.commit then
    local ok, reason, how = box.opts.commit(handle)
    if not ok then return nil, reason, how end
  end
  local octets = table.concat(self.chunks)
  box.list[#box.list + 1] = octets
  box.handles[#box.handles + 1] = handle
  box.mail[handle.id] = octets
  return true
end

function Message:abort()
  self.inbox.log[#self.inbox.log + 1] = "abort " .. self.handle.number
end

function Inbox:sync()
  self.log[#self.log + 1] = "sync"
  if self.opts.sync then return self.opts.sync() end
  return true
end

function Inbox:settle(intent)
  self.log[#self.log + 1] = "settle " .. intent.uid
  return self.mail[intent.id] and "delivered" or "absent"
end

return inbox
