-- Writes the Lua modules that the executable of "make standalone" holds, in the
-- form that csrc/standalone/main.c reads:
--
--    lua5.4 csrc/standalone/embed.lua FILE
--
-- These are all modules below lua/, and those of the libraries as `require`
-- finds them.

local LIBRARIES = { "argparse", "dkjson", "socket", "ltn12" }

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return assert(f:read "a")
end

local out <close> = assert(io.open(assert(arg[1]), "wb"))

local function add(name, path, shown)
  local source = read(path)
  assert(#name < 64 and #shown < 128, name)
  assert(out:write(("%s %s %d\n"):format(name, shown, #source), source))
end

local list <close> = assert(io.popen("find lua/pop3 -name '*.lua' | LC_ALL=C sort"))
for path in list:lines() do
  local shown = path:gsub("^lua/", "")
  add(shown:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."), path, shown)
end
for _, name in ipairs(LIBRARIES) do
  add(name, assert(package.searchpath(name, package.path)), name .. ".lua")
end
assert(out:write "\0")
