--- What `pop3 fleet run` prints: a line for each run of an account and for what
-- happens to the worker, as text or as JSON. No secret is in it.
-- @module pop3.command.fleet.log
-- @local

local command = require "pop3.command.program"
local json = require "pop3.util.json"
local terminal = require "pop3.command.terminal"
local view = require "pop3.command.fleet.view"

local Log = { __name = "pop3.command.fleet.log" }
Log.__index = Log

local order = { "time", "event", "account", "kind", "text", "code", "counts", "seconds",
                "late", "failures", "next", "worker", "host", "id", "fence" }

local function counts(record)
  local parts = {}
  for _, name in ipairs { "new", "deleted", "skipped", "failed", "aside", "again",
                          "pending" } do
    local n = record.counts[name] or 0
    if n > 0 or name == "new" then parts[#parts + 1] = ("%d %s"):format(n, name) end
  end
  return table.concat(parts, ", ")
end

-- How a run ended, in words; the reason follows.
local function run_text(record)
  local kind, parts = record.kind, {}
  if kind == "ok" then parts[1] = counts(record)
  elseif kind == "parked" then parts[1] = "parked until pop3 fleet resume"
  elseif kind == "interrupted" then parts[1] = "interrupted, due at once"
  elseif kind == "fenced" then parts[1] = "lost to another worker"
  else
    parts[1] = ("%s (%d in a row)"):format(kind == "person"
      and "failed, a person must act" or "failed", record.failures)
  end
  parts[2] = ("%.2f s"):format(record.seconds)
  if kind ~= "parked" and kind ~= "fenced" and kind ~= "interrupted" then
    parts[3] = "next in " .. view.duration(record.next)
  end
  local text = table.concat(parts, ", ")
  if record.taken_over then text = text .. ", taken over" end
  if record.text and kind ~= "interrupted" and kind ~= "fenced" then
    text = text .. ": " .. record.text
  end
  if record.unreleased then
    text = text .. " (not released: " .. record.unreleased .. ")"
  end
  return text
end

-- Event → text of a record; nil: nothing is said.
local texts = {
  start = function(r) return ("worker %s: %d sessions at the most"):format(r.worker,
                                                                      r.jobs) end,
  metrics = function(r) return "metrics: " .. r.text end,
  stop = function() return "the worker ends" end,
  signal = function(r)
    return ("SIG%s: no more claims, %d accounts may finish"):format(r.text, r.running)
  end,
  database = function(r)
    if r.state == "back" then return "the database answers again" end
    return "the database does not answer: " .. tostring(r.text)
  end,
  trouble = function(r) return "database: " .. tostring(r.text) end,
  run = function(r) return r.account .. ": " .. run_text(r) end,
  message = function(r)
    return ("%s: message %s%s %s%s"):format(r.account, r.number or "?",
      r.uid and " (" .. r.uid .. ")" or "", r.what, r.text and ": " .. r.text or "")
  end,
}

--- Make a log.
-- @tparam table opts `json`: JSON lines; `quiet`: only failures; `mask`: a function for
-- texts of the database
-- @treturn log
local function new(opts)
  return setmetatable({ json = opts.json, quiet = opts.quiet, mask = opts.mask }, Log)
end

-- Is a record printed with --quiet?
local function is_trouble(record)
  if record.event == "run" then
    return record.kind ~= "ok" and record.kind ~= "interrupted" or record.text ~= nil
  end
  return record.event == "database" or record.event == "trouble"
end

--- Print a record of the option `log` of `pop3.fleet`.
-- @tparam table record
-- @treturn boolean true; or nil, message when standard output takes no more
function Log:print(record)
  if self.quiet and not is_trouble(record) then return true end
  if record.event == "database" or record.event == "trouble" then
    record.text = record.text and self.mask(tostring(record.text))
  end
  if self.json then
    return command.say(json.encode(record, { keyorder = order }) .. "\n")
  end
  local text = texts[record.event]
  if not text then return true end
  return command.say(terminal.harmless(text(record)) .. "\n")
end

return new
