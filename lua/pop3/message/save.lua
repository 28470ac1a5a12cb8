-- A part, into a file.

local core = require "pop3.core"
local files = require "pop3.util.atomic_file"
local filename = require "pop3.message.filename"

local NAME_MAX = 255      -- octets of a file name on nearly every system
local TRIES = 10000

-- 'name' with "-i" before its extension, cut where it would be too long.
local function numbered(name, i)
  local stem, extension = name:match("^(.+)(%.[^.]*)$")
  if not stem or #extension > 32 then stem, extension = name, "" end
  local suffix = i > 0 and "-" .. i or ""
  local room = NAME_MAX - #suffix - #extension
  if #stem > room then
    stem = stem:sub(1, room)
    while #stem > 0 and not utf8.len(stem) do stem = stem:sub(1, -2) end
  end
  return stem .. suffix .. extension
end

local function write(file, part)
  local count, err, code = part:body(function(octets)
    if not octets then return true end
    return file:write(octets)
  end)
  if not count then return nil, err, code end
  return true
end

--- Save 'part' at 'path', or in the directory 'path' under a free name.
return function(part, path)
  local into = core.stat(path) == "directory"
  local create = into and files.create_in or files.create
  local file <close>, err, code = create(path)
  if not file then return nil, err, code end
  local ok
  ok, err, code = write(file, part)
  if not ok then return nil, err, code end
  if not into then
    ok, err, code = file:commit()
    if not ok then return nil, err, code end
    return path
  end
  local name = part.safe_filename or filename.default(part)
  for i = 0, TRIES do
    local target = path:gsub("/*$", "/", 1) .. numbered(name, i)
    ok, err, code = file:claim(target)
    if ok then return target end
    if ok == nil then return nil, err, code end
  end
  return nil, path .. ": no free name like " .. name, "io"
end
