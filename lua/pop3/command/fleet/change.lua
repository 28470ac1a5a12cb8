--- `pop3 fleet due`, `park`, `resume` and `remove`: changes accounts that are named,
-- or that match a pattern.
-- @module pop3.command.fleet.change
-- @local

local command = require "pop3.command.program"
local store = require "pop3.command.fleet.store"
local terminal = require "pop3.command.terminal"
local values = require "pop3.command.fleet.values"

local change = {}

-- Subcommand → what it does, and what it says of an account that it did not change.
local actions = {
  due = { summary = "Make accounts due now, or after a while.",
    description = "Makes accounts due now. Accounts that are fetched at the moment, "
      .. "and parked ones, stay as they are.",
    left = "it is parked, or is fetched now",
    act = function(fleet, which, args) return fleet:due(which, args.after) end },
  park = { summary = "Park accounts: no worker fetches them.",
    description = "Parks accounts: no worker fetches them until pop3 fleet resume. A "
      .. "run that has begun goes on.",
    left = "it is parked already",
    act = function(fleet, which, args)
      return fleet:park(which, args.reason or "by an administrator")
    end },
  resume = { summary = "Resume parked accounts: they are due at once.",
    description = "Resumes accounts that pop3 fleet park or a refused login has "
      .. "parked. They are due at once, and their failures are forgotten.",
    left = "it is not parked",
    act = function(fleet, which) return fleet:resume(which) end },
  remove = { summary = "Remove accounts, and the record of what was fetched.",
    description = "Removes accounts and all that is recorded about their messages. An "
      .. "account that is added again fetches everything again that is still on the "
      .. "server. Nothing is deleted from the server; mail that was delivered stays. A "
      .. "run that has begun ends.",
    left = "it was not removed",
    act = function(fleet, which) return fleet:remove(which) end },
}

function change.define(c, name)
  local action = actions[name]
  c:summary(action.summary)
  c:description(action.description)
  c:argument("names", "Names of accounts, or patterns such as '*@mail.example:*'; "
    .. "\"\\\" makes a \"*\" or \"?\" after it a plain character.")
   :args "*":argname "NAME"
  c:option("--host", "All accounts of this host."):argname "HOST"
  c:flag("--all", "All accounts.")
  if name == "due" then
    c:option("--after", "The time until then, such as 90s or 5m (default: 0).")
     :argname "TIME":convert(values.seconds)
  elseif name == "park" then
    c:option("--reason", "Why, for pop3 fleet status."):argname "TEXT"
  elseif name == "remove" then
    c:option("--maildir", "The Maildirs of pop3 fleet run: what dead workers have left "
      .. "there for these accounts is removed."):argname "DIR"
    c:flag("--yes", "Remove all that match a pattern, --host or --all.")
  end
end

local function is_pattern(text)
  return text:find "[*?]" ~= nil
end

-- What the command line selects: a list of selections for `pop3.fleet`; or nil,
-- message.
local function selections(args)
  local names, patterns, list = {}, {}, {}
  for _, name in ipairs(args.names) do
    if not utf8.len(name) then
      return nil, "the name of an account is UTF-8"
    end
    local kind = is_pattern(name) and patterns or names
    kind[#kind + 1] = name
  end
  if (#args.names > 0 and 1 or 0) + (args.host and 1 or 0) + (args.all and 1 or 0) ~= 1
  then
    return nil, "which accounts? Names or patterns, --host or --all"
  end
  if names[1] then list[#list + 1] = { names = names } end
  if patterns[1] then list[#list + 1] = { match = patterns } end
  if args.host then list[#list + 1] = { host = args.host } end
  if args.all then list[#list + 1] = { all = true } end
  return list, not names[1] or #list > 1
end

-- The names of accounts that exist, of those that were given; or nil, message, code.
local function existing(fleet, names)
  local found = {}
  local rows, message, code = fleet:list { names = names, limit = #names }
  if not rows then return nil, message, code end
  for _, row in ipairs(rows) do found[row.name] = true end
  return found
end

-- Say what became of the accounts that were named and did not change: the status.
local function explain(args, names, found, changed)
  local status = command.OK
  local left = actions[args.action].left
  for _, name in ipairs(names or {}) do
    if not found[name] then
      command.complain("fleet", ("there is no account '%s'"):format(name))
      status = command.NO
    elseif not changed[name] then
      command.complain("fleet", ("%s: %s"):format(name, left))
    end
  end
  return status
end

local function apply(fleet, list, args)
  local changed, names, found = {}, nil, nil
  for _, which in ipairs(list) do
    local message, code
    if which.names then
      names = which.names
      found, message, code = existing(fleet, names)
      if not found then return nil, message, code end
    end
    local answer
    answer, message, code = actions[args.action].act(fleet, which, args)
    if not answer then return nil, message, code end
    for _, name in ipairs(answer) do
      if not changed[name] then changed[#changed + 1] = name end
      changed[name] = true
    end
  end
  table.sort(changed)
  local lines = {}
  for i, name in ipairs(changed) do lines[i] = terminal.harmless(name) .. "\n" end
  local said, problem = command.say(table.concat(lines))
  local status = explain(args, names, found, changed)
  if not said then return command.TROUBLE, problem end
  if not names and not changed[1] then
    command.complain("fleet", "no account was changed")
    status = command.NO
  end
  return status
end

function change.run(args)
  local list, is_wide = selections(args)
  if not list then return command.USAGE, is_wide end
  if args.action == "remove" and is_wide and not args.yes then
    return command.USAGE, "remove: a pattern, --host or --all needs --yes "
      .. "(pop3 fleet status shows what matches)"
  end
  return store.with(args, function(fleet) return apply(fleet, list, args) end,
                    args.maildir and { maildir = args.maildir })
end

return change
