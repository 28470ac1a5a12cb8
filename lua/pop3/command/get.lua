--- `pop3 get`: fetches messages of a mailbox to standard output, to a file, or to
-- files in a directory. Nothing is deleted from the server.
-- @module pop3.command.get
-- @local

local command = require "pop3.command.program"
local account = require "pop3.command.mailbox.account"
local atomic_file = require "pop3.util.atomic_file"
local core = require "pop3.core"
local mbox = require "pop3.store.mbox_format"
local paths = require "pop3.command.fetch.paths"
local outcome = require "pop3.account.outcome"
local selection = require "pop3.command.mailbox.selection"
local session = require "pop3.command.mailbox.session"
local terminal = require "pop3.command.terminal"

local get = {}

function get.define(c)
  c:summary "Fetch messages of a mailbox."
  c:description("Fetches messages of a mailbox, octet for octet; nothing is "
    .. "deleted from the server. One message goes to standard output; on a "
    .. "terminal, control characters in it are replaced by visible ones. Several "
    .. "messages need --mbox, or --output with a directory. A file appears whole "
    .. "or not at all. The password comes from a command, a file, netrc, "
    .. "POP3_PASSWORD or a prompt, never from the command line. Exit status: 0 "
    .. "success; 75 a temporary failure; 3 a person must act; 2 an "
    .. "invalid command line.")
  account.define(c)
  c:argument("messages", selection.HELP .. " With --uid, a unique-id.")
   :args "+":argname "N"
  c:flag("--uid", "The messages are named by their unique-ids.")
  c:option("--top", "Fetch only the header and the first LINES lines of the "
    .. "body."):argname "LINES":convert(command.integer(0, 2^31))
  c:option("-o --output", "Write to this file; or, if it is a directory, each "
    .. "message to the file N.eml in it, or UNIQUE-ID.eml."):argname "PATH"
  c:flag("--mbox", "Write all messages as one mbox.")
end

-- ------------------------------------------------------------------ messages

-- The numbers of the messages, and their names, which are words of the command line
-- or numbers; or nil, status, message.
local function chosen(s, args)
  if args.uid then
    local uids, message, code, reply = s:uidl()
    if not uids then return nil, session.failure(message, code, reply) end
    local numbers, word = selection.of_uids(args.messages, uids)
    if not numbers then
      return nil, outcome.PERSON, ("no message has the unique-id '%s'"):format(
        terminal.harmless(word))
    end
    local names = {}
    for i, n in ipairs(numbers) do names[i] = paths.escape(uids[n]) end
    return numbers, names
  end
  local sizes, message, code, reply = s:list()
  if not sizes then return nil, session.failure(message, code, reply) end
  local numbers, why = selection.numbers(args.messages, sizes)
  if not numbers then return nil, outcome.PERSON, why end
  return numbers, numbers
end

-- RETR or TOP, with an ltn12 sink or without.
local function fetch(s, args, n, sink)
  if args.top then return s:top(n, args.top, sink) end
  return s:retr(n, sink)
end

-- --------------------------------------------------------------- destinations

-- One message to a stream; to a terminal as text.
local function to_output(s, args, n)
  if terminal.is_output() then
    local octets, message, code, reply = fetch(s, args, n)
    if not octets then return session.failure(message, code, reply) end
    local text = terminal.harmless(octets, true)
    local ok, err = command.say(text .. (text:find "[^\n]$" and "\n" or ""))
    return ok and command.OK or command.TROUBLE, err
  end
  local written, message, code, reply = fetch(s, args, n, function(octets)
    if not octets then return command.say "" end
    return command.say(octets)
  end)
  if not written then
    if command.broken then return command.TROUBLE end
    return session.failure(message, code, reply)
  end
  return command.OK
end

-- One message to a file.
local function to_file(s, args, n, path)
  if not args.top then
    local octets, message, code, reply = s:save(n, path)
    if octets then return command.OK end
    return session.failure(message, code, reply)
  end
  local octets, message, code, reply = fetch(s, args, n)
  if not octets then return session.failure(message, code, reply) end
  local file <close>, err = atomic_file.create(path)
  if not file then return command.TROUBLE, err end
  local ok
  ok, err = file:write(octets)
  if ok then ok, err = file:commit() end
  return ok and command.OK or command.TROUBLE, err
end

-- All messages to the function `write`, as an mbox.
local function to_mbox(s, args, numbers, write)
  for _, n in ipairs(numbers) do
    local octets, message, code, reply = fetch(s, args, n)
    if not octets then return session.failure(message, code, reply) end
    local sender = mbox.sender(mbox.join((octets:gsub("\r\n", "\n"))))
    local ok, err = write(mbox.entry(octets, sender, math.tointeger(core.time() // 1)))
    if not ok then return command.TROUBLE, err end
  end
  return command.OK
end

local function to_mbox_file(s, args, numbers)
  local file <close>, err = atomic_file.create(args.output)
  if not file then return command.TROUBLE, err end
  local status, message = to_mbox(s, args, numbers, function(octets)
    return file:write(octets)
  end)
  if status ~= command.OK then return status, message end
  local ok
  ok, err = file:commit()
  return ok and command.OK or command.TROUBLE, err
end

-- Write each message to a separate file. A message that fails does not stop the others.
local function to_directory(s, args, numbers, names)
  local status, trouble = command.OK, nil
  for i, n in ipairs(numbers) do
    local path = ("%s/%s.eml"):format(args.output:gsub("/*$", ""), names[i])
    local one, message = to_file(s, args, n, path)
    if one ~= command.OK then
      if trouble then command.complain("get", trouble) end
      status, trouble = status == command.TROUBLE and status or one, message
    end
    if s:state() == "closed" then break end
  end
  return status, trouble
end

function get.run(args)
  if not args.uid then
    for _, word in ipairs(args.messages) do
      local ok, err = selection.convert(word)
      if not ok then return command.USAGE, err end
    end
  end
  local to = args.output
  local directory = to and core.stat(to) == "directory"
  if to and to:find "/$" and not directory then
    return command.TROUBLE, to .. ": there is no such directory"
  elseif directory and args.mbox then
    return command.USAGE, "--mbox needs a file, not a directory"
  end
  return session.run(args, function(s)
    local numbers, names, message = chosen(s, args)
    if not numbers then return names, message end
    if args.mbox then
      if to then return to_mbox_file(s, args, numbers) end
      return to_mbox(s, args, numbers, function(octets)
        if terminal.is_output() then octets = terminal.harmless(octets, true) end
        return command.say(octets)
      end)
    elseif directory then
      return to_directory(s, args, numbers, names)
    elseif #numbers > 1 then
      return command.USAGE, ("%d messages need --mbox, or --output with a "
                             .. "directory"):format(#numbers)
    elseif not numbers[1] then
      return command.OK
    elseif to then
      return to_file(s, args, numbers[1], to)
    end
    return to_output(s, args, numbers[1])
  end, to ~= nil)
end

return get
