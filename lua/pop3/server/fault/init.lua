--- Faults: failures of a session, described as data.
--
-- A fault is a table that says where it applies and what goes wrong there:
--
--    server:fault{ verb = "RETR", nth = 2, cut = { bytes = 100 } }
--    server:fault{ hook = "connect", delay = 5 }
--
-- Without `verb` and `hook` it applies to the greeting and to each command. A
-- command that the server refuses for its form, its state or its length selects
-- no fault. A handler does the same to its own reply, with effects alone:
-- `session:fault{ cut = { bytes = 5 } }`. Where several faults apply, their
-- effects add up; of one effect given twice, the first value is taken.
--
-- The tables below have the fields that say **where** a fault applies (`verb`,
-- `hook`, `args`, ...) and the **effects** (`delay`, `cut`, `reply`, ...).
--
-- `delay`, `drip` and `cut` also apply to a challenge of AUTH; the other effects apply
-- to its final reply. Under TLS, `cut` counts octets of the reply, `drip` and `slice`
-- those of the connection. A large reply is changed in pieces as it is
-- sent; only one with `swap`, and the reply that it waits for, are held in
-- memory.
--
-- To add an effect, add a row to `fault.effects`: it is then known to
-- `server:fault`, `session:fault`, `pop3 serve` and the control requests, and
-- the property spec tries it.
-- @module pop3.server.fault

local argument = require "pop3.util.argument"
local certificates = require "pop3.server.certificates"
local place = require "pop3.server.fault.place"
local rewrite = require "pop3.server.fault.rewrite"
local shape = require "pop3.server.fault.shape"

local fault = {}

local FLAG = { type = "boolean" }
local OCTETS = { type = "integer", least = 0, unit = "octets" }
local SECONDS = { type = "number", least = 0, unit = "seconds" }
local SOME_OCTETS = { type = "integer", least = 1, unit = "octets",
                      default = 1 }

-- The unique-id of message 1, "" in an empty maildrop.
local function first_uid(session)
  local drop = session.maildrop
  return drop and drop:count() > 0 and drop:uid(1) or ""
end

