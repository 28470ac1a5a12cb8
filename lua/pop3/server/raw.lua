--- A server with one handler for every line: verbs, arguments and states are
-- not checked. The recorder and the replay use it.
-- @module pop3.server.raw
-- @local

local argument = require "pop3.util.argument"

-- The field `default` of such a server: the one handler for each verb, and the
-- hooks.
local function defaults(usual, hooks, handle)
  return setmetatable({}, { __index = function(_, name)
    if type(name) ~= "string" or name:find "^%l" then
      return hooks[name] or usual[name]
    end
    return handle
  end })
end

-- A hook of the script and the server's own. The own hook is called unless the
-- script's returned a reply; at the end of a session it is called first, since
-- the script's may fail.
local function before(name, hook, own)
  return function(session)
    if name == "disconnect" then own(session) end
    local reply = hook(session)
    if name == "disconnect" then return end
    if type(reply) == "table" then return reply end
    return own(session)
  end
end

--- Make such a server.
-- @tparam table opts of `pop3.server.new`, without `on`
-- @tparam table hooks the server's own, such as `connect`
-- @tparam function handle is called with the session and the rest of the line
-- @tparam ?table above handlers and hooks of the script, which come first
-- @treturn pop3.server or nil, message, code; misuse is an error at
-- the line that called the caller
return function(opts, hooks, handle, above)
  local ok, server, err, code = pcall(require "pop3.server.instance".new, opts)
  if not ok then error(argument.said(server), 3) end
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
