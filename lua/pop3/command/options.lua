--- Options that several subcommands of `pop3` have, and that mean the same in all
-- of them.
-- @module pop3.command.options
-- @local

local command = require "pop3.command.program"

local options = {}

--- Define --tls.
-- @tparam table c a command of argparse
-- @tparam string default what holds without it, for the help
function options.tls(c, default)
  c:option("--tls", "implicit, stls or none (default: " .. default .. ").")
   :argname "MODE":choices { "implicit", "stls", "none" }
end

--- Define --cafile.
function options.cafile(c)
  c:option("--cafile", "Trust the CAs in this file instead of the system's.")
   :argname "FILE"
end

--- Define --insecure.
function options.insecure(c)
  c:flag("--insecure", "Allow a login without TLS to another machine.")
end

--- Define --timeout, of `pop3.connect`.
function options.timeout(c)
  c:option("--timeout", "Seconds without progress (default: 60).")
   :argname "SECONDS":convert(command.integer(1, 3600))
end

--- Define --password-command, --token-command and --password-file, of which one can
-- be given. See `pop3.account.secret`.
function options.secret(c)
  c:mutex(
    c:option("--password-command", "The first line that it prints is the "
      .. "password."):argname "COMMAND",
    c:option("--token-command", "The first line that it prints is an OAuth "
      .. "token."):argname "COMMAND",
    c:option("--password-file", "The first line is the password.")
     :argname "FILE")
end

-- A date of --since: seconds since 1970, or YYYY-MM-DD in local time.
local function date(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  if year then
    local time = os.time { year = year, month = month, day = day, hour = 0 }
    if os.date("%Y-%m-%d", time) == text then return time end
    return nil, ("'%s' is not a date"):format(text)
  end
  local seconds = math.tointeger(tonumber(text:match "^@(%d+)$"))
  if seconds then return seconds end
  return nil, ("'%s' is neither YYYY-MM-DD nor @SECONDS"):format(text)
end

--- Define --seed, --newest and --since, of which one can be given.
-- @tparam table c a command of argparse
-- @tparam[opt] string when a sentence that ends each help text
function options.seed(c, when)
  when = when and " " .. when or ""
  c:mutex(
    c:flag("--seed", "Mark all messages as seen without fetching them." .. when),
    c:option("--newest", "Mark all but the newest N messages as seen." .. when)
     :argname "N":convert(command.integer(0, 2^31)),
    c:option("--since", "Mark messages from before this date (YYYY-MM-DD) as "
      .. "seen." .. when):argname "DATE":convert(date))
end

--- What these options say.
-- @tparam table args
-- @treturn ?boolean|table the option `seed` of `pop3.sync`
function options.seed_of(args)
  if args.seed then return true end
  if args.newest then return { newest = args.newest } end
  if args.since then return { since = args.since } end
  return nil
end

return options
