--- The users of a server: one session for each maildrop, and the stores of
-- their mail.
-- @submodule pop3.server

local store = require "pop3.store"

local methods = {}

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
