--- Files that other programs wait for: they appear whole.
-- @module pop3.command.files
-- @local

local core = require "pop3.core"

local files = {}

-- Devices, pipes and the names of what this process has open: octets can go
-- there, but nothing takes their place, and they are not ours to remove.
local function is_fixed(path)
  return path:find "^/dev/std%l+$" or path:find "^/dev/fd/%d+$"
         or path:find "^/proc/" or core.stat(path) == "other"
end

local function append(path, octets)
  local file <close>, err = io.open(path, "ab")
  if not file then return nil, err, "io" end
  local ok
  ok, err = file:write(octets)
  if ok then ok, err = file:flush() end
  if not ok then return nil, path .. ": " .. err, "io" end
  return true
end

-- The file as it is written, under a name nobody looks for.
local function beside(path)
  local name = path .. "." .. core.random(4)
  local file, err = core.outfile(path, name)
  if file then return file end
  if err:sub(1, #name) == name then err = path .. err:sub(#name + 1) end
  return nil, err
end

--- Write a file, which replaces what has its name.
-- @tparam string path
-- @tparam string octets
-- @treturn boolean true, or nil, message, "io"
function files.write(path, octets)
  if is_fixed(path) then return append(path, octets) end
  local file <close>, err = beside(path)
  if not file then return nil, err, "io" end
  local ok
  ok, err = file:write(octets)
  if ok then ok, err = file:commit() end
  if not ok then return nil, err, "io" end
  return true
end

--- Could it be written? Nothing is.
-- @tparam string path
-- @treturn boolean true, or nil, message, "io"
function files.check(path)
  if is_fixed(path) then return true end
  if core.stat(path) == "directory" then
    return nil, path .. ": Is a directory", "io"
  end
  local file <close>, err = beside(path)
  if not file then return nil, err, "io" end
  return true
end

--- Remove a file, if there is one of that name.
-- @tparam string path
function files.remove(path)
  if not is_fixed(path) and core.stat(path) == "file" then os.remove(path) end
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
