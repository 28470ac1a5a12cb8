--- A proxy of PostgreSQL in a child process (`spec.support.pg_child`), which loses one
-- piece of a given number on average, in both directions: a COMMIT, or the answer to
-- one, among them.
--
--    local proxy <close> = losing(server(), url, 30)
--    local db = sql.open { url = proxy.url }

local helper = require "spec.helper"
local child = require "spec.support.pg_child"

local Losing = { __close = child.close }
Losing.__index = Losing

--- How many pieces of clients, and of the server, were lost until now.
function Losing:lost()
  helper.say(self.fd, "\n")
  local client, server = helper.hear(self.fd):match "(%d+) (%d+)"
  return tonumber(client), tonumber(server)
end

-- Pieces at the beginning of a connection are its start.
return function(server, url, most)
  return setmetatable(child.start(server, url, function(proxy)
    local lost = { client = 0, server = 0 }
    function proxy.rule(from)
      if helper.random(most) > 1 then return "pass" end
      lost[from] = lost[from] + 1
      return helper.random(2) == 1 and "lose" or "half"
    end
    return function() return ("%d %d"):format(lost.client, lost.server) end
  end), Losing)
end
