--- Checks the options of a server, and adds those of a preset.
-- `pop3.server.new` documents them.
-- @module pop3.server.options
-- @local

local argument = require "pop3.util.argument"
local certificates = require "pop3.server.certificates"
local core = require "pop3.core"
local fault = require "pop3.server.fault"
local suggest = require "pop3.util.suggest"

local options = {}

local known = {
  users = "table", authenticate = "function", host = "string",
  port = "integer", tls = "any", implicit = "boolean",
  require_tls = "boolean", capa = "table boolean", mechs = "table",
  greeting = "string", apop = "boolean", autologout = "number",
  limits = "table", on = "table", faults = "table", clock = "function",
  expire = "string integer", login_delay = "number",
  failure_delay = "number", seed = "string integer",
  preset = "string table", new_users = "string", keytab = "string",
}

-- Check that a table is a list.
local function check_list(list, what, level)
  for key in pairs(list) do
    if not (math.type(key) == "integer" and key >= 1 and key <= #list) then
      argument.misuse(level + 1, "server: %s must be a list; it has the key "
                      .. "'%s'", what, tostring(key))
    end
  end
end

local user_fields = { password = "string", mail = "table userdata",
                      uidl = "table", token = "string", scram = "table" }

-- Check the users here, since an error at the login would be far from its
-- cause.
local function check_users(users, level)
  for name, user in pairs(users) do
    if type(name) ~= "string" then
      argument.misuse(level + 1, "server: users must be a table with names as "
                      .. "keys")
    end
    local what = ("server: user '%s'"):format(name)
    argument.options(user, user_fields, what, level + 1)
    local mail = user.mail
    if mail ~= nil and type(mail.open) ~= "function" then
      if type(mail) ~= "table" then
        argument.misuse(level + 1, "%s: mail must be a list or a store, which "
                        .. "has open", what)
      end
      check_list(mail, "mail", level + 1)
      for i, octets in ipairs(mail) do
        if type(octets) ~= "string" then
          argument.misuse(level + 1, "%s: message %d is a %s, not a string",
                          what, i, type(octets))
        end
      end
    end
  end
end

local function check_handlers(on, level)
  for name, handler in pairs(on) do
    argument.callable(handler, ("server: on.%s"):format(name), level + 1)
  end
end

-- Check the options that are tables.
local function check_tables(opts, level)
  check_users(opts.users or {}, level + 1)
  check_handlers(opts.on or {}, level + 1)
  check_list(opts.mechs or {}, "mechs", level + 1)
  check_list(opts.faults or {}, "faults", level + 1)
  if type(opts.capa) == "table" then
    argument.options(opts.capa, { authorization = "table",
                                  transaction = "table" },
                     "server: capa", level + 1)
  end
  local port = opts.port or 0
  if port < 0 or port > 65535 then
    argument.misuse(level + 1, "server: port must be from 0 to 65535, not %d",
                    port)
  end
end

-- The SASL mechanisms in `mechs`, and whether it has "APOP".
local function mechanisms(list, level)
  local names, apop = {}, false
  for _, name in ipairs(list) do
    if type(name) ~= "string" then
      argument.misuse(level + 1, "server: mechs must be a list of names")
    end
    name = name:upper()
    if name == "APOP" then apop = true
    elseif core.sasl.mechanisms[name] then names[#names + 1] = name
    elseif name ~= "USER" then
      argument.misuse(level + 1, "server: unknown mechanism: %s", name)
    end
  end
  return names, apop
end

local preset_fields = { title = "string", options = "table", on = "table",
                        quirks = "table" }

-- A deep copy: a preset belongs to all servers.
local function own(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for k, v in pairs(value) do made[k] = own(v) end
  return made
end

-- The options and handlers of the script, with those of a preset where it has
-- none.
local function with_preset(opts, level)
  local preset = opts.preset
  if preset == nil then return opts end
  if type(preset) == "string" then
    local presets = require "pop3.server.presets"
    preset = presets[preset]
    if not preset then
      argument.misuse(level + 1, "server: unknown preset: %s%s", opts.preset,
                      suggest.known(opts.preset, presets()))
    end
  end
  argument.options(preset, preset_fields, "server: preset", level + 1)
  check_handlers(preset.on or {}, level + 1)
  local merged, on = own(preset.options or {}), own(preset.on or {})
  if opts.capa ~= nil then on.CAPA = nil end
  if opts.greeting ~= nil or opts.apop then on.connect = nil end
  for name, value in pairs(opts) do
    if name ~= "preset" then merged[name] = value end
  end
  argument.options(merged, known, "server", level + 1)
  local above = {}
  for name, handler in pairs(opts.on or {}) do above[name] = handler end
  merged.on = setmetatable(above, { __index = on })
  return merged
end

--- Add a fault.
-- @tparam table self a server, or the fields of one
-- @tparam table f
-- @tparam integer level see `pop3.util.argument`
function options.add_fault(self, f, level)
  local made = fault.new(f, level + 1)
  self.last_fault = self.last_fault + 1
  made.id, made.given = self.last_fault, own(f)
  if made.hook == "tls" and not self.certificates then
    argument.misuse(level + 1, "fault: the hook tls needs the option tls of "
                    .. "the server")
  end
  self.faults[#self.faults + 1] = made
end

-- The certificates of the option `tls`; nil without it; nil, message, code when
-- a file cannot be used.
local function certificates_of(opts, level)
  if opts.tls == nil or opts.tls == false then
    if opts.implicit or opts.require_tls then
      argument.misuse(level + 1, "server: option '%s' needs tls", opts.implicit
                      and "implicit" or "require_tls")
    end
    return nil
  end
  if type(opts.tls) ~= "string" and type(opts.tls) ~= "table" then
    argument.misuse(level + 1, "server: option 'tls' must be a string or a "
                    .. "table")
  end
  local made, err, code = certificates.new(opts.tls, level + 1)
  if not made then return nil, "server: " .. err, code end
  return made
end

-- Can the keytab be used? true, or nil, message, code. The default keytab of the system
-- is not opened before a client logs in.
local function check_keytab(keytab)
  if not keytab then return true end
  local ok, err, code = core.sasl.keytab(keytab)
  if not ok then return nil, "server: keytab: " .. err, code end
  return true
end

local limit_fields = { line = "integer", output = "integer",
                       transcript = "integer", logins = "integer" }

-- Check the options that are numbers.
local function check_numbers(opts, limits, level)
  if opts.autologout and (opts.autologout <= 0
     or opts.autologout ~= opts.autologout) then
    argument.misuse(level + 1, "server: autologout must be greater than 0")
  end
  for _, name in ipairs { "login_delay", "failure_delay" } do
    local seconds = opts[name] or 0
    if not (seconds >= 0 and seconds < math.huge) then
      argument.misuse(level + 1, "server: %s must be a number of 0 or more",
                      name)
    end
  end
  for name, n in pairs(limits) do
    if argument.count(n, "limit " .. name, level + 1) < 1 then
      argument.misuse(level + 1, "server: limit %s must be 1 or more", name)
    end
  end
end

--- Read the options of `pop3.server.new`.
-- @tparam table opts
-- @tparam integer level see `pop3.util.argument`
-- @treturn table fields of the server; or nil, message, code when a file of
-- `tls`, or the keytab, cannot be used
function options.read(opts, level)
  argument.options(opts, known, "server", level + 1)
  local given = {}
  for name, value in pairs(opts) do given[name] = value end
  opts = with_preset(opts, level + 1)
  check_tables(opts, level + 1)
  local limits = opts.limits or {}
  argument.options(limits, limit_fields, "server: limits", level + 1)
  local mechs, apop = mechanisms(opts.mechs or {}, level + 1)
  local made, err, code = certificates_of(opts, level + 1)
  if err then return nil, err, code end
  local ok
  ok, err, code = check_keytab(opts.keytab)
  if not ok then return nil, err, code end
  check_numbers(opts, limits, level + 1)
  local settings = {
    users = opts.users or {},
    authenticate = opts.authenticate,
    host = opts.host or "127.0.0.1",
    wanted_port = opts.port or 0,
    capa = opts.capa,
    greeting = opts.greeting,
    apop = opts.apop or apop,
    certificates = made or false,
    implicit = opts.implicit or false,
    require_tls = opts.require_tls or false,
    mechs = mechs,
    keytab = opts.keytab,
    failure_delay = opts.failure_delay or 0,
    seed = opts.seed,
    new_users = opts.new_users,
    autologout = opts.autologout or 600,
    login_delay = opts.login_delay or 0,
    expire = opts.expire or "NEVER",
    limits = limits,
    on = opts.on or {},
    faults = {},
    last_fault = 0,
    clock = opts.clock or false,
    given = given,
  }
  for _, f in ipairs(opts.faults or {}) do
    options.add_fault(settings, f, level + 1)
  end
  return settings
end

-- Options that a preset may have, and that a running server takes.
local of_presets = { "greeting", "capa", "apop", "mechs", "autologout",
                     "failure_delay", "login_delay", "expire" }

--- Make a running server behave like another one.
-- @tparam table self a server
-- @tparam ?string|table preset see the option; nil for none
-- @tparam integer level see `pop3.util.argument`
function options.change_preset(self, preset, level)
  local given = { preset = preset, on = {}, keytab = self.keytab }
  for _, name in ipairs(of_presets) do given[name] = self.given[name] end
  for name, handler in pairs(self.on) do given.on[name] = handler end
  local read = assert(options.read(given, level + 1))
  for _, name in ipairs(of_presets) do self[name] = read[name] end
  setmetatable(self.on, getmetatable(read.on))
  self.given.preset = preset
  self.idle.span, self.kept = self.autologout, {}
end

--- Check the fields of a user.
-- @tparam string name
-- @tparam table user
-- @tparam integer level see `pop3.util.argument`
function options.check_user(name, user, level)
  check_users({ [name] = user }, level + 1)
end

return options
