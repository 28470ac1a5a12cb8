--- A server that takes every line as it comes: no verb is unknown, no argument
-- wrong and no state; one handler answers all of them.
-- @module pop3.plain
-- @local

--- Make one.
-- @tparam table opts of `pop3.server.new`, but for `on`
-- @tparam table hooks `connect` and others
-- @tparam function handle called with the session and the rest of the line
-- @tparam ?table above handlers of the script, which come before it
-- @treturn pop3.server or nil, message, code
return function(opts, hooks, handle, above)
  local server, err, code = require "pop3.server".new(opts)
  if not server then return nil, err, code end
  server.engine_opts.plain = true
  for name, handler in pairs(above or {}) do hooks[name] = handler end
  server.on = setmetatable(hooks, { __index = function(_, name)
    return not name:find "^%l" and handle or nil  -- hooks are in lower case
  end })
  return server
end
