--- Which accounts of a fleet are meant: conditions of SQL (`pop3.fleet`).
-- @module pop3.fleet.selection
-- @local

local array = require "pop3.fleet.lease".array

local selection = {}

--- A pattern of a shell ("*", "?" and "\\") as one of LIKE.
-- @tparam string pattern
-- @treturn string
function selection.like(pattern)
  local made = pattern:gsub("\\?.", function(c)
    if c == "*" then return "%" elseif c == "?" then return "_" end
    return (c:sub(-1):gsub("[%%_\\]", "\\%0"))
  end)
  return made
end

--- The same of several, as the text of an array.
-- @tparam {string,...} patterns
-- @treturn string
function selection.likes(patterns)
  local made = {}
  for i, pattern in ipairs(patterns) do made[i] = selection.like(pattern) end
  return array(made, #made)
end

--- A condition for the accounts that are meant.
-- @tparam table which `names`, `match`, `host` or `all`, see `fleet:remove`
-- @treturn string the condition, with $1
-- @return the value of $1
function selection.of(which)
  if which.names then
    return "name = any ($1::text[])", array(which.names, #which.names)
  elseif which.match then
    return "name like any ($1::text[])", selection.likes(which.match)
  elseif which.host then
    return "host = $1", which.host:lower()
  end
  return "$1::int = 0", 0
end

return selection
