--- Invitations: the first component of a text/calendar part (RFC 5545, RFC 5546).
-- @engine pop3.message.invitation
-- @local

local core = require "pop3.core"

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

local escapes = { n = "\n", N = "\n" }

-- A text value (RFC 5545 3.3.11).
local function text_of(value)
  return (value:gsub("\\(.)", function(c) return escapes[c] or c end))
end

local carets = { n = " ", ["'"] = '"', ["^"] = "^" }

-- The value of a parameter (RFC 6868); some programs write it like a text value. It
-- has no line ends.
local function param_of(value)
  return (text_of((value:gsub("%^([n'^])", carets))):gsub("%c", " "))
end

-- One past the values of a parameter, "a","b" or a,b, and the first of them.
local function param_values(line, at)
  local first
  repeat
    local from, to = line:find('^"[^"]*"', at)
    if from then
      first = first or line:sub(from + 1, to - 1)
    else
      from, to = line:find("^[^;:\"]*", at)
      first = first or line:sub(from, to)
    end
    at = to + 2
  until line:byte(at - 1) ~= 44                           -- ","
  return at - 1, first
end

-- Name, parameters and value of a line "NAME;PARAM=x:value"; nil if it is not one.
local function property(line)
  local _, last = line:find "^[%w-]+"
  if not last then return nil end
  local params, at = {}, last + 1
  while line:byte(at) == 59 do                            -- ";"
    local _, stop = line:find("^[%w-]+=", at + 1)
    if not stop then return nil end
    local after, value = param_values(line, stop + 1)
    params[line:sub(at + 1, stop - 1):upper()] = param_of(value)
    at = after
  end
  if line:byte(at) ~= 58 then return nil end              -- ":"
  return line:sub(1, last):upper(), params, line:sub(at + 1)
end

-- A date or a time (3.3.4, 3.3.5): `{ iso =, tzid =, all_day = }`; `iso` ends in "Z"
-- for UTC, and has no offset if the time is local to `tzid`, or floating.
local function time_of(value, params)
  local zone = params.TZID
  local colon = value:find ":[%dTZ]+[ \t]*$"
  if colon then              -- a zone such as "(UTC+01:00) Berlin" without quotes
    zone, value = (zone or "") .. ":" .. value:sub(1, colon - 1), value:sub(colon + 1)
  end
  value = value:match "^[ \t]*([%dTZ]*)"
  local y, m, d, rest = value:match "^(%d%d%d%d)(%d%d)(%d%d)(.*)$"
  if not y then return nil end
  local date = ("%s-%s-%s"):format(y, m, d)
  if rest == "" then return { iso = date, all_day = true } end
  local hour, min, sec, utc = rest:match "^T(%d%d)(%d%d)(%d%d)(Z?)$"
  if not hour then return nil end
  return { iso = ("%sT%s:%s:%s%s"):format(date, hour, min, sec, utc),
           tzid = zone, all_day = false }
end

local function person_of(value, params)
  local address = params.EMAIL or value                   -- RFC 7986 6.2
  if value:sub(1, 7):lower() == "mailto:" then
    address = value:sub(8)
    local decoded = address:gsub("%%(%x%x)", function(x)
      return string.char(tonumber(x, 16))
    end)
    if utf8.len(decoded) and not decoded:find "%c" then address = decoded end
  end
  return { address = address, name = params.CN or "",
           role = params.ROLE and params.ROLE:upper(),
           status = params.PARTSTAT and params.PARTSTAT:upper(),
           rsvp = (params.RSVP or ""):upper() == "TRUE" }
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
  local t, open, closed = { attendees = {} }, {}, false
  for _, line in ipairs(lines_of(text)) do
    local name, params, value = property(line)
    if name == "BEGIN" then
      open[#open + 1] = value:upper()
      if not t.component and #open == 2 then t.component = components[open[2]] end
    elseif name == "END" then
      open[#open] = nil
      if #open == 1 and t.component then closed = true end
    elseif name == "METHOD" and #open == 1 then
      t.method = t.method or value:upper()
    elseif name and #open == 2 and t.component and not closed then
      set(t, name, params, value)
    end
  end
  t["end"], t.ends = t.ends or t.due, nil
  t.due = nil
  return t.component and t or nil
end

-- The text of a part. Lines are unfolded before the charset is decoded, since a
-- character may be cut by a fold.
local function text_in(part)
  local octets = part:body()
  if not octets:find "[\x80-\xFF]\r?\n[ \t][\x80-\xFF]" then return part:text() end
  local charset = part.charset or "utf-8"
  return core.decode.text(octets:gsub("\r?\n[ \t]", ""), charset) or part:text()
end

local function is_calendar(part)
  return part.type == "text/calendar" or part.type == "application/ics"
         or part.type == "application/octet-stream"
            and (part.filename or ""):lower():sub(-4) == ".ics"
end

--- @tparam part part
-- @treturn table|nil see the method `m:invitation` of `pop3.message`
return function(part)
  for _, found in part:walk() do
    if is_calendar(found) then
      local t = read((text_in(found):gsub("\0", " ")))
      if t then
        t.method = t.method or found.params.method and found.params.method:upper()
        return t
      end
    end
  end
end
