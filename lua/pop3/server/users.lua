--- The users of a server: one session for each maildrop, and the stores of
-- their mail.
-- @submodule pop3.server

local argument = require "pop3.util.argument"
local options = require "pop3.server.options"
local store = require "pop3.store"

local methods = {}

--- Add a user, change one, or remove one. A session that the user has goes on.
-- @tparam string name
-- @tparam ?pop3.server.user_fields fields of the user; fields that are
-- left out are not changed; nil removes the user
-- @treturn pop3.server
-- @usage
-- server:user("ann", { password = "secret", mail = { "Subject: x\r\n\r\n" } })
-- server:user("ann", { password = "changed" })
-- server:user("ann", nil)
function methods:user(name, fields)
  argument.text(name, "user: the name", 1)
  local before, user = self.users[name], nil
  if fields ~= nil then
    options.check_user(name, fields, 1)
    user = {}
    for field, value in pairs(before or {}) do user[field] = value end
    for field, value in pairs(fields) do user[field] = value end
  end
  if not self.changed_users[name] then
    self.changed_users[name] = { before = before }
  end
  self.users[name] = user
  if not fields or fields.mail or fields.uidl then
    self.stores[name], self.entries[name] = nil, nil
  end
  return self
end

-- Take the lock of a user's maildrop for a session; or nil, text, code.
function methods:admit(session, user)
  if self.locks[user] then
    return nil, "the maildrop is in use by another session", "IN-USE"
  end
  local last = self.logins[user]
  if last and self.time - last < self.login_delay then
    return nil, "too soon after the last login", "LOGIN-DELAY"
  end
  if self.login_delay > 0 then self.logins[user] = self.time end
  self.locks[user] = session
  session.lock = user
  return true
end

-- Release the lock that a session has.
function methods:release(session)
  local user = session.lock
  if user and self.locks[user] == session then self.locks[user] = nil end
  session.lock = nil
end

-- The store of a user; or nil, text, code. A list of messages becomes a store
-- when it is needed. `entry` is what `authenticate` returned for the user.
function methods:store_of(user, entry)
  if entry then self.entries[user] = entry end
  entry = entry or self.entries[user] or self.users[user]
  if not entry then return nil, "no such user" end
  local mail = entry.mail
  if mail and type(mail.open) == "function" then return mail end
  local made = self.stores[user]
  if not made or made.mail ~= mail then
    local ok, result = pcall(store.memory, mail or {}, entry.uidl)
    if not ok then return nil, result, "SYS/PERM" end
    made = { mail = mail, store = result }
    self.stores[user] = made
  end
  return made.store
end

return methods