-- The effects: one row each, in the order in which they are applied.
--
-- A row has a `name`; the shape of its `value`; `at`, the places where it may
-- be given: "reply" (the greeting is one), "handshake", "connection"; a `text`
-- for the documentation; and at least one function, or a flag, that says what
-- it does:
--
-- - `replace(session, value)` returns a reply; the handler is not called
-- - `rewrite(parts, value, session)` changes the octets of a reply; for the
--   parts see `pop3.server.fault.rewrite`
-- - `pace(session, value)` changes when the octets leave; it is called for a
--   handshake as well, unless there is a function `handshake`
-- - `handshake(session, value)` changes how the octets of a handshake leave
-- - `shows(value)` returns the name of the certificate that a handshake shows
-- - `open(session, value)` is called in place of the greeting and of TLS
-- - `later`: the reply leaves after the reply to the next command
--
-- `with` names an effect that this one excludes. `read(value)` returns the
-- value in another form. `needs_verb` is for an effect that only a fault with a
-- verb may have.
fault.effects = {
  { name = "reply", value = { type = "string" }, at = { "reply" },
    text = "Octets in place of the reply. A CRLF is added unless they end with "
           .. "one. The handler is not called.",
    read = function(octets) return (octets:gsub("\r\n$", "")) end,
    replace = function(_, octets)
      return { raw = octets .. "\r\n", status = octets:match "^%S*",
               rewritten = true }
    end },

  { name = "unstuffed", value = FLAG, at = { "reply" },
    text = "Lines that begin with a dot are sent without the second dot.",
    rewrite = function(parts) parts.stuff = false end },
  { name = "wrong_size", value = { type = "integer", unit = "octets" },
    at = { "reply" },
    text = "Added to the sizes that STAT, LIST and RETR announce.",
    rewrite = rewrite.resize },
  { name = "uids", value = { type = "choice", "duplicate", "missing", "empty" },
    at = { "reply" },
    text = 'What UIDL lists: "duplicate", the first unique-id for all '
           .. 'messages; "missing", no line for every second message; '
           .. '"empty", numbers without unique-ids.',
    rewrite = function(parts, how, session)
      rewrite.reidentify(parts, how, first_uid(session))
    end },
  { name = "no_text", value = FLAG, at = { "reply" },
    text = "The status line is the status alone.",
    rewrite = function(parts)
      parts.head = parts.head:gsub("^(%S+)[^\r\n]*", "%1")
    end },
  { name = "no_terminator", value = FLAG, at = { "reply" },
    text = "The line with the dot after the body is missing.",
    rewrite = function(parts) parts.terminator = "" end },
  { name = "bare_lf", value = FLAG, at = { "reply" }, with = "bare_cr",
    text = "Lines end with LF alone.",
    rewrite = function(parts) parts.line_end = "\n" end },
  { name = "bare_cr", value = FLAG, at = { "reply" }, with = "bare_lf",
    text = "Lines end with CR alone.",
    rewrite = function(parts) parts.line_end = "\r" end },
  { name = "garbage", at = { "reply" },
    value = { type = "table", fields = {
      { "seed", { type = "integer", default = 1 } },
      { "bytes", { type = "integer", least = 0, unit = "octets",
                   default = 64 } } } },
    text = "Pseudorandom octets in place of the reply, the same ones for a "
           .. "seed.",
    rewrite = function(parts, noise)
      parts.octets = rewrite.noise(noise.seed, noise.bytes)
    end },
  { name = "append", value = { type = "string" }, at = { "reply" },
    text = "Octets after the reply.",
    rewrite = function(parts, octets) parts.after = octets end },
  { name = "cut", at = { "reply", "handshake" },
    value = { type = "table", fields = {
      { "bytes", OCTETS },
      { "lines", { type = "integer", least = 0, unit = "lines",
                   at = "reply" } },
      { "how", { type = "choice", "fin", "rst", "half", default = "fin" } } } },
    text = "The connection ends after `bytes` octets of the reply, or after "
           .. "`lines` of its body, whichever comes first. It ends by \"fin\", "
           .. "by \"rst\", or by \"half\": only the server's side is closed, "
           .. "and commands are still executed. In a handshake, `bytes` counts the "
           .. "octets of TLS.",
    rewrite = function(parts, cut)
      parts.bound, parts.closes = cut, cut.how
    end,
    handshake = function(session, cut)
      session:limit_output(cut.bytes or 0, cut.how)
    end },
  { name = "swap", value = FLAG, at = { "reply" }, needs_verb = true,
    text = "The reply is sent after the reply to the next command. QUIT and "
           .. "STLS do not wait.",
    rewrite = function(parts) parts.hold = true end,
    later = true },

  { name = "delay", value = SECONDS, at = { "reply", "handshake" },
    text = "The reply, or the handshake, is sent after this time.",
    pace = function(session, seconds) session:hold_output(seconds) end },
  { name = "stall", value = FLAG, at = { "reply", "handshake" },
    text = "Nothing is sent any more; the connection stays open.",
    pace = function(session) session:hold_output(math.huge) end },
  { name = "drip", at = { "reply" },
    value = { type = "table", fields = {
      { "bytes", SOME_OCTETS },
      { "every", { type = "number", above = 0, unit = "seconds",
                   default = 1 } } } },
    text = "The reply is sent `bytes` octets at a time, at intervals of "
           .. "`every`.",
    pace = function(session, drip)
      session:drip_output(drip.bytes, drip.every)
    end },
  { name = "slice", at = { "reply" },
    value = { type = "integer", least = 1, unit = "octets" },
    text = "The reply is sent in writes of at most this size; with `drip`, at "
           .. "the rate of `drip`.",
    pace = function(session, bytes) session:drip_output(bytes, 0) end },

  { name = "refuse", value = FLAG, at = { "connection" },
    text = "The connection is reset before TLS and the greeting.",
    open = function(session) session:hang "rst" end },
  { name = "alert", value = FLAG, at = { "handshake" },
    text = "The handshake fails with an alert.",
    shows = function() return certificates.NONE end },
  { name = "certificate", at = { "handshake" },
    value = { type = "choice", table.unpack(certificates.variants) },
    text = "The handshake shows a certificate that clients must refuse.",
    shows = function(name) return name end },
}

