--- The maildrop of a session, from the login to the update (RFC 1939 section 6)
-- or to an end without one.
-- @submodule pop3.server.session

local sorted_keys = require "pop3.util.sorted_keys"

local Session = {}

-- The login has succeeded: open the transaction state.
function Session:log_in(user, drop)
  self.user, self.maildrop, self.deleted = user, drop, {}
  self:enter "transaction"
end

-- Mark a message as deleted, as DELE does.
-- @tparam integer n number of the message
function Session:mark(n)
  self.deleted[n] = true
end

-- Unmark all messages, as RSET does.
function Session:unmark()
  self.deleted = {}
end

-- The numbers of the messages that are marked as deleted, in order.
-- @treturn {integer,...}
function Session:marked()
  return sorted_keys(self.deleted)
end

-- The update state: call `on.update`, or the default. Returns a reply when a
-- message could not be removed.
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

-- Release the lock and close the maildrop.
function Session:let_go()
  local drop = self.maildrop
  self.maildrop = nil
  self.server:release(self)
  if not (drop and drop.close) then return end
  local ok, err = pcall(drop.close, drop)
  if not ok then self.server:handler_error(self, tostring(err)) end
end

return { methods = Session }
