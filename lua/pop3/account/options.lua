--- Options of an account: makes the delivery that they describe, and checks their
-- values. `pop3 fetch` and `pop3.fleet` use it.
-- @module pop3.account.options
-- @local

local argument = require "pop3.util.argument"
local connect_options = require "pop3.client.options"
local delivery_of = require "pop3.sync.delivery".of
local keys = require "pop3.account.keys"
local sync_options = require "pop3.sync.options"

local options = {}

--- The delivery of an account.
-- @tparam table a an account
-- @return a value for the option `into` of `pop3.sync`; nil without a delivery
-- @raise misuse: an invalid value
function options.delivery(a)
  if a.maildir then return require "pop3.sync.maildir"(a.maildir)
  elseif a.mbox then return require "pop3.sync.mbox"(a.mbox)
  elseif a.lmtp then return require "pop3.sync.lmtp"(a.lmtp)
  elseif a.pipe then return require "pop3.sync.pipe"(a.pipe) end
  return a.into
end

--- Check the values of an account. No file and no connection is opened.
-- @tparam table a an account, complete
-- @tparam[opt] table needs `delivery = false`: it may have no delivery
-- @treturn boolean true; or nil, message, which names the key
function options.check(a, needs)
  for _, name in ipairs { "deadline", "command_timeout" } do
    local seconds = a[name]
    if seconds and (seconds <= 0 or seconds ~= seconds) then
      return nil, ("'%s' must be positive"):format(name)
    end
  end
  local connect, sync = { password = "-" }, { state = "-" }
  for name in pairs(keys.connect) do connect[name] = a[name] end
  for name in pairs(keys.sync) do sync[name] = a[name] end
  sync.dry_run = needs ~= nil and needs.delivery == false
  local ok, err = pcall(function()
    connect_options.check(connect)
    sync.into = options.delivery(a)
    sync_options.check(sync, 1)
    delivery_of(sync.into, 1)
  end)
  if not ok then return nil, argument.said(err) end
  return true
end

return options
