--- A list of checks, as a module of rules returns it.
-- @module pop3.check.list
-- @local

--- Make a list.
-- @tparam integer rfc that of most of its checks
-- @treturn {check,...} empty: `name`, `rfc`, `section`, `run` (see `pop3.check.probe`),
-- and `looks`, true if the check only looks at what others have seen
-- @treturn function called with name, section, `run` and a table of other fields, which
-- adds a check
return function(rfc)
  local list = {}
  return list, function(name, section, run, fields)
    local check = { name = name, rfc = rfc, section = section, run = run }
    for field, value in pairs(fields or {}) do check[field] = value end
    list[#list + 1] = check
  end
end
