-- Fetch a maildrop into a Maildir.
--
--   lua5.4 fetch.lua URL MAILDIR            password in POP3_PASSWORD
--
-- URL is pops://user@host (TLS), or pop://user@host. Messages stay on the
-- server; what is in the Maildir already is not fetched again, because the
-- name of its file begins with its unique-id.

local pop3 = require "pop3"
local core = require "pop3.core"

-- A file name from a unique-id, which may hold any printable character.
local function name_of(uid)
  return (uid:gsub("[^%w.+-]", function(c)
    return ("=%02X"):format(c:byte())
  end))
end

-- The names that are there, without their flags.
local function present(maildir)
  local names = {}
  for _, sub in ipairs { "new", "cur" } do
    for _, name in ipairs(assert(core.readdir(maildir .. "/" .. sub))) do
      names[name:match "^[^:]*"] = true
    end
  end
  return names
end

local function fetch(url, maildir, opts)
  for _, dir in ipairs { "", "/tmp", "/new", "/cur" } do
    assert(core.mkdir(maildir .. dir))
  end
  local have, fetched = present(maildir), 0
  local s <close> = assert(pop3.connect(url, opts))
  for m in assert(s:messages()) do
    local name = name_of(assert(m.uid, "the server has no UIDL"))
    if not have[name] then
      -- written beside its place, moved there when it is whole
      local octets = assert(m:save(maildir .. "/tmp/" .. name))
      assert(os.rename(maildir .. "/tmp/" .. name, maildir .. "/new/" .. name))
      print(("%8d octets  %s"):format(octets, name))
      fetched = fetched + 1
    end
  end
  assert(s:quit())
  return fetched
end

-- As a program, or `require`d for its function.
if ... ~= "examples.fetch" then
  local url, maildir = ...
  if not maildir then
    io.stderr:write "usage: lua5.4 fetch.lua URL MAILDIR\n"
    os.exit(2)
  end
  local n = fetch(url, maildir, { password = os.getenv "POP3_PASSWORD",
                                  tls = os.getenv "POP3_TLS" })
  print(n .. " fetched")
end

return fetch
