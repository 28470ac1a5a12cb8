--- An account of a fleet as a row of pop3_account (`pop3.fleet`).
--
-- An account is given as a table with the keys of `pop3 fetch`, which become one row:
-- name, host, port, user, `every` and the reference to the secret have columns,
-- everything else is the JSON object in `options`.
-- @module pop3.fleet.account_row
-- @local

local address = require "pop3.util.address"
local json = require "pop3.util.json"
local keys = require "pop3.account.keys"
local options = require "pop3.account.options"
local parse_url = require "pop3.client.url"
local secret = require "pop3.account.secret"

local account_row = {}

--- The columns that `of` fills, but `due`.
account_row.COLUMNS = "name, host, port, username, options, secret_ref, every"

local EVERY = 300  -- seconds between two runs

-- Keys that have a column, or are converted to one.
local own = { name = true, url = true, host = true, port = true, user = true,
              every = true, due = true, secret = true }

-- Keys of secrets → kinds of references.
local references = { password_command = "command", token_command = "token",
                     password_file = "file", password_env = "env" }

-- Keys that a row cannot have.
local refused = {
  password = "a password is never in the database: use 'secret'",
  state = "the state is in the database", account = "the name is that of the state",
  inherit = "there is nothing to inherit from",
}

-- The reference to the secret; nil, message when there are several.
local function reference_of(a)
  local found = a.secret
  for key, kind in pairs(references) do
    if a[key] ~= nil then
      if found then return nil, "an account has one secret" end
      found = kind .. ":" .. tostring(a[key])
      a[key] = nil
    end
  end
  if a.netrc ~= nil then
    if found then return nil, "an account has one secret" end
    found = a.netrc == true and "netrc" or "netrc:" .. tostring(a.netrc)
    a.netrc = nil
  end
  if found then
    if type(found) ~= "string" then return nil, "'secret' must be a string" end
    local ok, message = secret.refer({}, found)
    if not ok then return nil, message end
  end
  return found or false
end

-- The keys that are no columns, which JSON can hold; nil, message.
local function others_of(a)
  local made = {}
  for name, value in pairs(a) do
    if refused[name] then return nil, ("'%s': %s"):format(name, refused[name]) end
    if not own[name] then
      local kinds = keys.all[name]
      if not kinds then return nil, ("unknown key '%s'"):format(tostring(name)) end
      local kind = type(value)
      if kind == "function" or name == "into" then
        return nil, ("'%s' cannot be in a database"):format(name)
      end
      local is_known = false
      for each in kinds:gmatch "%S+" do
        is_known = is_known or each == kind or each == math.type(value)
      end
      if not is_known then
        return nil, ("'%s' must be of type %s, not %s"):format(name,
          kinds:gsub(" ", " or "), kind)
      end
      made[name] = value
    end
  end
  return made
end

local function is_text(value)
  return type(value) == "string" and value ~= "" and utf8.len(value) ~= nil
         and not value:find "%c"
end

local function seconds_of(value, name, least)
  if type(value) ~= "number" or value ~= value or value < least
     or value == math.huge then
    return nil, ("'%s' must be seconds, %g or more"):format(name, least)
  end
  return value * 1.0
end

--- The row of an account.
-- @tparam table given its keys
-- @treturn table name, host, port, username, options, secret_ref, every, due (seconds
-- from now); or nil, message
function account_row.of(given)
  local a = {}
  for name, value in pairs(given) do a[name] = value end
  if a.url ~= nil then
    if type(a.url) ~= "string" then return nil, "'url' must be a string" end
    local parsed, message = parse_url(a.url)
    if not parsed then return nil, message end
    if parsed.password then return nil, "the URL must not have a password" end
    for name, value in pairs(parsed) do
      if a[name] == nil then a[name] = value end
    end
  end
  if not is_text(a.host) then return nil, "it needs a url or a host" end
  if not is_text(a.user) then return nil, "it needs a user" end
  a.host = a.host:lower()
  a.port = a.port or address.default_port(a.tls or "implicit")
  if not address.is_port(a.port) then return nil, "'port' is not a port" end
  a.name = a.name or keys.address_of(a)
  if not is_text(a.name) then
    return nil, "'name' must be UTF-8 without control characters"
  end
  local reference, message = reference_of(a)
  if reference == nil then return nil, message end
  local others
  others, message = others_of(a)
  if not others then return nil, message end
  local every, due
  every, message = seconds_of(a.every or EVERY, "every", 1)
  if not every then return nil, message end
  due, message = seconds_of(a.due or 0, "due", 0)
  if not due then return nil, message end
  local checked = { host = a.host, port = a.port, user = a.user }
  for name, value in pairs(others) do checked[name] = value end
  local ok
  ok, message = options.check(checked, { delivery = false })
  if not ok then return nil, message end
  return {
    name = a.name, host = a.host, port = a.port, username = a.user,
    options = next(others) and json.encode(others) or "{}",
    secret_ref = reference or nil, every = every, due = due,
  }
end

--- The keys of the account of a row.
-- @tparam table row
-- @treturn table
function account_row.keys(row)
  local made = json.decode(row.options) or {}
  made.name, made.host, made.port = row.name, row.host, row.port
  made.user, made.secret, made.every = row.username, row.secret_ref,
                                       tonumber(row.every)
  return made
end

return account_row
