-- What we want of our own rows, by table: the least or the most share of the
-- rate of row 'label' in the same table, or the most that a field may be.

local M = {}

local function of(label, share)
  return { text = (">= %.2f of %s"):format(share, label),
    label = label, least = share }
end

M.client_big = {
  ["ours, to a sink"] = of("C client", 0.8),
  ["ours, saved to a file"] = of("curl", 1),
  ["ours, as a string"] = of("curl", 1),
}
M.client_small = {
  ["ours, lock-step"] = of("curl", 1.5),
  ["ours, retr_many"] = of("mpop", 4),
}
M.client_medium = { ["ours, retr_many"] = of("mpop", 4) }

-- The server's two rows are held against the same peer in every table.
local function both(label, share)
  return { ours = of(label, share), ["ours, RETR in Lua"] = of(label, share) }
end

local C = "C server (blaster)"
M.small_lockstep = both(C, 0.75)
M.small_pipelined = both("Dovecot", 4)
M.medium_lockstep = both("Dovecot", 1.5)
M.medium_pipelined = both("Dovecot", 4)
M.sessions = both("Python asyncio mock", 1)
M.many = both("Python asyncio mock", 1)

local idle = { text = "<= 16 KiB", field = "kib", most = 16 }
M.idle = { ours = idle, ["ours, RETR in Lua"] = idle }

-- Ten times the messages may not make each of them dearer.
function M.growth(sizes)
  local last, middle = sizes[3] .. " messages", sizes[2] .. " messages"
  return { [last] = { text = "<= 1.25 of " .. middle, label = middle,
    most = 1.25 } }
end

local small = { text = "< 16 MiB", field = "rss", most = 16 }
M.memory = { ["ours, to a sink"] = small, ["ours, saved to a file"] = small }

return M
