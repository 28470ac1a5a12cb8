--- The metrics of `pop3 fetch` in the text format of Prometheus, for the
-- textfile collector of its node exporter. The file is replaced as a whole.
-- @module pop3.command.fetch.metrics
-- @local

local atomic_file = require "pop3.util.atomic_file"
local core = require "pop3.core"
local prometheus = require "pop3.command.prometheus"
local sorted_keys = require "pop3.util.sorted_keys"

local Metrics = { __name = "pop3.command.fetch.metrics" }
Metrics.__index = Metrics

--- Make the metrics of a process.
-- @tparam string path
-- @treturn metrics
local function new(path)
  return setmetatable({ path = path, accounts = {} }, Metrics)
end

-- Counters, which grow while the process lives: field of the result, name,
-- help.
local counters = {
  { "new", "messages_total", "Messages delivered." },
  { "octets", "octets_total", "Octets of delivered messages." },
  { "deleted", "deleted_total", "Messages deleted from the server." },
  { "failed", "failed_total", "Deliveries that failed." },
  { "aside", "aside_total", "Messages that were set aside." },
  { "again", "again_total", "Deliveries that may be repeats." },
}

-- Values of the last run.
local gauges = {
  { "status", "status", "Exit status of the last run: 0, 3 or 75." },
  { "pending", "pending", "Messages that the last run left to fetch." },
  { "seconds", "run_seconds", "Duration of the last run." },
  { "finished", "last_run_timestamp_seconds", "When the last run ended." },
  { "succeeded", "last_success_timestamp_seconds",
    "When the last run with status 0 ended." },
  { "failures", "failures", "Failed runs in a row." },
}

--- A run of an account has ended.
-- @tparam string name of the account
-- @tparam table o an outcome
-- @tparam number seconds that it took
function Metrics:add(name, o, seconds)
  local a = self.accounts[name]
  if not a then
    a = { failures = 0 }
    self.accounts[name] = a
  end
  local result = o.result or {}
  for _, row in ipairs(counters) do
    a[row[1]] = (a[row[1]] or 0) + (result[row[1]] or 0)
  end
  a.status, a.seconds, a.finished = o.status, seconds, core.time()
  if result.pending then a.pending = result.pending end
  if o.status == 0 then
    a.succeeded, a.failures = a.finished, 0
  else
    a.failures = a.failures + 1
  end
end

--- The metrics as text.
-- @treturn string
function Metrics:text()
  local names, out = sorted_keys(self.accounts), {}
  local function family(row, kind)
    local samples = {}
    for _, name in ipairs(names) do
      local value = self.accounts[name][row[1]]
      if value then
        samples[#samples + 1] = prometheus.sample(value, "account", name)
      end
    end
    prometheus.add(out, "lpop3_fetch_" .. row[2], kind, row[3], samples)
  end
  for _, row in ipairs(counters) do family(row, "counter") end
  for _, row in ipairs(gauges) do family(row, "gauge") end
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

--- Write the file.
-- @treturn boolean true, or nil, message
function Metrics:write()
  return atomic_file.write(self.path, self:text())
end

return new
