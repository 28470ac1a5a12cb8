--- `pop3 fetch`: fetches new mail of one account or of many, unattended. This is its
-- command line; `pop3.sync` does the work.
-- @module pop3.command.fetch
-- @local

local account = require "pop3.command.fetch.account"
local command = require "pop3.command.program"
local config = require "pop3.command.fetch.config"
local json = require "pop3.util.json"
local keys = require "pop3.account.keys"
local new_metrics = require "pop3.command.fetch.metrics"
local new_report = require "pop3.command.fetch.report"
local options = require "pop3.command.options"
local paths = require "pop3.command.fetch.paths"
local schedule = require "pop3.command.fetch.schedule"
local suggest = require "pop3.util.suggest"
local terminal = require "pop3.command.terminal"

local fetch = {}

local formats = { "mpop", "getmail", "fetchmail", "fdm", "thunderbird" }

function fetch.define(c)
  c:summary "Fetch new mail, unattended."
  c:description("Fetches new mail of the account in a URL, or of the accounts "
    .. "in a configuration file. Messages stay on the server unless --delete or "
    .. "the file says otherwise. The password comes from a command, a file, "
    .. "netrc or POP3_PASSWORD, never from the command line. Exit status: 0 "
    .. "success; 75 only temporary failures; 3 a person must act; 2 an "
    .. "invalid command line or configuration.")
  c:argument("what", "pop://USER@HOST or pops://USER@HOST; or names of "
    .. "accounts of the configuration file (default: all)."):args "*"
   :argname "URL|ACCOUNT"
  c:option("-c --config", "The configuration file (default: "
    .. "$XDG_CONFIG_HOME/lpop3/fetch.lua)."):argname "FILE"
  c:mutex(
    c:option("--maildir", "Deliver into this Maildir."):argname "DIR",
    c:option("--mbox", "Deliver into this mbox."):argname "FILE",
    c:option("--pipe", "Deliver to this shell command."):argname "COMMAND")
  c:option("--state", "The state file of the account in the URL.")
   :argname "FILE"
  options.tls(c, "by the URL")
  options.cafile(c)
  options.insecure(c)
  options.timeout(c)
  options.secret(c)
  c:option("--jobs", "Accounts to fetch at the same time.")
   :argname "N":convert(command.integer(1, 10000)):default "8"
  c:option("--per-host", "Accounts of one host to fetch at the same time "
    .. "(default: as --jobs)."):argname "N":convert(command.integer(1, 10000))
  c:mutex(
    c:flag("--keep", "Delete nothing from the server."),
    c:flag("--delete", "Delete each message from the server after its "
      .. "delivery."))
  options.seed(c)
  c:flag("--retry", "Try messages again that were set aside.")
  c:flag("--repair", "Keep what is readable of a damaged state file.")
  c:mutex(
    c:flag("--dry-run", "Print what would be done, and do nothing."),
    c:flag("--check", "Print the number of new messages of each account that "
      .. "has some, and do nothing."))
  c:flag("-v --verbose", "Print a line for each message.")
  c:option("--log", "Print events in this format on standard output: json.")
   :argname "FORMAT":choices { "json" }
  c:option("--metrics", "Write metrics in Prometheus' text format to this "
    .. "file."):argname "FILE"
  c:option("--quiet-for", "Report a temporary failure only after N in a row.")
   :argname "N":convert(command.integer(0, 1000000))
  c:option("--daemon", "Fetch again every SECONDS seconds, until SIGTERM.")
   :argname "SECONDS":convert(command.integer(1, 31 * 86400))
  c:option("--import", "Mark messages as seen that another program has "
    .. "fetched. FORMAT: " .. table.concat(formats, ", ") .. "."):args(2)
   :argname { "FORMAT", "FILE" }
end

-- ---------------------------------------------------------------- the accounts

-- Options that belong to the account of a URL.
local of_url = { "maildir", "mbox", "pipe", "state", "tls", "cafile", "timeout",
                 "password_command", "token_command", "password_file" }

-- The account of a URL; or nil, message.
local function account_of_url(args, url)
  local given = { url = url, insecure = args.insecure or nil }
  for _, name in ipairs(of_url) do given[name] = args[name] end
  local made, err = config.complete(given, {
    delivery = not (args.check or args.dry_run or args.seed or args.import)
  })
  if not made then
    return nil, (url:gsub("//[^/]*@", "//***@")) .. ": " .. err
  end
  made.name = keys.address_of(made)
  return made
end

-- The accounts of a configuration file; or nil, message.
local function accounts_of_file(args)
  for _, name in ipairs(of_url) do
    if args[name] then
      return nil, ("--%s needs a URL"):format((name:gsub("_", "-")))
    end
  end
  local path = args.config or paths.config()
  if not path then return nil, "there is no configuration file" end
  local all, err = config.read(path)
  if not all then return nil, err end
  local names = args.what[1] and args.what or all
  local list, seen = {}, {}
  for _, name in ipairs(names) do
    if not all[name] then
      return nil, ("%s: there is no account '%s'%s"):format(path, name,
                                                          suggest.tip(name, all))
    end
    if not seen[name] then list[#list + 1] = all[name] end
    seen[name] = true
  end
  return list
end

-- The accounts that the command line asks for; or nil, message.
local function accounts_of(args)
  local url
  for _, what in ipairs(args.what) do
    if what:find("://", 1, true) then url = what end
  end
  if not url then return accounts_of_file(args) end
  if #args.what > 1 or args.config then
    return nil, "a URL cannot be combined with other accounts or --config"
  end
  local made, err = account_of_url(args, url)
  if not made then return nil, err end
  return { made }
end

-- --------------------------------------------------------------------- running

-- What the command line says for all accounts.
local function flags_of(args)
  local flags = { retry = args.retry or nil, repair = args.repair or nil,
                  dry_run = args.dry_run or args.check or nil }
  if args.keep then flags.keep = true
  elseif args.delete then flags.keep = false end
  flags.seed = options.seed_of(args)
  return flags
end

-- --check: print what is new in place of the events.
local function checking(report)
  function report.event() end
  function report.progress() end
  local finish = report.finish
  function report:finish(name, o, quiet)
    local new = o.result and o.result.new or 0
    if o.status == 0 and new > 0 and not self.json then
      self:line(("%s: %d new"):format(name, new))
    end
    finish(self, name, o, quiet)
  end
  return report
end

-- Give each account its place for the state; false, message when that fails.
local function state_directory(accounts, args)
  local needed = args.quiet_for ~= nil
  for _, a in ipairs(accounts) do needed = needed or not a.state end
  if not needed then return "" end
  return paths.state_directory()
end

function fetch.run(args)
  if args.log == "json" then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  local accounts, err = accounts_of(args)
  if not accounts then return command.USAGE, err end
  local directory
  directory, err = state_directory(accounts, args)
  if not directory then return command.TROUBLE, err end
  if args.import then
    return require "pop3.command.fetch.import"(args.import[1], args.import[2],
                                               accounts, directory)
  end
  local report = new_report {
    verbose = args.verbose, json = args.log == "json",
    dry_run = args.dry_run or false,
    bar = terminal.has_cursor(2) and not args.verbose and not args.log
          and not args.dry_run and not args.check,
  }
  if args.check then checking(report) end
  local status = schedule(accounts, {
    run = account.run, jobs = args.jobs, per_host = args.per_host,
    every = args.daemon, flags = flags_of(args), report = report,
    state_directory = directory, quiet_for = args.quiet_for,
    metrics = args.metrics and new_metrics(args.metrics) or nil,
  })
  report:idle()
  return status
end

return fetch
