--- What the subcommands of `pop3` share: exit statuses, standard output, and
-- numbers as arguments.
-- @module pop3.command.program
-- @local

-- Exit statuses: success; the answer is no (a `verify` failed); the command line
-- is invalid; the command could not do its work.
local program = { OK = 0, NO = 1, USAGE = 2, TROUBLE = 3 }

--- Write to standard output and flush it.
-- @tparam string text
-- @treturn boolean true, or nil, message
function program.say(text)
  local ok, err = io.stdout:write(text)
  if ok then ok, err = io.stdout:flush() end
  if not ok then return nil, "standard output: " .. err end
  return true
end

--- A converter for argparse: an integer in a range.
-- @tparam integer from
-- @tparam integer to
-- @treturn function
function program.integer(from, to)
  return function(text)
    local n = math.tointeger(tonumber(text))
    if n and n >= from and n <= to and text:find "^%d+$" then return n end
    return nil, ("'%s' is not an integer from %d to %d"):format(text, from, to)
  end
end

return program
