--- Where a fault applies: the fields that select a reply, a handshake or a
-- connection, and whether they do. The effects are in `pop3.server.fault`.
-- @module pop3.server.fault.place
-- @local

local argument = require "pop3.util.argument"

local place = {}

--- The fields, one row each, like those of the effects.
place.fields = {
  { name = "verb", value = { type = "string" },
    text = "The command, in upper or lower case." },
  { name = "hook", value = { type = "choice", "connect", "tls", "update" },
    text = 'In place of a verb: "connect" is the greeting, "tls" the start of '
           .. 'TLS, "update" a QUIT in the transaction state.' },
  { name = "args", value = { type = "string" },
    text = "A Lua pattern that the arguments match; one space separates "
           .. "them." },
  { name = "session", value = { type = "integer", least = 1 },
    text = "The number of the session, counted from 1." },
  { name = "user", value = { type = "string" },
    text = "The user who is logged in, or whom USER, PASS or APOP names." },
  { name = "state",
    value = { type = "choice", "greeting", "authorization", "transaction" },
    text = "The state of the session." },
  { name = "nth", value = { type = "integer", least = 1 },
    text = "Only the n-th time that all other fields select." },
  { name = "times", value = { type = "integer", least = 0 },
    text = "At most this many times." },
  { name = "when", value = { type = "function" },
    text = "`function(session, verb, ...)` with the arguments of the command; "
           .. "true selects it." },
}

--- Check the fields that depend on each other.
-- @tparam table f a fault
-- @tparam integer level see `pop3.util.argument`
function place.check(f, level)
  if f.verb and f.hook then
    argument.misuse(level + 1, "fault: give either a verb or a hook")
  elseif f.verb and not f.verb:find "^[^%s%c]+$" then
    argument.misuse(level + 1, "fault: '%s' is not a verb; select arguments by "
                    .. "args", f.verb)
  end
  if not f.args then return end
  local ok, err = require "pop3.verify.pattern"(f.args)
  if not ok then
    argument.misuse(level + 1, "fault: args: %s", tostring(err))
  end
end

--- Prepare the fields for `place.selects`.
-- @tparam table f a fault, which is changed
-- @tparam ?string hook where a fault without verb and hook applies; nil: at the
-- greeting and at each command
function place.prepare(f, hook)
  f.seen, f.used = 0, 0
  if not (f.verb or f.hook) then
    f.hook = hook
    f.everywhere = not hook
  end
  if f.hook == "update" then
    f.hook, f.verb = nil, "QUIT"
    f.state = f.state or "transaction"
  end
  if f.verb then f.verb = f.verb:upper() end
end

-- The arguments of a command as one line.
local function line_of(a, b)
  if a == nil then return "" end
  return b == nil and tostring(a) or tostring(a) .. " " .. tostring(b)
end

-- The user of a session; during a login the user that the command names.
local function user_of(session, verb, a)
  if session.user then return session.user end
  if verb == "USER" or verb == "APOP" then return a end
  return verb == "PASS" and session.name or nil
end

-- Is the fault for this verb or hook? A handshake has no reply, so a fault for
-- all replies does not apply to it.
local function is_for(f, verb, hook)
  if f.everywhere then return hook ~= "tls" end
  return f.verb == verb and f.hook == hook
end

--- Does a fault apply here? It counts the calls that all other fields select.
-- @tparam table f a fault
-- @tparam pop3.server.session session
-- @tparam ?string verb
-- @tparam ?string hook
-- @param ... the arguments of the command
-- @treturn boolean
function place.selects(f, session, verb, hook, ...)
  if not is_for(f, verb, hook)
     or f.session and f.session ~= session.id
     or f.user and f.user ~= user_of(session, verb, ...)
     or f.state and f.state ~= session.state
     or f.args and not line_of(...):find(f.args)
     or f.when and not f.when(session, verb or hook, ...) then
    return false
  end
  f.seen = f.seen + 1
  if f.nth and f.seen ~= f.nth or f.times and f.used >= f.times then
    return false
  end
  f.used = f.used + 1
  return true
end

return place
