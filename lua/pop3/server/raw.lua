--- A server that takes every line as it comes: no verb is unknown, no argument
-- wrong and no state; one handler answers all of them.
-- @module pop3.plain
-- @local

local check = require "pop3.util.argument"

-- What a script's handler can call: the one for all lines, whatever the verb.
local function defaults(usual, hooks, handle)
  return setmetatable({}, { __index = function(_, name)
    if type(name) ~= "string" or name:find "^%l" then
      return hooks[name] or usual[name]
    end
    return handle
  end })
end

-- A hook of the script, and then the one that this server cannot do without,
-- unless the script's gave the reply. At the end of a session it comes first,
-- for the script's may fail.
local function before(name, hook, own)
  return function(session)
    if name == "disconnect" then own(session) end
    local reply = hook(session)
    if name == "disconnect" then return end
    if type(reply) == "table" then return reply end
    return own(session)
  end
end

--- Make one.
-- @tparam table opts of `pop3.server.new`, but for `on`
-- @tparam table hooks `connect` and others
-- @tparam function handle called with the session and the rest of the line
-- @tparam ?table above handlers of the script, which come before it
-- @treturn pop3.server or nil, message, code; misuse is an error of whoever
-- called the caller
return function(opts, hooks, handle, above)
  local ok, server, err, code = pcall(require "pop3.server.instance".new, opts)
  if not ok then error(check.said(server), 3) end
  if not server then return nil, err, code end
  server.engine_opts.plain = true
  server.default = defaults(server.default, hooks, handle)
  local on = {}
  for name, hook in pairs(hooks) do on[name] = hook end
  for name, handler in pairs(above or {}) do
    on[name] = hooks[name] and before(name, handler, hooks[name]) or handler
  end
  server.on = setmetatable(on, { __index = function(_, name)
    return not name:find "^%l" and handle or nil  -- hooks are in lower case
  end })
  return server
end
