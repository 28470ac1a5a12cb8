-- The loop of a programmer who writes tests: a server is made, it greets, it is ended;
-- and sessions in memory.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"

-- A row of what tester_round.lua prints.
local function row(rows, label, what, count)
  h.measure(rows, {
    label = label, check = false,
    cmd = ("%s spec/bench/tester_round.lua %s %d"):format(h.lua, what, count),
    per_second = function(output) return tonumber(output) end,
  })
end

return function()
  local rows = { unit = "ms" }
  io.stderr:write "fork to greeting and stop\n"
  row(rows, "ours, fork to greeting to stop", "fork", h.size(300, 30))
  row(rows, "fork and accept by hand (floor)", "floor", h.size(300, 30))
  row(rows, "asyncio mock, as a process", "python", h.size(9, 3))
  h.print("a server for one test: made, greets, ended", rows, goals.tester_fork)

  rows = { unit = "sessions/s" }
  io.stderr:write "loopback\n"
  row(rows, "ours, in memory", "loopback", h.size(20000, 1000))
  row(rows, "ours, by octets", "octets", h.size(20000, 1000))
  h.print("sessions in memory: connect, log in, STAT, QUIT; by our client, or "
          .. "without one", rows,
          goals.tester_loopback)
end
