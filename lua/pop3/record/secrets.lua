--- The secrets of a session, and text in which they are masked.
-- @module pop3.record.secrets
-- @local

local core = require "pop3.core"

local Secrets = {}
Secrets.__index = Secrets

local LEAST = 4    -- octets; shorter ones are masked in replies to a login only
local WORD = 6     -- octets of a word that may be base64 or hexadecimal

-- An empty set of secrets.
local function new()
  return setmetatable({ list = {}, known = {}, short = {} }, Secrets)
end

local function keep(self, secret)
  secret = secret:lower()
  if secret == "" or self.known[secret] then return end
  self.known[secret] = true
  local list = #secret < LEAST and self.short or self.list
  list[#list + 1] = secret
  -- if two secrets overlap, the longer one is masked
  table.sort(list, function(a, b) return #a > #b end)
end

-- The octets of a word in base64 of either alphabet, with or without padding.
local function of_base64(word)
  word = word:gsub("[-_]", { ["-"] = "+", ["_"] = "/" }):gsub("=+$", "")
  if #word % 4 == 1 then word = word:sub(1, -2) end
  return core.sasl.decode(word .. ("="):rep(-#word % 4))
end

local function of_hex(word)
  if #word % 2 == 1 or word:find "%X" then return nil end
  return (word:gsub("%x%x", function(xx)
    return string.char(tonumber(xx, 16))
  end))
end

-- The secret part of a SASL response: PLAIN, the mechanisms with a token,
-- CRAM-MD5, SCRAM; nil for others, where all of it is secret.
local function within(octets)
  return octets:match "\0([^\0]*)$" or octets:match "[Bb]earer%s+([^\1]+)"
         or octets:match "^%S+ (%x+)$" or octets:match ",p=([^,]+)$"
end

--- Add a secret.
-- @tparam string secret as it was sent
-- @tparam[opt] string kind "password": it is not base64; "name": it is a user
-- name in base64, so only the base64 form is masked
function Secrets:add(secret, kind)
  if secret == "*" or secret == "=" then return end
  secret = secret:match "^%s*(.-)%s*$"
  keep(self, secret)
  local octets = kind ~= "password" and core.sasl.decode(secret)
  if not octets then return end
  local inner = within(octets)
  if inner then keep(self, inner)
  elseif kind ~= "name" and not octets:find "^[nyp],?[,=]" then
    keep(self, octets)
  end
end

local function holds(self, octets)
  octets = octets:lower()
  for _, secret in ipairs(self.list) do
    if octets:find(secret, 1, true) then return true end
  end
  return false
end

-- Text with "***" where the secret stands, in whatever case.
local function cover(text, secret)
  local low, at, parts = text:lower(), 1, {}
  local from, to = low:find(secret, 1, true)
  if not from then return text end
  while from do
    parts[#parts + 1] = text:sub(at, from - 1)
    at = to + 1
    from, to = low:find(secret, at, true)
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts, "***")
end

--- Mask the secrets in a text, also in base64 and hexadecimal.
-- @tparam string text
-- @tparam[opt] boolean login it is the reply to a login: short secrets are
-- looked for as well, and if one is found, the whole text after the status is
-- masked
-- @treturn string
function Secrets:hush(text, login)
  if login then
    local low = text:lower()
    for _, secret in ipairs(self.short) do
      if low:find(secret, low:find "%s" or 1, true) then
        return (text:gsub("^([+-]%w*)[ \t]+.-(\r?\n?)$", "%1 ***%2"))
      end
    end
  end
  if not self.list[1] then return text end
  for _, secret in ipairs(self.list) do text = cover(text, secret) end
  return (text:gsub("[%w+/_-]+=*", function(word)
    if #word < WORD then return nil end
    local octets = of_base64(word)
    if octets and holds(self, octets) then return "***" end
    octets = of_hex(word)
    return octets and holds(self, octets) and "***" or nil
  end))
end

return new
