--- DKIM signatures of a message (RFC 6376), by RSA and Ed25519 (RFC 8463).
--
-- Keys are in the DNS, which this library does not query: the caller provides a
-- function that does.
-- @engine pop3.message.dkim
-- @local

local core = require "pop3.core"

local MANY = 20                -- signatures that are checked

-- Octets with CRLF line ends: a mail store may have changed them.
local function with_crlf(octets)
  if not octets:find "[^\r]\n" and octets:byte() ~= 10 then return octets end
  return (octets:gsub("\r?\n", "\r\n"))
end

-- A string without white space.
local function bare(s)
  return (s:gsub("[ \t\r\n]+", ""))
end

-- Without blanks at the ends; 's' holds no run of them.
local function trimmed(s)
  local from, to = 1, #s
  while from <= to and s:find("^[ \t\r\n]", from) do from = from + 1 end
  while to >= from and s:find("^[ \t\r\n]", to) do to = to - 1 end
  return s:sub(from, to)
end

-- Tags of a record or a signature (3.2); nil and a reason if they are malformed.
local function tags_of(text)
  local tags = {}
  for item in text:gmatch "[^;]+" do
    local equals = item:find("=", 1, true)
    if equals then
      local name = trimmed(item:sub(1, equals - 1))
      if tags[name] then return nil, "a tag is repeated: " .. name end
      tags[name] = trimmed(item:sub(equals + 1))
    elseif trimmed(item) ~= "" then
      return nil, "a tag has no value"
    end
  end
  return tags
end

-- -------------------------------------------------------- canonicalization

local canonical = { header = {}, body = {} }

function canonical.header.simple(name, value) return name .. ":" .. value end

-- 3.4.2
function canonical.header.relaxed(name, value)
  value = value:gsub("\r?\n", ""):gsub("[ \t]+", " ")
  return trimmed(name):lower() .. ":" .. trimmed(value)
end

-- 3.4.3: no empty lines at the end.
function canonical.body.simple(body)
  local last = #body
  while body:sub(last - 1, last) == "\r\n" do last = last - 2 end
  return body:sub(1, last) .. "\r\n"
end

-- 3.4.4
function canonical.body.relaxed(body)
  body = body:gsub("[ \t]+", " "):gsub(" \r\n", "\r\n")
  if body:sub(-1) == " " then body = body:sub(1, -2) end
  local last = #body
  while body:sub(last - 1, last) == "\r\n" do last = last - 2 end
  return last == 0 and "" or body:sub(1, last) .. "\r\n"
end

-- ------------------------------------------------------------- the message

