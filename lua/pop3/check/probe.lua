--- What a check has in its hands: links to the server, logins, questions, and
-- ways to give its verdict.
--
-- A check is a function of a probe. It passes when it returns; `fail`, `warn`
-- and `skip` end it. One probe goes through all the checks of a run: it keeps
-- a session that they share, what was found out once, and how often a login
-- was refused, since a server may lock an account for that.
-- @module pop3.check.probe
-- @local

local Notes = require "pop3.check.evidence"
local Wire = require "pop3.check.link"
local core = require "pop3.core"
local listing = require "pop3.check.maildrop"
local socket = require "socket"
local ways = require "pop3.check.login"

local Probe = { __name = "pop3.check.probe" }
Probe.__index = Probe

local FAILURES = 3    -- logins with a wrong password in a run, at the most
local REFUSALS = 5    -- logins that were refused, before no other way is tried
local SEEN = 10000    -- status lines that are kept
local PATIENCE = 12   -- timeouts that a run may cost, before it is given up
local SLOW = 3        -- times the timeout for a refused password
local PAUSE = 2       -- seconds of a LOGIN-DELAY that are waited for

local kinds = { LIST = "listing", UIDL = "listing", CAPA = "listing",
                RETR = "message", TOP = "message" }

--- @tparam table opts as `pop3.check` has filled them in
function Probe.new(opts)
  return setmetatable({
    opts = opts, notes = Notes.new(), memo = {}, seen = {}, links = {},
    account = { vain = 0, linger = 1 }, failures = 0, refusals = 0, delay = 0,
    barred = not opts.user and "no user was given" or nil,
  }, Probe)
end

-- ------------------------------------------------------------------ verdicts

local Verdict = { __name = "pop3.check.verdict" }

local function verdict(self, result, format, ...)
  local reason = select("#", ...) > 0 and format:format(...) or format
  error(setmetatable({ result = result,
                       reason = self.notes:shown(reason) }, Verdict), 0)
end

--- Is this what a check ended with?
function Probe.is_verdict(err)
  return getmetatable(err) == Verdict
end

--- A MUST is broken.
function Probe:fail(format, ...) verdict(self, "fail", format, ...) end

--- A SHOULD is broken.
function Probe:warn(format, ...) verdict(self, "warn", format, ...) end

--- There is nothing to check.
function Probe:skip(format, ...) verdict(self, "skip", format, ...) end

--- Fail unless it holds.
function Probe:must(holds, ...)
  if not holds then self:fail(...) end
end

--- Warn unless it holds.
function Probe:should(holds, ...)
  if not holds then self:warn(...) end
end

--- What a function finds out is found out once in a run, with its evidence, and
-- so is the verdict that it ended with.
-- @tparam string key
-- @tparam function find called with the probe
-- @tparam[opt] boolean anew find it out again in another session: mail may have
-- come
function Probe:once(key, find, anew)
  local known, notes = self.memo[key], self.notes
  if known and known[1] and anew and known.session ~= self:session() then
    known = nil
  end
  if not known then
    local outer = notes:begin()
    known = table.pack(pcall(find, self))
    known.lines, known.session = notes:finish(outer), self.shared
    if not known[1] and not Probe.is_verdict(known[2]) then
      error(known[2], 0)
    end
    self.memo[key] = known
  end
  notes:refer(known.lines)
  if not known[1] then error(known[2], 0) end
  return table.unpack(known, 2, known.n)
end

-- --------------------------------------------------------------------- links

-- What every reply is looked at for in the end. Behind LANG and UTF8 its text
-- may be UTF-8.
local function see(self, wire, verb, reply)
  local seen = self.seen
  if reply.ok and (verb == "LANG" or verb == "UTF8") then wire.utf8 = true end
  if #seen < SEEN then
    seen[#seen + 1] = { verb = verb, line = reply.line, ok = reply.ok,
                        code = reply.code, level = reply.level,
                        text = reply.text, terminator = reply.terminator,
                        utf8 = wire.utf8 }
  end
end

--- From here on this is never shown.
function Probe:secret(text) self.notes:secret(text) end

