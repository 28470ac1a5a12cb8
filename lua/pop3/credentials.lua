--- What the server shows of itself in TLS: certificates, its own or made on the
-- spot, good ones and bad ones.
-- @module pop3.credentials
-- @local

local check = require "pop3.argument"
local core = require "pop3.core"

local DAY = 24 * 3600

local Credentials = {}
Credentials.__index = Credentials

-- Certificates that a client must refuse: how they differ from a good one.
local variants = {
  ["expired"] = { from = -30 * DAY, to = -DAY },
  ["not-yet-valid"] = { from = DAY, to = 30 * DAY },
  ["wrong-host"] = { subject = "wrong.example", names = { "wrong.example" } },
  ["untrusted"] = { stranger = true },
  ["self-signed"] = { alone = true },
  ["weak-key"] = { key = "rsa:1024" },
}

local known = {
  auto = "boolean string", names = "table", cert = "string", key = "string",
  cafile = "string", client_cert = { optional = true, required = true },
  min_version = "string", max_version = "string",
  handshake = { stall = true, cut = true, alert = true },
}

local function check_variant(name, level)
  if name ~= "auto" and not variants[name] then
    check.misuse(level + 1, "server: tls has no '%s'; it can be auto, expired, "
                 .. "not-yet-valid, wrong-host, untrusted, self-signed or "
                 .. "weak-key", tostring(name))
  end
end

-- The option as a table.
local function options(tls, level)
  if type(tls) == "string" then
    check_variant(tls, level + 1)
    return { auto = tls }
  end
  check.options(tls, known, "server: tls", level + 1)
  local opts = {}
  for name, value in pairs(tls) do opts[name] = value end
  if opts.auto == true then opts.auto = "auto" end
  if opts.auto then check_variant(opts.auto, level + 1)
  elseif not opts.cert then
    check.misuse(level + 1, "server: tls needs a cert, or auto = true")
  end
  return opts
end

local function authority(subject)
  local cert, key = core.certificate { subject = subject, is_ca = true }
  return { cert = cert, key = key }
end

-- A CA, and a certificate of it: PEM of both and of the key.
local function make(self, opts)
  local v = variants[opts.auto] or {}
  self.authority = authority "lpop3 test CA"
  local issuer = self.authority
  if v.stranger then issuer = authority "lpop3 CA that nobody trusts"
  elseif v.alone then issuer = nil end
  return core.certificate {
    subject = v.subject or "localhost", ca = issuer, key = v.key,
    names = v.names or opts.names or { "localhost", "127.0.0.1", "::1" },
    from = v.from, to = v.to,
  }
end

-- A file of this process's own, gone when nobody knows of it any more.
local function file(self, text)
  local path = os.tmpname()
  self.files[#self.files + 1] = path
  local f <close> = assert(io.open(path, "w"))
  assert(f:write(text))
  assert(f:close())
  return path
end

--- The file of the CA that clients are to trust; nil when the certificate is
-- not one made here.
-- @treturn ?string
function Credentials:cafile()
  if not self.authority then return nil end
  self.ca_path = self.ca_path or file(self, self.authority.cert)
  return self.ca_path
end

--- A certificate of that CA for a client.
-- @tparam string user its name
-- @treturn string path of the certificate
-- @treturn string path of its key
function Credentials:client_certificate(user)
  local cert, key = core.certificate { subject = user, ca = self.authority,
                                       client = true }
  return file(self, cert), file(self, key)
end

function Credentials:__gc()
  if self.pid ~= core.getpid() then return end  -- they are the parent's
  for _, path in ipairs(self.files) do os.remove(path) end
end

--- The credentials that the option `tls` of a server describes.
-- @tparam string|table tls
-- @tparam integer level see `pop3.argument`
-- @treturn table with `context`, for `pop3.core.tls`, and `handshake`, what goes
-- wrong in it; or nil, message, code
return function(tls, level)
  local opts = options(tls, level + 1)
  local self = setmetatable({ files = {}, pid = core.getpid(),
                              handshake = opts.handshake }, Credentials)
  local cert, key = opts.cert, opts.key
  if opts.auto then cert, key = make(self, opts) end
  local low = opts.max_version == "TLSv1" or opts.max_version == "TLSv1.1"
  local context, err, code = core.tls_context {
    server = true,
    -- without a certificate OpenSSL can only answer with an alert
    cert = opts.handshake ~= "alert" and cert or nil,
    key = opts.handshake ~= "alert" and key or nil,
    cafile = opts.cafile or opts.client_cert and self:cafile() or nil,
    client_cert = opts.client_cert,
    min_version = opts.min_version or low and opts.max_version or nil,
    max_version = opts.max_version,
    security_level = (low or opts.auto == "weak-key") and 0 or nil,
  }
  if not context then return nil, err, code end
  self.context = context
  return self
end
