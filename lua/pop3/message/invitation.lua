--- Invitations: the first component of a text/calendar part (RFC 5545, RFC 5546).
-- @engine pop3.message.invitation
-- @local

local components = { VEVENT = "event", VTODO = "task", VJOURNAL = "journal",
                     VFREEBUSY = "busy" }

-- The lines of a calendar, unfolded (RFC 5545 3.1).
local function lines_of(text)
  local list = {}
  for line in text:gmatch "[^\r\n]+" do
    local first = line:byte()
    if (first == 32 or first == 9) and #list > 0 then
      local last = list[#list]
      last[#last + 1] = line:sub(2)
    else
      list[#list + 1] = { line }
    end
  end
  for i, pieces in ipairs(list) do list[i] = table.concat(pieces) end
  return list
end

-- Name, parameters and value of a line "NAME;PARAM=x:value"; nil if it is not one.
local function property(line)
  local _, last = line:find "^[%w-]+"
  if not last then return nil end
  local params, at = {}, last + 1
  while line:byte(at) == 59 do                            -- ";"
    local _, stop = line:find("^[%w-]+=", at + 1)
    if not stop then return nil end
    local name = line:sub(at + 1, stop - 1):upper()
    local from, to = line:find('^"[^"]*"', stop + 1)
    if from then
      params[name] = line:sub(from + 1, to - 1)
    else
      from, to = line:find("^[^;:\"]*", stop + 1)
      params[name] = line:sub(from, to)
    end
    at = to + 1
  end
  if line:byte(at) ~= 58 then return nil end              -- ":"
  return line:sub(1, last):upper(), params, line:sub(at + 1)
end

local escapes = { n = "\n", N = "\n" }

-- A text value (3.3.11).
local function text_of(value)
  return (value:gsub("\\(.)", function(c) return escapes[c] or c end))
end

-- A date or a time (3.3.4, 3.3.5): `{ iso =, tzid =, all_day = }`; `iso` ends in "Z"
-- for UTC, and has no offset if the time is local to `tzid`, or floating.
local function time_of(value, params)
  local y, m, d, rest = value:match "^(%d%d%d%d)(%d%d)(%d%d)(.*)$"
  if not y then return nil end
  local date = ("%s-%s-%s"):format(y, m, d)
  if rest == "" then return { iso = date, all_day = true } end
  local hour, min, sec, utc = rest:match "^T(%d%d)(%d%d)(%d%d)(Z?)$"
  if not hour then return nil end
  return { iso = ("%sT%s:%s:%s%s"):format(date, hour, min, sec, utc),
           tzid = params.TZID, all_day = false }
end

local function person_of(value, params)
  local address = value
  if value:sub(1, 7):lower() == "mailto:" then address = value:sub(8) end
  return { address = address, name = params.CN or "", role = params.ROLE,
           status = params.PARTSTAT, rsvp = (params.RSVP or ""):upper() == "TRUE" }
end

local texts = { UID = "uid", SUMMARY = "summary", DESCRIPTION = "description",
                LOCATION = "location", STATUS = "status", RRULE = "rule",
                DURATION = "duration" }
local times = { DTSTART = "start", DTEND = "ends", DUE = "due", DTSTAMP = "stamp",
                ["RECURRENCE-ID"] = "recurrence" }

-- Set the value of a property of the component in 't'.
local function set(t, name, params, value)
  if texts[name] then
    t[texts[name]] = t[texts[name]] or text_of(value)
  elseif times[name] then
    t[times[name]] = t[times[name]] or time_of(value, params)
  elseif name == "SEQUENCE" then
    t.sequence = t.sequence or math.tointeger(tonumber(value))
  elseif name == "ORGANIZER" then
    t.organiser = t.organiser or person_of(value, params)
  elseif name == "ATTENDEE" then
    t.attendees[#t.attendees + 1] = person_of(value, params)
  end
end

local function read(text)
  local t, open = { attendees = {} }, {}
  for _, line in ipairs(lines_of(text)) do
    local name, params, value = property(line)
    if name == "BEGIN" then
      open[#open + 1] = value:upper()
      if not t.component and #open == 2 then t.component = components[open[2]] end
    elseif name == "END" then
      open[#open] = nil
      if #open == 1 and t.component then break end
    elseif name == "METHOD" and #open == 1 then
      t.method = t.method or value:upper()
    elseif name and #open == 2 and t.component then
      set(t, name, params, value)
    end
  end
  t["end"], t.ends = t.ends or t.due, nil
  t.due = nil
  return t.component and t or nil
end

--- @tparam part part
-- @treturn table|nil see the method `m:invitation` of `pop3.message`
return function(part)
  for _, found in part:walk() do
    if found.type == "text/calendar" or found.type == "application/ics" then
      local t = read(found:text())
      if t then
        t.method = t.method or found.params.method and found.params.method:upper()
        return t
      end
    end
  end
end
