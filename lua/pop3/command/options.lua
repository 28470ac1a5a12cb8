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

return options
