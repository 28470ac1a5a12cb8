--- Reads passwords from a netrc file, as ftp(1), curl and fetchmail do.
-- @module pop3.account.netrc
-- @local

local core = require "pop3.core"

local netrc = {}

--- The default file: $NETRC, or ~/.netrc.
-- @treturn ?string
function netrc.path()
  local path, home = os.getenv "NETRC", os.getenv "HOME"
  if path and path ~= "" then return path end
  return home and home .. "/.netrc"
end

-- The next word at a position, and the position after it. A quoted word may
-- hold blanks; \" and \\ are escapes in it.
local function next_word(text, at)
  at = text:match("^%s*()", at)
  if text:sub(at, at) == '"' then
    local parts = {}
    at = at + 1
    while at <= #text do
      local c = text:sub(at, at)
      if c == '"' then return table.concat(parts), at + 1 end
      if c == "\\" then
        at = at + 1
        c = text:sub(at, at)
      end
      parts[#parts + 1] = c
      at = at + 1
    end
    return table.concat(parts), at
  end
  local word, stop = text:match("^(%S+)()", at)
  return word, stop
end

--- Find a password.
-- @tparam string text of a netrc file
-- @tparam string host
-- @tparam string user
-- @treturn ?string
function netrc.find(text, host, user)
  local at, entry, found = 1, nil, nil
  local function take()
    if entry and not found and entry.password
       and (entry.machine == host:lower() or entry.default)
       and (entry.login == nil or entry.login == user) then
      found = entry.password
    end
  end
  while true do
    local word, stop = next_word(text, at)
    if not word then break end
    at = stop
    if word == "machine" or word == "default" then
      take()
      entry = { default = word == "default" }
      if word == "machine" then
        local machine
        machine, at = next_word(text, at)
        if not machine then break end
        entry.machine = machine:lower()
      end
    elseif word == "login" or word == "password" or word == "account" then
      local value
      value, at = next_word(text, at)
      if not value then break end
      if entry then entry[word] = value end
    elseif word == "macdef" then  -- a macro ends with an empty line
      local _, finish = text:find("\n[ \t]*\r?\n", at)
      at = (finish or #text) + 1
    elseif word:sub(1, 1) == "#" then
      at = (text:find("\n", at, true) or #text) + 1
    end
  end
  take()
  return found
end

--- Read a file and find a password in it.
-- @tparam string path
-- @tparam string host
-- @tparam string user
-- @treturn ?string; or nil, message when the file cannot be used
function netrc.read(path, host, user)
  local file <close>, err = io.open(path, "rb")
  if not file then return nil, err end
  local text
  text, err = file:read "a"
  if not text then return nil, path .. ": " .. err end
  local password = netrc.find(text, host, user)
  local found = core.lstat(path)
  if password and found and found.kind == "file" and found.mode & 63 ~= 0 then
    return nil, path .. ": others can read it (chmod 600)"
  end
  return password
end

return netrc
