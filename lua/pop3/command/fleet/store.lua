--- The database of `pop3 fleet`: its URL, and the messages about its failures. No
-- message contains its password.
-- @module pop3.command.fleet.store
-- @local

local command = require "pop3.command.program"
local outcome = require "pop3.account.outcome"

local store = {}

local VARIABLE = "POP3_FLEET_STORE"

--- Define the option --store.
-- @tparam table c a command of argparse
function store.define(c)
  c:option("--store", "The database, such as postgresql://lpop3@db.example/mail or "
    .. "service=mail (default: $" .. VARIABLE .. "). Put its password into ~/.pgpass "
    .. "or a service file of PostgreSQL.")
   :argname "URL"
end

-- -------------------------------------------------------------------- passwords

-- A text with %XX replaced.
local function decoded(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- Texts in a URL that are passwords, or may be: an "@" in a password that is not
-- written as %40 makes it ambiguous.
local function passwords_in(url)
  local found = {}
  local function add(text)
    if text and text ~= "" then
      found[#found + 1] = text
      found[#found + 1] = decoded(text)
    end
  end
  local authority = url:match "^%a+://([^?]*)"
  if authority then
    add(authority:match "^[^:/@]*:(.*)@")
    add(authority:match "^[^:/@]*:([^@]*)@")
  end
  for value in url:gmatch "password%s*=%s*([^%s&']*)" do add(value) end
  for value in url:gmatch "password%s*=%s*'([^']*)" do add(value) end
  table.sort(found, function(x, y) return #x > #y end)
  return found
end

--- A text without the passwords of a URL.
-- @tparam string text
-- @tparam string url
-- @treturn string
function store.masked(text, url)
  for _, password in ipairs(passwords_in(url)) do
    text = text:gsub(password:gsub("%p", "%%%0"), "***")
  end
  return text
end

-- --------------------------------------------------------------------- the store

--- The URL of the database.
-- @tparam table args of the command line
-- @treturn string; or nil, status, message
function store.url(args)
  if args.store and passwords_in(args.store)[1] then
    return nil, command.USAGE, "--store: everybody on this machine sees a password on "
      .. "the command line: put it into ~/.pgpass or a service file of PostgreSQL, or "
      .. "set " .. VARIABLE
  end
  local url = args.store or os.getenv(VARIABLE)
  if not url or url == "" then
    return nil, command.USAGE, "which database? Use --store or set " .. VARIABLE
  elseif url:find "^sqlite:" then
    return nil, command.USAGE, "a fleet needs PostgreSQL, not SQLite"
  elseif url:find "%z" then
    return nil, command.USAGE, "the URL of the database holds NUL"
  end
  return url
end

-- Codes of `pop3.sql` after which the same command may succeed later.
local passing = { connect = true, unknown = true, timeout = true }

--- The exit status and message of a failure of the database.
-- @tparam string url
-- @tparam string message
-- @tparam ?string code
-- @treturn integer the exit status
-- @treturn string the message
function store.failure(url, message, code)
  message = store.masked(tostring(message), url)
  if passing[code] then return outcome.TEMPORARY, message end
  if code == "options" then return command.USAGE, message end
  return command.TROUBLE, message
end

--- Open the fleet, and call a function with it.
-- @tparam table args of the command line
-- @tparam function fn `function(fleet, url)` → status, message; or nil, message, code
-- of `pop3.fleet`
-- @param[opt] into the option of `pop3.fleet`
-- @treturn integer the exit status
-- @treturn ?string what went wrong
function store.with(args, fn, into)
  local url, status, problem = store.url(args)
  if not url then return status, problem end
  local fleet <close> = require "pop3".fleet { store = url, into = into }
  local answer, message, code = fn(fleet, url)
  if answer == nil then return store.failure(url, message, code) end
  return answer, message
end

return store
