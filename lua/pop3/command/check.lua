--- `pop3 check`: checks whether a server conforms to the RFCs, see
-- `pop3.check`.
-- @module pop3.command.check
-- @local

local command = require "pop3.command.program"
local json = require "pop3.util.json"
local new_progress = require "pop3.command.check_progress"
local options = require "pop3.command.options"
local peer = require "pop3.command.peer"
local suggest = require "pop3.util.suggest"
local terminal = require "pop3.command.terminal"

local check = {}

function check.define(c)
  c:summary "Check a POP3 server against the RFCs."
  c:description("Checks a POP3 server against the RFCs. The exit status is 1 "
    .. "when a check failed. Without --password, the password is the value of "
    .. "the environment variable POP3_PASSWORD. Messages are deleted only with "
    .. "--delete.")
  peer.define(c):args "?"
  c:option("--user", "The user to log in as. Without it, checks that need a "
    .. "login are skipped."):argname "NAME"
  c:option("--password", "The password."):argname "SECRET"
  options.insecure(c)
  c:flag("--delete", "Run the checks of deletions, which delete message 1.")
  c:option("--timeout", "Seconds to wait for a reply (default: 10).")
   :argname "SECONDS"
   :convert(command.integer(1, 3600))
  c:option("--format", "The format of the report: text, tap or json.")
   :default "text"
   :choices { "text", "tap", "json" }
  c:flag("--failed", "In text, leave out checks that passed or were skipped.")
  c:option("--only", "Run only this check. May be repeated, and may hold "
    .. "several names, separated by commas."):argname "NAME":count "*"
  c:flag("--list", "List the names of the checks.")
end

-- The names in the options --only; nil for all checks; or nil and a name that no
-- check has.
local function only(args)
  if not args.only[1] then return nil end
  local known, names = {}, {}
  for _, one in ipairs(require "pop3.check.rules") do known[one.name] = true end
  for _, text in ipairs(args.only) do
    for name in text:gmatch "[^,%s]+" do
      if not known[name] then return nil, name end
      names[#names + 1] = name
    end
  end
  return names
end

local function list()
  local out = {}
  for i, one in ipairs(require "pop3.check.rules") do
    out[i] = ("%-50s  RFC %d section %s\n"):format(one.name, one.rfc,
                                                   one.section)
  end
  return command.say(table.concat(out))
end

-- Can it be an argument of a command? An environment variable may hold any
-- octets.
local function is_valid(text)
  return text ~= "" and #text <= 248 and not text:find "[\r\n\0]"
end

function check.run(args)
  if args.list then
    local said, err = list()
    return said and command.OK or command.TROUBLE, err
  elseif not args.server then
    return command.USAGE, "missing argument 'server'"
  end
  local opts = peer.options(args)
  local names, unknown = only(args)
  opts.only = names
  if unknown then
    local all = {}
    for i, one in ipairs(require "pop3.check.rules") do all[i] = one.name end
    return command.USAGE, ("--only: there is no check '%s' (--list has the "
                           .. "names)%s"):format(unknown, suggest.tip(unknown, all))
  end
  opts.user = args.user
  opts.password = args.user and (args.password or os.getenv "POP3_PASSWORD")
  opts.delete, opts.insecure = args.delete, args.insecure
  opts.timeout = args.timeout
  if opts.user and not opts.password then
    return command.USAGE, "--user requires --password or POP3_PASSWORD"
  elseif opts.user
         and not (is_valid(opts.user) and is_valid(opts.password)) then
    return command.USAGE, "user and password must have 1 to 248 octets, "
                          .. "without CR, LF and NUL"
  elseif opts.delete and not opts.user then
    return command.USAGE, "--delete requires --user"
  elseif args.format == "json" then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  local progress = terminal.has_cursor(2) and new_progress(io.stderr)
  opts.progress = progress and progress.update or nil
  local result, err = require "pop3.check"(opts)
  if progress then progress.clear() end
  if not result then return command.TROUBLE, err end
  io.stdout:write(require "pop3.check.report"[args.format](result, {
    failed = args.failed, paint = terminal.painter() }))
  if result.failed > 0 then return command.NO end
  return command.OK
end

return check
