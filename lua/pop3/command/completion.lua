--- `pop3 completion`: prints the script that completes the command line in a shell.
--
-- argparse writes the script, but without the values of arguments in bash and fish;
-- this module adds them.
-- @module pop3.command.completion
-- @local

local command = require "pop3.command.program"
local parsers = require "pop3.command.parser"

local completion = {}

function completion.define(c)
  c:summary "Print the completion script of a shell."
  c:description("Prints a script that lets a shell complete commands, options and "
    .. "values. For one session: eval \"$(pop3 completion bash)\" in bash and zsh, "
    .. "pop3 completion fish | source in fish. make install installs all three.")
  c:argument("shell", "bash, zsh or fish."):argname "SHELL"
   :choices { "bash", "zsh", "fish" }
end

-- The commands whose first argument has choices: name → "a b c".
local function choices_of(parser)
  local found = {}
  for _, c in ipairs(parsers.elements(parser).commands) do
    local first = c.arguments[1]
    if first and first.choices then
      found[#found + 1] = { name = c.name,
                            words = table.concat(first.choices, " ") }
    end
  end
  return found
end

local scripts = {}

function scripts.bash(parser)
  local cases = { '    case "$cmd" in' }
  for _, c in ipairs(choices_of(parser)) do
    cases[#cases + 1] = ("    %s) COMPREPLY=($(compgen -W '%s' -- \"$cur\"));;")
                        :format(c.name, c.words)
  end
  cases[#cases + 1] = "    esac\n"
  local text, n = parser:get_bash_complete():gsub(
    '\n    if %[%[ "$cur" = %-%* %]%]', "\n" .. table.concat(cases, "\n") .. "%0")
  assert(n == 1, "argparse has changed its script")
  return text
end

function scripts.zsh(parser)
  -- the last line calls the function, which is right in a file that zsh loads, but
  -- not in a script that is evaluated
  local text, n = parser:get_zsh_complete():gsub("\n_pop3\n$", [[

if [ "$funcstack[1]" = "_pop3" ]; then
  _pop3 "$@"
else
  compdef _pop3 pop3
fi
]])
  assert(n == 1, "argparse has changed its script")
  return text
end

function scripts.fish(parser)
  local out = { parser:get_fish_complete() }
  for _, c in ipairs(choices_of(parser)) do
    out[#out + 1] = ("complete -c pop3 -n '__fish_pop3_using_command %s' -xa '%s'\n")
                    :format(c.name, c.words)
  end
  return table.concat(out)
end

--- The script for a shell.
-- @tparam table parser of argparse
-- @tparam string shell "bash", "zsh" or "fish"
-- @treturn string
function completion.script(parser, shell)
  return scripts[shell](parser)
end

function completion.run(args, parser)
  local ok, err = command.say(completion.script(parser, args.shell))
  return ok and command.OK or command.TROUBLE, err
end

return completion
