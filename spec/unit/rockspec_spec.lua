-- The version is the same everywhere, and the rockspecs come from one template.

local core = require "pop3.core"
local helper = require "spec.helper"
local pop3 = require "pop3"
local tempdir = require "spec.support.tempdir"

local function output(command)
  local p <close> = assert(io.popen(command .. " 2>&1"))
  local text = p:read "a"
  assert(p:close(), text)
  return text
end

local read = helper.read

describe("the version", function()
  local version = core.version

  it("is that of the C header", function()
    local stated = read "csrc/base/version.h":match '\n#define POP3_VERSION "(.-)"\n'
    assert.equal(stated, version)
    assert.match("^%d+%.%d+%.%d+$", version)
    assert.equal("lpop3 " .. version, pop3._VERSION)
  end)

  it("is that of the changes, and of Debian's changelog", function()
    assert.equal(version .. "\n", output "lua5.4 spec/packaging/changes.lua version")
    local changelog = output "lua5.4 spec/packaging/changes.lua debian"
    assert.equal(version, changelog:match "^lua%-pop3 %((.-)%-1%) ")
    assert.match("\n %-%- .+ <.+>  %a%a%a, %d%d %a%a%a %d+ %d%d:%d%d:%d%d %+0000\n",
                 changelog)
  end)
end)

describe("the rockspec", function()
  local dir, scm, release = nil, {}, {}

  setup(function()
    dir = tempdir()
    output(("make -s rockspec B='%s' SCM='%s/scm'"):format(dir.path, dir.path))
    assert(loadfile(dir.path .. "/scm", "t", scm))()
    assert(loadfile(("%s/lpop3-%s-1.rockspec"):format(dir.path, core.version), "t",
                    release))()
  end)

  teardown(function() getmetatable(dir).__close(dir) end)

  it("at the top is the one that make rockspec writes", function()
    assert.equal(dir:read "scm", read "lpop3-scm-1.rockspec")
  end)

  it("of the release differs in version and source only", function()
    assert.equal(core.version .. "-1", release.version)
    assert.equal(("lpop3-%s.tar.gz"):format(core.version),
                 release.source.url:match "[^/]*$")
    release.version, release.source = scm.version, scm.source
    assert.same(scm, release)
    assert.same({ "lpop3", "scm-1" }, { scm.package, scm.version })
  end)

  it("names the variables that the Makefile knows", function()
    local makefile = read "Makefile"
    for _, variables in ipairs { scm.build.build_variables,
                                 scm.build.install_variables } do
      for name in pairs(variables) do
        assert.truthy(makefile:find("$(" .. name .. ")", 1, true), name)
      end
    end
  end)
end)

describe("make install-program", function()
  it("installs every module, and the files of the page", function()
    local dir <close> = tempdir()
    output(("env -u MAKEFLAGS -u MAKELEVEL make -s install-program DESTDIR='%s' "
            .. "LUADIR=/lua"):format(dir.path))
    local list = "find pop3 -type f ! -name '*.so' ! -name '*.md' ! -name '*.ldoc' "
                 .. "| LC_ALL=C sort"
    local installed = output(("cd '%s/lua' && %s"):format(dir.path, list))
    assert.equal(output("cd lua && " .. list), installed)
    assert.match("\npop3/server/control/page/index.html\n", installed)
  end)
end)
