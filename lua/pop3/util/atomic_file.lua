--- Files that appear whole or not at all, and files that other programs wait for.
--
-- Every file that the library writes is made here, or by the same core type
-- (`pop3.core.outfile`): a message (`session:save`), a part, a port file, a
-- transcript. A file grows under a temporary name in its directory and gets its
-- name when it is whole. A regular file of that name is replaced. A directory, a
-- symbolic link, a FIFO, a socket or a device never is.
-- @module pop3.util.atomic_file
-- @local

local core = require "pop3.core"

local files = {}

-- Why a path cannot be replaced: nil, or a message.
local function obstacle(path)
  local kind = core.stat(path, true)
  if not kind or kind == "file" then return nil end
  if kind == "link" then kind = "symbolic link"
  elseif kind == "other" then kind = "device, a FIFO or a socket" end
  return ("%s: a %s is not replaced"):format(path, kind)
end

-- An outfile with a temporary name in a directory, "" or with a slash at its end.
local function create(directory, path)
  local temp = directory .. ".pop3-" .. core.random(8) .. ".part"
  local file, err = core.outfile(path, temp)
  if file then return file end
  if err:sub(1, #temp) == temp then err = path .. err:sub(#temp + 1) end
  return nil, err, "io"
end

--- Create a file under a temporary name in the directory of `path`.
-- @tparam string path
-- @treturn pop3.outfile with `write(octets)`, `commit([sync])`, which gives it the
-- name `path`, and `close()`, which removes it before that; or nil, message, "io"
-- @usage local file <close> = assert(atomic_file.create "mail.eml")
-- assert(file:write "Subject: hi\r\n\r\n")
-- assert(file:commit())
function files.create(path)
  local err = obstacle(path)
  if err then return nil, err, "io" end
  return create(path:match "^(.*/)[^/]*$" or "", path)
end

--- Create a file in a directory. It has no name until `claim(path)`, which takes a
-- name that is free.
-- @tparam string directory
-- @treturn pop3.outfile, or nil, message, "io"
function files.create_in(directory)
  return create(directory:gsub("/*$", "/", 1), directory)
end

-- Whether a path is a stream: a device or a FIFO, also by a link of the system
-- such as /dev/stdout. Octets are written to it; nothing replaces it.
local function is_stream(path)
  return path:find "^/dev/std%l+$" or path:find "^/dev/fd/%d+$"
         or path:find "^/proc/" or core.stat(path, true) == "other"
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

--- Write octets to a file, which replaces a regular file of that name; or to a
-- device or a FIFO, which stays.
-- @tparam string path
-- @tparam string octets
-- @treturn boolean true, or nil, message, "io"
function files.write(path, octets)
  if is_stream(path) then return append(path, octets) end
  local file <close>, err = files.create(path)
  if not file then return nil, err, "io" end
  local ok
  ok, err = file:write(octets)
  if ok then ok, err = file:commit()
  else err = path .. ": " .. err end
  if not ok then return nil, err, "io" end
  return true
end

--- Find out whether `write` could write a file. No file is left.
-- @tparam string path
-- @treturn boolean true, or nil, message, "io"
function files.check(path)
  if is_stream(path) then return true end
  local file <close>, err = files.create(path)
  if not file then return nil, err, "io" end
  return true
end

--- Remove a regular file, if there is one of that name. Anything else stays.
-- @tparam string path
function files.remove(path)
  if not is_stream(path) and core.stat(path, true) == "file" then
    os.remove(path)
  end
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
