--- `pop3 completion`: prints the script that completes the command line in a shell.
-- argparse writes it.
-- @module pop3.command.completion
-- @local

local command = require "pop3.command.program"

local completion = {}

function completion.define(c)
  c:summary "Print the completion script of a shell."
  c:description("Prints a script that lets a shell complete commands and options. "
    .. "For this session: eval \"$(pop3 completion bash)\" in bash and zsh, "
    .. "pop3 completion fish | source in fish. make install installs it for all.")
  c:argument("shell", "bash, zsh or fish."):argname "SHELL"
   :choices { "bash", "zsh", "fish" }
end

function completion.run(args, parser)
  local ok, err = command.say(parser["get_" .. args.shell .. "_complete"](parser))
  return ok and command.OK or command.TROUBLE, err
end

return completion
