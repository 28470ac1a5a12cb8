--- What goes on between a client session and its server: commands out, events
-- in, and the failures that come of it.
-- @module pop3.exchange
-- @local

local pump = require "pop3.client.pump"

local huge = math.huge

local exchange = {}

-- ---------------------------------------------------------------- failures

-- A message is one line, whatever the server or a sink put into it.
local function fail(s, label, message, code, reply)
  message = ("%s: %s: %s"):format(label, s.name, message)
  return nil, message:gsub("%c+", " "), code, reply
end

-- The link goes. What TLS has to say at its end, an alert or that this is the
-- end, goes before if the reader takes it now.
local function drop(s)
  if s.dead then return end
  s.dead = true
  local link = s.link
  if link.port ~= link.engine then
    s.tls.ticket = link.port:ticket() or s.tls.ticket
    link.port:shutdown()
    if not link.broken then link.io:send(link.port, 0) end
  end
  link.io:close()
end

-- The session is of no more use.
local function kill(s, label, message, code)
  drop(s)
  return fail(s, label, message, code)
end

-- A -ERR.
local function refused(s, label, text, code)
  local shown = text == "" and "refused" or text
  if code then shown = ("[%s] %s"):format(code, shown) end
  return fail(s, label, shown, "err", { text = text, code = code })
end

-- ---------------------------------------------------------------- exchanges

local function trace(s)
  local entries = s.engine:trace()
  if not entries then return end
  for _, entry in ipairs(entries) do s.log(entry.from, entry.line) end
end

-- The time in which what calls back owns the session.
local Busy = { __close = function(guard) guard.session.busy = nil end }

local function busy(s, label)
  s.busy = label
  return setmetatable({ session = s }, Busy)
end

-- The time in which a call waits for the server; others may run meanwhile.
exchange.Waits = { __close = function(guard) guard.session.waiting = nil end }

-- The time in which many commands are one operation, with one deadline.
local Operation = { __close = function(op) op.session.bounded = nil end }

local function set_deadline(s)
  s.link.deadline = s.total and s.link.io.now() + s.total or huge
end

local function operation(s)
  if s.bounded or s.dead then return nil end
  s.bounded = true
  set_deadline(s)
  return setmetatable({ session = s }, Operation)
end

-- The next event, of the engine if 'source' is not given, or nil, message, code.
local function event(s, label, file, source)
  if s.dead then return fail(s, label, "the session has ended", "closed") end
  local link = s.link
  local what, a, b, c, d, e
  do
    s.waiting = true
    local _ <close> = s.waits
    what, a, b, c, d, e = pump(link, file, source)
  end
  if s.log then
    trace(s)
    if s.dead then return fail(s, label, "the session has ended", "closed") end
  end
  if what then return what, a, b, c, d, e end
  if b == "closed" and link.broken and link.broken ~= "closed" then
    a = a .. " (" .. link.broken .. ")"
  end
  return kill(s, label, a, b)
end

-- Put a command into the queue; true, or nil, message, code.
local function ask(s, label, line, body, stream)
  local engine = s.engine
  if s.dead then return fail(s, label, "the session has ended", "closed") end
  if s.busy then
    return fail(s, label, "not while " .. s.busy .. " is under way", "state")
  end
  if s.waiting then
    return fail(s, label, "another call waits for the server", "state")
  end
  if engine:asked() > 0 then engine:discard() end  -- left by a broken-off call
  local ok, message, code = engine:ask(line, body, stream)
  if not ok then
    if code == "state" then return fail(s, label, message, code) end
    return kill(s, label, message, code)
  end
  s.link.unsent = true
  if not s.bounded then set_deadline(s) end
  return true
end

-- Answer a challenge of AUTH; true, or nil, message, code.
local function answer(s, label, text)
  local ok, message, code = s.engine:answer(text)
  if not ok then return kill(s, label, message, code) end
  s.link.unsent = true
  return true
end

-- A command with a one-line reply: true, text, numbers.
local function command(s, label, line)
  local ok, message, code = ask(s, label, line)
  if not ok then return nil, message, code end
  local what, good, text, resp, number, octets = event(s, label)
  if not what then return nil, good, text end
  if not good then return refused(s, label, text, resp) end
  return true, text, number, octets
end

-- A command with a body in one piece: octets, text.
local function fetch(s, label, line, body)
  local ok, message, code = ask(s, label, line, body)
  if not ok then return nil, message, code end
  local what, a, b, c = event(s, label)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  if not a then return fail(s, label, b, c) end
  return a, b
end

-- What ended a body that did not come whole: nil, message, code, reply.
local function unfinished(s, label, what, a, b, c)
  if not what then return nil, a, b end
  if what == "reply" then return refused(s, label, b, c) end
  return fail(s, label, b, c)
end

local function sink_refused(s, label, why)
  return fail(s, label, "the sink refused: " .. tostring(why), "io")
end

-- A command whose body goes to a sink in pieces: octets.
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

local function octets_of(s, label, line, sink)
  if sink then return stream(s, label, line, sink) end
  local octets, message, code, reply = fetch(s, label, line)
  if not octets then return nil, message, code, reply end
  return octets
end

exchange.fail = fail
exchange.drop = drop
exchange.deadline = set_deadline
exchange.kill = kill
exchange.refused = refused
exchange.busy = busy
exchange.operation = operation
exchange.event = event
exchange.ask = ask
exchange.answer = answer
exchange.fetch = fetch
exchange.unfinished = unfinished
exchange.octets_of = octets_of
exchange.command = command

return exchange
