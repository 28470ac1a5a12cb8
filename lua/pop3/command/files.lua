--- Files that other programs wait for: they appear whole.
-- @module pop3.command.files
-- @local

local core = require "pop3.core"

local files = {}

--- Write a file, which replaces what has its name.
-- @tparam string path
-- @tparam string octets
-- @treturn boolean true, or nil, message, "io"
function files.write(path, octets)
  local file <close>, err = core.outfile(path, path .. "." .. core.random(4))
  if not file then return nil, err, "io" end
  local ok
  ok, err = file:write(octets)
  if ok then ok, err = file:commit() end
  if not ok then return nil, err, "io" end
  return true
end

--- Read a file.
-- @tparam string path
-- @treturn string octets, or nil, message, "io"
function files.read(path)
  local file <close>, err = io.open(path, "rb")
  if not file then return nil, err, "io" end
  local octets
  octets, err = file:read "a"
  if not octets then return nil, path .. ": " .. err, "io" end
  return octets
end

return files
