-- The packages, built and installed apart from this tree: the rock in an empty
-- directory, Debian's packages in a root that has only their dependencies. The demo
-- runs from there.

if os.getenv "LPOP3_SANITIZED" then return end  -- they build their own

local core = require "pop3.core"
local helper = require "spec.helper"
local tempdir = require "spec.support.tempdir"

local VERSION = core.version
local TREE = assert(io.popen "pwd"):read "l"
local CLEAN = "env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8"

-- The output of a command of the shell, which must succeed.
local function output(format, ...)
  local command = format:format(...)
  local p <close> = assert(io.popen("set -e; exec 2>&1; " .. command))
  local text = p:read "a"
  local ok = p:close()
  assert(ok, command .. ":\n" .. text)
  return text
end

local read = helper.read

-- Lines of a text, sorted.
local function lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  table.sort(list)
  return list
end

-- What an installation of modules below `prefix` has: the Lua files of the tree, and
-- those of the page.
local function modules(prefix)
  return lines(output("cd lua; find pop3 -name '*.lua' -printf '%s%%p\\n' "
                      .. "-o -path '*/page/*' -printf '%s%%p\\n'", prefix, prefix))
end

-- Two lists are the same; the error shows only what one of them lacks.
local function same_files(wanted, there)
  local difference, seen = {}, {}
  for _, path in ipairs(wanted) do seen[path] = "missing: " end
  for _, path in ipairs(there) do
    seen[path] = not seen[path] and "not wanted: " or nil
  end
  for path, what in pairs(seen) do difference[#difference + 1] = what .. path end
  table.sort(difference)
  assert.equal("", table.concat(difference, "\n"))
end

-- Exported symbols of a library.
local function exports(path)
  return output("nm -D --defined-only '%s' | awk '{ print $3 }'", path)
end

-- The libraries that a library needs, without their versions.
local function libraries(path)
  return lines(output("readelf -d '%s' | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\.so.*/\\1/p'",
                      path))
end

local function is_demo(text)
  assert.match("16 messages fetched into [^\n]+%. The inbox:\n", text)
  assert.match("\nMessage 1, \"وصول الكتب\", begins:\n", text)
end

describe("make dist", function()
  it("gives the same octets each time, and from its own contents", function()
    local dir <close> = tempdir()
    local name = "lpop3-" .. VERSION
    local function dist(place)
      output("mkdir -p '%s'; make -s dist B='%s'", place, place)
      return core.sha256(read(place .. "/" .. name .. ".tar.gz"))
    end
    local digest = dist(dir.path .. "/one")
    assert.equal(digest, dist(dir.path .. "/two"))
    output("cd '%s'; tar -xzf one/%s.tar.gz; umask 077; "
           .. "touch -d 2001-01-01 %s/README.md; make -s -C %s dist", dir.path, name,
           name, name)
    assert.equal(digest, core.sha256(read(("%s/%s/.build/%s.tar.gz")
                                                  :format(dir.path, name, name))))
    local top = output("ls -A '%s/%s'", dir.path, name)
    for path in ("Makefile README.md LICENSE .changes.md csrc lua spec examples")
      :gmatch "%S+" do
      assert.truthy(top:find(path .. "\n", 1, true), path)
    end
    assert.is_nil(top:find "%.git\n")
    assert.equal("", output("find '%s/%s' -name '*.o' ! -path '*/.build/*'",
                            dir.path, name))
  end)
end)

describe("the rock", function()
  it("has the modules and the command, and runs the demo", function()
    local dir <close> = tempdir()
    local rocks = dir.path .. "/rocks"
    output("make -s dist rockspec B='%s/b' SCM='%s/scm'; cd '%s'; "
           .. "tar -xzf b/*.tar.gz; mkdir home", dir.path, dir.path, dir.path)
    -- pkg-config finds nothing: the libraries that the rock can do without
    local luarocks = ("%s HOME='%s/home' PKG_CONFIG_LIBDIR=/nowhere luarocks "
                      .. "--lua-version=5.4 --tree='%s'"):format(CLEAN, dir.path, rocks)
    local log = output("cd '%s/lpop3-%s'; %s make --deps-mode=none "
                       .. "../b/lpop3-%s-1.rockspec", dir.path, VERSION, luarocks,
                       VERSION)
    for command in log:gmatch "\n(gcc [^\n]* %-c [^\n]*)" do
      assert.match(" %-O2 .* %-fvisibility=hidden ", command)
    end

    -- the installed files, except those that LuaRocks itself writes
    local there = lines(output("cd '%s'; find . -type f ! -path './lib/luarocks/*' "
                               .. "-printf '%%P\\n'", rocks))
    local wanted = modules "share/lua/5.4/"
    table.insert(wanted, "bin/pop3")
    table.insert(wanted, "lib/lua/5.4/pop3/core.so")
    same_files(wanted, there)
    assert.equal("luaopen_pop3_core\n", exports(rocks .. "/lib/lua/5.4/pop3/core.so"))
    assert.same({ "libc", "libcrypto", "libssl" },
                libraries(rocks .. "/lib/lua/5.4/pop3/core.so"))
    local shown = output("%s show lpop3", luarocks)
    assert.truthy(shown:find("lpop3 " .. VERSION .. "-1", 1, true), shown)
    assert.truthy(shown:find("pop3.core", 1, true), shown)

    -- the paths of LuaRocks alone lead to it
    local here = ("cd '%s/home'; eval \"$(%s path)\"; cp -r '%s/examples' .; %s "
                  .. "HOME=. LUA_PATH=\"$LUA_PATH\" LUA_CPATH=\"$LUA_CPATH\" ")
                 :format(dir.path, luarocks, TREE, CLEAN)
    assert.equal(rocks .. "/share/lua/5.4/pop3/init.lua\n",
      output(here .. "lua5.4 -e 'print(package.searchpath(\"pop3\", package.path))'"))
    is_demo(output(here .. "lua5.4 examples/demo.lua demo"))
    assert.equal("lpop3 " .. VERSION .. "\n", output(here .. "'%s/bin/pop3' --version",
                                                     rocks))
    output("%s remove lpop3", luarocks)
    assert.equal("", output("find '%s' -type f -name '*.lua'", rocks))
  end)
end)

describe("Debian's packages", function()
  local dir, debs

  setup(function()
    dir = tempdir()
    output("make -s deb B='%s'", dir.path)
    debs = dir.path .. "/deb/"
  end)

  teardown(function() getmetatable(dir).__close(dir) end)

  local function field(package, name)
    return output("dpkg-deb -f '%s'%s_*.deb %s", debs, package, name):gsub("\n$", "")
  end

  it("have the version, and lintian finds no error in them", function()
    for _, package in ipairs { "lua-pop3", "pop3-tools" } do
      assert.equal(VERSION .. "-1", (field(package, "Version")))
    end
    local found = output("lintian --allow-root --fail-on none --tag-display-limit 0 "
                         .. "--suppress-tags initial-upload-closes-no-bugs "
                         .. "'%s'*.changes", debs)
    assert.equal("", found)
  end)

  it("are a source package that dpkg-source unpacks", function()
    output("cd '%s'; dpkg-source --no-check -x *.dsc again; cmp again/Makefile '%s/Makefile'",
           debs, TREE)
  end)

  it("run the demo in a root that has only their dependencies", function()
    local root = dir.path .. "/root"
    local needed = field("lua-pop3", "Depends") .. "," .. field("pop3-tools", "Depends")
    needed = needed:gsub("%b()", ""):gsub("lua%-pop3", ""):gsub(",", " ")
    output("spec/packaging/clean_root.sh '%s' %s", root, needed)
    local before = output("cd '%s'; find . -path ./var -prune -o -print | sort", root)
    output("dpkg --root='%s' -i '%s'lua-pop3_*.deb '%s'pop3-tools_*.deb", root, debs,
           debs)
    local files = lines(output("cd '%s/usr'; find share/lua/5.4/pop3 lib/*/lua/5.4/pop3 "
                               .. "bin/pop3 -type f", root))
    local wanted = modules "share/lua/5.4/"
    table.insert(wanted, "bin/pop3")
    local library = output("cd '%s/usr'; ls lib/*/lua/5.4/pop3/core.so", root)
                    :gsub("\n$", "")
    table.insert(wanted, library)
    same_files(wanted, files)
    assert.equal("luaopen_pop3_core\n", exports(root .. "/usr/" .. library))
    assert.same({ "libc", "libcrypto", "libidn", "libssl" },
                libraries(root .. "/usr/" .. library))

    local inside = ("chroot '%s' /usr/bin/%s sh -c "):format(root, CLEAN)
    is_demo(output(inside .. "'cd /usr/share/doc/lua-pop3; "
                          .. "lua5.4 examples/demo.lua /tmp/demo'"))
    assert.equal("lpop3 " .. VERSION .. "\n", output(inside .. "'pop3 --version'"))
    for _, path in ipairs { "bash-completion/completions/pop3",
                            "fish/vendor_completions.d/pop3.fish",
                            "zsh/vendor-completions/_pop3" } do
      assert.match("pop3", read(root .. "/usr/share/" .. path))
    end
    assert.match("%.TH POP3 1 ", output("zcat '%s/usr/share/man/man1/pop3.1.gz'", root))
    assert.match("Subject: ", output(inside .. "'cd /usr/share/doc/lua-pop3; "
                                     .. "pop3 show examples/mail/plain.eml'"))

    output("dpkg --root='%s' -P pop3-tools lua-pop3; rm -r '%s'/tmp/demo*", root, root)
    assert.equal(before, output("cd '%s'; find . -path ./var -prune -o -print | sort",
                                root))
  end)
end)
