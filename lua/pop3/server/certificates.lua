--- The certificates of a server: those of the option `tls`, or certificates
-- that are made in memory, good ones and ones that clients must refuse.
-- @module pop3.server.certificates
-- @local

local argument = require "pop3.util.argument"
local core = require "pop3.core"
local sorted_keys = require "pop3.util.sorted_keys"
local suggest = require "pop3.util.suggest"

local DAY = 24 * 3600

local Certificates = {}
Certificates.__index = Certificates

-- Certificates that a client must refuse: how they differ from a good one.
local variants = {
  ["expired"] = { from = -30 * DAY, to = -DAY },
  ["not-yet-valid"] = { from = DAY, to = 30 * DAY },
  ["wrong-host"] = { subject = "wrong.example", names = { "wrong.example" } },
  ["untrusted"] = { stranger = true },
  ["self-signed"] = { alone = true },
  ["weak-key"] = { key = "rsa:1024" },
}

local names = sorted_keys(variants)

-- The name for no certificate at all: OpenSSL can then only send an alert.
local NONE = "none"

local known = {
  auto = "boolean string", names = "table", cert = "string", key = "string",
  cafile = "string", client_cert = { optional = true, required = true },
  min_version = "string", max_version = "string",
  handshake = { stall = true, cut = true, alert = true },
}

--- Check the name of a certificate that is made.
-- @tparam string name
-- @tparam integer level see `pop3.util.argument`
local function check_variant(name, level)
  if name ~= "auto" and not variants[name] then
    local tip = suggest.tip(tostring(name), { "auto", table.unpack(names) })
    argument.misuse(level + 1, "server: tls cannot be '%s'; it can be auto or "
                    .. "one of: %s%s", tostring(name),
                    table.concat(names, ", "), tip)
  end
end

-- The option `tls` as a table.
local function options(tls, level)
  if type(tls) == "string" then
    check_variant(tls, level + 1)
    return { auto = tls }
  end
  argument.options(tls, known, "server: tls", level + 1)
  local opts = {}
  for name, value in pairs(tls) do opts[name] = value end
  if opts.auto == true then opts.auto = "auto" end
  if opts.auto then check_variant(opts.auto, level + 1)
  elseif not opts.cert then
    argument.misuse(level + 1, "server: tls needs cert, or auto = true")
  end
  return opts
end

local function authority(subject)
  local cert, key = core.certificate { subject = subject, is_ca = true }
  return { cert = cert, key = key }
end

-- The option `handshake` as the effects of a fault.
local handshakes = {
  stall = { stall = true }, alert = { alert = true },
  cut = { cut = { bytes = 100, how = "fin" } },
}

-- Make a certificate and its key, as PEM. The CA is made with the first one.
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

-- Write a temporary file, which is removed with these certificates.
local function file(self, text)
  local path = os.tmpname()
  self.files[#self.files + 1] = path
  local f <close> = assert(io.open(path, "w"))
  assert(f:write(text))
  assert(f:close())
  return path
end

--- The file of the CA for clients.
-- @treturn ?string path; nil when no certificate was made here
function Certificates:cafile()
  if not self.authority then return nil end
  self.ca_path = self.ca_path or file(self, self.authority.cert)
  return self.ca_path
end

--- Make a certificate for a client, signed by this CA.
-- @tparam string user the name in it
-- @treturn string path of the certificate
-- @treturn string path of the key
function Certificates:client_certificate(user)
  local cert, key = core.certificate { subject = user, ca = self.authority,
                                       client = true }
  return file(self, cert), file(self, key)
end

function Certificates:__gc()
  if self.pid ~= core.getpid() then return end  -- the files are the parent's
  for _, path in ipairs(self.files) do os.remove(path) end
end

-- A TLS context that shows a certificate, or none.
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

--- The TLS context of a handshake.
-- @tparam[opt] string name of a certificate that is made, or `NONE`; the
-- server's own if it is left out
-- @treturn userdata for `pop3.core.tls`
function Certificates:context_for(name)
  if not name then return self.context end
  if not self.contexts[name] then
    local cert, key
    if name ~= NONE then cert, key = make(self, name) end
    self.contexts[name] = assert(new_context(self, cert, key,
                                             name == "weak-key"))
  end
  return self.contexts[name]
end

--- Make the certificates that the option `tls` describes.
-- @tparam string|table tls see `pop3.server.new`
-- @tparam integer level see `pop3.util.argument`
-- @treturn table; its field `effect` has the effects on each handshake, as in a
-- fault; or nil, message, code when a file cannot be read
local function new(tls, level)
  local opts = options(tls, level + 1)
  local self = setmetatable({ files = {}, pid = core.getpid(), opts = opts,
                              effect = handshakes[opts.handshake],
                              contexts = {} }, Certificates)
  local cert, key = opts.cert, opts.key
  if opts.auto then cert, key = make(self, opts.auto) end
  local context, err, code = new_context(self, cert, key,
                                         opts.auto == "weak-key")
  if not context then return nil, err, code end
  self.context = context
  return self
end

return { new = new, variants = names, NONE = NONE }
