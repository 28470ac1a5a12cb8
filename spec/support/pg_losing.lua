--- A proxy of PostgreSQL (`spec.support.pg_proxy`) in a child process, which loses one
-- piece of a given number on average, in both directions: a COMMIT, or the answer to
-- one, among them.
--
--    local proxy <close> = losing(server(), url, 30)
--    local db = sql.open { url = proxy.url }

local core = require "pop3.core"
local helper = require "spec.helper"
local new_loop = require "pop3.loop.own"
local pg_proxy = require "spec.support.pg_proxy"

local Losing = {}
Losing.__index = Losing

-- Pieces at the beginning of a connection are its start.
local function serve(its, server, url, most)
  local loop <close> = assert(new_loop())
  local proxy = pg_proxy(loop, server, url)
  local lost = { client = 0, server = 0 }
  function proxy.rule(from)
    if helper.random(most) > 1 then return "pass" end
    lost[from] = lost[from] + 1
    return helper.random(2) == 1 and "lose" or "half"
  end
  helper.say(its, proxy.url .. "\n")
  loop:spawn(function()
    local fd = its:getfd()
    while loop.wait(fd, "r", helper.PATIENCE) do
      if not its:read(100) then break end
      helper.say(its, ("%d %d\n"):format(lost.client, lost.server))
    end
    core.exit(0)
  end)
  loop:run()
end

--- How many pieces of clients, and of the server, were lost until now.
function Losing:lost()
  helper.say(self.fd, "\n")
  local client, server = helper.hear(self.fd):match "(%d+) (%d+)"
  return tonumber(client), tonumber(server)
end

function Losing:__close()
  core.kill(self.pid)
  core.waitpid(self.pid)
  self.fd:close()
end

return function(server, url, most)
  local mine, its = assert(core.socketpair())
  local pid = assert(core.fork())
  if pid == 0 then
    mine:close()
    local ok, err = xpcall(serve, debug.traceback, its, server, url, most)
    io.stderr:write("the proxy failed: ", tostring(ok and "it ended" or err), "\n")
    core.exit(1)
  end
  its:close()
  return setmetatable({ pid = pid, fd = mine, url = helper.hear(mine):match "[^\n]+" },
                      Losing)
end
