--- `pop3 list`: the messages of a mailbox, with number, octets and unique-id, and with
-- date, sender and subject.
-- @module pop3.command.list
-- @local

local command = require "pop3.command.program"
local account = require "pop3.command.mailbox.account"
local columns = require "pop3.command.columns"
local json = require "pop3.util.json"
local new_table = require "pop3.command.table"
local outcome = require "pop3.account.outcome"
local selection = require "pop3.command.mailbox.selection"
local session = require "pop3.command.mailbox.session"
local terminal = require "pop3.command.terminal"

local list = {}

function list.define(c)
  c:summary "List the messages of a mailbox."
  c:description("Lists the messages of a mailbox: number, octets, unique-id, one "
    .. "message on a line. On a terminal there are titles and a sum, and with "
    .. "--headers the lines are cut to its width. The password comes from a "
    .. "command, a file, netrc, POP3_PASSWORD or a prompt, never from the "
    .. "command line. Exit status: 0 success; 75 a temporary failure; 3 "
    .. "a person must act; 2 an invalid command line.")
  account.define(c)
  c:argument("messages", selection.HELP .. " Default: all."):args "*"
   :argname "N":convert(selection.convert)
  c:flag("-H --headers", "Show date, sender and subject, too.")
  c:flag("--json", "Print a list in JSON.")
end

local NARROW = 72  -- columns of a terminal, below which a date has no time
local TINY = 56    -- below which there is no place for date and unique-id

local function person(m)
  local first = m.from and m.from[1]
  if not first then return "" end
  return first.name and first.name ~= "" and first.name or first.address or ""
end

-- One line of text, from any octets.
local function one_line(text)
  return terminal.harmless((text:gsub("[\r\n\t ]+", " ")))
end

-- --------------------------------------------------------------------- output

-- The columns: their titles, how to align and to cut them, the value of a row.
local all_columns = {
  number = { title = "NUMBER", right = true, of = function(row)
    return tostring(row.number)
  end },
  octets = { title = "OCTETS", right = true, of = function(row)
    return row.octets and tostring(row.octets) or "-"
  end },
  uid = { title = "UNIQUE-ID", weight = 2, of = function(row)
    return one_line(row.uid or "-")
  end },
  date = { title = "DATE", want = #"2026-11-23 08:00", of = function(row)
    local date = row.header and row.header.date
    return date and date.iso:sub(1, 16):gsub("T", " ") or ""
  end },
  day = { title = "DATE", want = #"2026-11-23", of = function(row)
    local date = row.header and row.header.date
    return date and date.iso:sub(1, 10) or ""
  end },
  from = { title = "FROM", want = 28, weight = 3, of = function(row)
    return row.header and one_line(person(row.header)) or ""
  end },
  subject = { title = "SUBJECT", want = 1000, weight = 5, of = function(row)
    if row.problem then return "(" .. one_line(row.problem) .. ")" end
    return row.header and one_line(row.header.subject or "") or ""
  end },
}

-- The columns for a width; nil: nothing is cut.
local function columns_of(args, rows, width)
  local narrow = width and args.headers and width or math.huge
  local names = { "number", "octets" }
  if rows.has_uids and narrow >= TINY then names[#names + 1] = "uid" end
  if args.headers then
    if narrow >= TINY then
      names[#names + 1] = narrow < NARROW and "day" or "date"
    end
    names[#names + 1] = "from"
    names[#names + 1] = "subject"
  end
  local list_of = {}
  for i, name in ipairs(names) do
    local column = {}
    for key, value in pairs(all_columns[name]) do column[key] = value end
    if not column.want then  -- it is known before the headers are
      column.want = 1
      for _, row in ipairs(rows) do
        column.want = math.max(column.want, columns.of(column.of(row)))
      end
    end
    if not width then
      column.weight = nil
      if name == "subject" then column.want = 1 end
    elseif not args.headers then
      column.weight = nil  -- a whole unique-id can be copied
    end
    list_of[i] = column
  end
  return list_of
end

-- The functions that print rows as text: begin, row, finish.
local function text_writer(args, rows)
  local width = terminal.is_output() and terminal.width() or nil
  local paint = terminal.painter()
  local list_of = columns_of(args, rows, width)
  local made = new_table(list_of, width)
  return {
    begin = function()
      return not width or not rows[1]
             or command.say(paint("bold", made.titles) .. "\n")
    end,
    row = function(row)
      local values = {}
      for i, column in ipairs(list_of) do values[i] = column.of(row) end
      return command.say(made:line(values) .. "\n")
    end,
    finish = function()
      if not width then return true end
      local octets = 0
      for _, row in ipairs(rows) do octets = octets + (row.octets or 0) end
      return command.say(paint("dim", ("%d message%s, %d octets"):format(
        #rows, #rows == 1 and "" or "s", octets)) .. "\n")
    end,
  }
end

local KEYS = { "number", "octets", "uid", "date", "from", "name", "address",
               "subject", "message_id", "problem" }

local function json_row(row)
  local made = { number = row.number, octets = row.octets, uid = row.uid,
                 problem = row.problem }
  local m = row.header
  if m then
    made.date, made.subject = m.date and m.date.iso, m.subject
    made.message_id = m.message_id
    made.from = json.list {}
    for i, a in ipairs(m.from) do
      made.from[i] = { name = a.name, address = a.address }
    end
  end
  return json.encode(made, { keyorder = KEYS })
end

local function json_writer()
  local before = "\n"
  return {
    begin = function() return command.say "[" end,
    row = function(row)
      local text = before .. json_row(row)
      before = ",\n"
      return command.say(text)
    end,
    finish = function() return command.say "\n]\n" end,
  }
end

-- ----------------------------------------------------------------------- work

-- The rows without their headers; or nil, status, message.
local function rows_of(s, args)
  local sizes, message, code, reply = s:list()
  if not sizes then return nil, session.failure(message, code, reply) end
  local uids
  uids, message, code, reply = s:uidl()
  if not uids and code ~= "err" then
    return nil, session.failure(message, code, reply)
  end
  local words = args.messages[1] and args.messages or { "all" }
  local numbers, why = selection.numbers(words, sizes)
  if not numbers then return nil, outcome.PERSON, why end
  local rows = { has_uids = uids ~= nil }
  for i, n in ipairs(numbers) do
    rows[i] = { number = n, octets = sizes[n] or nil, uid = uids and uids[n] }
  end
  return rows
end

-- Print the rows, with their headers if they are wanted: status, message.
local function print_rows(s, args, rows)
  local writer = args.json and json_writer() or text_writer(args, rows)
  local ok, err = writer.begin()
  local status, trouble = 0, nil
  for _, row in ipairs(rows) do
    if not ok then break end
    if args.headers then
      local header, message, code, reply = s:headers(row.number)
      row.header = header
      if not header then
        row.problem = reply and reply.text or message
        status, trouble = session.failure(message, code, reply)
      end
    end
    ok, err = writer.row(row)
    if row.header then row.header:close() end
    row.header = nil
    if s:state() == "closed" then break end
  end
  if ok then ok, err = writer.finish() end
  if not ok then return command.TROUBLE, err end
  return status, trouble
end

function list.run(args)
  if args.json then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  return session.run(args, function(s)
    local rows, status, message = rows_of(s, args)
    if not rows then return status, message end
    return print_rows(s, args, rows)
  end)
end

return list
