--- The metrics of a worker of a fleet in the text format of Prometheus: what this
-- process has done, and how the whole fleet is. There is no series for each account,
-- since there may be very many; `pop3 fleet status --json` has their values.
-- @module pop3.command.fleet.metrics
-- @local

local core = require "pop3.core"
local prometheus = require "pop3.command.prometheus"

local Metrics = { __name = "pop3.command.fleet.metrics" }
Metrics.__index = Metrics

local kinds = { "ok", "later", "person", "parked", "interrupted", "fenced" }

-- Counters of `pop3.fleet`: field, name, help.
local counters = {
  { "claims", "claims_total", "Times that accounts were claimed in the database." },
  { "claimed", "claimed_total", "Accounts that were claimed." },
  { "taken_over", "taken_over_total", "Accounts that their owner did not release." },
  { "heartbeats", "heartbeats_total", "Times that leases were extended." },
  { "transactions", "transactions_total", "Transactions that wrote." },
  { "entries", "entries_total", "Entries about messages that were written." },
  { "unreleased", "unreleased_total", "Accounts whose release was not written." },
}

-- Counts of runs: field, name, help.
local results = {
  { "new", "messages_total", "Messages delivered." },
  { "octets", "octets_total", "Octets of delivered messages." },
  { "deleted", "deleted_total", "Messages deleted from the servers." },
  { "failed", "failed_total", "Deliveries that failed." },
  { "aside", "aside_total", "Messages that were set aside." },
  { "again", "again_total", "Deliveries that may be repeats." },
}

-- Values of the whole fleet: field of `fleet:status`, name, help.
local totals = {
  { "accounts", "accounts", "Accounts of the fleet." },
  { "due", "accounts_due", "Accounts that wait for a worker." },
  { "late", "oldest_due_seconds", "How long the account waits that waits longest." },
  { "leased", "accounts_running", "Accounts that are fetched, by all workers." },
  { "parked", "accounts_parked", "Accounts that nobody fetches until they are "
    .. "resumed." },
  { "failing", "accounts_failing", "Accounts whose last run failed." },
  { "never", "accounts_never", "Accounts without a successful run." },
}

local SECONDS = { 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000 }  -- of a run
local LATE = { 0.1, 1, 5, 15, 60, 300, 900, 3600 }

--- Make the metrics of a process.
-- @tparam integer jobs sessions at the most
-- @treturn metrics
local function new(jobs)
  return setmetatable({
    jobs = jobs, runs = {}, counts = {}, outages = 0, is_up = true,
    seconds = prometheus.histogram(SECONDS), late = prometheus.histogram(LATE),
    began = core.time(),
  }, Metrics)
end

--- Count a record of the option `log` of `pop3.fleet`.
-- @tparam table record
function Metrics:note(record)
  if record.event == "database" then
    self.is_up = record.state == "back"
    if not self.is_up then self.outages = self.outages + 1 end
  elseif record.event == "run" then
    self.runs[record.kind] = (self.runs[record.kind] or 0) + 1
    for _, row in ipairs(results) do
      self.counts[row[1]] = (self.counts[row[1]] or 0)
                            + (record.counts[row[1]] or 0)
    end
    prometheus.observe(self.seconds, record.seconds)
    prometheus.observe(self.late, math.max(0, record.late))
  end
end

--- Take over how the whole fleet is.
-- @tparam table status of `fleet:status`
function Metrics:see(status)
  self.totals, self.seen = status, core.time()
end

--- The metrics as text.
-- @tparam table counted of `fleet:counters`
-- @treturn string
function Metrics:text(counted)
  local out = {}
  local function add(name, kind, help, ...)
    prometheus.add(out, "lpop3_fleet_" .. name, kind, help, { ... })
  end
  local function values(rows, kind, from)
    for _, row in ipairs(rows) do
      add(row[2], kind, row[3], prometheus.sample(from[row[1]] or 0))
    end
  end
  local runs = {}
  for i, kind in ipairs(kinds) do
    runs[i] = prometheus.sample(self.runs[kind] or 0, "result", kind)
  end
  add("runs_total", "counter", "Runs of accounts that ended.", table.unpack(runs))
  values(results, "counter", self.counts)
  values(counters, "counter", counted)
  prometheus.add(out, "lpop3_fleet_run_seconds", "histogram",
                 "Duration of a run of an account.", prometheus.samples(self.seconds))
  prometheus.add(out, "lpop3_fleet_late_seconds", "histogram",
                 "Time from due to claimed.", prometheus.samples(self.late))
  add("sessions", "gauge", "Accounts that this worker fetches now.",
      prometheus.sample(counted.running or 0))
  add("sessions_max", "gauge", "Accounts that it fetches at the most.",
      prometheus.sample(self.jobs))
  add("database_up", "gauge", "1: the database answered the last time, 0: it did not.",
      prometheus.sample(self.is_up and 1 or 0))
  add("database_outages_total", "counter", "Times that the database stopped answering.",
      prometheus.sample(self.outages))
  add("start_time_seconds", "gauge", "When the worker began.",
      prometheus.sample(self.began))
  if self.totals then
    values(totals, "gauge", self.totals)
    add("totals_timestamp_seconds", "gauge", "When the values of the whole fleet were "
        .. "read.", prometheus.sample(self.seen))
  end
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

return new
