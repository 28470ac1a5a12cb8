-- Does reading take twice the work for twice the mail, for every kind of mail?
--
-- The work is the number of instructions, which valgrind counts and other processes
-- do not change. Programs run 50 times slower under it, so the sizes are a tenth. What a
-- message of size 1 takes, mostly the start of the interpreter, is subtracted. A limit
-- that is passed between the two sizes can add a step, so a growth over the goal is
-- measured again at the next doubling, which counts.
--
-- Without valgrind, or with BENCH_TIME=1, the work is processor time at the full sizes:
-- the least of some readings, the two sizes in turn. That needs an idle machine.

local h = require "spec.bench.harness"
local mail = require "spec.bench.linear_kinds"
local proc = require "spec.interop.proc"

local GOAL = 2.2
local counted = proc.have "valgrind" and (os.getenv "BENCH_TIME" or "0") == "0"
local unit = counted and "M instr" or "ms"

local function instructions(number, n)
  local out = proc.check(proc.words { "valgrind", "--tool=callgrind",
    "--callgrind-out-file=/dev/null", h.lua, "spec/bench/linear_kinds.lua", number, n })
  return tonumber(out:match "Collected : (%d+)") / 1e6
end

-- The work for n and for 2n.
local function count(number, _, n)
  local start = instructions(number, 1)
  return instructions(number, n) - start, instructions(number, 2 * n) - start
end

-- The milliseconds for one reading, or the best so far.
local function least(text, nowalk, best)
  collectgarbage()
  local start = os.clock()
  mail.read(text, nowalk)
  return math.min(best or math.huge, (os.clock() - start) * 1000)
end

local function time(_, kind, n)
  local small, large = kind[2](n), kind[2](2 * n)
  local a, b
  for _ = 1, h.runs do
    a, b = least(small, kind.nowalk, a), least(large, kind.nowalk, b)
  end
  return a, b
end

-- Measure and print one kind; the growth of its work.
local function growth_of(number, kind, n, note)
  local a, b = (counted and count or time)(number, kind, n)
  local small, large = #kind[2](n), #kind[2](2 * n)
  local growth = b / a * 2 * small / large
  print(("%-34s %11.2f %13.1f %13.1f %6.2f%s"):format(kind[1], large / 1e6, a, b, growth,
    note))
  return growth
end

return function()
  print(("\nlinear: twice the mail, how many times the %s? (goal: <= %.1f)\n" ..
    "%-34s %11s %13s %13s %6s"):format(counted and "instructions" or "time", GOAL, "",
    "size, MB", "half, " .. unit, "whole, " .. unit, "times"))
  local scale = counted and 10 or h.quick and 20 or 1
  local worst, over, measured = 0, {}, 0
  for number = 1, #mail.kinds, h.quick and 10 or 1 do
    local kind = mail.kinds[number]
    local n = kind[3] // scale
    local growth = growth_of(number, kind, n, "")
    if growth > GOAL then
      growth = growth_of(number, kind, 2 * n, "  (next doubling)")
    end
    worst = math.max(worst, growth)
    if growth > GOAL then over[#over + 1] = kind[1] end
    measured = measured + 1
  end
  print(("%d kinds, worst %.2f; over %.1f: %s"):format(measured, worst, GOAL,
    #over > 0 and table.concat(over, ", ") or "nothing"))
end
