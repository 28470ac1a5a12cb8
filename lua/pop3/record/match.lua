--- Compares a received command with one of a transcript, for replays.
-- @module pop3.record.match
-- @local

local core = require "pop3.core"

local match = {}

local function literal(text) return (text:gsub("%W", "%%%0")) end

-- A line in which "***" stands for anything, as a pattern. More than three
-- stars count as one "***".
local function masked(want)
  local parts, at = {}, 1
  while true do
    local from, to = want:find("%*%*%*+", at)
    parts[#parts + 1] = literal(want:sub(at, from and from - 1))
    if not from then break end
    at = to + 1
  end
  return "^" .. table.concat(parts, ".*") .. "$"
end

-- Words of a command that differ between two runs: dates and times, seconds since 1970,
-- time zones.
local MONTH = "^%a%a%a$"

local function is_date(word)
  return word:find "^%d%d%d%d%-?%d%d%-?%d%d" or word:find "^%d%d?:%d%d"
         or word:find "^%d%d%d%d%d%d%d%d%d%d*$" or word:find "^[+-]%d%d%d%d$"
end

-- The same for a line with unique-ids and dates, which stand for anything.
local function loosened(want, uids)
  local words = {}
  for word in want:gmatch "%S+" do
    local free = uids[word] or is_date(word)
    words[#words + 1] = free and "%S+" or word == "***" and ".*" or literal(word)
  end
  -- "12 Nov 2026": the numbers around a month are part of the date
  local out = table.concat(words, " ")
  return "^" .. out:gsub("%d%d? (%a%a%a) %d%d%d%d", function(month)
    return month:find(MONTH) and "%S+ %S+ %S+" or nil
  end) .. "$"
end

-- A command with its verb in upper case, since verbs are case-insensitive.
local function verb_up(line)
  return (line:gsub("^%S+", string.upper))
end

-- The same without trailing blanks; in one pass, since a client may send many.
local function bare(line)
  local stop = #line
  while stop > 0 and line:find("^%s", stop) do stop = stop - 1 end
  return verb_up(line:sub(1, stop))
end

--- Does a command match?
-- @tparam string want the recorded line, or "~" and a Lua pattern
-- @tparam string line
-- @treturn boolean
function match.fits(want, line)
  local upper = verb_up(line)
  if want:sub(1, 1) == "~" then
    local pattern = want:sub(2)
    return (upper:find(pattern) or line:find(pattern)) ~= nil
  end
  return bare(want) == bare(line) or upper:find(masked(verb_up(want))) ~= nil
end

-- Whether the arguments of a verb are numbers, a name or a secret: then no word
-- in them is a unique-id or a date, even if it looks like one.
local function is_fixed(verb)
  local row = core.verbs[verb]
  return row and (row.login or row.arguments:find "^message" ~= nil)
end

--- Does a command match, except for dates and unique-ids?
-- @tparam string want the recorded line; false for a pattern
-- @tparam string line
-- @tparam {[string]=true} uids the unique-ids of the transcript
-- @treturn boolean
function match.nearly(want, line, uids)
  if want:sub(1, 1) == "~" then return false end
  want = bare(want)
  return not is_fixed(want:match "^%S*")
         and bare(line):find(loosened(want, uids)) ~= nil
end

--- Does a SASL response match?
-- @tparam string want the recorded line, or "~" and a Lua pattern
-- @tparam string line
-- @treturn boolean
function match.responds(want, line)
  if want:sub(1, 1) == "~" then return line:find(want:sub(2)) ~= nil end
  return want == line or line:find(masked(want)) ~= nil
end

--- The verb of a command, or of a pattern that begins with one.
-- @tparam string want
-- @treturn string in upper case
function match.verb_of(want)
  return want:match "^~?%^?(%a*)":upper()
end

--- Does a verb have a secret among its arguments?
-- @tparam string verb
-- @treturn boolean
function match.has_secret(verb)
  return core.verbs[verb] ~= nil and core.verbs[verb].secret ~= nil
end

--- Is a command of a transcript a login? AUTH without arguments is not: it asks
-- for a list.
-- @tparam string want
-- @treturn boolean
function match.is_login(want)
  return match.has_secret(match.verb_of(want)) and want:upper() ~= "AUTH"
end

return match
