--- `pop3 fleet status`: shows the status of the fleet, once or repeatedly.
-- @module pop3.command.fleet.status
-- @local

local columns = require "pop3.command.columns"
local command = require "pop3.command.program"
local core = require "pop3.core"
local json = require "pop3.util.json"
local store = require "pop3.command.fleet.store"
local terminal = require "pop3.command.terminal"
local view = require "pop3.command.fleet.view"

local status = {}

local LIMIT = 100   -- accounts that are shown
local PAGE = 1000   -- accounts of one query
local EVERY = 2     -- seconds between two drawings
local LINES = 24    -- of a terminal of unknown size

function status.define(c)
  c:summary "Show the status of the fleet."
  c:description("Shows how many accounts there are, are due, are fetched now, are "
    .. "parked, and failed in their last run; the workers that have leases; and the "
    .. "accounts. All times are those of the database.")
  c:argument("names", "Only these accounts: names, or patterns such as "
    .. "'*@mail.example:*'."):args "*":argname "NAME"
  c:mutex(
    c:flag("--failing", "Only accounts whose last run failed."),
    c:flag("--parked", "Only parked accounts."),
    c:flag("--due", "Only accounts that wait for a worker."),
    c:flag("--running", "Only accounts that are fetched now."))
  c:option("--host", "Only accounts of this host."):argname "HOST"
  c:option("--worker", "Only accounts that this worker fetches: its name, or a "
    .. "pattern such as 'mx1:*'."):argname "WORKER"
  c:option("--limit", "Show this many accounts (default: 100; all with --json).")
   :argname "N":convert(command.integer(0, 10^9))
  c:mutex(
    c:flag("--json", "Print one JSON object."),
    c:option("--watch", "Show it again every SECONDS (default: 2) until Ctrl-C.")
     :argname "SECONDS":args "?":convert(command.integer(1, 86400)))
end

-- ----------------------------------------------------------------------- asking

-- The words that select accounts, as options of `fleet:list`.
local function selection_of(args)
  local opts = { host = args.host, worker = args.worker }
  for option, state in pairs { failing = "failing", parked = "parked", due = "due",
                               running = "leased" } do
    if args[option] then opts.state = state end
  end
  if not args.names[1] then return opts end
  local is_pattern, patterns = false, {}
  for i, name in ipairs(args.names) do
    local has = name:find "[*?]" ~= nil
    is_pattern = is_pattern or has
    patterns[i] = has and name or name:gsub("\\", "\\\\")
  end
  if is_pattern then opts.match = patterns else opts.names = args.names end
  return opts
end

-- Accounts, page by page, and one more than the limit if there are more.
local function accounts_of(fleet, args, limit)
  local opts, list = selection_of(args), {}
  while #list <= limit do
    opts.limit = math.min(PAGE, limit + 1 - #list)
    local rows, message, code = fleet:list(opts)
    if not rows then return nil, message, code end
    table.move(rows, 1, #rows, #list + 1, list)
    if #rows < opts.limit then break end
    opts.after = rows[#rows].name
  end
  return list
end

-- All data that is shown; or nil, message, code.
local function ask(fleet, args, limit)
  local found, message, code = fleet:status()
  if not found then return nil, message, code end
  found.list, message, code = accounts_of(fleet, args, limit)
  if not found.list then return nil, message, code end
  found.is_more = #found.list > limit
  if found.is_more then found.list[#found.list] = nil end
  return found
end

-- ------------------------------------------------------------------------- JSON

local order = { "accounts", "due", "late", "running", "parked", "failing", "never",
                "workers", "failing_hosts", "list", "name", "host", "port", "user",
                "state", "every", "due_in", "ok_ago", "failures", "last_error" }

local function print_json(found)
  local made = {
    accounts = found.accounts, due = found.due, late = found.late,
    running = found.leased, parked = found.parked, failing = found.failing,
    never = found.never, workers = json.list(found.workers),
    failing_hosts = json.list(found.failing_hosts), list = json.list {},
  }
  for i, a in ipairs(found.list) do
    a.state = view.states[a.state] or a.state
    made.list[i] = a
  end
  return command.say(json.encode(made, { keyorder = order }) .. "\n")
end

-- --------------------------------------------------------------------- watching

local ENTER, LEAVE = "\27[?1049h\27[?25l", "\27[?25h\27[?1049l"

-- A screen that replaces the previous one without clearing it.
local function picture(lines)
  local width, height = terminal.width() or 80, select(2, core.columns(1)) or LINES
  local out = {}
  for i = 1, math.min(#lines, height) do
    out[i] = i == height and #lines > height and "…" or columns.cut(lines[i], width)
  end
  return "\27[H" .. table.concat(out, "\27[K\n") .. "\27[K\27[J"
end

local function watch(fleet, url, args)
  local signals <close> = assert(core.signals("HUP", "INT", "TERM"))
  local every = args.watch[1] or EVERY
  local ok, problem = command.say(ENTER)
  local lines = {}
  while ok do
    local found, message, code = ask(fleet, args, args.limit or LIMIT)
    local exit, text
    if found then
      lines = view.lines(found, terminal.width() or 80)
    else
      exit, text = store.failure(url, message, code)
      if exit == command.TROUBLE then
        command.say(LEAVE)
        return exit, text
      end
    end
    ok, problem = command.say(picture(text and { terminal.harmless(text), "",
                                                 table.unpack(lines) } or lines))
    if ok then core.poll(signals:getfd(), "r", every) end
    if signals:next() then break end
  end
  local left, why = command.say(LEAVE)
  if not (ok and left) then return command.TROUBLE, problem or why end
  return command.OK
end

-- ------------------------------------------------------------------------- once

local function show(fleet, args)
  local limit = args.limit or (args.json and math.maxinteger - 1 or LIMIT)
  local found, message, code = ask(fleet, args, limit)
  if not found then return nil, message, code end
  local said, problem
  if args.json then
    said, problem = print_json(found)
  else
    local lines = view.lines(found, terminal.width())
    said, problem = command.say(table.concat(lines, "\n") .. "\n")
  end
  return said and command.OK or command.TROUBLE, problem
end

function status.run(args)
  if args.watch and not terminal.has_cursor(1) then
    return command.USAGE, "--watch needs a terminal"
  elseif args.json then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  return store.with(args, function(fleet, url)
    if args.watch then return watch(fleet, url, args) end
    return show(fleet, args)
  end)
end

return status
