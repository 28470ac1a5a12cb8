--- `pop3 check`: does a server keep to the rules? See `pop3.check`.
-- @module pop3.command.check
-- @local

local command = require "pop3.command.program"
local json = require "pop3.util.json"
local peer = require "pop3.command.peer"

local check = {}

function check.define(c)
  c:summary "Check a POP3 server against the RFCs."
  c:description("Checks a POP3 server against the RFCs. The exit status is 1 "
    .. "when a check failed. The password is taken from POP3_PASSWORD where "
    .. "--password is not given. Nothing is deleted without --delete.")
  peer.define(c)
  c:option("--user", "Log in as this user."):argname "NAME"
  c:option("--password", "The password."):argname "SECRET"
  c:flag("--insecure", "Log in without TLS to another machine too.")
  c:flag("--delete", "Check deletions too: the first message is deleted.")
  c:option("--timeout", "Seconds to wait for a reply (10)."):argname "SECONDS"
   :convert(command.integer(1, 3600))
  c:option("--format", "text, tap or json."):default "text"
   :choices { "text", "tap", "json" }
end

-- Can a command have it? A variable of the environment may hold anything.
local function sayable(text)
  return text ~= "" and #text <= 248 and not text:find "[\r\n\0]"
end

function check.run(args)
  local opts = peer.options(args)
  opts.user = args.user
  opts.password = args.user and (args.password or os.getenv "POP3_PASSWORD")
  opts.delete, opts.insecure = args.delete, args.insecure
  opts.timeout = args.timeout
  if opts.user and not opts.password then
    return command.USAGE, "--user needs --password, or POP3_PASSWORD"
  elseif opts.user and not (sayable(opts.user) and sayable(opts.password)) then
    return command.USAGE, "a user or password is empty, too long, or has CR, LF "
                          .. "or NUL in it"
  elseif opts.delete and not opts.user then
    return command.USAGE, "--delete needs --user"
  elseif args.format == "json" then
    local found, missing = json.available()
    if not found then return command.TROUBLE, missing end
  end
  local result, err = require "pop3.check"(opts)
  if not result then return command.TROUBLE, err end
  io.stdout:write(require "pop3.check.report"[args.format](result))
  if result.failed > 0 then return command.NO end
  return command.OK
end

return check
