--- Reads the configuration file of `pop3 fetch`.
--
-- The file is Lua. It sets two tables, or returns a table with both:
--
--    defaults = { keep = 7 }
--    accounts = {
--      work = { url = "pops://ann@mail.example", maildir = "~/Mail/work",
--               password_command = "pass show mail/work" },
--      old  = { inherit = "work", url = "pops://ann@old.example", keep = true
--      },
--    }
--
-- An account has its own keys, those of the account that it inherits from, and
-- those of `defaults`, in this order. The keys are in
-- `pop3.account.keys`. The file runs without access to files, processes
-- and modules.
-- @module pop3.command.fetch.config
-- @local

local check = require "pop3.command.fetch.account".check
local core = require "pop3.core"
local keys = require "pop3.account.keys"
local parse_url = require "pop3.client.url"
local program = require "pop3.command.program"
local sorted_keys = require "pop3.util.sorted_keys"
local suggest = require "pop3.util.suggest"

local config = {}

-- What a file sets.
local TABLES = { "accounts", "defaults" }

-- ------------------------------------------------------------- the environment

-- What a configuration file can use: pure functions, and the environment
-- variables.
local function environment()
  local env = {
    assert = assert, error = error, ipairs = ipairs, next = next,
    pairs = pairs, pcall = pcall, select = select, tonumber = tonumber,
    tostring = tostring, type = type,
    math = {}, string = {}, table = {}, utf8 = {},
    os = { date = os.date, getenv = os.getenv, time = os.time },
  }
  for _, name in ipairs { "math", "string", "table", "utf8" } do
    for key, value in pairs(_G[name]) do env[name][key] = value end
  end
  return env
end

-- Run the file: the table with `defaults` and `accounts`; or nil, message.
local function evaluate(path)
  local file <close>, err = io.open(path, "rb")
  if not file then return nil, err end
  local text
  text, err = file:read "a"
  if not text then return nil, path .. ": " .. err end
  local env = environment()
  local chunk
  chunk, err = load(text, "@" .. path, "t", env)
  if not chunk then
    return nil, err:find(path, 1, true) and err or path .. ": " .. err
  end
  local ok, result = pcall(chunk)
  if not ok then return nil, program.raised(result, path) end
  if result == nil then
    result = { defaults = env.defaults, accounts = env.accounts }
    local usual = environment()
    for name in pairs(env) do
      if usual[name] == nil and name ~= "defaults" and name ~= "accounts" then
        return nil, ("%s: unknown key '%s'%s"):format(path, tostring(name),
          suggest.tip(name, TABLES))
      end
    end
  end
  if type(result) ~= "table" then
    return nil, path .. ": it must return a table"
  end
  return result
end

-- ------------------------------------------------------------------ validation

local function list(t)
  return table.concat(sorted_keys(t), ", ")
end

-- Is a value of one of the types "string integer ..."?
local function has_type(value, kinds)
  local kind = type(value)
  for want in kinds:gmatch "%S+" do
    if want == kind or want == "integer" and math.tointeger(value)
                       and kind == "number" then
      return true
    end
  end
  return false
end

-- Check the keys of an account or of `defaults`: true, or nil, message.
local function check_keys(path, where, given)
  if type(given) ~= "table" then
    return nil, ("%s: %s must be a table"):format(path, where)
  end
  for name, value in pairs(given) do
    local kinds = keys.all[name]
    if not kinds then
      return nil, ("%s: %s: unknown key '%s'%s"):format(path, where,
        tostring(name), suggest.known(name, keys.all))
    elseif not has_type(value, kinds) then
      return nil, ("%s: %s: '%s' must be of type %s, not %s"):format(path,
        where, name, kinds:gsub(" ", " or "), type(value))
    elseif keys.values[name] and not keys.values[name][value] then
      return nil, ("%s: %s: '%s' must be one of: %s"):format(path, where, name,
        list(keys.values[name]))
    end
  end
  return true
end

-- ----------------------------------------------------------------- inheritance

-- Keys of which an account has at most one: a key of the account replaces all
-- that are inherited.
local exclusive = { keys.delivery, keys.secret }

-- Keys that a URL sets: its own ones, and the default for those that it leaves
-- out.
local of_url = { host = true, port = true, tls = true }

-- Set the keys that the URL of an account contains, unless they are set already.
-- True, or nil, message.
local function take_url(account)
  if not account.url then return true end
  local parsed, err = parse_url(account.url)
  if not parsed then return nil, err end
  if parsed.password then return nil, "the URL must not have a password" end
  account.url = nil
  for name, value in pairs(parsed) do
    if account[name] == nil then account[name] = value end
  end
  return true
end