-- Does a row apply at a place?
local function is_at(row, where)
  for _, name in ipairs(row.at) do
    if name == where then return true end
  end
  return false
end

-- The rows whose effects a fault has.
local function given(f)
  local i = 0
  return function()
    while true do
      i = i + 1
      local row = fault.effects[i]
      if not row then return nil end
      if f[row.name] then return row, f[row.name] end
    end
  end
end

-- The hook of a fault that names neither a verb nor a hook: the one place where
-- its effects can apply, nil when that is every reply.
local function only_hook(f)
  for row in given(f) do
    if is_at(row, "connection") then return "connect" end
    if not is_at(row, "reply") then return "tls" end
  end
end

-- The name of an effect, or of a field of its value, that a handshake cannot
-- have.
local function not_of_handshake(row, value)
  if not is_at(row, "handshake") then return row.name end
  for _, field in ipairs(row.value.fields or {}) do
    if field[2].at == "reply" and value[field[1]] ~= nil then
      return row.name .. "." .. field[1]
    end
  end
end

-- Effects that cannot apply at this place, or not together.
local function check_rows(f, level)
  local is_tls, is_connect = f.hook == "tls", f.hook == "connect"
  for row, value in given(f) do
    local name = row.name
    local wrong = is_tls and not_of_handshake(row, value)
    if wrong then
      argument.misuse(level + 1, "fault: %s does not apply to the hook tls",
                      wrong)
    elseif not is_tls and not is_at(row, "reply")
           and not (is_connect and is_at(row, "connection")) then
      argument.misuse(level + 1, "fault: %s needs the hook %s", name,
                      is_at(row, "connection") and "connect" or "tls")
    elseif row.needs_verb and (f.hook or f.everywhere) then
      argument.misuse(level + 1, "fault: %s needs a verb", name)
    elseif row.with and f[row.with] then
      argument.misuse(level + 1, "fault: give either %s or %s", name, row.with)
    end
  end
end

-- Check values and fill in defaults. `f` is changed.
local function read_values(f, rows, level)
  for _, row in ipairs(rows) do
    local value, name = f[row.name], "fault: " .. row.name
    if value ~= nil then
      value = shape.read(value, row.value, name, level + 1)
      if row.read and value then value = row.read(value) end
      f[row.name] = value
    end
  end
end

local function copy(f)
  local made = {}
  for name, value in pairs(f) do made[name] = value end
  return made
end

--- Does a fault break anything? In Lua one without an effect is allowed: it
-- counts, or its function `when` acts.
-- @tparam table f
-- @treturn boolean true also for unknown fields, which `fault.new` refuses
-- @local
function fault.has_effect(f)
  local places = shape.types(place.fields)
  for name in pairs(f) do
    if not places[name] then return true end
  end
  return false
end

--- Check a fault and prepare it for `fault.strike`.
-- @tparam table f
-- @tparam integer level see `pop3.util.argument`
-- @treturn table a copy
-- @local
function fault.new(f, level)
  argument.options(f, shape.types(place.fields, fault.effects), "fault",
                   level + 1)
  local made = copy(f)
  place.check(made, level + 1)
  local any = f.verb or f.hook
  for _, row in ipairs(fault.effects) do any = any or f[row.name] ~= nil end
  if not any then argument.misuse(level + 1, "fault: it has no effect") end
  place.prepare(made, only_hook(made))
  check_rows(made, level + 1)
  read_values(made, place.fields, level + 1)
  read_values(made, fault.effects, level + 1)
  return made
end

--- Check the effects that a handler gives to its own reply.
-- @tparam table f effects alone
-- @tparam integer level see `pop3.util.argument`
-- @treturn table a copy
-- @local
function fault.read_effects(f, level)
  argument.options(f, shape.types(fault.effects), "fault", level + 1)
  local made = copy(f)
  check_rows(made, level + 1)
  read_values(made, fault.effects, level + 1)
  return made
end

-- Slices at the rate of a drip.
local function sliced(drip, slice)
  local bytes = math.min(slice, drip.bytes)
  return { bytes = bytes, every = drip.every * bytes / drip.bytes }
end

