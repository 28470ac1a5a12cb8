--- The command `pop3`: `pop3 serve`, `show`, `check`, `record`.
--
-- It ends with 0 when all is well, 1 when the answer is no (a `verify` did not
-- hold), 2 for a command line that it does not understand, and 3
-- when it could not do its work. What goes wrong is one line on standard error.
-- @module pop3.command

local pop3 = require "pop3"

local names = { "serve", "show", "check", "record" }

local command = { OK = 0, NO = 1, USAGE = 2, TROUBLE = 3 }

-- The command line's parser, and the subcommands by their name.
local function parser_of(argparse)
  local parser = argparse("pop3", "POP3 for tests and in daily use.")
  parser:flag("--version", "Show the version and exit."):action(function()
    print(pop3._VERSION)
    os.exit(command.OK)
  end)
  parser:require_command(true)
  parser:command_target "command"
  local commands = {}
  for _, name in ipairs(names) do
    commands[name] = require("pop3.command." .. name)
    commands[name].define(parser:command(name))
  end
  return parser, commands
end

local function complain(text)
  io.stderr:write("pop3: ", (tostring(text):gsub("%s*[\r\n]+%s*", ": ")), "\n")
end

--- Run it.
-- @tparam {string,...} argv
-- @treturn integer the exit status
function command.main(argv)
  local found, argparse = pcall(require, "argparse")
  if not found then
    complain "the Lua library argparse is needed (Debian: lua-argparse)"
    return command.TROUBLE
  end
  local parser, commands = parser_of(argparse)
  local understood, args = parser:pparse(argv)
  if not understood then
    complain(args)
    return command.USAGE
  end
  local ok, status, err, more = pcall(commands[args.command].run, args)
  if not ok then status, err = command.TROUBLE, tostring(status) end
  if err then complain(args.command .. ": " .. err) end
  if more then io.stderr:write(more, "\n") end
  local written, trouble = command.say ""
  if not written and not err then
    complain(args.command .. ": " .. trouble)
    return command.TROUBLE
  end
  return status
end

--- Write to standard output, now.
-- @tparam string text
-- @treturn boolean true, or nil, message
function command.say(text)
  local ok, err = io.stdout:write(text)
  if ok then ok, err = io.stdout:flush() end
  if not ok then return nil, "standard output: " .. err end
  return true
end

--- An argument that is an integer of a range, for argparse.
-- @tparam integer from
-- @tparam integer to
-- @treturn function
function command.integer(from, to)
  return function(text)
    local n = math.tointeger(tonumber(text))
    if n and n >= from and n <= to and text:find "^%d+$" then return n end
    return nil, ("'%s' is no number from %d to %d"):format(text, from, to)
  end
end

return setmetatable(command, { __call = function(_, argv)
  return command.main(argv)
end })
