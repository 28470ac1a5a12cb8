--- What goes wrong in a session: with its replies, its greeting, and the start
-- of TLS.
-- @submodule pop3.server.session

local fault = require "pop3.server.fault"
local leaving = require "pop3.server.session.output"
local mangle = require "pop3.server.fault.rewrite"
local rare = require "pop3.server.session.pending"

local set = rare.set

local Session = {}

--- What goes wrong with the reply that this handler gives: effects as in a
-- fault, without the place where one strikes.
-- @tparam table effects see `pop3.fault`
-- @function session:fault
function Session.fault(session, effects)
  session.effect = fault.merge(fault.effects(effects, 1), session.effect or {})
end

-- What goes wrong when TLS is to begin, or the greeting to come.
local function struck(session, hook)
  local server = session.server
  if not server.faults[1] then return nil end
  local ok, effect = pcall(fault.strike, server.faults, session, nil, hook)
  if ok then return effect end
  server:handler_error(session, tostring(effect))
end

-- What goes wrong with this reply. One that never leaves, for a client that will
-- say no more, would keep the session for ever.
local function spoil(session, effect)
  local server, cut, drip = session.server, effect.cut, effect.drip
  if cut then
    session.engine:cut(cut.bytes, cut.lines)
    set(session, "cut", cut.how or "fin")
  end
  if effect.slice then drip = { bytes = effect.slice, every = 0 } end
  if drip or effect.stall or effect.delay then
    local ahead = session.port:pending(true)
    if ahead > 0 then set(session, "ahead", ahead) end
  end
  if effect.stall then
    if session.eof then
      session.engine:mute()
      return leaving.forsake(session)
    end
    set(session, "hold", math.huge)
  elseif effect.delay then
    set(session, "hold", server.time + effect.delay)
    server:after(effect.delay, session)
  end
  if drip then
    set(session, "drip", { bytes = drip.bytes, every = drip.every,
                           left = drip.bytes })
  end
end

-- The unique-id of message 1, for faults that give it to others.
local function first_uid(session)
  local drop = session.maildrop
  return drop and drop:count() > 0 and drop:uid(1) or ""
end

-- A reply with what goes wrong with it: the octets of one that is mangled are
-- cut already. Nothing, when it is to leave behind the next one.
local function spoiled(session, reply, effect)
  local verb = session.verb
  if effect.refuse then reply, effect.cut = { hangup = "rst" }, nil end
  local made = mangle.reply(reply, effect, verb,
                            effect.uids and first_uid(session))
  if made ~= reply and effect.cut then effect.cut = nil end
  if effect.swap and made.mangled and not made.starttls and verb ~= "QUIT" then
    return nil, { raw = made.raw, close = made.close,
                  effect = fault.split(effect) }
  end
  spoil(session, effect)
  return made
end

return { methods = Session, struck = struck, spoil = spoil, spoiled = spoiled }
