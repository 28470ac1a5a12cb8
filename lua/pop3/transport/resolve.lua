--- Resolve a host name without blocking an event loop: getaddrinfo(3) runs in another
-- process, getent(1), and waiting for it goes through the `wait` hook.
--
-- `pop3.connect` uses it when it is given a `wait` hook. A process is used rather than
-- a thread: a thread that waits for a name server would still run when the program
-- ends and unloads the library.
-- @module pop3.transport.resolve
-- @local

local address = require "pop3.util.address"
local getaddrinfo = require "pop3.transport.getaddrinfo"
local process = require "pop3.util.process"

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

-- Exit statuses of a shell without getent(1), and of no shell (`core.spawn`).
local no_getent = { [127] = true, [75] = true }

--- Resolve a name. Without a shell or getent(1), as in an empty root, by
-- getaddrinfo(3) in this process, which blocks.
-- @tparam string host a name or a numeric address
-- @tparam function wait
-- @tparam number seconds
-- @treturn {{family=string,addr=string},...} `family` is "inet" or "inet6"; or nil,
-- message
return function(host, wait, seconds)
  if address.octets(host) then
    local addr = address.unbracketed(host)
    return { { family = family_of(addr), addr = addr } }
  end
  local text, how, number = process("exec getent ahosts -- \"$LPOP3_NAME\"", wait,
                                    seconds, { "LPOP3_NAME=" .. host })
  if text then
    local list = parse(text)
    if list[1] then return list end
    return nil, "the host has no address"
  elseif how == "start" or how == "exit" and no_getent[number] then
    return getaddrinfo(host)
  elseif how == "exit" then
    return nil, "host not found"
  elseif how == "timeout" then
    return nil, "no answer from the name service"
  end
  return nil, "the name service failed"
end
