--- The result of `pop3.check` as text, TAP or JSON.
--
--    io.write(require "pop3.check.report".text(result))
-- @module pop3.check.report

local json = require "pop3.util.json"

local report = {}

local function where(check)
  return ("RFC %d section %s"):format(check.rfc, check.section)
end

local function sum(result)
  return ("%d %s: %d passed, %d failed, %d warned, %d skipped"):format(
    #result.checks, #result.checks == 1 and "check" or "checks", result.passed,
    result.failed, result.warned, result.skipped)
end

local COLOURS = { pass = "green", fail = "red", warn = "yellow", skip = "dim" }

local function plain(_, text) return text end

-- The checks that failed, then those that warned, then the others.
local function failures_first(checks, failed)
  local list = {}
  for _, outcome in ipairs { "fail", "warn", false } do
    for _, check in ipairs(checks) do
      local bad = check.result == "fail" or check.result == "warn"
      if outcome and check.result == outcome
         or not (outcome or bad or failed) then
        list[#list + 1] = check
      end
    end
  end
  return list
end

-- The line of a check, and why it came out so.
local function add_check(out, check, widest, paint)
  out[#out + 1] = ("%s  %-" .. widest .. "s  %s"):format(
    paint(COLOURS[check.result], check.result), check.name, where(check))
  if check.reason then out[#out + 1] = "      " .. check.reason end
  if check.result == "fail" or check.result == "warn" then
    for _, line in ipairs(check.evidence) do
      out[#out + 1] = "        " .. line
    end
  end
end

--- For people: one line for each check, those that failed first, then those that
-- warned; for these two, the reason and the evidence as well; then the totals.
-- @tparam table result of `pop3.check`
-- @tparam[opt] table opts
--
-- - `failed` (false): leave out checks that passed or were skipped
-- - `paint`: `function(colour, text)`, which returns the text in a colour:
--   "red", "green", "yellow" or "dim"
-- @treturn string
function report.text(result, opts)
  opts = opts or {}
  local paint, out, widest = opts.paint or plain, {}, 0
  local list = failures_first(result.checks, opts.failed)
  for _, check in ipairs(list) do widest = math.max(widest, #check.name) end
  for _, check in ipairs(list) do add_check(out, check, widest, paint) end
  if list[1] then out[#out + 1] = "" end
  out[#out + 1] = ("%s:%d: %s"):format(result.host, result.port,
    paint(result.failed > 0 and "red" or result.warned > 0 and "yellow"
          or "green", sum(result)))
  if result.refused > 0 then
    out[#out + 1] = ("logins with a wrong password: %d"):format(result.refused)
  end
  return table.concat(out, "\n") .. "\n"
end

--- For test harnesses: TAP version 13. A warning is "not ok" with the directive
-- TODO, so that a harness does not count it as a failure.
-- @tparam table result of `pop3.check`
-- @treturn string
function report.tap(result)
  local out = { "TAP version 13", "1.." .. #result.checks }
  for i, check in ipairs(result.checks) do
    local reason = (check.reason or ""):gsub("[\\#]", "\\%0")
    local bad = check.result == "fail" or check.result == "warn"
    local line = ("%s %d - %s (%s)"):format(bad and "not ok" or "ok", i,
                                            check.name, where(check))
    if check.result == "skip" then line = line .. " # SKIP " .. reason
    elseif check.result == "warn" then line = line .. " # TODO " .. reason end
    out[#out + 1] = line
    if bad then
      out[#out + 1] = "# " .. check.reason
      for _, said in ipairs(check.evidence) do out[#out + 1] = "#   " .. said end
    end
  end
  out[#out + 1] = "# " .. sum(result)
  return table.concat(out, "\n") .. "\n"
end

local order = { "host", "port", "tls", "passed", "failed", "warned", "skipped",
                "refused", "checks", "name", "rfc", "section", "result",
                "reason", "evidence" }

--- For programs: the result as JSON, by dkjson.
-- @tparam table result of `pop3.check`
-- @treturn string
-- @raise an error when dkjson is not installed
function report.json(result)
  local copy = {}
  for name, value in pairs(result) do copy[name] = value end
  copy.checks = json.list {}
  for i, check in ipairs(result.checks) do
    local one = {}
    for name, value in pairs(check) do one[name] = value end
    one.evidence = json.list { table.unpack(check.evidence) }
    copy.checks[i] = one
  end
  return json.encode(copy, { indent = true, keyorder = order }) .. "\n"
end

return report
