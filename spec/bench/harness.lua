-- Runs commands several times, and prints the cost of the median run as a table.

local core = require "pop3.core"
local socket = require "socket"
local proc = require "spec.interop.proc"

local M = {}

M.quick = (os.getenv "BENCH_QUICK" or "0") ~= "0"
M.runs = tonumber(os.getenv "BENCH_RUNS") or M.quick and 1 or 5
M.bin = ".build/bench/"
M.client_cpu = tonumber(proc.check "nproc --all") - 1
M.lua = os.getenv "LUA" or "lua5.4"
M.PASSWORD = "pw"

M.timeout = 60  -- seconds for one run of a command

-- The larger number, or the smaller one in a quick run.
function M.size(full, small)
  return M.quick and small or full
end

function M.median(values)
  local t = table.move(values, 1, #values, 1, {})
  table.sort(t)
  local mid = (#t + 1) // 2
  return #t % 2 == 1 and t[mid] or (t[mid] + t[mid + 1]) / 2
end

-- One run of a shell command on the client's CPU: a table of its cost and
-- its output, or nil and why not.
local function once(cmd, out)
  local line = proc.check(("%srusage -c %d -t %d -o %s sh -c %s"):format(M.bin,
    M.client_cpu, M.timeout, out, proc.quote("exec " .. cmd)))
  local rusage, status = line:match "([%d. ]+) (%d+)\n$"
  if status ~= "0" then return nil, "exit status " .. (status or line) end
  local wall, user, system, rss = rusage:match "(%S+) (%S+) (%S+) (%S+)"
  return { wall = tonumber(wall), rss = tonumber(rss), output = proc.read(out),
           cpu = tonumber(user) + tonumber(system) }
end

M.once = once

-- One more row of a table; a row that failed is kept, to be seen.
local function add(rows, row)
  rows[#rows + 1] = row
  local state = row.failed and "FAILED " .. row.failed
    or ("%.3f s"):format(row.wall)
  io.stderr:write(("  %-34s %s\n"):format(row.label, state))
  return row
end

M.add = add

-- Idle and all time of all CPUs so far.
local function cpu_times()
  local idle, all, i = 0, 0, 0
  for n in proc.read "/proc/stat":match "^cpu([ %d]+)":gmatch "%d+" do
    i, all = i + 1, all + tonumber(n)
    if i == 4 or i == 5 then idle = idle + tonumber(n) end
  end
  return idle, all
end

-- Waits for at most two seconds until other work leaves the machine idle; false
-- when it did not.
function M.quiet()
  local idle, all = cpu_times()
  for _ = 1, M.quick and 1 or 20 do
    socket.select(nil, nil, 0.1)
    local i, a = cpu_times()
    if (i - idle) / math.max(a - all, 1) > 0.85 then return true end
    idle, all = i, a
  end
  return false
end

-- Measures a command as a row:
--   label, cmd     its name; a shell command
--   octets, count  the octets and messages it must read, for the rates and as a check:
--   check(output)  the octets that its output reports (default: its last
--                  number); 'false' when the command cannot tell
--   verify         a command that prints them, run once, uncounted
--   before         a shell command to run before each run, uncounted
--   seconds(output) the time, when the command takes it by itself
--   per_second(output) the rate, when it is not the same work in each run
function M.measure(rows, row)
  local walls, peaks, rates, cpus = {}, {}, {}, {}
  local out = os.tmpname()
  row.busy = not M.quiet()
  if row.verify then
    local got = M.last_number(proc.check(row.verify))
    row.failed = got ~= row.octets
      and ("read %s octets, not %d"):format(got, row.octets) or nil
  end
  for i = 1, row.failed and 0 or M.runs do
    if row.before then proc.check(row.before) end
    local r, problem = once(row.cmd, out)
    local got
    if r and row.check ~= false then
      got = (row.check or M.last_number)(r.output)
      if got ~= row.octets then
        problem = ("read %s octets, not %d"):format(got, row.octets)
      end
    end
    if problem then
      row.failed = problem
      break
    end
    walls[i] = row.seconds and row.seconds(r.output) or r.wall
    peaks[i] = r.rss / 1024
    cpus[i] = r.cpu
    if row.per_second then rates[i] = row.per_second(r.output) end
  end
  os.remove(out)
  if not row.failed then
    row.wall, row.rss = M.median(walls), M.median(peaks)
    row.cpu = M.median(cpus)
    row.min, row.max = math.min(table.unpack(walls)),
      math.max(table.unpack(walls))
    row.rate = row.per_second and M.median(rates)
  end
  return add(rows, row)
end

function M.last_number(output)
  return tonumber(output:match ".*%f[%d](%d+)")
end

-- Goals ----------------------------------------------------------------------

local function find(rows, label)
  for _, row in ipairs(rows) do
    if row.label == label then return row end
  end
end

-- "met" or "missed", from a goal of goals.lua and the rows of its table.
local function verdict(goal, row, rows)
  if row.failed then return "missed" end
  local value = row[goal.field]
  if not goal.field then
    local other = find(rows, goal.label)
    if not other or other.failed then return "not known" end
    value = row.rate / other.rate
  end
  local ok = value >= (goal.least or 0) and value <= (goal.most or math.huge)
  return ok and "met" or "missed"
end

-- The goals of a row and whether they are met, or "".
function M.note(goals, row, rows)
  local notes = {}
  for i, goal in ipairs(goals and goals[row.label] or {}) do
    notes[i] = goal.text .. ": " .. verdict(goal, row, rows)
  end
  return table.concat(notes, "; ")
end

-- Tables ---------------------------------------------------------------------

local function show(value, format)
  return value and format:format(value) or "-"
end

-- Prints rows with 'rate' and 'unit'; the ratios refer to the first row.
function M.print(title, rows, goals)
  local floor, busy = rows[1], false
  print(("\n%s\n%-34s %10s %14s %7s %17s %8s  %s"):format(title, "", "median s",
    rows.unit, "ratio", "min..max s", "peak MiB", "goal"))
  for _, row in ipairs(rows) do
    local note = M.note(goals, row, rows)
    if row.busy then busy, note = true, note .. " (busy)" end
    if row.failed then
      print(("%-34s FAILED: %s  %s"):format(row.label, row.failed, note))
    else
      print(("%-34s %10.4f %14s %7s %17s %8s  %s"):format(row.label, row.wall,
        show(row.rate, "%.1f"),
        show(not floor.failed and row.rate and row.rate / floor.rate, "%.2f"),
        ("%.4f..%.4f"):format(row.min, row.max), show(row.rss, "%.1f"), note))
    end
  end
  if busy then
    print "(busy): other work kept the machine from idling before that row"
  end
  io.stdout:flush()
end

-- Sets the rate of every row to 'amount' of them per second.
function M.rates(rows, unit, amount)
  rows.unit = unit
  for _, row in ipairs(rows) do
    if not row.failed then row.rate = amount / row.wall end
  end
  return rows
end

-- Servers --------------------------------------------------------------------

-- A server process in directory 'dir'. The run script holds this process on
-- the server's CPU, and its child processes stay there.
function M.serve(dir, words, port)
  return proc.serve(proc.words(words), port, dir .. "/" .. port .. ".log")
end

function M.blaster(dir, boxes)
  local port, tlsport = proc.free_port(), proc.free_port()
  local server = M.serve(dir, { M.bin .. "blaster", "-p", port, "-P", tlsport,
    "-c", M.certificate(dir).cert, "-k", M.certificate(dir).key,
    table.unpack(boxes) }, port)
  server.tlsport = tlsport
  return server
end

-- One certificate (EC P-256) for all servers, and its CA: paths.
function M.certificate(dir)
  local paths = { ca = dir .. "/ca.pem", cert = dir .. "/cert.pem",
                  key = dir .. "/key.pem" }
  if proc.exists(paths.ca) then return paths end
  local ca, ca_key = core.certificate { subject = "bench CA", is_ca = true }
  local cert, key = core.certificate { subject = "localhost",
    names = { "localhost", "127.0.0.1" }, ca = { cert = ca, key = ca_key } }
  proc.write(paths.ca, ca)
  proc.write(paths.cert, cert)
  proc.write(paths.key, key)
  return paths
end

function M.our_server(dir, words)
  local port = proc.free_port()
  return M.serve(dir, { "env", "OUR_SERVER_PORT=" .. port, M.lua,
    "spec/bench/server.lua", table.unpack(words) }, port)
end

-- A shell command that runs our client against a port.
function M.our_client(port, user, ...)
  return proc.words { "env", "POP_PORT=" .. port, "POP_USER=" .. user,
    "POP_PW=" .. M.PASSWORD, M.lua, "spec/bench/client.lua", ... }
end

function M.loadclient(port, user, ...)
  return proc.words { M.bin .. "loadclient", "-p", port, "-u", user, "-w",
    M.PASSWORD, ... }
end

-- The output of loadclient, as numbers.
function M.load_result(output)
  local t = {}
  for key, value in output:gmatch "(%l+)=([%d.]+)" do
    t[key] = tonumber(value)
  end
  return t
end

return M
