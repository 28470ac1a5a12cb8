--- Sends the replies of a session: at once, held, in pieces, or from a source; and
-- ends the connection after them.
--
-- Most replies leave at once. What keeps a session from answering the next
-- command is in these fields, each of which is false when it does not apply;
-- `held` is true while one of them is set. They are changed by `output.set`
-- only.
--
-- - `task`: a handler that has yielded: its coroutine `co` and `at`, the time
--   when it is resumed
-- - `hold`: the time until which nothing leaves
-- - `drip`: the reply leaves in pieces: `bytes` octets, `every` seconds; `left`
--   octets may leave now; `at`: the time of the next piece
-- - `ahead`: octets of earlier replies, which may leave in spite of these two
-- - `source`: where the rest of the reply comes from; `bare`: it gives octets
--   as they are, not those of a body
-- - `ending`: how the connection ends after all octets are sent
-- - `upgrade`: TLS starts after all octets are sent
--
-- @submodule pop3.server.session

local core = require "pop3.core"

local fd_send = core.types["pop3.fd"].send  -- runs once a command

local Session = {}

local FIELDS = { "task", "hold", "drip", "ahead", "source", "bare", "ending",
                 "upgrade" }

-- The class has the defaults, so that a session is a small table.
for _, name in ipairs(FIELDS) do Session[name] = false end

-- Set `held` after a field was cleared.
local function look(session)
  session.held = false
  for i = 1, #FIELDS do
    if session[FIELDS[i]] then session.held = true return end
  end
end

-- Set one of these fields; false or nil clears it.
local function set(session, name, value)
  session[name] = value or nil
  if value then session.held = true
  elseif session.held then look(session) end
end

-- Clear fields.
local function clear(session, ...)
  if not session.held then return end
  for i = 1, select("#", ...) do session[(select(i, ...))] = nil end
  look(session)
end

-- Clear them all.
local function clear_all(session)
  for _, name in ipairs(FIELDS) do session[name] = nil end
  session.held = false
end

-- Drop all replies from here on; commands are still executed.
local function mute(session)
  session.muted = true
  session.engine:mute()
end

-- ------------------------------------------- what faults do to the next reply

-- Earlier replies that are not sent yet are not held.
local function let_ahead(session)
  local ahead = session.port:pending(true)
  if ahead > 0 then set(session, "ahead", ahead) end
end

-- Nothing leaves for this time; with math.huge nothing leaves any more.
function Session:hold_output(seconds)
  if seconds == math.huge and self.eof then
    -- the client will send nothing more: the session must not stay for ever
    mute(self)
    return clear(self, "hold", "drip", "source", "bare", "ahead")
  end
  let_ahead(self)
  if seconds < math.huge then self.server:after(seconds, self) end
  set(self, "hold", self.server.time + seconds)
end

-- The octets leave in pieces.
function Session:drip_output(bytes, every)
  if self.muted then return end
  let_ahead(self)
  set(self, "drip", { bytes = bytes, every = every, left = bytes })
end

-- End the connection after n octets, in whatever reply that is.
function Session:limit_output(bytes, how)
  self.may_send, self.may_send_how = bytes, how
  if bytes == 0 then set(self, "ending", how) end
end

-- ------------------------------------------------------------------- sources

local AHEAD = 65536  -- octets of a bare source that wait to be sent

-- Does the engine want more from the source?
local function wants(session)
  local engine = session.engine
  if session.bare then return engine:pending() < AHEAD end
  return engine:busy() == "hungry"
end

-- Give the engine more octets of the source.
local function feed(session)
  local source = session.source
  if not source then return end
  local engine, bare, over = session.engine, session.bare, session.muted
  while not over and wants(session) do
    local ok, chunk, err = pcall(source)
    if ok and chunk ~= nil and type(chunk) ~= "string" then
      ok, chunk = false, "the source of a body returned a " .. type(chunk)
    end
    if not ok or chunk == nil and err ~= nil then
      session.server:handler_error(session, tostring(ok and err or chunk))
      set(session, "ending", "rst")
      over = true
      break
    end
    if not bare then engine:body(chunk)
    elseif chunk then engine:raw(chunk, true) end
    over = chunk == nil
  end
  if over or not bare and engine:busy() == nil then
    clear(session, "source", "bare")
  end
end

-- ------------------------------------------------------------------ how much

-- How many octets may leave now; nil means all.
local function allowance(session)
  local hold, drip = session.hold, session.drip
  if session.ahead then return session.ahead end
  if hold then
    if session.server.time < hold then return 0 end
    set(session, "hold", nil)
  end
  if session.may_send then return session.may_send end
  return drip and drip.left or nil
end

-- Count octets that have left. When no more may leave for now, the session is
-- woken when they may.
local function left(session, n)
  local ahead, drip = session.ahead, session.drip
  if ahead then
    return set(session, "ahead", n < ahead and ahead - n or nil)
  end
  if session.may_send then
    session.may_send = session.may_send - n
    if session.may_send <= 0 then
      set(session, "ending", session.may_send_how)
    end
  end
  if not drip or n == 0 then return end
  drip.left = drip.left - n
  session.active = session.server.time
  if drip.left <= 0 then
    drip.at = session.server.time + drip.every
    session.server:after(drip.every, session)
  end
end

-- All octets are out: the reply drips no more.
local function drained(session)
  if session.drip
     and not (session.ended or session.hold or session.source) then
    set(session, "drip", nil)
  end
end

-- How the connection ends now that all octets are sent; nil when it goes on.
local function ending(session)
  if session.hold or session.source then return nil end
  return session.ending or nil
end

-- The client reads no more: the octets that the script holds are released.
local function forsake(session)
  clear(session, "hold", "drip", "source", "bare", "ahead")
end

-- -------------------------------------------------------------- a descriptor

-- Nothing more can be sent: the client reads slowly, or has closed the connection.
-- Returns true when there is nothing left to send.
local function stuck(session, why)
  if why == "timeout" then
    session.blocked = true
    return false
  end
  clear(session, "source", "bare", "drip", "ahead")
  mute(session)  -- commands that came are still executed
  return true
end

-- `flush` for a session that is held.
local function flush_slowly(session)
  local port, fd = session.port, session.fd
  while true do
    feed(session)
    local max = allowance(session)
    if max == 0 then
      return not session.hold
             and (port:pending() == 0 or session.may_send == 0)
    end
    local ok, n, some = fd_send(fd, port, max)
    if not ok then
      if n == "timeout" then left(session, some) end
      return stuck(session, n)
    end
    left(session, n)
    if port:pending() == 0 and not session.source then
      drained(session)
      return true
    end
  end
end

-- Send what may leave by a descriptor. Returns true when nothing is left.
local function flush(session)
  if session.held or session.may_send then return flush_slowly(session) end
  local ok, why = fd_send(session.fd, session.port)
  return ok or stuck(session, why)
end

return {
  methods = Session, set = set, clear_all = clear_all, mute = mute, feed = feed,
  allowance = allowance, left = left, drained = drained, ending = ending,
  forsake = forsake, flush = flush,
}
