--- The probe, the argument of every check. It makes connections and logins, sends
-- commands, and ends the check with a verdict.
--
-- A check is a function of a probe. It passes when it returns; `fail`, `warn`
-- and `skip` end it. One probe runs all checks of a run. It keeps the session
-- that they share, results that several checks need, and the number of refused
-- logins.
-- @module pop3.check.probe
-- @local

local Evidence = require "pop3.check.evidence"
local Link = require "pop3.check.link"
local account = require "pop3.check.account"
local core = require "pop3.core"
local socket = require "socket"
local verdict = require "pop3.check.verdict"

local Probe = { __name = "pop3.check.probe" }
Probe.__index = Probe

for name, method in pairs(account) do Probe[name] = method end

local SEEN = 10000    -- replies that are kept
local PATIENCE = 12   -- timeouts that a run may take before the rest is skipped

--- Make a probe.
-- @tparam table opts the options of `pop3.check`, with all defaults filled in
-- @treturn pop3.check.probe
function Probe.new(opts)
  return setmetatable({
    opts = opts, now = opts.now, notes = Evidence.new(), memo = {}, seen = {},
    links = {}, on_octets = function() end,
    account = { vain = 0, linger = 1 }, failures = 0, refusals = 0, delay = 0,
    barred = not opts.user and "the option user is not set" or nil,
  }, Probe)
end

-- ------------------------------------------------------------------ verdicts

local function finish(self, result, format, ...)
  local reason = select("#", ...) > 0 and format:format(...) or format
  verdict.raise(result, self.notes:shown(reason))
end

--- End the check: the server violates a MUST.
-- @tparam string format
-- @param ... for the format
function Probe:fail(format, ...) finish(self, "fail", format, ...) end

--- End the check: the server violates a SHOULD.
function Probe:warn(format, ...) finish(self, "warn", format, ...) end

--- End the check: it does not apply, or it cannot run.
function Probe:skip(format, ...) finish(self, "skip", format, ...) end

--- Fail unless a condition holds.
-- @param holds the condition
-- @param ... the arguments of `fail`
function Probe:must(holds, ...)
  if not holds then self:fail(...) end
end

--- Warn unless a condition holds.
-- @param holds the condition
-- @param ... the arguments of `warn`
function Probe:should(holds, ...)
  if not holds then self:warn(...) end
end

--- Run a function once in a run, and keep its results and its evidence. If it
-- ended with a verdict, each later call ends with that verdict.
-- @tparam string key
-- @tparam function find called with the probe
-- @tparam[opt] boolean fresh run it again in each new shared session, since new
-- mail may have arrived
-- @return the results of `find`
function Probe:once(key, find, fresh)
  local known, notes = self.memo[key], self.notes
  if known and known[1] and fresh and known.session ~= self:session() then
    known = nil
  end
  if not known then
    local outer = notes:begin()
    known = table.pack(pcall(find, self))
    known.lines, known.session = notes:finish(outer), self.shared
    if not known[1] and not verdict.is(known[2]) then
      error(known[2], 0)
    end
    self.memo[key] = known
  end
  notes:refer(known.lines)
  if not known[1] then error(known[2], 0) end
  return table.unpack(known, 2, known.n)
end

-- --------------------------------------------------------------- connections

--- Wait. Where the option `transport` is given, the time is that of its clock,
-- which may only pass while a connection is read.
-- @tparam number seconds
-- @tparam[opt] pop3.check.link link one that may be open
function Probe:pause(seconds, link)
  local deadline, tries = self.now() + seconds, 0
  while self.opts.transport and self.now() < deadline and tries < 3 do
    link = link or self:connect()
    link:pause(deadline - self.now())
    link, tries = nil, tries + 1
  end
  socket.sleep(math.max(deadline - self.now(), 0))
end

-- Keep a reply for the checks of rules/replies and rules/rfc3206. After LANG
-- and UTF8 its text may be UTF-8.
local function keep(self, link, verb, reply)
  local seen = self.seen
  if reply.ok and (verb == "LANG" or verb == "UTF8") then link.utf8 = true end
  if #seen < SEEN then
    seen[#seen + 1] = { verb = verb, line = reply.line, ok = reply.ok,
                        code = reply.code, level = reply.level,
                        text = reply.text, terminator = reply.terminator,
                        utf8 = link.utf8 }
  end
end

--- Mask a text in the evidence from now on.
-- @tparam string text
function Probe:secret(text) self.notes:secret(text) end

