--- The progress of `pop3 check`, one line on a terminal: how many checks have
-- begun, the name of the one that runs, and for how long the run lasts.
-- @module pop3.command.check_progress
-- @local

local core = require "pop3.core"

local EVERY = 0.1  -- seconds between two drawings of one check

--- Make one.
-- @tparam file out the terminal
-- @tparam[opt] function now a clock in seconds
-- @treturn table `update`, the option `progress` of `pop3.check`; `clear`, which
-- removes the line
return function(out, now)
  now = now or core.now
  local began, drawn, shown = now(), -math.huge, nil
  local progress = {}
  function progress.update(number, total, name)
    local time = now()
    if name == shown and time - drawn < EVERY then return end
    drawn, shown = time, name
    out:write(("\r[%d/%d] %s, %d s\27[K"):format(number, total, name,
                                                (time - began) // 1))
    out:flush()
  end
  function progress.clear()
    if not shown then return end
    shown = nil
    out:write "\r\27[K"
    out:flush()
  end
  return progress
end
