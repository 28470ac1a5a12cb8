--- Asks a person for a secret on the terminal of the process, which does not show
-- it.
-- @module pop3.command.prompt
-- @local

local core = require "pop3.core"
local terminal = require "pop3.command.terminal"

local LOOK = 0.2  -- seconds between two checks for a signal

-- What was typed, without the line end; or nil, message.
local function typed(tty, signals)
  local text = ""
  while true do
    local part, why = tty:read()
    if part then
      text = text .. part
      if text:find "\n$" then return text:sub(1, -2) end
    elseif why == "timeout" then
      if signals:next() then return nil, "interrupted" end
      core.poll(tty:getfd(), "r", LOOK)
    else
      return nil, why == "closed" and "nothing was typed" or why
    end
  end
end

--- Ask.
-- @tparam string text what is asked for
-- @treturn string the line that was typed, not empty; or nil, message
return function(text)
  local tty <close>, err = core.prompt "/dev/tty"
  if not tty then return nil, err end
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  local ok
  ok, err = tty:write(terminal.harmless(text))
  if not ok then return nil, err end
  local line, why = typed(tty, signals)
  tty:write "\n"
  if line == "" then return nil, "nothing was typed" end
  return line, why
end
