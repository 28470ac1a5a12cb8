--- Faults: what goes wrong, as data.
--
-- A fault says where it strikes — `verb` or `hook` ("connect"; "tls": when TLS is
-- to begin; "update": QUIT when there is a maildrop), with neither of them at the
-- greeting and at each command, `args` (a Lua pattern that the command's arguments
-- match, with one space between them), `session` (a session's number), `user`,
-- `state` ("greeting", "authorization", "transaction"), `nth` (only the n-th time),
-- `times` (so often), `when` (a function of session, verb and arguments) — and what
-- happens there: any of these, together or alone:
--
-- - `delay`: seconds before the reply; `stall = true`: it never comes
-- - `reply`: a raw line in its place, or more than one; it gets its CRLF added. The
--   handler is not called
-- - `drip = { bytes =, every = }`: so many octets every so many seconds
-- - `slice`: octets a write; with `drip`, it drips as fast in pieces of that size
-- - `cut = { bytes = | lines =, how = "fin" | "rst" | "half" }`: so much of the
--   reply, or of its body, then the link ends; by half, only the server's side
--   of it: what the client still sends is read and done
-- - `append`: octets behind the reply
-- - `no_terminator`: no last line; `unstuffed`: dots as they are; `bare_lf`,
--   `bare_cr`: line ends without CR, without LF; `no_text`: a status line that is
--   the status alone (each true)
-- - `wrong_size`: added to the sizes that STAT, LIST and RETR announce
-- - `uids`: what UIDL says: "duplicate", the first one's for all; "missing", no
--   line for every second message; "empty", numbers without unique-ids
-- - `garbage = { seed =, bytes = }`: octets that the seed makes, in its place
-- - `swap = true`: the reply leaves behind the one to the next command
-- - `refuse = true`, at connect: the link is reset at once, before TLS and the
--   greeting
-- - with the hook tls: `delay`, `stall`, `cut = { bytes =, how = }` of the octets
--   of the handshake, `alert = true` (it fails by an alert), `certificate`: one
--   that clients must refuse, as in the option `tls` of `pop3.server.new`
--
-- A handler has the same for its own reply: `session:fault{ cut = { bytes = 5 } }`.
--
-- `user` is who is logged in, or whom USER, PASS or APOP is about. A command that
-- the server itself refuses, for its form, its state or its length, meets no fault.
-- A challenge of AUTH is delayed, dripped and cut; the other effects are for the
-- reply at the end. Under TLS, `cut` counts octets of the reply, `drip` and `slice`
-- those of the link. A big reply is changed piece by piece as it leaves; only one
-- with `swap`, and the one that it waits for, are held whole.
-- By "fin" the link ends in order, though the client's next octets may still be
-- answered by a reset, as from any socket that is closed; by "rst" once the octets
-- before the cut are sent.
-- @module pop3.fault

local check = require "pop3.util.argument"
local pattern = require "pop3.verify.pattern"

local fault = {}

local known = {
  verb = "string", hook = { connect = true, tls = true, update = true },
  args = "string",
  session = "integer", user = "string", nth = "integer", times = "integer",
  state = { greeting = true, authorization = true, transaction = true },
  when = "function",
}

local effects = {
  delay = "number", drip = "table", cut = "table", reply = "string",
  stall = "boolean", slice = "integer", append = "string",
  no_terminator = "boolean", unstuffed = "boolean", bare_lf = "boolean",
  bare_cr = "boolean", no_text = "boolean", wrong_size = "integer",
  garbage = "table", swap = "boolean", refuse = "boolean", alert = "boolean",
  uids = { duplicate = true, missing = true, empty = true },
  certificate = "string",
}

for name, kind in pairs(effects) do known[name] = kind end

-- What can happen to a handshake, and only there.
local of_tls = { delay = true, stall = true, cut = true, alert = true,
                 certificate = true }

local function positive(n, what, level)
  if not (n > 0 and n < math.huge) then
    check.misuse(level + 1, "fault: %s must be positive", what)
  end
end

-- Does it say what happens?
local function has_effect(f)
  for name in pairs(effects) do
    if f[name] ~= nil then return true end
  end
  return false
end

-- Where it strikes: what could never be is a mistake.
local function check_place(f, level)
  if f.verb and f.hook then
    check.misuse(level + 1, "fault: either a verb or a hook")
  elseif not (f.verb or f.hook or has_effect(f)) then
    check.misuse(level + 1, "fault: nothing is said to go wrong")
  elseif f.verb and not f.verb:find "^[^%s%c]+$" then
    check.misuse(level + 1, "fault: '%s' is not a verb; its arguments are chosen "
                 .. "by args", f.verb)
  end
  if f.session then positive(f.session, "session", level + 1) end
  if f.nth then positive(f.nth, "nth", level + 1) end
  if f.times then check.count(f.times, "fault: times", level + 1) end
end

-- What may stand beside what.
local function check_company(f, level)
  if f.hook == "tls" then
    for name in pairs(effects) do
      if f[name] ~= nil and not of_tls[name] then
        check.misuse(level + 1, "fault: %s does not go with the hook tls", name)
      end
    end
    if f.cut and f.cut.lines then
      check.misuse(level + 1, "fault: a handshake has no lines")
    end
  elseif f.alert or f.certificate then
    check.misuse(level + 1, "fault: %s goes with the hook tls",
                 f.alert and "alert" or "certificate")
  end
  if f.refuse and f.hook ~= "connect" then
    check.misuse(level + 1, "fault: refuse goes with the hook connect")
  elseif f.swap and (f.hook or f.everywhere) then
    check.misuse(level + 1, "fault: swap goes with a verb")
  elseif f.bare_lf and f.bare_cr then
    check.misuse(level + 1, "fault: either bare_lf or bare_cr")
  end
end

-- Options of options: checked, and what is left out filled in.
local function check_values(f, level)
  if f.reply then f.reply = f.reply:gsub("\r\n$", "") end  -- it gets its own
  if f.slice then positive(f.slice, "slice", level + 1) end
  if f.delay and not (f.delay >= 0 and f.delay < math.huge) then
    check.misuse(level + 1, "fault: delay must be a number of 0 or more")
  end
  if f.garbage then
    check.options(f.garbage, { seed = "integer", bytes = "integer" },
                  "fault: garbage", level + 1)
    f.garbage = { seed = f.garbage.seed or 1, bytes = f.garbage.bytes or 64 }
    check.count(f.garbage.bytes, "fault: garbage.bytes", level + 1)
  end
  if f.drip then
    check.options(f.drip, { bytes = "integer", every = "number" },
                  "fault: drip", level + 1)
    f.drip = { bytes = f.drip.bytes or 1, every = f.drip.every or 1 }
    positive(f.drip.bytes, "drip.bytes", level + 1)
    positive(f.drip.every, "drip.every", level + 1)
  end
  if f.cut then
    check.options(f.cut, { bytes = "integer", lines = "integer",
                           how = { fin = true, rst = true, half = true } },
                  "fault: cut", level + 1)
    for _, unit in ipairs { "bytes", "lines" } do
      if f.cut[unit] then
        check.count(f.cut[unit], "fault: cut." .. unit, level + 1)
      end
    end
  end
  if f.certificate then
    require "pop3.server.certificates".check_variant(f.certificate, level + 1)
  end
  if f.args then
    local ok, err = pattern(f.args)
    if not ok then check.misuse(level + 1, "fault: args: %s", tostring(err)) end
  end
end

local function copy(f)
  local made = {}
  for name, value in pairs(f) do made[name] = value end
  return made
end

--- Check a fault and make it ready.
-- @tparam table f
-- @tparam integer level see `pop3.argument`
-- @treturn table what `fault.strike` takes
-- @local
function fault.new(f, level)
  check.options(f, known, "fault", level + 1)
  local made = copy(f)
  made.seen, made.used = 0, 0
  check_place(made, level + 1)
  if not (made.verb or made.hook) then
    made.hook = made.refuse and "connect"
                or (made.alert or made.certificate) and "tls" or nil
    made.everywhere = not made.hook
  end
  if made.hook == "update" then
    made.hook, made.verb = nil, "QUIT"
    made.state = made.state or "transaction"
  end
  if made.verb then made.verb = made.verb:upper() end
  check_company(made, level + 1)
  check_values(made, level + 1)
  return made
end

--- Check what a handler wants to go wrong with its own reply: effects alone.
-- @tparam table f
-- @tparam integer level see `pop3.argument`
-- @treturn table effects
-- @local
function fault.effects(f, level)
  check.options(f, effects, "fault", level + 1)
  local made = copy(f)
  check_company(made, level + 1)
  check_values(made, level + 1)
  return made
end

-- Arguments as one line.
local function line_of(a, b)
  if a == nil then return "" end
  return b == nil and tostring(a) or tostring(a) .. " " .. tostring(b)
end

-- Who it is about: the user, or at a login by name, who wants to be it.
local function user_of(session, verb, a)
  if session.user then return session.user end
  if verb == "USER" or verb == "APOP" then return a end
  return verb == "PASS" and session.name or nil
end

-- Is it about this verb or hook? The start of TLS has no reply.
local function is_about(f, verb, hook)
  if f.everywhere then return hook ~= "tls" end
  return f.verb == verb and f.hook == hook
end

-- Does it strike here? Counts how often it could have.
local function strikes(f, session, verb, hook, ...)
  if not is_about(f, verb, hook)
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

-- Both at once: the same number of octets a second, at most `slice` a write.
local function sliced(drip, slice)
  local bytes = math.min(slice, drip.bytes)
  return { bytes = bytes, every = drip.every * bytes / drip.bytes }
end

--- Effects beside others: where both have the same, the first ones win.
-- @tparam ?table first changed by this
-- @tparam table more
-- @treturn table first, or a new one
-- @local
function fault.merge(first, more)
  first = first or {}
  for name in pairs(effects) do
    if first[name] == nil then first[name] = more[name] end
  end
  if first.slice and first.drip then
    first.drip, first.slice = sliced(first.drip, first.slice), nil
  end
  return first
end

local of_time = { "delay", "stall", "drip", "slice" }

--- What is about when and how octets leave, and what is about the octets.
-- @tparam table effect
-- @treturn table when and how, but for a cut
-- @treturn table which octets
-- @local
function fault.split(effect)
  local time, octets = {}, copy(effect)
  octets.cut = nil
  for _, name in ipairs(of_time) do
    time[name], octets[name] = effect[name], nil
  end
  return time, octets
end

--- All that goes wrong here: the effects of the faults that strike, the first
-- one winning where two have the same.
-- @tparam table faults
-- @tparam session session
-- @tparam ?string verb
-- @tparam ?string hook
-- @param ... the command's arguments
-- @treturn ?table
-- @local
function fault.strike(faults, session, verb, hook, ...)
  local all
  for _, f in ipairs(faults) do
    if strikes(f, session, verb, hook, ...) then
      all = fault.merge(all, f)
    end
  end
  return all
end

return fault
