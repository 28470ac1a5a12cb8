--- The command `pop3`, with the subcommands `fetch`, `serve`, `replay`, `show`,
-- `check` and `record`.
--
-- The exit status is 0 for success, 1 when the answer is no (a check or a
-- `verify` failed, a message has no such part), 2 for an invalid command line,
-- and 3 when the command could not do its work. An error is one line on
-- standard error.
-- @module pop3.command

local pop3 = require "pop3"
local program = require "pop3.command.program"

local names = { "fetch", "serve", "replay", "show", "check", "record" }

local command = {}

-- The parser of the command line, and the subcommands by name.
local function parser_of(argparse)
  local parser = argparse("pop3", "Tools for POP3: a test server, a "
    .. "conformance checker, a recorder, a message reader.")
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

--- Run the command. Calling the module does this, too.
-- @tparam {string,...} argv the arguments; the first one is the subcommand
-- @treturn integer the exit status
function command.main(argv)
  local found, argparse = pcall(require, "argparse")
  if not found then
    complain "the Lua library argparse is required (Debian: lua-argparse)"
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
