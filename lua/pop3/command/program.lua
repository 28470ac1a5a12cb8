--- Functions that the subcommands of `pop3` share: exit statuses, standard output,
-- errors, and numbers as arguments.
-- @module pop3.command.program
-- @local

local terminal = require "pop3.command.terminal"

-- Exit statuses: success; the answer is no (a `verify` failed); the command line
-- is invalid; the command could not do its work; the reader of standard output has
-- gone, as the shell reports a program that SIGPIPE has ended.
local program = { OK = 0, NO = 1, USAGE = 2, TROUBLE = 3, PIPE = 141 }

--- Set when the reader of standard output has closed it, as `head` does. Nothing is
-- printed then.
program.broken = false

local EPIPE = 32

--- Write to standard output and flush it.
-- @tparam string text
-- @treturn boolean true, or nil, message
function program.say(text)
  local ok, err, number = io.stdout:write(text)
  if ok then ok, err, number = io.stdout:flush() end
  if not ok then
    program.broken = program.broken or number == EPIPE
    return nil, "standard output: " .. err
  end
  return true
end

--- Write a text to standard output, and exit with the status that tells whether it was
-- written.
-- @tparam string text
function program.leave(text)
  local ok, err = program.say(text .. "\n")
  if ok then os.exit(program.OK) end
  if program.broken then os.exit(program.PIPE) end
  program.complain(nil, err)
  os.exit(program.TROUBLE)
end

--- Write one line about a failure to standard error.
-- @tparam ?string name of the subcommand
-- @param text line ends in it become ": "
function program.complain(name, text)
  text = tostring(text):gsub("[\r\n]%s*", ": ")
  io.stderr:write("pop3: ", name and name .. ": " or "",
                  terminal.harmless(text), "\n")
end

--- The text of an error that a file in Lua raised.
-- @param err any value
-- @tparam string path of the file
-- @treturn string
function program.raised(err, path)
  local mt = getmetatable(err)
  if type(err) == "string" or type(mt) == "table" and mt.__tostring then
    return tostring(err)
  end
  return ("%s: (error object is a %s value)"):format(path, type(err))
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
