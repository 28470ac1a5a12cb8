--- The command `pop3`: `pop3 serve`, `show`, `check`, `record`.
--
-- It ends with 0 when all is well, 1 when the answer is no (a `verify` did not
-- hold), 2 for a command line that it does not understand, and 3
-- when it could not do its work. What goes wrong is one line on standard error.
-- @module pop3.command

local pop3 = require "pop3"
local program = require "pop3.command.program"

local names = { "serve", "show", "check", "record" }

local command = {}

-- The command line's parser, and the subcommands by their name.
local function parser_of(argparse)
  local parser = argparse("pop3", "POP3 for tests and in daily use.")
  parser:flag("--version", "Show the version and exit."):action(function()
    print(pop3._VERSION)
    os.exit(program.OK)
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
    return program.TROUBLE
  end
  local parser, commands = parser_of(argparse)
  local understood, args = parser:pparse(argv)
  if not understood then
    complain(args)
    return program.USAGE
  end
  local ok, status, err, more = pcall(commands[args.command].run, args)
  if not ok then status, err = program.TROUBLE, tostring(status) end
  if err then complain(args.command .. ": " .. err) end
  if more then io.stderr:write(more, "\n") end
  local written, trouble = program.say ""
  if not written and not err then
    complain(args.command .. ": " .. trouble)
    return program.TROUBLE
  end
  return status
end

return setmetatable(command, { __call = function(_, argv)
  return command.main(argv)
end })
