--- The parser of the command line: argparse with help that fits the terminal, and
-- with suggestions for misspelt words.
--
-- The fields of argparse's objects are not documented. Only `elements` and `set_help`
-- read them.
-- @module pop3.command.parser
-- @local

local program = require "pop3.command.program"
local suggest = require "pop3.util.suggest"
local terminal = require "pop3.command.terminal"
local wrap = require "pop3.command.wrap"

local parser = {}

local WIDEST = 100    -- columns of the help
local USUAL = 80      -- where there is no terminal
local NARROW = 72     -- below it, descriptions begin further to the left

-- ----------------------------------------------------------------- definitions

-- An argument or option as a plain table.
local function element(e)
  local is_option = e._aliases ~= nil
  local values = {}
  for i = 1, math.min(e._maxargs, 3) do
    local name = e._argname or e._choices and table.concat(e._choices, "|")
                 or e._name:gsub("^%-+", ""):upper()
    values[i] = type(name) == "table" and (name[i] or name[#name]) or name
  end
  if e._maxargs == math.huge then values = { values[1] } end
  return {
    name = e._name, names = is_option and { table.unpack(e._public_aliases) } or nil,
    description = e._description or "", values = values, choices = e._choices,
    least = e._minargs, most = e._maxargs,
    repeated = is_option and e._maxcount > 1 or false, hidden = e._hidden or false,
    default = type(e._default) == "string" and e._default or nil,
  }
end

--- What a parser, or a command of one, defines.
-- @tparam table p of argparse
-- @treturn table `name`, `summary`, `description`; `arguments` and `options`: lists of
-- `{ name =, names =, description =, values =, choices =, least =, most =, repeated =,
-- default = }`; `commands`: a list of such tables; `groups`: lists of names of options
-- that exclude each other
function parser.elements(p)
  local made = { name = p._name, summary = p._summary, description = p._description,
                 arguments = {}, options = {}, commands = {}, groups = {} }
  for _, e in ipairs(p._arguments) do
    if not e._hidden then made.arguments[#made.arguments + 1] = element(e) end
  end
  for _, e in ipairs(p._options) do
    if not e._hidden then made.options[#made.options + 1] = element(e) end
  end
  for _, c in ipairs(p._commands) do
    if not c._hidden then made.commands[#made.commands + 1] = parser.elements(c) end
  end
  for _, group in ipairs(p._mutexes) do
    local names = {}
    for i, e in ipairs(group) do names[i] = e._name end
    made.groups[#made.groups + 1] = names
  end
  return made
end

-- An argument as "FILE", "[FILE]", "FILE..." or "[FILE...]".
local function argument_text(e)
  local text = (e.values[1] or e.name) .. (e.most > 1 and "..." or "")
  return e.least == 0 and "[" .. text .. "]" or text
end

--- The words of a command line, such as "pop3 get [OPTION...] URL N...".
-- @tparam string name of the program, or of the program and the command
-- @tparam table made of `elements`
-- @treturn string
function parser.synopsis(name, made)
  local words = { name, "[OPTION...]" }
  for _, e in ipairs(made.arguments) do words[#words + 1] = argument_text(e) end
  if made.commands[1] then words[#words + 1] = "COMMAND ..." end
  return table.concat(words, " ")
end

-- ------------------------------------------------------------------------ help

local function add(out, text, margin, width)
  for _, line in ipairs(wrap(text, width - margin)) do
    out[#out + 1] = (" "):rep(margin) .. line
  end
end

-- A label, and its description to the right of it or below it.
local function add_entry(out, label, text, width)
  local margin = width < NARROW and 8 or 26
  local first = #out + 1
  add(out, text, margin, width)
  label = "  " .. label
  if #label + 2 <= margin and out[first] then
    out[first] = label .. (" "):rep(margin - #label) .. out[first]:sub(margin + 1)
  else
    table.insert(out, first, label)
  end
end

--- The label of an option or argument, such as "-u, --user NAME".
-- @tparam table e of `elements`
-- @treturn string
function parser.label(e)
  if not e.names then return e.values[1] or e.name end
  local text = table.concat(e.names, ", ")
  if e.values[1] then text = text .. " " .. table.concat(e.values, " ") end
  return text
end

-- The help of a parser or a command.
local function help(p, name, width)
  local made = parser.elements(p)
  local usage = "Usage: "
  local out = wrap(parser.synopsis(name, made), width - #usage)
  for i, line in ipairs(out) do
    out[i] = (i == 1 and usage or (" "):rep(#usage)) .. line
  end
  out[#out + 1] = ""
  add(out, made.description, 0, width)
  for _, part in ipairs { { "Arguments", made.arguments }, { "Options", made.options },
                          { "Commands", made.commands } } do
    local title, list = part[1], part[2]
    if list[1] then
      out[#out + 1] = ""
      out[#out + 1] = title .. ":"
    end
    for _, e in ipairs(list) do
      if e.commands then add_entry(out, e.name, e.summary, width)
      else add_entry(out, parser.label(e), e.description, width) end
    end
  end
  if made.groups[1] then out[#out + 1] = "" end
  for _, names in ipairs(made.groups) do
    add(out, "Not together: " .. table.concat(names, ", ") .. ".", 0, width)
  end
  return table.concat(out, "\n")
end

-- The help of a parser, and of the commands below it.
local function set_help(p, name)
  function p.get_help()
    return help(p, name, math.min(terminal.width() or USUAL, WIDEST))
  end
  -- argparse's own action does not see that nothing can be written
  p._options[p._help_option_idx]._action = function()
    program.leave(p:get_help())
  end
  for _, c in ipairs(p._commands) do set_help(c, name .. " " .. c._name) end
end

--- Make the parser, with its commands.
-- @tparam table argparse the library
-- @tparam string description
-- @tparam {string,...} names of the commands, in the order of the help
-- @tparam table commands name → module with `define`
-- @treturn table the parser
function parser.new(argparse, description, names, commands)
  local p = argparse("pop3", description)
  p:require_command(true)
  p:command_target "command"
  for _, name in ipairs(names) do commands[name].define(p:command(name)) end
  set_help(p, "pop3")
  return p
end

-- ----------------------------------------------------------------- suggestions

local function named(commands, word)
  for _, c in ipairs(commands) do
    if c.name == word then return c end
  end
end

-- The command that the words begin with, or the one below it; nil when there is
-- none. Its words, such as "pop3 fleet add".
local function command_of(made, argv)
  local found, words = nil, made.name
  for _, word in ipairs(argv) do
    if word:sub(1, 1) ~= "-" then
      local c = named((found or made).commands, word)
      if c then found, words = c, words .. " " .. c.name
      elseif not found then return nil, words end
    end
  end
  return found, words
end

local function options_of(made, list)
  for _, e in ipairs(made.options) do
    for _, name in ipairs(e.names) do list[#list + 1] = name end
  end
  return list
end

-- The choices of the element that a message of argparse is about.
local function choices_of(made, name)
  for _, list in ipairs { made.options, made.arguments } do
    for _, e in ipairs(list) do
      for _, one in ipairs(e.names or { e.name }) do
        if one == name then return e.choices end
      end
    end
  end
end

-- The end of a message about an unknown word: a suggestion, or where to look.
local function hint(wrong, names, words)
  local tip = suggest.tip(wrong, names)
  return tip ~= "" and tip or (" (%s --help lists them)"):format(words)
end

--- The message about a wrong command line, with a suggestion, or with the words that
-- show the help.
-- @tparam table p the parser
-- @tparam string message of argparse
-- @tparam {string,...} argv
-- @treturn string
function parser.explain(p, message, argv)
  message = message:gsub("\nDid you mean.*$", "")
  local made = parser.elements(p)
  local c, words = command_of(made, argv)
  local wrong = message:match "^unknown command '(.*)'$"
  if wrong then
    local names = {}
    for i, one in ipairs((c or made).commands) do names[i] = one.name end
    return message .. hint(wrong, names, words)
  end
  wrong = message:match "^unknown option '(.*)'$"
  if wrong then
    local names = options_of(made, {})
    if c then options_of(c, names) end
    return message .. hint(wrong, names, words)
  end
  local name = message:match "'([^']*)' must be one of"
  local choices = name and c and choices_of(c, name)
  for _, word in ipairs(choices and argv or {}) do
    local tip = suggest.tip(word:match "=(.*)$" or word, choices)
    if tip ~= "" then return message .. tip end
  end
  if message == "a command is required" then
    return ("%s (%s --help lists them)"):format(message, words)
  end
  return message
end

return parser
