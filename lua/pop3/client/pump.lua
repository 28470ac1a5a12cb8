--- The loop that moves octets between the engine of a client session and its
-- transport, with or without TLS between them, until there is an event.
-- @module pop3.client.pump
-- @local

local huge, min = math.huge, math.min

local pump = {}

-- Octets: after a read of less, the server may wait for an acknowledgement (Nagle).
local SMALL = 32768

local SLICE = 0.1  -- seconds of one wait while both directions are watched

-- Seconds without octets after which an uncertain end of a body counts as its end: some
-- servers send bare LFs, and a message may be empty or have a single line. The session
-- takes no command after it. TCP retransmits a lost segment within this time.
local PAUSE = 5

-- Send what the engine has to send. Returns true when the server does not take it
-- now, "input" when octets came before a command that was not sent yet.
local function send(link, seconds)
  local io = link.io
  local ok, err, detail = io:send(link.port, seconds, link.quiet)
  if ok then
    link.unsent = false
    link.last = 0
    link.quiet = false
  elseif err == "input" then
    return err
  elseif err == "timeout" then
    link.quiet = false  -- a part of it may be sent
    return true
  else
    -- octets from before the server closed the connection may be unread
    link.unsent = false
    link.broken = detail or err
  end
end

-- Read the octets that came before the command was sent: they must not become its
-- reply. True, or nil, message, code.
local function take_early(link)
  local engine = link.engine
  link.io:recv(link.port, 0)
  local quiet, message, code = engine:quiet()
  if quiet == false then  -- the server says why it ends the session
    link.quiet, link.unsent, link.ending = false, false, true
  end
  if quiet == nil then return nil, message, code end
  return true
end

-- A link is the guard of its own field `waiting`.
local Link = { __close = function(link) link.waiting = false end }

--- Make a link: an engine and its transport. Its fields are
--
-- - `engine`; `port`: the engine, or TLS around it
-- - `io`: a transport (see `pop3.transport`)
-- - `idle`: seconds without progress; `deadline`: of the operation
-- - `unsent`: the engine may have octets to send; `quiet`: none may come from the
--   server before these are sent; `last`: the octets of the last read
-- - `broken`: why the transport cannot send any more; `ending`: the session ends
--   after this event; `closed`: the session was closed meanwhile; `waiting`: a call
--   waits for the server, and other coroutines may run
-- - `progress`: nil, or called with the octets of each read
-- - `capas`: the capabilities that the server has told, see `session:capa`
-- @tparam pop3.client.engine engine
-- @tparam table io
-- @tparam number idle
-- @treturn table
function pump.link(engine, io, idle)
  return setmetatable({
    engine = engine, port = engine, io = io, idle = idle, deadline = huge,
    last = 0, unsent = false, quiet = false, broken = false, ending = false,
    closed = false, waiting = false, progress = nil, capas = nil,
  }, Link)
end

--- Run until the engine has an event.
-- @tparam table link
-- @param[opt] into where the pieces of a body go, or all events, see `client:next` of
-- `pop3.core`
-- @param[opt] source TLS, when the end of its handshake is wanted and not an event of
-- the engine
-- @return the event and its values (see `client:next` of `pop3.core`), or nil,
-- message, code
function pump.run(link, into, source)
  link.waiting = true
  local _ <close> = link
  local engine, port, io = link.engine, link.port, link.io
  local tls = port ~= engine and port
  source = source or engine
  local limit  -- the end of this wait without progress; nil after progress
  while true do
    local what, a, b, c, d, e = source:next(into)
    if what or a then return what, a, b, c, d, e end
    if tls and source ~= tls then
      what, a, b = tls:next()
      if what == "closed" then
        engine:eof()
        return engine:next(into)
      elseif a then
        return nil, a, b
      end
    end
    local now = io.now()
    limit = limit or now + link.idle
    local seconds = (link.deadline < limit and link.deadline or limit) - now
    if seconds <= 0 then return nil, "timeout", "timeout" end
    if seconds == huge then seconds = nil end
    local unsent = link.unsent or tls and tls:pending() > 0
    local blocked = unsent and not link.broken and send(link, seconds)
    if blocked == "input" then
      local ok, message, code = take_early(link)
      if not ok then return nil, message, code end
    elseif blocked then
      -- each side may wait until the other one reads: watch both directions in turn
      local n, err = io:recv(port, 0)
      if n then
        limit = nil
      elseif err == "timeout" then
        if not io.waits then return nil, "timeout", "timeout" end
        if io:wait("w", min(seconds or SLICE, SLICE)) then
          limit = nil
        end
        if link.closed then return nil, "closed", "closed" end
      else
        link.unsent = false
        port:eof()
      end
    else
      local doubtful = false
      if link.last > 0 then
        if link.last < SMALL then io:ack() end
        doubtful = engine:doubtful() and (seconds or huge) > PAUSE
      end
      if doubtful then seconds = PAUSE end
      local n, err, detail = io:recv(port, seconds)
      if link.closed then return nil, "closed", "closed" end
      if n then
        link.last = n
        limit = nil
        if link.progress then
          link.progress(n)
          if link.ending or link.closed then
            return nil, "cancelled", "closed"
          end
        end
      elseif err == "timeout" then
        if detail and not (doubtful and engine:settle()) then
          return nil, "timeout", "timeout"
        end
      elseif err == "closed" then
        link.last = 0
        port:eof()
        if detail ~= "closed" then link.broken = detail or link.broken end
      else
        return nil, detail or tostring(err), "io"
      end
    end
  end
end

return pump
