-- The memory that a server needs for a session that waits.

local h = require "spec.bench.harness"
local helper = require "spec.helper"
local proc = require "spec.interop.proc"

local M = {}

-- KiB of anonymous memory, shared pages in proportion, of a process and all
-- that it started.
local function memory(pid)
  local sum, f = 0, io.open("/proc/" .. pid .. "/smaps_rollup")
  if f then
    sum = tonumber(f:read "a":match "\nPss_Anon:%s+(%d+)") or 0
    f:close()
  end
  f = io.open(("/proc/%d/task/%d/children"):format(pid, pid))
  if not f then return sum end
  for child in f:read "a":gmatch "%d+" do sum = sum + memory(child) end
  f:close()
  return sum
end

-- The memory that 'count' logged-in sessions add, once all are there.
-- 'more' are options of loadclient.
function M.measure(rows, server, name, count, dir, more)
  local pid, out = (server.process or server).pid, dir .. "/idle"
  os.remove(out)
  local before = memory(pid)
  local p = io.popen(("taskset -c %d %s >%s 2>&1"):format(h.client_cpu,
    h.loadclient(server.port, "c%d", "-c", count,
      table.unpack { more or "idle", more and "idle" }), out), "w")
  local line = helper.await(function()
    local log = proc.exists(out) and proc.read(out) or ""
    return log:match "idle %d+ errors %d+"
  end, 60)
  local kib = (memory(pid) - before) / count
  p:close()
  local row = { label = name, count = count }
  if line == ("idle %d errors 0"):format(count) then row.kib = kib
  else row.failed = tostring(line) end
  rows[#rows + 1] = row
  io.stderr:write(("  %-34s %s\n"):format(name, row.failed or kib))
end

function M.print(title, rows, goals)
  print(("\n%s\n%-34s %10s %14s  %s"):format(title, "", "sessions",
    "KiB a session", "goal"))
  for _, row in ipairs(rows) do
    print(("%-34s %10d %14s  %s"):format(row.label, row.count,
      row.failed and "FAILED" or ("%.1f"):format(row.kib),
      h.note(goals, row, rows)))
  end
end

return M
