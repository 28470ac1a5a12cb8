--- The lines of `pop3 fleet status`: counts, workers, accounts. They fit into 80
-- columns.
-- @module pop3.command.fleet.view
-- @local

local columns = require "pop3.command.columns"
local new_table = require "pop3.command.table"
local terminal = require "pop3.command.terminal"
local wrap = require "pop3.command.wrap"

local view = {}

--- States of `fleet:list` → words.
view.states = { leased = "running" }

--- A duration in few letters: "45s", "12m", "3h", "2d".
-- @tparam number seconds
-- @treturn string
function view.duration(seconds)
  seconds = math.max(0, seconds)
  if seconds < 99.5 then return ("%.0fs"):format(seconds) end
  if seconds < 99.5 * 60 then return ("%.0fm"):format(seconds / 60) end
  if seconds < 47.5 * 3600 then return ("%.0fh"):format(seconds / 3600) end
  return ("%.0fd"):format(math.min(seconds / 86400, 99999))
end

-- Rows as a table: a list of lines.
local function draw(list, rows, width)
  for i, column in ipairs(list) do
    column.want = columns.of(column.title)
    for _, row in ipairs(rows) do
      column.want = math.max(column.want, columns.of(row[i]))
    end
  end
  local made = new_table(list, width)
  local lines = { made.titles }
  for i, row in ipairs(rows) do lines[i + 1] = made:line(row) end
  return lines
end

local function counts(found, width)
  local due = ("%d due"):format(found.due)
  if found.due > 0 then
    due = ("%s (the first for %s)"):format(due, view.duration(found.late))
  end
  return wrap(("%d account%s: %s, %d running, %d parked, %d failing, %d never fetched")
    :format(found.accounts, found.accounts == 1 and "" or "s", due, found.leased,
            found.parked, found.failing, found.never), width)
end

local function workers(found, width)
  local rows = {}
  for i, each in ipairs(found.workers) do
    rows[i] = { terminal.harmless(each.worker), tostring(each.sessions),
                tostring(each.hosts), view.duration(each.lease) }
  end
  return draw({ { title = "WORKER", weight = 1 }, { title = "RUNNING", right = true },
                { title = "HOSTS", right = true }, { title = "LEASE", right = true } },
              rows, width)
end

local function next_run(a)
  if a.state == "parked" or a.state == "leased" then return "-" end
  if a.due_in > 0 then return view.duration(a.due_in) end
  return a.due_in > -1 and "now" or view.duration(-a.due_in) .. " late"
end

local function last_result(a)
  local result = a.result or {}
  local parts = {}
  for _, name in ipairs { "new", "deleted", "failed", "aside", "pending" } do
    local n = result[name] or 0
    if n > 0 or name == "new" and a.result then
      parts[#parts + 1] = ("%d %s"):format(n, name)
    end
  end
  return table.concat(parts, ", ")
end

-- Why an account is parked or fails, below its line.
local function add_reason(lines, a, width)
  local text = a.parked and "parked: " .. a.parked or a.last_error
  if not text then return end
  for _, line in ipairs(wrap(terminal.harmless(text), width and width - 2)) do
    lines[#lines + 1] = "  " .. (width and columns.cut(line, width - 2) or line)
  end
end

local function accounts(found, width)
  local rows, lines = {}, {}
  for i, a in ipairs(found.list) do
    rows[i] = { terminal.harmless(a.name), view.states[a.state] or a.state,
                a.ok_ago and view.duration(a.ok_ago) or "never", next_run(a),
                tostring(a.failures), last_result(a) }
  end
  local drawn = draw({ { title = "ACCOUNT", weight = 3 }, { title = "STATE" },
    { title = "LAST OK", right = true }, { title = "NEXT", right = true },
    { title = "FAILED", right = true }, { title = "LAST RUN", weight = 2 } },
    rows, width)
  lines[1] = drawn[1]
  for i, a in ipairs(found.list) do
    lines[#lines + 1] = drawn[i + 1]
    add_reason(lines, a, width)
  end
  if found.is_more then
    lines[#lines + 1] = "... there are more (--limit N)"
  end
  return lines
end

--- The lines.
-- @tparam table found what `fleet:status` returns, with `list`, accounts of
-- `fleet:list`, and `is_more`
-- @tparam ?integer width of the terminal; nil: nothing is cut
-- @treturn {string,...}
function view.lines(found, width)
  local lines = counts(found, width)
  local function add(more)
    lines[#lines + 1] = ""
    table.move(more, 1, #more, #lines + 1, lines)
  end
  if found.workers[1] then add(workers(found, width)) end
  if found.list[1] then add(accounts(found, width)) end
  return lines
end

return view
