--- The evidence of a check: the lines that were sent and received, as printable
-- ASCII, with secrets masked.
-- @module pop3.check.evidence
-- @local

local Evidence = { __name = "pop3.check.evidence" }
Evidence.__index = Evidence

local MOST = 24   -- lines kept for one check
local WIDE = 160  -- octets of one line

--- Make an empty one.
-- @treturn pop3.check.evidence
function Evidence.new()
  return setmetatable({ lines = {}, secrets = {} }, Evidence)
end

local escapes = { ["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t",
                  ["\\"] = "\\\\", ["\0"] = "\\0" }

local function printable(octets)
  return (octets:gsub("[%c\\\127-\255]", function(c)
    return escapes[c] or ("\\x%02X"):format(c:byte())
  end))
end

--- Mask a text in all lines added from now on.
-- @tparam string text
function Evidence:secret(text)
  self.secrets[#self.secrets + 1] = text
end

--- Octets as one line of printable ASCII, with secrets masked.
-- @tparam string octets
-- @treturn string
function Evidence:shown(octets)
  for _, secret in ipairs(self.secrets) do
    local from, to = octets:find(secret, 1, true)
    while from do
      octets = octets:sub(1, from - 1) .. "***" .. octets:sub(to + 1)
      from, to = octets:find(secret, from + 3, true)
    end
  end
  return printable(octets)
end

--- Add a line.
-- @tparam string from who sent it, "C" or "S"
-- @tparam string octets
function Evidence:add(from, octets)
  local text = self:shown((octets:gsub("\r\n$", "")))
  if #text > WIDE then
    text = ("%s... (%d octets)"):format(text:sub(1, WIDE), #octets)
  end
  self.lines[#self.lines + 1] = from .. ": " .. text
end

--- Start a new list of lines, which `finish` returns.
-- @treturn table the current list, the argument of `finish`
function Evidence:begin()
  local outer = self.lines
  self.lines = {}
  return outer
end

--- End the list of `begin` and continue the one before it.
-- @tparam table outer what `begin` returned
-- @treturn table the lines since `begin`
function Evidence:finish(outer)
  local lines = self.lines
  self.lines = outer
  return lines
end

--- Include lines that were recorded earlier.
-- @tparam table lines what `finish` returned
function Evidence:refer(lines)
  self.lines[#self.lines + 1] = lines
end

-- The lines and the lists that they include, each list once.
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

--- Take the lines since the last call; the last 24 if there are more.
-- @treturn {string,...}
function Evidence:take()
  local lines = flatten(self.lines, {}, {})
  self.lines = {}
  if #lines <= MOST then return lines end
  local kept = { ("(%d earlier lines)"):format(#lines - MOST) }
  return table.move(lines, #lines - MOST + 1, #lines, 2, kept)
end

return Evidence
