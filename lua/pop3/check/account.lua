--- The methods of a probe that use the account of the user: logins, the session
-- that checks share, and the limits on refused logins.
--
-- A server may lock an account after some refused logins, and may require a
-- delay between logins (RFC 2449 section 6.5). So logins are counted here, and
-- a check is skipped when its login would exceed the limit.
-- @module pop3.check.account
-- @local

local login = require "pop3.check.login"
local maildrop = require "pop3.check.maildrop"
local verdict = require "pop3.check.verdict"

local methods = {}

local FAILURES = 3  -- logins with a wrong password in one run
local REFUSALS = 5  -- refused logins in one run; no other method is tried then
local SLOW = 3      -- a refused login may take 3 times the timeout
local PAUSE = 2     -- seconds: the longest LOGIN-DELAY to wait for
local TRIES = 200   -- attempts to log in while the maildrop is in use

--- Close the shared session, which releases the lock of the maildrop.
function methods:unshare()
  local shared = self.shared
  self.shared = nil
  if shared then shared:leave() end
end

-- Response codes of a login that is refused for reasons other than the password
-- (RFC 2449 section 8.1, RFC 3206 section 4).
local later = { ["IN-USE"] = true, ["LOGIN-DELAY"] = true, SYS = true }

--- Count the reply that ends a login.
-- @tparam table reply
-- @treturn table the reply
function methods:answered(reply)
  if reply.ok then self.last = self.now()
  elseif not (later[reply.level] or reply.unwilling) then
    self.refusals = self.refusals + 1
  elseif reply.level == "LOGIN-DELAY" then
    -- the server did not announce the delay, or the wait was too short
    self.delay = math.huge
  end
  return reply
end

--- Does the server enforce the LOGIN-DELAY that it announces? Tried once, while
-- the shared session is open.
-- @treturn boolean
function methods:means_delay()
  if self.meant == nil then
    local link, announced = self:connect(), self.delay
    local reply = self:answered(login.login(self, link))
    self.meant = not reply.ok
    self.delay = self.meant and announced or 0
    link:leave()
    if reply.ok then self:unshare() end  -- the server may have ended it
  end
  return self.meant
end

-- Wait until the next login is allowed. The delay of this user is known after
-- the first login.
local function wait_for_delay(self)
  local left = self.last and self.last + self.delay - self.now() or 0
  if left > PAUSE and self:means_delay() then
    self:skip "a login so soon after the last one is refused (LOGIN-DELAY)"
  elseif left > 0 and self.delay > 0 then
    self:pause(left)
  end
end

-- Learn LOGIN-DELAY after the first login.
local function learn_delay(self, link)
  local ok, tags = pcall(maildrop.announced, self)
  if not ok and not verdict.is(tags) then error(tags, 0) end
  local words = ok and tags["LOGIN-DELAY"]
  if not words then return end
  words = maildrop.capabilities(self:ask(link, "CAPA"))["LOGIN-DELAY"] or words
  self.delay = tonumber(words:match "^%d+") or 0
end

--- Close the shared session and log in with the right password.
-- @treturn pop3.check.link in the TRANSACTION state; or nil, the reply that
-- refused the login, and the connection
function methods:try_login()
  wait_for_delay(self)
  self:unshare()
  local deadline, tries = self.now() + self.opts.timeout, 0
  while true do
    local first = not self.entered
    local link = self:connect()
    local reply = self:answered(login.login(self, link))
    if reply.ok then
      if first then learn_delay(self, link) end
      return link
    end
    -- the previous session may still be open in the server; not every server has
    -- a response code for that
    tries = tries + 1
    local again = reply.level == "IN-USE"
                  or self.entered and not reply.code and tries < 3
    if not again or self.now() >= deadline or tries > TRIES then
      return nil, reply, link
    end
    self:pause(reply.code and 0.1 or 0.3, link)
    link:close()
  end
end

--- Record that no login works: checks that need one are skipped from now on.
-- @tparam pop3.check.link link
-- @tparam table reply the refusal
-- @treturn boolean true when the reason is that the server requires TLS first
function methods:bar(link, reply)
  local wants_tls = reply.not_by_user and not link.secure
                    and maildrop.announced(self).STLS ~= nil
  self.barred = wants_tls and "the server requires TLS before a login (tls = "
                .. "\"stls\")" or "the login is refused"
  return wants_tls
end

--- Log in with the right password. When that fails, the check is skipped.
-- @treturn pop3.check.link in the TRANSACTION state
function methods:login()
  if self.barred then self:skip(self.barred) end
  if self.tried and not self.entered then
    self:skip "the login does not work"
  end
  self.tried = true
  local link, reply, refused = self:try_login()
  if link then return link end
  if reply.level == "LOGIN-DELAY" then
    self:skip("a login so soon after the last one is refused: %s", reply.shown)
  end
  if not self.entered then self:bar(refused, reply) end
  self:skip("the login is refused: %s", reply.shown)
end

--- The session that checks share, in the TRANSACTION state. A check must leave
-- it in that state, without deletions.
-- @treturn pop3.check.link
function methods:session()
  local shared = self.shared
  if not shared or shared.ended then
    shared = self:login()
    self.shared = shared
  end
  return shared
end

--- The login method that works, see `pop3.check.login`. Without one, the check
-- is skipped.
-- @treturn function
function methods:way()
  if not self.entered then self:session() end
  return self.entered
end

--- Prepare for a login that the check does itself: a login works, and the
-- shared session is closed.
function methods:make_way()
  self:way()
  if self.refusals >= REFUSALS then
    self:skip("%d logins have been refused already", self.refusals)
  end
  wait_for_delay(self)
  self:unshare()
end

--- A connection for a login with a wrong password, which is counted. Many
-- servers delay the refusal, so its timeout is longer. After three such logins,
-- or five refused ones, the check is skipped.
-- @treturn pop3.check.link
function methods:may_fail()
  if self.barred then self:skip(self.barred) end
  if self.failures >= FAILURES or self.refusals >= REFUSALS then
    self:skip("%d logins have been refused already", self.refusals)
  end
  self.failures = self.failures + 1
  local link = self:connect()
  link:set_timeout(SLOW * link.timeout)
  return link
end

--- After a failed check, the shared session may be out of step. It is closed,
-- unless LOGIN-DELAY forbids a new one and NOOP still works.
function methods:settle()
  local link = self.shared
  local keep = self.delay > PAUSE and link and not link.ended
               and link:unread() == "" and link:send "NOOP\r\n"
  if keep then
    local reply = link:reply()
    keep = reply and reply.ok and link:unread() == ""
  end
  if not keep then self:unshare() end
end

return methods