--- Connect and read the greeting; with TLS as the options say.
-- @tparam[opt] boolean clear do not send STLS, even if the option `tls` is
-- "stls"
-- @treturn pop3.check.link with its `greeting`, or nil, message, code
function Probe:dial(clear)
  local opts = self.opts
  local link, err, code = Link.open(opts, function(from, octets)
    self.notes:add(from, octets)
    self.on_octets()
  end, self.account)
  if not link then return nil, err, code end
  self.links[#self.links + 1] = link
  self.now = link.now
  if opts.tls == "implicit" then
    local ok
    ok, err, code = link:start_tls(opts.trust)
    if not ok then return nil, "TLS: " .. err, code end
  end
  local greeting
  greeting, err = link:reply()
  if not greeting then return nil, "no greeting: " .. err, err end
  link.greeting = greeting
  keep(self, link, "greeting", greeting)
  if opts.tls ~= "stls" or clear then return link end
  link:send "STLS\r\n"
  local reply
  reply, err = link:reply()
  if not reply then return nil, "no reply to STLS: " .. err, err end
  keep(self, link, "STLS", reply)
  if not reply.ok then return nil, "STLS: " .. reply.shown, "tls" end
  local ok
  ok, err, code = link:start_tls(opts.trust)
  if not ok then return nil, "TLS: " .. err, code end
  return link
end

--- The same as `dial`, but the check fails when there is no connection.
-- @tparam[opt] boolean clear
-- @treturn pop3.check.link
function Probe:connect(clear)
  local link, err = self:dial(clear)
  if not link then self:fail("no connection: %s", err) end
  return link
end

--- Send a command and read the reply. Without a reply the check fails.
-- @tparam pop3.check.link link
-- @tparam string line the command, without its line end
-- @tparam[opt] string|false kind the body that follows +OK: "listing",
-- "message", or false for no body; nil means by the verb
-- @tparam[opt] string shown the line in the evidence, if it differs
-- @treturn table the reply
function Probe:ask(link, line, kind, shown)
  link:send(line .. "\r\n", shown)
  return self:reply(link, line, kind)
end

-- The kind of body that follows +OK, nil without a body.
local function kind_of(verb, argument)
  local row = core.verbs[verb]
  local body = row and row.body
  if body == "always" or body == "bare" and argument == "" then
    return row.mail and "message" or "listing"
  end
end

--- Read the reply to a command that was sent before.
-- @tparam pop3.check.link link
-- @tparam string line the command
-- @tparam[opt] string|false kind as in `ask`
-- @treturn table the reply
function Probe:reply(link, line, kind)
  local verb, argument = line:match "^(%S*) ?(.*)$"
  verb = verb:upper()
  if kind == nil then kind = kind_of(verb, argument) end
  local reply, err = link:reply(kind or nil)
  if not reply then
    self:fail("no reply to %s: %s", verb == "" and "an empty line" or verb, err)
  end
  if reply.line:find "^%+[ \r\n]" then
    self:fail("the reply to %s is a challenge: %s", verb, reply.shown)
  end
  keep(self, link, verb, reply)
  if reply.ok == nil then
    self:fail("the reply to %s begins with neither +OK nor -ERR: %s", verb,
              reply.shown)
  end
  return reply
end

--- Send a command that the server must accept.
-- @treturn table the reply
function Probe:granted(link, line, ...)
  local reply = self:ask(link, line, ...)
  self:must(reply.ok, "%s is refused: %s", line, reply.shown)
  return reply
end

--- Send a command that the server must refuse.
-- @treturn table the reply
function Probe:refused(link, line, kind)
  local reply = self:ask(link, line, kind or false)
  self:must(reply.ok == false, "the reply to '%s' is %s",
            #line > 60 and line:sub(1, 60) .. "..." or line, reply.shown)
  -- a server may close a connection after several errors
  if link == self.shared and link:send "NOOP\r\n" then
    local after = link:reply()
    self:must(not after or after.ok, "the reply to the NOOP after it is %s",
              after and after.shown)
  end
  return reply
end

-- ----------------------------------------------------------------- the check

--- Run one check.
-- @tparam table check a row of a file of rules/
-- @treturn string "pass", "fail", "warn" or "skip"
-- @treturn ?string the reason, unless it passed
-- @treturn {string,...} the evidence
function Probe:run(check)
  local ok, err = pcall(function()
    if self.hopeless and not check.looks then self:skip(self.hopeless) end
    if self.account.vain > PATIENCE * self.opts.timeout then
      self:skip("given up after waiting %d seconds for replies that did not "
                .. "come", self.account.vain // 1)
    end
    check.run(self)
  end)
  if not ok and not verdict.is(err) then
    self:close()
    error(err, 0)
  end
  local result = ok and "pass" or err.result
  if result == "fail" then self:settle() end
  for _, link in ipairs(self.links) do
    if link ~= self.shared then link:leave() end
  end
  self.links = { self.shared }
  return result, not ok and err.reason or nil, self.notes:take()
end

--- Close all connections.
function Probe:close()
  for _, link in ipairs(self.links) do link:close() end
  self.links, self.shared = {}, nil
end

return Probe
