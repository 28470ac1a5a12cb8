--- TLS options of a client: trusted certificates, the client's certificate, versions.
--
-- The client, the conformance checker and the recorder take the same options;
-- `pop3.connect` documents them. They make an object called a trust, which serves any
-- number of connections.
-- @module pop3.transport.tls
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local context = require "pop3.transport.context"
local sorted_keys = require "pop3.util.sorted_keys"

local tls = {}

--- The options and their types, for `pop3.util.argument.options`.
tls.options = {
  verify = "boolean function", cafile = "string", capath = "string",
  crlfile = "string", servername = "string", pin = "string table",
  fingerprint = "string table", cert = "string", key = "string",
  min_version = { ["TLSv1"] = true, ["TLSv1.1"] = true, ["TLSv1.2"] = true,
                  ["TLSv1.3"] = true },
  ciphers = "string", security_level = "integer",
}

-- Everything that decides whether a server is trusted, as one string. A session
-- ticket must only be used where all of it is the same.
local function identity(opts, name)
  local all = { name or "", tostring(opts.port) }
  for _, option in ipairs(sorted_keys(tls.options)) do
    local value = opts[option]
    if type(value) == "table" then value = table.concat(value, " ") end
    all[#all + 1] = option .. "=" .. tostring(value)
  end
  return table.concat(all, "\0")
end

--- Make a trust from options that were checked with `tls.options`.
-- @tparam table opts `host`, `port` and the options above
-- @tparam string label for the messages of misuse errors
-- @tparam integer level see `pop3.util.argument`
-- @treturn table `context` (for `pop3.core.tls`), `name` (to verify, nil if there is
-- none), `verify` (boolean), `judge` (the function that `verify` is, or nil),
-- `identity`; or nil, message, "tls"
function tls.trust(opts, label, level)
  local name = opts.servername or opts.host
  if name and name:find "[\128-\255]" then
    argument.misuse(level + 1, "%s: the host must be given by its A-labels "
                    .. "(xn--...), in ASCII", label)
  end
  local given = {}
  for option in pairs(tls.options) do given[option] = opts[option] end
  given.servername = nil
  local judge = type(opts.verify) == "function" and opts.verify or nil
  given.verify = judge and "ask" or opts.verify ~= false
  for _, option in ipairs { "pin", "fingerprint" } do
    if type(opts[option]) == "table" then
      argument.names(opts[option], label .. ": " .. option, level + 1)
    end
  end
  -- the core rejects malformed pins, fingerprints and levels
  local ok, made, err, code = pcall(context, given)
  if not ok then
    local text = argument.said(made):match "^tls: (.*)$"
    if not text then error(made, 0) end
    argument.misuse(level + 1, "%s: %s", label, text)
  end
  if not made then return nil, err, code end
  name = name and address.unbracketed(name)
  return { context = made, name = name, verify = given.verify ~= false,
           judge = judge, identity = identity(opts, name) }
end

--- Let the function `verify` judge the certificate of a server.
-- @tparam table trust
-- @tparam pop3.tls connection whose event was "certificate"
-- @tparam table certificate
-- @tparam ?string problem why it would be refused; nil when it is valid
function tls.decide(trust, connection, certificate, problem)
  connection:decide(trust.judge(certificate, problem) and true or false)
end

return tls
