--- TLS contexts of clients. Connections with the same options share one, so that the
-- trusted CAs are read once and not for each connection.
--
-- A context is found by a digest of all its options and of the state of the files that
-- they name (device, inode, size, times). So a changed file, or a directory with an
-- added or removed file, causes a new context. A certificate in a directory that is
-- overwritten in place is used after `LIFE` seconds at the latest. A context has no
-- data of a session: no name, no ticket.
--
-- Each Lua state has its own contexts. It keeps `KEPT` of them that no connection
-- uses; a context with a private key is not kept after its last connection.
-- @module pop3.transport.context
-- @local

local core = require "pop3.core"
local sorted_keys = require "pop3.util.sorted_keys"

local KEPT = 8    -- contexts
local LIFE = 60   -- seconds after which no new connection gets the same context

-- Seconds. The times of a file are coarse: a file that was changed a moment ago may be
-- changed once more without another time.
local SETTLED = 2

local shared = setmetatable({}, { __mode = "v" })  -- digest → context
local kept = { last = 0 }  -- a ring

-- Add a value to the list that identifies a context. The lengths keep two different
-- lists from becoming the same string.
local function add(list, name, value)
  value = tostring(value)
  list[#list + 1] = ("%s %d %s"):format(name, #value, value)
end

-- Add the state of a file or directory; false if it cannot be relied on.
local function add_file(list, path, now)
  local kind, _, stamp, changed = core.stat(path)
  add(list, "file", path)
  add(list, "state", stamp)
  if not kind then return true end  -- an absent file has no times
  return kind ~= "other" and changed < now - SETTLED
end

-- Add the state of all files that the options name; false if one of them cannot be
-- relied on.
local function add_files(list, opts, now)
  local files, dirs = { opts.crlfile }, nil
  if opts.verify ~= false then
    files[#files + 1], dirs = opts.cafile, opts.capath
    if not opts.cafile and not opts.capath then
      files[#files + 1], dirs = core.tls_store()
    end
  end
  for _, option in ipairs { "cert", "key" } do
    local value = opts[option]
    if value and not value:find "^%-%-%-%-%-BEGIN" then files[#files + 1] = value end
  end
  for dir in (dirs or ""):gmatch "[^:]+" do files[#files + 1] = dir end
  local reliable = true
  for _, path in ipairs(files) do
    reliable = add_file(list, path, now) and reliable
  end
  return reliable
end

-- The digest that stands for the options, or nil if they cannot be shared.
local function identify(opts)
  local list, now = {}, os.time()
  for _, name in ipairs(sorted_keys(opts)) do
    local value = opts[name]
    if type(value) ~= "table" then
      add(list, name, value)
    else
      for _, one in ipairs(value) do add(list, name, one) end
    end
  end
  add(list, "time", now // LIFE)
  add(list, "configuration", os.getenv "OPENSSL_CONF")
  return add_files(list, opts, now) and core.sha256(table.concat(list, "\n"))
end

--- The context of a client with these options.
-- @tparam table opts those of `core.tls_context`
-- @treturn pop3.tls.context; or nil, message, "tls". Misuse is raised
local function context(opts)
  local digest = identify(opts)
  local found = digest and shared[digest]
  if found then return found end
  local made, message, code = core.tls_context(opts)
  if not made then return nil, message, code end
  if digest then
    shared[digest] = made
    if not opts.cert then
      kept.last = kept.last % KEPT + 1
      kept[kept.last] = made
    end
  end
  return made
end

return context
