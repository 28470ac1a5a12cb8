--- `pop3 fleet import`: adds many accounts from a file, all of them or none.
-- @module pop3.command.fleet.import
-- @local

local account_row = require "pop3.fleet.account_row"
local atomic_file = require "pop3.util.atomic_file"
local command = require "pop3.command.program"
local read_config = require "pop3.command.fetch.config".read
local read_csv = require "pop3.command.fleet.csv"
local json = require "pop3.util.json"
local seal = require "pop3.account.seal"
local sealing = require "pop3.command.fleet.sealing"
local states = require "pop3.command.fleet.states"
local store = require "pop3.command.fleet.store"
local values = require "pop3.command.fleet.values"

local import = {}

local formats = { "csv", "json", "lua" }

-- Endings of file names → formats.
local endings = { csv = "csv", json = "json", jsonl = "json", ndjson = "json",
                  lua = "lua" }

function import.define(c)
  c:summary "Add many accounts from a file."
  c:description("Adds the accounts of a file in one transaction: all of them, or none "
    .. "when one cannot work. Formats: csv, whose first line has the names of the "
    .. "keys (name,url,every,password_file and so on); json, one object a line; lua, a "
    .. "configuration file of pop3 fetch.")
  c:argument("file", "The file; - is standard input."):argname "FILE"
  c:option("--format", "csv, json or lua (default: by the name of the file).")
   :argname "FORMAT":choices(formats)
  c:mutex(
    c:flag("--replace", "Change accounts that exist."),
    c:flag("--skip", "Leave accounts that exist unchanged."))
  c:option("--spread", "Spread the first runs evenly over this time, such as 10m.")
   :argname "TIME":convert(values.seconds)
  c:flag("--with-state", "Take over what pop3 fetch has recorded about the messages of "
    .. "the accounts of its configuration, so that they are not fetched again.")
  c:flag("--seal", "Take passwords from the file (the key password), and put them into "
    .. "the database, encrypted.")
  sealing.define_key_file(c)
  c:flag("--check", "Only check the file. The database is not asked.")
end

-- ----------------------------------------------------------------------- reading

-- A list of `{ where =, account = }`; or nil, message.
local readers = {}