-- The header fields of a message as sent: `{ name =, value =, key = }`.
local function fields_of(m, octets)
  local list = {}
  for name, raw, offset in m:fields() do
    local colon = octets:find(":", offset + #name + 1, true)
    list[#list + 1] = { name = octets:sub(offset + 1, colon - 1),
                        key = name:lower(), value = with_crlf(raw) }
  end
  return list
end

-- The fields that "h=" names, from the bottom up (5.4.2).
local function signed_fields(fields, names, canon)
  local out, left = {}, {}
  for _, field in ipairs(fields) do
    left[field.key] = left[field.key] or {}
    table.insert(left[field.key], field)
  end
  for name in names:gmatch "[^:]+" do
    local same = left[trimmed(name):lower()]
    local field = same and table.remove(same)
    if field then out[#out + 1] = canon(field.name, field.value) .. "\r\n" end
  end
  return table.concat(out)
end

-- The value of the signature field with its "b=" emptied.
local function without_signature(value)
  local from = 1
  for item, stop in value:gmatch "([^;]*)()" do
    if item:find "^[ \t\r\n]*b[ \t\r\n]*=" then
      local equals = item:find("=", 1, true)
      return value:sub(1, from - 1) .. item:sub(1, equals) .. value:sub(stop)
    end
    from = stop + 1
  end
  return value
end

-- ------------------------------------------------------------- one signature

-- The value of a tag as UTF-8, without line ends and other controls.
local function readable(value)
  return value and (core.decode.text(value, "utf-8"):gsub("%c+", " "))
end

local function result(kind, why, tags)
  tags = tags or {}
  return { result = kind, reason = readable(why), domain = readable(tags.d),
           selector = readable(tags.s), identity = readable(tags.i),
           algorithm = readable(tags.a), length = tags.length,
           testing = tags.testing }
end

local function has_word(list, word)
  for item in list:gmatch "[^:]+" do
    if trimmed(item):lower() == word then return true end
  end
  return false
end

-- Can it be a name in the DNS, maybe of UTF-8 (RFC 8616)?
local function is_name(text)
  return text:find "^[%w._\x80-\xFF-]+$" ~= nil and utf8.len(text) ~= nil
end

-- The reason to refuse the tags of a signature (6.1.1), or nil.
local function objection(tags, now)
  for _, name in ipairs { "v", "a", "b", "bh", "d", "h", "s" } do
    if not tags[name] then return "tag " .. name .. " is missing" end
  end
  if not is_name(tags.d) or not is_name(tags.s) then
    return "the domain or the selector is malformed"
  end
  local domain = tags.d:lower()
  local host = (tags.i or ""):match "@([^@]*)$"
  host = host and host:lower()
  if tags.v ~= "1" then return "unknown version" end
  if not has_word(tags.h, "from") then return "the From field is not signed" end
  if host and host ~= domain and host:sub(-#domain - 1) ~= "." .. domain then
    return "the identity is not of the domain"
  end
  if tags.x and (tonumber(tags.x) or 0) < now then
    return "the signature has expired"
  end
  if tags.q and not has_word(tags.q, "dns/txt") then return "unknown key query" end
end

-- The key of a signature: its octets, or nil, the kind of result and why.
local function key_of(tags, algorithm, resolve)
  local name = tags.s .. "._domainkey." .. tags.d
  local record, err = resolve(name)
  if type(record) == "table" then record = table.concat(record) end
  if not record then
    return nil, err and "temperror" or "permerror", name .. ": " .. (err or "no key")
  end
  local key = tags_of(record)
  if not key or not key.p or key.v and key.v ~= "DKIM1" then
    return nil, "permerror", "malformed key record"
  elseif bare(key.p) == "" then
    return nil, "permerror", "the key was revoked"
  elseif (key.k or "rsa") ~= algorithm then
    return nil, "permerror", "the key is of another kind"
  elseif key.h and not has_word(key.h, "sha256") then
    return nil, "permerror", "the key does not allow SHA-256"
  elseif key.s and not has_word(key.s, "email") and not has_word(key.s, "*") then
    return nil, "permerror", "the key is not for email"
  elseif key.t and has_word(key.t, "s")
         and (tags.i or ""):match "@([^@]*)$"
         and tags.i:match "@([^@]*)$":lower() ~= tags.d:lower() then
    return nil, "permerror", "the key does not allow subdomains"
  end
  tags.testing = key.t and has_word(key.t, "y") or nil
  return core.decode.base64(key.p)
end

-- The hash of the body, or nil and why.
local function body_hash(body, tags, canon)
  local text = canonical.body[canon](body)
  if tags.l then
    local length = tags.l:find "^%d+$" and math.tointeger(tonumber(tags.l))
    if not length or length > #text then
      return nil, "the body is shorter than the signed part of it"
    end
    if length < #text then tags.length = length end
    text = text:sub(1, length)
  end
  return (core.sha256(text):gsub("%x%x", function(x)
    return string.char(tonumber(x, 16))
  end))
end

local function check(field, fields, body, opts)
  local tags, why = tags_of(field.value)
  if not tags then return result("permerror", why) end
  why = objection(tags, opts.time or os.time())
  if why then return result("permerror", why, tags) end
  local algorithm = tags.a:lower():match "^(%w+)%-sha256$"
  if algorithm ~= "rsa" and algorithm ~= "ed25519" then
    return result("permerror", "algorithm " .. tags.a .. " is not accepted", tags)
  end
  local header, body_canon = (tags.c or "simple/simple"):lower():match "^(%l+)/?(%l*)$"
  if body_canon == "" then body_canon = "simple" end
  if not (canonical.header[header] and canonical.body[body_canon]) then
    return result("permerror", "unknown canonicalization", tags)
  end
  local hash
  hash, why = body_hash(body, tags, body_canon)
  if not hash then return result("permerror", why, tags) end
  if hash ~= core.decode.base64(tags.bh) then
    return result("fail", "the body was changed", tags)
  end
  local key, kind
  key, kind, why = key_of(tags, algorithm, opts.resolve)
  if not key then return result(kind, why, tags) end
  local canon = canonical.header[header]
  local text = signed_fields(fields, tags.h, canon)
               .. canon(field.name, without_signature(field.value))
  local answer = core.signature(algorithm, key, text, core.decode.base64(tags.b))
  if answer == "right" then return result("pass", nil, tags) end
  if answer == "wrong" then return result("fail", "the header was changed", tags) end
  return result("permerror", answer == "weak" and "the key is too short"
                             or "the key cannot be read", tags)
end

--- @tparam message m
-- @tparam table opts
-- @treturn {table,...} see the method `m:dkim` of `pop3.message`
return function(m, opts)
  local octets = m:raw()
  local fields, list = fields_of(m, octets), {}
  local _, start = m:offsets()
  local body = with_crlf(octets:sub(start + 1))
  for _, field in ipairs(fields) do
    if field.key == "dkim-signature" and #list < MANY then
      list[#list + 1] = check(field, fields, body, opts)
    end
  end
  return list
end
