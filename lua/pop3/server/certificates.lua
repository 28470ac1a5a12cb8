--- What the server shows of itself in TLS: certificates, its own or made on the
-- spot, good ones and bad ones.
-- @module pop3.credentials
-- @local

local check = require "pop3.util.argument"
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

--- Is there such a certificate?
-- @tparam string name
-- @tparam integer level see `pop3.argument`
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

-- What a handshake of the option `handshake` does, as a fault says it.
local handshakes = {
  stall = { stall = true }, alert = { alert = true },
  cut = { cut = { bytes = 100 } },
}

-- A certificate and its key, PEM, by the CA of these credentials, which is made
-- when it is needed first.
local function make(self, name)
  local v = variants[name] or {}
  self.authority = self.authority or authority "lpop3 test CA"
  local issuer = self.authority
  if v.stranger then issuer = authority "lpop3 CA that nobody trusts"
  elseif v.alone then issuer = nil end
  return core.certificate {
    subject = v.subject or "localhost", ca = issuer, key = v.key,
    names = v.names or self.opts.names or { "localhost", "127.0.0.1", "::1" },
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

-- A context that shows a certificate; without one OpenSSL can only answer with
-- an alert.
local function new_context(self, cert, key, weak)
  local opts = self.opts
  local low = opts.max_version == "TLSv1" or opts.max_version == "TLSv1.1"
  return core.tls_context {
    server = true, cert = cert, key = key,
    cafile = opts.cafile or opts.client_cert and self:cafile() or nil,
    client_cert = opts.client_cert,
    min_version = opts.min_version or low and opts.max_version or nil,
    max_version = opts.max_version,
    security_level = (low or weak) and 0 or nil,
  }
end

--- The context for a handshake of which something is to go wrong.
-- @tparam ?table effect see `pop3.fault`: `alert`, `certificate`
-- @treturn userdata for `pop3.core.tls`
function Credentials:context_for(effect)
  local name = effect and (effect.alert and "alert" or effect.certificate)
  if not name then return self.context end
  if not self.contexts[name] then
    local cert, key
    if name ~= "alert" then cert, key = make(self, name) end
    self.contexts[name] = assert(new_context(self, cert, key,
                                             name == "weak-key"))
  end
  return self.contexts[name]
end

--- The credentials that the option `tls` of a server describes.
-- @tparam string|table tls
-- @tparam integer level see `pop3.argument`
-- @treturn table with `effect`, what goes wrong in each handshake, as a fault says
-- it; or nil, message, code
local function new(tls, level)
  local opts = options(tls, level + 1)
  local self = setmetatable({ files = {}, pid = core.getpid(), opts = opts,
                              effect = handshakes[opts.handshake],
                              contexts = {} }, Credentials)
  local cert, key = opts.cert, opts.key
  if opts.auto then cert, key = make(self, opts.auto) end
  local context, err, code = new_context(self, cert, key,
                                         opts.auto == "weak-key")
  if not context then return nil, err, code end
  self.context = context
  return self
end

return { new = new, check_variant = check_variant }
