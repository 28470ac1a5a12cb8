--- The manual page pop3(1), in the macros of man(7): the definitions of the parser, and
-- sections for all commands. `make man` writes it.
-- @module pop3.command.manual
-- @local

local parsers = require "pop3.command.parser"
local pop3 = require "pop3"
local wrap = require "pop3.command.wrap"

local LINE = 60  -- columns of a line of the source, without escapes

-- Text that troff prints as it is. A "-" that begins a word is that of an option.
local function plain(text)
  return (text:gsub("\\", "\\e"):gsub("%f[%S]%-+", function(dashes)
    return ("\\-"):rep(#dashes)
  end))
end

-- A paragraph as lines of the source. A line must not begin with a control character.
local function paragraph(out, text)
  for _, line in ipairs(wrap(text, LINE)) do
    out[#out + 1] = plain(line):gsub("^[.']", "\\&%0")
  end
end

-- An option or argument in bold, its values in italics.
local function label(e)
  local function words(font, list, join)
    local made = {}
    for i, word in ipairs(list) do
      made[i] = ("\\f%s%s\\fR"):format(font, (word:gsub("%-", "\\-")))
    end
    return table.concat(made, join)
  end
  if not e.names then return words("I", { e.values[1] or e.name }, "") end
  local text = words("B", e.names, ", ")
  if e.values[1] then text = text .. " " .. words("I", e.values, " ") end
  return text
end

local function add_elements(out, list)
  for _, e in ipairs(list) do
    if e.name ~= "-h" then
      out[#out + 1] = ".TP"
      out[#out + 1] = label(e)
      paragraph(out, e.description)
    end
  end
end

local function synopsis(out, name, made)
  local words = parsers.synopsis(name, made)
  local rest = words:sub(#name + 2)
  out[#out + 1] = ".B " .. plain(name)
  out[#out + 1] = plain(rest)
end

-- A command, and those below it; `before`: names of those above it.
local function add_command(out, c, before)
  local name = (before or "") .. c.name
  out[#out + 1] = ".SS " .. name
  synopsis(out, "pop3 " .. name, c)
  out[#out + 1] = ".PP"
  paragraph(out, c.description)
  add_elements(out, c.arguments)
  add_elements(out, c.options)
  for i, names in ipairs(c.groups) do
    out[#out + 1] = i == 1 and ".PP" or ".br"
    paragraph(out, "Not together: " .. table.concat(names, ", ") .. ".")
  end
  for _, below in ipairs(c.commands) do add_command(out, below, name .. " ") end
end

-- Entries of a list: { term, text }.
local function add_list(out, list)
  for _, row in ipairs(list) do
    out[#out + 1] = ".TP"
    out[#out + 1] = ".B " .. plain(row[1])
    paragraph(out, row[2])
  end
end

local STATUSES = {
  { "0", "Success." },
  { "1", "A check or a verify failed, or a message has no such part." },
  { "2", "The command line or the configuration is invalid." },
  { "3", "The command could not do its work; a person must act." },
  { "75", "A mailbox had a temporary failure: a later run may succeed (list, get, "
    .. "login, fetch), or the database of fleet did." },
  { "141", "The reader of standard output has closed it." },
}

local VARIABLES = {
  { "POP3_PASSWORD", "The password, if nothing else gives it." },
  { "POP3_PROXY", "The proxy of list, get and login, with a password if it needs "
    .. "one." },
  { "POP3_FLEET_STORE", "The database of fleet, without --store." },
  { "POP3_FLEET_KEY_FILE", "The keys of the sealed passwords of fleet." },
  { "NETRC", "The file with passwords, instead of ~/.netrc." },
  { "SSL_CERT_FILE", "The CAs that are trusted, instead of the system's." },
  { "COLUMNS", "The width of tables and of the help." },
  { "NO_COLOR", "If it is not empty, there are no colours. Neither are there with "
    .. "TERM=dumb." },
  { "XDG_CONFIG_HOME", "Where lpop3/fetch.lua is (default: ~/.config)." },
  { "XDG_STATE_HOME", "Where the state of fetch is (default: ~/.local/state)." },
}

local FILES = {
  { "~/.config/lpop3/fetch.lua", "The accounts of fetch." },
  { "~/.local/state/lpop3/", "What fetch has fetched." },
  { "~/.netrc", "Passwords by host and user; only its owner may read it." },
}

local EXAMPLES = {
  { "What is in the mailbox:",
    "pop3 list pops://mrose@mail.example --headers" },
  { "One message as a file:",
    "pop3 get pops://mrose@mail.example 3 --output 3.eml" },
  { "Why does the login fail?",
    "pop3 login pops://mrose@mail.example --verbose" },
  { "Fetch new mail into a Maildir, from cron:",
    "pop3 fetch pops://mrose@mail.example --maildir ~/Mail \\\n"
    .. "    --password-file ~/.mail-password" },
  { "Run one of the workers that fetch the mail of many accounts:",
    "pop3 fleet run --maildir '/srv/mail/{name}'" },
  { "A server for tests, with one message:",
    "pop3 serve --user ann:secret --mail message.eml" },
}

local function section(out, title)
  out[#out + 1] = '.SH "' .. title .. '"'
end

--- Write the page.
-- @tparam table parser of argparse, as `pop3.command.parser` makes it
-- @tparam string date of the release, "2026-11-30"
-- @treturn string
return function(parser, date)
  local made = parsers.elements(parser)
  local out = {
    '.\\" Made by "make man" from the definitions of the command line.',
    ('.TH POP3 1 "%s" "%s" "User Commands"'):format(date, pop3._VERSION),
  }
  section(out, "NAME")
  out[#out + 1] = "pop3 \\- list, get and fetch mail by POP3, test servers and clients"
  section(out, "SYNOPSIS")
  for i, c in ipairs(made.commands) do
    if i > 1 then out[#out + 1] = ".br" end
    synopsis(out, "pop3 " .. c.name, c)
  end
  section(out, "DESCRIPTION")
  paragraph(out, made.description)
  add_elements(out, made.options)
  section(out, "COMMANDS")
  for _, c in ipairs(made.commands) do add_command(out, c) end
  section(out, "EXIT STATUS")
  add_list(out, STATUSES)
  section(out, "ENVIRONMENT")
  add_list(out, VARIABLES)
  section(out, "FILES")
  add_list(out, FILES)
  section(out, "EXAMPLES")
  for i, row in ipairs(EXAMPLES) do
    if i > 1 then out[#out + 1] = ".PP" end
    paragraph(out, row[1])
    out[#out + 1] = ".PP"
    out[#out + 1] = ".nf"
    out[#out + 1] = ".RS 4"
    for line in row[2]:gmatch "[^\n]+" do out[#out + 1] = plain(line) end
    out[#out + 1] = ".RE"
    out[#out + 1] = ".fi"
  end
  section(out, "SEE ALSO")
  out[#out + 1] = ".BR curl (1),"
  out[#out + 1] = ".BR openssl\\-s_client (1ssl),"
  out[#out + 1] = ".BR fetchmail (1),"
  out[#out + 1] = ".BR maildir (5),"
  out[#out + 1] = ".BR netrc (5)"
  return table.concat(out, "\n") .. "\n"
end
