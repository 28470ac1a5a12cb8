--- Transcripts: lists of what was said, as text, and compared with what was
-- expected.
-- @module pop3.transcript
-- @local

local transcript = {}

local Transcript = { __name = "pop3.transcript" }
Transcript.__index = Transcript

--- Lines "C: ..." and "S: ...", and a line "# session N" where another session
-- goes on.
function Transcript:__tostring()
  local out, session = {}, nil
  for _, entry in ipairs(self) do
    if entry.session ~= session then
      session = entry.session
      out[#out + 1] = "# session " .. session
    end
    out[#out + 1] = entry.from .. ": " .. entry.line
  end
  out[#out + 1] = ""
  return table.concat(out, "\n")
end

--- @tparam {table,...} entries
function transcript.new(entries)
  return setmetatable(entries, Transcript)
end

-- Does a line agree with what is expected of it?
local function agrees(want, line)
  if want:sub(1, 1) == "~" then return line:find(want:sub(2)) ~= nil end
  return want == line
end

-- How many octets must change to make one line of the other.
local function distance(a, b)
  a, b = a:sub(1, 200), b:sub(1, 200)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local least = math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
      diagonal, row[j] = row[j], least
    end
  end
  return row[#b]
end

-- The line that is most like what was expected.
local function nearest(want, lines)
  local best, least
  for i, line in ipairs(lines) do
    local d = distance(want:gsub("^~", ""), line)
    if not least or d < least then best, least = i, d end
  end
  return best
end

-- The length of the longest common subsequences, from each pair on.
local function common(want, lines)
  local len = {}
  for i = #want + 1, 1, -1 do
    len[i] = {}
    for j = #lines + 1, 1, -1 do
      if i > #want or j > #lines then len[i][j] = 0
      elseif agrees(want[i], lines[j]) then len[i][j] = len[i + 1][j + 1] + 1
      else len[i][j] = math.max(len[i + 1][j], len[i][j + 1]) end
    end
  end
  return len
end

-- A diff: "  " is as expected, "- " did not come, "+ " was not expected.
local function diff(want, lines)
  local out = {}
  if #want * #lines > 1000000 then
    return { "  (too long to show the difference)" }
  end
  local len, i, j = common(want, lines), 1, 1
  while i <= #want or j <= #lines do
    if i <= #want and j <= #lines and agrees(want[i], lines[j]) then
      out[#out + 1] = "  " .. lines[j]
      i, j = i + 1, j + 1
    elseif j > #lines or i <= #want and len[i + 1][j] >= len[i][j + 1] then
      out[#out + 1] = "- " .. want[i]
      i = i + 1
    else
      out[#out + 1] = "+ " .. lines[j]
      j = j + 1
    end
  end
  return out
end

--- Compare the commands of a transcript with what was expected.
-- @tparam {table,...} entries
-- @tparam integer lost entries that are not there any more
-- @tparam {string,...} errors of handlers
-- @tparam {string,...} want
-- @treturn ?string what is wrong
function transcript.verify(entries, lost, errors, want)
  if errors[1] then return "verify: a handler failed: " .. errors[1] end
  if lost > 0 then
    return ("verify: the first %d lines are no longer kept"):format(lost)
  end
  local lines = {}
  for _, entry in ipairs(entries) do
    if entry.from == "C" then lines[#lines + 1] = entry.line end
  end
  local n = math.max(#want, #lines)
  for i = 1, n do
    if not (want[i] and lines[i] and agrees(want[i], lines[i])) then
      local out = { ("verify: command %d: expected %s, got %s"):format(i,
        want[i] and '"' .. want[i] .. '"' or "no more",
        lines[i] and '"' .. lines[i] .. '"' or "no more") }
      local near = want[i] and nearest(want[i], lines)
      if near then
        out[#out + 1] = ("nearest: command %d, \"%s\""):format(near,
                                                               lines[near])
      end
      out[#out + 1] = "difference (- expected, + received):"
      for _, line in ipairs(diff(want, lines)) do out[#out + 1] = line end
      return table.concat(out, "\n")
    end
  end
end

return transcript
