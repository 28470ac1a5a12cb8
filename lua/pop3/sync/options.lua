--- The options of `pop3.sync`: names, types, defaults.
-- @module pop3.sync.options
-- @local

local argument = require "pop3.util.argument"
local spool = require "pop3.sync.spool"

local DAY = 86400

local known = {
  account = "string", attempts = "integer", dedupe = { content = true },
  dry_run = "boolean", filter = "function", forget = "number", into = "any",
  keep = "boolean number function", log = "function",
  max_messages = "integer", max_octets = "integer", max_size = "integer",
  now = "function", order = { oldest = true, newest = true },
  partial = "integer", progress = "function", purge_after = "integer",
  reconnect = "function", rekey = { match = true, fetch = true, stop = true },
  retry = "boolean", seed = "boolean table", set_aside = "string",
  state = "string table userdata",
}

local function at_least(value, least, name, level)
  if value ~= nil and (value < least or value ~= value) then
    argument.misuse(level + 1, "sync: option '%s' must be at least %s", name,
                    least)
  end
end

-- `seed` as a table: { all = true }, { newest = n } or { since = time }.
local function seed_of(seed, level)
  if seed == true then return { all = true } end
  if not seed then return nil end
  argument.options(seed, { newest = "integer", since = "number" },
                   "sync: seed", level + 1)
  if (seed.newest == nil) == (seed.since == nil) then
    argument.misuse(level + 1, "sync: option 'seed' must have one of newest, "
                    .. "since")
  end
  at_least(seed.newest, 0, "seed.newest", level + 1)
  return { newest = seed.newest, since = seed.since }
end

-- `keep = false`.
local function keeps_nothing()
  return false
end

-- `keep` as a function of (handle, first_seen, now); nil when all is kept.
local function keep_of(keep)
  if keep == nil or keep == true then return nil end
  if keep == false then return keeps_nothing end
  if type(keep) == "number" then
    return function(_, first, now) return now - first < keep * DAY end
  end
  return keep
end

local options = { keeps_nothing = keeps_nothing }

--- The options and their types, for `pop3.util.argument.options`.
options.types = known

--- Check the options of `pop3.sync`.
-- @tparam ?table opts
-- @tparam integer level who is to blame, see `pop3.util.argument`
-- @treturn table a copy with the defaults
function options.check(opts, level)
  argument.options(opts or {}, known, "sync", level + 1)
  local o = {}
  for name, value in pairs(opts or {}) do o[name] = value end
  if o.state == nil then
    argument.misuse(level + 1, "sync: option 'state' is missing")
  end
  o.seed = seed_of(o.seed, level + 1)
  if o.into == nil and not o.seed and not o.dry_run then
    argument.misuse(level + 1, "sync: option 'into' is missing")
  end
  for _, name in ipairs { "max_messages", "max_octets", "max_size", "partial",
                          "forget" } do
    at_least(o[name], 0, name, level + 1)
  end
  at_least(o.attempts, 1, "attempts", level + 1)
  at_least(o.purge_after, 1, "purge_after", level + 1)
  if type(o.keep) == "number" then at_least(o.keep, 0, "keep", level + 1) end
  o.keep = keep_of(o.keep)
  o.attempts = o.attempts or 5
  o.forget = (o.forget or 30) * DAY
  o.order = o.order or "oldest"
  o.rekey = o.rekey or "match"
  o.spool = spool.directory()
  return o
end

return options
