--- A session and its maildrop: from the login to the update, or to the end
-- without one.
-- @submodule pop3.server.session

local Session = {}

-- The user is in: from here on commands are about the maildrop.
function Session:log_in(user, drop)
  self.user, self.maildrop, self.deleted = user, drop, {}
  self:enter "transaction"
end

--- Mark a message as deleted.
-- @tparam integer n
function Session:mark(n)
  self.deleted[n] = true
end

--- Unmark all messages.
function Session:unmark()
  self.deleted = {}
end

--- The numbers of what is marked, in order.
-- @treturn {integer,...}
function Session:marked()
  local numbers = {}
  for n in pairs(self.deleted) do numbers[#numbers + 1] = n end
  table.sort(numbers)
  return numbers
end

-- The update state: what `on.update` or the default says of it.
function Session:update()
  self:enter "update"
  local numbers = self:marked()
  local server = self.server
  local hook = server.on.update or server.default.update
  local reply = hook(self, numbers)
  if hook ~= server.default.update and type(reply) ~= "table" then
    reply = server.default.update(self, numbers)
  end
  self:let_go()
  return reply
end

-- Give up the lock and close the maildrop.
function Session:let_go()
  local drop = self.maildrop
  self.maildrop = nil
  self.server:release(self)
  if not (drop and drop.close) then return end
  local ok, err = pcall(drop.close, drop)
  if not ok then self.server:handler_error(self, tostring(err)) end
end

return { methods = Session }