-- Add to `account` the keys of `from` that it does not have. Their URLs have been
-- replaced by keys; `addressed` says that the account had a URL.
local function inherit(account, from, addressed)
  local own = {}
  for i, group in ipairs(exclusive) do
    for name in pairs(group) do own[i] = own[i] or account[name] ~= nil end
  end
  for name, value in pairs(from) do
    local hidden = name == "inherit" or addressed and of_url[name]
    for i, group in ipairs(exclusive) do
      hidden = hidden or group[name] ~= nil and own[i]
    end
    if not hidden and account[name] == nil then account[name] = value end
  end
end

-- A copy of an account with all that it inherits; or nil, message.
local function resolve(path, accounts, defaults, name)
  local account, seen, addressed, next_name = {}, {}, false, name
  local function add(from)
    local level = {}
    for key, value in pairs(from) do level[key] = value end
    local has_url = level.url ~= nil
    local ok, err = take_url(level)
    if not ok then
      return nil, ("%s: account '%s': %s"):format(path, name, err)
    end
    inherit(account, level, addressed)
    addressed = addressed or has_url
    return true
  end
  while next_name do
    local from = accounts[next_name]
    if not from then
      return nil, ("%s: account '%s': there is no account '%s' to inherit from%s")
                  :format(path, name, next_name, suggest.tip(next_name, accounts))
    elseif seen[next_name] then
      return nil, ("%s: account '%s' inherits from itself"):format(path, name)
    end
    seen[next_name] = true
    local ok, err = add(from)
    if not ok then return nil, err end
    next_name = from.inherit
  end
  local ok, err = add(defaults)
  if not ok then return nil, err end
  return account
end

-- ----------------------------------------------------------------- one account

-- Names of a group that are set, sorted.
local function set_of(account, group)
  local names = {}
  for name in pairs(group) do
    if account[name] ~= nil then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Complete an account: read its URL, expand paths, and find invalid combinations.
-- @tparam table account its keys, which are changed
-- @tparam[opt] table needs `delivery = false`: it may have no delivery
-- @treturn table the account; or nil, message
function config.complete(account, needs)
  local ok, err = take_url(account)
  if not ok then return nil, err end
  if not account.host then return nil, "it needs a url or a host" end
  if not account.user then return nil, "it needs a user" end
  local places, secrets = set_of(account, keys.delivery),
                          set_of(account, keys.secret)
  if #places > 1 then
    return nil, ("only one of %s may be set"):format(table.concat(places, ", "))
  elseif #secrets > 1 then
    return nil, ("only one of %s may be set"):format(table.concat(secrets, ", "))
  elseif not places[1] and not (needs and needs.delivery == false) then
    return nil, "it needs one of: " .. list(keys.delivery)
  end
  for name in pairs(keys.paths) do
    if type(account[name]) == "string" then
      account[name] = keys.expand(account[name])
    end
  end
  ok, err = check(account, needs)
  if not ok then return nil, err end
  return account
end

-- -------------------------------------------------------------------- the file

-- A password in the file: nobody else may read it.
local function check_mode(path, account)
  if not account.password then return true end
  local found = core.lstat(path)
  if found and found.kind == "link" then
    return nil, "'password' needs a file that is not a symbolic link"
  elseif not found or found.mode & 63 ~= 0 then
    return nil, "'password' needs a file that only its owner can read "
                .. "(chmod 600)"
  end
  return true
end

--- Read a file.
-- @tparam string path
-- @treturn table name → account, complete; with the names in the list part,
-- sorted. Or nil, message, which names the file and the key
function config.read(path)
  local found, err = evaluate(path)
  if not found then return nil, err end
  for name in pairs(found) do
    if name ~= "defaults" and name ~= "accounts" then
      return nil, ("%s: unknown key '%s'%s"):format(path, tostring(name),
        suggest.tip(name, TABLES))
    end
  end
  local defaults, accounts = found.defaults or {}, found.accounts
  local ok
  ok, err = check_keys(path, "defaults", defaults)
  if not ok then return nil, err end
  if type(accounts) ~= "table" or next(accounts) == nil then
    return nil, path .. ": there are no accounts"
  end
  local made = {}
  for name, given in pairs(accounts) do
    if type(name) ~= "string" or name == "" or name:find "[%c/]" then
      return nil, ("%s: an account needs a name without '/' and control "
                   .. "characters"):format(path)
    end
    ok, err = check_keys(path, ("account '%s'"):format(name), given)
    if not ok then return nil, err end
    made[#made + 1] = name
  end
  table.sort(made)
  for _, name in ipairs(made) do
    local account
    account, err = resolve(path, accounts, defaults, name)
    if not account then return nil, err end
    account, err = config.complete(account)
    if account then ok, err = check_mode(path, account) end
    if not (account and ok) then
      return nil, ("%s: account '%s': %s"):format(path, name, err)
    end
    account.name = name
    made[name] = account
  end
  return made
end

return config
