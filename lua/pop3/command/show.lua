--- `pop3 show`: shows a message, as text for people or as JSON for programs.
-- @module pop3.command.show
-- @local

local addresses = require "pop3.message.addresses"
local command = require "pop3.command.program"
local core = require "pop3.core"
local atomic_file = require "pop3.util.atomic_file"
local json = require "pop3.util.json"
local message = require "pop3.message"
local terminal = require "pop3.command.terminal"

local show = {}

local harmless = terminal.harmless

function show.define(c)
  c:summary "Show messages."
  c:description("Shows sender, subject, parts and text of messages. Control "
    .. "characters are replaced by visible ones, except in the output of --part "
    .. "to a file or a pipe, which gets the exact octets. Of several messages, a "
    .. "line with the name of the file comes before each; in JSON, each is an "
    .. "object of its own, with that name as \"file\".")
  c:argument("files", "The messages; - is standard input."):args "+"
   :argname "FILE"
  c:mutex(
    c:flag("--structure", "Show the parts, with type, size and file name."),
    c:flag("--headers", "Show all header fields, decoded."),
    c:flag("--text", "Show the text, converted from HTML if there is no other."),
    c:flag("--html", "Show the HTML."),
    c:option("--part", "Show the decoded octets of one part, such as 1.2.")
     :argname "PATH",
    c:option("--save", "Save the attachments to this directory."):argname "DIR")
  c:flag("--json", "Print JSON, in UTF-8.")
end

-- Write to standard output. If it is closed, this error ends the reading of messages.
local REFUSED = {}

local function say(...)
  local ok, err = command.say(table.concat { ... })
  if not ok then error(setmetatable({ message = err }, REFUSED), 0) end
end

local function put(text)
  text = harmless(text, true)
  say(text, text:find "[^\n]$" and "\n" or "")
end

-- The order of fields in JSON.
local order = { "file", "path", "type", "charset", "name", "value", "address", "from",
                "to", "cc", "date", "subject" }

-- `as_json` is true, or the name of the file, which is added.
local function say_json(value, as_json)
  if as_json ~= true then
    local named = { file = as_json }
    for name, field in pairs(value) do named[name] = field end
    value = named
  end
  say(json.encode(value, { indent = true, keyorder = order }), "\n")
  return command.OK
end

-- ------------------------------------------------------------------ the views

