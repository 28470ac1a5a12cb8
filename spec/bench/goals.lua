-- The goals for our own rows, by table and label: a list of goals, each the least or
-- the most share of the rate of another row, or of a field itself.

local M = {}

local function of(label, share)
  return { text = (">= %g of %s"):format(share, label), label = label,
    least = share }
end

local function at_least(rate, unit)
  return { text = (">= %d %s"):format(rate, unit), field = "rate", least = rate }
end

local function at_most(field, most, unit)
  return { text = ("<= %g %s"):format(most, unit), field = field, most = most }
end

M.client_big = {
  ["ours, to a sink"] = { of("curl", 4), of("C client", 0.9) },
  ["ours, saved to a file"] = { of("C client, to a file", 0.9) },
  ["ours, as a string"] = { at_most("rss", 256 * 1.1 + 8, "MiB") },
}
M.client_small = {
  ["ours, lock-step"] = { of("C client, lock-step", 0.9) },
  ["ours, retr_many"] = { of("C client, pipelined", 0.5) },
}
M.client_medium = { ["ours, retr_many"] = { of("mpop", 3) } }

local C = "C server (blaster)"
local in_lua = { at_least(60000, "messages/s") }
M.small_lockstep = { ours = { of(C, 0.9) } }
M.small_pipelined = { ours = { of(C, 0.3) }, ["ours, RETR in Lua"] = in_lua }
M.medium_lockstep = { ours = { of(C, 0.9) } }
M.medium_pipelined = { ours = { of(C, 0.3) } }
M.sessions = { ours = { at_least(8000, "sessions/s") } }
M.many = { ours = { at_least(60000, "messages/s") } }
M.idle = { ours = { at_most("kib", 4, "KiB") } }

-- Shares of the processor time of the C server.
local function share(least)
  return { ours = { { text = (">= %g of %s"):format(least, C), field = "ratio",
                      least = least } } }
end
M.cpu_lockstep, M.cpu_pipelined = share(0.95), share(0.6)
M.cpu_sessions, M.cpu_many = share(0.7), share(0.6)

M.tls_big = {
  ["ours, to a sink"] = { of("C client", 0.8), of("curl", 1.5) },
}
M.tls_logins = {
  ours = { of("C server (blaster)", 0.8),
           of("openssl s_time, no login", 0.8) },
}
M.tls_client = { ["ours"] = { of("C client", 1 / 1.1) } }
M.tls_idle = { ours = { at_most("kib", 40, "KiB") } }

M.tester_fork = {
  ["ours, fork to greeting to stop"] = { at_most("rate", 3, "ms") },
}
M.tester_loopback = {
  ["ours, in memory"] = { at_least(20000, "sessions/s") },
  ["ours, by octets"] = { at_least(20000, "sessions/s") },
}

M.messages_small = { ours = { of("GMime", 6) } }
M.messages_kept = { ours = { at_most("times", 2, "times the octets") } }
M.messages_parse = { ours = { of("GMime", 3) } }
M.messages_big = { ours = { of("GMime", 2) } }
M.messages_open = {
  ["ours, decoded to a sink"] = { at_most("mib", 4, "MiB") },
  ["ours, subject of 1 GiB"] = { at_most("ms", 1, "ms") },
}

-- With ten times the messages, each must not cost more.
function M.growth(sizes)
  local last, middle = sizes[3] .. " messages", sizes[2] .. " messages"
  return { [last] = { { text = "<= 1.25 of " .. middle, label = middle,
    most = 1.25 } } }
end

local small = { at_most("rss", 16, "MiB") }
M.memory = { ["ours, to a sink"] = small, ["ours, saved to a file"] = small }

return M
