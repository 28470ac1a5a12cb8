--- The delivery of an account of a fleet, from the account's options or from the option
-- `into` of the fleet.
--
-- A description is a table with one of the keys `maildir`, `mbox`, `pipe` (strings) and
-- `lmtp` (the options of `pop3.lmtp`). In its strings `{name}`, `{user}`, `{host}`
-- and `{id}` stand for those of the account. In a path, characters that could change
-- the directory become "%XX".
-- @module pop3.fleet.deliver
-- @local

local argument = require "pop3.util.argument"
local delivery = require "pop3.sync.delivery"
local keys = require "pop3.account.keys"
local maildir_lease = require "pop3.sync.maildir_lease"
local options = require "pop3.account.options"

local deliver = {}

local fields = { name = "name", user = "username", host = "host", id = "id" }

-- A value as a part of a path, of an address or of a command: harmless in each.
local function harmless(text)
  text = text:gsub("[^%w@._+-]", function(c)
    return ("%%%02X"):format(c:byte())
  end)
  return (text:gsub("^[.-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- A description with the values of an account.
local function filled(value, row)
  if type(value) == "string" then
    return (value:gsub("{(%a+)}", function(name)
      local field = fields[name]
      return field and harmless(tostring(row[field] or ""))
    end))
  elseif type(value) ~= "table" then
    return value
  end
  local made = {}
  for key, each in pairs(value) do made[key] = filled(each, row) end
  return made
end

local function is_description(into)
  return type(into) == "table" and not getmetatable(into)
         and keys.delivery[next(into) or ""] ~= nil and into.into == nil
end

--- Check the option `into` of a fleet.
-- @param into a description, a function, a delivery, or nil
-- @tparam integer level see `pop3.util.argument`
function deliver.check(into, level)
  if into == nil then return end
  if not is_description(into) then
    delivery.of(into, level + 1)
    return
  end
  local name = next(into)
  if next(into, name) then
    argument.misuse(level + 1, "fleet: option 'into' must have one key")
  elseif not (type(into[name]) == "table" and name == "lmtp"
              or type(into[name]) == "string" and name ~= "lmtp") then
    argument.misuse(level + 1, "fleet: option 'into': '%s' has the wrong type", name)
  end
end

-- The description of the delivery of an account; nil if it has none.
local function description_of(row, opts, into)
  for name in pairs(keys.delivery) do
    if opts[name] ~= nil then return filled({ [name] = opts[name] }, row) end
  end
  return is_description(into) and filled(into, row) or nil
end

--- The delivery for one run of an account.
-- @tparam table row of the account
-- @tparam table opts of the account
-- @param into the option of the fleet
-- @tparam table owner see `into:lease` in `pop3.sync.delivery`
-- @return a delivery; or nil, message
function deliver.of(row, opts, into, owner)
  local description = description_of(row, opts, into)
  if description then into = options.delivery(description) end
  if into == nil then return nil, "the account has no delivery" end
  local made = delivery.of(into, 1)
  if made.lease then return made:lease(owner) end
  return made
end

--- Remove what dead workers have left where the mail of an account went, if this
-- machine can reach it.
-- @tparam table row of an account that was removed
-- @tparam table opts of the account
-- @param into the option of the fleet
function deliver.forget(row, opts, into)
  local description = description_of(row, opts, into)
  local path = description and description.maildir
  if path then maildir_lease.remove(path, row.id) end
end

return deliver
