-- Processor time of servers: ours and the one in C, in turn in each round, so that
-- both run under the same conditions. Wall time says little when other work runs.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

local USERS = h.size(1000, 100)         -- c0, c1, ... with 10 messages each
local BOXES = { "small=2000x4096", "medium=200x102400", "c=10x2048" }

-- key, title, what is counted, arguments of loadclient
local TESTS = {
  { "cpu_lockstep", "4 KiB, lock-step", "messages",
    { "small", "-d", 1, "-R", h.size(4, 1), "retr" } },
  { "cpu_pipelined", "4 KiB, 50 in flight", "messages",
    { "small", "-d", 50, "-R", h.size(10, 1), "retr" } },
  { "cpu_medium", "100 KiB, 50 in flight", "messages",
    { "medium", "-d", 50, "-R", h.size(10, 1), "retr" } },
  { "cpu_sessions", "short sessions: connect, log in, STAT, QUIT", "sessions",
    { "c%d", "-M", USERS, "-c", 50, "-n", h.size(3000, 300), "sess" } },
  { "cpu_many", USERS .. " sessions at once, 2 KiB", "messages",
    { "c%d", "-M", USERS, "-c", USERS, "-d", 1, "-R", h.size(3, 1), "retr" } },
}

-- The server itself: 'proc.serve' starts it as the child of timeout(1).
local function child_of(pid)
  return proc.read(("/proc/%d/task/%d/children"):format(pid, pid)):match "%d+"
end

-- Nanoseconds that a process has run.
local function ran(pid)
  return tonumber(proc.read("/proc/" .. pid .. "/schedstat"):match "%d+")
end

-- Microseconds of the server for each message or session.
local function cost(server, test)
  local pid, words = child_of(server.pid), test[4]
  local before = ran(pid)
  local result = h.load_result(proc.check(("taskset -c %d %s"):format(
    h.client_cpu, h.loadclient(server.port, words[1], "-T", 30,
                               table.unpack(words, 2)))))
  local count = result[test[3]]
  assert(result.errors == 0 and count > 0, "the load client met errors")
  return (ran(pid) - before) / 1000 / count
end

local function measure(test, servers)
  local rows = {}
  for i, server in ipairs(servers) do
    rows[i] = { label = server.label, costs = {} }
  end
  for round = 0, h.runs do              -- round 0 warms up
    for i, server in ipairs(servers) do
      local us = cost(server, test)
      if round > 0 then rows[i].costs[round] = us end
    end
  end
  for _, row in ipairs(rows) do
    row.us = h.median(row.costs)
    row.ratio = rows[1].us / row.us
  end
  print(("\nprocessor time of the server: %s\n%-34s %12s %7s  %s"):format(test[2],
    "", "us each", "ratio", "goal"))
  for _, row in ipairs(rows) do
    print(("%-34s %12.2f %7.2f  %s"):format(row.label, row.us, row.ratio,
      h.note(goals[test[1]], row, rows)))
  end
  io.stdout:flush()
end

return function(dir)
  local c <close> = h.blaster(dir, BOXES)
  local ours <close> = h.our_server(dir, BOXES)
  c.label, ours.label = "C server (blaster)", "ours"
  for _, test in ipairs(TESTS) do measure(test, { c, ours }) end
end
