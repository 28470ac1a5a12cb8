--- What the subcommands of `pop3` share: exit statuses, standard output, and
-- arguments that are numbers.
-- @module pop3.command.program
-- @local

-- Exit statuses: success; the answer is no (a `verify` failed); the command line
-- is wrong; the work could not be done.
local program = { OK = 0, NO = 1, USAGE = 2, TROUBLE = 3 }

--- Write to standard output, now.
-- @tparam string text
-- @treturn boolean true, or nil, message
function program.say(text)
  local ok, err = io.stdout:write(text)
  if ok then ok, err = io.stdout:flush() end
  if not ok then return nil, "standard output: " .. err end
  return true
end

--- An argument that is an integer of a range, for argparse.
-- @tparam integer from
-- @tparam integer to
-- @treturn function
function program.integer(from, to)
  return function(text)
    local n = math.tointeger(tonumber(text))
    if n and n >= from and n <= to and text:find "^%d+$" then return n end
    return nil, ("'%s' is no number from %d to %d"):format(text, from, to)
  end
end

return program
