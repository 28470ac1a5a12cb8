-- Reads the versions in .changes.md, for packages:
--
--    lua5.4 spec/packaging/changes.lua date|version|debian
--
-- date, version: of the newest version; debian: the file debian/changelog. A version is
-- a heading "## 1.0.0, 2026-11-30".

local MAINTAINER = "The lpop3 authors <lpop3@lists.example.org>"

local versions = {}
for line in io.lines ".changes.md" do
  local version, year, month, day =
    line:match "^## ([%d.]+), (%d%d%d%d)%-(%d%d)%-(%d%d)$"
  if version then
    versions[#versions + 1] = {
      version = version, date = ("%s-%s-%s"):format(year, month, day),
      time = os.time { year = year, month = month, day = day, hour = 12 },
    }
  end
end
local newest = assert(versions[1], ".changes.md has no version")

local what = ...
if what == "debian" then
  for _, v in ipairs(versions) do
    print(("lua-pop3 (%s-1) unstable; urgency=medium\n"):format(v.version))
    print(("  * Release %s; its changes are in changelog.gz.\n")
          :format(v.version))
    print((" -- %s  %s\n"):format(MAINTAINER,
      os.date("%a, %d %b %Y 12:00:00 +0000", v.time)))
  end
elseif what == "date" or what == "version" then
  print(newest[what])
else
  io.stderr:write "usage: lua5.4 spec/packaging/changes.lua date|version|debian\n"
  os.exit(2)
end
