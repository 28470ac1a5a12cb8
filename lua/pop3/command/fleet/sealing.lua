--- Sealed secrets on the command line of `pop3 fleet` (`pop3.account.seal`): the option
-- --key-file, the password of --seal, and `pop3 fleet reseal`.
-- @module pop3.command.fleet.sealing
-- @local

local account_row = require "pop3.fleet.account_row"
local command = require "pop3.command.program"
local core = require "pop3.core"
local prompt = require "pop3.command.prompt"
local seal = require "pop3.account.seal"
local store = require "pop3.command.fleet.store"

local sealing = {}

local PAGE = 1000  -- accounts of one query

--- Define the option --key-file.
-- @tparam table c a command of argparse
function sealing.define_key_file(c)
  c:option("--key-file", "The file with the keys of sealed passwords (default: "
    .. "$POP3_FLEET_KEY_FILE)."):argname "FILE"
end

--- The first line of standard input, or what a person types on the terminal.
-- @treturn string; or nil, message
function sealing.password()
  if core.isatty(0) then return prompt "Password: " end
  local line, err = io.stdin:read "l"
  if not line then return nil, "--seal: standard input: " .. (err or "is empty") end
  return (line:gsub("\r$", ""))
end

--- Seal a password into an account.
-- @tparam table keys of `pop3.account.seal`
-- @tparam table account the keys of an account, as for `fleet:add`; `secret` is set
-- @tparam string password
-- @treturn boolean true; or nil, message
function sealing.apply(keys, account, password)
  account.secret, account.password = nil, nil
  local row, message = account_row.of(account)
  if not row then return nil, message end
  account.secret, message = seal.close(keys, { name = row.name, user = row.username,
                                               host = row.host }, password)
  if not account.secret then return nil, message end
  return true
end

-- ------------------------------------------------------------------- new keys

function sealing.define(c)
  c:summary "Seal all sealed passwords by the first key."
  c:description("Opens each sealed password and seals it again by the first key of the "
    .. "file. To replace a key: put the new one on the first line of the file, on all "
    .. "machines; run this; then remove the old one.")
  sealing.define_key_file(c)
end

-- Seal the password of an account again: true when that was needed; or nil, message,
-- code.
local function reseal(fleet, keys, a)
  local text = (a.secret_ref or ""):match "^sealed:(.*)$"
  if not text or seal.is_current(keys, text) then return false end
  local password, message = seal.open(keys, a, text)
  local reference
  if password then reference, message = seal.close(keys, a, password) end
  if not reference then return nil, ("%s: %s"):format(a.name, message), "sealed" end
  return fleet:change(a.name, { secret = reference })
end

local function reseal_all(fleet, keys)
  local count, after = 0, ""
  repeat
    local list, message, code = fleet:list { after = after, limit = PAGE }
    if not list then return nil, message, code end
    for _, a in ipairs(list) do
      local done
      done, message, code = reseal(fleet, keys, a)
      if done == nil then return nil, message, code end
      if done then count = count + 1 end
      after = a.name
    end
  until #list < PAGE
  local said, problem = command.say(("%d passwords sealed again\n"):format(count))
  return said and command.OK or command.TROUBLE, problem
end

function sealing.run(args)
  local keys, message = seal.keys(args.key_file)
  if not keys then return command.TROUBLE, message end
  return store.with(args, function(fleet) return reseal_all(fleet, keys) end)
end

return sealing
