-- Servers under the C load client: ours, one in C that answers from memory, real
-- servers, and a mock as people write it by hand.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"
local idle = require "spec.bench.idle"
local message = require "spec.bench.mail"
local peers = require "spec.interop.peers"
local proc = require "spec.interop.proc"

peers.PASSWORD = h.PASSWORD

local USERS = h.size(1000, 100)         -- c0, c1, ... with 10 messages each
-- of fetching all messages, so that logging in does not count for much
local ROUNDS = h.size(5, 1)
local BOXES = { small = { h.size(10000, 1000), 4096 },
  medium = { h.size(1000, 100), 102400 }, c = { 10, 2048 } }
local IDLE = h.size(10000, 500)
local CUT = h.size(2, 1)                -- seconds after which a slow run stops

local function specs()
  local t = {}
  for name, box in pairs(BOXES) do
    t[#t + 1] = ("%s=%dx%d"):format(name, box[1], box[2])
  end
  return t
end

-- The same mail on disk, for the real servers.
local function mailboxes()
  local t = {}
  local function fill(name, box)
    local octets = message(box[2]):gsub("\r\n", "\n")
    t[name] = {}
    for i = 1, box[1] do t[name][i] = octets end
  end
  fill("small", BOXES.small)
  fill("medium", BOXES.medium)
  for i = 0, USERS - 1 do fill("c" .. i, BOXES.c) end
  return t
end

-- name, start(dir), how many idle sessions it can be asked for
local SERVERS = {
  { "C server (blaster)", function(dir) return h.blaster(dir, specs()) end,
    IDLE },
  { "ours", function(dir) return h.our_server(dir, specs()) end, IDLE },
  { "ours, RETR in Lua", function(dir)
    return h.our_server(dir, { "override", table.unpack(specs()) })
  end, IDLE },
  { "Python asyncio mock", function(dir)
    local port = proc.free_port()
    return h.serve(dir, { "python3", "spec/bench/mock.py", port,
      table.unpack(specs()) }, port)
  end, IDLE },
  { "Dovecot", function() return peers.dovecot(mailboxes(), 12000) end,
    h.size(500, 100), missing = peers.no_dovecot },
  { "popa3d", function() return peers.popa3d(mailboxes()) end,
    h.size(200, 50), missing = peers.no_popa3d },
}

-- key, title, unit, what per second, arguments of loadclient, octets a message
local TESTS = {
  { "small_lockstep", "small, lock-step: %d messages of 4 KiB", "messages/s",
    "messages", { "small", "-d", 1, "retr" }, "small" },
  { "small_pipelined", "small, pipelined: %d messages of 4 KiB", "messages/s",
    "messages", { "small", "-d", 50, "retr" }, "small" },
  { "medium_lockstep", "medium, lock-step: %d messages of 100 KiB", "MB/s",
    "octets", { "medium", "-d", 1, "retr" }, "medium" },
  { "medium_pipelined", "medium, pipelined: %d messages of 100 KiB", "MB/s",
    "octets", { "medium", "-d", 50, "retr" }, "medium" },
  { "sessions", "short sessions, 50 at once: connect, log in, STAT, QUIT",
    "sessions/s", "sessions",
    { "c%d", "-M", USERS, "-c", h.size(50, 20), "-n", h.size(4000, 400),
      "sess" } },
  { "many", USERS .. " sessions at once, %d messages of 2 KiB, "
      .. ROUNDS .. " times each",
    "messages/s", "messages",
    { "c%d", "-M", USERS, "-c", USERS, "-d", 1, "-R", ROUNDS, "retr" }, "c" },
}

local function load_test(server, name, test, rows)
  local _, _, unit, what, args, box = table.unpack(test, 1, 6)
  local size = box and BOXES[box][2]
  local scale = what == "octets" and 1e6 or 1
  local row = h.measure(rows, {
    label = name, octets = 0,
    cmd = h.loadclient(server.port, args[1], "-T", CUT,
      table.unpack(args, 2)),
    -- a message that came short, or a session that failed, spoils the run
    check = function(output)
      local r = h.load_result(output)
      if r.errors ~= 0 then return -1 end
      if not size then return r.sessions > 0 and 0 or -1 end
      local each = r.octets / r.messages
      return r.messages > 0 and each >= size + 3 and 0 or each
    end,
    seconds = function(output) return h.load_result(output).seconds end,
    per_second = function(output)
      local r = h.load_result(output)
      return r[what] / r.seconds / scale
    end,
  })
  row.rss = nil                         -- the load client's, of no interest
  rows.unit = unit
end

return function(dir)
  local tables, idlers = {}, {}
  for _, test in ipairs(TESTS) do tables[test[1]] = {} end
  for _, entry in ipairs(SERVERS) do
    local name, start, sessions = table.unpack(entry, 1, 3)
    local missing = entry.missing and entry.missing()
    io.stderr:write("server: ", name, "\n")
    if missing then
      print(("\n%s is left out: %s"):format(name, missing))
    else
      -- one that does not start is a failed row, not the end of the run
      local ok, server = pcall(start, dir)
      if not ok then
        print(("\n%s did not start: %s"):format(name, server))
      else
        idle.measure(idlers, server, name, sessions, dir)  -- before the heap grows
        for _, test in ipairs(TESTS) do
          load_test(server, name, test, tables[test[1]])
        end
        server:stop()
      end
    end
  end
  for _, test in ipairs(TESTS) do
    local box = BOXES[test[6]]
    h.print("server: " .. test[2]:format(box and box[1]), tables[test[1]],
      goals[test[1]])
  end
  idle.print("server: memory per idle session", idlers, goals.idle)
end
