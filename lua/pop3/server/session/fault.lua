--- Faults in a session: what they do to its replies, its greeting and its TLS
-- handshake.
-- @submodule pop3.server.session

local fault = require "pop3.server.fault"

local Session = {}

--- Give effects to the reply of this handler, like those of a fault.
-- @tparam pop3.server.fault effects a fault's fields that say
-- where it applies raise an error
-- @usage
-- function server.on.RETR(session, n)
--   session:fault{ cut = { bytes = 20 } }
--   return server.default.RETR(session, n)
-- end
-- @function session:fault
function Session.fault(session, effects)
  session.effect = fault.merge(fault.read_effects(effects, 1),
                               session.effect or {})
end

-- The effects of the faults for a hook, nil when there are none.
local function struck(session, hook)
  local server = session.server
  if not server.faults[1] then return nil end
  local ok, effect = pcall(fault.strike, server.faults, session, nil, hook)
  if ok then return effect end
  server:handler_error(session, tostring(effect))
end

-- Apply effects to a reply. Returns the reply to send now; or nil and a reply
-- that is sent after the next one.
local function apply(session, reply, effect, hold)
  local made = fault.rewritten(session, reply, effect, hold)
  if made.cut then session.truncated = true end
  if fault.is_later(effect) and made.rewritten and not made.starttls
     and session.verb ~= "QUIT" then
    return nil, { raw = made.raw, close = made.close,
                  effect = fault.paces(effect) }
  end
  fault.pace(session, effect)
  return made
end

return { methods = Session, struck = struck, apply = apply }
