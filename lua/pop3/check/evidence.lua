--- The evidence of a check: what was said, in lines of ASCII, without secrets.
-- @module pop3.check.notes
-- @local

local Notes = { __name = "pop3.check.notes" }
Notes.__index = Notes

local MOST = 24   -- lines of a check's evidence
local WIDE = 160  -- octets of such a line

function Notes.new()
  return setmetatable({ lines = {}, secrets = {} }, Notes)
end

local escapes = { ["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t",
                  ["\\"] = "\\\\", ["\0"] = "\\0" }

local function printable(octets)
  return (octets:gsub("[%c\\\127-\255]", function(c)
    return escapes[c] or ("\\x%02X"):format(c:byte())
  end))
end

--- From here on this is never shown.
function Notes:secret(text)
  self.secrets[#self.secrets + 1] = text
end

--- Octets as one line of ASCII, without secrets.
function Notes:shown(octets)
  for _, secret in ipairs(self.secrets) do
    local from, to = octets:find(secret, 1, true)
    while from do
      octets = octets:sub(1, from - 1) .. "***" .. octets:sub(to + 1)
      from, to = octets:find(secret, from + 3, true)
    end
  end
  return printable(octets)
end

--- Somebody said something.
-- @tparam string from "C" or "S"
-- @tparam string octets
function Notes:add(from, octets)
  local text = self:shown((octets:gsub("\r\n$", "")))
  if #text > WIDE then
    text = ("%s... (%d octets)"):format(text:sub(1, WIDE), #octets)
  end
  self.lines[#self.lines + 1] = from .. ": " .. text
end

--- Begin with a list of its own; `finish` gives it, and goes on with the other.
-- @treturn table for `finish`
function Notes:begin()
  local outer = self.lines
  self.lines = {}
  return outer
end

function Notes:finish(outer)
  local lines = self.lines
  self.lines = outer
  return lines
end

--- What was said before belongs here too.
-- @tparam table lines of `finish`
function Notes:refer(lines)
  self.lines[#self.lines + 1] = lines
end

-- Lines with those that they refer to, each once.
local function flatten(lines, flat, done)
  for _, line in ipairs(lines) do
    if type(line) == "string" then flat[#flat + 1] = line
    elseif not done[line] then
      done[line] = true
      flatten(line, flat, done)
    end
  end
  return flat
end

--- All since the last call: a list of lines.
function Notes:take()
  local lines = flatten(self.lines, {}, {})
  self.lines = {}
  if #lines <= MOST then return lines end
  local kept = { ("(%d lines before)"):format(#lines - MOST) }
  return table.move(lines, #lines - MOST + 1, #lines, 2, kept)
end

return Notes
