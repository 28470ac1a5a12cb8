-- A worker of a fleet under measurement: fleet_worker.lua DATABASE MAILDIRS JOBS.
-- It ends when nothing is due, and prints its counters.

local pop3 = require "pop3"

local fleet <close> = pop3.fleet {
  store = arg[1], into = { maildir = arg[2] .. "/{name}" }, until_idle = true,
  jobs = math.tointeger(tonumber(arg[3])), lease = 300,
  secret = function() return { password = "pw" } end,
}
assert(fleet:run())
local counters = fleet:counters()
for _, name in ipairs { "claims", "claimed", "ok", "new", "reads", "writes",
                        "transactions" } do
  io.write(name, "=", counters[name] or 0, " ")
end
print()
