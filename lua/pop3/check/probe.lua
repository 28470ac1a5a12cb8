--- What a check has in its hands: links to the server, logins, questions, and
-- ways to give its verdict.
--
-- A check is a function of a probe. It passes when it returns; `fail`, `warn`
-- and `skip` end it. One probe goes through all the checks of a run: it keeps
-- a session that they share, what was found out once, and how often a login
-- was refused, since a server may lock an account for that.
-- @module pop3.check.probe
-- @local

local Notes = require "pop3.check.notes"
local Wire = require "pop3.check.wire"
local core = require "pop3.core"
local socket = require "socket"
local ways = require "pop3.check.login"

local Probe = { __name = "pop3.check.probe" }
Probe.__index = Probe

local FAILURES = 3    -- logins with a wrong password in a run, at the most
local SEEN = 10000    -- status lines that are kept

local kinds = { LIST = "listing", UIDL = "listing", CAPA = "listing",
                RETR = "message", TOP = "message" }

--- @tparam table opts as `pop3.check` has filled them in
function Probe.new(opts)
  return setmetatable({
    opts = opts, notes = Notes.new(), memo = {}, seen = {}, links = {},
    failures = 0, barred = not opts.user and "no user was given" or nil,
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
function Probe:once(key, find)
  local known, notes = self.memo[key], self.notes
  if not known then
    local outer = notes:begin()
    known = table.pack(pcall(find, self))
    known.lines = notes:finish(outer)
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

-- What every reply is looked at for in the end.
local function see(self, verb, reply)
  local seen = self.seen
  if #seen < SEEN then
    seen[#seen + 1] = { verb = verb, line = reply.line, ok = reply.ok,
                        code = reply.code, text = reply.text }
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
  end)
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
  see(self, "greeting", greeting)
  if opts.tls ~= "stls" or clear then return wire end
  wire:send "STLS\r\n"
  local reply
  reply, err = wire:reply()
  if not reply then return nil, "no reply to STLS: " .. err, err end
  see(self, "STLS", reply)
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
  see(self, verb, reply)
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

--- A login with the right password: a link in the transaction state; or nil
-- and the reply that refused it.
function Probe:try_login(clear)
  unshare(self)
  local deadline = core.now() + self.opts.timeout
  while true do
    local wire = self:connect(clear)
    local reply = ways.login(self, wire)
    if reply.ok then
      wire.entered = reply
      return wire
    end
    -- who was here before may not be gone yet
    if reply.code ~= "IN-USE" or core.now() >= deadline then
      return nil, reply
    end
    wire:close()
    socket.sleep(0.1)
  end
end

--- The same; the check is skipped when that is not possible.
function Probe:login(clear)
  if self.barred then self:skip(self.barred) end
  if self.tried and not self.entered then
    self:skip "the login does not work"
  end
  self.tried = true
  local wire, reply = self:try_login(clear)
  if wire then return wire end
  if reply.code == "LOGIN-DELAY" then
    self:skip("a login so soon after the last is refused: %s", reply.shown)
  end
  if not self.entered then self.barred = "the login is refused" end
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

--- May a login be tried that will be refused? Counts it.
function Probe:may_fail()
  if self.barred then self:skip(self.barred) end
  if self.failures >= FAILURES then
    self:skip("%d logins were refused already", FAILURES)
  end
  self.failures = self.failures + 1
end

-- ----------------------------------------------------------------- the check

--- Run one check: its result, reason and evidence.
function Probe:run(check)
  local ok, err = pcall(check.run, self)
  if not ok and not Probe.is_verdict(err) then
    self:close()
    error(err, 0)
  end
  local result = ok and "pass" or err.result
  if result == "fail" then unshare(self) end  -- it may be out of step
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