--- Add effects to others. Where both have the same effect, that of `first`
-- stays.
-- @tparam ?table first which is changed
-- @tparam table more
-- @treturn table first, or a new table
-- @local
function fault.merge(first, more)
  first = first or {}
  for _, row in ipairs(fault.effects) do
    local name = row.name
    if first[name] == nil then first[name] = more[name] end
  end
  if first.slice and first.drip then
    first.drip, first.slice = sliced(first.drip, first.slice), nil
  end
  return first
end

--- The effects of all faults that apply here.
-- @tparam {table,...} faults
-- @tparam pop3.server.session session
-- @tparam ?string verb
-- @tparam ?string hook
-- @param ... the arguments of the command
-- @treturn ?table effects; nil when no fault applies
-- @local
function fault.strike(faults, session, verb, hook, ...)
  local all
  for _, f in ipairs(faults) do
    if place.selects(f, session, verb, hook, ...) then
      all = fault.merge(all, f)
    end
  end
  return all
end

-- ------------------------------------------------------ what the effects do

--- Those effects alone that change when octets leave.
-- @tparam table effects
-- @treturn table
-- @local
function fault.paces(effects)
  local made = {}
  for row, value in given(effects) do
    if row.pace then made[row.name] = value end
  end
  return made
end

--- The effects that are left for the reply at the end, after a challenge of
-- AUTH was delayed, dripped and cut.
-- @tparam table effects
-- @treturn table
-- @local
function fault.after_challenge(effects)
  local made = {}
  for row, value in given(effects) do
    if not row.pace and row.name ~= "cut" then made[row.name] = value end
  end
  return made
end

--- Change when the octets of the next reply leave.
-- @tparam pop3.server.session session
-- @tparam table effects
-- @local
function fault.pace(session, effects)
  for row, value in given(effects) do
    if row.pace then row.pace(session, value) end
  end
end

--- Change how the octets of a handshake leave.
-- @tparam pop3.server.session session
-- @tparam table effects
-- @local
function fault.pace_handshake(session, effects)
  for row, value in given(effects) do
    local act = row.handshake or row.pace
    if act then act(session, value) end
  end
end

--- The certificate that a handshake shows in place of the server's own.
-- @tparam table effects
-- @treturn ?string its name, see `pop3.server.certificates`
-- @local
function fault.certificate(effects)
  for row, value in given(effects) do
    if row.shows then return row.shows(value) end
  end
end

--- Apply the effects that replace TLS and the greeting.
-- @tparam pop3.server.session session
-- @tparam table effects
-- @treturn boolean was there anything?
-- @local
function fault.open(session, effects)
  for row, value in given(effects) do
    if row.open then
      fault.pace(session, effects)
      row.open(session, value)
      return true
    end
  end
  return false
end

--- The reply that takes the place of the handler's.
-- @tparam pop3.server.session session
-- @tparam table effects
-- @treturn ?table
-- @local
function fault.replacement(session, effects)
  for row, value in given(effects) do
    if row.replace then return row.replace(session, value) end
  end
end

--- The reply with its octets changed.
-- @tparam pop3.server.session session
-- @tparam table reply
-- @tparam table effects
-- @tparam[opt] boolean hold keep the octets in one piece
-- @treturn table the same reply if no effect changes it; otherwise a new one,
-- whose `raw` is octets or a source of pieces, and whose `rewritten` is true
-- @local
function fault.rewritten(session, reply, effects, hold)
  local parts
  if reply.hangup then return reply end
  if hold then parts = rewrite.open(reply, session.verb) end
  for row, value in given(effects) do
    if row.rewrite then
      parts = parts or rewrite.open(reply, session.verb)
      row.rewrite(parts, value, session)
    end
  end
  if not parts then return reply end
  parts.hold = parts.hold or hold
  return { rewritten = true, status = reply.status, starttls = reply.starttls,
           raw = rewrite.close(parts), close = parts.closes,
           cut = parts.bound ~= nil }
end

--- Does an effect send the reply after the next one?
-- @tparam table effects
-- @treturn boolean
-- @local
function fault.is_later(effects)
  for row in given(effects) do
    if row.later then return true end
  end
  return false
end

return fault
