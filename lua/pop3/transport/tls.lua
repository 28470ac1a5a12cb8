--- TLS options of a client: whom to trust, what to show, which versions.
--
-- The client, the conformance checker and the recorder take the same options;
-- `pop3.connect` documents them. What they make is called a trust: it serves any
-- number of connections.
-- @module pop3.transport.tls
-- @local

local address = require "pop3.util.address"
local argument = require "pop3.util.argument"
local core = require "pop3.core"

local tls = {}

--- The options and their types, for `pop3.util.argument.options`.
tls.options = {
  verify = "boolean", cafile = "string", capath = "string",
  servername = "string", pin = "string table", cert = "string",
  key = "string", min_version = { ["TLSv1.2"] = true, ["TLSv1.3"] = true },
}

-- Everything that decides whether a server is trusted, as one string. A session
-- ticket must only be used where all of it is the same.
local function identity(opts, name)
  local names = {}
  for option in pairs(tls.options) do names[#names + 1] = option end
  table.sort(names)
  local all = { name or "", tostring(opts.port) }
  for _, option in ipairs(names) do
    local value = opts[option]
    if type(value) == "table" then value = table.concat(value, " ") end
    all[#all + 1] = option .. "=" .. tostring(value)
  end
  return table.concat(all, "\0")
end

-- A pin is the base64 of 32 octets, with or without curl's prefix "sha256//".
local function check_pins(pins, label, level)
  for _, pin in ipairs(type(pins) == "table" and pins or { pins }) do
    local digest = type(pin) == "string" and pin:gsub("^sha256//", "")
    if not digest or #digest ~= 44 or not digest:find "^[%w+/]+=$" then
      argument.misuse(level + 1, "%s: a pin must be the base64 of a SHA-256",
                      label)
    end
  end
end

--- Make a trust from options that were checked with `tls.options`.
-- @tparam table opts `host`, `port` and the options above
-- @tparam string label for the messages of misuse errors
-- @tparam integer level see `pop3.util.argument`
-- @treturn table `context` (for `pop3.core.tls`), `name` (to verify, nil if there
-- is none), `verify` (boolean), `identity`; or nil, message, "tls"
function tls.trust(opts, label, level)
  local name = opts.servername or opts.host
  if name and name:find "[\128-\255]" then
    argument.misuse(level + 1, "%s: the host must be given by its A-labels "
                    .. "(xn--...), in ASCII", label)
  end
  check_pins(opts.pin, label, level + 1)
  local given = {}
  for option in pairs(tls.options) do given[option] = opts[option] end
  given.servername = nil
  given.verify = opts.verify ~= false
  local context, err, code = core.tls_context(given)
  if not context then return nil, err, code end
  name = name and address.unbracketed(name)
  return { context = context, name = name, verify = given.verify,
           identity = identity(opts, name) }
end

return tls
