--- Logs in to an account: returns a session, or an outcome with the reason of the
-- failure. `pop3 fetch` and the workers of a fleet use it.
-- @module pop3.account.login
-- @local

local connect = require "pop3.client.connect"
local keys = require "pop3.account.keys"
local outcome = require "pop3.account.outcome"
local secret = require "pop3.account.secret"

local function connected(a, context, credential)
  local opts = { wait = context.wait, resolve = context.resolve,
                 log = context.log }
  for name in pairs(keys.connect) do opts[name] = a[name] end
  for name, value in pairs(credential) do opts[name] = value end
  return connect(opts)
end

--- Log in. A refused token may be too old: its command runs once more.
-- @tparam table a an account, complete
-- @tparam table context `wait`, `resolve`, `log`: options of `pop3.connect`;
-- `secret`: `function(account, again)` in place of `pop3.account.secret`, with its
-- results
-- @treturn pop3.session; or nil, an outcome
return function(a, context)
  for try = 1, 2 do
    local credential, err, temporary
    if context.secret then
      credential, err, temporary = context.secret(a, try == 2)
    else
      credential, err, temporary = secret.get(a, context, try == 2)
    end
    if not credential then
      return nil, outcome.failed(err, "secret", temporary or false)
    end
    local session, message, code, reply = connected(a, context, credential)
    if session then return session end
    if not (code == "auth" and credential.token and try == 1) then
      return nil, outcome.of_connect(message, code, reply)
    end
  end
end