--- A link with its greeting read; under TLS as the options say, which the "clear"
-- one, of a server with STLS, is not.
-- @tparam[opt] boolean clear
-- @treturn pop3.check.wire with its `greeting`, or nil, message, code
function Probe:dial(clear)
  local opts = self.opts
  local wire, err, code = Wire.open(opts, function(from, octets)
    self.notes:add(from, octets)
  end, self.account)
  if not wire then return nil, err, code end
  self.links[#self.links + 1] = wire
  if opts.tls == "implicit" then
    local ok
    ok, err, code = wire:starttls(opts.secure)
    if not ok then return nil, "TLS: " .. err, code end
  end
  local greeting
  greeting, err = wire:reply()
  if not greeting then return nil, "no greeting: " .. err, err end
  wire.greeting = greeting
  see(self, wire, "greeting", greeting)
  if opts.tls ~= "stls" or clear then return wire end
  wire:send "STLS\r\n"
  local reply
  reply, err = wire:reply()
  if not reply then return nil, "no reply to STLS: " .. err, err end
  see(self, wire, "STLS", reply)
  if not reply.ok then return nil, "STLS: " .. reply.shown, "tls" end
  local ok
  ok, err, code = wire:starttls(opts.secure)
  if not ok then return nil, "TLS: " .. err, code end
  return wire
end

--- The same; it fails when there is no link.
function Probe:connect(clear)
  local wire, err = self:dial(clear)
  if not wire then self:fail("no link: %s", err) end
  return wire
end

--- Ask, and wait for the reply.
-- @tparam pop3.check.wire wire
-- @tparam string line a command, without its line end
-- @tparam[opt] string|false kind the kind of body that follows, by the verb if
-- nil
-- @tparam[opt] string shown in place of the command
-- @treturn table the reply
function Probe:ask(wire, line, kind, shown)
  wire:send(line .. "\r\n", shown)
  return self:reply(wire, line, kind)
end

--- The reply to a command that was sent.
function Probe:reply(wire, line, kind)
  local verb, argument = line:match "^(%S*) ?(.*)$"
  verb = verb:upper()
  if kind == nil then kind = kinds[verb] end
  if kind == "listing" and argument ~= "" and verb ~= "LANG" then
    kind = nil
  end
  local reply, err = wire:reply(kind or nil)
  if not reply then
    self:fail("no reply to %s: %s", verb == "" and "an empty line" or verb, err)
  end
  if reply.line:find "^%+[ \r\n]" then
    self:fail("%s is answered with a challenge: %s", verb, reply.shown)
  end
  see(self, wire, verb, reply)
  if reply.ok == nil then
    self:fail("the reply to %s begins with neither +OK nor -ERR: %s", verb,
              reply.shown)
  end
  return reply
end

--- Ask what has to be granted.
function Probe:granted(wire, line, ...)
  local reply = self:ask(wire, line, ...)
  self:must(reply.ok, "%s is refused: %s", line, reply.shown)
  return reply
end

--- Ask what has to be refused.
function Probe:refused(wire, line, kind)
  local reply = self:ask(wire, line, kind or false)
  self:must(reply.ok == false, "'%s' is answered with %s",
            #line > 60 and line:sub(1, 60) .. "..." or line, reply.shown)
  -- a server may end a link on which too much was wrong, one after the other
  if wire == self.shared and wire:send "NOOP\r\n" then
    local after = wire:reply()
    self:must(not after or after.ok, "NOOP behind it is answered with %s",
              after and after.shown)
  end
  return reply
end

-- -------------------------------------------------------------------- logins

-- The session that checks share is given up, and its lock with it.
local function unshare(self)
  local shared = self.shared
  self.shared = nil
  if shared then shared:leave() end
end

-- Codes of a login that is refused for other reasons than the password.
local later = { ["IN-USE"] = true, ["LOGIN-DELAY"] = true, SYS = true }

--- What ended a login is counted.
-- @treturn table the reply
function Probe:answered(reply)
  if reply.ok then self.last = core.now()
  elseif not (later[reply.level] or reply.unwilling) then
    self.refusals = self.refusals + 1
  elseif reply.level == "LOGIN-DELAY" then
    -- the server did not say how long, or did not mean it
    self.delay = math.huge
  end
  return reply
end

--- Does the server mean the LOGIN-DELAY that it announces? Tried once, beside
-- the session that checks share: a server that keeps it gives no other one.
function Probe:means_delay()
  if self.meant == nil then
    local wire, announced = self:connect(), self.delay
    local reply = self:answered(ways.login(self, wire))
    self.meant = not reply.ok
    self.delay = self.meant and announced or 0
    wire:leave()
    if reply.ok then unshare(self) end  -- it may have been thrown out
  end
  return self.meant
end

-- Until the server lets somebody log in again. What it wants of this user is
-- known behind a login.
local function wait_for_delay(self)
  local left = self.last and self.last + self.delay - core.now() or 0
  if left > PAUSE and self:means_delay() then
    self:skip "so soon after the last, a login would be refused (LOGIN-DELAY)"
  elseif left > 0 and self.delay > 0 then
    socket.sleep(left)
  end
end

-- The first login: how long is it to the next?
local function learn_delay(self, wire)
  local ok, tags = pcall(listing.announced, self)
  if not ok and not Probe.is_verdict(tags) then error(tags, 0) end
  local words = ok and tags["LOGIN-DELAY"]
  if not words then return end
  words = listing.capabilities(self:ask(wire, "CAPA"))["LOGIN-DELAY"] or words
  self.delay = tonumber(words:match "^%d+") or 0
end

--- A login with the right password, after the session that checks share has been
-- given up: a link in the transaction state; or nil, the reply that refused it,
-- and the link.
function Probe:try_login()
  wait_for_delay(self)
  unshare(self)
  local deadline, tries = core.now() + self.opts.timeout, 0
  while true do
    local first = not self.entered
    local wire = self:connect()
    local reply = self:answered(ways.login(self, wire))
    if reply.ok then
      if first then learn_delay(self, wire) end
      return wire
    end
    -- who was here before may not be gone yet, which not every server has a
    -- code for
    tries = tries + 1
    local again = reply.level == "IN-USE"
                  or self.entered and not reply.code and tries < 3
    if not again or core.now() >= deadline then return nil, reply, wire end
    wire:close()
    socket.sleep(reply.code and 0.1 or 0.3)
  end
end

--- A login was refused, and none works: the checks that need one are skipped.
-- A server may want TLS before it says more.
-- @treturn boolean whether it is that
function Probe:bar(wire, reply)
  local wants_tls = reply.not_by_user and not wire.secure
                    and listing.announced(self).STLS ~= nil
  self.barred = wants_tls and "the server wants TLS before a login (tls = "
                .. "\"stls\")" or "the login is refused"
  return wants_tls
end

--- The same; the check is skipped when that is not possible.
function Probe:login()
  if self.barred then self:skip(self.barred) end
  if self.tried and not self.entered then
    self:skip "the login does not work"
  end
  self.tried = true
  local wire, reply, link = self:try_login()
  if wire then return wire end
  if reply.level == "LOGIN-DELAY" then
    self:skip("a login so soon after the last is refused: %s", reply.shown)
  end
  if not self.entered then self:bar(link, reply) end
  self:skip("the login is refused: %s", reply.shown)
end

--- The session that checks share, in the transaction state; they leave it as
-- it was.
function Probe:session()
  local shared = self.shared
  if not shared or shared.ended then
    shared = self:login()
    self.shared = shared
  end
  return shared
end

--- How the login works, as `pop3.check.login` has found out; the check is
-- skipped where it does not.
-- @treturn function
function Probe:way()
  if not self.entered then self:session() end
  return self.entered
end

--- Make way for a login that the check does itself: it works, and nobody is
-- logged in.
function Probe:make_way()
  self:way()
  if self.refusals >= REFUSALS then
    self:skip("%d logins were refused already", self.refusals)
  end
  wait_for_delay(self)
  unshare(self)
end

--- The session that checks share may have been ended by what was tried.
function Probe:unshare() unshare(self) end

--- A link for a login that will be refused, which many servers do late. Counts
-- it; the check is skipped when there were enough of them.
-- @treturn pop3.check.wire
function Probe:may_fail()
  if self.barred then self:skip(self.barred) end
  if self.failures >= FAILURES or self.refusals >= REFUSALS then
    self:skip("%d logins were refused already", self.refusals)
  end
  self.failures = self.failures + 1
  local wire = self:connect()
  wire.timeout = SLOW * wire.timeout
  return wire
end

-- ----------------------------------------------------------------- the check

-- Behind a check that failed the shared session may be out of step. It is kept
-- only where no other can be had soon, and if it is not.
local function settle(self)
  local wire = self.shared
  local keep = self.delay > PAUSE and wire and not wire.ended
               and wire:unread() == "" and wire:send "NOOP\r\n"
  if keep then
    local reply = wire:reply()
    keep = reply and reply.ok and wire:unread() == ""
  end
  if not keep then unshare(self) end
end

--- Run one check: its result, reason and evidence.
function Probe:run(check)
  local ok, err = pcall(function()
    if self.hopeless and not check.looks then self:skip(self.hopeless) end
    if self.account.vain > PATIENCE * self.opts.timeout then
      self:skip("given up: %d seconds went into what did not come",
                self.account.vain // 1)
    end
    check.run(self)
  end)
  if not ok and not Probe.is_verdict(err) then
    self:close()
    error(err, 0)
  end
  local result = ok and "pass" or err.result
  if result == "fail" then settle(self) end
  for _, wire in ipairs(self.links) do
    if wire ~= self.shared then wire:leave() end
  end
  self.links = { self.shared }
  return result, not ok and err.reason or nil, self.notes:take()
end

--- Give up all links.
function Probe:close()
  for _, wire in ipairs(self.links) do wire:close() end
  self.links, self.shared = {}, nil
end

return Probe
