-- Runs the sections named on the command line, or all of them.

local h = require "spec.bench.harness"
local proc = require "spec.interop.proc"

local SECTIONS = { "clients", "servers", "processor", "tls", "tester", "messages", "linear",
                   "growth", "memory", "sync", "fleet" }
local chosen = #arg > 0 and arg or SECTIONS

local function first_line(cmd)
  return proc.check(cmd):match "[^\n]*"
end

print(("%s, %s, %d CPUs; median of %d%s"):format(os.date "!%Y-%m-%d %H:%MZ",
  first_line "sed -n 's/^model name.*: //p' /proc/cpuinfo | sort -u; uname -m",
  h.client_cpu + 1, h.runs, h.quick and ", quick: sizes are small" or ""))

local dir = proc.tmpdir()
local failed = false
for _, name in ipairs(chosen) do
  local ok, problem = xpcall(require("spec.bench." .. name), debug.traceback, dir)
  if not ok then
    failed = true
    print(("\n%s broke off: %s"):format(name, problem))
  end
end
proc.rmdir(dir)
os.exit(not failed, true)
