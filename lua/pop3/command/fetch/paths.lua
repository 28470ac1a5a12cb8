--- The files of `pop3 fetch` (XDG Base Directory Specification).
-- @module pop3.command.fetch.paths
-- @local

local core = require "pop3.core"

local paths = {}

local function base(variable, default)
  local value = os.getenv(variable)
  -- "All paths must be absolute. If a relative path is encountered, ignore it."
  if value and value:sub(1, 1) == "/" then return value end
  local home = os.getenv "HOME"
  return home and home .. default
end

--- The default configuration file.
-- @treturn ?string nil without a home directory
function paths.config()
  local dir = base("XDG_CONFIG_HOME", "/.config")
  return dir and dir .. "/lpop3/fetch.lua"
end

--- The directory of the state files. It is made if it does not exist.
-- @treturn string; or nil, message
function paths.state_directory()
  local dir = base("XDG_STATE_HOME", "/.local/state")
  if not dir then
    return nil, "there is no directory for the state: HOME is not set"
  end
  dir = dir .. "/lpop3"
  for at in dir:gmatch "()/" do
    if at > 1 then core.mkdir(dir:sub(1, at - 1), 448) end
  end
  core.mkdir(dir, 448)
  if core.stat(dir) ~= "directory" then
    return nil, dir .. ": cannot make the directory"
  end
  return dir
end

--- The name of an account as part of a file name.
-- @tparam string name
-- @treturn string
function paths.escape(name)
  local text = name:gsub("[^%w@._:+-]", function(c)
    return ("%%%02X"):format(c:byte())
  end)
  return (text:gsub("^%.", "%%2E"))
end

return paths
