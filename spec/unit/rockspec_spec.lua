-- The rockspec names exactly the files of the tree.

local ROCKSPEC = "lpop3-scm-1.rockspec"

-- Files below 'dir' whose names end in 'suffix', sorted.
local function files(dir, suffix)
  local t = {}
  local p <close> = assert(io.popen("find " .. dir .. " -type f | LC_ALL=C sort"))
  for path in p:lines() do
    if path:sub(-#suffix) == suffix then t[#t + 1] = path end
  end
  return t
end

-- "lua/pop3/io/fd.lua" is pop3.io.fd, "lua/pop3/init.lua" is pop3.
local function module(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", "")
    :gsub("/", "."))
end

describe("the rockspec", function()
  local spec = {}

  setup(function()
    assert(loadfile(ROCKSPEC, "t", spec))()
  end)

  it("builds pop3.core from every C file", function()
    local sources = { table.unpack(spec.build.modules["pop3.core"].sources) }
    table.sort(sources)
    local wanted = {}
    for _, path in ipairs(files("csrc", ".c")) do
      if not path:find "^csrc/standalone/" then wanted[#wanted + 1] = path end
    end
    assert.same(wanted, sources)
  end)

  it("installs every Lua file under its module name", function()
    local wanted, listed = {}, {}
    for _, path in ipairs(files("lua", ".lua")) do wanted[module(path)] = path end
    for name, path in pairs(spec.build.modules) do
      if type(path) == "string" then listed[name] = path end
    end
    assert.same(wanted, listed)
  end)

  it("has no other C module", function()
    for name, entry in pairs(spec.build.modules) do
      if type(entry) == "table" then assert.equal("pop3.core", name) end
    end
  end)
end)
