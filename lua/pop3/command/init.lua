--- The command `pop3`, with the subcommands `list`, `get`, `login`, `fetch`,
-- `fleet`, `show`, `serve`, `replay`, `check`, `record` and `completion`.
--
-- The exit status is 0 for success, 1 when the answer is no (a check or a
-- `verify` failed, a message has no such part), 2 for an invalid command line,
-- and 3 when the command could not do its work; 75 is a temporary failure of a
-- mailbox. An error is one line on standard error. After standard output was closed by
-- its reader, the command ends silently with 141.
-- @module pop3.command

local parsers = require "pop3.command.parser"
local pop3 = require "pop3"
local program = require "pop3.command.program"

local names = { "list", "get", "login", "fetch", "fleet", "show", "serve", "replay",
                "check", "record", "completion" }

local command = {}

--- The parser of the command line.
-- @tparam table argparse the library
-- @treturn table the parser
-- @treturn table the subcommands by name
function command.parser(argparse)
  local commands = {}
  for _, name in ipairs(names) do
    commands[name] = require("pop3.command." .. name)
  end
  local parser = parsers.new(argparse, "Tools for POP3: mailboxes from the command "
    .. "line, a program that fetches mail, a test server, a conformance checker, a "
    .. "recorder, a message reader. pop3 COMMAND --help describes a command.",
    names, commands)
  parser:flag("--version", "Show the version and exit."):action(function()
    program.leave(pop3._VERSION)
  end)
  return parser, commands
end

--- The manual page, for `make man`.
-- @tparam string date of the release, "2026-11-30"
-- @treturn string its source
function command.manual(date)
  return require "pop3.command.manual"(command.parser(require "argparse"), date)
end

--- Run the command. Calling the module does this, too.
-- @tparam {string,...} argv the arguments; the first one is the subcommand
-- @treturn integer the exit status
function command.main(argv)
  local found, argparse = pcall(require, "argparse")
  if not found then
    program.complain(nil, "the Lua library argparse is required (Debian: "
                          .. "lua-argparse)")
    return program.TROUBLE
  end
  local parser, commands = command.parser(argparse)
  local understood, args = parser:pparse(argv)
  if not understood then
    program.complain(nil, parsers.explain(parser, args, argv))
    return program.USAGE
  end
  local ok, status, err, more = pcall(commands[args.command].run, args, parser)
  if not ok then status, err = program.TROUBLE, tostring(status) end
  local written, trouble = program.say ""
  if program.broken then return program.PIPE end
  if err then program.complain(args.command, err) end
  if more then io.stderr:write(more, "\n") end
  if not written and not err then
    program.complain(args.command, trouble)
    return program.TROUBLE
  end
  return status
end

return setmetatable(command, { __call = function(_, argv)
  return command.main(argv)
end })
