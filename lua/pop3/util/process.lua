--- Runs a shell command and reads its standard output, while other tasks of the loop
-- go on. Its standard input is empty, and its standard error is discarded: it could
-- contain a secret.
-- @module pop3.util.process
-- @local

local core = require "pop3.core"

local LIMIT = 65536  -- octets of its output
local LOOK = 0.01    -- seconds between two checks if the end has no descriptor

-- Read until the output ends: octets; or nil, why.
local function read_all(command, wait, deadline)
  local parts, size = {}, 0
  while true do
    local octets, err = command:read()
    if octets then
      size = size + #octets
      if size > LIMIT then return nil, "limit" end
      parts[#parts + 1] = octets
    elseif err == "closed" then
      return table.concat(parts)
    else
      local _, out = command:getfd()
      local left = deadline - core.now()
      if left <= 0 or not wait(out, "r", left) then return nil, "timeout" end
    end
  end
end

-- Wait for its end: how and number; or nil, "timeout".
local function wait_for_end(command, wait, deadline)
  while true do
    local how, number = command:status()
    if how then return how, number end
    local left = deadline - core.now()
    if left <= 0 then return nil, "timeout" end
    local done = command:getfd()
    if done then
      if not wait(done, "r", left) then return nil, "timeout" end
    else  -- its output has ended, so it is about to end as well
      core.poll(-1, "r", math.min(left, LOOK))
    end
  end
end

--- Run a command of /bin/sh.
-- @tparam string text
-- @tparam function wait the hook of the loop
-- @tparam number seconds
-- @tparam[opt] {string,...} env variables to set, "NAME=value"
-- @treturn string what it printed, when its exit status is 0; or nil, reason,
-- number: "exit" and its status, "signal" and its number, "timeout", "limit"
-- (it prints more than 64 KiB), "start" and a message
return function(text, wait, seconds, env)
  local deadline = core.now() + seconds
  local input <close>, err = core.open("/dev/null", "r")
  if not input then return nil, "start", err end
  local command <close>, why = core.spawn("exec 2>/dev/null\n" .. text, input,
                                          env or {})
  if not command then return nil, "start", why end
  local octets, how = read_all(command, wait, deadline)
  if not octets then return nil, how end
  local number
  how, number = wait_for_end(command, wait, deadline)
  if not how then return nil, number end
  if how == "exit" and number == 0 then return octets end
  return nil, how, number
end
