-- Writes the Lua modules that the executable of "make standalone" holds, in the
-- form that csrc/standalone/main.c reads:
--
--    lua5.4 csrc/standalone/embed.lua FILE
--
-- These are all modules below lua/ but meta.lua (for editors), those of the libraries
-- as `require` finds them, and the files of the page of `pop3 serve`, as modules that return their
-- octets.

local LIBRARIES = { "argparse", "dkjson", "socket", "ltn12" }

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return assert(f:read "a")
end

local out <close> = assert(io.open(assert(arg[1]), "wb"))

local function add(name, path, shown, source)
  source = source or read(path)
  assert(#name < 64 and #shown < 128, name)
  assert(out:write(("%s %s %d\n"):format(name, shown, #source), source))
end

local list <close> = assert(io.popen(
  "find lua/pop3 -name '*.lua' ! -name meta.lua | LC_ALL=C sort"))
for path in list:lines() do
  local shown = path:gsub("^lua/", "")
  add(shown:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."), path, shown)
end
local page = "lua/pop3/server/control/page"
local files <close> = assert(io.popen(("find %s -type f ! -name '*.lua' "
                                       .. "| LC_ALL=C sort"):format(page)))
for path in files:lines() do
  add("pop3.server.control.page/" .. path:match "[^/]+$", path,
      path:gsub("^lua/", ""), ("return %q"):format(read(path)))
end
for _, name in ipairs(LIBRARIES) do
  add(name, assert(package.searchpath(name, package.path)), name .. ".lua")
end
assert(out:write "\0")
