--- Resolves host names for `pop3 fetch` without blocking the loop:
-- getaddrinfo(3) runs in another process, getent(1). Names are kept for a
-- minute, and tasks that ask for the same name share one process.
-- @module pop3.command.fetch.resolver
-- @local

local address = require "pop3.util.address"
local core = require "pop3.core"
local process = require "pop3.command.fetch.process"
local socket = require "socket"

local SECONDS = 30  -- for one name
local KEPT = 60     -- seconds that addresses are kept

local function family_of(addr)
  return addr:find(":", 1, true) and "inet6" or "inet"
end

-- The addresses in the output of "getent ahosts", each once.
local function parse(text)
  local list, seen = {}, {}
  for line in text:gmatch "[^\n]+" do
    local addr = line:match "^(%S+)"
    if addr and not seen[addr] then
      seen[addr] = true
      list[#list + 1] = { family = family_of(addr), addr = addr }
    end
  end
  return list
end

-- Ask the system: a list; or nil, message.
local function ask(host, wait)
  local text, how, number = process("exec getent ahosts \"$LPOP3_NAME\"", wait,
                                    SECONDS, { "LPOP3_NAME=" .. host })
  if text then
    local list = parse(text)
    if list[1] then return list end
    return nil, "no addresses"
  elseif how == "exit" and number == 127 then
    return socket.dns.getaddrinfo(host)  -- there is no getent
  elseif how == "exit" then
    return nil, "host not found"
  elseif how == "timeout" then
    return nil, "no answer from the name service"
  end
  return nil, "the name service failed"
end

--- Make a resolver.
-- @tparam pop3.loop.own loop
-- @tparam[opt] function lookup in place of getent: `function(host, wait)` → a
-- list, or nil, message
-- @treturn function the option `resolve` of `pop3.connect`, for tasks of the
-- loop
return function(loop, lookup)
  local names = {}
  lookup = lookup or ask
  return function(host)
    if address.octets(host) then
      local addr = address.unbracketed(host)
      return { { family = family_of(addr), addr = addr } }
    end
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
