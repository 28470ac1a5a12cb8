--- Passwords that are encrypted by a key outside of the database: references to
-- secrets of the form `sealed:KEY:TEXT`, for the accounts of a fleet.
--
-- TEXT is a password, encrypted by AES-256-GCM, in base64. It opens only for the
-- account that it was sealed for: name, user and host are authenticated. Somebody who
-- can write into the database cannot move it to another account or host.
--
-- The file of keys has a key on each line, 64 hexadecimal digits; KEY identifies one of
-- them. The first key seals. Empty lines and lines that begin with "#" are ignored.
-- @module pop3.account.seal
-- @local

local core = require "pop3.core"
local private_file = require "pop3.util.private_file"

local seal = {}

local VARIABLE = "POP3_FLEET_KEY_FILE"
local FORM = "^(%x%x%x%x%x%x%x%x):([%w+/]+=?=?)$"

-- ------------------------------------------------------------------------- keys

local function octets(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- The keys of a file: a list of { id =, key = }, and by id; or nil, message.
local function read_keys(path)
  local text, why = private_file(path)
  if not text then return nil, why end
  local keys, number = {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    line = line:match "^%s*(.-)%s*$"
    if line ~= "" and line:sub(1, 1) ~= "#" then
      if #line ~= 64 or line:find "%X" then
        return nil, ("%s:%d: a key has 64 hexadecimal digits"):format(path, number)
      end
      local key = octets(line)
      local id = core.sha256("lpop3 key " .. key):sub(1, 8)
      keys[#keys + 1] = { id = id, key = key }
      keys[id] = keys[id] or keys[#keys]
    end
  end
  if not keys[1] then return nil, path .. ": there is no key" end
  return keys
end

--- The keys.
-- @tparam ?string path of the file of keys; nil: $POP3_FLEET_KEY_FILE
-- @treturn table for the functions below; or nil, message
function seal.keys(path)
  path = path or os.getenv(VARIABLE)
  if not path or path == "" then
    return nil, "sealed secrets need a file of keys: key_file, or " .. VARIABLE
  end
  return read_keys(path)
end

-- ---------------------------------------------------------------------- sealing

-- What a password belongs to. No name or host holds NUL.
local function data_of(account)
  return table.concat({ "lpop3 sealed", account.name, account.user,
                        account.host:lower() }, "\0")
end

--- Seal a password.
-- @tparam table keys
-- @tparam table account `name`, `user`, `host`
-- @tparam string password
-- @treturn string a reference; or nil, message
function seal.close(keys, account, password)
  if password == "" or password:find "[\r\n%z]" then
    return nil, "a password is one line, and not empty"
  end
  local sealed = core.seal(keys[1].key, password, data_of(account))
  return ("sealed:%s:%s"):format(keys[1].id,
                                 (core.encode.base64(sealed):gsub("%s", "")))
end

--- Is it the text of a reference, after "sealed:"?
-- @tparam string text
-- @treturn boolean
function seal.is_valid(text)
  return text:find(FORM) ~= nil
end

--- Is it sealed by the first key?
-- @tparam table keys
-- @tparam string text of a reference, after "sealed:"
-- @treturn boolean
function seal.is_current(keys, text)
  return text:match(FORM) == keys[1].id
end

--- Open a password.
-- @tparam table keys
-- @tparam table account `name`, `user`, `host`
-- @tparam string text of a reference, after "sealed:"
-- @treturn string the password; or nil, message
function seal.open(keys, account, text)
  local id, encoded = text:match(FORM)
  if not id then return nil, "the sealed secret is malformed" end
  local key = keys[id]
  if not key then
    return nil, ("the secret is sealed by the key %s, which the file of keys does "
                 .. "not have"):format(id)
  end
  local password = core.unseal(key.key, core.decode.base64(encoded),
                               data_of(account))
  if not password then
    return nil, "the sealed secret belongs to another account, user or host, or it "
             .. "was changed"
  end
  return password
end

return seal
