--- Reading the messages of an mbox file (RFC 4155).
--
-- A message begins at a line "From sender date", which is the first one of the file
-- or follows an empty line. In the message one ">" is removed from each line ">From
-- ", ">>From " and so on (mboxrd). The field Content-Length is not used: a sender can
-- write it, and so hide the messages that follow. The file is read once, from the
-- front to the back; one message at a time is in memory.
-- @module pop3.message.mbox
-- @usage
-- local message = require "pop3.message"
-- local path = os.tmpname()
-- local file <close> = io.open(path, "w")
-- file:write "From ann Mon Nov 23 08:00:00 2026\nSubject: hi\n\n>From me\n\n"
-- file:close()
-- for m, line in assert(message.mbox(path)) do
--   assert(m.subject == "hi" and m:text() == "From me\n" and line:find "^ann ")
-- end
-- os.remove(path)

local core = require "pop3.core"

local months = {}
for name in ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"):gmatch "%a+" do
  months[name] = true
end

-- Is it a line that separates messages? A time of day, a year and a month must be in
-- it, as in "Mon Nov 23 08:00:00 2026" or "2026-11-23 08:00:00".
local function is_separator(line)
  if line:sub(1, 5) ~= "From " or not line:find "%f[%d]%d%d:%d%d"
     or not line:find "%f[%w]%d%d%d%d%f[^%w]" then
    return false
  end
  for word in line:gmatch "%f[%w]%u%l%l%f[^%w]" do
    if months[word] then return true end
  end
  return line:find "%f[%d]%d%d%d%d%-%d%d%-%d%d%f[%D]" ~= nil
end

-- The line without one level of quoting.
local function unquoted(line)
  if line:byte() ~= 62 then return line end
  local _, last = line:find "^>+"
  return line:sub(last + 1, last + 5) == "From " and line:sub(2) or line
end

local function is_empty(line)
  return line == "\n" or line == "\r\n"
end

--- Iterate over the messages of an mbox file. A read error in the loop is raised.
-- @function mbox
-- @tparam string path
-- @tparam[opt] table opts as for `pop3.message.parse`
-- @treturn function|nil iterator of message, and the sender and date of its "From "
-- line; the file is closed when the loop ends
-- @treturn string the error, with the path
-- @treturn string "io"
return function(path, opts)
  local file, err = io.open(path, "rb")
  if not file then return nil, err, "io" end
  local line
  line, err = file:read "L"
  if not line and err then
    file:close()
    return nil, path .. ": " .. err, "io"
  end

  if line and line:sub(1, 3) == "\xEF\xBB\xBF" then line = line:sub(4) end

  local function read()
    local got, why = file:read "L"
    if not got and why then error(path .. ": " .. why, 0) end
    return got
  end

  local function next_message()
    while line and is_empty(line) do line = read() end
    if not line then return nil end
    local head = ""
    if line:sub(1, 5) == "From " then
      head = line:sub(6):gsub("[\r\n]", "")
      line = read()
    end
    local lines, blank = {}, false
    while line and not (blank and is_separator(line)) do
      lines[#lines + 1] = unquoted(line)
      blank = is_empty(line)
      line = read()
    end
    if blank and #lines > 1 and is_empty(lines[#lines]) then
      lines[#lines] = nil                 -- it belongs to the separator
    end
    return core.message.parse(table.concat(lines), opts), head
  end

  return next_message, nil, nil, file
end
