--- The keys of a table, in order.
-- @module pop3.util.sorted_keys
-- @local

--- @tparam table t its keys are all strings, or all numbers
-- @treturn {string,...} or numbers
return function(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end
