--- Reads values of accounts from text: durations, and the values of keys by their type.
-- The command line and CSV files contain only text.
-- @module pop3.command.fleet.values
-- @local

local keys = require "pop3.account.keys"
local suggest = require "pop3.util.suggest"

local values = {}

local units = { [""] = 1, s = 1, m = 60, h = 3600, d = 86400 }

--- A duration, such as "90", "90s", "5m", "2h" or "1d".
-- @tparam string text
-- @treturn number seconds; or nil, message
function values.seconds(text)
  local number, unit = text:match "^(%d+%.?%d*)([smhd]?)$"
  local seconds = number and tonumber(number) * units[unit]
  if not seconds then
    return nil, ("'%s' is not a duration, such as 90s, 5m, 2h or 1d"):format(text)
  end
  return math.tointeger(seconds) or seconds
end

-- Keys of a fleet's accounts that `pop3 fetch` does not have.
local own = { name = "string", every = "duration", due = "duration",
              secret = "string", password_env = "string" }

local function as_boolean(text)
  if text == "true" or text == "yes" then return true end
  if text == "false" or text == "no" then return false end
end

--- The value of a key.
-- @tparam string name of the key
-- @tparam string text
-- @return the value, of a type that the key has; or nil, message
function values.of(name, text)
  local kinds = own[name] or keys.all[name]
  if not kinds then
    local names = {}
    for each in pairs(keys.all) do names[#names + 1] = each end
    for each in pairs(own) do names[#names + 1] = each end
    return nil, ("unknown key '%s'"):format(name) .. suggest.tip(name, names)
  elseif kinds == "duration" then
    local seconds, message = values.seconds(text)
    if not seconds then return nil, ("'%s': %s"):format(name, message) end
    return seconds
  end
  for kind in kinds:gmatch "%S+" do
    if kind == "boolean" and as_boolean(text) ~= nil then return as_boolean(text) end
    local number = (kind == "number" or kind == "integer")
                   and text:find "^%-?%d+%.?%d*$" and tonumber(text) or nil
    number = math.tointeger(number) or number
    if number and (kind == "number" or math.type(number) == "integer") then
      return number
    end
  end
  if kinds:find "string" then return text end
  return nil, ("'%s' cannot be '%s' (it is of type %s)"):format(name, text,
    (kinds:gsub(" ?function", ""):gsub(" ?table", ""):gsub("^ ", "")
          :gsub(" ", " or ")))
end

--- Check the paths of an account: they must be absolute, since workers run in another
-- directory.
-- @tparam table account its keys
-- @treturn boolean true; or nil, message
function values.check_paths(account)
  local function check(name, path)
    if type(path) ~= "string" or path:sub(1, 1) == "/" then return true end
    return nil, ("'%s': the workers need an absolute path, not '%s'"):format(name, path)
  end
  for name in pairs(keys.paths) do
    local ok, message = check(name, account[name])
    if not ok then return nil, message end
  end
  local kind, path = tostring(account.secret):match "^(%l+):(.*)$"
  if kind ~= "file" and kind ~= "netrc" then return true end
  return check("secret", path)
end

return values
