--- S/MIME (RFC 8551): which octets of a message are signed or encrypted.
-- @engine pop3.message.smime
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"

local LABEL = "smime"

-- "mime" or "signature" for a part that holds CMS (RFC 8551 3.2 and 3.9, with the
-- older names of RFC 2311); nil for others.
local function is_cms(part)
  local kind = part.type:match "^application/x?%-?pkcs7%-(%l+)$"
  if kind then return kind end
  local name = part.type == "application/octet-stream" and part.filename
  name = name and name:sub(-4):lower()
  if name == ".p7s" then return "signature" end
  if name == ".p7m" then return "mime" end
end

-- The octets that a signature covers: header and body of the part, with CRLF line
-- ends (RFC 8551 3.1.1). The line break before the delimiter is not part of it.
local function covered(part)
  local raw = part:raw()
  if not raw:find "[^\r]\n" and raw:sub(1, 1) ~= "\n" then return raw end
  return (raw:gsub("\r?\n", "\r\n"))
end

local function fail(message, code)
  return nil, LABEL .. ": " .. message, code
end

local function open(part)
  local cms, err, code = core.smime(part:body())
  if not cms then return fail(err, code) end
  return cms
end

local function verify(part, content, opts)
  local cms, err, code = open(part)
  if not cms then return nil, err, code end
  if cms:kind() ~= "signed" then return fail("the message is not signed", "state") end
  local octets, signers = cms:verify {
    content = content and covered(content), cafile = opts.cafile,
    capath = opts.capath, verify = opts.verify,
  }
  if not octets then return fail(signers, "auth") end
  return { signers = signers, signer = signers[1], octets = octets,
           message = core.message.parse(octets) }
end

-- The signed message, unverified.
local function unverified(part, content)
  if content then return core.message.parse(covered(content)) end
  local cms, err, code = open(part)
  if not cms then return nil, err, code end
  local octets = cms:content()
  if not octets then return fail("the signed message is not inside", "state") end
  return core.message.parse(octets)
end

local function decrypt(part, opts)
  local cms, err, code = open(part)
  if not cms then return nil, err, code end
  if cms:kind() ~= "enveloped" then
    return fail("the message is not encrypted", "state")
  end
  local octets
  octets, err, code = cms:decrypt(opts)
  if not octets then return fail(err, code) end
  return core.message.parse(octets)
end

-- The table that `part:smime` returns.
local function make(part, content, kind)
  return {
    signed = kind == "signed",
    encrypted = kind == "enveloped",
    verify = function(opts)
      opts = opts or {}
      argument.options(opts, { cafile = "string", capath = "string",
                               verify = "boolean" }, "smime: verify", 1)
      return verify(part, content, opts)
    end,
    content = function()
      if kind ~= "signed" then return fail("the message is not signed", "state") end
      return unverified(part, content)
    end,
    decrypt = function(opts)
      opts = opts or {}
      argument.options(opts, { cert = "string", key = "string" },
                       "smime: decrypt", 1)
      if not opts.cert then argument.misuse(1, "smime: decrypt needs a cert") end
      return decrypt(part, opts)
    end,
  }
end

--- @tparam part part
-- @treturn table|nil see the method `m:smime` of `pop3.message`; nil if the part is
-- not S/MIME
return function(part)
  local kind = is_cms(part)
  if kind == "mime" then
    local cms = core.smime(part:body())
    kind = cms and cms:kind() or part.params["smime-type"]
    if kind == "signed" or kind == "signed-data" then
      return make(part, nil, "signed")
    elseif kind == "enveloped" or kind == "enveloped-data"
           or kind == "authenveloped-data" then
      return make(part, nil, "enveloped")
    end
    return nil
  end
  if part.type ~= "multipart/signed" then return nil end
  local content = part:_child()
  local signature = content and content:_next()
  if signature and is_cms(signature) == "signature" then
    return make(signature, content, "signed")
  end
end