local function fields_of(m)
  local list = {}
  for name, raw in m:fields() do
    list[#list + 1] = { name = name, value = message.decode_words(raw) }
  end
  return list
end

local function headers(m, as_json)
  local list = fields_of(m)
  if as_json then return say_json({ headers = json.list(list) }, as_json) end
  for _, field in ipairs(list) do
    local value = field.value:gsub("[\r\n\t]+", " ")
    say(harmless(field.name), ": ", harmless(value), "\n")
  end
  return command.OK
end

-- One line for a part.
local function part_line(path, part)
  local _, dots = path:gsub("%.", "")
  local line = ("%s%-" .. math.max(8 - 2 * dots, 1) .. "s %-26s %9d"):format(
    ("  "):rep(dots), path == "" and "-" or path, part.type, part.size)
  for _, value in ipairs { part.charset or "", part.disposition or "",
                           part.filename or "" } do
    if value ~= "" then line = line .. "  " .. value end
  end
  return harmless(line) .. "\n"
end

local function structure(m, as_json)
  if as_json then return say_json(m:structure(), as_json) end
  for path, part in m:walk() do say(part_line(path, part)) end
  return command.OK
end

-- The text or the HTML.
local function body(text, what, as_json)
  if not text then return command.NO, "the message has no " .. what end
  if as_json then return say_json({ [what] = text }, as_json) end
  put(text)
  return command.OK
end

local function one_part(m, path, as_json)
  local part = m:part(path)
  if not part then
    return command.NO, "the message has no part " .. harmless(path)
  end
  if as_json then
    return say_json({ path = part.path, type = part.type, size = part.size,
                      filename = part.filename, body = part:body() }, as_json)
  elseif not terminal.is_output() then
    local written, err = part:body(function(octets)
      if octets then say(octets) end
      return true
    end)
    if not written then return command.TROUBLE, err end
    return command.OK
  end
  local text = part:text()
  if not text or part.type:sub(1, 5) ~= "text/" then
    return command.NO, ("part %s is %s: redirect the output to a file or a "
                        .. "pipe"):format(harmless(path), harmless(part.type))
  end
  put(text)
  return command.OK
end

local function save(m, directory, as_json)
  local saved = {}
  for _, part in ipairs(m:attachments()) do
    local path, err = part:save(directory)
    if not path then return command.TROUBLE, err end
    saved[#saved + 1] = path
    if not as_json then say(harmless(path), "\n") end
  end
  if as_json then return say_json({ saved = json.list(saved) }, as_json) end
  return command.OK
end

-- "Ann <ann@example.org>, bob@example.org"
local function people(list)
  local out = {}
  for i, a in ipairs(list) do
    local named = a.name and a.name ~= ""
    out[i] = named and ("%s <%s>"):format(a.name, a.address or "")
             or a.address or ""
  end
  return table.concat(out, ", ")
end

local function address_list(list)
  return json.list(addresses(list))
end

local function summary_json(m, as_json)
  local attachments = {}
  for i, part in ipairs(m:attachments()) do
    attachments[i] = { path = part.path, type = part.type, size = part.size,
                       filename = part.filename }
  end
  return say_json({
    subject = m.subject, date = m.date and m.date.iso,
    message_id = m.message_id, from = address_list(m.from),
    to = address_list(m.to), cc = address_list(m.cc),
    text = m:text { from_html = true }, attachments = json.list(attachments),
    defects = json.list { table.unpack(m.defects) },
  }, as_json)
end

local function summary(m, as_json)
  if as_json then return summary_json(m, as_json) end
  for _, field in ipairs { "from", "to", "cc", "date", "subject" } do
    local value = m[field]
    if field == "date" then value = value and value.iso
    elseif type(value) == "table" then value = people(value) end
    if value and value ~= "" then
      say(("%-9s"):format(field:gsub("^%l", string.upper) .. ":"),
          harmless(value), "\n")
    end
  end
  local attachments = m:attachments()
  if attachments[1] then
    say "\n"
    for _, part in ipairs(attachments) do say(part_line(part.path, part)) end
  end
  local text = m:text { from_html = true }
  if text then
    say "\n"
    put(text)
  end
  if m.defects[1] then
    say("\n", ("[%d defects, the first: %s]"):format(#m.defects,
      harmless(m.defects[1].text)), "\n")
  end
  return command.OK
end

-- Open a message. A pipe or a device cannot be mapped into memory, so it is
-- read.
local function open(path)
  local is_input = path == "-"
  if not is_input and core.stat(path) ~= "other" then
    return message.open(path)
  end
  local octets, err
  if is_input then octets, err = io.stdin:read "a"
  else octets, err = atomic_file.read(path) end
  if not octets then
    return nil, is_input and "standard input: " .. err or err
  end
  return message.parse(octets)
end

-- Show a message: the exit status, and maybe a message about a failure.
local function show_one(args, m, as_json)
  if args.structure then return structure(m, as_json) end
  if args.headers then return headers(m, as_json) end
  if args.text then return body(m:text { from_html = true }, "text", as_json) end
  if args.html then return body(m:html(), "html", as_json) end
  if args.part then return one_part(m, args.part, as_json) end
  if args.save then return save(m, args.save, as_json) end
  return summary(m, as_json)
end

-- Show one of several: the exit status, and maybe a message about a failure. `first`
-- is true for the first one.
local function show_named(args, path, first)
  local m <close>, err = open(path)
  if not m then return command.TROUBLE, err end
  local name = path == "-" and "standard input" or path
  if not args.json and (terminal.is_output() or not args.part) then
    say(first and "" or "\n", "==> ", harmless(name), " <==\n")
  end
  local status
  status, err = show_one(args, m, args.json and path)
  return status, err and name .. ": " .. err
end

-- Show several: the worst exit status, and the message about the last failure.
local function show_several(args)
  local worst, trouble = command.OK, nil
  for i, path in ipairs(args.files) do
    local status, err = show_named(args, path, i == 1)
    if err then
      if trouble then command.complain("show", trouble) end
      worst, trouble = math.max(worst, status), err
    end
  end
  return worst, trouble
end

local function show_all(args)
  if args.files[2] then return show_several(args) end
  local m <close>, err = open(args.files[1])
  if not m then return command.TROUBLE, err end
  return show_one(args, m, args.json)
end

-- Is standard input given more than once? The first reading takes all of it.
local function is_input_repeated(files)
  local count = 0
  for _, path in ipairs(files) do
    if path == "-" then count = count + 1 end
  end
  return count > 1
end

function show.run(args)
  if is_input_repeated(args.files) then
    return command.USAGE, "give - (standard input) only once"
  end
  if args.json then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  local ok, status, err = pcall(show_all, args)
  if ok then return status, err end
  if getmetatable(status) ~= REFUSED then error(status, 0) end
  return command.TROUBLE, status.message
end

return show