function readers.csv(text, path)
  local records, number, problem = read_csv(text)
  if not records then return nil, ("%s:%d: %s"):format(path, number, problem) end
  local header, list = table.remove(records, 1), {}
  if not header then return nil, path .. ": the file is empty" end
  for _, record in ipairs(records) do
    local where, account = ("%s:%d"):format(path, record.line), {}
    if #record ~= #header then
      return nil, ("%s: %d fields, but the first line has %d"):format(where, #record,
                                                                    #header)
    end
    for i, name in ipairs(header) do
      local message
      if record[i] ~= "" then account[name], message = values.of(name, record[i]) end
      if message then return nil, where .. ": " .. message end
    end
    list[#list + 1] = { where = where, account = account }
  end
  return list
end

-- A duration may be text in JSON, too.
local function take_durations(account)
  for _, name in ipairs { "every", "due" } do
    if type(account[name]) == "string" then
      local value, message = values.of(name, account[name])
      if not value then return nil, message end
      account[name] = value
    end
  end
  return true
end

function readers.json(text, path)
  local found, missing = json.available()
  if not found then return nil, missing end
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if line:find "%S" then
      local where = ("%s:%d"):format(path, number)
      local account, message = json.decode(line)
      if account and type(account) ~= "table" or account and account[1] ~= nil then
        account, message = nil, "it must be an object"
      end
      local ok
      if account then ok, message = take_durations(account) end
      if not (account and ok) then
        return nil, ("%s: %s"):format(where, message or "it must be an object")
      end
      list[#list + 1] = { where = where, account = account }
    end
  end
  return list
end

-- Keys of `pop3 fetch` for the state, which is in the database here.
local dropped = { "state", "account" }

function readers.lua(_, path)
  local found, message = read_config(path)
  if not found then return nil, message end
  local list = {}
  for i, name in ipairs(found) do
    local account = found[name]
    list[i] = { where = ("%s: account '%s'"):format(path, name), account = account,
                state = states.place(account) }
    for _, key in ipairs(dropped) do account[key] = nil end
  end
  return list
end

local function read(args)
  local format = args.format or endings[(args.file:match "%.(%w+)$" or ""):lower()]
  if not format then
    return nil, args.file .. ": which --format is it? csv, json or lua"
  end
  if format == "lua" then
    if args.file == "-" then return nil, "a configuration needs a file" end
    return readers.lua(nil, args.file)
  end
  local text, message
  if args.file == "-" then text, message = io.stdin:read "a"
  else text, message = atomic_file.read(args.file) end
  if not text then return nil, message end
  return readers[format](text, args.file == "-" and "line" or args.file)
end

-- ---------------------------------------------------------------------- checking

-- Seal the passwords of a file: true; or nil, message.
local function seal_all(list, args)
  local keys, message = seal.keys(args.key_file)
  if not keys then return nil, message end
  for _, each in ipairs(list) do
    local a = each.account
    if a.password ~= nil then
      local called, ok
      called, ok, message = pcall(sealing.apply, keys, a, tostring(a.password))
      if not called then ok, message = nil, ok end
      if not ok then return nil, ("%s: %s"):format(each.where, message) end
    end
  end
  return true
end

-- Check the accounts; name → where. Or nil, message.
local function check(list)
  local known = {}
  for _, each in ipairs(list) do
    local ok, row, message = pcall(account_row.of, each.account)
    if not ok then row, message = nil, row end
    if row then ok, message = values.check_paths(each.account) end
    if not ok then row = nil end
    if not row then return nil, ("%s: %s"):format(each.where, message) end
    if known[row.name] then
      return nil, ("%s: account '%s' is given twice, see %s"):format(each.where,
        row.name, known[row.name])
    end
    known[row.name] = each.where
  end
  return known
end

local function plural(n)
  return ("%d account%s"):format(n, n == 1 and "" or "s")
end

local function exists(known, there)
  local more = #there > 1 and (" (and %d more)"):format(#there - 1) or ""
  return ("%s: account '%s' exists already%s; --replace changes such accounts, --skip "
          .. "leaves them"):format(known[there[1]], there[1], more)
end

local function add(fleet, args, list, known, taken)
  local given = {}
  for i, each in ipairs(list) do
    given[i] = each.account
    if args.spread and each.account.due == nil then
      each.account.due = args.spread * (i - 1) / #list
    end
  end
  local names, message, code, there = fleet:add(given, {
    replace = args.replace or nil, refuse = not (args.replace or args.skip),
    seen = taken and taken.seen })
  if code == "exists" then return command.TROUBLE, exists(known, there) end
  if not names then return nil, message, code end
  local left = #list - #names
  local messages = taken and taken:count(names)
  local said, problem = command.say(("%s %s%s%s\n"):format(plural(#names),
    args.replace and "added or changed" or "added",
    left > 0 and (", %d left as they are"):format(left) or "",
    messages and (", %d messages known"):format(messages) or ""))
  return said and command.OK or command.TROUBLE, problem
end

function import.run(args)
  if args.with_state and args.replace then
    return command.USAGE, "--with-state is for new accounts, not for --replace"
  end
  local list, message = read(args)
  local known
  if list and args.seal then
    local ok
    ok, message = seal_all(list, args)
    if not ok then list = nil end
  end
  if list then known, message = check(list) end
  if not known then return command.USAGE, message end
  if args.check then
    local said, problem = command.say(plural(#list) .. " can be imported\n")
    return said and command.OK or command.TROUBLE, problem
  end
  if not args.with_state then
    return store.with(args, function(fleet) return add(fleet, args, list, known) end)
  end
  local taken <close>, status, problem = states.take(list)
  if not taken then return status, problem end
  return store.with(args, function(fleet)
    return add(fleet, args, list, known, taken)
  end)
end

return import
