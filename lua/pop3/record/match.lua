--- Commands of a transcript: is this the one that was recorded?
-- @module pop3.replay.match
-- @local

local core = require "pop3.core"

local match = {}

-- The set of the verbs whose row of core.verbs passes a test.
local function set(test)
  local made = {}
  for name, row in pairs(core.verbs) do made[name] = test(row) or nil end
  return made
end

--- The verbs that bring a secret: a set.
match.logins = set(function(row) return row.secret ~= nil end)

local function literal(text) return (text:gsub("%W", "%%%0")) end

-- A line, in which "***" is anything, as a pattern; stars beside it may be the end
-- of one before.
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

-- Words of a command that are an other time's: unique-ids, dates, numbers of
-- seconds.
local MONTH = "^%a%a%a$"

local function is_date(word)
  return word:find "^%d%d%d%d%-?%d%d%-?%d%d" or word:find "^%d%d?:%d%d"
         or word:find "^%d%d%d%d%d%d%d%d%d%d*$" or word:find "^[+-]%d%d%d%d$"
end

-- The same, without what is not the same the next time.
local function loosened(want, uids)
  local words = {}
  for word in want:gmatch "%S+" do
    local free = uids[word] or is_date(word)
    words[#words + 1] = free and "%S+" or word == "***" and ".*" or literal(word)
  end
  -- "12 Nov 2026": what stands around a month is of the date
  local out = table.concat(words, " ")
  return "^" .. out:gsub("%d%d? (%a%a%a) %d%d%d%d", function(month)
    return month:find(MONTH) and "%S+ %S+ %S+" or nil
  end) .. "$"
end

-- A command with its verb in upper case, which says nothing.
local function verb_up(line)
  return (line:gsub("^%S+", string.upper))
end

-- The same without blanks at the end, which say nothing either.
local function bare(line)
  return (verb_up(line):gsub("%s+$", ""))
end

--- Does a line fit?
-- @tparam string want the recorded line, or a pattern behind "~"
-- @tparam string line
function match.fits(want, line)
  local upper = verb_up(line)
  if want:sub(1, 1) == "~" then
    local pattern = want:sub(2)
    return (upper:find(pattern) or line:find(pattern)) ~= nil
  end
  return bare(want) == bare(line) or upper:find(masked(verb_up(want))) ~= nil
end

-- Commands whose arguments are numbers of messages and of lines, or a secret:
-- nothing in them is a unique-id or a date, whatever it looks like.
local fixed = set(function(row)
  return row.login or row.arguments:find "^message" ~= nil
end)

--- Does a line fit when dates and these unique-ids are not looked at?
-- @tparam string want
-- @tparam string line
-- @tparam {[string]=true} uids
function match.nearly(want, line, uids)
  if want:sub(1, 1) == "~" then return false end
  want = bare(want)
  return not fixed[want:match "^%S*"]
         and bare(line):find(loosened(want, uids)) ~= nil
end

--- Does a response fit?
-- @tparam string want
-- @tparam string line
function match.responds(want, line)
  if want:sub(1, 1) == "~" then return line:find(want:sub(2)) ~= nil end
  return want == line or line:find(masked(want)) ~= nil
end

return match
