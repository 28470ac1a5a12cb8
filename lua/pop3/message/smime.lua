--- S/MIME (RFC 8551): which octets of a message are signed or encrypted, and
-- what comes out of them.
-- @module pop3.message.smime
-- @local

local check = require "pop3.util.argument"
local core = require "pop3.core"

local LABEL = "smime"

-- RFC 8551 section 3.9, with the names of before RFC 2311.
local function is_cms(part)
  local kind = part.type:match "^application/x?%-?pkcs7%-(%l+)$"
  if kind then return kind end
  local name = part.type == "application/octet-stream" and part.filename
  name = name and name:lower()
  if name and name:find "%.p7[ms]$" then
    return name:sub(-1) == "s" and "signature" or "mime"
  end
end

-- What a signature covers: header and body of the part, with CRLF line ends
-- (RFC 8551 section 3.1.1); the line break before the delimiter is not of it.
local function covered(part)
  local raw = part:raw()
  if not raw:find "[^\r]\n" and raw:sub(1, 1) ~= "\n" then return raw end
  return (raw:gsub("\r?\n", "\r\n"))
end

local function fail(message, code)
  return nil, LABEL .. ": " .. message, code
end

-- The CMS of a part.
local function open(part)
  local octets = part:body()
  local cms, err, code = core.smime(octets)
  if not cms then return fail(err, code) end
  return cms
end

local function verify(part, content, opts)
  local cms, err, code = open(part)
  if not cms then return nil, err, code end
  if cms:kind() ~= "signed" then return fail("it is not signed", "state") end
  local octets, signers = cms:verify {
    content = content and covered(content), cafile = opts.cafile,
    capath = opts.capath, verify = opts.verify,
  }
  if not octets then return fail(signers, "auth") end
  return { signers = signers, signer = signers[1], octets = octets,
           message = core.message.parse(octets) }
end

local function decrypt(part, opts)
  local cms, err, code = open(part)
  if not cms then return nil, err, code end
  if cms:kind() ~= "enveloped" then
    return fail("it is not encrypted", "state")
  end
  local octets
  octets, err, code = cms:decrypt(opts)
  if not octets then return fail(err, code) end
  return core.message.parse(octets)
end

-- What `part:smime` returns.
local function make(part, content, kind)
  return {
    signed = kind == "signed",
    encrypted = kind == "enveloped",
    verify = function(opts)
      opts = opts or {}
      check.options(opts, { cafile = "string", capath = "string",
                            verify = "boolean" }, "smime: verify", 1)
      return verify(part, content, opts)
    end,
    decrypt = function(opts)
      opts = opts or {}
      check.options(opts, { cert = "string", key = "string" },
                    "smime: decrypt", 1)
      if not opts.cert then check.misuse(1, "smime: decrypt needs a cert") end
      return decrypt(part, opts)
    end,
  }
end

--- @tparam table part
-- @treturn ?table nil when it is no S/MIME
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
