--- Resolves host names for the accounts of a loop without blocking it
-- (`pop3.transport.resolve`). Names are kept for a minute, and tasks that ask for the
-- same name share one process.
-- @module pop3.account.resolver
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"
local resolve_host = require "pop3.transport.resolve"

local SECONDS = 30  -- for one name
local KEPT = 60     -- seconds that addresses are kept

local function ask(host, wait)
  return resolve_host(host, wait, SECONDS)
end

--- Make a resolver.
-- @tparam pop3.loop.own loop
-- @tparam[opt] function lookup in place of `pop3.transport.resolve`:
-- `function(host, wait)` → a list, or nil, message
-- @treturn function the option `resolve` of `pop3.connect`, for tasks of the
-- loop
return function(loop, lookup)
  local names = {}
  lookup = lookup or ask
  return function(host)
    if address.octets(host) then return resolve_host(host) end
    local entry = names[host]
    if entry and entry.condition then
      if not entry.condition:wait() then return nil, "interrupted" end
      return entry.list, entry.message
    elseif entry and core.now() < entry.stale then
      return entry.list, entry.message
    end
    entry = { condition = loop:condition() }
    names[host] = entry
    entry.list, entry.message = lookup(host, loop.wait)
    entry.stale = entry.list and core.now() + KEPT or -math.huge
    local condition = entry.condition
    entry.condition = nil
    condition:signal()
    return entry.list, entry.message
  end
end
