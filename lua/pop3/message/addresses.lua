--- Addresses as plain tables, for JSON and comparisons.
-- @module pop3.message.addresses
-- @local

--- @tparam {address,...} list such as `m.from`
-- @treturn {table,...} of `name`, `address` and `group`
return function(list)
  local out = {}
  for i, a in ipairs(list) do
    out[i] = { name = a.name, address = a.address, group = a.group }
  end
  return out
end
