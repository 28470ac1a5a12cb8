--- How replies leave a session: all at once, or as what is rare has it, in
-- pieces, late, or from a source; and how the link ends behind them.
-- @module pop3.session.leaving
-- @local

local core = require "pop3.core"
local rare = require "pop3.server.session.pending"

local fd_send = core.types["pop3.fd"].send  -- runs once a command
local get, set = rare.get, rare.set

-- ------------------------------------------------------------------- sources

local AHEAD = 65536  -- octets of a bare source that wait to be sent

-- Does the engine want more from the source?
local function wants(session)
  local engine = session.engine
  if get(session, "bare") then return engine:pending() < AHEAD end
  return engine:busy() == "hungry"
end

--- Give the engine more of a body that comes from a source. What is cut needs no
-- more of it, however much there is.
local function feed(session)
  local source = get(session, "source")
  if not source then return end
  local engine, bare, over = session.engine, get(session, "bare"), false
  while not over and wants(session) do
    local ok, chunk, err = pcall(source)
    if ok and chunk ~= nil and type(chunk) ~= "string" then
      ok, chunk = false, "a source returned a " .. type(chunk)
    end
    if not ok or chunk == nil and err ~= nil then
      session.server:handler_error(session, tostring(ok and err or chunk))
      set(session, "ending", "rst")
      over = true
      break
    end
    if not bare then engine:body(chunk)
    elseif chunk then engine:raw(chunk, true) end
    over = chunk == nil or engine:is_cut()
  end
  if over or not bare and engine:busy() == nil then
    set(session, "source", nil)
    set(session, "bare", nil)
  end
end

-- ------------------------------------------------------------------ how much

--- How many octets may leave now; nil means all.
local function allowance(session)
  local now, hold, drip = session.server.time, get(session, "hold"),
                          get(session, "drip")
  local ahead = get(session, "ahead")
  if ahead then return ahead end
  if hold then
    if now < hold then return 0 end
    set(session, "hold", nil)
  end
  if session.snip then return session.snip end
  return drip and drip.left or nil
end

--- 'n' octets have left; when no more may for now, the session is woken when
-- some may again.
local function left(session, n)
  local ahead, drip = get(session, "ahead"), get(session, "drip")
  if ahead then
    return set(session, "ahead", n < ahead and ahead - n or nil)
  end
  if session.snip then
    session.snip = session.snip - n
    if session.snip <= 0 then set(session, "ending", session.snip_how) end
  end
  if not drip or n == 0 then return end
  drip.left = drip.left - n
  session.active = session.server.time
  if drip.left <= 0 then
    drip.at = session.server.time + drip.every
    session.server:after(drip.every, session)
  end
end

--- Octets are out; what the session waits for is over when there are no more.
local function drained(session)
  if session.ended or get(session, "hold") then return end
  if not get(session, "source") then set(session, "drip", nil) end
  local cut = get(session, "cut")
  if cut and session.engine:is_cut() then set(session, "ending", cut) end
end

--- How the link ends now: all is sent, and nothing is to wait for. Nil if it does
-- not end.
local function ending(session)
  local how = get(session, "ending")
  if get(session, "hold") or get(session, "source") then return nil end
  return how
end

--- Nobody waits for it any more: what the script holds up is let go.
local function forsake(session)
  for _, name in ipairs { "hold", "drip", "source", "bare", "ahead", "cut" } do
    set(session, name, nil)
  end
end

-- -------------------------------------------------------------- a descriptor

-- Nothing more can be sent: the reader is slow, or gone. Returns true when
-- there is nothing left to send.
local function stuck(session, why)
  if why == "timeout" then
    session.blocked = true
    return false
  end
  if get(session, "cut") then set(session, "ending", "rst") end
  for _, name in ipairs { "source", "bare", "drip", "ahead" } do
    set(session, name, nil)
  end
  session.engine:mute()  -- commands that came are still done
  return true
end

-- The same as `flush`, where something is rare.
local function flush_slowly(session)
  local port, fd = session.port, session.fd
  while true do
    feed(session)
    local max = allowance(session)
    if max == 0 then
      return not get(session, "hold")
             and (port:pending() == 0 or session.snip == 0)
    end
    local ok, n, some = fd_send(fd, port, max)
    if not ok then
      if n == "timeout" then left(session, some) end
      return stuck(session, n)
    end
    left(session, n)
    if port:pending() == 0 and not get(session, "source") then
      drained(session)
      return true
    end
  end
end

--- Send what may leave, by a descriptor. Returns true when nothing is left.
local function flush(session)
  if session.rare or session.snip then return flush_slowly(session) end
  local ok, why = fd_send(session.fd, session.port)
  return ok or stuck(session, why)
end

return {
  feed = feed, allowance = allowance, left = left, drained = drained,
  ending = ending, forsake = forsake, flush = flush,
}
