--- Commands of a client session: send a command, take its events, report a
-- failure.
--
-- The methods of `pop3.session` are written with these functions. `s` is a
-- session; `label` names the operation in messages, such as "RETR 3". A failure is
-- `nil, message, code, reply` as in `pop3`.
-- @module pop3.client.command
-- @local

local pump = require "pop3.client.pump"

local huge = math.huge

local commands = {}

-- ---------------------------------------------------------------- failures

-- A message is one line, whatever octets a server or a sink put into it.
local function fail(s, label, message, code, reply)
  message = ("%s: %s: %s"):format(label, s.name, message)
  return nil, message:gsub("%c+", " "), code, reply
end

-- Close the connection. Under TLS an alert or close_notify is sent before, if the
-- transport takes it without waiting.
local function drop(s)
  if s.dead then return end
  s.dead = true
  local link = s.link
  if link.port ~= link.engine then
    s.tls.ticket = link.port:ticket() or s.tls.ticket
    link.port:shutdown()
    -- a command that was held back must not go out with it
    local held = link.unsent and link.quiet
    if not (link.broken or held) then link.io:send(link.port, 0) end
  end
  link.io:close()
end

-- Report a failure after which the session cannot be used.
local function kill(s, label, message, code)
  drop(s)
  return fail(s, label, message, code)
end

-- Report a reply -ERR.
local function refused(s, label, text, code)
  local shown = text == "" and "refused" or text
  if code then shown = ("[%s] %s"):format(code, shown) end
  return fail(s, label, shown, "err", { text = text, code = code })
end

local function ended(s, label)
  return fail(s, label, "the session has ended", "closed")
end

-- ------------------------------------------------- who uses the session now

-- Set while a callback runs or a pipeline is open: no other command may be sent.
local Busy = { __close = function(guard) guard.session.busy = false end }

local function busy(s, label)
  s.busy = label
  return setmetatable({ session = s }, Busy)
end

-- Set while several commands are one operation with one deadline.
local Operation = { __close = function(op) op.session.bounded = false end }

local function set_deadline(s)
  s.link.deadline = s.total and s.link.io.now() + s.total or huge
end

local function operation(s)
  if s.bounded or s.dead then return nil end
  s.bounded = true
  set_deadline(s)
  return setmetatable({ session = s }, Operation)
end

-- --------------------------------------------------------- commands, events

local function trace(s)
  local entries = s.engine:trace()
  if not entries then return end
  for _, entry in ipairs(entries) do s.opts.log(entry.from, entry.line) end
end

-- The next event of the engine, or of `source`; with a table `into`, all that are
-- there. Or nil, message, code, and then the session has ended.
local function event(s, label, into, source)
  if s.dead then return ended(s, label) end
  local link = s.link
  if link.progress then s.label = label end
  local what, a, b, c, d, e = pump.run(link, into, source)
  if link.closed then return ended(s, label) end
  if s.opts.log then
    trace(s)
    if s.dead then return ended(s, label) end
  end
  if link.ending then
    if s.cancelled then return kill(s, label, s.cancelled, "closed") end
    drop(s)  -- the server sends nothing after them
  end
  if what then return what, a, b, c, d, e end
  if b == "closed" and link.broken and link.broken ~= "closed" then
    a = a .. " (" .. link.broken .. ")"
  end
  return kill(s, label, a, b)
end

-- Why no command can be sent now: nil, message, code.
local function unusable(s, label)
  if s.dead then return ended(s, label) end
  return fail(s, label, s.busy and "not allowed while " .. s.busy .. " runs"
              or "another call waits for the server", "state")
end

-- Put a command into the queue of the engine: true, or nil, message, code.
local function ask(s, label, line, body, stream)
  local link = s.link
  if s.dead or s.busy or link.waiting then return unusable(s, label) end
  -- replies that an interrupted call did not read are dropped
  local ok, early, first = s.engine:ask(line, body, stream, true)
  if not ok then
    if first == "state" then return fail(s, label, early, first) end
    return kill(s, label, early, first)
  end
  if first then link.quiet = true end
  if early then link.ending = true  -- its reply is there, and nothing follows it
  else link.unsent = true end
  if s.total and not s.bounded then set_deadline(s) end
  return true
end

-- Answer a challenge of AUTH: true, or nil, message, code.
local function answer(s, label, text)
  -- octets after the challenge cannot be the reply to the response
  local ok, message, code = s.engine:quiet()
  if ok ~= nil then ok, message, code = s.engine:answer(text) end
  if not ok then return kill(s, label, message, code) end
  s.link.unsent, s.link.quiet = true, true
  return true
end

-- A command with a reply of one line. Returns true, text, numbers.
local function command(s, label, line)
  local ok, message, code = ask(s, label, line)
  if not ok then return nil, message, code end
  local what, good, text, resp, number, octets = event(s, label)
  if not what then return nil, good, text end
  if not good then return refused(s, label, text, resp) end
  return true, text, number, octets
end

-- A command whose body is wanted in one piece. Returns octets, text.
local function fetch(s, label, line, body)
  local ok, message, code = ask(s, label, line, body)
  if not ok then return nil, message, code end
  local what, a, b, c = event(s, label)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  if not a then return fail(s, label, b, c) end
  return a, b
end

-- The failure that an event stands for, where a whole body was wanted.
local function unfinished(s, label, what, a, b, c)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  return fail(s, label, b, c)
end

local function sink_refused(s, label, why)
  return fail(s, label, "the sink refused: " .. tostring(why), "io")
end

-- A command whose body goes to an LTN12 sink in pieces. Returns the octets.
local function stream(s, label, line, sink)
  local ok, err, err_code = ask(s, label, line, false, true)
  if not ok then
    sink(nil, err)
    return nil, err, err_code
  end
  local _ <close> = busy(s, label)
  local what, a, b, c = event(s, label)
  while what == "data" do
    local taken, why = sink(a)
    if not taken then
      if not s.dead then s.engine:discard() end
      return sink_refused(s, label, why)
    end
    what, a, b, c = event(s, label)
  end
  if what == "end" and a then
    local taken, why = sink(nil)
    if not taken and why ~= nil then return sink_refused(s, label, why) end
    return a
  end
  local none, message, code, reply = unfinished(s, label, what, a, b, c)
  sink(none, message)
  return nil, message, code, reply
end

-- The body of a command: octets, or their count if there is a sink.
local function octets_of(s, label, line, sink)
  if sink then return stream(s, label, line, sink) end
  local octets, message, code, reply = fetch(s, label, line)
  if not octets then return nil, message, code, reply end
  return octets
end

commands.fail = fail
commands.drop = drop
commands.deadline = set_deadline
commands.kill = kill
commands.refused = refused
commands.busy = busy
commands.operation = operation
commands.unusable = unusable
commands.event = event
commands.ask = ask
commands.answer = answer
commands.fetch = fetch
commands.unfinished = unfinished
commands.octets_of = octets_of
commands.command = command

return commands
