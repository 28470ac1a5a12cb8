-- Does the cost of a message depend on the number of messages? LIST and every RETR of
-- 1,000, 10,000 and 100,000 messages of 512 octets. The cost of a session with one
-- message, mostly the start of Lua, is subtracted.

local goals = require "spec.bench.goals"
local h = require "spec.bench.harness"

local SIZES = h.quick and { 100, 1000, 10000 } or { 1000, 10000, 100000 }
local OCTETS = 512

-- One mailbox per size, "g" and so on, and "one".
local function specs()
  local t = { "one=1x" .. OCTETS }
  for i, count in ipairs(SIZES) do
    t[#t + 1] = ("%s=%dx%d"):format(("g"):rep(i), count, OCTETS)
  end
  return t
end

local function measure(title, server, goal)
  local rows = { unit = "us/message" }
  io.stderr:write(title, "\n")
  local function row(label, user, count)
    return h.measure(rows, { label = label, octets = count * OCTETS,
      cmd = h.our_client(server.port, user, "pipelined") })
  end
  local start = row("one message", "one", 1).wall
  table.remove(rows)
  for i, count in ipairs(SIZES) do
    local r = row(("%d messages"):format(count), ("g"):rep(i), count)
    r.rate = start and r.wall and (r.wall - start) / count * 1e6
  end
  h.print(title, rows, goal)
end

return function(dir)
  do
    local server <close> = h.blaster(dir, specs())
    measure("growth: our client, C server", server, goals.growth(SIZES))
  end
  local server <close> = h.our_server(dir, specs())
  measure("growth: our client, our server", server, goals.growth(SIZES))
end
