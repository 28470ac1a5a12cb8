--- Runs a proxy of PostgreSQL (`spec.support.pg_proxy`) in a child process, for
-- `pg_losing` and `pg_stopping`.

local core = require "pop3.core"
local helper = require "spec.helper"
local new_loop = require "pop3.loop.own"
local pg_proxy = require "spec.support.pg_proxy"

local child = {}

local function serve(its, server, url, begin)
  local loop <close> = assert(new_loop())
  local proxy = pg_proxy(loop, server, url)
  local answer = begin(proxy, its)
  helper.say(its, proxy.url .. "\n")
  loop:spawn(function()
    local fd = its:getfd()
    while loop.wait(fd, "r", helper.PATIENCE) do
      local asked = its:read(100)
      if not asked then break end
      helper.say(its, answer(asked) .. "\n")
    end
    core.exit(0)
  end)
  loop:run()
end

--- Start one.
-- @param begin called in the child with the proxy, whose rule it sets, and the
-- descriptor of the parent; returns the function that answers the parent's requests by
-- a line
-- @return `pid`, `fd` (to ask) and `url`
function child.start(server, url, begin)
  local mine, its = assert(core.socketpair())
  local pid = assert(core.fork())
  if pid == 0 then
    mine:close()
    local ok, err = xpcall(serve, debug.traceback, its, server, url, begin)
    io.stderr:write("the proxy failed: ", tostring(ok and "it ended" or err), "\n")
    core.exit(1)
  end
  its:close()
  return { pid = pid, fd = mine, url = helper.hear(mine):match "[^\n]+" }
end

--- End it.
function child.close(self)
  core.kill(self.pid)
  core.waitpid(self.pid)
  self.fd:close()
end

return child
