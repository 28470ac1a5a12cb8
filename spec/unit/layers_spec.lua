-- The checker of layers, spec/layers.lua, on small trees made for it.

local tempdir = require "spec.support.tempdir"

-- Write a tree and run the checker on it: does it pass, and what does it say?
local function run(tree, options)
  local dir <close> = tempdir()
  local sources = {}
  for path, text in pairs(tree) do
    local folder = dir.path .. "/" .. path:match "^(.*)/"
    assert(os.execute("mkdir -p " .. folder))
    dir:write(path, text)
    if path:find "%.c$" then sources[#sources + 1] = path end
  end
  for _, path in ipairs(options == "objects" and sources or {}) do
    local object = "objects/" .. path:gsub("%.c$", ".o")
    assert(os.execute(("cd %s && mkdir -p %s && cc -c -o %s %s"):format(
      dir.path, object:match "^(.*)/", object, path)))
  end
  local pipe = assert(io.popen(("lua5.4 spec/layers.lua %s %s 2>&1"):format(
    options == "objects" and "--objects objects" or options or "", dir.path)))
  local text = pipe:read "a"
  return pipe:close() == true, text
end

local function passes(tree, options)
  local ok, text = run(tree, options)
  assert.is_true(ok, text)
  return text
end

local function fails(words, tree, options)
  local ok, text = run(tree, options)
  assert.is_false(ok, text)
  assert.is_truthy(text:find(words, 1, true), text)
end

describe("make layers", function()
  it("takes arrows that point down, and prints them", function()
    local text = passes({
      ["csrc/base/a.h"] = "", ["csrc/base/a.c"] = '#include "a.h"\n',
      ["csrc/tls/b.c"] = '#include "../base/a.h"\n#include <openssl/ssl.h>\n',
      ["lua/pop3/util/u.lua"] = "", ["lua/pop3/client/init.lua"] =
        'local u = require "pop3.util.u"\nlocal s = require "socket"',
      ["lua/pop3/client/x.lua"] =
        "-- require 'pop3.client'\n--[[ require 'pop3.client' ]]\n",
    }, "--graph")
    assert.is_truthy(text:find("csrc/tls/b\n    -> csrc/base/a", 1, true), text)
    assert.is_truthy(text:find("client/init\n    -> lua/pop3/util/u", 1, true))
    assert.is_truthy(text:find("lua/pop3/client/x  -", 1, true))
  end)

  it("fails for an include that points up or sideways", function()
    for from, to in pairs { ["csrc/base/a.c"] = "../session/b.h",
                            ["csrc/session/a.h"] = "../mail/b.h",
                            ["csrc/sasl/a.c"] = "../tls/b.h",
                            ["csrc/bind/os/a.c"] = "../session/b.h",
                            ["csrc/bind/a.h"] = "os/b.h" } do
      local folder = from:match "^(.*)/"
      local path = folder .. "/" .. to
      while path:find "[^/]+/%.%./" do path = path:gsub("[^/]+/%.%./", "", 1) end
      fails(from:gsub("%.[ch]$", "") .. " must not use " .. path:gsub("%.h$", ""),
            { [from] = ('#include "%s"\n'):format(to), [path] = "" })
    end
  end)

  it("fails for an include that the layer must not know", function()
    for path, header in pairs { ["csrc/base/a.c"] = "lua.h",
                                ["csrc/mail/a.h"] = "openssl/ssl.h",
                                ["csrc/session/a.c"] = "sys/socket.h",
                                ["csrc/tls/a.c"] = "lauxlib.h" } do
      fails(path .. " must not include <" .. header .. ">",
            { [path] = ("#include <%s>\n"):format(header) })
    end
  end)

  it("fails for a symbol that lies above, without an include", function()
    fails("csrc/base/a must not use csrc/session/b (up)", {
      ["csrc/base/a.c"] = "int up (void);\nint f (void) { return up(); }\n",
      ["csrc/session/b.c"] = "int up (void) { return 1; }\n",
    }, "objects")
    fails("csrc/mail/a must not use lua_gettop", {
      ["csrc/mail/a.c"] = "int lua_gettop (void *);\n"
                          .. "int f (void *L) { return lua_gettop(L); }\n",
    }, "objects")
  end)

  it("fails for a circle of includes, or of symbols", function()
    fails("circle: csrc/base/a -> csrc/base/b -> csrc/base/a", {
      ["csrc/base/a.h"] = '#include "b.h"\n', ["csrc/base/b.h"] = "",
      ["csrc/base/b.c"] = '#include "a.h"\n',
    })
    fails("circle: csrc/base/a -> csrc/base/b -> csrc/base/c -> csrc/base/a", {
      ["csrc/base/a.c"] = "int b (void);\nint a (void) { return b(); }\n",
      ["csrc/base/b.c"] = "int c (void);\nint b (void) { return c(); }\n",
      ["csrc/base/c.c"] = "int a (void);\nint c (void) { return a(); }\n",
    }, "objects")
  end)

  it("fails for a require that points up, wherever it is", function()
    for _, code in ipairs { 'local s = require "pop3.server"',
                            "return function() return require('pop3.server') end",
                            'pcall(require, "pop3.server")' } do
      fails("lua/pop3/util/a must not use lua/pop3/server/init", {
        ["lua/pop3/util/a.lua"] = code, ["lua/pop3/server/init.lua"] = "",
      })
    end
    fails("lua/pop3/client/a must not use lua/pop3/server/b", {
      ["lua/pop3/client/a.lua"] = 'require "pop3.server.b"',
      ["lua/pop3/server/b.lua"] = "",
    })
  end)

  it("fails for a circle of requires, by name too", function()
    local circle = "circle: lua/pop3/loop/copas -> lua/pop3/loop/init -> "
                   .. "lua/pop3/loop/copas"
    for _, code in ipairs { 'return function() require "pop3.loop.copas" end',
                            'return require("pop3.loop." .. (...))',
                            'local m = { "pop3.loop.copas" } require(m)' } do
      fails(circle, { ["lua/pop3/loop/init.lua"] = code,
                      ["lua/pop3/loop/copas.lua"] = 'require "pop3.loop"' })
    end
  end)

  it("fails for a missing file, and for a folder without a layer", function()
    fails("includes b.h, which is not there",
          { ["csrc/base/a.c"] = '#include "b.h"\n' })
    fails("requires pop3.util.b, which is not there",
          { ["lua/pop3/util/a.lua"] = 'require "pop3.util.b"' })
    fails("lua/pop3/new/a belongs to no layer", { ["lua/pop3/new/a.lua"] = "" })
  end)
end)
