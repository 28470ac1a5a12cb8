--- Faults: what goes wrong, as data.
--
-- A fault says where it strikes — `verb` or `hook` ("connect"), `session` (a
-- session's number), `user`, `nth` (only the n-th time), `times` (so often),
-- `when` (a function of session, verb and arguments) — and what happens there:
-- any of these, together or alone:
--
-- - `delay`: seconds before the reply; `stall = true`: it never comes
-- - `reply`: a raw line in its place, the handler is not called
-- - `drip = { bytes =, every = }`: so many octets every so many seconds
-- - `slice`: octets a write
-- - `cut = { bytes = | lines =, how = "fin" | "rst" }`: so much of the reply, or
--   of its body, then the link ends
-- - `append`: octets behind the reply
-- - `no_terminator`: no last line; `unstuffed`: dots as they are; `bare_lf`: line
--   ends without CR (each true)
-- - `wrong_size`: added to the sizes that STAT, LIST and RETR announce
-- - `garbage = { seed =, bytes = }`: octets that the seed makes, in its place
-- - `refuse = true`, with the hook: the link is reset before the greeting
-- @module pop3.fault
-- @local

local check = require "pop3.argument"

local fault = {}

local known = {
  verb = "string", hook = { connect = true }, session = "integer",
  user = "string", nth = "integer", times = "integer", when = "function",
  delay = "number", drip = "table", cut = "table", reply = "string",
  stall = "boolean", slice = "integer", append = "string",
  no_terminator = "boolean", unstuffed = "boolean", bare_lf = "boolean",
  wrong_size = "integer", garbage = "table", refuse = "boolean",
}

local effects = { "delay", "drip", "cut", "reply", "stall", "slice", "append",
                  "no_terminator", "unstuffed", "bare_lf", "wrong_size",
                  "garbage", "refuse" }

local function positive(n, what, level)
  if n <= 0 or n ~= n then
    check.misuse(level + 1, "fault: %s must be positive", what)
  end
end

--- Check a fault and make it ready.
-- @tparam table f
-- @tparam integer level see `pop3.argument`
-- @treturn table what `fault.strike` takes
function fault.new(f, level)
  check.options(f, known, "fault", level + 1)
  local made = { seen = 0, used = 0 }
  for name, value in pairs(f) do made[name] = value end
  if (made.verb == nil) == (made.hook == nil) then
    check.misuse(level + 1, "fault: either a verb or a hook is needed")
  end
  if made.verb then made.verb = made.verb:upper() end
  if made.reply then check.text(made.reply, "fault: reply", level + 1) end
  if made.refuse and not made.hook then
    check.misuse(level + 1, "fault: refuse goes with the hook connect")
  elseif made.slice and made.drip then
    check.misuse(level + 1, "fault: either slice or drip")
  end
  if made.slice then positive(made.slice, "slice", level + 1) end
  if made.garbage then
    check.options(made.garbage, { seed = "integer", bytes = "integer" },
                  "fault: garbage", level + 1)
    made.garbage = { seed = made.garbage.seed or 1,
                     bytes = made.garbage.bytes or 64 }
    check.count(made.garbage.bytes, "fault: garbage.bytes", level + 1)
  end
  if made.drip then
    check.options(made.drip, { bytes = "integer", every = "number" },
                  "fault: drip", level + 1)
    made.drip = { bytes = made.drip.bytes or 1, every = made.drip.every or 1 }
    positive(made.drip.bytes, "drip.bytes", level + 1)
    positive(made.drip.every, "drip.every", level + 1)
  end
  if made.cut then
    check.options(made.cut, { bytes = "integer", lines = "integer",
                              how = { fin = true, rst = true } },
                  "fault: cut", level + 1)
    for _, unit in ipairs { "bytes", "lines" } do
      if made.cut[unit] then
        check.count(made.cut[unit], "fault: cut." .. unit, level + 1)
      end
    end
  end
  return made
end

-- Does it strike here? Counts how often it could have.
local function strikes(f, session, verb, hook, ...)
  if f.verb ~= verb or f.hook ~= hook
     or f.session and f.session ~= session.id
     or f.user and f.user ~= session.user
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

--- All that goes wrong here: the effects of the faults that strike, the first
-- one winning where two have the same.
-- @tparam table faults
-- @tparam session session
-- @tparam ?string verb
-- @tparam ?string hook
-- @param ... the command's arguments
-- @treturn ?table
function fault.strike(faults, session, verb, hook, ...)
  local all
  for _, f in ipairs(faults) do
    if strikes(f, session, verb, hook, ...) then
      all = all or {}
      for _, name in ipairs(effects) do
        if all[name] == nil then all[name] = f[name] end
      end
    end
  end
  return all
end

return fault
