--- Reads files that hold secrets: passwords and keys.
-- @module pop3.util.private_file
-- @local

local core = require "pop3.core"

--- Read a regular file that only its owner can read.
-- @tparam string path
-- @treturn string its octets; or nil, message
return function(path)
  local found, err = core.lstat(path)
  if not found then return nil, err end
  if found.kind ~= "file" then return nil, path .. ": not a regular file" end
  if found.mode & 63 ~= 0 then
    return nil, path .. ": others can read it (chmod 600)"
  end
  local file <close>, why = io.open(path, "rb")
  if not file then return nil, why end
  return file:read "a"
end
