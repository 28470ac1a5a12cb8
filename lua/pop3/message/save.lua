--- Saving a part in a file.
-- @engine pop3.message.save
-- @local

local core = require "pop3.core"
local files = require "pop3.util.atomic_file"
local filename = require "pop3.message.filename"

local NAME_MAX = 255      -- octets of a file name on nearly every system
local TRIES = 10000

-- 'name' with "-i" before its extension, shortened to NAME_MAX octets.
local function numbered(name, i)
  local dot = #name
  while dot > 0 and name:byte(dot) ~= 46 do dot = dot - 1 end
  local stem, extension = name, ""
  if dot > 1 and #name - dot < 32 then
    stem, extension = name:sub(1, dot - 1), name:sub(dot)
  end
  local suffix = i > 0 and "-" .. i or ""
  local room = NAME_MAX - #suffix - #extension
  if #stem > room then
    stem = stem:sub(1, (utf8.offset(stem, 0, room + 1) or 1) - 1)
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
  return nil, ("%s: no free name like '%s'"):format(path, name), "io"
end
